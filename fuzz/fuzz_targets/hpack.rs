//! Header blocks in a row against one table: each piece is the block of a HEADERS frame of its own stream, and
//! gRPC messages in the DATA behind it. Nothing else stands between the fuzzer and the tables.

#![no_main]

mod decode_both_ways;

use decode::Kind;
use decode_both_ways::both_ways;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn capture(mut data: &[u8]) -> Vec<u8> {
    let mut stream = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let mut id = 1;
    while let [len, rest @ ..] = data {
        let (block, after) = rest.split_at(usize::from(*len).min(rest.len()));
        // A method and a path, so that the block opens a stream, and a media type of gRPC.
        let head = [&[0x83, 0x84, 0x0f, 0x10, 16][..], b"application/grpc", block].concat();
        stream.extend(frame(1, 4, id, &head));
        stream.extend(frame(0, 1, id, block));
        id += 2;
        data = after;
    }
    let mut file: Vec<u8> =
        [0xa1b2_c3d4_u32, 0, 0, 0, 0, 101].iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut seq = 1_u32;
    for payload in stream.chunks(1_400) {
        let mut ip = vec![0x45, 0];
        ip.extend((40 + payload.len() as u16).to_be_bytes());
        ip.extend([0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2]);
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
