//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, with the extension headers that may stand before TCP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::limits;

use super::checksum::{fold, sum};
use crate::input::{u16_at, u32_at};

/// The authentication header (RFC 4302), of both versions.
pub(crate) const AUTHENTICATION: u8 = 51;
/// The fragment header of version 6.
const FRAGMENT: u8 = 44;

/// A whole IP packet: who, what, and the payload as far as captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Datagram<'a> {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// IANA protocol number; 6 is TCP.
    pub protocol: u8,
    pub payload: &'a [u8],
    /// Payload bytes that were sent but not captured (snap length).
    pub cut: u32,
    /// Routers that may still pass it on (time to live, hop limit); 0 when not known.
    pub hops: u8,
    /// The header has a wrong checksum or options that contradict themselves: its receiver may not take it.
    pub is_odd: bool,
}

/// A piece of a fragmented packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// Addresses, protocol, bytes and cut of this piece.
    pub datagram: Datagram<'a>,
    pub id: u32,
    /// Bytes from the start of the payload.
    pub offset: usize,
    pub more: bool,
}

/// What an IP packet turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ip<'a> {
    /// In one piece, with its identification (0 in version 6).
    Whole(Datagram<'a>, u16),
    Piece(Piece<'a>),
    /// Headers that are cut or contradict themselves.
    Bad,
}

/// Reads one IP packet of either version.
pub(crate) fn read_ip(packet: &[u8]) -> Ip<'_> {
    let read = match packet.first().map(|byte| byte >> 4) {
        Some(4) => read_v4(packet),
        Some(6) => read_v6(packet),
        _ => None,
    };
    read.unwrap_or(Ip::Bad)
}

fn read_v4(packet: &[u8]) -> Option<Ip<'_>> {
    let header = packet.get(..20)?;
    let header_len = usize::from(header[0] & 15) * 4;
    // Segmentation offload leaves the length at zero: then all that was captured belongs to it.
    let total = match usize::from(u16_at(header, 2, true)?) {
        0 => packet.len(),
        total => total,
    };
    if header_len < 20 || total < header_len || packet.len() < header_len {
        return None;
    }
    let payload = &packet[header_len..total.min(packet.len())];
    let cut = (total - header_len - payload.len()) as u32;
    let (protocol, payload) = match header[9] {
        AUTHENTICATION if u16_at(header, 6, true)? & 0x3fff == 0 => {
            behind_extensions(AUTHENTICATION, payload)?
        }
        protocol => (protocol, payload),
    };
    let datagram = Datagram {
        src: IpAddr::V4(Ipv4Addr::new(header[12], header[13], header[14], header[15])),
        dst: IpAddr::V4(Ipv4Addr::new(header[16], header[17], header[18], header[19])),
        protocol,
        payload,
        cut,
        hops: header[8],
        is_odd: is_odd(&packet[..header_len]),
    };
    let flags = u16_at(header, 6, true)?;
    let (offset, more) = (usize::from(flags & 0x1fff) * 8, flags & 0x2000 != 0);
    let id = u16_at(header, 4, true)?;
    if offset == 0 && !more {
        return Some(Ip::Whole(datagram, id));
    }
    Some(Ip::Piece(Piece { datagram, id: u32::from(id), offset, more }))
}

/// A checksum that is there and wrong (cards fill in the others), or options whose lengths do not add up.
fn is_odd(header: &[u8]) -> bool {
    let has_checksum = header[10..12] != [0, 0];
    has_checksum && fold(sum(header)) != 0xffff || !is_option_list(&header[20..])
}

fn is_option_list(mut options: &[u8]) -> bool {
    loop {
        options = match *options {
            [] | [0, ..] => return true,
            [1, ref rest @ ..] => rest,
            [_, len, ..] if len >= 2 && usize::from(len) <= options.len() => &options[usize::from(len)..],
            _ => return false,
        }
    }
}

