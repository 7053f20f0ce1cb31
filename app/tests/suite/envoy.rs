//! Envoy's access log service over a real HTTP/2 connection: what Envoy 1.40 sent (as a golden case holds it), messages
//! by hand, what is refused, and a server that stops while a stream is open.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use h2::{RecvStream, SendStream};
use http::Request;
use tokio::runtime::Runtime;

use crate::listeners::calls;
use crate::support::{Server, free_port};

const PATH: &str = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";
const EMPTY: [u8; 5] = [0; 5];

/// A field of protobuf with a length.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let (mut bytes, mut length) = (vec![number << 3 | 2], content.len());
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    [&bytes, content].concat()
}

/// A message with an entry for each path.
fn message(paths: &[&str]) -> Vec<u8> {
    let entry = |path: &&str| {
        let request = [&[0x08, 1][..], &field(3, b"shop.example"), &field(5, path.as_bytes())].concat();
        field(1, &[field(3, &request), field(4, &field(1, &[0x08, 200, 1]))].concat())
    };
    let identifier = field(1, &[field(1, &field(1, b"by-hand")), field(2, b"web")].concat());
    [identifier, field(2, &paths.iter().map(entry).collect::<Vec<_>>().concat())].concat()
}

/// The framing of gRPC.
fn framed(flags: u8, message: &[u8]) -> Vec<u8> {
    [&[flags][..], &(message.len() as u32).to_be_bytes(), message].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A stream that was opened, and its answer.
type Opened = (SendStream<Bytes>, h2::client::ResponseFuture);

/// Opens a stream on a connection of its own.
async fn open(port: u16, path: &str, fields: &[(&str, &str)]) -> Opened {
    let socket = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("a listener");
    let (mut client, connection) = h2::client::handshake(socket).await.expect("HTTP/2");
    tokio::spawn(connection);
    let mut request = Request::post(format!("http://127.0.0.1{path}")).header("te", "trailers");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let (response, send) =
        client.send_request(request.body(()).expect("a request"), false).expect("a stream");
    (send, response)
}

/// Status of HTTP, body, and status of gRPC.
type Answer = (u16, Vec<u8>, String);

async fn answer(response: h2::client::ResponseFuture) -> Answer {
    let (head, mut body): (_, RecvStream) = response.await.expect("an answer").into_parts();
    let mut content = Vec::new();
    while let Some(data) = body.data().await {
        content.extend_from_slice(&data.expect("a body"));
    }
    let trailers = body.trailers().await.expect("trailers").unwrap_or(head.headers);
    let status = trailers.get("grpc-status").and_then(|status| status.to_str().ok());
    (head.status.as_u16(), content, status.unwrap_or_default().to_owned())
}

/// Sends a stream in DATA frames of at most so many bytes and ends it.
fn stream(runtime: &Runtime, port: u16, fields: &[(&str, &str)], bytes: &[u8], step: usize) -> Answer {
    runtime.block_on(async {
        let (mut send, response) = open(port, PATH, fields).await;
        for piece in bytes.chunks(step) {
            // Errors: the server has refused the stream already.
            let _ = send.send_data(Bytes::copy_from_slice(piece), false);
        }
        let _ = send.send_data(Bytes::new(), true);
        answer(response).await
    })
}

/// `settings`: what else the configuration says.
fn listening(dir: &Path, settings: &str) -> (Server, String, u16) {
    let port = free_port();
    let config = format!("{settings}[[source]]\nkind = \"envoy-als\"\nlisten = \"127.0.0.1:{port}\"\n");
    let (server, cookie) = Server::configured(dir, &config);
    (server, cookie, port)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

#[test]
fn what_envoy_streams_becomes_calls_and_nothing_goes_uncounted() {
    let dir = tempfile::tempdir().expect("a folder");
    let (server, cookie, port) = listening(dir.path(), "");
    let runtime = runtime();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../decode/tests/golden");
    let read = |case: &str| std::fs::read(golden.join(case).join("input.als")).expect("a golden case");
    let ended = (200, EMPTY.to_vec(), "0".to_owned());
    assert_eq!(stream(&runtime, port, &[GRPC], &read("envoy-http"), 1_000), ended);
    assert_eq!(stream(&runtime, port, &[GRPC], &read("envoy-tcp"), 7), ended);
    let packed = [framed(1, &gzip(&message(&["/packed"]))), framed(0, &message(&["/plain"]))].concat();
    assert_eq!(stream(&runtime, port, &[GRPC, ("grpc-encoding", "gzip")], &packed, 9), ended);
    let bad = [framed(0, b"\x07no protobuf"), framed(0, &message(&["/behind"])), vec![0, 0, 0, 0, 9]];
    assert_eq!(stream(&runtime, port, &[GRPC], &bad.concat(), 1 << 14), ended);

    let name = format!("envoy-als:127.0.0.1:{port}");
    let (accepted, dropped) = server.source(&cookie, &name, 18);
    let dropped: Vec<_> = dropped.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    let expect = [("intermediate", 2), ("malformed", 1), ("not_a_call", 1), ("tcp", 1), ("unfinished", 1)];
    assert_eq!((accepted, &dropped[..]), (12, &expect[..]));
    server.wait_for(&cookie, 12);
    let by = |source: &str| -> BTreeSet<String> {
        let all = calls(&server, &cookie).into_iter();
        all.filter(|(_, of)| of == source).map(|(target, _)| target).collect()
    };
    assert_eq!(by("envoy:by-hand/web"), ["/behind", "/packed", "/plain"].map(str::to_owned).into());
    let seen = by("envoy:front-1/shop");
    assert!(seen.len() == 9 && seen.contains("/shop.Cart/Pay") && seen.contains("/old/a?b=c"), "{seen:?}");
    let endpoints = server.get("/api/v1/endpoints?host=127.0.0.1:18180", &cookie);
    assert_eq!(endpoints["rows"][0]["style"], "grpc", "{endpoints}");
    let (_, _, metrics) = server.request("GET /metrics", &[("cookie", &cookie)], b"").expect("an answer");
    let metrics = String::from_utf8_lossy(&metrics);
    for (what, count) in [
        (format!("apiarist_records_received_total{{source=\"{name}\"}}"), 18),
        (format!("apiarist_dropped_total{{source=\"{name}\",stage=\"decode\",reason=\"tcp\"}}"), 1),
        (format!("apiarist_source_counter{{source=\"{name}\",counter=\"connections\"}}"), 4),
    ] {
        assert!(metrics.contains(&format!("{what} {count}\n")), "{what} {count}: {metrics}");
    }
}

#[test]
fn what_is_no_access_log_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let (server, cookie, port) = listening(dir.path(), "");
    let runtime = runtime();
    let refused = |status: &str| (200, Vec::new(), status.to_owned());
    assert_eq!(stream(&runtime, port, &[GRPC], b"\0\xff\xff\xff\xffhuge", 99), refused("8"));
    // Unpacked it would be longer than a message may be.
    let bomb = framed(1, &gzip(&vec![0; 9 << 20]));
    assert_eq!(stream(&runtime, port, &[GRPC, ("grpc-encoding", "gzip")], &bomb, 1 << 14), refused("8"));
    let snappy = framed(1, b"?");
    assert_eq!(stream(&runtime, port, &[GRPC, ("grpc-encoding", "snappy")], &snappy, 99), refused("12"));
    assert_eq!(stream(&runtime, port, &[("content-type", "text/plain")], b"", 99), (415, vec![], "".into()));
    let other = runtime.block_on(async {
        let (mut send, response) = open(port, "/other.Service/Do", &[GRPC]).await;
        let _ = send.send_data(Bytes::new(), true);
        answer(response).await
    });
    assert_eq!(other, refused("12"));
    let (accepted, dropped) = server.source(&cookie, &format!("envoy-als:127.0.0.1:{port}"), 3);
    let dropped: Vec<_> = dropped.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    assert_eq!((accepted, &dropped[..]), (0, &[("malformed", 1), ("too_long", 2)][..]));
}

#[test]
fn a_sender_waits_for_a_server_that_is_full() {
    let dir = tempfile::tempdir().expect("a folder");
    let (server, cookie, port) = listening(dir.path(), "waiting_calls_max = 500\n");
    let paths: Vec<String> = (0..250).map(|number| format!("/item/{number}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let bytes = framed(0, &message(&paths)).repeat(40);
    assert_eq!(stream(&runtime(), port, &[GRPC], &bytes, 1 << 14), (200, EMPTY.to_vec(), "0".into()));
    let (accepted, dropped) = server.source(&cookie, &format!("envoy-als:127.0.0.1:{port}"), 10_000);
    // A batch that the queue refuses is offered again, which is no loss.
    assert_eq!((accepted, dropped), (10_000, [].into()));
}

#[test]
fn a_server_that_stops_ends_open_streams_and_keeps_what_they_brought() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut server, cookie, port) = listening(dir.path(), "");
    let runtime = runtime();
    let whole = framed(0, &message(&["/one", "/two"]));
    let (mut send, response) = runtime.block_on(async {
        let (mut send, response) = open(port, PATH, &[GRPC]).await;
        send.send_data(whole.clone().into(), false).expect("sent");
        (send, response)
    });
    let name = format!("envoy-als:127.0.0.1:{port}");
    // The connection lives on this runtime, which must run meanwhile.
    let asked = std::thread::scope(|scope| {
        let asking = scope.spawn(|| server.source(&cookie, &name, 2));
        runtime.block_on(async {
            while !asking.is_finished() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        });
        asking.join().expect("an answer")
    });
    assert_eq!(asked.0, 2);
    send.send_data(whole[..20].to_vec().into(), false).expect("sent");
    let stopped = std::thread::scope(|scope| {
        let stopping = scope.spawn(|| server.stop());
        let stopped = runtime.block_on(answer(response));
        stopping.join().expect("the server ends");
        stopped
    });
    assert_eq!(stopped, (200, Vec::new(), "14".to_owned()));
    let again = Server::start(&dir.path().join("data"));
    let cookie = again.enter();
    again.wait_for(&cookie, 2);
    let kept: BTreeSet<_> = calls(&again, &cookie).into_iter().map(|(target, _)| target).collect();
    assert_eq!(kept, ["/one", "/two"].map(str::to_owned).into());
}

#[test]
fn what_many_streams_unpack_to_at_once_has_a_limit() {
    const STREAMS: usize = 96;
    let dir = tempfile::tempdir().expect("a folder");
    // Nothing is handed on while a call waits.
    let (server, cookie, port) = listening(dir.path(), "waiting_calls_max = 1\n");
    let path = "x".repeat(14_000);
    let long = message(&vec![path.as_str(); 590]);
    let packed = framed(1, &gzip(&long));
    assert!(long.len() > 8_000_000 && packed.len() < 200_000);
    let before = server.peak_memory();
    let runtime = runtime();
    let _streams: Vec<Opened> = runtime.block_on(async {
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            let mut stream = open(port, PATH, &[GRPC, ("grpc-encoding", "gzip")]).await;
            stream.0.send_data(Bytes::from(packed.clone()), false).expect("sent");
            streams.push(stream);
        }
        streams
    });
    let name = format!("envoy-als:127.0.0.1:{port}");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| server.received(&cookie, &name, 8 * 590));
        runtime.block_on(async {
            while !asking.is_finished() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        });
    });
    let grown = server.peak_memory() - before;
    assert!(grown < STREAMS * long.len() / 2, "{grown} bytes for {STREAMS} messages of {}", long.len());
}

#[test]
fn a_connection_that_says_nothing_does_not_keep_the_server_from_stopping() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut server, cookie, port) = listening(dir.path(), "");
    let _silent = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a listener");
    server.counter(&cookie, &format!("envoy-als:127.0.0.1:{port}"), "connections_open", 1);
    // The other side has twenty seconds to speak HTTP/2.
    let (sender, stopped) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            server.stop();
            sender.send(()).expect("a receiver");
        });
        stopped.recv_timeout(std::time::Duration::from_secs(12)).expect("the server stops");
    });
}
