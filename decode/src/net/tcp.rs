//! The TCP header (RFC 9293 §3.1), and those of its options that decide whether a segment is taken.

use std::net::IpAddr;

use super::checksum::{fold, sum};
use super::ip::Datagram;
use crate::input::{u16_at, u32_at};

/// Bytes of a header without options.
pub(super) const HEADER: usize = 20;
/// Larger than a frame holds: put together by the card, with the checksum of the first part or none.
const CHECKED_BYTES_MAX: usize = 1_500;
/// What most stacks write: two fillers and a timestamp.
const USUAL_OPTIONS: [u8; 4] = [1, 1, 8, 10];
/// Timestamps (RFC 7323 §3), and the signature of RFC 2385.
const TIMESTAMPS: u8 = 8;
const SIGNATURE: u8 = 19;

/// One TCP segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment<'a> {
    pub src_port: u16,
    pub dst_port: u16,
    pub seq: u32,
    /// Acknowledgement, when the flag is set.
    pub ack: Option<u32>,
    pub syn: bool,
    pub fin: bool,
    pub rst: bool,
    /// Place in the payload of a byte that its receiver is given beside the stream (RFC 6093).
    pub urgent: Option<u16>,
    pub payload: &'a [u8],
    /// Payload bytes after `payload` that were sent but not captured.
    pub cut: u32,
    /// The packet that it came in, from its header on.
    datagram: Datagram<'a>,
}

/// What the checksum says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checksum {
    Right,
    Wrong,
    /// The card was to fill it in, or put the packet together from several, or not all of it is there.
    Open,
}

/// Reads the segment of a datagram; `None` when the header is cut.
pub(crate) fn read_tcp<'a>(datagram: &Datagram<'a>) -> Option<Segment<'a>> {
    let (packet, cut) = (datagram.payload, datagram.cut);
    let header: &[u8; HEADER] = packet.first_chunk()?;
    let header_len = usize::from(header[12] >> 4) * 4;
    if header_len < HEADER {
        return None;
    }
    // Options that the capture cut say nothing that is needed: the segment is known, and so is its length.
    let payload = match packet.get(header_len..) {
        Some(payload) => payload,
        None if cut > 0 => &[],
        None => return None,
    };
    let flags = header[13];
    // The pointer leads behind the byte, in all stacks, whatever RFC 1122 says (RFC 6093 §3.1).
    let urgent = if flags & 0x20 != 0 { u16_at(header, 18, true)?.checked_sub(1) } else { None };
    Some(Segment {
        src_port: u16_at(header, 0, true)?,
        dst_port: u16_at(header, 2, true)?,
        seq: u32_at(header, 4, true)?,
        ack: if flags & 0x10 != 0 { u32_at(header, 8, true) } else { None },
        syn: flags & 2 != 0,
        fin: flags & 1 != 0,
        rst: flags & 4 != 0,
        urgent: urgent.filter(|at| usize::from(*at) < payload.len()),
        payload,
        cut: (cut as usize + packet.len()).saturating_sub(header_len + payload.len()) as u32,
        datagram: *datagram,
    })
}

impl Segment<'_> {
    /// Routers that may still pass the packet on.
    pub(crate) fn hops(&self) -> u8 {
        self.datagram.hops
    }

    /// The IP header is one that routers and receivers throw away.
    pub(crate) fn is_odd(&self) -> bool {
        self.datagram.is_odd
    }

    /// The sender's clock, when the segment tells it.
    pub(crate) fn clock(&self) -> Option<u32> {
        let options = self.options();
        let value = if options.starts_with(&USUAL_OPTIONS) {
            options.get(4..)
        } else {
            find_option(options, TIMESTAMPS)
        };
        u32_at(value?, 0, true)
    }

    /// It carries the signature that routers agree on; who did not agree throws it away.
    pub(crate) fn is_signed(&self) -> bool {
        let options = self.options();
        let is_usual = options.len() == 12 && options.starts_with(&USUAL_OPTIONS);
        !is_usual && find_option(options, SIGNATURE).is_some()
    }

    fn options(&self) -> &[u8] {
        let packet = self.datagram.payload;
        let end = packet.len() - self.payload.len();
        packet.get(HEADER..end).unwrap_or_default()
    }

    /// Compares the checksum with what was captured.
    pub(crate) fn checksum(&self) -> Checksum {
        let packet = self.datagram.payload;
        if self.datagram.cut > 0 || packet.len() > CHECKED_BYTES_MAX {
            return Checksum::Open;
        }
        let addresses = match (self.datagram.src, self.datagram.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => sum(&src.octets()) + sum(&dst.octets()),
            (src, dst) => sum(&wide(src)) + sum(&wide(dst)),
        } + u64::from(6_u16.to_be());
        let pseudo = addresses + u64::from((packet.len() as u16).to_be());
        if fold(pseudo + sum(packet)) == 0xffff {
            return Checksum::Right;
        }
        // Offloading leaves the sum of the addresses, with the length or without, or nothing at all.
        let written = u16::from_ne_bytes([packet[16], packet[17]]);
        let is_open = written == 0 || written == fold(pseudo) || written == fold(addresses);
        if is_open { Checksum::Open } else { Checksum::Wrong }
    }
}

