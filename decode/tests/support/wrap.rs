//! Puts the IPv4 packets of a capture behind other links, tags and tunnels, and cuts them into fragments.

#![allow(dead_code, reason = "each test file uses a part of it")]

use super::traffic::Frame;

/// Takes an IP packet or an Ethernet frame and puts something before it.
pub type Wrap = fn(&[u8]) -> Vec<u8>;

const MACS: [u8; 12] = [2, 0, 0, 0, 9, 1, 2, 0, 0, 0, 9, 2];

fn before(header: &[u8], rest: &[u8]) -> Vec<u8> {
    [header, rest].concat()
}

fn ethertype(packet: &[u8]) -> [u8; 2] {
    if packet[0] >> 4 == 4 { [8, 0] } else { [0x86, 0xdd] }
}

pub fn ethernet(packet: &[u8]) -> Vec<u8> {
    [&MACS[..], &ethertype(packet), packet].concat()
}

/// An outer IPv4 header around a payload of a protocol.
pub fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let total = (20 + payload.len()) as u16;
    let mut header = vec![0x45, 0, 0, 0, 0x77, 0x77, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
    header[2..4].copy_from_slice(&total.to_be_bytes());
    before(&header, payload)
}

/// An outer IPv6 header around a payload.
pub fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = vec![0x60, 0, 0, 0, 0, 0, next, 64];
    header[4..6].copy_from_slice(&(payload.len() as u16).to_be_bytes());
    header.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    header.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    before(&header, payload)
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut header = vec![0xc1, 0x23];
    header.extend(port.to_be_bytes());
    header.extend((8 + payload.len() as u16).to_be_bytes());
    header.extend([0, 0]);
    ipv4(17, &before(&header, payload))
}

/// Link types with what stands before an IP packet.
pub const LINKS: [(u16, Wrap); 24] = [
    (1, ethernet),
    (0, |ip| before(&[2, 0, 0, 0], ip)),
    (108, |ip| before(&[0, 0, 0, 2], ip)),
    (12, |ip| ip.to_vec()),
    (101, |ip| ip.to_vec()),
    (228, |ip| ip.to_vec()),
    (9, |ip| before(&[0xff, 3, 0, 0x21], ip)),
    (9, |ip| before(&[0, 0x21], ip)),
    (50, |ip| before(&[0xff, 3, 0, 0x21], ip)),
    (50, |ip| before(&[0x0f, 0, 8, 0], ip)),
    (51, |ip| [&[0x11, 0, 0, 7][..], &(ip.len() as u16 + 2).to_be_bytes(), &[0, 0x21], ip].concat()),
    (100, |ip| before(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], ip)),
    (104, |ip| before(&[0x8f, 0, 8, 0], ip)),
    (105, |ip| [&[8, 1, 0, 0][..], &[5; 20], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], ip].concat()),
    (113, |ip| [&[0, 0, 0, 1, 0, 6][..], &[0; 8], &[8, 0], ip].concat()),
    (119, |ip| {
        [
            &[0x44, 0, 0, 0, 144, 0, 0, 0][..],
            &[0; 136],
            &[8, 1, 0, 0],
            &[5; 20],
            &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
            ip,
        ]
        .concat()
    }),
    (127, |ip| {
        [
            &[0, 0, 8, 0, 0, 0, 0, 0, 0x88, 2, 0, 0][..],
            &[5; 22],
            &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
            ip,
            &[1, 2, 3, 4],
        ]
        .concat()
    }),
    (163, |ip| {
        [
            &[0x80, 0x21, 0x10, 1, 0, 0, 0, 12, 0, 0, 0, 0, 8, 3, 0, 0][..],
            &[5; 26],
            &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
            ip,
        ]
        .concat()
    }),
    (192, |ip| [&[0, 0, 8, 0, 1, 0, 0, 0][..], &ethernet(ip)].concat()),
    (197, |ip| {
        let len = ip.len() as u16 + 14;
        [&[0; 8][..], &[2, 4], &(len + 18).to_be_bytes(), &[0, 0], &len.to_be_bytes(), &[0, 0], &ethernet(ip)]
            .concat()
    }),
    (239, |ip| {
        [&[2, 0, 0, 0, 5, 0, 10, 0, 1, 0, 0, 0][..], &(ip.len() as u16 + 4).to_le_bytes(), &[9, 0], ip]
            .concat()
    }),
    (258, |ip| [&[12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0][..], &ethernet(ip)].concat()),
    (276, |ip| [&[8, 0][..], &[0; 18], ip].concat()),
    (1, |ip| {
        let llc = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], ip].concat();
        [&MACS[..], &(llc.len() as u16).to_be_bytes(), &llc].concat()
    }),
];

