//! Syslog over TCP (RFC 6587): a task for each connection that reads and finds messages, one place that decodes and
//! hands on. A connection waits while too much is on its way there, so that its sender waits too.

use std::net::{IpAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use capture::listen::{Framer, Lost, Piece, keep_alive};
use model::Timestamp;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::Receiver;
use crate::limits::{
    LAST_READS_MAX, SYSLOG_CONNECTIONS_MAX, SYSLOG_HELD_BYTES_MAX, SYSLOG_IDLE_S, SYSLOG_READ_BYTES,
    SYSLOG_READS_MAX,
};
use crate::live::wall_clock;
use crate::sources::Outlet;

/// Time after which connections are accepted again when the system has no more to give.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);

/// What the connections of one address share.
struct Shared {
    source: String,
    outlet: Outlet,
    /// Bytes of messages that have begun.
    held: AtomicUsize,
    opened: AtomicU64,
    closed: AtomicU64,
    refused: AtomicU64,
    idle: AtomicU64,
}

impl Shared {
    fn count(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (opened, closed) = (read(&self.opened), read(&self.closed));
        let counters = [
            ("connections", opened),
            ("connections_open", opened.saturating_sub(closed)),
            ("connections_refused", read(&self.refused)),
            ("connections_idle", read(&self.idle)),
        ];
        self.outlet.counters().set(&self.source, counters);
    }
}

/// What one read of a connection brought.
struct Messages {
    sender: IpAddr,
    arrived: Timestamp,
    bytes: Vec<u8>,
    /// Where each message ends.
    ends: Vec<usize>,
    lost: Vec<Lost>,
}

impl Messages {
    fn push(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Message(message) => {
                self.bytes.extend_from_slice(message);
                self.ends.push(self.bytes.len());
            }
            Piece::Lost(lost) => self.lost.push(lost),
        }
    }
}

/// Takes connections until the server stops, and then what they have sent already.
pub(super) async fn take(listener: StdListener, mut receiver: Receiver) -> Result<()> {
    let listener = TcpListener::from_std(listener).context("the socket cannot be used")?;
    let shared = Arc::new(Shared {
        source: receiver.intake.source.clone(),
        outlet: receiver.intake.outlet.clone(),
        held: AtomicUsize::new(0),
        opened: AtomicU64::new(0),
        closed: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        idle: AtomicU64::new(0),
    });
    let (sender, mut waiting) = mpsc::channel(SYSLOG_READS_MAX);
    let decode = async {
        while let Some(messages) = waiting.recv().await {
            receiver.messages(&messages);
            while !receiver.intake.is_full()
                && let Ok(messages) = waiting.try_recv()
            {
                receiver.messages(&messages);
            }
            receiver.intake.hand_on().await;
        }
    };
    tokio::join!(accept(&listener, sender, &shared), decode);
    Ok(())
}

impl Receiver {
    fn messages(&mut self, messages: &Messages) {
        let mut from = 0;
        for end in &messages.ends {
            self.message(&messages.bytes[from..*end], messages.arrived, messages.sender);
            from = *end;
        }
        for lost in &messages.lost {
            let reason = match lost {
                Lost::TooLong => "too_long",
                Lost::Unfinished => "unfinished",
                Lost::NoRoom => "no_room",
            };
            self.intake.drop_records("receive", reason, 1);
        }
    }
}

async fn accept(listener: &TcpListener, sender: mpsc::Sender<Messages>, shared: &Arc<Shared>) {
    let places = Arc::new(Semaphore::new(SYSLOG_CONNECTIONS_MAX));
    let stopped = shared.outlet.stopped();
    tokio::pin!(stopped);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => return,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(source = shared.source, error = %error, "no connection can be accepted");
                sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            shared.count(&shared.refused);
            continue;
        };
        if let Err(error) = keep_alive(&stream) {
            debug!(source = shared.source, error = %error, "a connection is not kept alive");
        }
        shared.count(&shared.opened);
        let connection = Connection {
            sender: sender.clone(),
            from: from.ip(),
            framer: Framer::default(),
            shared: Arc::clone(shared),
            held: 0,
        };
        tokio::spawn(async move {
            connection.read(stream).await;
            drop(place);
        });
    }
}

struct Connection {
    sender: mpsc::Sender<Messages>,
    from: IpAddr,
    framer: Framer,
    shared: Arc<Shared>,
    /// Bytes that are counted for it among all that is held.
    held: usize,
}

impl Connection {
    async fn read(mut self, mut stream: TcpStream) {
        let shared = Arc::clone(&self.shared);
        let mut buffer = vec![0; SYSLOG_READ_BYTES];
        let stopped = shared.outlet.stopped();
        tokio::pin!(stopped);
        let closed = loop {
            let read = tokio::select! {
                biased;
                () = &mut stopped => break false,
                read = timeout(Duration::from_secs(SYSLOG_IDLE_S), stream.read(&mut buffer)) => read,
            };
            match read {
                Ok(Ok(0)) => break true,
                Ok(Ok(length)) => self.bytes(&buffer[..length]).await,
                Ok(Err(_)) => break false,
                Err(_) => {
                    shared.count(&shared.idle);
                    break false;
                }
            }
        };
        for _ in 0..LAST_READS_MAX {
            match stream.try_read(&mut buffer) {
                Ok(length @ 1..) => self.bytes(&buffer[..length]).await,
                _ => break,
            }
        }
        let mut messages = self.messages();
        std::mem::take(&mut self.framer).finish(closed, &mut |piece| messages.push(piece));
        self.send(messages).await;
        shared.count(&shared.closed);
    }

    async fn bytes(&mut self, data: &[u8]) {
        let mut messages = self.messages();
        self.framer.feed(data, &mut |piece| messages.push(piece));
        let others = self.shared.held.load(Ordering::Relaxed).saturating_sub(self.held);
        if others + self.framer.held() > SYSLOG_HELD_BYTES_MAX {
            self.framer.give_up(&mut |piece| messages.push(piece));
        }
        self.send(messages).await;
    }

    fn messages(&self) -> Messages {
        let arrived = wall_clock();
        Messages { sender: self.from, arrived, bytes: Vec::new(), ends: Vec::new(), lost: Vec::new() }
    }

    /// Waits until there is room; only then what it holds becomes less.
    async fn send(&mut self, messages: Messages) {
        let held = self.framer.held();
        self.hold(held.max(self.held));
        if !messages.ends.is_empty() || !messages.lost.is_empty() {
            // The receiver goes only after the last connection.
            let _ = self.sender.send(messages).await;
        }
        self.hold(held);
    }

    fn hold(&mut self, bytes: usize) {
        if bytes >= self.held {
            self.shared.held.fetch_add(bytes - self.held, Ordering::Relaxed);
        } else {
            self.shared.held.fetch_sub(self.held - bytes, Ordering::Relaxed);
        }
        self.held = bytes;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.hold(0);
    }
}