fn wide(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// The value of an option.
fn find_option(mut options: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        match *options {
            [] | [0, ..] => return None,
            [1, ref rest @ ..] => options = rest,
            [kind, len, ..] if len >= 2 => {
                let value = options.get(2..usize::from(len))?;
                if kind == wanted {
                    return Some(value);
                }
                options = &options[usize::from(len)..];
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(payload: &[u8], cut: u32) -> Datagram<'_> {
        let (src, dst) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        Datagram { src, dst, protocol: 6, payload, cut, hops: 64, is_odd: false }
    }

    #[test]
    fn flags_options_and_cut_headers() {
        let mut packet =
            vec![0, 80, 0x30, 0x39, 0, 0, 0, 7, 0, 0, 0, 9, 0x60, 0x11, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
        packet.extend(b"hi");
        let segment = read_tcp(&datagram(&packet, 3)).expect("a segment");
        assert_eq!((segment.src_port, segment.dst_port, segment.seq, segment.ack), (80, 12_345, 7, Some(9)));
        assert_eq!((segment.syn, segment.fin, segment.rst), (false, true, false));
        assert_eq!((segment.payload, segment.cut), (&b"hi"[..], 3));
        assert_eq!(read_tcp(&datagram(&packet[..22], 0)), None);
        let cut = read_tcp(&datagram(&packet[..22], 9)).expect("a segment");
        assert_eq!((cut.payload, cut.cut), (&b""[..], 7));
        packet[12] = 0x40;
        assert_eq!(read_tcp(&datagram(&packet, 0)), None);
    }

    #[track_caller]
    fn check(options: &[u8], clock: Option<u32>, signed: bool) {
        let mut packet = vec![0; 20];
        packet[12] = (((20 + options.len()) / 4) << 4) as u8;
        packet.extend(options);
        let whole = datagram(&packet, 0);
        let segment = read_tcp(&whole).expect("a segment");
        assert_eq!((segment.clock(), segment.is_signed()), (clock, signed), "{options:?}");
    }

    #[test]
    fn options_in_any_order() {
        check(&[], None, false);
        check(&[1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 1], Some(7), false);
        check(&[2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0], Some(256), false);
        check(&[[19, 18].as_slice(), &[7; 16], &[0, 0]].concat(), None, true);
        check(&[8, 0, 0, 0], None, false);
        check(&[8, 40, 0, 0], None, false);
        check(&[0, 8, 10, 0], None, false);
    }

    #[test]
    fn checksums() {
        let mut packet = vec![0x9c, 0x40, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x18, 0x20, 0, 0, 0, 0, 0];
        packet.extend(b"odd");
        let mut write = |value: u16| {
            packet[16..18].copy_from_slice(&value.to_be_bytes());
            read_tcp(&datagram(&packet, 0)).expect("a segment").checksum()
        };
        let right: Vec<u16> = (1..=u16::MAX).filter(|value| write(*value) == Checksum::Right).collect();
        assert_eq!(right.len(), 1, "{right:?}");
        let addresses = 0x0a00 + 1 + 0x0a00 + 2 + 6 + 23;
        assert_eq!((write(0), write(addresses)), (Checksum::Open, Checksum::Open));
        assert_eq!(write(right[0] ^ 0x100), Checksum::Wrong);
        packet[16..18].copy_from_slice(&right[0].to_be_bytes());
        packet[21] = b'D';
        assert_eq!(read_tcp(&datagram(&packet, 0)).expect("a segment").checksum(), Checksum::Wrong);
        assert_eq!(read_tcp(&datagram(&packet, 1)).expect("a segment").checksum(), Checksum::Open);
    }
}
