//! Packets sent past a sensor: the server throws them away (RFC 9293 §3.10.7.4, RFC 7323 §5.3) and takes what comes
//! after them. What cannot be told from a packet alone is told by what the server acknowledges.

mod support;

use model::{Anomaly, Call};
use support::traffic::{Conversation, Frame, pcap};

const BEGIN: u64 = 1_700_000_000_000_000;
const SYN: u8 = 2;
const RST: u8 = 4;
const PUSH: u8 = 0x18;
const URG: u8 = 0x38;
const FORGED: &[u8] = b"GET /forged HTTP/1.1\r\nHost: a.example\r\n\r\n";
const REAL: &[u8] = b"GET /real-1 HTTP/1.1\r\nHost: a.example\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// Where IP and TCP begin in a frame.
const IP: usize = 14;
const TCP: usize = 34;

/// The one's complement sum of RFC 1071.
fn sum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let mut sum: u32 =
        words.map(|word| u32::from(word[0]) << 8 | u32::from(*word.get(1).unwrap_or(&0))).sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    sum as u16
}

/// Puts options behind the TCP header.
fn add_options(frame: &mut Frame, options: &[u8]) {
    frame.bytes.splice(TCP + 20..TCP + 20, options.iter().copied());
    frame.bytes[TCP + 12] += (options.len() as u8 / 4) << 4;
    let len = (frame.bytes.len() - IP) as u16;
    frame.bytes[IP + 2..IP + 4].copy_from_slice(&len.to_be_bytes());
}

fn clock(value: u32) -> Vec<u8> {
    [&[1, 1, 8, 10][..], &value.to_be_bytes(), &[0; 4]].concat()
}

/// Fills in both checksums.
fn seal(frame: &mut Frame) {
    let bytes = &mut frame.bytes;
    let ip = !sum(&[&bytes[IP..IP + 10], &bytes[IP + 12..TCP]]);
    bytes[IP + 10..IP + 12].copy_from_slice(&ip.to_be_bytes());
    let len = (bytes.len() - TCP) as u16;
    let tcp = &bytes[TCP..];
    let tcp = !sum(&[&bytes[IP + 12..TCP], &[0, 6], &len.to_be_bytes(), &tcp[..16], &tcp[18..]]);
    bytes[TCP + 16..TCP + 18].copy_from_slice(&tcp.to_be_bytes());
}

/// The calls of a connection in which `odd` has changed the forged packet that comes before the real one.
fn run(odd: impl Fn(&mut Frame), real: bool, flags: u8) -> Vec<Call> {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.segment(true, flags, FORGED, 0);
    if real {
        talk.request(REAL);
    } else {
        talk.skip(true, FORGED.len() as u32);
    }
    talk.response(ANSWER);
    talk.request(REAL);
    talk.response(ANSWER);
    talk.close();
    for (at, frame) in frames.iter_mut().enumerate() {
        add_options(frame, &clock(1_000 + at as u32));
        seal(frame);
    }
    odd(&mut frames[3]);
    let (calls, outcome) = support::decode("evasion.pcap", &pcap(&frames), usize::MAX);
    let stats = outcome.stats;
    assert_eq!(stats.tcp_bytes, stats.stream_bytes + stats.repeated_bytes + stats.stray_bytes, "{stats:?}");
    assert_eq!(stats.doubted_packets, 1, "{stats:?}");
    calls
}

/// The real request counts when it comes, and the doubted one when the server acknowledges it.
#[track_caller]
fn check(odd: impl Fn(&mut Frame), flags: u8) {
    for real in [true, false] {
        let calls = run(&odd, real, flags);
        let targets: Vec<&str> = calls.iter().map(|call| call.target.as_str()).collect();
        assert_eq!(targets, [if real { "/real-1" } else { "/forged" }, "/real-1"], "{calls:#?}");
        assert!(calls.iter().all(|call| call.status == Some(200) && call.anomalies.is_empty()), "{calls:#?}");
    }
}

#[test]
fn a_wrong_checksum() {
    check(|frame| frame.bytes[TCP + 17] ^= 0x55, PUSH);
    check(|frame| frame.bytes[IP + 11] ^= 0x55, PUSH);
}

