//! A quick look at who talks to whom in the packets that most captures are made of.

use std::net::{IpAddr, Ipv4Addr};

use super::tcp::HEADER;
use crate::input::u16_at;

/// An address and a port.
type End = (IpAddr, u16);

/// Source and destination of a whole TCP segment in IPv4 without options in Ethernet without tags. `None` for all
/// others, and for those that the complete way may find fault with.
pub(crate) fn plain_ends(link: u16, frame: &[u8]) -> Option<(End, End)> {
    let (ethernet, packet) = frame.split_at_checked(14)?;
    let (ip, segment) = packet.split_first_chunk::<20>()?;
    let tcp: &[u8; HEADER] = segment.first_chunk()?;
    let (total, header) = (usize::from(u16::from_be_bytes([ip[2], ip[3]])), usize::from(tcp[12] >> 4) * 4);
    let is_tcp = link == 1 && ethernet[12..] == [8, 0] && ip[0] == 0x45 && ip[9] == 6;
    let is_whole = ip[6] & 0x3f == 0 && ip[7] == 0 && (20 + HEADER..=packet.len()).contains(&total);
    if !is_tcp || !is_whole || header < HEADER || 20 + header > total {
        return None;
    }
    let address = |at: usize| IpAddr::V4(Ipv4Addr::new(ip[at], ip[at + 1], ip[at + 2], ip[at + 3]));
    Some(((address(12), u16_at(tcp, 0, true)?), (address(16), u16_at(tcp, 2, true)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Ip, first_layer, ip_packet, read_ip, read_tcp};
    use crate::stats::Stats;

    fn frame() -> Vec<u8> {
        let mut frame = vec![2; 12];
        frame.extend([8, 0]);
        frame.extend([0x45, 0, 0, 43, 0, 7, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend([0x9c, 0x40, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x18, 0x20, 0, 0, 0, 0, 0]);
        frame.extend(b"abc");
        frame
    }

    /// The same on the complete way.
    fn complete(link: u16, frame: &[u8]) -> Option<(End, End)> {
        let mut stats = Stats::default();
        let packet = ip_packet(first_layer(link, frame).ok()?, &mut stats).ok()?;
        assert_eq!(stats, Stats::default(), "nothing to count on the way");
        let Ip::Whole(datagram, _) = read_ip(packet) else { return None };
        let segment = read_tcp(&datagram).filter(|_| datagram.protocol == 6)?;
        Some(((datagram.src, segment.src_port), (datagram.dst, segment.dst_port)))
    }

    #[test]
    fn what_it_tells_the_complete_way_tells_too() {
        let frame = frame();
        let ends = (([10, 0, 0, 1].into(), 40_000), ([10, 0, 0, 2].into(), 80));
        assert_eq!(plain_ends(1, &frame), Some(ends));
        assert_eq!(complete(1, &frame), Some(ends));
        let mut told = 0;
        for at in 0..frame.len() {
            for value in 0..=u8::MAX {
                let mut other = frame.clone();
                other[at] = value;
                for link in [1, 101] {
                    if let Some(ends) = plain_ends(link, &other) {
                        assert_eq!(complete(link, &other), Some(ends), "{value:#x} at {at}");
                        told += 1;
                    }
                }
            }
            assert_eq!(plain_ends(1, &frame[..at]), None, "cut at {at}");
        }
        assert!(told > 40 * 256, "{told}");
    }
}
