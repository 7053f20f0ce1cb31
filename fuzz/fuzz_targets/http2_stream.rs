//! HTTP/2 over one TCP connection. The first byte of each piece says who sends it, how long it is, whether the
//! capture loses it, and whether it is taken as it is or gets the header of a frame.

#![no_main]

mod decode_both_ways;

use decode::Kind;
use decode_both_ways::both_ways;

const FROM_SERVER: u8 = 0x80;
const LOST: u8 = 0x40;
const FRAMED: u8 = 0x20;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn packet(from_server: bool, seq: [u32; 2], payload: &[u8]) -> Vec<u8> {
    let (from, to) = if from_server { (2, 1) } else { (1, 2) };
    let own = usize::from(from_server);
    let mut ip = vec![0x45, 0];
    ip.extend((40 + payload.len() as u16).to_be_bytes());
    ip.extend([0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, from, 10, 0, 0, to, 0, from, 0, to]);
    ip.extend(seq[own].to_be_bytes());
    ip.extend(seq[1 - own].to_be_bytes());
    ip.extend([0x50, 0x10, 0, 0, 0, 0, 0, 0]);
    ip.extend(payload);
    ip
}

/// The first two bytes become type, flags and stream; the rest is payload.
fn framed(piece: &[u8]) -> Vec<u8> {
    let [kind, flags, payload @ ..] = piece else { return piece.to_vec() };
    let stream = if kind & 0x80 != 0 { 0 } else { kind >> 4 };
    let len = (payload.len() as u32).to_be_bytes();
    [&len[1..], &[kind & 0x0f, *flags, 0, 0, 0, stream], payload].concat()
}

fn capture(mut data: &[u8]) -> Vec<u8> {
    let mut file: Vec<u8> =
        [0xa1b2_c3d4_u32, 0, 0, 0, 0, 101].iter().flat_map(|word| word.to_le_bytes()).collect();
    let (mut seq, mut clock) = ([1_u32, 1_u32], 0_u32);
    let mut write = |ip: &[u8]| {
        clock += 100;
        let len = ip.len() as u32;
        file.extend([0, clock, len, len].iter().flat_map(|word| word.to_le_bytes()));
        file.extend(ip);
    };
    if data.first().is_some_and(|first| first & 1 == 0) {
        write(&packet(false, seq, PREFACE));
        seq[0] += PREFACE.len() as u32;
    }
    while let [control, rest @ ..] = data {
        let len = (usize::from(control & 0x1f) * 4 + 1).min(rest.len());
        let from_server = control & FROM_SERVER != 0;
        let piece = if control & FRAMED != 0 { framed(&rest[..len]) } else { rest[..len].to_vec() };
        let ip = packet(from_server, seq, &piece);
        seq[usize::from(from_server)] = seq[usize::from(from_server)].wrapping_add(piece.len() as u32);
        if control & LOST == 0 || control & FRAMED == 0 {
            write(&ip);
        }
        data = &rest[len..];
    }
    file
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| both_ways(Kind::Pcap, &capture(data)));
