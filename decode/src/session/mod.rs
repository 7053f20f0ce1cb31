//! What a connection speaks. A [`Session`] is fed with the ordered bytes and gaps of both directions and hands
//! them to a [`Protocol`]: HTTP/1 unless the first bytes say otherwise. A protocol may give way to another one
//! (Upgrade, CONNECT); one that carries others (TLS) holds a session of its own. `tcp` feeds the outermost one.

mod foreign;
mod opaque;
mod protocol;
mod proxy_header;
mod socks;
mod talk;

use model::limits;

use crate::http1::Http1;
use crate::out::Out;
use foreign::{Guess, Place};

pub(crate) use opaque::Opaque;
pub(crate) use protocol::{Mark, Next, Protocol, Switch};
pub(crate) use talk::Talk;

/// Bytes of one direction that are held while they are too few to tell a protocol.
const SNIFF_BYTES: usize = 64;

/// A piece of a stream that waits until the protocol is known.
#[derive(Debug)]
struct Held {
    dir: usize,
    mark: Mark,
    bytes: Vec<u8>,
}

/// One conversation over two byte streams.
#[derive(Debug)]
pub(crate) struct Session {
    protocol: Box<dyn Protocol>,
    switches: usize,
    held: Vec<Held>,
    /// Both streams are read from their first byte.
    opened: bool,
    begun: [bool; 2],
    /// Some protocol was recognised before the current one.
    was_known: bool,
}

impl Session {
    pub(crate) fn new(talk: Talk) -> Self {
        Self {
            protocol: Box::new(Http1::new(talk)),
            switches: 0,
            held: Vec::new(),
            opened: false,
            begun: [false; 2],
            was_known: false,
        }
    }

    /// A conversation inside another one, both streams read from their first byte; `next` is what it speaks.
    pub(crate) fn inside(next: Next, talk: Talk, out: &mut Out) -> Self {
        let session = Self::new(talk.clone());
        Self { protocol: next.start(talk, true, out), opened: true, ..session }
    }

    /// The handshake was seen: both streams are read from their first byte, `client` is the direction that asks.
    pub(crate) fn opened_by(&mut self, client: usize) {
        self.opened |= self.begun == [false; 2];
        self.protocol.opened_by(client);
    }

    /// The next bytes of a direction were sent in two versions, of which they are the first.
    pub(crate) fn contradicted(&mut self, dir: usize) {
        self.protocol.contradicted(dir);
    }

    /// True when a protocol was recognised.
    pub(crate) fn is_known(&self) -> bool {
        self.was_known || self.protocol.is_known()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.protocol.bytes() + self.held.iter().map(|held| held.bytes.len()).sum::<usize>()
    }

    /// The next bytes of a direction: the payload of one segment.
    pub(crate) fn data(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) {
        if !self.protocol.is_known() && !self.protocol.is_opaque() && self.sniff(dir, mark, bytes, out) {
            return;
        }
        self.run(dir, mark, bytes, out);
    }

    /// Hands bytes to the protocol, and what it leaves to the one that takes over.
    fn run(&mut self, dir: usize, mut mark: Mark, mut bytes: &[u8], out: &mut Out) {
        self.begun[dir] |= !bytes.is_empty();
        while !bytes.is_empty() {
            let Some(Switch { used, next }) = self.protocol.data(dir, mark, bytes, out) else { return };
            bytes = bytes.get(used..).unwrap_or_default();
            mark.seq += used as u64;
            self.switch(next, out);
            if !bytes.is_empty() && !self.protocol.is_known() {
                return self.data(dir, mark, bytes, out);
            }
        }
    }

    /// Looks for the start of a protocol other than HTTP/1; true when the bytes are taken care of.
    fn sniff(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) -> bool {
        let mut start: Vec<u8> = Vec::new();
        if !self.held.is_empty() {
            let held = self.held.iter().filter(|held| held.dir == dir);
            start = held.flat_map(|held| held.bytes.iter().copied()).collect();
            start.extend(bytes.iter().take(SNIFF_BYTES));
        }
        let place = Place { at_start: self.opened && !self.begun[dir] };
        let guess = foreign::guess(if self.held.is_empty() { bytes } else { &start }, place);
        match guess {
            Guess::Short if start.len() < SNIFF_BYTES && self.held.len() < SNIFF_BYTES => {
                self.held.push(Held { dir, mark, bytes: bytes.to_vec() });
                return true;
            }
            Guess::Is(foreign) => self.switch(foreign.into(), out),
            Guess::Short | Guess::No => {}
        }
        self.settle(out);
        false
    }

    /// Hands held pieces to the protocol: it is known now, or never will be from these bytes.
    fn settle(&mut self, out: &mut Out) {
        for held in std::mem::take(&mut self.held) {
            self.run(held.dir, held.mark, &held.bytes, out);
        }
    }

    fn switch(&mut self, next: Next, out: &mut Out) {
        self.switches += 1;
        self.was_known |= self.protocol.is_known();
        self.protocol.close(out);
        let talk = self.protocol.talk();
        if self.switches > limits::PROTOCOL_SWITCHES_MAX {
            self.protocol = Box::new(Opaque::new(talk));
            return;
        }
        if matches!(next, Next::Unknown) {
            (self.opened, self.begun) = (true, [false; 2]);
        }
        self.protocol = next.start(talk, self.opened, out);
    }

    /// `len` bytes of a direction will never be seen.
    pub(crate) fn gap(&mut self, dir: usize, at: u64, len: u64, out: &mut Out) {
        self.settle(out);
        self.begun[dir] = true;
        self.protocol.gap(dir, at, len, out);
    }

    /// A direction was closed; `reset`: by RST.
    pub(crate) fn end(&mut self, dir: usize, at: u64, reset: bool, out: &mut Out) {
        self.settle(out);
        self.protocol.end(dir, at, reset, out);
    }

    /// The connection is over, or no longer followed: everything known is handed out.
    pub(crate) fn close(&mut self, out: &mut Out) {
        self.settle(out);
        self.protocol.close(out);
    }
}
