//! Traffic that the binary takes by itself: a live interface (needs root on Linux) and followed files.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Server, apiarist};

/// Calls of one scene.
const CALLS: usize = 30;

/// `apiarist capture` on the loopback interface, ready; `None` where that is not allowed.
fn capture(arguments: &[&str]) -> Option<(Child, BufReader<std::process::ChildStderr>)> {
    capture_on("lo", arguments)
}

/// The same on any interface.
fn capture_on(interface: &str, arguments: &[&str]) -> Option<(Child, BufReader<std::process::ChildStderr>)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_apiarist"))
        .args(["capture", "-i", interface, "--stats"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    stderr.read_line(&mut line).expect("text");
    if line.contains(&format!("capturing on {interface}")) {
        return Some((child, stderr));
    }
    assert!(line.contains("CAP_NET_RAW"), "{line}");
    eprintln!("skipped: {line}");
    let _ = child.wait();
    None
}

/// A server that answers every request with its own path, and the calls to it.
fn exchange(listener: &TcpListener) {
    let address = listener.local_addr().expect("bound");
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..CALLS {
                let (mut stream, _) = listener.accept().expect("a client");
                let mut request = [0; 500];
                let len = stream.read(&mut request).expect("a request");
                let body =
                    String::from_utf8_lossy(&request[..len]).split(' ').nth(1).unwrap_or("").to_owned();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).expect("a client that reads");
            }
        });
        for n in 0..CALLS {
            let mut stream = TcpStream::connect(address).expect("a server");
            stream
                .write_all(format!("GET /item/{n} HTTP/1.1\r\nHost: a.example\r\n\r\n").as_bytes())
                .expect("sent");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).expect("an answer");
        }
    });
}

/// Target and body of every call, sorted.
fn calls(text: &str) -> Vec<(String, String)> {
    let field = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).unwrap_or("").to_owned();
    let mut calls: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a call record"))
        .map(|call: Value| (field(&call, "/target"), field(&call, "/response/body")))
        .collect();
    calls.sort();
    calls
}

fn expected() -> Vec<(String, String)> {
    let mut calls: Vec<_> = (0..CALLS).map(|n| (format!("/item/{n}"), format!("/item/{n}"))).collect();
    calls.sort();
    calls
}

#[test]
fn an_interface_gives_the_same_calls_on_one_thread_and_on_two() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let filter = format!("tcp port {}", listener.local_addr().expect("bound").port());
    let common = ["--duration", "4", "--filter", &filter, "--user", "nobody"];
    let Some(one) = capture(&common) else { return };
    let two = capture(&[&common[..], &["--threads", "2"]].concat()).expect("allowed before");
    exchange(&listener);
    for (child, mut stderr) in [one, two] {
        let output = child.wait_with_output().expect("it ends");
        let mut told = String::new();
        stderr.read_to_string(&mut told).expect("text");
        assert!(output.status.success(), "{told}");
        assert_eq!(calls(&String::from_utf8_lossy(&output.stdout)), expected(), "{told}");
        // Loopback shows each packet twice; one of the two is left out.
        for counter in ["kernel_drops 0\n", "repeated_bytes 0\n", "gaps 0\n", "calls_dropped 0\n"] {
            assert!(told.contains(counter), "{told}");
        }
    }
}

#[test]
fn what_is_more_than_asked_for_is_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let filter = format!("tcp port {}", listener.local_addr().expect("bound").port());
    let Some((child, mut stderr)) = capture(&["--count", "5", "--filter", &filter]) else { return };
    exchange(&listener);
    let output = child.wait_with_output().expect("it ends");
    let mut told = String::new();
    stderr.read_to_string(&mut told).expect("text");
    assert!(output.status.success(), "{told}");
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 5);
    let counter = |name: &str| {
        let value = told
            .lines()
            .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' ')?.parse::<u64>().ok());
        value.unwrap_or_else(|| panic!("no {name}: {told}"))
    };
    assert_eq!(counter("calls"), 5 + counter("calls_beyond_count") + counter("calls_dropped"), "{told}");
}

/// Makes or removes the ends of a virtual cable; true when that went well.
fn cable(action: &str, name: &str) -> bool {
    let peer = format!("{name}p");
    let arguments = match action {
        "add" => vec!["link", "add", name, "up", "type", "veth", "peer", "name", &peer],
        _ => vec!["link", "del", name],
    };
    Command::new("ip").args(arguments).output().is_ok_and(|output| output.status.success())
}

