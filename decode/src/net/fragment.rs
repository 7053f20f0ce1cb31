//! Puts fragmented IP datagrams together again (RFC 815). Where fragments overlap the first bytes win in
//! version 4; in version 6 the datagram is refused (RFC 5722). What waits is limited in number, bytes and
//! time; the oldest datagram is given up first.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use model::limits;
use rustc_hash::FxHashMap;

use super::ip::{AUTHENTICATION, Datagram, Piece, behind_extensions};
use crate::stats::Stats;

/// Largest payload of an IP packet.
const PAYLOAD_MAX: usize = 65_535;
/// Cost of a piece on top of its bytes.
const PIECE_OVERHEAD: usize = 96;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    /// Of version 4 only: in version 6 the first fragment alone says it (RFC 8200 §4.5).
    protocol: u8,
    id: u32,
}

#[derive(Debug)]
struct Part {
    bytes: Vec<u8>,
    /// Length on the wire; longer than `bytes` when the capture cut it.
    len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Rebuilt; remembered, so that a second copy does not open it again.
    Done,
    /// Refused; what else belongs to it is refused too.
    Refused,
}

#[derive(Debug)]
struct Parts {
    /// By offset, without overlaps.
    pieces: BTreeMap<usize, Part>,
    covered: usize,
    total: Option<usize>,
    protocol: u8,
    bytes: usize,
    state: State,
    since_ts: i64,
    serial: u64,
}

/// Datagrams that wait for their missing pieces.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    known: FxHashMap<Key, Parts>,
    /// In order of arrival, with the serial number that tells two uses of a key apart.
    oldest: VecDeque<(Key, u64)>,
    bytes: usize,
    serial: u64,
}

/// A datagram put together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rebuilt {
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    payload: Vec<u8>,
    cut: u32,
    hops: u8,
    is_odd: bool,
    /// The low half of its identification.
    pub(crate) id: u16,
}

/// What became of a fragment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It waits, or could not be used.
    Kept,
    /// It was the last that was missing.
    Rebuilt(Rebuilt),
    /// It belongs to a datagram that has just been rebuilt.
    Copy,
}

impl Rebuilt {
    /// The datagram as if it had come in one piece.
    pub(crate) fn datagram(&self) -> Datagram<'_> {
        let Self { src, dst, protocol, ref payload, cut, hops, is_odd, .. } = *self;
        let (protocol, payload) = match src {
            IpAddr::V4(_) if protocol != AUTHENTICATION => (protocol, &payload[..]),
            _ => behind_extensions(protocol, payload).unwrap_or((protocol, payload)),
        };
        Datagram { src, dst, protocol, payload, cut, hops, is_odd }
    }
}

impl Fragments {
    /// Takes one piece, captured at `ts`.
    pub(crate) fn add(&mut self, piece: &Piece<'_>, ts: i64, stats: &mut Stats) -> Added {
        let Datagram { src, dst, protocol, payload, cut, hops, is_odd } = piece.datagram;
        let len = payload.len() + cut as usize;
        let is_uneven = piece.more && (len == 0 || !len.is_multiple_of(8));
        if piece.offset + len > PAYLOAD_MAX || is_uneven {
            stats.datagrams_dropped += 1;
            return Added::Kept;
        }
        self.make_room(ts, stats);
        let key = Key { src, dst, protocol: if src.is_ipv4() { protocol } else { 0 }, id: piece.id };
        if self.known.get(&key).is_some_and(|parts| parts.is_over(ts)) {
            self.forget(key, stats);
        }
        let parts = self.known.entry(key).or_insert_with(|| {
            self.serial += 1;
            self.bytes += PIECE_OVERHEAD;
            self.oldest.push_back((key, self.serial));
            Parts::new(protocol, ts, self.serial)
        });
        match parts.state {
            State::Done => return Added::Copy,
            State::Refused => return Added::Kept,
            State::Open => {}
        }
        let before = parts.bytes;
        let overlaps = parts.place(piece, len);
        stats.fragments_overlapping += u64::from(overlaps);
        if parts.contradicts() || (overlaps && src.is_ipv6()) {
            parts.settle(State::Refused);
            stats.datagrams_dropped += 1;
        }
        let rebuilt = parts.is_complete().then(|| {
            let (payload, total) = parts.join();
            let cut = (total - payload.len()) as u32;
            let protocol = parts.protocol;
            parts.settle(State::Done);
            parts.since_ts = ts;
            Rebuilt { src, dst, protocol, payload, cut, hops, is_odd, id: piece.id as u16 }
        });
        self.bytes = self.bytes + parts.bytes - before;
        rebuilt.map_or(Added::Kept, Added::Rebuilt)
    }

