//! Where sources leave their calls: made durable before `deliver` returns, waiting while the server is full. Knows
//! when the server stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use model::Call;
use serve::{Batch, Control, IngestError};
use store::{BatchId, Catalogue};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{error, warn};

use super::SourceCounters;
use crate::live::Live;

/// Time between two tries while the server is full.
const ROOM_RETRY: Duration = Duration::from_millis(50);
/// Time between two tries while the store fails.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// How long calls are offered to a server that is full while it stops.
const LAST_TRY: Duration = Duration::from_secs(3);

/// The way of a source into the server.
#[derive(Clone)]
pub(crate) struct Outlet {
    live: Arc<Live>,
    catalogue: Arc<dyn Catalogue>,
    handle: Handle,
    stop: Arc<AtomicBool>,
    /// The same for tasks.
    stop_told: Arc<watch::Sender<bool>>,
}

impl Outlet {
    /// To be called on a thread of the runtime.
    pub fn new(live: &Arc<Live>, catalogue: &Arc<dyn Catalogue>) -> Self {
        Self {
            live: Arc::clone(live),
            catalogue: Arc::clone(catalogue),
            handle: Handle::current(),
            stop: Arc::default(),
            stop_told: Arc::default(),
        }
    }

    /// Tells every source to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.stop_told.send_replace(true);
    }

    /// Set once the server stops.
    pub fn stopping(&self) -> &AtomicBool {
        &self.stop
    }

    pub fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// What is counted of the sources.
    pub fn counters(&self) -> &SourceCounters {
        &self.live.sources
    }

    /// What a source has kept under this key.
    pub fn kept(&self, key: &str) -> Result<String> {
        Ok(self.handle.block_on(self.catalogue.setting(key))?.unwrap_or_default())
    }

    /// Keeps a text under this key. Failing is only logged: an older one costs a repetition after a restart.
    pub fn keep(&self, key: &str, text: &str) {
        if let Err(error) = self.handle.block_on(self.catalogue.set_setting(key, text)) {
            warn!(source = key, error = %error, "positions cannot be kept");
        }
    }

    /// Counts records that came from `source` and went no further than `stage`.
    pub fn drop_records(&self, source: &str, stage: &'static str, reason: &'static str, records: u64) {
        if records > 0 {
            self.live.received(source, records);
            self.live.dropped(source, stage, reason, records);
        }
    }

    /// Runs a task of a source on this thread until it is done.
    pub fn block_on<F: Future>(&self, task: F) -> F::Output {
        self.handle.block_on(task)
    }

    /// Comes back once the server stops.
    pub async fn stopped(&self) {
        let mut stop = self.stop_told.subscribe();
        // The sender lives in this outlet.
        let _ = stop.wait_for(|is_stopping| *is_stopping).await;
    }

    /// As [`Outlet::hand_over`], for threads outside the runtime.
    ///
    /// # Errors
    /// The same.
    pub fn deliver(&self, source: &str, calls: Vec<Call>, id: Option<BatchId>) -> Result<()> {
        self.handle.block_on(self.hand_over(source, calls, id))
    }

    /// Makes calls of `source` durable, waiting while the server is full. A batch with an id that was delivered
    /// before is not kept again.
    ///
    /// # Errors
    /// The server stops and stays full; the calls are not kept.
    pub async fn hand_over(&self, source: &str, calls: Vec<Call>, id: Option<BatchId>) -> Result<()> {
        let mut give_up = None;
        let count = calls.len() as u64;
        loop {
            // Counted once, and only when it is certain to be tried.
            if self.live.has_room(count) {
                self.live.received(source, count);
                let batch = Batch { source: source.to_owned(), id, calls: calls.clone() };
                match self.live.ingest(batch).await {
                    Ok(_) => return Ok(()),
                    Err(IngestError::Busy { .. }) => {}
                    Err(IngestError::Store(error)) => {
                        self.live.dropped(source, "journal", "not_stored", count);
                        error!(source, calls = count, error = %error, "calls cannot be kept; they are tried again");
                        sleep(STORE_RETRY).await;
                    }
                }
            }
            if self.is_stopping() {
                let until = *give_up.get_or_insert_with(|| Instant::now() + LAST_TRY);
                if Instant::now() >= until {
                    return Err(anyhow!("the server is full"));
                }
            }
            sleep(ROOM_RETRY).await;
        }
    }
}