#[test]
fn an_interface_that_is_removed_is_waited_for_by_one_thread_and_ends_two() {
    let name = format!("ar{}", std::process::id() % 1_000_000);
    if !cable("add", &name) {
        eprintln!("skipped: a virtual cable cannot be made (needs root and iproute2)");
        return;
    }
    let one = capture_on(&name, &["--duration", "5", "--user", "nobody"]).expect("root may capture");
    let two = capture_on(&name, &["--duration", "60", "--threads", "2"]).expect("root may capture");
    assert!(cable("del", &name));
    let end = |(child, mut stderr): (Child, BufReader<std::process::ChildStderr>)| {
        let output = child.wait_with_output().expect("it ends");
        let mut told = String::new();
        stderr.read_to_string(&mut told).expect("text");
        (output.status.code(), told)
    };
    // By the time that two threads have ended, the one has noticed as well.
    let (status, told) = end(two);
    assert!(
        status == Some(2) && told.ends_with(&format!("apiarist: {name}: capturing has ended\n")),
        "{told}"
    );
    assert!(cable("add", &name));
    let (status, told) = end(one);
    assert!(cable("del", &name));
    assert!(status == Some(0) && told.contains("the interface was made again and is read"), "{told}");
}

/// What `/proc` says of the privileges of every thread of a process.
#[track_caller]
fn check_privileges(id: u32, is_nobody: bool) {
    let mut threads = 0;
    for thread in std::fs::read_dir(format!("/proc/{id}/task")).expect("a process") {
        let status = std::fs::read_to_string(thread.expect("a thread").path().join("status"));
        let status = status.expect("it runs");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.expect("Linux").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        for ids in [field("Uid:"), field("Gid:")] {
            assert!(!is_nobody || ids.iter().all(|id| id != "0"), "{status}");
        }
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
            assert_eq!(field(set), ["0000000000000000"], "{set} {status}");
        }
        assert_eq!(field("NoNewPrivs:"), ["1"], "{status}");
        threads += 1;
    }
    assert!(threads > 1, "the one that captures, too");
}

#[test]
fn privileges_are_gone_once_the_interface_is_open() {
    let filter = ["--filter", "tcp port 9", "--duration", "4"];
    let Some((mut child, _stderr)) = capture(&[&filter[..], &["--user", "nobody"]].concat()) else { return };
    check_privileges(child.id(), true);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_server_counts_the_calls_of_an_interface_and_has_no_capability() {
    let Some((mut allowed, _stderr)) = capture(&["--filter", "tcp port 9", "--duration", "0"]) else {
        return;
    };
    assert!(allowed.wait().expect("it ends").success());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let dir = tempfile::tempdir().expect("a folder");
    let config = format!("[[source]]\nkind = \"interface\"\nname = \"lo\"\nfilter = \"tcp port {port}\"\n");
    let (server, cookie) = Server::configured(dir.path(), &config);
    // The data folder belongs to root, and so does the process.
    check_privileges(server.id(), false);
    exchange(&listener);
    assert_eq!(server.source(&cookie, "lo", CALLS as u64), (CALLS as u64, [].into()));
}

/// An instance that is busy at first: hands out the bodies that it accepted.
fn busy_instance(listener: TcpListener) -> Receiver<String> {
    let (sender, bodies) = channel();
    thread::spawn(move || {
        let mut refused = None;
        for number in 0.. {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let (mut text, mut buffer) = (String::new(), [0; 4_096]);
            let complete = |text: &str| {
                let (head, body) = text.split_once("\r\n\r\n")?;
                let len = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?;
                (body.len() >= len.parse::<usize>().ok()?).then(|| body.to_owned())
            };
            while complete(&text).is_none() {
                let len = stream.read(&mut buffer).expect("a batch");
                assert!(len > 0, "the batch breaks off");
                text.push_str(&String::from_utf8_lossy(&buffer[..len]));
            }
            assert!(
                text.starts_with("POST /api/v1/ingest ")
                    && text.contains("\r\nAuthorization: Bearer key\r\n")
            );
            let body = complete(&text).unwrap_or_default();
            let id = text.lines().find_map(|line| line.strip_prefix("X-Batch-Id: ")).map(str::to_owned);
            assert_eq!(
                (number == 0, id.is_none()),
                (body.is_empty(), body.is_empty()),
                "greeted once, first"
            );
            let is_busy = number == 1;
            if number == 2 {
                assert_eq!(refused.as_ref(), Some(&(id.clone(), body.clone())), "the same batch again");
            }
            refused = is_busy.then(|| (id, body.clone()));
            let answer: &[u8] = if is_busy {
                b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
            } else {
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
            };
            stream.write_all(answer).expect("a sender that reads");
            if !is_busy && sender.send(body).is_err() {
                return;
            }
        }
    });
    bodies
}

#[test]
fn calls_reach_an_instance_that_was_busy() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let instance = TcpListener::bind("127.0.0.1:0").expect("a port");
    let into = format!("http://{}", instance.local_addr().expect("bound"));
    let bodies = busy_instance(instance);
    let filter = format!("tcp port {}", listener.local_addr().expect("bound").port());
    let arguments = ["--duration", "4", "--filter", &filter, "--into", &into, "--token", "key"];
    let Some((mut child, _stderr)) = capture(&arguments) else { return };
    exchange(&listener);
    assert!(child.wait().expect("it ends").success());
    let all: String = bodies.try_iter().collect();
    assert_eq!(calls(&all), expected());
}

