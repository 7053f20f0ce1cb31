//! Writes a capture of JSON calls over HTTP/2 and gRPC for measuring: `generate_http2 FILE MEGABYTES`.

#![allow(clippy::print_stdout, reason = "it says what it wrote")]

#[path = "../tests/support/h2.rs"]
mod h2;
#[path = "../tests/support/traffic.rs"]
mod traffic;

use h2::{END_HEADERS, END_STREAM, Encoder, PREFACE, frame};
use traffic::{Conversation, Dice, Frame, pcap};

/// Calls of one connection, eight of which are in flight at once.
const CALLS: u32 = 400;
const FLIGHT: u32 = 8;

fn connection(frames: &mut Vec<Frame>, port: u16, clock: u64, dice: &mut Dice) -> u32 {
    let (mut client, mut server) = (Encoder::default(), Encoder::default());
    let mut talk = Conversation::open(frames, port, clock);
    talk.mss = 1_448;
    talk.request(&[PREFACE, &frame(h2::SETTINGS, 0, 0, &[])].concat());
    talk.response(&frame(h2::SETTINGS, 0, 0, &[]));
    for batch in (0..CALLS).step_by(FLIGHT as usize) {
        let ids: Vec<u32> = (batch..batch + FLIGHT).map(|n| n * 2 + 1).collect();
        for id in &ids {
            let (path, length) = (format!("/api/v2/orders/{}?expand=items", dice.below(100_000)), "58");
            let fields = [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", &path),
                (":authority", "shop.example.com"),
                ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) measurement"),
                ("accept", "application/json"),
                ("authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl"),
                ("content-type", "application/json"),
                ("content-length", length),
            ];
            talk.request(&frame(h2::HEADERS, END_HEADERS, *id, &client.block(&fields)));
            talk.request(&frame(
                h2::DATA,
                END_STREAM,
                *id,
                br#"{"item":"milk","count":3,"note":"leave it at the door ok"}"#,
            ));
        }
        for id in &ids {
            let etag = format!("\"{:x}\"", dice.below(1 << 40));
            let fields = [
                (":status", "200"),
                ("content-type", "application/json"),
                ("etag", &etag),
                ("server", "shop/7"),
            ];
            talk.response(&frame(h2::HEADERS, END_HEADERS, *id, &server.block(&fields)));
        }
        for part in 0..2 {
            for id in &ids {
                let items = (0..dice.below(60))
                    .map(|n| format!(r#"{{"id":{n},"name":"item {n}","price":{}}}"#, n * 7));
                let body = items.collect::<Vec<_>>().join(",");
                talk.response(&frame(h2::DATA, if part == 1 { END_STREAM } else { 0 }, *id, body.as_bytes()));
            }
        }
    }
    talk.close();
    CALLS
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "http2.pcap".to_owned());
    let megabytes: usize = arguments.next().and_then(|number| number.parse().ok()).unwrap_or(100);
    let (mut dice, mut frames, mut calls, mut port) = (Dice(1), Vec::new(), 0, 20_000);
    while frames.iter().map(|frame: &Frame| frame.bytes.len()).sum::<usize>() < megabytes << 20 {
        calls += connection(&mut frames, port, 1_795_000_000_000_000 + u64::from(port) * 700, &mut dice);
        port += 1;
    }
    frames.sort_by_key(|frame| frame.ts);
    std::fs::write(&path, pcap(&frames))?;
    println!("{path}: {calls} calls");
    Ok(())
}
