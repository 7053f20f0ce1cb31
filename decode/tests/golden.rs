//! Golden cases: `golden/<case>/input.*` in, call records and counters in `expected.txt` out. `UPDATE=1`
//! rewrites what is expected; the difference is read as code.

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use model::{Call, Timestamp};
use support::rpc;
use support::traffic::{Conversation, Frame, pcap};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn render(input: &Path) -> String {
    if input.extension().is_some_and(|extension| extension == "als") {
        return render_envoy(&std::fs::read(input).expect("the file was listed"));
    }
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

/// A stream of Envoy's access log service, which is no file elsewhere: at once and in pieces it gives the same.
fn render_envoy(bytes: &[u8]) -> String {
    let read = |step: usize, pieces_max: usize| {
        let mut stream = decode::EnvoyStream::new([127, 0, 0, 1].into(), "");
        let mut text = String::new();
        let mut emit = |call: Call| {
            writeln!(text, "{}", serde_json::to_string(&call).expect("a record"))
                .expect("a String takes everything");
        };
        for piece in bytes.chunks(step) {
            stream.push(piece);
            while stream.read(Timestamp(1_795_000_000_000_000), pieces_max, &mut emit) {}
        }
        format!(
            "{text}-- envoy-als\n{:?}\n{:?}, unfinished: {}\n",
            stream.counts(),
            stream.refusal(),
            stream.held() > 0
        )
    };
    let whole = read(bytes.len().max(1), 1_000);
    for (step, pieces_max) in [(1, 1_000), (7, 2), (bytes.len().max(1), 1)] {
        assert_eq!(read(step, pieces_max), whole);
    }
    whole
}

#[test]
fn every_case() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut cases: Vec<_> =
        std::fs::read_dir(golden()).expect("cases").filter_map(|entry| Some(entry.ok()?.path())).collect();
    cases.sort();
    assert!(cases.len() >= 8, "cases are missing");
    for case in cases {
        let input = support::input_of(&case);
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

/// Every type of Hessian, an exception, other serializations, a heartbeat, a loss inside a message.
fn dubbo(frames: &mut Vec<Frame>) {
    const FRONT: &[u8] = b"\x052.0.2\x0ca.UserServer\x051.0.0\x04find";
    let mut talk = Conversation::open(frames, 40_201, 1_795_000_000_000_000);
    let user = b"C\x06a.User\x94\x04name\x05birth\x04tags\x04self`\x05\xe6\x9d\x8e\xe5\x9b\x9b \xed\xa0\xbd\xed\xb8\x80J\0\0\0\xd0K\x92\x84\xb8y\x03vipQ\x90";
    let types = b"\x1aLa/User;IJDZLa/Map;[BLa/N;";
    let rest = b"\x91L\0\0\0\0\0\0\x01\0_\0\0/\xdaTM\x11java.util.HashMap\x91\x03oneZ#\xff\0\x01NH\x05Token\x06secretZ";
    let request = rpc::dubbo(0xc2, 0, 7, &[FRONT, types, user, rest].concat());
    talk.request(&[rpc::dubbo(0xe2, 0, 6, b"N"), request].concat());
    talk.response(
        &[rpc::dubbo(0x22, 20, 6, b"N"), rpc::dubbo(2, 20, 7, b"\x94\x02okH\x05dubbo\x052.0.2Z")].concat(),
    );
    talk.request(&[rpc::ask(8, 3), rpc::ask(9, 3), rpc::ask(10, 3)].concat());
    talk.response(&rpc::dubbo(2, 70, 10, b"\x07no room"));
    talk.response(&rpc::dubbo(2, 20, 9, b"\x90C\x03a.E\x91\x0ddetailMessage`\x04oops"));
    let fastjson = b"\"2.0.2\"\n\"a.UserServer\"\n\"1.0.0\"\n\"find\"\n\"I\"\n7\n{}\n";
    talk.request(&rpc::dubbo(0xc6, 0, 11, fastjson));
    talk.response(&rpc::dubbo(6, 20, 11, b"1\n{\"name\":\"x\"}\n"));
    talk.close();
    let mut lossy = Vec::new();
    let mut talk = Conversation::open(&mut lossy, 40_202, 1_795_000_001_000_000);
    talk.request(&[rpc::ask(1, 1_600), rpc::ask(2, 3)].concat());
    talk.response(&[rpc::reply(2, 3), rpc::reply(1, 3)].concat());
    talk.close();
    let mut filler = 0;
    // The second segment is lost: it lies inside the first message.
    lossy.retain(|frame| {
        let is_filler = frame.bytes.len() == 554 && frame.bytes[54..].iter().all(|byte| *byte == b'x');
        filler += u32::from(is_filler);
        !(is_filler && filler == 1)
    });
    frames.extend(lossy);
}

/// Bare and framed, binary and compact, one way, an exception, a message that breaks off.
fn thrift(frames: &mut Vec<Frame>) {
    let mut bare = Conversation::open(frames, 40_211, 1_795_000_000_000_000);
    bare.request(&[rpc::thrift(1, 1, 7, 900), rpc::thrift(4, 2, 8, 3)].concat());
    bare.response(&rpc::thrift(2, 1, 7, 3));
    bare.request(b"\x80\x01\0\x01\0\0\0\x09Users:get\0\0\0\x03\x0d\0\x01\x0b\x0f\0\0\0\x01\0\0\0\x01k\x0a\0\0\0\x01\0\0\0\0\0\0\0\x05\0");
    bare.response(b"\x80\x01\0\x03\0\0\0\x03get\0\0\0\x03\x0b\0\x01\0\0\0\x04gone\x08\0\x02\0\0\0\x06\0");
    bare.request(&rpc::thrift(1, 4, 9, 40)[..30]);
    bare.close();
    let mut framed = Conversation::open(frames, 40_212, 1_795_000_001_000_000);
    framed.request(&rpc::framed(b"\0\0\0\x03old\x01\0\0\0\x01\0"));
    framed.response(&rpc::framed(b"\0\0\0\x03old\x02\0\0\0\x01\x02\0\0\x01\0"));
    framed.request(&rpc::framed(b"\x82\x21\x02\x03add\x18\x02hi\x11\x19\x35\x02\x04\x06\0"));
    framed.response(&rpc::framed(b"\x82\x41\x02\x03add\x17\0\0\0\0\0\0\xf8?\0"));
    framed.close();
}

/// SOFARPC and bRPC, each on a connection of its own.
fn other_rpc(frames: &mut Vec<Frame>) {
    let mut sofa = Conversation::open(frames, 40_221, 1_795_000_000_000_000);
    sofa.request(&[rpc::sofarpc_request(1), rpc::sofarpc_request(2)].concat());
    sofa.response(&[rpc::sofarpc_response(2), rpc::sofarpc_response(1)].concat());
    sofa.close();
    let mut brpc = Conversation::open(frames, 40_222, 1_795_000_001_000_000);
    brpc.request(&[rpc::brpc(1, None), rpc::brpc(2, None)].concat());
    brpc.response(&[rpc::brpc(2, Some(0)), rpc::brpc(1, Some(5))].concat());
    brpc.close();
}

/// Fragments, control frames, compression with context, a refused message; and a stream of events.
fn streams(frames: &mut Vec<Frame>) {
    let mut socket = Conversation::open(frames, 40_006, 1_795_000_000_000_000);
    socket.request(
        b"GET /chat HTTP/1.1\r\nHost: shop.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    );
    socket.response(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n\r\n\x81\x02hi",
    );
    socket.request(b"\x01\x83\0\0\0\0hel\x89\x81\x01\x01\x01\x01\x20\x80\x82\x37\xfa\x21\x3d\x5b\x95");
    socket.response(b"\x8a\x01!\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00");
    socket.request(b"\x82\xfe\0\x80\0\0\0\0");
    socket.request(&[0xff; 128]);
    socket.response(b"\x88\x0a\x03\xf1too long");
    socket.close();
    let mut events = Conversation::open(frames, 40_007, 1_795_000_001_000_000);
    events.request(&get("/events"));
    events.response(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n");
    events.response(b"10\r\nid: 1\ndata: one\n\r\n");
    events.response(b"10\r\ndata: more\n\n: x\n\r\n9\r\ndata:two\n\r\n1\r\n\n\r\n0\r\n\r\n");
    events.close();
}

/// Writes the capture files that the cases read; run with `--ignored` after changing them.
#[test]
#[ignore = "writes inputs"]
fn write_captures() {
    type Build = fn(&mut Vec<Frame>);
    let cases: [(&str, Build); 7] = [
        ("http1-framings", framings),
        ("http1-odd-heads", odd_heads),
        ("http1-losses", losses),
        ("http1-streams", streams),
        ("rpc-dubbo", dubbo),
        ("rpc-thrift", thrift),
        ("rpc-others", other_rpc),
    ];
    for (case, build) in cases.into_iter().chain(support::h2_cases::CASES) {
        let mut frames = Vec::new();
        build(&mut frames);
        let dir = golden().join(case);
        std::fs::create_dir_all(&dir).expect("writable");
        std::fs::write(dir.join("input.pcap"), pcap(&frames)).expect("writable");
    }
}
