//! What TCP allows, what stacks do, and what an attacker sends past a sensor: never a wrong pair.

mod support;

use decode::Stats;
use model::{Anomaly, Call};
use support::traffic::{Conversation, Frame, pcap};

const BEGIN: u64 = 1_700_000_000_000_000;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 0x10;
const PUSH: u8 = 0x18;
const FIN: u8 = 0x11;

fn request(n: u32) -> Vec<u8> {
    format!("GET /{n} HTTP/1.1\r\nHost: a.example\r\nX-Number: {n}\r\n\r\n").into_bytes()
}

fn response(n: u32) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nX-Number: {n}\r\nContent-Length: 2\r\n\r\nok").into_bytes()
}

fn number(message: Option<&model::Message>) -> Option<String> {
    message?.headers.get("x-number").map(str::to_owned)
}

fn run(frames: &[Frame]) -> (Vec<Call>, Stats) {
    let (calls, outcome) = support::decode("odd.pcap", &pcap(frames), usize::MAX);
    for call in &calls {
        let (asked, answered) = (number(call.request.as_ref()), number(call.response.as_ref()));
        assert!(asked.is_none() || answered.is_none() || asked == answered, "a wrong pair: {call:?}");
    }
    (calls, outcome.stats)
}

/// Runs an exchange, something odd, another exchange; both must come out whole.
#[track_caller]
fn check(odd: impl Fn(&mut Conversation<'_>)) -> Stats {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.request(&request(1));
    talk.response(&response(1));
    odd(&mut talk);
    talk.request(&request(2));
    talk.response(&response(2));
    talk.close();
    let (calls, stats) = run(&frames);
    let whole = calls.iter().filter(|call| call.status == Some(200) && !call.method.is_empty());
    assert_eq!(whole.count(), 2, "{calls:#?}");
    stats
}

#[test]
fn probes_carry_nothing_new() {
    check(|talk| {
        // Keep-alive: one byte before the next one, with or without a byte of data.
        talk.segment(true, ACK, b"", -1);
        talk.segment(true, ACK, b"\0", -1);
        talk.segment(false, ACK, b"", 0);
    });
    // A probe of a closed window carries the first byte of what is sent again later.
    check(|talk| {
        talk.segment(true, ACK, b"G", 0);
        talk.segment(false, ACK, b"", 0);
    });
}

#[test]
fn resets_outside_the_window_end_nothing() {
    let stats = check(|talk| talk.segment(true, RST, b"", -30));
    assert_eq!(stats.ignored_ends, 1);
    check(|talk| talk.segment(false, RST, b"", -200));
    check(|talk| talk.segment(true, RST, b"", 1_000_000));
    check(|talk| talk.segment(false, RST, b"", 5_000));
    check(|talk| talk.segment(true, RST, b"", 1 << 30));
    check(|talk| talk.segment(true, FIN, b"", -40));
    check(|talk| talk.segment(false, FIN, b"", 90_000));
}

#[test]
fn a_reset_that_its_sender_did_not_send() {
    // Exactly in the window, but of a low time to live: the client goes on.
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.request(&request(1));
    talk.response(&response(1));
    talk.segment(true, RST, b"", 0);
    for n in 2..5 {
        talk.request(&request(n));
        talk.response(&response(n));
    }
    let (calls, _) = run(&frames);
    assert_eq!(calls.iter().filter(|call| call.status == Some(200) && !call.method.is_empty()).count(), 4);
}

#[test]
fn a_reset_with_text_and_a_reset_that_cuts() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.request(&request(1));
    talk.response(b"HTTP/1.1 200 OK\r\nX-Number: 1\r\nContent-Length: 99\r\n\r\npart");
    talk.segment(false, RST | ACK, b"go away", 0);
    let (calls, stats) = run(&frames);
    assert_eq!((calls.len(), calls[0].status, stats.stray_bytes), (1, Some(200), 7));
    assert_eq!(calls[0].anomalies, [Anomaly::CUT_OFF]);
    assert_eq!(calls[0].response.as_ref().expect("a response").body(), b"part");
}

#[test]
fn data_with_the_first_and_the_last_packet() {
    let mut frames = Vec::new();
    let mut talk = Conversation::joined(&mut frames, 30_000, BEGIN);
    // TCP Fast Open (RFC 7413), and a FIN that carries the end of the response.
    talk.segment(true, SYN, &request(1), 0);
    talk.skip(true, 1 + request(1).len() as u32);
    talk.segment(false, SYN | ACK, b"", 0);
    talk.skip(false, 1);
    talk.segment(true, ACK, b"", 0);
    talk.segment(false, FIN | PUSH, b"HTTP/1.1 200 OK\r\nX-Number: 1\r\n\r\nuntil the end", 0);
    talk.skip(false, 46);
    talk.segment(true, FIN, b"", 0);
    let (calls, _) = run(&frames);
    assert_eq!((calls.len(), calls[0].status, calls[0].anomalies.len()), (1, Some(200), 0), "{calls:?}");
    assert_eq!(calls[0].response.as_ref().expect("a response").body(), b"until the end");
}

