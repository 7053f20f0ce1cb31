//! The RPC side of one connection: fed with ordered bytes and gaps of both directions, it hands out calls.
//! Requests and responses are paired by identity, so a loss costs the calls that it hits and no other. After a
//! gap that leaves the framing, the next message is looked for at the start of each segment.

use std::collections::VecDeque;

use model::{Anomaly, Call, Scheme, limits};

use super::dialect::{Dialect, Framing, Head, Role};
use super::message::{Early, Incoming, Waiting};
use crate::http1::{note, server_host};
use crate::out::Out;
use crate::session::{Mark, Protocol, Switch, Talk};

/// Responses that are held because their request may still come.
const EARLY_MAX: usize = 64;

#[derive(Debug, Default)]
struct Side {
    now: Incoming,
    /// The next byte begins a message, or belongs to the one that arrives.
    in_step: bool,
    /// Nothing was lost since the last message that was read.
    whole: bool,
    /// Something was seen.
    begun: bool,
    /// Position after the last byte that passed.
    next: u64,
}

/// A connection of one RPC protocol.
#[derive(Debug)]
pub(crate) struct Framed<D> {
    dialect: D,
    talk: Talk,
    sides: [Side; 2],
    waiting: VecDeque<Waiting>,
    early: VecDeque<Early>,
    opened: bool,
    /// Messages may have been lost: an identity that may repeat proves no pair on its own.
    doubt: bool,
    held: usize,
}

impl<D: Dialect> Framed<D> {
    /// `opened`: both streams are read from their first byte.
    pub(crate) fn new(talk: Talk, opened: bool) -> Self {
        let mut sides = [Side::default(), Side::default()];
        sides.iter_mut().for_each(|side| (side.in_step, side.whole) = (opened, opened));
        Self {
            dialect: D::default(),
            talk,
            sides,
            waiting: VecDeque::new(),
            early: VecDeque::new(),
            opened,
            doubt: !opened,
            held: 0,
        }
    }

    /// The head of the message that begins at `rest`; returns how many bytes of `rest` it took, `None`
    /// when nothing can be done with them.
    fn head(&mut self, dir: usize, mark: Mark, rest: &[u8], out: &mut Out) -> Option<usize> {
        let side = &mut self.sides[dir];
        let before = side.now.held.len();
        if before == 0 {
            side.now.begin = mark;
        }
        let room = D::HEAD_BYTES_MAX.saturating_sub(before).max(1);
        let strict = !side.in_step;
        let framing = match before {
            0 => self.dialect.frame(dir, rest, strict),
            _ => {
                side.now.held.extend_from_slice(&rest[..rest.len().min(room)]);
                self.dialect.frame(dir, &side.now.held, strict)
            }
        };
        match framing {
            Framing::Message(head) => {
                side.now.held.truncate(before);
                side.now.seen = before as u64;
                self.begin(dir, head, out);
                Some(0)
            }
            Framing::Short if before + rest.len() <= D::HEAD_BYTES_MAX => {
                if before == 0 {
                    side.now.held.extend_from_slice(rest);
                }
                Some(rest.len())
            }
            Framing::Short | Framing::No => {
                out.stats.unframed_bytes += (before + rest.len()) as u64;
                self.lose(dir);
                None
            }
        }
    }

    fn begin(&mut self, dir: usize, head: Head, out: &mut Out) {
        let client = match head.role {
            Role::Request { .. } => Some(dir),
            Role::Response => Some(1 - dir),
            Role::Heartbeat => None,
        };
        self.talk.client = self.talk.client.or(client);
        let side = &mut self.sides[dir];
        (side.in_step, side.whole) = (true, true);
        side.now.head = Some(head);
        if head.role != Role::Heartbeat {
            side.now.ticket = Some(out.order.open(side.now.begin.ts));
        }
    }

