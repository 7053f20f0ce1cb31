//! The connections of one address that is listened on: accepted up to a limit in all and from each sender, counted, the
//! memory that they hold together, and how long the rest of a message is waited for.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, TcpListener as StdListener};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    /// How many there may be, and how many of one sender.
    max: u32,
    peer_max: u32,
    peers: Mutex<HashMap<IpAddr, u32>>,
    held: AtomicUsize,
    opened: AtomicU64,
    closed: AtomicU64,
    refused: AtomicU64,
    idle: AtomicU64,
    slow: AtomicU64,
}

impl Connections {
    /// `source`: the name under which they are counted; how many there may be at once in all, and from one sender.
    pub fn new(source: &str, outlet: &Outlet, (max, peer_max): (u32, u32)) -> Arc<Self> {
        Arc::new(Self {
            source: source.to_owned(),
            outlet: outlet.clone(),
            places: Arc::new(Semaphore::new(max as usize)),
            max,
            peer_max,
            peers: Mutex::default(),
            held: AtomicUsize::new(0),
            opened: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            idle: AtomicU64::new(0),
            slow: AtomicU64::new(0),
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
            let Some(place) = self.place(from.ip()) else {
                self.count(&self.refused);
                continue;
            };
            if let Err(error) = keep_alive(&stream) {
                debug!(source = self.source, error = %error, "nobody asks whether a connection still stands");
            }
            self.count(&self.opened);
            serve(stream, place);
        }
    }

    /// A place for a connection of this sender, if there is one.
    fn place(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let count = peers.entry(peer(from)).or_default();
        if *count >= self.peer_max {
            return None;
        }
        *count += 1;
        Some(Place { connections: Arc::clone(self), from, _permit: permit })
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

    /// Counts one that is closed, or its stream ended, because the rest of a message did not come.
    pub fn count_slow(&self) {
        self.count(&self.slow);
    }

    fn count(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = [
            ("connections", read(&self.opened)),
            ("connections_open", read(&self.opened).saturating_sub(read(&self.closed))),
            ("connections_refused", read(&self.refused)),
            ("connections_idle", read(&self.idle)),
            ("connections_slow", read(&self.slow)),
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
        let connections = &self.connections;
        connections.count(&connections.closed);
        let mut peers = connections.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = peer(self.from);
        if let Some(count) = peers.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                peers.remove(&peer);
            }
        }
    }
}

/// What counts as one sender: an address, of IPv6 the network of 64 bits, all of which a machine may use (RFC 8981).
fn peer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

/// How long the rest of a message that has begun is still waited for. Only waiting counts, not what we take ourselves.
pub(super) struct Patience {
    whole: Duration,
    left: Duration,
}

impl Patience {
    pub fn new(seconds: u64) -> Self {
        let whole = Duration::from_secs(seconds);
        Self { whole, left: whole }
    }

    /// Time left for the message.
    pub fn left(&self) -> Duration {
        self.left
    }

    /// So long was waited; anew once a message has ended.
    pub fn waited(&mut self, time: Duration, has_ended: bool) {
        self.left = if has_ended { self.whole } else { self.left.saturating_sub(time) };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expect: &str) {
        let address: IpAddr = address.parse().expect("an address");
        assert_eq!(peer(address).to_string(), expect);
    }

    #[test]
    fn one_sender() {
        check("10.0.0.1", "10.0.0.1");
        check("::ffff:10.0.0.1", "10.0.0.1");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
    }

    #[test]
    fn a_message_that_trickles_in_uses_up_the_patience() {
        let second = Duration::from_secs(1);
        let mut patience = Patience::new(3);
        patience.waited(second, false);
        patience.waited(second, false);
        assert_eq!(patience.left(), second);
        patience.waited(9 * second, true);
        assert_eq!(patience.left(), 3 * second);
        patience.waited(4 * second, false);
        assert_eq!(patience.left(), Duration::ZERO);
    }
}
