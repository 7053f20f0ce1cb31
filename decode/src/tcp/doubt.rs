//! Segments that their receiver throws away (RFC 9293 §3.10.7.4, RFC 7323 §5.3): an attacker sends them past a
//! sensor, ahead of what the server really takes. The sensor cannot be sure (checksums may be left to the card,
//! routes change), so they are set aside until the receiver acknowledges their bytes, or the sender goes on behind
//! them; when another segment brings the same bytes before that, it counts.

use std::collections::VecDeque;

use model::limits;

use super::connection::Connection;
use super::half::Piece;
use crate::net::{Checksum, Segment};
use crate::out::Out;
use crate::session::Mark;

/// Fewer routers left than at the start of the connection, by more than a change of the route makes.
const FEWER_HOPS: u8 = 8;

/// Why a segment may not have been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Data with a SYN: few servers take it before the handshake is over (RFC 7413).
    Early,
    /// No acknowledgement, which all but the first packet have.
    NoAcknowledgement,
    /// It acknowledges what the other side never sent.
    WrongAcknowledgement,
    /// It may not have reached its receiver.
    Hops,
    /// An IP header with a wrong checksum or broken options.
    Header,
    /// A signature that nobody agreed on.
    Signature,
    /// A clock that went back.
    Clock,
    Checksum,
}

/// What the packets of a sender have in common.
#[derive(Debug, Default)]
pub(super) struct Sender {
    is_known: bool,
    /// Of the first packet; 0 when that is no sign.
    hops: u8,
    is_signed: bool,
    /// Its checksums are filled in where the capture was made.
    has_checksums: bool,
    /// Its IP headers are sound where the capture was made.
    has_headers: bool,
    /// The latest of the segments in order.
    clock: Option<u32>,
    /// Its acknowledgements are of what the other side sends; some tools write constants.
    pub(super) acknowledged: bool,
}

impl Sender {
    /// Why the receiver may not take the segment.
    pub(super) fn doubt(&mut self, segment: &Segment<'_>) -> Option<Doubt> {
        if !self.is_known {
            *self = Self {
                is_known: true,
                hops: segment.hops(),
                is_signed: segment.is_signed(),
                has_checksums: segment.checksum() == Checksum::Right,
                clock: segment.clock(),
                has_headers: !segment.is_odd(),
                acknowledged: self.acknowledged,
            };
            return (segment.syn && !segment.payload.is_empty()).then_some(Doubt::Early);
        }
        if segment.payload.is_empty() && !segment.fin && !segment.rst {
            return None;
        }
        if self.has_checksums && segment.checksum() == Checksum::Wrong {
            return Some(Doubt::Checksum);
        }
        if self.has_headers && segment.is_odd() {
            return Some(Doubt::Header);
        }
        // A reset needs no more: firewalls send it for one of the ends.
        if segment.rst {
            return None;
        }
        if segment.ack.is_none() {
            return Some(if segment.syn { Doubt::Early } else { Doubt::NoAcknowledgement });
        }
        if segment.hops().saturating_add(FEWER_HOPS) < self.hops {
            return Some(Doubt::Hops);
        }
        if segment.is_signed() && !self.is_signed {
            return Some(Doubt::Signature);
        }
        self.is_older(segment).then_some(Doubt::Clock)
    }

    fn is_older(&self, segment: &Segment<'_>) -> bool {
        let is_older = |(now, before): (u32, u32)| now.wrapping_sub(before).cast_signed() < 0;
        segment.clock().zip(self.clock).is_some_and(is_older)
    }

    /// A segment was taken in order.
    pub(super) fn taken(&mut self, segment: &Segment<'_>) {
        if !self.is_older(segment) {
            self.clock = segment.clock();
        }
    }

    /// The receiver has taken what was doubted: that is no sign here.
    pub(super) fn unlearn(&mut self, doubt: Doubt) {
        match doubt {
            Doubt::Checksum => self.has_checksums = false,
            Doubt::Hops => self.hops = 0,
            Doubt::Header => self.has_headers = false,
            Doubt::Signature => self.is_signed = true,
            Doubt::Clock => self.clock = None,
            Doubt::Early | Doubt::NoAcknowledgement | Doubt::WrongAcknowledgement => {}
        }
    }
}

/// A segment that was set aside.
#[derive(Debug)]
pub(super) struct Doubted {
    pub at: u64,
    pub piece: Piece,
    pub fin: bool,
    pub doubt: Doubt,
}

impl Doubted {
    pub(super) fn end(&self) -> u64 {
        self.at + self.piece.len()
    }
}

/// The segments of one direction that were set aside, in order of arrival.
#[derive(Debug, Default)]
pub(super) struct Aside {
    list: VecDeque<Doubted>,
    pub bytes: usize,
}