    /// The message of a direction is over; `cut`: why it is not whole.
    fn finish(&mut self, dir: usize, cut: Option<Anomaly>, out: &mut Out) {
        let now = std::mem::take(&mut self.sides[dir].now);
        self.dialect.forget(dir);
        let Some(head) = now.head else { return };
        let Some(ticket) = now.ticket else {
            out.stats.heartbeats += 1;
            return;
        };
        match head.role {
            Role::Request { one_way } => {
                let parsed = self.dialect.request(&now.held);
                let half = now.half(parsed, cut);
                let mut call = self.call(dir, now.begin.ts, out);
                half.ask(&mut call);
                let end = now.begin.seq + now.seen;
                let (id, begin, last_ts) = (head.id, now.begin, now.last_ts);
                let waiting = Waiting { call, ticket, id, dir, begin, end, last_ts, uncertain: false };
                if one_way {
                    return out.close(waiting.ticket, waiting.call);
                }
                self.wait(waiting, out);
            }
            Role::Response => {
                let parsed = self.dialect.response(&now.held);
                let half = now.half(parsed, cut);
                let early = Early { half, ticket, id: head.id, dir, begin: now.begin, last_ts: now.last_ts };
                self.answer(early, out);
            }
            Role::Heartbeat => {}
        }
    }

    fn call(&mut self, dir: usize, ts: i64, out: &Out) -> Call {
        let mut call = self.talk.call(&out.source, ts);
        let mut server = self.talk.server();
        if self.talk.client.is_some_and(|client| client != dir) {
            // The server calls back.
            std::mem::swap(&mut call.client, &mut call.server);
            server = self.talk.client();
        }
        // `http` would say something that is not so; `https` says that it was encrypted.
        call.scheme = call.scheme.filter(|scheme| *scheme == Scheme::Https);
        call.protocol = D::PROTOCOL.into();
        call.host = server_host(server);
        call
    }

    fn wait(&mut self, waiting: Waiting, out: &mut Out) {
        let early = self.early.iter().position(|early| self.is_pair(&waiting, early));
        if let Some(early) = early.and_then(|index| self.early.remove(index)) {
            self.held = self.held.saturating_sub(early.half.bytes());
            return complete(waiting, early, out);
        }
        if self.waiting.len() >= limits::PIPELINE_MAX {
            self.give_up(0, true, out);
        }
        self.held += waiting.bytes();
        self.waiting.push_back(waiting);
    }

    fn answer(&mut self, early: Early, out: &mut Out) {
        let found = self.waiting.iter().position(|waiting| self.is_pair(waiting, &early));
        if let Some(waiting) = found.and_then(|index| self.waiting.remove(index)) {
            self.held = self.held.saturating_sub(waiting.bytes());
            self.doubt &= !self.waiting.is_empty();
            return complete(waiting, early, out);
        }
        let may_come = self.sides[1 - early.dir].begun || self.opened;
        self.held += early.half.bytes();
        self.early.push_back(early);
        if !may_come || self.early.len() > EARLY_MAX {
            self.orphan(0, out);
        }
    }

    /// An identity that may repeat is believed while nothing was lost. After a loss, the client must have read
    /// exactly up to the response when it asked, and the server must have read the request when it answered.
    fn is_pair(&self, waiting: &Waiting, early: &Early) -> bool {
        let same = waiting.dir != early.dir && waiting.id == early.id;
        let is_read = early.begin.ack == 0 || early.begin.ack >= waiting.end;
        let proven = is_read && waiting.begin.ack != 0 && waiting.begin.ack == early.begin.seq;
        same && (!D::IDS_REPEAT || if self.doubt { proven } else { is_read })
    }

    /// A response whose request was not seen.
    fn orphan(&mut self, index: usize, out: &mut Out) {
        let Some(early) = self.early.remove(index) else { return };
        self.held = self.held.saturating_sub(early.half.bytes());
        let mut call = self.call(1 - early.dir, early.begin.ts, out);
        early.half.answer(&mut call);
        note(&mut call.anomalies, Anomaly::UNMATCHED);
        out.close(early.ticket, call);
    }

    /// Requests that should have come before a response was sent did not: it stays alone.
    fn settle_early(&mut self, dir: usize, out: &mut Out) {
        let next = self.sides[dir].next;
        let is_late = |early: &Early| early.dir != dir && early.begin.ack != 0 && early.begin.ack <= next;
        while self.sides[dir].now.head.is_none()
            && let Some(index) = self.early.iter().position(is_late)
        {
            self.orphan(index, out);
        }
    }

    /// A request that gets no response.
    fn give_up(&mut self, index: usize, uncertain: bool, out: &mut Out) {
        let Some(mut waiting) = self.waiting.remove(index) else { return };
        self.held = self.held.saturating_sub(waiting.bytes());
        if uncertain || waiting.uncertain {
            note(&mut waiting.call.anomalies, Anomaly::UNMATCHED);
        }
        out.close(waiting.ticket, waiting.call);
    }

