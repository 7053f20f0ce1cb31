//! The connections followed at once: found by their four numbers, the longest idle one first to go.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use model::limits;
use rustc_hash::FxHashMap;

use super::connection::{Connection, Verdict};
use crate::net::{Datagram, Segment};
use crate::out::Out;

const NONE: u32 = u32::MAX;

/// Addresses and ports of both ends, the smaller end first: the same for both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    words: [u64; 4],
    ports: u32,
}

#[derive(Debug)]
struct Slot {
    key: Key,
    connection: Box<Connection>,
    /// Neighbours in the order of use.
    newer: u32,
    older: u32,
    /// Tells two users of the same slot apart.
    serial: u64,
    /// When it was used last.
    seen: i64,
}

/// All TCP connections of an input.
#[derive(Debug)]
pub(crate) struct Connections {
    index: FxHashMap<Key, u32>,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    /// Closed connections, in the order in which they were closed.
    closed: VecDeque<(u32, u64)>,
    bytes: usize,
    serial: u64,
    /// Time of the last segment.
    last_ts: Option<i64>,
    connections_max: usize,
    bytes_max: usize,
}

fn key(a: (IpAddr, u16), b: (IpAddr, u16)) -> Key {
    let words = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => [0, u64::from(ip.to_bits()) | 0xffff << 32],
        IpAddr::V6(ip) => [(ip.to_bits() >> 64) as u64, ip.to_bits() as u64],
    };
    let ([a0, a1], [b0, b1]) = (words(a.0), words(b.0));
    Key { words: [a0, a1, b0, b1], ports: u32::from(a.1) << 16 | u32::from(b.1) }
}

impl Connections {
    pub(crate) fn new() -> Self {
        Self {
            index: FxHashMap::default(),
            slots: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            closed: VecDeque::new(),
            bytes: 0,
            serial: 0,
            last_ts: None,
            connections_max: limits::CONNECTIONS_MAX,
            bytes_max: limits::STREAM_BYTES_MAX,
        }
    }

    /// There are so many tables: the limits are for all of them together.
    pub(crate) fn share_limits(&mut self, tables: usize) {
        self.connections_max = limits::CONNECTIONS_MAX.div_ceil(tables);
        self.bytes_max = limits::STREAM_BYTES_MAX.div_ceil(tables);
    }

    /// Takes one segment.
    pub(crate) fn segment(&mut self, ip: &Datagram<'_>, segment: &Segment<'_>, ts: i64, out: &mut Out) {
        let (src, dst) = ((ip.src, segment.src_port), (ip.dst, segment.dst_port));
        let dir = usize::from(src > dst);
        let (first, second) = if dir == 0 { (src, dst) } else { (dst, src) };
        let key = key(first, second);
        let peers = [SocketAddr::from(first), SocketAddr::from(second)];
        let mut at = match self.index.get(&key) {
            Some(at) => *at,
            // Nothing to learn from a bare acknowledgement.
            None if !segment.syn && segment.payload.is_empty() => return,
            None => self.open(key, Connection::new(peers, segment, ts), out),
        };
        for _ in 0..2 {
            let Some(slot) = self.slots[at as usize].as_mut() else { return };
            let before = slot.connection.bytes();
            let verdict = slot.connection.segment(dir, segment, ts, out);
            self.bytes = self.bytes + slot.connection.bytes() - before;
            let serial = slot.serial;
            match verdict {
                Verdict::Taken => break,
                Verdict::Closed => {
                    self.closed.push_back((at, serial));
                    break;
                }
                Verdict::Another => {
                    let next = slot.connection.successor(peers, dir, segment, ts);
                    self.remove(at, out);
                    at = self.open(key, next, out);
                }
            }
        }
        self.touch(at);
        if let Some(slot) = self.slots[at as usize].as_mut() {
            slot.seen = ts;
        }
        // One packet whose time is wrong must not make everything look idle.
        let now = ts.min(self.last_ts.replace(ts).unwrap_or(ts));
        self.make_room(now, out);
    }

    /// Time has moved on: gives up bytes that are waited for too long, and closes idle connections.
    pub(crate) fn tick(&mut self, out: &mut Out) {
        for slot in self.slots.iter_mut().flatten() {
            let before = slot.connection.bytes();
            slot.connection.tick(out);
            self.bytes = self.bytes + slot.connection.bytes() - before;
        }
        while let Some(oldest) = self.slot(self.oldest)
            && out.order.now().saturating_sub(oldest.seen) > limits::CONNECTION_IDLE_US
        {
            self.remove(self.oldest, out);
        }
    }

    /// The input ended: hands out everything that is known, oldest connection first.
    pub(crate) fn finish(&mut self, out: &mut Out) {
        while self.oldest != NONE {
            self.remove(self.oldest, out);
        }
    }

