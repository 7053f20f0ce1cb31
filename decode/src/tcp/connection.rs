//! One TCP connection: puts its segments in order and feeds the session. See the module for the rules.

use std::net::SocketAddr;

use model::limits;

use super::doubt::{Aside, Doubt, Sender};
use super::half::{Half, Piece};
use super::hold::Hold;
use super::rival::Rival;
use crate::net::Segment;
use crate::out::Out;
use crate::session::{Mark, Session, Talk};

/// Packets in a row outside the window, after which the ports were taken over by another connection.
const STRAYS_MAX: u32 = 3;

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
    pub(super) halves: [Half; 2],
    pub(super) senders: [Sender; 2],
    pub(super) aside: [Aside; 2],
    session: Session,
    pub(super) packets: u32,
    /// Packets in a row outside the window, of either direction.
    strays: [u32; 2],
    pub(super) hold: Option<Hold>,
    pub(super) carried_data: bool,
    pub(super) closed: bool,
    /// The direction whose reset closed it.
    reset_by: Option<usize>,
    pub(super) rival: Option<Rival>,
    /// Latest packet, microseconds.
    pub(crate) last_ts: i64,
}

impl Connection {
    /// `peers`: the two ends, by direction; `ts`: time of the first packet.
    pub(crate) fn new(peers: [SocketAddr; 2], first: &Segment<'_>, ts: i64) -> Self {
        let origin = format!("{} {} {} {ts}", peers[0], peers[1], first.seq).into_bytes();
        Self {
            halves: [Half::default(), Half::default()],
            senders: [Sender::default(), Sender::default()],
            aside: [Aside::default(), Aside::default()],
            session: Session::new(Talk::new(peers, origin)),
            packets: 0,
            strays: [0; 2],
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
        let held = self.halves.iter().map(|half| half.bytes).sum::<usize>();
        held + self.aside.iter().map(|aside| aside.bytes).sum::<usize>() + self.session.bytes()
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
            self.rival = Some(Rival::new(dir, segment));
            return Verdict::Taken;
        }
        if payload > 0 && self.rival.is_some_and(|rival| rival.goes_on(dir, segment)) {
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
            self.strays[dir] += 1;
            if self.is_taken_over(dir) && payload > 0 {
                return Verdict::Another;
            }
            out.stats.stray_bytes += payload;
            return Verdict::Taken;
        };
        self.strays = [0; 2];
        self.recall_behind(dir, at, out);
        let doubt = self.doubt(dir, at, segment);
        let ack = match segment.ack {
            Some(ack) if !segment.rst && doubt.is_none_or(|doubt| doubt == Doubt::Early) => {
                self.halves[1 - dir].acknowledge(ack).unwrap_or(0)
            }
            _ => 0,
        };
        self.senders[dir].acknowledged |= ack > 0;
        self.recall(1 - dir, out);
        if let Some(doubt) = doubt {
            self.set_aside(dir, doubt, segment, Mark { seq: at, ack: 0, ts }, out);
            return Verdict::Taken;
        }
        let len = payload + u64::from(segment.cut);
        let half = &mut self.halves[dir];
        if at <= half.next {
            self.senders[dir].taken(segment);
        }
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

    /// The packets outside the window are so many, and of both ends if both are seen, that they are another
    /// connection's; those of one end alone may be made up.
    fn is_taken_over(&self, dir: usize) -> bool {
        let is_mutual = self.strays[1 - dir] > 0 || !self.halves[1 - dir].seen;
        self.strays.iter().sum::<u32>() >= STRAYS_MAX && is_mutual
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
        let len = segment.payload.len() as u64;
        if at + len + u64::from(segment.cut) <= half.next {
            out.stats.repeated_bytes += len;
            return;
        }
        if let Some(urgent) = segment.urgent {
            half.note_urgent(at + u64::from(urgent));
        }
        if at == half.next && mark.ack <= read_by_sender && half.is_unproven(read_by_sender) {
            if half.contradicts(at, segment.payload) {
                out.stats.overlaps += 1;
                self.session.contradicted(dir);
            }
            self.deliver(dir, mark, segment.payload, segment.cut, out);
            return;
        }
        let data = segment.payload.to_vec();
        self.keep(
            dir,
            at,
            Piece { ack: mark.ack, ts: mark.ts, data, cut: segment.cut, contradicted: false },
            out,
        );
    }

    /// Holds what is new of a piece.
    pub(super) fn keep(&mut self, dir: usize, at: u64, mut piece: Piece, out: &mut Out) {
        let half = &mut self.halves[dir];
        let before = piece.data.len();
        piece.drop_front(half.next.saturating_sub(at));
        out.stats.repeated_bytes += (before - piece.data.len()) as u64;
        if piece.len() > 0 {
            out.stats.overlaps += u64::from(half.hold(at.max(half.next), piece));
        }
    }

    fn deliver(&mut self, dir: usize, mark: Mark, bytes: &[u8], cut: u32, out: &mut Out) {
        let (mut mark, mut rest) = (mark, bytes);
        while let Some(urgent) = self.halves[dir].urgent_in(mark.seq, rest.len()) {
            self.feed(dir, mark, &rest[..urgent], out);
            out.stats.stray_bytes += 1;
            rest = &rest[urgent + 1..];
            mark.seq += urgent as u64 + 1;
        }
        self.feed(dir, mark, rest, out);
        let half = &mut self.halves[dir];
        half.started = true;
        half.next += bytes.len() as u64;
        if cut > 0 {
            self.gap(dir, half_end(&self.halves[dir], cut), out);
        }
    }

    fn feed(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) {
        out.stats.stream_bytes += bytes.len() as u64;
        self.session.data(dir, mark, bytes, out);
    }

    pub(super) fn gap(&mut self, dir: usize, to: u64, out: &mut Out) {
        let from = self.halves[dir].next;
        out.stats.gaps += 1;
        out.stats.gap_bytes += to - from;
        self.session.gap(dir, from, to - from, out);
        self.halves[dir].next = to;
    }

    /// Delivers what can be, and gives up what waited too long.
    pub(super) fn advance(&mut self, out: &mut Out) {
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
        self.drop_beyond_end(out);
        while self.give_up(true, out) {
            self.drain(out);
        }
        self.drop_aside(out);
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
