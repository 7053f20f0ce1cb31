//! Puts fragmented IP datagrams together again (RFC 815, first bytes win). At most
//! [`limits::DATAGRAMS_MAX`] wait at once; the oldest is given up first.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use model::limits;
use rustc_hash::FxHashMap;

use super::ip::{Datagram, Piece};

/// Largest payload of an IP packet.
const PAYLOAD_MAX: usize = 65_535;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    id: u32,
}

#[derive(Debug, Default)]
struct Parts {
    pieces: BTreeMap<usize, Vec<u8>>,
    total: Option<usize>,
}

/// Datagrams that wait for their missing pieces.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    waiting: FxHashMap<Key, Parts>,
    oldest: VecDeque<Key>,
    /// Datagrams given up so far.
    pub(crate) dropped: u64,
}

/// A datagram put together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rebuilt {
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    payload: Vec<u8>,
}

impl Rebuilt {
    /// The datagram as if it had come in one piece.
    pub(crate) fn datagram(&self) -> Datagram<'_> {
        Datagram { src: self.src, dst: self.dst, protocol: self.protocol, payload: &self.payload, cut: 0 }
    }
}

impl Fragments {
    /// Takes one piece; returns the datagram when it was the last that was missing.
    pub(crate) fn add(&mut self, piece: &Piece<'_>) -> Option<Rebuilt> {
        let Datagram { src, dst, protocol, payload, cut } = piece.datagram;
        let end = piece.offset + payload.len() + cut as usize;
        if end > PAYLOAD_MAX || cut > 0 || (piece.more && payload.is_empty()) {
            self.dropped += 1;
            return None;
        }
        let key = Key { src, dst, protocol, id: piece.id };
        if !self.waiting.contains_key(&key) {
            self.make_room();
            self.oldest.push_back(key);
        }
        let parts = self.waiting.entry(key).or_default();
        if !piece.more {
            parts.total.get_or_insert(end);
        }
        // A piece at the same place is a duplicate: the longer one carries more, the first bytes still win.
        let slot = parts.pieces.entry(piece.offset).or_default();
        if slot.len() < payload.len() {
            let known = slot.len();
            slot.extend_from_slice(&payload[known..]);
        }
        let payload = parts.join()?;
        self.waiting.remove(&key);
        self.oldest.retain(|waiting| *waiting != key);
        Some(Rebuilt { src, dst, protocol, payload })
    }

    /// Datagrams that are still incomplete.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.len() as u64
    }

    fn make_room(&mut self) {
        while self.waiting.len() >= limits::DATAGRAMS_MAX {
            let Some(key) = self.oldest.pop_front() else { return };
            self.dropped += u64::from(self.waiting.remove(&key).is_some());
        }
    }
}

impl Parts {
    fn join(&self) -> Option<Vec<u8>> {
        let total = self.total?;
        let mut reached = 0;
        for (offset, bytes) in &self.pieces {
            if *offset > reached {
                return None;
            }
            reached = reached.max(offset + bytes.len());
        }
        if reached < total {
            return None;
        }
        let mut payload = Vec::with_capacity(total);
        for (offset, bytes) in &self.pieces {
            let known = payload.len() - offset;
            payload.extend_from_slice(bytes.get(known..).unwrap_or_default());
        }
        payload.truncate(total);
        Some(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(id: u32, offset: usize, more: bool, payload: &[u8]) -> Piece<'_> {
        let address = IpAddr::from([10, 0, 0, 1]);
        let datagram = Datagram { src: address, dst: address, protocol: 6, payload, cut: 0 };
        Piece { datagram, id, offset, more }
    }

    #[test]
    fn any_order_and_overlap() {
        let pieces =
            [piece(1, 0, true, b"01234567"), piece(1, 4, true, b"XXXX89AB"), piece(1, 12, false, b"CD")];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut fragments = Fragments::default();
            let built: Vec<_> = order.iter().filter_map(|at| fragments.add(&pieces[*at])).collect();
            assert_eq!(built.len(), 1);
            assert_eq!(built[0].datagram().payload, b"0123456789ABCD");
            assert_eq!(fragments.waiting(), 0);
        }
    }

    #[test]
    fn the_oldest_go_first() {
        let mut fragments = Fragments::default();
        for id in 0..limits::DATAGRAMS_MAX as u32 + 5 {
            assert_eq!(fragments.add(&piece(id, 0, true, b"01234567")), None);
        }
        assert_eq!((fragments.waiting(), fragments.dropped), (limits::DATAGRAMS_MAX as u64, 5));
        assert_eq!(fragments.add(&piece(9, 65_530, false, b"01234567")), None);
    }
}
