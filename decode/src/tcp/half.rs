//! One direction of a connection: what was delivered, what is held, what the other side acknowledged.
//! Sequence numbers are extended to 64 bits, so that they never wrap. Where segments overlap, the bytes
//! that came first win.

use std::collections::BTreeMap;

use model::limits;

/// Cost of a held piece on top of its bytes.
const PIECE_OVERHEAD: usize = 96;
/// Extended numbers start here, so that what lies before the first byte is a number too.
const ORIGIN: u64 = 1 << 32;

/// A segment that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub ack: u64,
    pub ts: i64,
    pub data: Vec<u8>,
    /// Bytes after the data that were sent but not captured.
    pub cut: u32,
    /// Other bytes were sent for the same place.
    pub contradicted: bool,
}

impl Piece {
    pub(crate) fn len(&self) -> u64 {
        self.data.len() as u64 + u64::from(self.cut)
    }

    pub(crate) fn drop_front(&mut self, count: u64) {
        let from_data = count.min(self.data.len() as u64);
        self.data.drain(..from_data as usize);
        self.cut -= (count - from_data).min(u64::from(self.cut)) as u32;
    }
}

#[derive(Debug, Default)]
pub(crate) struct Half {
    /// Position of the next byte to deliver; 0 while unknown.
    pub next: u64,
    /// First position, when the handshake showed it.
    pub opened_at: Option<u64>,
    /// Position up to which the receiver has acknowledged.
    pub acked: u64,
    /// Position after the last byte, known from FIN or RST.
    pub end: Option<u64>,
    /// A packet of this direction was seen.
    pub seen: bool,
    /// Bytes were delivered.
    pub started: bool,
    held: BTreeMap<u64, Piece>,
    /// Positions of bytes that the receiver is given beside the stream.
    urgent: Vec<u64>,
    /// Payload bytes ever held.
    kept: u64,
    /// Bytes held.
    pub bytes: usize,
    /// Payload bytes dropped because they were held or delivered already; taken by the connection's counters.
    pub repeated: u64,
}

impl Half {
    /// The extended form of a sequence number near the current position.
    pub(crate) fn extend(&self, seq: u32) -> u64 {
        if self.next == 0 {
            return ORIGIN + u64::from(seq);
        }
        let ahead = i64::from(seq.wrapping_sub(self.next as u32) as i32);
        self.next.saturating_add_signed(ahead)
    }

    /// Learns the position from the first packet.
    pub(crate) fn begin(&mut self, at: u64) {
        if self.next == 0 {
            self.next = at;
            self.acked = at;
        }
    }

    /// The receiver has everything up to `seq`. Returns the extended number when it is believable.
    pub(crate) fn acknowledge(&mut self, seq: u32) -> Option<u64> {
        let at = self.extend(seq);
        self.begin(at);
        if at.abs_diff(self.next) > limits::SEQUENCE_WINDOW {
            return None;
        }
        self.acked = self.acked.max(at);
        if !self.seen && self.opened_at.is_none() {
            // A direction that is not captured: nothing of it will ever come.
            self.next = self.next.max(at);
        }
        Some(at)
    }

    /// The extended number of an acknowledgement of something that this direction may have sent.
    pub(crate) fn believe(&self, seq: u32) -> Option<u64> {
        let at = self.extend(seq);
        (self.next == 0 || at.abs_diff(self.next) <= limits::SEQUENCE_WINDOW).then_some(at)
    }

    /// Position up to which the other side may have read: a FIN that was reached takes a number of its own
    /// (RFC 9293 §3.4).
    pub(crate) fn readable(&self) -> u64 {
        self.next + u64::from(self.end == Some(self.next))
    }