    /// Datagrams that are still incomplete.
    pub(crate) fn waiting(&self) -> u64 {
        self.known.values().filter(|parts| parts.state == State::Open).count() as u64
    }

    /// Gives up the oldest: those that are over, and as many as the limits ask for.
    fn make_room(&mut self, ts: i64, stats: &mut Stats) {
        while let Some((key, serial)) = self.oldest.front().copied() {
            let parts = self.known.get(&key).filter(|parts| parts.serial == serial);
            let is_full =
                self.known.len() >= limits::DATAGRAMS_MAX || self.bytes > limits::FRAGMENT_BYTES_MAX;
            match parts {
                Some(parts) if !is_full && !parts.is_over(ts) => return,
                Some(_) => self.forget(key, stats),
                None => {}
            }
            self.oldest.pop_front();
        }
    }

    fn forget(&mut self, key: Key, stats: &mut Stats) {
        if let Some(parts) = self.known.remove(&key) {
            self.bytes -= parts.bytes;
            stats.datagrams_dropped += u64::from(parts.state == State::Open);
        }
    }
}

impl Parts {
    fn new(protocol: u8, since_ts: i64, serial: u64) -> Self {
        Self {
            pieces: BTreeMap::new(),
            covered: 0,
            total: None,
            protocol,
            bytes: PIECE_OVERHEAD,
            state: State::Open,
            since_ts,
            serial,
        }
    }

    /// True when a further piece with the same identification is of another datagram.
    fn is_over(&self, ts: i64) -> bool {
        let age_us = ts.saturating_sub(self.since_ts);
        age_us > if self.state == State::Done { limits::DUPLICATE_US_MAX } else { limits::FRAGMENT_US_MAX }
    }

    /// Keeps what is new of a piece; true when part of it was there and it is no exact copy.
    fn place(&mut self, piece: &Piece<'_>, len: usize) -> bool {
        let payload = piece.datagram.payload;
        let reached = piece.offset + len;
        let end = if piece.more { reached } else { reached.min(*self.total.get_or_insert(reached)) };
        if piece.offset == 0 {
            self.protocol = piece.datagram.protocol;
        }
        if self
            .pieces
            .get(&piece.offset)
            .is_some_and(|part| part.len == len && part.bytes.len() >= payload.len())
        {
            return false;
        }
        let (mut at, mut overlaps) = (piece.offset, false);
        while at < end {
            let before = self.pieces.range(..=at).next_back().map_or(0, |(start, part)| start + part.len);
            if before > at {
                (at, overlaps) = (before, true);
                continue;
            }
            let until = self.pieces.range(at..).next().map_or(end, |(start, _)| end.min(*start));
            overlaps |= until < end;
            let here = |place: usize| payload.len().min(place - piece.offset);
            let bytes = payload[here(at)..here(until)].to_vec();
            self.bytes += bytes.len() + PIECE_OVERHEAD;
            self.covered += until - at;
            self.pieces.insert(at, Part { bytes, len: until - at });
            at = until;
        }
        overlaps
    }

    /// Pieces that reach beyond the end.
    fn contradicts(&self) -> bool {
        let reached = self.pieces.iter().next_back().map_or(0, |(start, part)| start + part.len);
        self.total.is_some_and(|total| total < reached)
    }

    fn is_complete(&self) -> bool {
        self.state == State::Open && self.total == Some(self.covered)
    }

    /// The payload up to the first byte that the capture cut, and its length on the wire.
    fn join(&self) -> (Vec<u8>, usize) {
        let total = self.total.unwrap_or_default();
        let mut payload = Vec::with_capacity(total);
        for part in self.pieces.values() {
            payload.extend_from_slice(&part.bytes);
            if part.bytes.len() < part.len {
                break;
            }
        }
        (payload, total)
    }

    fn settle(&mut self, state: State) {
        self.state = state;
        self.pieces.clear();
        self.bytes = PIECE_OVERHEAD;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(v6: bool, id: u32, offset: usize, more: bool, payload: &[u8]) -> Piece<'_> {
        let address = if v6 { IpAddr::from([7_u16; 8]) } else { IpAddr::from([10, 0, 0, 1]) };
        let datagram =
            Datagram { src: address, dst: address, protocol: 6, payload, cut: 0, hops: 0, is_odd: false };
        Piece { datagram, id, offset, more }
    }