fn read_v6(packet: &[u8]) -> Option<Ip<'_>> {
    let header = packet.get(..40)?;
    let address = |at: usize| -> Option<IpAddr> {
        let bytes: [u8; 16] = header.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::V6(Ipv6Addr::from(bytes)))
    };
    let total = match usize::from(u16_at(header, 4, true)?) {
        0 => packet.len() - 40,
        total => total,
    };
    let mut payload = &packet[40..(40 + total).min(packet.len())];
    let cut = (total - payload.len()) as u32;
    let (src, dst, hops) = (address(8)?, address(24)?, header[7]);
    let (mut protocol, rest) = behind_extensions(header[6], payload)?;
    payload = rest;
    if protocol == FRAGMENT {
        let (flags, id) = (u16_at(payload, 2, true)?, u32_at(payload, 4, true)?);
        let (offset, more) = (usize::from(flags & 0xfff8), flags & 1 != 0);
        protocol = payload[0];
        payload = &payload[8..];
        if offset > 0 || more {
            // What follows the header of a later fragment is data, not a header.
            let datagram = Datagram { src, dst, protocol, payload, cut, hops, is_odd: false };
            return Some(Ip::Piece(Piece { datagram, id, offset, more }));
        }
        (protocol, payload) = behind_extensions(protocol, payload)?;
    }
    Some(Ip::Whole(Datagram { src, dst, protocol, payload, cut, hops, is_odd: false }, 0))
}

/// The payload behind extension headers up to a fragment header, and what it is; `None` when one is cut.
pub(crate) fn behind_extensions(mut protocol: u8, mut payload: &[u8]) -> Option<(u8, &[u8])> {
    for _ in 0..limits::LINK_NESTING_MAX {
        let unit = match protocol {
            // Hop-by-hop, routing, destination options, mobility, HIP, Shim6 (RFC 8200, 6275, 7401, 5533).
            0 | 43 | 60 | 135 | 139 | 140 => 8,
            AUTHENTICATION => 4,
            _ => break,
        };
        let len = (usize::from(*payload.get(1)?) + 8 / unit) * unit;
        protocol = payload[0];
        payload = payload.get(len..)?;
    }
    Some((protocol, payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(total: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 0, 0, 9, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        packet[2..4].copy_from_slice(&total.to_be_bytes());
        packet[6..8].copy_from_slice(&flags.to_be_bytes());
        packet.extend(payload);
        packet
    }

    #[track_caller]
    fn check(packet: &[u8], expect: Option<(&[u8], u32)>) {
        match (read_ip(packet), expect) {
            (Ip::Whole(datagram, _), Some((payload, cut))) => {
                assert_eq!((datagram.protocol, datagram.payload, datagram.cut), (6, payload, cut));
            }
            (Ip::Bad, None) => {}
            (other, _) => panic!("unexpected {other:?}"),
        }
    }

    #[test]
    fn version_4() {
        check(&v4(23, 0, b"abc"), Some((b"abc", 0)));
        check(&v4(23, 0, b"abcPADDING"), Some((b"abc", 0)));
        check(&v4(30, 0, b"abc"), Some((b"abc", 7)));
        check(&v4(0, 0, b"abc"), Some((b"abc", 0)));
        check(&v4(10, 0, b"abc"), None);
        check(&[0x45; 10], None);
        let mut secured =
            v4(37, 0, &[6, 4, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b'a']);
        secured[2..4].copy_from_slice(&45_u16.to_be_bytes());
        secured[9] = 51;
        check(&secured, Some((b"a", 0)));
        let piece = v4(28, 0x2002, b"12345678");
        assert!(matches!(read_ip(&piece), Ip::Piece(Piece { id: 9, offset: 16, more: true, .. })));
    }

    #[test]
    fn version_6_with_extension_headers() {
        let mut packet = vec![0x60, 0, 0, 0, 0, 27, 0, 64];
        packet.extend([1; 32]);
        packet.extend([60, 0, 1, 4, 0, 0, 0, 0]);
        packet.extend([6, 1]);
        packet.extend([0; 14]);
        packet.extend(b"tcp");
        check(&packet, Some((b"tcp", 0)));
        check(&packet[..60], None);
        packet[6] = 44;
        packet[40..48].copy_from_slice(&[6, 0, 0, 0x11, 0, 0, 0, 7]);
        assert!(matches!(read_ip(&packet), Ip::Piece(Piece { id: 7, offset: 16, more: true, .. })));
        // Not a fragment at all (RFC 6946), then a length of zero (RFC 2675) and one that is too long.
        packet[42..44].copy_from_slice(&[0, 0]);
        packet[40] = 60;
        check(&packet, Some((b"tcp", 0)));
        packet[4..6].copy_from_slice(&[0, 0]);
        check(&packet, Some((b"tcp", 0)));
        packet[4..6].copy_from_slice(&[0, 99]);
        check(&packet, Some((b"tcp", 72)));
    }
}
