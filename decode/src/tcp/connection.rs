//! One TCP connection: puts its segments in order and feeds the session. See the module for the rules.

use std::net::SocketAddr;

use model::limits;

use super::half::{Half, Piece};
use crate::net::Segment;
use crate::order::Ticket;
use crate::out::Out;
use crate::session::{Mark, Session, Talk};

/// Packets in a row outside the window, after which the ports were taken over by another connection.
const STRAYS_MAX: u32 = 3;

/// The state of waiting for missing bytes.
#[derive(Debug, Clone, Copy)]
struct Hold {
    /// When it began; moved to when an acknowledgement showed that the bytes had reached their receiver.
    since_packet: u32,
    since_ts: i64,
    acknowledged: bool,
    /// Keeps calls that start later from being handed out before those that may lie in the held bytes.
    ticket: Ticket,
}

/// A packet of a handshake that does not belong to the connection, and may open the next one.
#[derive(Debug, Clone, Copy)]
struct Rival {
    dir: usize,
    seq: u32,
    ack: Option<u32>,
}

/// What the connection wants done about a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Taken,
    /// The connection is over.
    Closed,
    /// The packet belongs to a new connection between the same ports.
    Another,
}

#[derive(Debug)]
pub(crate) struct Connection {
    halves: [Half; 2],
    session: Session,
    packets: u32,
    strays: u32,
    hold: Option<Hold>,
    carried_data: bool,
    closed: bool,
    /// The direction whose reset closed it.
    reset_by: Option<usize>,
    rival: Option<Rival>,
    /// Latest packet, microseconds.
    pub(crate) last_ts: i64,
}

impl Connection {
    /// `peers`: the two ends, by direction; `ts`: time of the first packet.
    pub(crate) fn new(peers: [SocketAddr; 2], first: &Segment<'_>, ts: i64) -> Self {
        let origin = format!("{} {} {} {ts}", peers[0], peers[1], first.seq).into_bytes();
        Self {
            halves: [Half::default(), Half::default()],
            session: Session::new(Talk::new(peers, origin)),
            packets: 0,
            strays: 0,
            hold: None,
            carried_data: false,
            closed: false,
            reset_by: None,
            rival: None,
            last_ts: ts,
        }
    }

    /// Bytes held for this connection.
    pub(crate) fn bytes(&self) -> usize {
        self.halves[0].bytes + self.halves[1].bytes + self.session.bytes()
    }

    /// Takes one segment of direction `dir`.
    pub(crate) fn segment(&mut self, dir: usize, segment: &Segment<'_>, ts: i64, out: &mut Out) -> Verdict {
        let payload = segment.payload.len() as u64;
        self.packets = self.packets.wrapping_add(1);
        self.last_ts = self.last_ts.max(ts);
        if segment.syn && self.is_reopened(dir, segment) {
            if self.is_succeeded(dir, segment) {
                return Verdict::Another;
            }
            out.stats.stray_bytes += payload;
            self.rival = Some(Rival { dir, seq: segment.seq, ack: segment.ack });
            return Verdict::Taken;
        }
        if let Some(rival) = self.rival
            && (rival.dir, rival.seq.wrapping_add(1)) == (dir, segment.seq)
            && payload > 0
        {
            return Verdict::Another;
        }
        if self.closed {
            let half = &self.halves[dir];
            // Who has reset a connection does not go on sending: the reset was made up by somebody else.
            if payload > 0 && self.reset_by == Some(dir) && half.extend(segment.seq) == half.next {
                return Verdict::Another;
            }
            out.stats.stray_bytes += payload;
            return Verdict::Taken;
        }
        let Some(at) = self.place(dir, segment) else {
            self.strays += 1;
            if self.strays >= STRAYS_MAX && payload > 0 {
                return Verdict::Another;
            }
            out.stats.stray_bytes += payload;
            return Verdict::Taken;
        };
        self.strays = 0;
        let ack = match segment.ack {
            Some(ack) if !segment.rst => self.halves[1 - dir].acknowledge(ack).unwrap_or(0),
            _ => 0,
        };
        let len = payload + u64::from(segment.cut);
        let half = &mut self.halves[dir];
        // The receiver heeds a reset only inside its window (RFC 9293 §3.5.2), which begins where it has
        // acknowledged; an end before bytes that were sent already is made up.
        let is_reset = segment.rst && at >= half.acked.min(half.next);
        out.stats.ignored_ends += u64::from(segment.rst && !is_reset);
        if is_reset || (segment.fin && !segment.rst && at + len >= half.next) {
            let end = if segment.rst { at.max(half.next) } else { at + len };
            half.end = Some(half.end.map_or(end, |known| known.min(end)));
        } else if payload > 0 && !segment.rst && half.end.is_some_and(|end| end < at + len) {
            // The sender goes on: what announced the end was not from it.
            half.end = None;
        }
        if segment.rst {
            out.stats.stray_bytes += payload;
        } else if len > 0 {
            self.take(dir, at, segment, Mark { seq: at, ack, ts }, out);
        }
        self.advance(out);
        if is_reset && self.halves[dir].end.is_some_and(|end| end <= self.halves[dir].next) {
            self.reset_by.get_or_insert(dir);
            self.close(out);
        }
        self.finish_halves(out);
        if self.closed { Verdict::Closed } else { Verdict::Taken }
    }