    /// The payloads rebuilt from the pieces, in any order.
    #[track_caller]
    fn check(v6: bool, pieces: &[(usize, bool, &[u8])], expect: &[&[u8]]) {
        for turn in 0..pieces.len() {
            for backwards in [false, true] {
                let mut order: Vec<_> = (0..pieces.len()).map(|at| (at + turn) % pieces.len()).collect();
                if backwards {
                    order.reverse();
                }
                let (mut fragments, mut stats) = (Fragments::default(), Stats::default());
                let mut built = Vec::new();
                for at in &order {
                    let (offset, more, payload) = pieces[*at];
                    let added = fragments.add(&piece(v6, 1, offset, more, payload), 0, &mut stats);
                    if let Added::Rebuilt(rebuilt) = added {
                        built.push(rebuilt.datagram().payload.to_vec());
                    }
                }
                assert_eq!(built, expect, "{order:?}");
                let open = fragments.known.len() * PIECE_OVERHEAD;
                assert_eq!(fragments.bytes, open);
            }
        }
    }

    #[test]
    fn any_order_and_overlap() {
        check(
            false,
            &[(0, true, b"01234567"), (8, true, b"89ABCDEF"), (16, false, b"GH")],
            &[b"0123456789ABCDEFGH"],
        );
        check(
            true,
            &[(0, true, b"01234567"), (8, true, b"89ABCDEF"), (16, false, b"GH")],
            &[b"0123456789ABCDEFGH"],
        );
        let overlapping: [(usize, bool, &[u8]); 3] =
            [(0, true, b"0123456789ABCDEF"), (8, true, b"89ABCDEFGHIJKLMN"), (24, false, b"OP")];
        check(false, &overlapping, &[b"0123456789ABCDEFGHIJKLMNOP"]);
        check(true, &overlapping, &[]);
        check(false, &[(0, true, b"01234567"), (16, true, b"GHIJKLMN"), (10, false, b"")], &[]);
    }

    #[test]
    fn copies_of_what_was_rebuilt_do_not_wait() {
        let (mut fragments, mut stats) = (Fragments::default(), Stats::default());
        for round in 0..2 {
            let first = fragments.add(&piece(false, 1, 0, true, b"01234567"), round, &mut stats);
            assert_eq!(first, if round == 0 { Added::Kept } else { Added::Copy });
            let last = fragments.add(&piece(false, 1, 8, false, b"8"), round, &mut stats);
            assert_eq!(matches!(last, Added::Rebuilt(_)), round == 0);
        }
        assert_eq!((fragments.waiting(), stats.datagrams_dropped), (0, 0));
        let later = limits::DUPLICATE_US_MAX + 2;
        assert_eq!(fragments.add(&piece(false, 1, 0, true, b"01234567"), later, &mut stats), Added::Kept);
        let much_later = later + limits::FRAGMENT_US_MAX + 1;
        assert_eq!(fragments.add(&piece(false, 1, 8, false, b"8"), much_later, &mut stats), Added::Kept);
        assert_eq!((fragments.waiting(), stats.datagrams_dropped), (1, 1));
    }

    #[test]
    fn what_the_capture_cut_stays_cut() {
        let (mut fragments, mut stats) = (Fragments::default(), Stats::default());
        let mut first = piece(false, 1, 0, true, b"012345");
        first.datagram.cut = 2;
        assert_eq!(fragments.add(&first, 0, &mut stats), Added::Kept);
        let Added::Rebuilt(rebuilt) = fragments.add(&piece(false, 1, 8, false, b"89"), 0, &mut stats) else {
            panic!("complete");
        };
        assert_eq!((rebuilt.datagram().payload, rebuilt.datagram().cut), (&b"012345"[..], 4));
    }

    #[test]
    fn the_oldest_go_first() {
        let (mut fragments, mut stats) = (Fragments::default(), Stats::default());
        for id in 0..limits::DATAGRAMS_MAX as u32 + 5 {
            fragments.add(&piece(false, id, 0, true, b"01234567"), 0, &mut stats);
        }
        assert_eq!((fragments.waiting(), stats.datagrams_dropped), (limits::DATAGRAMS_MAX as u64, 5));
        fragments.add(&piece(false, 9, 65_530, false, b"01234567"), 0, &mut stats);
        assert_eq!(stats.datagrams_dropped, 6);
        let large = vec![0; 65_000];
        for id in 0..2_000 {
            fragments.add(&piece(true, id, 8, false, &large), 0, &mut stats);
            assert!(fragments.bytes <= limits::FRAGMENT_BYTES_MAX + large.len() + 2 * PIECE_OVERHEAD);
        }
    }
}