#[test]
fn a_forgery_with_the_checksum_of_the_real_one() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.segment(true, PUSH, FORGED, 0);
    talk.request(REAL);
    talk.response(ANSWER);
    talk.close();
    frames.iter_mut().for_each(seal);
    let checksum = frames[4].bytes[TCP + 16..TCP + 18].to_vec();
    frames[3].bytes[TCP + 16..TCP + 18].copy_from_slice(&checksum);
    let (calls, outcome) = support::decode("copy.pcap", &pcap(&frames), usize::MAX);
    assert_eq!((calls.len(), calls[0].target.as_str()), (1, "/real-1"), "{calls:#?}");
    assert_eq!((outcome.stats.doubted_packets, outcome.stats.duplicate_packets), (1, 0));
}

/// A capture edited without new checksums: the sender goes on behind what it sent.
#[test]
fn checksums_that_mean_nothing() {
    for size in [1, 10, 500] {
        let mut frames = Vec::new();
        let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
        for _ in 0..3 {
            for (from_client, bytes) in [(true, REAL), (false, ANSWER)] {
                for part in bytes.chunks(size) {
                    talk.segment(from_client, PUSH, part, 0);
                    talk.skip(from_client, part.len() as u32);
                }
            }
        }
        talk.close();
        for frame in &mut frames {
            seal(frame);
            frame.bytes[TCP + 16] ^= if frame.has_data { 0x55 } else { 0 };
        }
        // From the handshake on, and without it: then a message has to begin with a segment.
        for begin in if size == 500 { 0..3 } else { 0..1 } {
            let (calls, outcome) = support::decode("edited.pcap", &pcap(&frames[begin..]), usize::MAX);
            let whole = calls.iter().filter(|call| call.status == Some(200) && call.target == "/real-1");
            assert_eq!(whole.count(), 3, "{calls:#?}");
            assert!(outcome.stats.doubted_packets < 5, "{:?}", outcome.stats);
        }
    }
}

#[test]
fn no_acknowledgement_or_a_wrong_one() {
    check(|_| (), 8);
    check(|_| (), 0);
    check(
        |frame| {
            frame.bytes[TCP + 8] ^= 0x40;
            seal(frame);
        },
        PUSH,
    );
}

#[test]
fn a_packet_that_goes_not_far() {
    check(
        |frame| {
            frame.bytes[IP + 8] = 3;
            seal(frame);
        },
        PUSH,
    );
}

#[test]
fn options_that_nobody_agreed_on() {
    check(
        |frame| {
            add_options(frame, &[[19, 18].as_slice(), &[7; 16], &[1, 1]].concat());
            seal(frame);
        },
        PUSH,
    );
    // A clock that went back.
    check(
        |frame| {
            frame.bytes[TCP + 24..TCP + 28].copy_from_slice(&7_u32.to_be_bytes());
            seal(frame);
        },
        PUSH,
    );
}

#[test]
fn data_that_the_server_leaves_in_the_first_packet() {
    for taken in [false, true] {
        let mut frames = Vec::new();
        let mut talk = Conversation::joined(&mut frames, 30_000, BEGIN);
        talk.segment(true, SYN, FORGED, 0);
        talk.skip(true, 1 + if taken { FORGED.len() as u32 } else { 0 });
        talk.segment(false, 0x12, b"", 0);
        talk.skip(false, 1);
        talk.request(REAL);
        talk.response(ANSWER);
        talk.close();
        let (calls, _) = support::decode("early.pcap", &pcap(&frames), usize::MAX);
        let targets: Vec<&str> = calls.iter().map(|call| call.target.as_str()).collect();
        assert_eq!(targets, if taken { vec!["/forged", "/real-1"] } else { vec!["/real-1"] });
    }
}

#[test]
fn a_packet_that_answers_what_was_not_sent() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.skip(false, 5_000);
    talk.segment(true, PUSH, FORGED, 0);
    talk.skip(false, 5_000_u32.wrapping_neg());
    talk.request(REAL);
    talk.response(ANSWER);
    talk.close();
    let (calls, _) = support::decode("future.pcap", &pcap(&frames), usize::MAX);
    assert_eq!((calls.len(), calls[0].target.as_str()), (1, "/real-1"), "{calls:#?}");
    assert_eq!(calls[0].anomalies, [Anomaly::OVERLAP]);
}

