//! Conversations inside others: WebSocket over HTTP/2 is read like the upgrade of HTTP/1, and tunnels inside tunnels
//! are followed to a depth that is bounded and counted.

mod support;

use decode::Stats;
use model::{Call, limits};
use support::h2::{self, END_HEADERS, END_STREAM, Encoder, PREFACE, frame};
use support::tls::Tls;
use support::traffic::{Conversation, pcap};

const BEGIN: u64 = 1_795_000_000_000_000;

/// What one side says next.
type Turn = (bool, Vec<u8>);

fn run(turns: &[Turn]) -> (Vec<Call>, Stats) {
    run_with(turns, "")
}

fn run_with(turns: &[Turn], key_log: &str) -> (Vec<Call>, Stats) {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 40_040, BEGIN);
    for (from_client, bytes) in turns {
        if *from_client { talk.request(bytes) } else { talk.response(bytes) }
    }
    talk.close();
    let mut decoder = decode::Decoder::new("tunnels.pcap", None);
    decoder.add_key_log(key_log.as_bytes());
    let (calls, outcome) = support::decode_with(decoder, &pcap(&frames), 1 << 16);
    (calls, outcome.stats)
}

/// The frames of a chat: fragments, a ping, compression with context, an odd close.
fn chat() -> Vec<Turn> {
    vec![
        (false, b"\x81\x02hi".to_vec()),
        (true, b"\x01\x83\0\0\0\0hel\x89\x81\x01\x01\x01\x01\x20\x80\x82\x37\xfa\x21\x3d\x5b\x95".to_vec()),
        (false, b"\x8a\x01!\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00".to_vec()),
        (false, b"\x88\x0a\x03\xf1too long".to_vec()),
    ]
}

/// CONNECT on stream 1 of a connection of its own, which carries `inner`.
fn tunnel(fields: &[(&str, &str)], answer: &[(&str, &str)], inner: Vec<Turn>) -> Vec<Turn> {
    let (mut client, mut server) = (Encoder::default(), Encoder::default());
    let mut turns = vec![
        (true, [PREFACE, &frame(h2::SETTINGS, 0, 0, &[])].concat()),
        (false, frame(h2::SETTINGS, 0, 0, &[0, 8, 0, 0, 0, 1])),
        (true, frame(h2::HEADERS, END_HEADERS, 1, &client.block(fields))),
        (false, frame(h2::HEADERS, END_HEADERS, 1, &server.block(answer))),
    ];
    turns.extend(inner.into_iter().map(|(from_client, bytes)| (from_client, frame(h2::DATA, 0, 1, &bytes))));
    turns.push((true, frame(h2::DATA, END_STREAM, 1, b"")));
    turns.push((false, frame(h2::DATA, END_STREAM, 1, b"")));
    turns
}

fn connect(inner: Vec<Turn>) -> Vec<Turn> {
    tunnel(&[(":method", "CONNECT"), (":authority", "inner.example:80")], &[(":status", "200")], inner)
}

fn get() -> Vec<Turn> {
    vec![
        (true, b"GET /inside HTTP/1.1\r\nHost: inner.example\r\n\r\n".to_vec()),
        (false, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()),
    ]
}

#[test]
fn websocket_over_http2_is_read_like_the_upgrade() {
    let deflate = "permessage-deflate; client_no_context_takeover";
    let upgrade = [
        (true, b"GET /chat HTTP/1.1\r\nHost: shop.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n".to_vec()),
        (false, format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: {deflate}\r\n\r\n").into_bytes()),
    ];
    let (by_upgrade, _) = run(&[&upgrade[..], &chat()].concat());
    let fields = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":path", "/chat"),
        (":authority", "shop.example.com"),
        ("sec-websocket-extensions", "permessage-deflate"),
    ];
    let answer = [(":status", "200"), ("sec-websocket-extensions", deflate)];
    // Frames of WebSocket may be cut anywhere by those of HTTP/2.
    let cut = chat().into_iter().flat_map(|(from_client, bytes)| {
        bytes.chunks(3).map(|part| (from_client, part.to_vec())).collect::<Vec<Turn>>()
    });
    for inner in [chat(), cut.collect()] {
        let (calls, stats) = run(&tunnel(&fields, &answer, inner));
        assert_eq!((calls.len(), by_upgrade.len(), stats.unplaced_bytes), (1, 1, 0));
        let (found, expect) = (&calls[0], &by_upgrade[0]);
        assert_eq!(found.messages, expect.messages);
        assert!(found.messages.len() > 3, "{:?}", found.messages);
        assert_eq!(
            (&found.protocol, &found.host, &found.target, &found.anomalies, found.duration_us),
            (&expect.protocol, &expect.host, &expect.target, &expect.anomalies, expect.duration_us)
        );
        assert_eq!((found.method.as_str(), found.status), ("CONNECT", Some(200)));
    }
    let (refused, _) = run(&tunnel(&fields, &[(":status", "403")], Vec::new()));
    assert_eq!((refused.len(), refused[0].status, refused[0].messages.len()), (1, Some(403), 0));
}