/// What may stand between an Ethernet header and an IP packet.
pub const TAGS: [Wrap; 11] = [
    |ip| [&MACS[..], &[0x81, 0, 0x20, 5], &ethertype(ip), ip].concat(),
    |ip| [&MACS[..], &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6], &ethertype(ip), ip].concat(),
    |ip| [&MACS[..], &[0x91, 0, 0, 5, 0x91, 0, 0, 6, 0x81, 0, 0, 7], &ethertype(ip), ip].concat(),
    |ip| [&MACS[..], &[0x88, 0x47, 0, 1, 0x61, 64], ip].concat(),
    |ip| [&MACS[..], &[0x88, 0x47, 0, 1, 0x60, 64, 0, 2, 0x60, 64, 0, 3, 0x61, 64], ip].concat(),
    |ip| [&MACS[..], &[0x88, 0x47, 0, 1, 0x61, 64, 0, 0, 0, 0], &ethernet(ip)].concat(),
    |ip| [&MACS[..], &[0x88, 0x48, 0, 1, 0x61, 64], &ethernet(ip)].concat(),
    |ip| {
        [&MACS[..], &[0x88, 0x64, 0x11, 0, 0, 7], &(ip.len() as u16 + 2).to_be_bytes(), &[0, 0x21], ip]
            .concat()
    },
    |ip| [&MACS[..], &[0x88, 0xe7, 0, 0, 0, 1], &ethernet(ip)].concat(),
    |ip| [&MACS[..], &[0x89, 0x3f, 0, 0, 0, 0, 0, 0], &ethertype(ip), ip].concat(),
    |ip| [&MACS[..], &[0x89, 0x4f, 0x0f, 0xc2, 2, 1, 0, 0, 1, 0xff], ip].concat(),
];

/// Tunnels: an IP packet in, an IP packet out.
pub const TUNNELS: [Wrap; 22] = [
    |ip| ipv4(if ip[0] >> 4 == 4 { 4 } else { 41 }, ip),
    |ip| ipv6(if ip[0] >> 4 == 4 { 4 } else { 41 }, ip),
    |ip| ipv6(60, &[&[if ip[0] >> 4 == 4 { 4 } else { 41 }, 0, 1, 4, 0, 0, 0, 0][..], ip].concat()),
    |ip| ipv4(47, &[&[0, 0][..], &ethertype(ip), ip].concat()),
    |ip| ipv4(47, &[&[0xb0, 0][..], &ethertype(ip), &[0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9], ip].concat()),
    |ip| ipv4(47, &[&[0x20, 0, 0x65, 0x58, 0, 0, 0, 7][..], &ethernet(ip)].concat()),
    |ip| ipv4(47, &[&[0, 0, 0x88, 0xbe][..], &ethernet(ip)].concat()),
    |ip| {
        ipv4(47, &[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 5, 0, 1, 0, 0, 0, 0][..], &TAGS[0](ip)].concat())
    },
    |ip| ipv4(47, &[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5][..], &[0; 10], &ethernet(ip)].concat()),
    |ip| {
        ipv4(
            47,
            &[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5][..], &[0; 9], &[1], &[6; 8], &ethernet(ip)]
                .concat(),
        )
    },
    |ip| {
        ipv4(
            47,
            &[
                &[0x30, 0x81, 0x88, 0x0b][..],
                &[0; 12],
                &[0xff, 3, 0, if ip[0] >> 4 == 4 { 0x21 } else { 0x57 }],
                ip,
            ]
            .concat(),
        )
    },
    |ip| ipv4(97, &[&[0x30, 0][..], &ethernet(ip)].concat()),
    |ip| udp(4789, &[&[8, 0, 0, 0, 0, 0, 7, 0][..], &ethernet(ip)].concat()),
    |ip| udp(8472, &[&[8, 0, 0, 0, 0, 0, 7, 0][..], &TAGS[1](ip)].concat()),
    |ip| udp(4789, &[&[0x88, 0, 0, 5, 0, 0, 7, 0][..], &ethernet(ip)].concat()),
    |ip| udp(4790, &[&[0x0c, 0, 0, 3, 0, 0, 7, 0][..], &ethernet(ip)].concat()),
    |ip| {
        udp(
            4790,
            &[&[0x0c, 0, 0, 4, 0, 0, 7, 0, 0x0f, 0xc2, 2, 3, 0, 0, 1, 0xff][..], &ethernet(ip)].concat(),
        )
    },
    |ip| udp(6081, &[&[0, 0, 0x65, 0x58, 0, 0, 7, 0][..], &ethernet(ip)].concat()),
    |ip| udp(6081, &[&[3, 0x40][..], &ethertype(ip), &[0, 0, 7, 0, 1, 8, 0, 2], &[9; 8], ip].concat()),
    |ip| {
        udp(
            2152,
            &[
                &[0x34, 0xff][..],
                &(ip.len() as u16 + 8).to_be_bytes(),
                &[0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 9, 0],
                ip,
            ]
            .concat(),
        )
    },
    |ip| {
        udp(
            1701,
            &[&[0, 2, 0, 1, 0, 1, 0xff, 3, 0, if ip[0] >> 4 == 4 { 0x21 } else { 0x57 }][..], ip].concat(),
        )
    },
    |ip| ipv4(137, &before(&[0, 1, 1, 64], ip)),
];