    fn open(&mut self, key: Key, connection: Connection, out: &mut Out) -> u32 {
        out.stats.connections += 1;
        self.serial += 1;
        let slot = Slot {
            key,
            connection: Box::new(connection),
            newer: NONE,
            older: self.newest,
            serial: self.serial,
            seen: i64::MIN,
        };
        let at = match self.free.pop() {
            Some(at) => {
                self.slots[at as usize] = Some(slot);
                at
            }
            None => {
                self.slots.push(Some(slot));
                (self.slots.len() - 1) as u32
            }
        };
        self.index.insert(key, at);
        match self.slot(self.newest) {
            Some(newest) => newest.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
        at
    }

    fn slot(&mut self, at: u32) -> Option<&mut Slot> {
        self.slots.get_mut(at as usize)?.as_mut()
    }

    /// Makes a connection the most recently used one.
    fn touch(&mut self, at: u32) {
        if self.newest == at {
            return;
        }
        self.unlink(at);
        let newest = self.newest;
        if let Some(slot) = self.slot(at) {
            slot.older = newest;
            slot.newer = NONE;
        }
        match self.slot(newest) {
            Some(slot) => slot.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
    }

    fn unlink(&mut self, at: u32) {
        let Some((newer, older)) = self.slot(at).map(|slot| (slot.newer, slot.older)) else { return };
        match self.slot(newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        match self.slot(older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn remove(&mut self, at: u32, out: &mut Out) {
        self.unlink(at);
        let Some(mut slot) = self.slots.get_mut(at as usize).and_then(Option::take) else { return };
        self.bytes -= slot.connection.bytes();
        slot.connection.close(out);
        if self.index.get(&slot.key) == Some(&at) {
            self.index.remove(&slot.key);
        }
        self.free.push(at);
    }

    fn make_room(&mut self, now: i64, out: &mut Out) {
        while self.closed.len() > limits::CLOSED_CONNECTIONS_MAX {
            if let Some((at, serial)) = self.closed.pop_front()
                && self.slot(at).is_some_and(|slot| slot.serial == serial)
            {
                self.remove(at, out);
            }
        }
        while self.oldest != self.newest {
            let oldest = self.oldest;
            let idle_since = self.slot(oldest).map_or(i64::MAX, |slot| slot.seen);
            let is_idle = now.saturating_sub(idle_since) > limits::CONNECTION_IDLE_US;
            let is_full = self.index.len() > self.connections_max || self.bytes > self.bytes_max;
            if !is_idle && !is_full {
                return;
            }
            out.stats.evicted += u64::from(!is_idle);
            self.remove(oldest, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::read_tcp;

    fn feed(connections: &mut Connections, out: &mut Out, port: u16, payload: &[u8]) {
        feed_at(0, connections, out, port, payload);
    }

    fn feed_at(ts: i64, connections: &mut Connections, out: &mut Out, port: u16, payload: &[u8]) {
        let mut packet = vec![0; 20];
        packet[..2].copy_from_slice(&port.to_be_bytes());
        packet[3] = 80;
        packet[12] = 0x50;
        packet.extend(payload);
        let address = IpAddr::from([10, 0, 0, 1]);
        let ip = Datagram {
            src: address,
            dst: IpAddr::from([10, 0, 0, 2]),
            protocol: 6,
            payload: &packet,
            cut: 0,
            hops: 0,
            is_odd: false,
        };
        out.order.advance(ts);
        connections.segment(&ip, &read_tcp(&ip).expect("a segment"), ts, out);
    }

    #[test]
    fn idle_connections_are_closed_and_one_wrong_time_makes_none_idle() {
        let (mut connections, mut out) = (Connections::new(), Out::new("x", 0));
        let mut count = |ts, port| {
            feed_at(ts, &mut connections, &mut out, port, b"GET /a HTTP/1.1\r\n\r\n");
            connections.index.len()
        };
        let later = limits::CONNECTION_IDLE_US + 1;
        assert_eq!(
            [count(0, 1), count(1, 2), count(9 * later, 3), count(2, 4), count(3, 5)],
            [1, 2, 3, 4, 5]
        );
        // From the second packet on it is later; what seems to be of the future holds up those behind it.
        assert_eq!([count(2 * later, 6), count(2 * later, 7)], [6, 5]);
        assert_eq!(count(2 * later, 3), 3);
    }

    #[test]
    fn tables_share_the_number_of_connections() {
        let (mut connections, mut out) = (Connections::new(), Out::new("x", 0));
        connections.share_limits(limits::CONNECTIONS_MAX / 2);
        for port in 1..=5 {
            feed(&mut connections, &mut out, port, b"GET /a HTTP/1.1\r\n\r\n");
        }
        assert_eq!((connections.index.len(), out.stats.evicted), (2, 3));
    }

    #[test]
    fn the_longest_idle_connection_goes_first() {
        let (mut connections, mut out) = (Connections::new(), Out::new("x", 0));
        for port in 1..=3 {
            feed(&mut connections, &mut out, port, b"GET /a HTTP/1.1\r\n\r\n");
        }
        feed(&mut connections, &mut out, 1, b"");
        let order: Vec<u16> = std::iter::from_fn(|| {
            let oldest = connections.oldest;
            let port = connections.slot(oldest).map(|slot| (slot.key.ports >> 16) as u16)?;
            connections.remove(oldest, &mut out);
            Some(port)
        })
        .collect();
        assert_eq!(order, [2, 3, 1]);
        assert_eq!((connections.index.len(), connections.bytes, out.stats.calls), (0, 0, 3));
    }
}