    /// Where messages begin on this direction is not known any more.
    fn lose(&mut self, dir: usize) {
        let side = &mut self.sides[dir];
        side.now = Incoming::default();
        (side.in_step, side.whole) = (false, false);
        self.dialect.forget(dir);
        self.doubt = true;
        let hit = self.waiting.iter_mut().filter(|waiting| waiting.dir != dir);
        hit.for_each(|waiting| waiting.uncertain = true);
    }

    /// The message of a direction breaks off before its end.
    fn cut(&mut self, dir: usize, anomaly: Anomaly, out: &mut Out) {
        let now = &self.sides[dir].now;
        if now.head.is_none() && !now.held.is_empty() {
            match self.dialect.cut(&now.held) {
                Some(head) => {
                    self.sides[dir].now.seen = self.sides[dir].now.held.len() as u64;
                    self.begin(dir, head, out);
                }
                None => {
                    out.stats.unframed_bytes += now.held.len() as u64;
                    self.sides[dir].now = Incoming::default();
                }
            }
        }
        self.finish(dir, Some(anomaly), out);
    }
}

/// Request and response have found each other.
fn complete(mut waiting: Waiting, early: Early, out: &mut Out) {
    out.order.cancel(early.ticket);
    let end = waiting.last_ts.max(early.last_ts);
    early.half.answer(&mut waiting.call);
    if waiting.call.ts.is_known() {
        waiting.call.duration_us = u64::try_from(end.saturating_sub(waiting.call.ts.0)).ok();
    }
    out.close(waiting.ticket, waiting.call);
}

impl<D: Dialect> Protocol for Framed<D> {
    fn data(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) -> Option<Switch> {
        let mut used = 0;
        self.sides[dir].begun = true;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let side = &mut self.sides[dir];
            let here = Mark { seq: mark.seq + used as u64, ..mark };
            side.now.last_ts = mark.ts;
            if side.now.head.is_none() {
                match self.head(dir, here, rest, out) {
                    Some(taken) => used += taken,
                    None => break,
                }
                // A framed message may be whole already: what was held was all of it.
                if self.sides[dir].now.head.is_none() || self.sides[dir].now.left() > 0 {
                    continue;
                }
            }
            let side = &mut self.sides[dir];
            let part = &rest[..rest.len().min(usize::try_from(side.now.left()).unwrap_or(usize::MAX))];
            side.now.keep(part);
            used += part.len();
            if side.now.left() == 0 {
                self.finish(dir, None, out);
            }
        }
        self.sides[dir].next = mark.seq + bytes.len() as u64;
        self.settle_early(dir, out);
        None
    }

    fn gap(&mut self, dir: usize, at: u64, len: u64, out: &mut Out) {
        let side = &mut self.sides[dir];
        (side.begun, side.next) = (true, at + len);
        match side.now.left() {
            left if left > len => side.now.skip(len),
            left => {
                side.now.skip(left);
                self.cut(dir, Anomaly::GAP, out);
                // A message that ends exactly with the gap leaves the framing intact.
                if left == 0 || left < len {
                    self.lose(dir);
                }
            }
        }
        self.settle_early(dir, out);
    }

    fn end(&mut self, dir: usize, _at: u64, _reset: bool, out: &mut Out) {
        self.cut(dir, Anomaly::CUT_OFF, out);
        self.sides[dir].in_step = false;
    }

    fn close(&mut self, out: &mut Out) {
        (0..2).for_each(|dir| self.end(dir, 0, true, out));
        while let Some(waiting) = self.waiting.front() {
            let uncertain = !self.sides[1 - waiting.dir].whole;
            self.give_up(0, uncertain, out);
        }
        while !self.early.is_empty() {
            self.orphan(0, out);
        }
    }

    fn bytes(&self) -> usize {
        self.held + self.sides.iter().map(|side| side.now.held.len()).sum::<usize>()
    }

    fn is_known(&self) -> bool {
        true
    }

    fn talk(&mut self) -> Talk {
        std::mem::take(&mut self.talk)
    }

    fn contradicted(&mut self, dir: usize) {
        self.sides[dir].now.contradicted = true;
    }
}