    /// Time has moved on without a packet.
    pub(crate) fn tick(&mut self, out: &mut Out) {
        if self.hold.is_some() && !self.closed {
            self.advance(out);
            self.finish_halves(out);
        }
    }

    /// A handshake that does not belong to what was seen so far.
    fn is_reopened(&self, dir: usize, segment: &Segment<'_>) -> bool {
        let half = &self.halves[dir];
        let at = half.extend(segment.seq.wrapping_add(1));
        match half.opened_at {
            Some(opened_at) => opened_at != at,
            // The handshake may come after the first data when the mirror swaps packets.
            None if half.started || self.closed => {
                half.next.wrapping_sub(at) > limits::REORDER_BYTES_MAX as u64
            }
            None => false,
        }
    }

    /// True when a handshake that does not fit opens another connection: this one is over, or both ends take
    /// part in it. One packet alone may be made up; its receiver would only repeat where it stands.
    fn is_succeeded(&self, dir: usize, segment: &Segment<'_>) -> bool {
        let agrees = |rival: &Rival| {
            rival.dir != dir
                && (segment.ack == Some(rival.seq.wrapping_add(1))
                    || rival.ack == Some(segment.seq.wrapping_add(1)))
        };
        let is_over = self.closed || !self.carried_data || self.halves.iter().any(|half| half.end.is_some());
        is_over || self.rival.as_ref().is_some_and(agrees)
    }

    /// Extended position of the segment's payload; `None` when it is outside the window.
    fn place(&mut self, dir: usize, segment: &Segment<'_>) -> Option<u64> {
        let seq = segment.seq.wrapping_add(u32::from(segment.syn));
        let half = &mut self.halves[dir];
        let at = half.extend(seq);
        half.begin(at);
        if at.abs_diff(half.next) > limits::SEQUENCE_WINDOW {
            return None;
        }
        if segment.syn {
            half.opened_at.get_or_insert(at);
            if !half.started {
                half.next = at;
                half.acked = half.acked.max(at);
            }
            self.session.opened_by(if segment.ack.is_some() { 1 - dir } else { dir });
        } else if !half.started && half.opened_at.is_none() && at < half.next && !segment.payload.is_empty() {
            // The position was a guess from an acknowledgement, and nothing was delivered yet.
            half.next = at;
        }
        self.halves[dir].seen = true;
        Some(at)
    }

    /// Delivers the payload, or holds it.
    fn take(&mut self, dir: usize, at: u64, segment: &Segment<'_>, mark: Mark, out: &mut Out) {
        self.carried_data = true;
        let read_by_sender = self.halves[1 - dir].readable();
        let half = &mut self.halves[dir];
        let end = at + segment.payload.len() as u64 + u64::from(segment.cut);
        if end <= half.next {
            out.stats.repeated_bytes += segment.payload.len() as u64;
            return;
        }
        if half.is_idle() && at == half.next && mark.ack <= read_by_sender {
            self.deliver(dir, mark, segment.payload, segment.cut, out);
            return;
        }
        let old = half.next.saturating_sub(at).min(segment.payload.len() as u64) as usize;
        out.stats.repeated_bytes += old as u64;
        let known = (half.next.saturating_sub(at) - old as u64) as u32;
        let piece = Piece {
            ack: mark.ack,
            ts: mark.ts,
            data: segment.payload[old..].to_vec(),
            cut: segment.cut - known,
            contradicted: false,
        };
        out.stats.overlaps += u64::from(half.hold(at.max(half.next), piece));
    }

    fn deliver(&mut self, dir: usize, mark: Mark, bytes: &[u8], cut: u32, out: &mut Out) {
        out.stats.stream_bytes += bytes.len() as u64;
        self.session.data(dir, mark, bytes, out);
        let half = &mut self.halves[dir];
        half.started = true;
        half.next += bytes.len() as u64;
        if cut > 0 {
            self.gap(dir, half_end(&self.halves[dir], cut), out);
        }
    }

    fn gap(&mut self, dir: usize, to: u64, out: &mut Out) {
        let from = self.halves[dir].next;
        out.stats.gaps += 1;
        out.stats.gap_bytes += to - from;
        self.session.gap(dir, from, to - from, out);
        self.halves[dir].next = to;
    }

    /// Delivers what can be, and gives up what waited too long.
    fn advance(&mut self, out: &mut Out) {
        if self.halves[0].is_idle() && self.halves[1].is_idle() {
            return;
        }
        let mut moved = self.drain(out);
        while self.is_overdue(moved, out) && self.give_up(false, out) {
            moved = true;
            self.drain(out);
        }
        self.note_hold(moved, out);
    }

