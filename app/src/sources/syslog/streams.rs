//! Syslog over TCP (RFC 6587): a task for each connection that reads and finds messages, one place that decodes and
//! hands on. A connection waits while too much is on its way there, so that its sender waits too.

use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use capture::listen::{Framer, Lost, Piece};
use model::Timestamp;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::Receiver;
use crate::limits::{
    LAST_READS_MAX, SYSLOG_CONNECTIONS_MAX, SYSLOG_HELD_BYTES_MAX, SYSLOG_IDLE_S, SYSLOG_MESSAGE_S,
    SYSLOG_PEER_CONNECTIONS_MAX, SYSLOG_READ_BYTES, SYSLOG_READS_MAX,
};
use crate::live::wall_clock;
use crate::sources::connections::{Connections, Held, Patience, Place};

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
    fn new(sender: IpAddr) -> Self {
        Self { sender, arrived: wall_clock(), bytes: Vec::new(), ends: Vec::new(), lost: Vec::new() }
    }

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
pub(super) async fn take(listener: TcpListener, mut receiver: Receiver) -> Result<()> {
    let intake = &receiver.intake;
    let most = (SYSLOG_CONNECTIONS_MAX, SYSLOG_PEER_CONNECTIONS_MAX);
    let connections = Connections::new(&intake.source, &intake.outlet, most);
    let (sender, mut waiting) = mpsc::channel(SYSLOG_READS_MAX);
    let accept = async {
        let sender = sender;
        let serve = |stream, place: Place| {
            let held = Held::new(&place.connections);
            let patience = Patience::new(SYSLOG_MESSAGE_S);
            let framer = Framer::default();
            let connection = Connection { sender: sender.clone(), place, held, framer, patience };
            tokio::spawn(connection.read(stream));
        };
        connections.accept(listener, serve).await
    };
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
    tokio::join!(accept, decode).0
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
            self.intake.lose(reason, 1);
        }
    }
}

struct Connection {
    sender: mpsc::Sender<Messages>,
    place: Place,
    held: Held,
    framer: Framer,
    patience: Patience,
}

impl Connection {
    async fn read(mut self, mut stream: TcpStream) {
        let connections = Arc::clone(&self.place.connections);
        let mut buffer = vec![0; SYSLOG_READ_BYTES];
        let stopped = connections.outlet.stopped();
        tokio::pin!(stopped);
        let closed = loop {
            let is_inside = self.framer.is_inside();
            let wait = if is_inside { self.patience.left() } else { Duration::from_secs(SYSLOG_IDLE_S) };
            let begun = Instant::now();
            let read = tokio::select! {
                biased;
                () = &mut stopped => break false,
                read = timeout(wait, stream.read(&mut buffer)) => read,
            };
            self.patience.waited(begun.elapsed(), !is_inside);
            match read {
                Ok(Ok(0)) => break true,
                Ok(Ok(length)) => self.bytes(&buffer[..length]).await,
                Ok(Err(_)) => break false,
                // What was a whole message but for its end is one.
                Err(_) if is_inside => {
                    connections.count_slow();
                    break true;
                }
                Err(_) => {
                    connections.count_idle();
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
        let mut messages = Messages::new(self.place.from);
        std::mem::take(&mut self.framer).finish(closed, &mut |piece| messages.push(piece));
        self.send(messages).await;
    }

    async fn bytes(&mut self, data: &[u8]) {
        let mut messages = Messages::new(self.place.from);
        self.framer.feed(data, &mut |piece| messages.push(piece));
        if self.held.others() + self.framer.held() > SYSLOG_HELD_BYTES_MAX {
            self.framer.give_up(&mut |piece| messages.push(piece));
        }
        if !messages.ends.is_empty() || !messages.lost.is_empty() {
            self.patience.waited(Duration::ZERO, true);
        }
        self.send(messages).await;
    }

    /// Waits until there is room; only then what it holds becomes less.
    async fn send(&mut self, messages: Messages) {
        let held = self.framer.held();
        self.held.set(held.max(self.held.bytes()));
        if !messages.ends.is_empty() || !messages.lost.is_empty() {
            // The receiver goes only after the last connection.
            let _ = self.sender.send(messages).await;
        }
        self.held.set(held);
    }
}