/// The IP packet of an Ethernet frame.
pub fn packet(frame: &[u8]) -> &[u8] {
    &frame[14..]
}

/// Each frame with its IP packet changed.
pub fn each(frames: &[Frame], change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Frame> {
    frames.iter().map(|frame| Frame { bytes: change(packet(&frame.bytes)), ..frame.clone() }).collect()
}

/// The same packet in version 6, with the headers of `extensions` before TCP.
pub fn as_ipv6(packet: &[u8], extensions: bool) -> Vec<u8> {
    let tcp = &packet[20..];
    let mut wide = if extensions {
        // Hop-by-hop, destination options, and a fragment header of a packet that is whole.
        ipv6(
            0,
            &[&[60, 0, 1, 4, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 5][..], tcp].concat(),
        )
    } else {
        ipv6(6, tcp)
    };
    wide[20..24].copy_from_slice(&packet[12..16]);
    wide[36..40].copy_from_slice(&packet[16..20]);
    wide
}

/// The fragments of an IP packet; each one reaches `overlap` bytes (a multiple of 8) into the next one.
pub fn fragments(packet: &[u8], id: u16, size: usize, overlap: usize) -> Vec<Vec<u8>> {
    let v6 = packet[0] >> 4 == 6;
    let payload = &packet[if v6 { 40 } else { 20 }..];
    (0..payload.len())
        .step_by(size)
        .map(|at| {
            let end = (at + size + overlap).min(payload.len());
            let (part, more) = (&payload[at..end], u16::from(end < payload.len()));
            if v6 {
                let header =
                    [packet[6], 0, (at >> 8) as u8, at as u8 | more as u8, 0, 0, (id >> 8) as u8, id as u8];
                let mut piece = [&packet[..40], &header, part].concat();
                piece[4..6].copy_from_slice(&(8 + part.len() as u16).to_be_bytes());
                piece[6] = 44;
                return piece;
            }
            let mut piece = before(&packet[..20], part);
            piece[2..4].copy_from_slice(&(20 + part.len() as u16).to_be_bytes());
            piece[4..6].copy_from_slice(&id.to_be_bytes());
            piece[6..8].copy_from_slice(&((at / 8) as u16 | more << 13).to_be_bytes());
            piece
        })
        .collect()
}

/// Each data segment as several of at most `size` bytes.
pub fn tiny_segments(frames: &[Frame], size: usize) -> Vec<Frame> {
    let mut split = Vec::new();
    for frame in frames {
        let ip = packet(&frame.bytes);
        let header = 20 + usize::from(ip[32] >> 4) * 4;
        let total = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
        if total == header {
            split.push(frame.clone());
            continue;
        }
        let seq = u32::from_be_bytes([ip[24], ip[25], ip[26], ip[27]]);
        for at in (0..total - header).step_by(size) {
            let part = &ip[header + at..total.min(header + at + size)];
            let mut bytes = [&frame.bytes[..14 + header], part].concat();
            bytes[16..18].copy_from_slice(&((header + part.len()) as u16).to_be_bytes());
            bytes[38..42].copy_from_slice(&seq.wrapping_add(at as u32).to_be_bytes());
            split.push(Frame { bytes, ..frame.clone() });
        }
    }
    split
}
