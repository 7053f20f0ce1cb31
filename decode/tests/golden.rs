//! Golden cases: `golden/<case>/input.*` in, call records and counters in `expected.txt` out. `UPDATE=1`
//! rewrites what is expected; the difference is read as code.

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use support::traffic::{Conversation, Frame, pcap};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn render(input: &Path) -> String {
    let (calls, outcome) = support::decode_file(input);
    let mut text = String::new();
    for call in &calls {
        writeln!(text, "{}", serde_json::to_string(call).expect("a record"))
            .expect("a String takes everything");
    }
    writeln!(text, "-- {}", outcome.kind.as_str()).expect("a String takes everything");
    for (name, count) in outcome.stats.counters().into_iter().filter(|(_, count)| *count > 0) {
        writeln!(text, "{name} {count}").expect("a String takes everything");
    }
    for problem in &outcome.problems {
        writeln!(text, "problem at {}: {}", problem.at, problem.what).expect("a String takes everything");
    }
    text
}

#[test]
fn every_case() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut cases: Vec<_> =
        std::fs::read_dir(golden()).expect("cases").filter_map(|entry| Some(entry.ok()?.path())).collect();
    cases.sort();
    assert!(cases.len() >= 8, "cases are missing");
    for case in cases {
        let mut files =
            std::fs::read_dir(&case).expect("a case").filter_map(|entry| Some(entry.ok()?.path()));
        let input =
            files.find(|path| path.file_stem().is_some_and(|stem| stem == "input")).expect("an input");
        let (found, expected) = (render(&input), case.join("expected.txt"));
        if update {
            std::fs::write(&expected, &found).expect("writable");
        }
        let expect = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(found, expect, "{}", case.display());
    }
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: Shop.example.com\r\n\r\n").into_bytes()
}

fn plain(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// All framings on one connection, pipelining included.
fn framings(frames: &mut Vec<Frame>) {
    let mut talk = Conversation::open(frames, 40_001, 1_795_000_000_000_000);
    talk.request(&get("/fixed?x=1"));
    talk.response(&plain("200 OK", "fixed"));
    talk.request(b"HEAD /head HTTP/1.1\r\nHost: shop.example.com\r\n\r\n");
    talk.response(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    talk.request(&[get("/piped/1"), get("/piped/2"), get("/piped/3")].concat());
    talk.response(
        &[plain("200 OK", "one"), plain("404 Not Found", "two"), b"HTTP/1.1 204 No\r\n\r\n".to_vec()]
            .concat(),
    );
    talk.request(b"POST /chunked HTTP/1.1\r\nHost: shop.example.com\r\nTransfer-Encoding: chunked\r\n\r\n");
    talk.request(b"6;ext=1\r\n{\"a\":1\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n");
    talk.response(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
    talk.request(b"GET http://Other.example:8080/abs?q HTTP/1.0\r\nHost: ignored.example\r\n\r\n");
    talk.response(b"HTTP/1.0 200 OK\r\n\r\nuntil the end");
    talk.close();
}

/// Contradictions and breaks: all are read, all are marked.
fn odd_heads(frames: &mut Vec<Frame>) {
    let mut talk = Conversation::open(frames, 40_002, 1_795_000_000_000_000);
    talk.request(b"POST /both HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    talk.response(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok");
    talk.request(b"GET /folded HTTP/1.1\r\nX-A: 1\r\n  2\r\nX-B : 3\r\n\r\n");
    talk.response(b"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 5\n\nplain");
    talk.request(&get("/broken-chunk"));
    talk.response(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
    talk.request(&get("/never-answered"));
    talk.close();
}

/// A lost response head, a lost piece of a body, an upgrade, and what is no HTTP.
fn losses(frames: &mut Vec<Frame>) {
    let mut lossy = Vec::new();
    let mut talk = Conversation::open(&mut lossy, 40_003, 1_795_000_000_000_000);
    talk.request(&get("/answer-lost"));
    talk.response(&plain("200 OK", "LOST"));
    talk.request(&get("/hole"));
    talk.response(&plain("200 OK", &"0123456789".repeat(150)));
    talk.request(&get("/whole"));
    talk.response(&plain("200 OK", "whole"));
    talk.close();
    let lost = |frame: &Frame| {
        let payload = &frame.bytes[54..];
        payload.ends_with(b"LOST") || (payload.len() == 500 && payload.iter().all(u8::is_ascii_digit))
    };
    frames.extend(lossy.into_iter().filter(|frame| !lost(frame)));
    let mut socket = Conversation::open(frames, 40_004, 1_795_000_001_000_000);
    socket.request(
        b"GET /chat HTTP/1.1\r\nHost: shop.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    );
    socket.response(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.response(b"\x81\x02hi");
    socket.close();
    let mut mail = Conversation::open(frames, 40_005, 1_795_000_002_000_000);
    mail.response(b"220 mail.example.com ESMTP\r\n");
    mail.request(b"EHLO client.example.com\r\n");
    mail.close();
}

/// Writes the capture files that the cases read; run with `--ignored` after changing them.
#[test]
#[ignore = "writes inputs"]
fn write_captures() {
    type Build = fn(&mut Vec<Frame>);
    let cases: [(&str, Build); 3] =
        [("http1-framings", framings), ("http1-odd-heads", odd_heads), ("http1-losses", losses)];
    for (case, build) in cases {
        let mut frames = Vec::new();
        build(&mut frames);
        let dir = golden().join(case);
        std::fs::create_dir_all(&dir).expect("writable");
        std::fs::write(dir.join("input.pcap"), pcap(&frames)).expect("writable");
    }
}
