//! Packets of any link type: tags, tunnels, IP, fragments, copies. Each piece begins with its link type and its
//! length, so that the fuzzer works on headers instead of the capture file around them. A packet may be put
//! behind an Ethernet and IP header, which brings the fuzzer to tunnels and fragments sooner.

#![no_main]

mod decode_both_ways;

use decode::Kind;
use decode_both_ways::both_ways;

const LINKS: [u16; 24] = [
    1, 0, 9, 12, 50, 51, 100, 101, 104, 105, 108, 109, 113, 117, 119, 127, 163, 166, 192, 197, 239, 258, 276,
    999,
];
/// Protocols over IP that are looked into.
const PROTOCOLS: [u8; 8] = [4, 6, 17, 41, 47, 51, 97, 115];

fn block(file: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let len = (12 + body.len().next_multiple_of(4)) as u32;
    file.extend([kind, len].iter().flat_map(|word| word.to_le_bytes()));
    file.extend(body);
    file.resize(file.len().next_multiple_of(4), 0);
    file.extend(len.to_le_bytes());
}

fn wrapped(protocol: u8, flags: [u8; 2], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    frame.extend((20 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 7, flags[0] & 0x3f, flags[1], 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend(payload);
    frame
}

fn capture(mut data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    block(&mut file, 0x0a0d_0d0a, &section);
    for link in LINKS {
        block(&mut file, 1, &[&link.to_le_bytes()[..], &[0; 6]].concat());
    }
    let mut clock = 0_u32;
    while let [control, len, rest @ ..] = data {
        let len = usize::from(*len).min(rest.len());
        let (piece, mut interface) = (&rest[..len], u32::from(*control) % LINKS.len() as u32);
        let bytes = match piece {
            [protocol, high, low, payload @ ..] if *control >= 128 => {
                interface = 0;
                wrapped(PROTOCOLS[usize::from(*protocol) % PROTOCOLS.len()], [*high, *low], payload)
            }
            _ => piece.to_vec(),
        };
        clock += 10_000;
        let words = [interface, 0, clock, bytes.len() as u32, bytes.len() as u32];
        let head: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        block(&mut file, 6, &[head, bytes].concat());
        data = &rest[len..];
    }
    file
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| both_ways(Kind::Pcapng, &capture(data)));
