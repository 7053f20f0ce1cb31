//! HTTP/1 over one TCP connection. The first byte of each piece says who sends it, how long it is, and whether
//! the capture loses it or sees it late, so that the fuzzer works on messages instead of packet headers.

#![no_main]

mod decode_both_ways;

use decode::Kind;
use decode_both_ways::both_ways;

const FROM_SERVER: u8 = 0x80;
const LOST: u8 = 0x40;
const LATE: u8 = 0x20;

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

fn capture(mut data: &[u8]) -> Vec<u8> {
    let mut file: Vec<u8> =
        [0xa1b2_c3d4_u32, 0, 0, 0, 0, 101].iter().flat_map(|word| word.to_le_bytes()).collect();
    let (mut seq, mut clock, mut late) = ([1_u32, 1_u32], 0_u32, Vec::new());
    let mut write = |ip: &[u8]| {
        clock += 100;
        let len = ip.len() as u32;
        file.extend([0, clock, len, len].iter().flat_map(|word| word.to_le_bytes()));
        file.extend(ip);
    };
    while let [control, rest @ ..] = data {
        let len = (usize::from(control & 0x1f) * 8 + 1).min(rest.len());
        let from_server = control & FROM_SERVER != 0;
        let ip = packet(from_server, seq, &rest[..len]);
        seq[usize::from(from_server)] = seq[usize::from(from_server)].wrapping_add(len as u32);
        if control & LATE != 0 {
            late.push(ip);
        } else if control & LOST == 0 {
            write(&ip);
            late.drain(..).for_each(|ip| write(&ip));
        }
        data = &rest[len..];
    }
    file
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| both_ways(Kind::Pcap, &capture(data)));