    /// True when nothing waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.held.is_empty()
    }

    /// True when nothing waits that continues the stream and was sent, as far as is known, when it says.
    pub(crate) fn is_unproven(&self, read_by_sender: u64) -> bool {
        self.is_idle() || self.ready().is_some_and(|piece| piece.ack > read_by_sender)
    }

    /// True when bytes held say something else than `data` at `at`.
    pub(crate) fn contradicts(&self, at: u64, data: &[u8]) -> bool {
        self.held.range(..at + data.len() as u64).any(|(start, piece)| {
            let (ours, theirs) = (at.saturating_sub(*start) as usize, start.saturating_sub(at) as usize);
            differs(piece.data.get(ours..).unwrap_or_default(), data.get(theirs..).unwrap_or_default())
        })
    }

    /// The byte at `at` is given to the receiver beside the stream.
    pub(crate) fn note_urgent(&mut self, at: u64) {
        if at >= self.next && self.urgent.len() < limits::URGENT_BYTES_MAX && !self.urgent.contains(&at) {
            self.urgent.push(at);
        }
    }

    /// The first such byte among the `len` bytes from `at`, as a place in them.
    pub(crate) fn urgent_in(&mut self, at: u64, len: usize) -> Option<usize> {
        if self.urgent.is_empty() {
            return None;
        }
        self.urgent.retain(|place| *place >= at);
        let first = self.urgent.iter().min().map(|place| place - at)?;
        (first < len as u64).then_some(first as usize)
    }

    /// Takes out what is held from `end` on; returns its payload bytes.
    pub(crate) fn drop_from(&mut self, end: u64) -> u64 {
        let beyond = self.held.split_off(&end);
        let dropped: usize = beyond.values().map(|piece| piece.data.len()).sum();
        self.bytes -= dropped + beyond.len() * PIECE_OVERHEAD;
        dropped as u64
    }

    /// Keeps a segment that starts at `at`; returns true when it contradicts bytes held already.
    pub(crate) fn hold(&mut self, mut at: u64, mut piece: Piece) -> bool {
        let mut conflict = false;
        let offered = piece.data.len() as u64;
        let kept_before = self.kept;
        if let Some((start, before)) = self.held.range_mut(..=at).next_back() {
            let end = start + before.len();
            if end > at {
                let known = before.data.get((at - start) as usize..).unwrap_or_default();
                conflict = differs(known, &piece.data);
                before.contradicted |= conflict;
                piece.drop_front(end - at);
                at = end;
            }
        }
        while piece.len() > 0 {
            let Some((&start, after)) = self.held.range_mut(at..).next() else { break };
            if start >= at + piece.len() {
                break;
            }
            let (here, after_len) = ((start - at) as usize, after.len());
            let differs_here = differs(&after.data, piece.data.get(here..).unwrap_or_default());
            after.contradicted |= differs_here;
            conflict |= differs_here;
            let mut tail = piece.clone();
            tail.drop_front(start - at + after_len);
            if here > 0 {
                piece.cut = (here - here.min(piece.data.len())) as u32;
                piece.data.truncate(here);
                self.insert(at, piece);
            }
            at = start + after_len;
            piece = tail;
        }
        if piece.len() > 0 {
            self.insert(at, piece);
        }
        self.repeated += offered - (self.kept - kept_before);
        conflict
    }

    fn insert(&mut self, at: u64, piece: Piece) {
        self.bytes += piece.data.len() + PIECE_OVERHEAD;
        self.kept += piece.data.len() as u64;
        self.held.insert(at, piece);
    }

    /// Position of the first held piece.
    pub(crate) fn first_held(&self) -> Option<u64> {
        self.held.keys().next().copied()
    }

    /// The held piece that continues the stream.
    pub(crate) fn ready(&self) -> Option<&Piece> {
        let (at, piece) = self.held.iter().next()?;
        (*at <= self.next).then_some(piece)
    }

    /// Lets the piece that continues the stream go, whatever it acknowledges.
    pub(crate) fn forget_ack(&mut self) {
        if let Some(mut first) = self.held.first_entry() {
            first.get_mut().ack = 0;
        }
    }

    /// Takes the piece that continues the stream, what was delivered already removed from it; `None` when
    /// nothing of it is new.
    pub(crate) fn take(&mut self) -> Option<Piece> {
        let (at, mut piece) = self.held.pop_first()?;
        let held = piece.data.len();
        self.bytes -= held + PIECE_OVERHEAD;
        piece.drop_front(self.next.saturating_sub(at));
        self.repeated += (held - piece.data.len()) as u64;
        (piece.len() > 0).then_some(piece)
    }
}

/// True when two slices that start at the same position differ where both have bytes.
pub(crate) fn differs(a: &[u8], b: &[u8]) -> bool {
    let len = a.len().min(b.len());
    a[..len] != b[..len]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(data: &[u8]) -> Piece {
        Piece { ack: 0, ts: 0, data: data.to_vec(), cut: 0, contradicted: false }
    }

    #[track_caller]
    fn check(pieces: &[(u64, &[u8])], expect: &[u8], conflict: bool) {
        let mut half = Half { next: 100, ..Half::default() };
        let conflicts = pieces.iter().filter(|(at, data)| half.hold(100 + at, piece(data))).count();
        let mut seen = Vec::new();
        while half.ready().is_some() {
            if let Some(piece) = half.take() {
                half.next += piece.len();
                seen.extend(piece.data);
            }
        }
        assert_eq!((seen.as_slice(), conflicts > 0), (expect, conflict));
        assert_eq!((half.bytes, half.is_idle()), (0, true));
    }

    #[test]
    fn any_order_and_first_wins() {
        check(&[(3, b"def"), (0, b"abc")], b"abcdef", false);
        check(&[(2, b"cd"), (0, b"abcdef")], b"abcdef", false);
        check(&[(2, b"CD"), (0, b"abcdef")], b"abCDef", true);
        check(&[(0, b"abcd"), (2, b"XXef")], b"abcdef", true);
        check(&[(1, b"b"), (3, b"d"), (5, b"f"), (0, b"abcdefg")], b"abcdefg", false);
        check(&[(0, b"abc"), (0, b"abc")], b"abc", false);
    }

    #[test]
    fn numbers_wrap() {
        let mut half = Half::default();
        half.begin(half.extend(u32::MAX - 1));
        let start = half.next;
        half.next += 4;
        assert_eq!(half.extend(2), start + 4);
        assert_eq!(half.extend(u32::MAX), start + 1);
        assert_eq!(half.acknowledge(1), Some(start + 3));
        assert_eq!(half.acknowledge(0x7000_0000), None);
    }

    #[test]
    fn cut_bytes_keep_their_place() {
        let mut half = Half { next: 100, ..Half::default() };
        half.hold(100, Piece { cut: 5, ..piece(b"abc") });
        half.hold(108, piece(b"next"));
        let first = half.take().expect("a piece");
        assert_eq!((first.data.as_slice(), first.cut), (&b"abc"[..], 5));
        assert_eq!(half.first_held(), Some(108));
    }
}