    fn drain(&mut self, out: &mut Out) -> bool {
        let moved = self.drain_ready(out);
        out.stats.repeated_bytes +=
            self.halves.iter_mut().map(|half| std::mem::take(&mut half.repeated)).sum::<u64>();
        moved
    }

    fn drain_ready(&mut self, out: &mut Out) -> bool {
        let mut moved = false;
        loop {
            let mut progress = false;
            for dir in 0..2 {
                while self.halves[dir]
                    .ready()
                    .is_some_and(|piece| piece.ack <= self.halves[1 - dir].readable())
                {
                    progress = true;
                    if let Some(piece) = self.halves[dir].take() {
                        let mark = Mark { seq: self.halves[dir].next, ack: piece.ack, ts: piece.ts };
                        if piece.contradicted {
                            self.session.contradicted(dir);
                        }
                        self.deliver(dir, mark, &piece.data, piece.cut, out);
                    }
                }
            }
            if !progress {
                return moved;
            }
            moved = true;
        }
    }

    /// Starts, restarts or ends the wait.
    fn note_hold(&mut self, moved: bool, out: &mut Out) {
        let waiting = !(self.halves[0].is_idle() && self.halves[1].is_idle());
        if let Some(hold) = self.hold
            && (!waiting || moved)
        {
            out.order.cancel(hold.ticket);
            self.hold = None;
        }
        if !waiting {
            return;
        }
        let acknowledged = (0..2).any(|dir| self.is_acknowledged(dir));
        let (since_packet, since_ts) = (self.packets, out.order.now());
        match &mut self.hold {
            Some(hold) if acknowledged && !hold.acknowledged => {
                *hold = Hold { since_packet, since_ts, acknowledged, ticket: hold.ticket };
            }
            Some(_) => {}
            None => {
                let ticket = out.order.open(self.last_ts);
                self.hold = Some(Hold { since_packet, since_ts, acknowledged, ticket });
            }
        }
    }

    /// True when this direction waits for bytes that its receiver has, or when the receiver cannot be seen.
    fn is_acknowledged(&self, dir: usize) -> bool {
        let half = &self.halves[dir];
        let waited_for = !half.is_idle() || self.halves[1 - dir].ready().is_some();
        waited_for && half.ready().is_none() && (half.acked > half.next || !self.halves[1 - dir].seen)
    }

    fn is_overdue(&self, moved: bool, out: &Out) -> bool {
        if self.halves.iter().any(|half| half.bytes > limits::REORDER_BYTES_MAX) {
            return true;
        }
        let Some(hold) = self.hold.filter(|_| !moved) else { return false };
        let waited_us = out.order.now().saturating_sub(hold.since_ts);
        if !hold.acknowledged {
            return waited_us >= limits::HOLD_UNACKED_US_MAX;
        }
        self.packets.wrapping_sub(hold.since_packet) >= limits::HOLD_PACKETS_MAX
            || waited_us >= limits::HOLD_US_MAX
    }

    /// Declares the bytes lost that everything else waits for; `all`: also those that nobody acknowledged.
    fn give_up(&mut self, all: bool, out: &mut Out) -> bool {
        // A segment that continues its stream was sent after bytes of the other side that never came.
        for dir in 0..2 {
            let other = &self.halves[1 - dir];
            if let Some(piece) = self.halves[dir].ready()
                && other.ready().is_none()
            {
                let to = other.first_held().map_or(piece.ack, |first| first.min(piece.ack));
                self.gap(1 - dir, to, out);
                return true;
            }
        }
        for dir in 0..2 {
            let half = &self.halves[dir];
            let Some(first) = half.first_held().filter(|first| *first > half.next) else { continue };
            let full = half.bytes > limits::REORDER_BYTES_MAX;
            let waited = self.hold.is_some_and(|hold| !hold.acknowledged);
            if all || full || waited || self.is_acknowledged(dir) {
                self.gap(dir, first, out);
                return true;
            }
        }
        // Each side claims to have been sent after the other: no real stack does that.
        if self.halves.iter().all(|half| half.ready().is_some()) {
            self.halves[0].forget_ack();
            return true;
        }
        false
    }

    fn finish_halves(&mut self, out: &mut Out) {
        let mut ended = 0;
        for dir in 0..2 {
            let half = &mut self.halves[dir];
            if half.end.is_some_and(|end| end <= half.next) {
                ended += 1;
                let at = half.next;
                self.session.end(dir, at, false, out);
            }
        }
        if ended == 2 {
            self.close(out);
        }
    }

    /// Hands out everything that is known; nothing more is read of this connection.
    pub(crate) fn close(&mut self, out: &mut Out) {
        if self.closed {
            return;
        }
        self.drain(out);
        while self.give_up(true, out) {
            self.drain(out);
        }
        self.closed = true;
        self.session.close(out);
        out.stats.not_http += u64::from(self.carried_data && !self.session.is_known());
        if let Some(hold) = self.hold.take() {
            out.order.cancel(hold.ticket);
        }
    }
}

fn half_end(half: &Half, cut: u32) -> u64 {
    half.next + u64::from(cut)
}
