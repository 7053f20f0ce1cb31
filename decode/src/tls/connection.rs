//! One TLS connection: takes records of both directions, follows the handshake, decrypts what it has keys for and
//! holds back, within limits, what keys may still come for.

use std::collections::VecDeque;

use model::Call;

use super::cipher::{Opener, content};
use super::framer::{Framer, Record};
use super::handshake::{Event, Handshake, Messages};
use super::inside::Inside;
use super::parked::park;
use super::protection::{HANDSHAKE, Keyed, Opened, Protection, Stages};
use super::waiting::Held;
use crate::order::Ticket;
use crate::out::Out;
use crate::session::{Mark, Protocol, Switch, Talk};

/// Records in a row that did not open although their key is known, after which a direction is left alone: looking
/// for the right number costs time.
const FAILURES_MAX: u32 = 128;

#[derive(Debug, Default)]
pub(super) struct Side {
    framer: Framer,
    messages: Messages,
    pub protection: Protection,
    /// A record of this direction waits: those after it wait too.
    pub blocked: bool,
    failures: u32,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// Its key is not known yet.
    Wait,
    /// It is not what its place says.
    Failed,
}

/// TLS over one connection.
#[derive(Debug)]
pub(crate) struct Tls {
    talk: Talk,
    pub(super) sides: [Side; 2],
    handshake: Handshake,
    inside: Inside,
    pub(super) pending: VecDeque<Held>,
    pub(super) pending_bytes: usize,
    /// The state of the keys that was last looked at.
    pub(super) generation: u64,
    /// Something was learned that records may have waited for.
    pub(super) progress: bool,
    plain: Vec<u8>,
    bytes: u64,
    unsupported: bool,
    /// Records could not be read.
    pub(super) unread: bool,
    ticket: Option<Ticket>,
    begun: Option<i64>,
    last_ts: i64,
    closed: bool,
}

impl Tls {
    pub(crate) fn new(talk: Talk, out: &mut Out) -> Self {
        out.stats.tls_connections += 1;
        Self::of(talk, out.keys.generation())
    }

    fn of(talk: Talk, generation: u64) -> Self {
        Self {
            talk,
            sides: [Side::default(), Side::default()],
            handshake: Handshake::default(),
            inside: Inside::new(),
            pending: VecDeque::new(),
            pending_bytes: 0,
            generation,
            progress: false,
            plain: Vec::new(),
            bytes: 0,
            unsupported: false,
            unread: false,
            ticket: None,
            begun: None,
            last_ts: i64::MIN,
            closed: false,
        }
    }

    /// Takes a whole record; false when it is not believable.
    fn record(&mut self, dir: usize, record: &Record<'_>, out: &mut Out) -> bool {
        let outcome = match self.must_wait(dir) {
            true => Outcome::Wait,
            false => self.read(dir, record, out),
        };
        if outcome == Outcome::Wait {
            self.hold(dir, record, out);
        }
        if self.progress {
            self.drain(false, out);
        }
        outcome != Outcome::Failed
    }

    pub(super) fn read(&mut self, dir: usize, record: &Record<'_>, out: &mut Out) -> Outcome {
        match self.sides[dir].protection {
            Protection::Closed => {
                self.unread = true;
                out.stats.tls_unread_records += u64::from(self.inside.is_open());
                Outcome::Done
            }
            Protection::None => self.clear(dir, record, out),
            Protection::Unknown => Outcome::Wait,
            Protection::Legacy(_) => self.protected(dir, record, out),
            Protection::Tls13(_) if record.header.kind != content::APPLICATION_DATA => Outcome::Done,
            Protection::Tls13(_) if self.waits_for_answer(dir) => Outcome::Wait,
            Protection::Tls13(_) => self.protected(dir, record, out),
        }
    }

    /// True for early data while the server may still refuse them (RFC 8446 §4.2.10).
    pub(super) fn waits_for_answer(&self, dir: usize) -> bool {
        let offered = self.handshake.client.as_ref().is_some_and(|client| client.early_data);
        let is_open = offered && self.talk.client == Some(dir) && self.handshake.early_accepted.is_none();
        // Without the key of the answer nobody can tell: what opens counts as taken.
        let never = matches!(&self.sides[1 - dir].protection,
            Protection::Tls13(stages) if !stages.has(HANDSHAKE) && !stages.may_learn());
        is_open && !never
    }

    /// A record while nothing is protected.
    fn clear(&mut self, dir: usize, record: &Record<'_>, out: &mut Out) -> Outcome {
        match record.header.kind {
            content::HANDSHAKE => self.messages(dir, record.payload, out),
            content::CHANGE_CIPHER_SPEC => self.change_cipher(dir, out),
            content::APPLICATION_DATA => {
                let early = self.handshake.client.as_ref().is_some_and(|client| client.early_data);
                if self.handshake.server.is_some() {
                    // The ChangeCipherSpec was lost.
                    self.change_cipher(dir, out);
                    return match self.sides[dir].protection {
                        Protection::None => Outcome::Done,
                        _ => self.read(dir, record, out),
                    };
                }
                if early && self.talk.client == Some(dir) {
                    return Outcome::Wait;
                }
                self.unread = true;
            }
            _ => {}
        }
        Outcome::Done
    }

