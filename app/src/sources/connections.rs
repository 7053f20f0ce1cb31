//! The connections of one address that is listened on: accepted up to a limit, counted, and the memory that they hold
//! together.

use std::net::{IpAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use capture::listen::keep_alive;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tracing::{debug, warn};

use super::Outlet;

/// Time after which connections are accepted again when the system has no more to give.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);

/// What the connections of one address share.
pub(super) struct Connections {
    pub source: String,
    pub outlet: Outlet,
    places: Arc<Semaphore>,
    /// How many there may be.
    max: u32,
    held: AtomicUsize,
    opened: AtomicU64,
    closed: AtomicU64,
    refused: AtomicU64,
    idle: AtomicU64,
}

impl Connections {
    /// `source`: the name under which they are counted; `max`: how many there may be at once.
    pub fn new(source: &str, outlet: &Outlet, max: u32) -> Arc<Self> {
        Arc::new(Self {
            source: source.to_owned(),
            outlet: outlet.clone(),
            places: Arc::new(Semaphore::new(max as usize)),
            max,
            held: AtomicUsize::new(0),
            opened: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            idle: AtomicU64::new(0),
        })
    }

    /// Accepts connections until the server stops; `serve` must start a task for each that keeps its place.
    pub async fn accept(
        self: &Arc<Self>,
        listener: StdListener,
        mut serve: impl FnMut(TcpStream, Place),
    ) -> Result<()> {
        let listener = TcpListener::from_std(listener).context("the socket cannot be used")?;
        let stopped = self.outlet.stopped();
        tokio::pin!(stopped);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut stopped => return Ok(()),
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(source = self.source, error = %error, "no connection can be accepted");
                    sleep(ACCEPT_RETRY).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() else {
                self.count(&self.refused);
                continue;
            };
            if let Err(error) = keep_alive(&stream) {
                debug!(source = self.source, error = %error, "nobody asks whether a connection still stands");
            }
            self.count(&self.opened);
            serve(stream, Place { connections: Arc::clone(self), from: from.ip(), _permit: permit });
        }
    }

    /// Comes back once there is no connection any more.
    pub async fn all_closed(&self) {
        // The semaphore is never closed.
        let _ = self.places.acquire_many(self.max).await;
    }

    /// Counts a connection that is closed because nothing came.
    pub fn count_idle(&self) {
        self.count(&self.idle);
    }

    fn count(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = [
            ("connections", read(&self.opened)),
            ("connections_open", read(&self.opened).saturating_sub(read(&self.closed))),
            ("connections_refused", read(&self.refused)),
            ("connections_idle", read(&self.idle)),
        ];
        self.outlet.counters().set(&self.source, counters);
    }
}

/// The place of one connection among all.
pub(super) struct Place {
    pub connections: Arc<Connections>,
    /// The other side.
    pub from: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.count(&self.connections.closed);
    }
}

/// Memory that waits for the rest of a message.
pub(super) struct Held {
    connections: Arc<Connections>,
    bytes: usize,
}

impl Held {
    pub fn new(connections: &Arc<Connections>) -> Self {
        Self { connections: Arc::clone(connections), bytes: 0 }
    }

    /// Bytes counted for it.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that all others hold.
    pub fn others(&self) -> usize {
        self.connections.held.load(Ordering::Relaxed).saturating_sub(self.bytes)
    }

    /// Counts so many bytes if all together then hold no more than `max`.
    pub fn try_set(&mut self, bytes: usize, max: usize) -> bool {
        let old = self.bytes;
        let more = |held: usize| Some(held - old + bytes).filter(|held| *held <= max);
        let held = &self.connections.held;
        let fits = held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        self.bytes = if fits { bytes } else { old };
        fits
    }

    pub fn set(&mut self, bytes: usize) {
        if bytes >= self.bytes {
            self.connections.held.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else {
            self.connections.held.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set(0);
    }
}