#[test]
fn what_cannot_be_captured_gets_one_line() {
    for (arguments, expect) in [
        (&["-i", "nosuch0"][..], "nosuch0: no such interface; there are: "),
        (&["-i", "lo", "--filter", "tcp port"], "filter: a port is missing (at character 9)"),
        (&["-i", "lo", "--into", "ftp://x", "--token", "t"], "only http:// is spoken"),
        (&["-i", "lo", "--data", "d", "--stats"], "--stats does not go with --data and --listen"),
        (&["-i", "lo", "--rsa-key", "nosuch.pem"], "cannot read RSA key nosuch.pem"),
        (&["-i", "lo", "--descriptors", "nosuch.pb"], "cannot read descriptors nosuch.pb"),
    ] {
        let output = apiarist(&[&["capture"], arguments].concat());
        let line = crate::support::one_line(&output);
        assert!(output.status.code() == Some(2) && line.contains(expect), "{line}");
    }
}

fn append(path: &Path, from: usize, to: usize) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a log");
    for n in from..to {
        writeln!(file, "10.0.0.7 - - [02/Jan/2026:10:00:00 +0000] \"GET /item/{n} HTTP/1.1\" 200 5")
            .expect("written");
    }
}

#[test]
fn a_followed_log_survives_kill_and_rotation() {
    let dir = tempfile::tempdir().expect("a folder");
    let (log, config) = (dir.path().join("access.log"), dir.path().join("apiarist.toml"));
    std::fs::write(&config, format!("[[source]]\nkind = \"file\"\npath = {:?}\n", log.display().to_string()))
        .expect("written");
    let arguments = ["--config", config.to_str().expect("a path")];
    let data = dir.path().join("data");
    let start = |first: bool| {
        let server = Server::start_with(&data, &arguments);
        let cookie = server.enter();
        assert_eq!(server.password.is_some(), first);
        (server, cookie)
    };
    // The log is longer by so many lines each time; in between it is renamed while nobody looks.
    let (mut server, mut cookie) = start(true);
    let mut lines = 0;
    for round in 0..3 {
        append(&log, lines, lines + 20);
        lines += 20;
        settle(&server, &cookie, lines);
        server.kill();
        append(&log, lines, lines + 5);
        lines += 5;
        (server, cookie) = start(false);
        settle(&server, &cookie, lines);
        if round == 1 {
            std::fs::rename(&log, dir.path().join("access.log.1")).expect("renamed");
        }
    }
    let rows = server.get("/api/v1/calls?size=500", &cookie);
    let targets: Vec<&str> =
        rows["rows"].as_array().expect("rows").iter().filter_map(|row| row["target"].as_str()).collect();
    let distinct: BTreeSet<&str> = targets.iter().copied().collect();
    assert_eq!((distinct.len(), targets.len()), (lines, lines), "every line once");
}

/// Waits for the calls. Positions are written right after the calls are safe.
#[track_caller]
fn settle(server: &Server, cookie: &str, calls: usize) {
    server.wait_for(cookie, calls);
    thread::sleep(Duration::from_millis(300));
}
