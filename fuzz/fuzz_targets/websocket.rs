//! WebSocket over one TCP connection: the handshake is given, with compression when the first byte is odd. Then
//! the first byte of each piece says who sends it and how long it is.

#![no_main]

mod decode_both_ways;

use decode::Kind;
use decode_both_ways::both_ways;

const FROM_SERVER: u8 = 0x80;
const LOST: u8 = 0x40;

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

fn capture(data: &[u8]) -> Vec<u8> {
    let mut file: Vec<u8> =
        [0xa1b2_c3d4_u32, 0, 0, 0, 0, 101].iter().flat_map(|word| word.to_le_bytes()).collect();
    let (mut seq, mut clock) = ([1_u32, 1_u32], 0_u32);
    let mut write = |from_server: bool, payload: &[u8], lost: bool| {
        let ip = packet(from_server, seq, payload);
        let own = usize::from(from_server);
        seq[own] = seq[own].wrapping_add(payload.len() as u32);
        if lost {
            return;
        }
        clock += 100;
        let len = ip.len() as u32;
        file.extend([0, clock, len, len].iter().flat_map(|word| word.to_le_bytes()));
        file.extend(ip);
    };
    let (first, mut data) = data.split_first().unwrap_or((&0, &[]));
    let extension = ["", "Sec-WebSocket-Extensions: permessage-deflate\r\n"][usize::from(first & 1)];
    write(false, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", false);
    write(true, format!("HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n{extension}\r\n").as_bytes(), false);
    while let [control, rest @ ..] = data {
        let len = (usize::from(control & 0x3f) * 4 + 1).min(rest.len());
        write(control & FROM_SERVER != 0, &rest[..len], control & LOST != 0);
        data = &rest[len..];
    }
    file
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| both_ways(Kind::Pcap, &capture(data)));
