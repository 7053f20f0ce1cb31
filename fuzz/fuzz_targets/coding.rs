//! Content codings: the first byte chooses them, the rest is the body of a response.

#![no_main]

mod decode_both_ways;

use decode::Kind;
use decode_both_ways::both_ways;

const CODINGS: [&str; 6] = ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, deflate, gzip"];
/// Bytes of one segment.
const SEGMENT: usize = 1_000;

fn capture(data: &[u8]) -> Vec<u8> {
    let (first, body) = data.split_first().unwrap_or((&0, &[]));
    let coding = CODINGS[usize::from(*first) % CODINGS.len()];
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n");
    let mut file: Vec<u8> =
        [0xa1b2_c3d4_u32, 0, 0, 0, 0, 101].iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut seq = 1_u32;
    for payload in [head.as_bytes(), body].concat().chunks(SEGMENT) {
        let mut ip = vec![0x45, 0];
        ip.extend((40 + payload.len() as u16).to_be_bytes());
        ip.extend([0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, 0, 2, 0, 1]);
        ip.extend(seq.to_be_bytes());
        ip.extend([0, 0, 0, 0, 0x50, 0, 0, 0, 0, 0, 0, 0]);
        ip.extend(payload);
        seq = seq.wrapping_add(payload.len() as u32);
        let len = ip.len() as u32;
        file.extend([0, seq, len, len].iter().flat_map(|word| word.to_le_bytes()));
        file.extend(ip);
    }
    file
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| both_ways(Kind::Pcap, &capture(data)));