#[test]
fn http2_inside_http2_stops_at_its_depth() {
    let mut turns = get();
    for depth in 1..=limits::SESSION_NESTING_MAX + 3 {
        turns = connect(turns);
        let (calls, stats) = run(&turns);
        let is_read = depth <= limits::SESSION_NESTING_MAX;
        assert_eq!(calls.iter().any(|call| call.target == "/inside"), is_read, "depth {depth}");
        assert_eq!(stats.tunnels_unread, u64::from(!is_read), "depth {depth}");
        assert_eq!(stats.unplaced_bytes > 0, !is_read, "depth {depth}");
        let tunnels = calls.iter().filter(|call| call.method == "CONNECT").count();
        assert_eq!(tunnels, depth.min(limits::SESSION_NESTING_MAX + 1), "depth {depth}");
    }
}

#[test]
fn proxies_behind_proxies_stop_at_their_number() {
    let http: [Turn; 2] = [
        (true, b"CONNECT b.example:80 HTTP/1.1\r\nHost: b.example:80\r\n\r\n".to_vec()),
        (false, b"HTTP/1.1 200 Go\r\n\r\n".to_vec()),
    ];
    let socks: [Turn; 4] = [
        (true, vec![5, 1, 0]),
        (false, vec![5, 0]),
        (true, vec![5, 1, 0, 1, 10, 0, 0, 9, 0, 80]),
        (false, vec![5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ];
    let proxy: [Turn; 1] = [(true, b"PROXY TCP4 192.0.2.7 10.0.0.2 51514 80\r\n".to_vec())];
    for (name, step) in [("http", &http[..]), ("socks", &socks), ("proxy", &proxy)] {
        let mut last = (true, 0);
        for count in 1..=limits::PROTOCOL_SWITCHES_MAX + 2 {
            let turns = [vec![step; count].concat(), get()].concat();
            let (calls, stats) = run(&turns);
            let is_read = calls.iter().any(|call| call.target == "/inside" && call.status == Some(200));
            assert!(is_read || stats.opaque_bytes > 0, "{name} {count}: {stats:?}");
            assert!(last.0 || !is_read, "{name} {count}: read again after it was not");
            last = (is_read, count);
        }
        assert!(!last.0, "{name}: followed without an end");
    }
}

/// Turns inside TLS, and the secret.
fn inside_tls(number: u8, inner: &[Turn]) -> (Vec<Turn>, String) {
    let mut tls = Tls::new(number);
    let mut turns = tls.handshake();
    for (from_client, bytes) in inner {
        turns.push((*from_client, tls.data(*from_client, bytes)));
    }
    (turns, tls.key_log())
}

/// Clients of databases and mail ask for TLS in their own words first.
#[test]
fn tls_after_words_in_the_clear() {
    let asked: [&[Turn]; 3] = [
        &[(true, vec![0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]), (false, b"S".to_vec())],
        &[(true, b"a1 STARTTLS\r\n".to_vec()), (false, b"a1 OK\r\n".to_vec())],
        &[(true, b"STARTTLS\r\n".to_vec()), (false, b"220 ".to_vec()), (false, b"go\r\n".to_vec())],
    ];
    let (inside, key_log) = inside_tls(9, &get());
    for words in asked {
        let (calls, stats) = run_with(&[words, &inside].concat(), &key_log);
        assert_eq!((calls.len(), stats.tls_decrypted), (1, 1), "{words:?}");
        assert_eq!((calls[0].target.as_str(), calls[0].status), ("/inside", Some(200)));
    }
}

#[test]
fn tls_inside_tls_stops_at_its_depth() {
    let (mut turns, mut key_log) = (get(), String::new());
    for depth in 1..=limits::SESSION_NESTING_MAX + 3 {
        let (outer, line) = inside_tls(depth as u8, &turns);
        (turns, key_log) = (outer, key_log + &line);
        let (calls, stats) = run_with(&turns, &key_log);
        let is_read = depth <= limits::SESSION_NESTING_MAX;
        assert_eq!(calls.iter().any(|call| call.target == "/inside"), is_read, "depth {depth}");
        assert_eq!(
            (stats.tunnels_unread, stats.opaque_bytes > 0),
            (u64::from(!is_read), !is_read),
            "{depth}"
        );
        // A proxy that is spoken to by TLS, and leads to the next one.
        let connect = [
            (true, b"CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n".to_vec()),
            (false, b"HTTP/1.1 200 Go\r\n\r\n".to_vec()),
        ];
        turns = [&connect[..], &turns].concat();
    }
}