    fn messages(&mut self, dir: usize, bytes: &[u8], out: &mut Out) {
        let mut messages = std::mem::take(&mut self.sides[dir].messages);
        messages.feed(bytes, |message| {
            let event = self.handshake.message(message, self.talk.client == Some(dir));
            match event {
                Event::ClientHello => self.talk.client = Some(dir),
                Event::ServerHello => self.agree(dir, out),
                Event::None => {}
            }
        });
        self.sides[dir].messages = messages;
    }

    /// The server chose.
    fn agree(&mut self, dir: usize, out: &mut Out) {
        self.talk.client.get_or_insert(1 - dir);
        let Some(server) = &self.handshake.server else { return };
        match self.handshake.suite() {
            Some(suite) if server.is_tls13() => {
                for dir in 0..2 {
                    self.sides[dir].protection = Protection::Tls13(Box::new(Stages::new(suite)));
                    self.learn(dir, out);
                }
                self.progress = true;
            }
            Some(_) if (0x0301..=0x0303).contains(&server.version) => {}
            _ => {
                self.unsupported = true;
                self.sides.iter_mut().for_each(|side| side.protection = Protection::Closed);
            }
        }
    }

    /// Takes over the secrets of TLS 1.3 that are known now.
    pub(super) fn learn(&mut self, dir: usize, out: &Out) {
        let side = usize::from(self.talk.client != Some(dir));
        let early = self.handshake.client.as_ref().is_some_and(|client| client.early_data)
            && self.handshake.early_accepted != Some(false);
        let traffic = self.handshake.client_random().and_then(|random| out.keys.traffic(random));
        if let (Some(traffic), Protection::Tls13(stages)) = (traffic, &mut self.sides[dir].protection) {
            stages.learn(traffic, side, early);
        }
    }

    /// From here on a direction of TLS 1.0 to 1.2 is protected by what was agreed on (RFC 5246 §7.1).
    pub(super) fn change_cipher(&mut self, dir: usize, out: &mut Out) {
        let Some(server) = self.handshake.server.as_ref().filter(|server| !server.is_tls13()) else { return };
        let is_client = self.talk.client == Some(dir);
        debug_assert!(server.version <= 0x0303, "other versions were refused");
        let master = self.handshake.master(&mut out.keys);
        let opener = match (self.handshake.agreed(), master) {
            (Some(agreed), Some(master)) => Opener::legacy(&agreed, &master, is_client),
            _ => None,
        };
        self.sides[dir].protection =
            opener.map_or(Protection::Unknown, |opener| Protection::Legacy(Box::new(Keyed::new(opener))));
        self.sides[dir].messages.lose();
    }

    fn protected(&mut self, dir: usize, record: &Record<'_>, out: &mut Out) -> Outcome {
        let mut plain = std::mem::take(&mut self.plain);
        let side = &mut self.sides[dir];
        let opened = side.protection.open(record.header, record.payload, record.lost, &mut plain);
        let outcome = match (opened, &side.protection) {
            (Some(opened), _) => {
                side.failures = 0;
                self.opened(dir, record, opened, &plain, out);
                Outcome::Done
            }
            (None, Protection::Tls13(stages)) if stages.may_learn() => Outcome::Wait,
            // A message of the handshake, or early data, that nobody has the key of.
            (None, Protection::Tls13(stages)) if !stages.is_application() => Outcome::Done,
            (None, _) => {
                out.stats.tls_unread_records += 1;
                self.unread = true;
                side.failures += 1;
                if side.failures >= FAILURES_MAX {
                    side.protection = Protection::Closed;
                }
                Outcome::Failed
            }
        };
        self.plain = plain;
        outcome
    }

    fn opened(&mut self, dir: usize, record: &Record<'_>, opened: Opened, plain: &[u8], out: &mut Out) {
        if record.lost > 0 {
            let missing = match (opened.skipped, opened.overhead) {
                (Some(count), Some(overhead)) => Some(record.lost.saturating_sub(count * (5 + overhead))),
                _ => None,
            };
            self.inside.gap(dir, missing, out);
            self.sides[dir].messages.lose();
        }
        let is_tls13 = matches!(self.sides[dir].protection, Protection::Tls13(_));
        match opened.kind {
            content::APPLICATION_DATA => {
                if !self.inside.is_open() {
                    out.stats.tls_decrypted += 1;
                    self.cancel_ticket(out);
                    self.inside.open(&self.talk, self.handshake.info(), out);
                }
                self.inside.data(dir, record, plain, out);
            }
            content::HANDSHAKE if is_tls13 => self.encrypted_messages(dir, plain),
            content::HANDSHAKE => self.messages(dir, plain, out),
            content::CHANGE_CIPHER_SPEC if !is_tls13 => self.change_cipher(dir, out),
            _ => {}
        }
    }