#[test]
fn a_client_that_closes_its_side_is_answered() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.request(&request(1));
    talk.segment(true, FIN, b"", 0);
    talk.skip(true, 1);
    talk.response(&response(1));
    let mut late = frames.clone();
    // The answer is whole before the connection ends, and does not wait for the number that the end took.
    let (calls, stats) = run(&frames);
    assert_eq!((calls.len(), calls[0].status, stats.gaps), (1, Some(200), 0));
    let mut decoder = decode::Decoder::new("half.pcap", None);
    let mut seen = 0;
    let mut after = Vec::new();
    Conversation::open(&mut after, 30_001, BEGIN + 100_000).request(&request(2));
    late.extend(after);
    decoder.push(&pcap(&late), &mut |_| seen += 1);
    assert_eq!(seen, 1);
}

#[test]
fn both_sides_open_at_once() {
    let mut frames = Vec::new();
    let mut talk = Conversation::joined(&mut frames, 30_000, BEGIN);
    talk.segment(false, SYN, b"", 0);
    talk.segment(true, SYN, b"", 0);
    talk.skip(true, 1);
    talk.skip(false, 1);
    talk.segment(true, SYN | ACK, b"", -1);
    talk.segment(false, SYN | ACK, b"", -1);
    talk.request(&request(1));
    talk.response(&response(1));
    let (calls, _) = run(&frames);
    assert_eq!((calls.len(), calls[0].status), (1, Some(200)), "{calls:?}");
    assert_eq!(calls[0].server.map(|peer| peer.port), Some(Some(8_080)));
}

#[test]
fn two_versions_of_the_same_bytes() {
    // The sensor cannot know which one the server took; the first is kept, and the call says so.
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    let (real, fake) = (b"GET /real HTTP/1.1\r\n\r\n", b"GET /fake HTTP/1.1\r\n\r\n");
    talk.segment(true, PUSH, &real[10..], 10);
    talk.segment(true, PUSH, &fake[3..], 3);
    talk.segment(true, PUSH, &real[..10], 0);
    talk.skip(true, real.len() as u32);
    talk.response(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let (calls, stats) = run(&frames);
    assert_eq!((calls.len(), stats.overlaps > 0), (1, true), "{calls:?}");
    assert!(calls[0].anomalies.contains(&Anomaly::OVERLAP), "{:?}", calls[0].anomalies);
}

#[test]
fn ports_used_again_at_once() {
    let mut frames = Vec::new();
    for round in 0..20 {
        let mut talk = Conversation::open(&mut frames, 30_000, BEGIN + u64::from(round) * 1_000_000);
        talk.request(&request(round));
        talk.response(&response(round));
        talk.close();
    }
    let (calls, stats) = run(&frames);
    assert_eq!((calls.len(), stats.connections, stats.unmatched), (20, 20, 0));
}

#[test]
fn a_handshake_made_up_in_the_middle() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.request(&request(1));
    talk.response(&response(1));
    talk.segment(true, SYN, b"", 77_777);
    for n in 2..9 {
        talk.request(&request(n));
        talk.response(&response(n));
    }
    let (calls, _) = run(&frames);
    let whole = calls.iter().filter(|call| call.status == Some(200) && !call.method.is_empty());
    assert!(whole.count() >= 6, "{calls:#?}");
}

#[test]
fn ten_thousand_half_open_connections() {
    let mut all = Vec::new();
    for n in 0..10_000_u64 {
        let mut frames = Vec::new();
        let mut talk = Conversation::joined(&mut frames, 10_000 + n as u16, BEGIN + n * 100);
        talk.segment(true, SYN, b"", 0);
        talk.segment(false, SYN | ACK, b"", 0);
        all.extend(frames);
    }
    let mut talk = Conversation::open(&mut all, 9_999, BEGIN + 2_000_000);
    talk.request(&request(1));
    talk.response(&response(1));
    talk.close();
    all.sort_by_key(|frame| frame.ts);
    let before = resident();
    let file = pcap(&all);
    let mut decoder = decode::Decoder::new("half-open.pcap", None);
    let mut calls = Vec::new();
    decoder.push(&file, &mut |call| calls.push(call));
    if let (Some(before), Some(after)) = (before, resident()) {
        let each = after.saturating_sub(before + file.len()) / 10_000;
        assert!(each < 4_096, "{each} bytes for each connection");
    }
    let outcome = decoder.finish(&mut |call| calls.push(call));
    assert_eq!((calls.len(), outcome.stats.connections, outcome.stats.evicted), (1, 10_001, 0));
}

/// Resident memory of this process, bytes.
fn resident() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split(' ').nth(1)?.parse::<usize>().ok().map(|pages| pages * 4_096)
}
