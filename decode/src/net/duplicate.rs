//! Packets that a mirror delivered twice: both sides of a router, both ends of a link, a tunnel and what it
//! carries. The second copy has another frame, tag or time to live, and the same everything from IP up.
//!
//! A retransmission has another identification. Where stacks leave that at zero, one that comes within the
//! window is taken for a copy too; its bytes were seen already, so nothing is lost.

use std::net::IpAddr;

use model::limits;

use super::ip::Datagram;

/// A fixed table, so that the cost does not depend on the traffic: sets of a few packets each. Power of two.
const SETS: usize = 1 << 12;
const WAYS: usize = 4;
/// Odd, with its bits well mixed.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Packets whose hashes fall together, the latest first: part of the hash and the low half of the time.
/// Aligned, so that looking one up touches one line of the cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
struct Set([u64; WAYS]);

/// The latest packets by their hash.
#[derive(Debug)]
pub(crate) struct Duplicates {
    sets: Vec<Set>,
}

impl Duplicates {
    pub(crate) fn new() -> Self {
        Self { sets: vec![Set::default(); SETS] }
    }

    /// True when the same TCP packet was seen within [`limits::DUPLICATE_US_MAX`]. `id`: identification of the
    /// IP packet, 0 when it has none.
    pub(crate) fn is_copy(&mut self, datagram: &Datagram<'_>, id: u16, ts: i64) -> bool {
        // Without times (simple packet blocks) near and far cannot be told apart.
        if ts == i64::MIN {
            return false;
        }
        let Some(hash) = fingerprint(datagram, id) else { return false };
        let entry = (hash << 32) | u64::from(ts as u32);
        let Set(ways) = &mut self.sets[(hash >> 32) as usize % SETS];
        let is_same = |before: &u64| {
            let age_us = i64::from((ts as u32).wrapping_sub(*before as u32).cast_signed());
            before >> 32 == entry >> 32 && *before != 0 && age_us.abs() <= limits::DUPLICATE_US_MAX
        };
        if ways.iter().any(is_same) {
            return true;
        }
        ways.rotate_right(1);
        ways[0] = entry;
        false
    }

    /// The packet may be a forgery, with the checksum of the one that comes after it: that is no copy.
    pub(crate) fn forget(&mut self, datagram: &Datagram<'_>, id: u16) {
        let Some(hash) = fingerprint(datagram, id) else { return };
        let Set(ways) = &mut self.sets[(hash >> 32) as usize % SETS];
        ways.iter_mut().filter(|entry| **entry >> 32 == hash & 0xffff_ffff).for_each(|entry| *entry = 0);
    }
}

/// Both halves of the product: the low bits of what was sent stand high in a word, and must reach every bit.
fn mix(hash: u64, value: u64) -> u64 {
    let product = u128::from(hash ^ value) * u128::from(FACTOR);
    (product >> 64) as u64 ^ product as u64
}

/// Everything that the two copies share and two packets of one connection do not. The checksum stands for
/// the payload; the end of the payload stands in where a card was to fill in the checksum.
fn fingerprint(datagram: &Datagram<'_>, id: u16) -> Option<u64> {
    let tcp = datagram.payload;
    let [ports @ .., _, _, _, _]: &[u8; 20] = tcp.first_chunk()?;
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let hash = match (datagram.src, datagram.dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => u64::from(src.to_bits()) << 32 | u64::from(dst.to_bits()),
        (src, dst) => wide(src).wrapping_add(mix(1, wide(dst))),
    };
    // Ports and sequence number; acknowledgement, flags and window.
    let hash = mix(mix(hash, word(ports.first_chunk()?)), word(ports.last_chunk()?));
    let checksum = u64::from(u16::from_le_bytes([tcp[16], tcp[17]]));
    let lengths = (tcp.len() as u64) << 16 ^ u64::from(datagram.cut) << 32;
    let hash = mix(hash, lengths ^ checksum ^ u64::from(id) << 48);
    // The options, with the sender's clock in them, or the start of the payload.
    let options = tcp.get(20..28).and_then(<[u8]>::first_chunk).map_or(0, word);
    Some(mix(mix(hash, options), word(tcp.last_chunk()?)))
}

fn wide(ip: IpAddr) -> u64 {
    let bits = match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    mix((bits >> 64) as u64, bits as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the second packet is a copy of the first, `later` microseconds later.
    #[track_caller]
    fn check(change: impl Fn(&mut Vec<u8>), ids: [u16; 2], later: i64, expect: bool) {
        let mut first = vec![0x30, 0x39, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x18, 1, 0, 0xab, 0xcd, 0, 0];
        first.extend(b"GET / HTTP/1.1\r\n\r\n");
        let mut second = first.clone();
        change(&mut second);
        let (src, dst) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let datagram = |payload| Datagram { src, dst, protocol: 6, payload, cut: 0, hops: 0, is_odd: false };
        let mut duplicates = Duplicates::new();
        // Times around the wrap of their low half.
        let ts = (7_i64 << 32) - 10;
        assert!(!duplicates.is_copy(&datagram(&first), ids[0], ts));
        assert_eq!(duplicates.is_copy(&datagram(&second), ids[1], ts + later), expect);
    }

    #[test]
    fn copies_and_what_only_looks_like_one() {
        check(|_| {}, [5, 5], 0, true);
        check(|_| {}, [5, 5], 40_000, true);
        check(|_| {}, [5, 5], -40_000, true);
        check(|_| {}, [5, 5], 60_000, false);
        check(|_| {}, [5, 6], 40_000, false);
        for at in [0, 3, 7, 11, 13, 16, 20, 37] {
            check(|packet| packet[at] ^= 1, [5, 5], 0, false);
        }
        check(|packet| packet.truncate(30), [5, 5], 0, false);
    }

    /// Small steps of both numbers, and nothing else that tells packets apart: checksums not filled in, no options.
    #[test]
    fn packets_that_differ_in_their_numbers_alone() {
        let (src, dst) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for step in 0..4_096_u32 {
            let mut duplicates = Duplicates::new();
            for count in 0..200_u32 {
                let mut packet = [&[0x30, 0x39, 0, 80][..], &[0; 16], b"GET / HTTP/1.1\r\n\r\n"].concat();
                packet[4..8].copy_from_slice(&(0x7fff_0000 + count * (step % 64 + 1)).to_be_bytes());
                packet[8..12].copy_from_slice(&(0xfff0_0000 + count * (step / 64)).to_be_bytes());
                packet[12] = 0x50;
                let datagram =
                    Datagram { src, dst, protocol: 6, payload: &packet, cut: 0, hops: 0, is_odd: false };
                assert!(!duplicates.is_copy(&datagram, 0, i64::from(count) * 50), "{step}, packet {count}");
            }
        }
    }
}
