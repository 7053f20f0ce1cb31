//! A real nginx that sends its access log over syslog, and copies of requests as the manual says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::listeners::{calls, syslog};
use crate::support::{Ending, Server, free_port};

/// Starts nginx with these directives of `http`, as one process; `None` where it is not installed.
fn nginx(dir: &Path, http: &str) -> Option<Ending> {
    let here = dir.display();
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {here}/{kind};\n"))
        .concat();
    let config = format!(
        "daemon off;\nmaster_process off;\npid {here}/nginx.pid;\nerror_log {here}/error.log;\nevents {{}}\n\
         http {{\n{paths}  access_log off;\n{http}\n}}\n"
    );
    let file = dir.join("nginx.conf");
    fs::write(&file, config).expect("written");
    let run = |program: &str| {
        Command::new(program)
            .args(["-c", file.to_str().expect("a path"), "-p", dir.to_str().expect("a path")])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    };
    let child = run("nginx").or_else(|_| run("/usr/sbin/nginx"));
    if child.is_err() {
        eprintln!("skipped: nginx is not installed");
    }
    child.ok().map(Ending)
}

/// A request to nginx, which may still be starting; the answer.
#[track_caller]
fn ask(nginx: &mut Ending, port: u16, request: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut stream = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < deadline, "{error}, {:?}", nginx.0.try_wait()),
        }
        thread::sleep(Duration::from_millis(20));
    };
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn its_access_log_comes_over_syslog() {
    let dir = tempfile::tempdir().expect("a folder");
    let (port, web) = (free_port(), free_port());
    let site = format!(
        "server {{ listen 127.0.0.1:{web}; location / {{\n\
         access_log syslog:server=127.0.0.1:{port},tag=shop combined; return 200 ok; }} }}"
    );
    let Some(mut nginx) = nginx(dir.path(), &site) else { return };
    let (server, cookie) = Server::configured(dir.path(), &syslog(port));
    let mut targets = BTreeSet::new();
    for number in 0..20 {
        let target = format!("/item/{number}?q=%22a%20b%22");
        let request = format!("GET {target} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n");
        ask(&mut nginx, web, &request);
        targets.insert(target);
    }
    let (accepted, dropped) = server.source(&cookie, &format!("syslog:127.0.0.1:{port}"), 20);
    assert_eq!((accepted, dropped), (20, BTreeMap::new()));
    server.wait_for(&cookie, 20);
    let calls = calls(&server, &cookie);
    assert!(
        calls.iter().all(|(_, source)| source.starts_with("syslog:") && source.ends_with("/shop")),
        "{calls:?}"
    );
    assert_eq!(calls.into_iter().map(|(target, _)| target).collect::<BTreeSet<_>>(), targets);
}

/// The directives that docs/configuration.md gives for a mirror.
fn documented_mirror() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let manual = fs::read_to_string(path).expect("the manual");
    let (_, rest) = manual.split_once("## nginx mirror").expect("its section");
    let (_, rest) = rest.split_once("```nginx\n").expect("its example");
    rest.split_once("```").expect("an end").0.to_owned()
}

#[test]
fn its_mirror_copies_requests_as_the_manual_says() {
    let dir = tempfile::tempdir().expect("a folder");
    let (web, application) = (free_port(), free_port());
    let (server, cookie) = Server::configured(dir.path(), "");
    let token = server.token(&cookie, "edge");
    let mirror = documented_mirror()
        .replace("http://application", &format!("http://127.0.0.1:{application}"))
        .replace("127.0.0.1:7480", &server.address)
        .replace("<API token>", &token);
    let sites = format!(
        "server {{ listen 127.0.0.1:{application}; location / {{ return 200 ok; }} }}\n\
         server {{ listen 127.0.0.1:{web};\n{mirror}\n}}"
    );
    let Some(mut nginx) = nginx(dir.path(), &sites) else { return };
    let head = "Host: shop.example:8080\r\nAuthorization: Bearer abc\r\nConnection: close\r\n";
    let read = format!("GET /orders/7?full=%C3%A9&x=1 HTTP/1.1\r\n{head}\r\n");
    let body = r#"{"phone":"13800138000"}"#;
    let length = body.len();
    let write = format!(
        "PUT /orders/7 HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    for request in [read, write] {
        let answer = ask(&mut nginx, web, &request);
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
    }
    let (accepted, dropped) = server.source(&cookie, "mirror:edge", 2);
    assert_eq!((accepted, dropped), (2, BTreeMap::new()));
    server.wait_for(&cookie, 2);

    let page = server.get("/api/v1/calls?size=500", &cookie);
    let mut seen: Vec<_> = page["rows"].as_array().expect("rows").iter().collect();
    seen.sort_by_key(|row| row["method"].as_str());
    let of = |name: &str| seen.iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("method"), ["GET", "PUT"]);
    assert_eq!(of("target"), ["/orders/7?full=%C3%A9&x=1", "/orders/7"]);
    assert_eq!(of("host"), ["shop.example:8080", "shop.example:8080"]);
    assert_eq!(of("client"), ["127.0.0.1", "127.0.0.1"]);
    let call = server.get(&format!("/api/v1/calls/{}", seen[1]["id"].as_str().expect("an id")), &cookie);
    assert_eq!(call["request"]["body_size"], json!(length), "{call}");
}
