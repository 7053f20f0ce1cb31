//! Traffic that others send to the server: syslog over UDP and TCP; and what is known of followed logs.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::thread;

use crate::support::{Ending, Server, free_port};

fn line(target: &str) -> String {
    format!("10.0.0.7 - - [21/Nov/2026:10:00:00 +0000] \"GET {target} HTTP/1.1\" 200 5")
}

/// Targets and sources of all calls.
pub fn calls(server: &Server, cookie: &str) -> BTreeSet<(String, String)> {
    let page = server.get("/api/v1/calls?size=500", cookie);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let rows = page["rows"].as_array().expect("rows");
    rows.iter().map(|row| (text(&row["target"]), text(&row["source"]))).collect()
}

pub fn syslog(port: u16) -> String {
    format!("[[source]]\nkind = \"syslog\"\nlisten = \"127.0.0.1:{port}\"\n")
}

#[test]
fn syslog_is_taken_in_every_framing_and_nothing_goes_uncounted() {
    let dir = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let (server, cookie) = Server::configured(dir.path(), &syslog(port));
    let datagrams = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    for message in [
        format!("<190>Nov 21 10:00:00 web1 nginx: {}", line("/udp")),
        format!("<134>1 2026-11-21T18:00:00+08:00 web2 app - - [x y=\"]\"] {}", line("/modern")),
        "<38>Nov 21 10:00:00 web1 sshd[7]: Accepted publickey for root".to_owned(),
        "hello".to_owned(),
        String::new(),
    ] {
        datagrams.send_to(message.as_bytes(), ("127.0.0.1", port)).expect("sent");
    }
    let send = |bytes: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
        stream.write_all(bytes.as_bytes()).expect("sent");
    };
    let message = |target: &str| format!("<190>Nov 21 10:00:00 web3 nginx: {}", line(target));
    let counted = |message: String| format!("{} {message}", message.len());
    send(&format!("{}\n{}", message("/line/1"), message("/line/2")));
    send(&(counted(message("/octets/1")) + &counted(message("/octets/2")) + "300 <190>cut"));
    send(&format!("{}\0{}\0", message("/zero"), "x".repeat(1 << 20) + "x"));
    let name = format!("syslog:127.0.0.1:{port}");
    let (accepted, dropped) = server.source(&cookie, &name, 12);
    let dropped: Vec<_> = dropped.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    assert_eq!(dropped, [("malformed", 2), ("not_a_call", 1), ("too_long", 1), ("unfinished", 1)]);
    assert_eq!(accepted, 7);
    server.wait_for(&cookie, 7);
    let expect = [
        ("/line/1", "syslog:web3/nginx"),
        ("/line/2", "syslog:web3/nginx"),
        ("/modern", "syslog:web2/app"),
        ("/octets/1", "syslog:web3/nginx"),
        ("/octets/2", "syslog:web3/nginx"),
        ("/udp", "syslog:web1/nginx"),
        ("/zero", "syslog:web3/nginx"),
    ];
    assert_eq!(calls(&server, &cookie), expect.map(|(target, source)| (target.into(), source.into())).into());
    let metric =
        format!("apiarist_dropped_total{{source=\"{name}\",stage=\"receive\",reason=\"too_long\"}} 1\n");
    let (_, _, metrics) = server.request("GET /metrics", &[("cookie", &cookie)], b"").expect("an answer");
    assert!(String::from_utf8_lossy(&metrics).contains(&metric));
}

#[test]
fn senders_over_tcp_wait_for_a_server_that_is_full() {
    let dir = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let config = format!("waiting_calls_max = 1000\n{}protocol = \"tcp\"\n", syslog(port));
    let (server, cookie) = Server::configured(dir.path(), &config);
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
                for number in 0..3_000 {
                    let line = line(&format!("/item/{sender}/{number}"));
                    writeln!(stream, "<190>Nov 21 10:00:00 web{sender} nginx: {line}").expect("sent");
                }
            })
        })
        .collect();
    for sender in senders {
        sender.join().expect("all is sent");
    }
    let (accepted, dropped) = server.source(&cookie, &format!("syslog:127.0.0.1:{port}"), 12_000);
    // A batch that the queue refuses is offered again, which is no loss.
    assert_eq!((accepted, dropped), (12_000, [].into()));
    server.counter(&cookie, &format!("syslog:127.0.0.1:{port}"), "retries", 1);
}