#[test]
fn data_beyond_the_end_of_the_stream() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.segment(true, PUSH, FORGED, 70_000);
    talk.request(REAL);
    talk.response(ANSWER);
    talk.close();
    let (calls, outcome) = support::decode("beyond.pcap", &pcap(&frames), usize::MAX);
    assert_eq!((calls.len(), calls[0].target.as_str()), (1, "/real-1"), "{calls:#?}");
    assert_eq!(outcome.stats.stray_bytes, FORGED.len() as u64);
}

#[test]
fn one_end_alone_takes_no_ports_over() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    for n in 1..9 {
        talk.segment(true, PUSH, FORGED, n << 27);
    }
    talk.request(REAL);
    talk.response(ANSWER);
    talk.close();
    let (calls, outcome) = support::decode("far.pcap", &pcap(&frames), usize::MAX);
    assert_eq!((calls.len(), calls[0].target.as_str()), (1, "/real-1"), "{calls:#?}");
    assert_eq!(outcome.stats.connections, 1);
}

#[test]
fn a_forged_handshake_before_the_first_request() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.segment(true, SYN, b"", 77_777);
    talk.segment(true, SYN | PUSH, FORGED, 7_777);
    talk.request(REAL);
    talk.response(ANSWER);
    talk.close();
    let (calls, outcome) = support::decode("forged.pcap", &pcap(&frames), usize::MAX);
    assert_eq!((calls.len(), calls[0].target.as_str(), calls[0].status), (1, "/real-1", Some(200)));
    assert_eq!(outcome.stats.connections, 1);
}

#[test]
fn a_reset_with_a_wrong_checksum() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.request(REAL);
    talk.segment(true, RST, b"", 0);
    talk.response(ANSWER);
    frames.iter_mut().for_each(seal);
    let reset = frames.iter_mut().find(|frame| frame.bytes[TCP + 13] & RST != 0).expect("a reset");
    reset.bytes[TCP + 16] ^= 0x55;
    let (calls, outcome) = support::decode("reset.pcap", &pcap(&frames), usize::MAX);
    assert_eq!((calls.len(), calls[0].status, outcome.stats.ignored_ends), (1, Some(200), 1));
}

#[test]
fn urgent_bytes_go_beside_the_stream() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    let request = b"GET /re!al-1 HTTP/1.1\r\nHost: a.example\r\n\r\n";
    talk.segment(true, URG, &request[..12], 0);
    talk.segment(true, URG, &request[..12], 0);
    talk.segment(true, PUSH, &request[12..], 12);
    talk.skip(true, request.len() as u32);
    talk.response(ANSWER);
    talk.close();
    for frame in frames.iter_mut().filter(|frame| frame.bytes[TCP + 13] == URG) {
        frame.bytes[TCP + 19] = 8;
    }
    // In order, and the other way round.
    for _ in 0..2 {
        let (calls, outcome) = support::decode("urgent.pcap", &pcap(&frames), usize::MAX);
        assert_eq!((calls.len(), calls[0].target.as_str()), (1, "/real-1"), "{calls:#?}");
        let stats = outcome.stats;
        assert_eq!(stats.tcp_bytes, stats.stream_bytes + stats.repeated_bytes + stats.stray_bytes);
        frames.swap(3, 5);
    }
}

#[test]
fn ports_used_again_below_the_old_numbers() {
    let mut frames = Vec::new();
    for round in [9, 5, 2] {
        // A later second makes lower numbers: see `Conversation::joined`.
        let mut talk = Conversation::open(&mut frames, 30_000, BEGIN + (10 - round) * 1_000_000);
        talk.request(REAL);
        talk.response(ANSWER);
    }
    let (calls, _) = support::decode("again.pcap", &pcap(&frames), usize::MAX);
    assert_eq!(calls.iter().filter(|call| call.status == Some(200) && call.target == "/real-1").count(), 3);
}