    /// Of the messages that TLS 1.3 encrypts only the first one of the server is read.
    fn encrypted_messages(&mut self, dir: usize, plain: &[u8]) {
        if self.talk.client == Some(dir) || self.handshake.early_accepted.is_some() {
            return;
        }
        let handshake = &mut self.handshake;
        self.sides[dir].messages.feed(plain, |message| handshake.encrypted_extensions(message));
        if handshake.early_accepted == Some(false)
            && let Protection::Tls13(stages) = &mut self.sides[1 - dir].protection
        {
            stages.refuse_early();
        }
        self.progress |= self.handshake.early_accepted.is_some();
    }

    /// Hands on that directions were closed, once nothing of them waits.
    fn forward_ends(&mut self, out: &mut Out) {
        for dir in 0..2 {
            if !self.sides[dir].blocked {
                self.inside.forward_end(dir, out);
            }
        }
    }

    /// Hands out everything that is known; no more keys are waited for.
    pub(super) fn finish(&mut self, out: &mut Out) {
        self.give_up(out);
        self.forward_ends(out);
        self.inside.close(out);
        if self.inside.is_open() {
            out.stats.unframed_bytes += self.sides.iter().map(|side| side.framer.passed()).sum::<u64>();
        } else {
            self.stay_closed(out);
        }
        self.closed = true;
    }

    fn cancel_ticket(&mut self, out: &mut Out) {
        if let Some(ticket) = self.ticket.take() {
            out.order.cancel(ticket);
        }
    }

    /// Counts a connection of which nothing was read, and hands out what is known of it when that is wanted.
    fn stay_closed(&mut self, out: &mut Out) {
        out.stats.opaque_bytes += self.bytes;
        let has_hello = self.handshake.client.is_some();
        let reason = match (has_hello, self.unsupported, self.unread) {
            (false, ..) => &mut out.stats.tls_joined_late,
            (_, true, _) => &mut out.stats.tls_unsupported,
            (_, _, true) => &mut out.stats.tls_no_key,
            _ => &mut out.stats.tls_unfinished,
        };
        *reason += 1;
        let Some(ticket) = self.ticket.take() else { return };
        if !has_hello {
            out.order.cancel(ticket);
            return;
        }
        let info = self.handshake.info();
        let begun = self.begun.unwrap_or_default();
        let talk = Talk { scheme: model::Scheme::Https, ..self.talk.clone() }.call(&out.source, begun);
        let duration = talk.ts.is_known().then(|| u64::try_from(self.last_ts.saturating_sub(begun)).ok());
        let call = Call {
            protocol: "tls".into(),
            host: info.sni.clone(),
            duration_us: duration.flatten(),
            tls: Some(info.into()),
            ..talk
        };
        out.close(ticket, call);
    }
}

impl Protocol for Tls {
    fn data(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) -> Option<Switch> {
        if self.closed {
            return None;
        }
        self.bytes += bytes.len() as u64;
        self.last_ts = self.last_ts.max(mark.ts);
        if self.begun.is_none() {
            self.begun = Some(mark.ts);
            self.ticket = out.closed_tls.then(|| out.order.open(mark.ts));
        }
        self.retry(out);
        let mut framer = std::mem::take(&mut self.sides[dir].framer);
        framer.feed(mark, bytes, |record| self.record(dir, &record, out));
        self.sides[dir].framer = framer;
        None
    }

    fn gap(&mut self, dir: usize, at: u64, len: u64, out: &mut Out) {
        if self.closed {
            return;
        }
        self.retry(out);
        let side = &mut self.sides[dir];
        side.framer.gap(at, len);
        if matches!(side.protection, Protection::None) {
            side.messages.lose();
        }
    }

    fn end(&mut self, dir: usize, _at: u64, reset: bool, out: &mut Out) {
        if self.closed {
            return;
        }
        self.retry(out);
        let cut = self.sides[dir].framer.lost() > 0;
        self.inside.ended(dir, reset || cut);
        self.forward_ends(out);
    }

    fn close(&mut self, out: &mut Out) {
        if self.closed {
            return;
        }
        self.retry(out);
        if self.is_waiting() {
            let over = Self { closed: true, ..Self::of(Talk::default(), 0) };
            park(std::mem::replace(self, over), out);
        } else {
            self.finish(out);
        }
    }

    fn bytes(&self) -> usize {
        let sides = self.sides.iter().map(|side| side.framer.bytes() + side.messages.bytes()).sum::<usize>();
        sides + self.pending_bytes + self.handshake.bytes() + self.inside.bytes()
    }

    fn is_known(&self) -> bool {
        true
    }

    fn talk(&mut self) -> Talk {
        std::mem::take(&mut self.talk)
    }

    fn opened_by(&mut self, client: usize) {
        self.talk.client.get_or_insert(client);
    }

    fn contradicted(&mut self, dir: usize) {
        self.inside.contradicted(dir);
    }
}