impl Aside {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= limits::DOUBTED_SEGMENTS_MAX
    }

    /// One of them ends at `at`.
    pub(super) fn leads_to(&self, at: u64) -> bool {
        self.list.iter().any(|doubted| doubted.end() == at)
    }

    pub(super) fn push(&mut self, doubted: Doubted) {
        self.bytes += doubted.piece.data.len() + size_of::<Doubted>();
        self.list.push_back(doubted);
    }

    /// Takes the oldest that ends at or before `end`.
    pub(super) fn pop(&mut self, end: u64) -> Option<Doubted> {
        let at = self.list.iter().position(|doubted| doubted.end() <= end)?;
        let doubted = self.list.remove(at)?;
        self.bytes -= doubted.piece.data.len() + size_of::<Doubted>();
        Some(doubted)
    }
}

impl Connection {
    /// Why the receiver may not take the segment at `at`; only what it would acknowledge is doubted.
    pub(super) fn doubt(&mut self, dir: usize, at: u64, segment: &Segment<'_>) -> Option<Doubt> {
        let (half, other) = (&self.halves[dir], &self.halves[1 - dir]);
        let doubt = self.senders[dir].doubt(segment);
        let is_new = at + segment.payload.len() as u64 + u64::from(segment.cut) > half.next;
        match doubt {
            Some(Doubt::Early) => doubt.filter(|_| !segment.payload.is_empty()),
            _ if !other.seen => None,
            None if segment.payload.is_empty() || !is_new => None,
            None => {
                let is_wrong = self.senders[dir].acknowledged
                    && segment.ack.is_some_and(|ack| other.believe(ack).is_none());
                is_wrong.then_some(Doubt::WrongAcknowledgement)
            }
            Some(_) => doubt.filter(|_| is_new || segment.fin || segment.rst),
        }
    }

    /// Sets the payload of a segment aside; what it says about the end is not heeded.
    pub(super) fn set_aside(
        &mut self,
        dir: usize,
        doubt: Doubt,
        segment: &Segment<'_>,
        mark: Mark,
        out: &mut Out,
    ) {
        out.stats.doubted_packets += 1;
        if segment.rst || segment.payload.is_empty() {
            out.stats.ignored_ends += u64::from(segment.rst || segment.fin);
            out.stats.stray_bytes += segment.payload.len() as u64;
            return;
        }
        let ack = segment.ack.and_then(|ack| self.halves[1 - dir].believe(ack)).unwrap_or(0);
        let (at, data) = (mark.seq, segment.payload.to_vec());
        let piece = Piece { ack, ts: mark.ts, data, cut: segment.cut, contradicted: false };
        self.aside[dir].push(Doubted { at, piece, fin: segment.fin, doubt });
        if self.aside[dir].is_full() {
            // Nobody forges so many: the signs mean nothing.
            self.recall_to(dir, u64::MAX, out);
            self.advance(out);
        }
    }

    /// The sender goes on at `at`: what leads there is its own.
    pub(super) fn recall_behind(&mut self, dir: usize, at: u64, out: &mut Out) {
        if !self.aside[dir].is_empty() && at > self.halves[dir].next && self.aside[dir].leads_to(at) {
            self.recall_to(dir, at, out);
            self.advance(out);
        }
    }

    /// The receiver has acknowledged what was set aside.
    pub(super) fn recall(&mut self, dir: usize, out: &mut Out) {
        if !self.aside[dir].is_empty() {
            self.recall_to(dir, self.halves[dir].acked, out);
        }
    }

    fn recall_to(&mut self, dir: usize, end: u64, out: &mut Out) -> bool {
        let mut any = false;
        while let Some(doubted) = self.aside[dir].pop(end) {
            let half = &mut self.halves[dir];
            if doubted.end() > half.next {
                (any, self.carried_data) = (true, true);
                self.senders[dir].unlearn(doubted.doubt);
                if doubted.fin {
                    half.end.get_or_insert(doubted.end());
                }
            }
            self.keep(dir, doubted.at, doubted.piece, out);
        }
        any
    }

    /// Without the packets of its receiver, or when nothing else came, nobody can tell what it has taken.
    pub(super) fn recall_unseen(&mut self, dir: usize, out: &mut Out) -> bool {
        let is_told = self.halves[1 - dir].seen && self.halves[dir].started;
        !is_told && !self.aside[dir].is_empty() && self.recall_to(dir, u64::MAX, out)
    }

    /// The connection is over: what nobody acknowledged was not taken.
    pub(super) fn drop_aside(&mut self, out: &mut Out) {
        for aside in &mut self.aside {
            while let Some(doubted) = aside.pop(u64::MAX) {
                out.stats.stray_bytes += doubted.piece.data.len() as u64;
            }
        }
    }

    /// Nothing lies beyond the end that a sender announced.
    pub(super) fn drop_beyond_end(&mut self, out: &mut Out) {
        for half in &mut self.halves {
            if let Some(end) = half.end {
                out.stats.stray_bytes += half.drop_from(end);
            }
        }
    }
}
