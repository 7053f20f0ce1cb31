//! HTTP/1 that breaks its rules, bends them, or is made to be read in two ways: all of it is read, the
//! framing follows RFC 9112 §6.3, and every oddity has its name on the call.

mod support;

use model::{Anomaly, Call};
use support::traffic::{Conversation, pcap};

const BEGIN: u64 = 1_700_000_000_000_000;

/// Runs rounds of request and response on one connection, and closes it.
fn run(rounds: &[(&[u8], &[u8])]) -> Vec<Call> {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    for (request, response) in rounds {
        talk.request(request);
        talk.response(response);
    }
    talk.close();
    support::decode("odd.pcap", &pcap(&frames), usize::MAX).0
}

const NEXT: (&[u8], &[u8]) =
    (b"GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

/// The call of the first round, with the anomalies that it must have; the exchange after it must be whole.
#[track_caller]
fn check(request: &[u8], response: &[u8], anomalies: &[&str]) -> Call {
    let calls = run(&[(request, response), NEXT]);
    let names: Vec<&str> = calls[0].anomalies.iter().map(Anomaly::as_str).collect();
    assert_eq!(names, anomalies, "{calls:#?}");
    assert_eq!(calls.len(), 2, "{calls:#?}");
    assert_eq!((calls[1].target.as_str(), calls[1].status), ("/next", Some(200)), "{calls:#?}");
    calls.into_iter().next().expect("two calls")
}

fn asked(call: &Call) -> &[u8] {
    call.request.as_ref().expect("a request").body()
}

fn answered(call: &Call) -> &[u8] {
    call.response.as_ref().expect("a response").body()
}

const OK: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

#[test]
fn lengths_of_requests_in_conflict() {
    let chunks = "5\r\nhello\r\n0\r\n\r\n";
    let cases: [(&str, &str, &[&str]); 9] = [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", chunks, &["length-conflict"]),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0", chunks, &["length-conflict"]),
        ("Content-Length: 5\r\nContent-Length: 5", "hello", &[]),
        ("Content-Length: 5\r\nContent-Length: 9", "hello", &["duplicate-length"]),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", chunks, &["bad-transfer-encoding"]),
        ("Transfer-Encoding: chunked, identity", chunks, &["bad-transfer-encoding"]),
        ("Transfer-Encoding : chunked", chunks, &["bad-head", "space-before-colon"]),
        ("Transfer-Encoding:\tchunked", chunks, &[]),
        (
            "Content-Length: 5\r\nTransfer-Encoding: xchunked",
            "hello",
            &["bad-transfer-encoding", "length-conflict"],
        ),
    ];
    for (fields, body, anomalies) in cases {
        let request = format!("POST / HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n\r\n{body}");
        assert_eq!(asked(&check(request.as_bytes(), OK, anomalies)), b"hello", "{fields}");
    }
    let old = format!("POST / HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
    assert_eq!(asked(&check(old.as_bytes(), OK, &["bad-transfer-encoding"])), b"hello");
}

#[test]
fn lengths_that_are_no_numbers() {
    for length in ["+5", "-1", "0x5", "5 5", "99999999999999999999"] {
        let request = format!("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: {length}\r\n\r\n");
        check(request.as_bytes(), OK, &["bad-head", "bad-length"]);
    }
}

#[test]
fn hosts_in_conflict() {
    let two = b"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n";
    assert_eq!(check(two, OK, &["duplicate-host"]).host, "a.example");
    let absolute = b"GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n";
    assert_eq!(check(absolute, OK, &["host-conflict"]).host, "a.example");
    check(b"GET http://a.example:80/ HTTP/1.1\r\nHost: A.example\r\n\r\n", OK, &[]);
}

#[test]
fn heads_that_break_the_grammar() {
    let head = |line: &str, field: &str| format!("{line}\r\nHost: a.example\r\n{field}\r\n").into_bytes();
    let get = "GET / HTTP/1.1";
    check(&head(get, "A: 1\r\n\t2\r\n"), OK, &["bad-head", "obs-fold"]);
    check(&head(get, "A: 1\nB: 2\r\n"), OK, &["bad-head", "bare-lf"]);
    check(&head(get, "A: 1\rB: 2\r\n"), OK, &["bad-head", "bare-cr"]);
    check(&head(get, "A: \0\r\n"), OK, &["bad-head", "nul"]);
    check(&head(get, "nothing\r\n"), OK, &["bad-head", "bad-field"]);
    check(&head("GET / HTTP/1.2", ""), OK, &["bad-head", "bad-version"]);
    check(&head("GET / HTTP/2.0", ""), OK, &["bad-head", "bad-version"]);
    check(&head("\r\n\r\nGET / HTTP/1.1", ""), OK, &[]);
    let simple = check(b"GET /old\r\n", OK, &["bad-head", "bad-version"]);
    assert_eq!((simple.protocol.as_ref(), simple.target.as_str()), ("http/0.9", "/old"));
    let many: String = (0..300).map(|n| format!("X-{n}: {n}\r\n")).collect();
    assert_eq!(check(&head(get, &many), OK, &[]).request.expect("a request").headers.len(), 301);
}

/// Methods are any token (RFC 9110 §9.1); readers are lenient about the first line.
#[test]
fn first_lines_that_few_write() {
    let head = |line: &str| format!("{line}\r\nHost: a.example\r\n\r\n").into_bytes();
    for (line, method, anomalies) in [
        ("get / HTTP/1.1", "get", &[][..]),
        ("M-x.y!# / HTTP/1.1", "M-x.y!#", &[]),
        ("GET  / HTTP/1.1", "GET", &["bad-head"]),
    ] {
        let call = check(&head(line), OK, anomalies);
        assert_eq!((call.method.as_str(), call.target.as_str(), call.status), (method, "/", Some(204)));
    }
    let small =
        check(NEXT.0, b"http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", &["bad-head", "bad-version"]);
    assert_eq!((small.status, answered(&small)), (Some(200), &b"ok"[..]));
    let calls = run(&[(NEXT.0, b"ICY 200 OK\r\nicy-name: x\r\n\r\nmusic")]);
    assert_eq!((calls.len(), calls[0].status, answered(&calls[0])), (1, Some(200), &b"music"[..]));
    // What stands behind a body that is longer than it says hides no answer.
    check(NEXT.0, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokEXTRA", &[]);
    let calls = run(&[(b"", b"some words"), NEXT]);
    assert_eq!((calls.len(), calls[0].target.as_str(), calls[0].status), (1, "/next", Some(200)));
}

#[test]
fn what_only_looks_like_http() {
    for (request, response) in [
        ("OPTIONS rtsp://a.example/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"),
        ("OPTIONS sip:a.example SIP/2.0\r\nVia: x\r\n\r\n", "SIP/2.0 200 OK\r\nVia: x\r\n\r\n"),
        ("OPTIONS icap://a.example/x ICAP/1.0\r\nHost: x\r\n\r\n", "ICAP/1.0 204 No\r\n\r\n"),
        ("CONNECT {\"verbose\":false}\r\nPING\r\n", "PONG\r\n"),
        ("get key\r\n", "END\r\n"),
        ("EHLO a.example\r\n", "250 OK\r\n"),
        ("USER anonymous\r\nPASS x\r\n", "331 name okay\r\n230 in\r\n"),
    ] {
        assert_eq!(run(&[(request.as_bytes(), response.as_bytes())]), [], "{request}");
    }
}

#[test]
fn chunks_that_break_the_grammar() {
    let response =
        |body: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}").into_bytes();
    let get = NEXT.0;
    for (body, anomalies) in [
        ("5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", &[][..]),
        ("00005\r\nhello\r\n000\r\n\r\n", &[]),
        ("5 \r\nhello\r\n0\r\n\r\n", &["odd-chunk"]),
        ("5\nhello\n0\n\n", &["odd-chunk"]),
        ("5;\nhello\r\n0\r\n\r\n", &["odd-chunk"]),
        ("00000000000000000005\r\nhello\r\n0\r\n\r\n", &["odd-chunk"]),
    ] {
        assert_eq!(answered(&check(get, &response(body), anomalies)), b"hello", "{body:?}");
    }
    for body in ["0x5\r\nhello\r\n0\r\n\r\n", "fffffffffffffffff\r\nhello", "-5\r\nhello\r\n0\r\n\r\n"] {
        let calls = run(&[(get, &response(body))]);
        assert_eq!((calls.len(), calls[0].anomalies.as_slice()), (1, &[Anomaly::BAD_CHUNK][..]), "{body:?}");
    }
    let trailer = response("5\r\nhello\r\n0\r\nX-Sum: 9\r\n\r\n");
    let call = check(get, &trailer, &[]);
    assert_eq!(call.response.expect("a response").headers.get("x-sum"), Some("9"));
}

#[test]
fn interim_answers_and_bodies_that_wait() {
    let post = b"POST /p HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let refused = check(post, b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", &[]);
    assert_eq!((refused.status, asked(&refused)), (Some(417), &b""[..]));
    let calls = run(&[(post, b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")]);
    assert_eq!((calls.len(), calls[0].anomalies.len()), (1, 0), "{calls:?}");
    let impatient = [&post[..], b"hello"].concat();
    let several = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok";
    let call = check(&impatient, several, &[]);
    assert_eq!((call.status, asked(&call), answered(&call)), (Some(200), &b"hello"[..], &b"ok"[..]));
    let calls = run(&[(post, b"HTTP/1.1 100 Continue\r\n\r\n"), (b"hello", NEXT.1), NEXT]);
    assert_eq!((calls.len(), calls[0].status, asked(&calls[0])), (2, Some(200), &b"hello"[..]));
}

#[test]
fn answers_before_the_request_is_whole() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.request(b"POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2000\r\n\r\nstart");
    talk.response(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    talk.close();
    let (calls, _) = support::decode("odd.pcap", &pcap(&frames), usize::MAX);
    assert_eq!((calls.len(), calls[0].status), (1, Some(413)));
    assert_eq!(calls[0].anomalies, [Anomaly::CUT_OFF]);
}

#[test]
fn tunnels_refused_and_opened_and_protocols_changed() {
    let connect = b"CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n";
    let refused = check(connect, b"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno", &[]);
    assert_eq!((refused.status, answered(&refused)), (Some(407), &b"no"[..]));
    let calls = run(&[(connect, b"HTTP/1.1 200 Go\r\n\r\n"), NEXT, NEXT]);
    assert_eq!(calls.iter().map(|call| call.status).collect::<Vec<_>>(), [Some(200); 3]);
    let upgrade = b"GET /u HTTP/1.1\r\nHost: a.example\r\nConnection: upgrade\r\nUpgrade: made-up\r\n\r\n";
    let calls = run(&[(upgrade, b"HTTP/1.1 101 Go\r\nUpgrade: made-up\r\n\r\n"), NEXT]);
    assert_eq!((calls.len(), calls[0].status), (1, Some(101)));
    check(upgrade, b"HTTP/1.1 200 Stay\r\nContent-Length: 0\r\n\r\n", &[]);
}

#[test]
fn codings_that_lie() {
    let packed = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, b"hello").expect("memory");
        encoder.finish().expect("memory")
    };
    let response = |coding: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\n{coding}Content-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let run = |coding, body: &[u8], anomalies: &[&str]| {
        answered(&check(NEXT.0, &response(coding, body), anomalies)).to_vec()
    };
    assert_eq!(run("Content-Encoding: gzip\r\n", b"plain", &["bad-encoding"]), b"plain");
    assert_eq!(run("Content-Encoding: deflate\r\n", &packed, &[]), b"hello");
    assert_eq!(run("Content-Encoding: compress\r\n", b"plain", &["bad-encoding"]), b"plain");
    assert_eq!(run("Content-Encoding: identity, X-GZIP\r\n", &packed, &[]), b"hello");
    assert_eq!(run("", &packed, &[]), packed);
}

#[test]
fn a_proxy_header_names_the_client() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.request(b"PROXY TCP4 192.0.2.7 10.0.0.2 51514 80\r\n");
    talk.request(NEXT.0);
    talk.response(NEXT.1);
    talk.close();
    let (calls, _) = support::decode("odd.pcap", &pcap(&frames), usize::MAX);
    assert_eq!(calls.len(), 1);
    let client = calls[0].client.map(|peer| peer.to_string());
    assert_eq!((client.as_deref(), calls[0].status), (Some("192.0.2.7:51514"), Some(200)));
}

#[test]
fn an_endless_stream_of_events_leaves_at_its_limits() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.request(b"GET /events HTTP/1.1\r\nHost: a.example\r\n\r\n");
    talk.response(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    talk.clock += model::limits::STREAM_US_MAX as u64 / 2;
    talk.response(b"data: 2\n\n");
    talk.clock += model::limits::STREAM_US_MAX as u64;
    talk.response(b"data: 3\n\n");
    talk.response(b"data: 4\n\n");
    let (calls, _) = support::decode("endless.pcap", &pcap(&frames), usize::MAX);
    assert_eq!(calls.len(), 1);
    let bodies: Vec<&[u8]> = calls[0].messages.iter().map(|message| message.body.as_slice()).collect();
    assert_eq!(bodies, [b"1", b"2", b"3"]);
    assert!(calls[0].anomalies.contains(&Anomaly::MESSAGES_TRUNCATED));
}