#[test]
fn one_sender_cannot_take_every_place() {
    let dir = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let (server, cookie) = Server::configured(dir.path(), &format!("{}protocol = \"tcp\"\n", syslog(port)));
    let name = format!("syslog:127.0.0.1:{port}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let connect = |from: &str| {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(format!("{from}:0").parse().expect("an address")).expect("loopback");
        let to = format!("127.0.0.1:{port}").parse().expect("an address");
        let stream = runtime.block_on(socket.connect(to)).expect("a listener");
        let stream = stream.into_std().expect("a socket");
        stream.set_nonblocking(false).expect("a socket");
        stream
    };
    // Loopback has more than one address.
    let many: Vec<_> = (0..131).map(|_| connect("127.0.0.2")).collect();
    server.counter(&cookie, &name, "connections_refused", 3);
    let message = format!("<190>Nov 21 10:00:00 web1 nginx: {}\n", line("/other"));
    connect("127.0.0.3").write_all(message.as_bytes()).expect("sent");
    assert_eq!(server.source(&cookie, &name, 1), (1, [].into()));
    server.counter(&cookie, &name, "connections", 129);
    // A place that is given back is there for the next one.
    drop(many);
    server.wait_for(&cookie, 1);
    loop {
        let mut stream = connect("127.0.0.2");
        let _ = stream.write_all(message.as_bytes());
        drop(stream);
        let page = server.get("/api/v1/calls?size=1", &cookie);
        if page["total"].as_u64() >= Some(2) {
            break;
        }
    }
}

#[test]
fn a_followed_log_of_ones_own_layout_is_read_and_counted() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = dir.path().join("own.log");
    std::fs::write(&log, "GET /a => 200 from 10.0.0.7\nnot this one\nGET /b => 404 from 10.0.0.8\n")
        .expect("written");
    let layout = "$request_method $request_uri => $status from $remote_addr";
    let path = log.display();
    let config = format!("[[source]]\nkind = \"file\"\npath = \"{path}\"\nlog_format = \"{layout}\"\n");
    let (server, cookie) = Server::configured(dir.path(), &config);
    server.wait_for(&cookie, 2);
    let targets: Vec<_> = calls(&server, &cookie).into_iter().map(|(target, _)| target).collect();
    assert_eq!(targets, ["/a", "/b"]);
    assert_eq!(server.source(&cookie, &path.to_string(), 3), (2, [("malformed".to_owned(), 1)].into()));
    let status = server.get("/api/v1/status", &cookie);
    let counters = &status["sources"][0]["counters"];
    assert_eq!((&counters["lines"], &counters["malformed_lines"]), (&3.into(), &1.into()), "{status}");

    let follow = Command::new(env!("CARGO_BIN_EXE_apiarist"))
        .args(["decode", "--follow", "--log-format", layout, log.to_str().expect("a path")])
        .stdout(Stdio::piped())
        .spawn();
    let mut follow = Ending(follow.expect("the binary runs"));
    let lines = BufReader::new(follow.0.stdout.take().expect("piped")).lines();
    let targets: Vec<String> = lines.take(2).map(|line| line.expect("a call")).collect();
    assert!(targets[0].contains("\"/a\"") && targets[1].contains("\"/b\""), "{targets:?}");
}

#[test]
fn an_address_that_is_taken_gets_one_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let port = taken.local_addr().expect("bound").port();
    let file = dir.path().join("apiarist.toml");
    std::fs::write(&file, syslog(port)).expect("written");
    let output = crate::support::apiarist(&[
        "serve",
        "--config",
        file.to_str().expect("a path"),
        "--data",
        dir.path().join("data").to_str().expect("a path"),
    ]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2)
            && text.contains(&format!(
                "source syslog:127.0.0.1:{port}: 127.0.0.1:{port}: cannot listen: Address already in use"
            )),
        "{text}"
    );
}
