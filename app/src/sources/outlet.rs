//! Where sources leave their calls: made durable before `deliver` returns, waiting while the server is full. Knows
//! when the server stops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use model::Call;
use serve::IngestError;
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
/// How long after the stop calls are offered to a server that is full; those that come later are offered once.
const LAST_TRY: Duration = Duration::from_secs(3);

/// The way of a source into the server.
#[derive(Clone)]
pub(crate) struct Outlet {
    live: Arc<Live>,
    catalogue: Arc<dyn Catalogue>,
    handle: Handle,
    stop: Arc<AtomicBool>,
    stopped_at: Arc<OnceLock<Instant>>,
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
            stopped_at: Arc::default(),
            stop_told: Arc::default(),
        }
    }

    /// Tells every source to end.
    pub fn stop(&self) {
        self.stopped_at.get_or_init(Instant::now);
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
    /// before is not kept again. The calls must have been counted as received; what becomes of them is counted here.
    ///
    /// # Errors
    /// The server stops and stays full, or its store fails; the calls are not kept.
    pub async fn hand_over(&self, source: &str, mut calls: Vec<Call>, id: Option<BatchId>) -> Result<()> {
        let count = calls.len() as u64;
        loop {
            let (reason, pause) = match self.live.keep(source, id, &mut calls).await {
                Ok(_) => return Ok(()),
                Err(IngestError::Busy { .. }) => ("queue_full", ROOM_RETRY),
                Err(IngestError::Store(error)) => {
                    error!(source, calls = count, error = %error, "calls cannot be kept");
                    ("not_stored", STORE_RETRY)
                }
            };
            if self.stopped_at.get().is_some_and(|at| at.elapsed() >= LAST_TRY) {
                self.counters().dropped(source, "journal", reason, count);
                return Err(anyhow!("the server stops and takes no more: {reason}"));
            }
            self.counters().retried(source, 1);
            sleep(pause).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use model::{CallId, LoggedCall, Timestamp};
    use serve::SourceCounts;
    use std::sync::atomic::AtomicU64;
    use store::{Accepted, Bucket, CallLog, CallLogStats, CallPage, CallQuery, Position, Store, StoreError};

    use crate::config::Config;

    /// A log whose disk is full so many times.
    struct Failing(AtomicU64);

    #[async_trait]
    impl CallLog for Failing {
        async fn accept(&self, batch: &[Call]) -> Result<Position, StoreError> {
            let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            match left {
                Ok(_) => Err(StoreError::Refused("writing".to_owned())),
                Err(_) => Ok(Position(batch.len() as u64)),
            }
        }

        async fn accept_once(&self, _: &[Call], _: BatchId) -> Result<Accepted, StoreError> {
            Err(StoreError::Refused("this".to_owned()))
        }

        async fn accepted(&self, from: Position, _: usize) -> Result<(Vec<Call>, Position), StoreError> {
            Ok((Vec::new(), from))
        }

        async fn positions(&self) -> Result<(Position, Position), StoreError> {
            Ok((Position(0), Position(0)))
        }

        async fn append(&self, _: Vec<LoggedCall>, _: Position) -> Result<(), StoreError> {
            Ok(())
        }

        async fn seal(&self) -> Result<Position, StoreError> {
            Ok(Position(0))
        }

        async fn release(&self, _: Position) -> Result<(), StoreError> {
            Ok(())
        }

        async fn query(&self, _: &CallQuery) -> Result<CallPage, StoreError> {
            Err(StoreError::Refused("this".to_owned()))
        }

        async fn get(&self, _: &CallId) -> Result<Option<LoggedCall>, StoreError> {
            Ok(None)
        }

        async fn histogram(&self, _: &CallQuery, _: usize) -> Result<Vec<Bucket>, StoreError> {
            Ok(Vec::new())
        }

        async fn drop_before(&self, _: Timestamp) -> Result<u64, StoreError> {
            Ok(0)
        }

        async fn stats(&self) -> Result<CallLogStats, StoreError> {
            Err(StoreError::Refused("this".to_owned()))
        }
    }

    /// Three calls are handed over while writing fails so many times, before the stop or long after it.
    async fn check(failures: u64, has_stopped: bool, expect: SourceCounts) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut store = Store::open(dir.path()).await.expect("a store");
        store.log = Arc::new(Failing(AtomicU64::new(failures)));
        let live = Arc::new(Live::new(&store, &Config::default()));
        let outlet = Outlet::new(&live, &store.catalogue);
        if has_stopped {
            let long_ago = Instant::now().checked_sub(LAST_TRY).expect("the machine runs for longer");
            outlet.stopped_at.set(long_ago).expect("set once");
        }
        outlet.counters().received("s", 3);
        let outcome = outlet.hand_over("s", vec![Call::default(); 3], None).await;
        assert_eq!(outcome.is_ok(), expect.dropped.is_empty());
        assert_eq!(outlet.counters().all()["s"], expect);
    }

    #[tokio::test]
    async fn only_what_is_given_up_is_dropped_and_for_its_real_reason() {
        let kept = SourceCounts { received: 3, accepted: 3, ..SourceCounts::default() };
        check(0, false, kept.clone()).await;
        check(0, true, kept.clone()).await;
        check(1, false, SourceCounts { counters: [("retries".to_owned(), 1)].into(), ..kept }).await;
        let dropped = [(("journal", "not_stored"), 3)].into();
        check(9, true, SourceCounts { received: 3, dropped, ..SourceCounts::default() }).await;
    }
}
