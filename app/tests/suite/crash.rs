//! The server killed in the middle of ingestion: what it acknowledged is there after the next start, once.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::support::Server;

const BATCH: usize = 50;

#[test]
fn nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut acknowledged: BTreeSet<String> = BTreeSet::new();
    let mut number = 0;
    for round in 0..4_u64 {
        let mut server = Server::start(dir.path());
        assert_eq!(server.password.is_some(), round == 0, "the first password is printed once");
        let cookie = server.enter();
        // Killed after a time that differs by round, while batches are on their way.
        let end = Instant::now() + Duration::from_millis(400 + round * 350);
        while Instant::now() < end {
            let sent: Vec<String> = (0..BATCH)
                .map(|_| {
                    number += 1;
                    format!("call-{number}")
                })
                .collect();
            if push(&server, &cookie, &sent) {
                acknowledged.extend(sent);
            }
        }
        server.kill();
        assert!(!acknowledged.is_empty());
    }
    let server = Server::start(dir.path());
    let cookie = server.enter();
    let total = acknowledged.len() as u64;
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.get("/api/v1/calls?size=1", &cookie)["total"].as_u64() < Some(total) {
        assert!(Instant::now() < deadline, "acknowledged calls are missing");
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut found = Vec::new();
    for page in 1.. {
        let rows = server.get(&format!("/api/v1/calls?size=500&page={page}"), &cookie);
        let ids: Vec<String> = rows["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter_map(|row| row["id"].as_str().map(str::to_owned))
            .collect();
        if ids.is_empty() {
            break;
        }
        found.extend(ids);
    }
    let distinct: BTreeSet<String> = found.iter().cloned().collect();
    assert_eq!(distinct.len(), found.len(), "no call twice");
    assert!(acknowledged.is_subset(&distinct));
    // The inventory has learned every call too, once.
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let endpoints = server.get("/api/v1/endpoints?host=crash.example", &cookie);
        let calls: u64 =
            endpoints["rows"].as_array().expect("rows").iter().filter_map(|row| row["calls"].as_u64()).sum();
        if calls == found.len() as u64 {
            break;
        }
        assert!(Instant::now() < deadline, "{calls} calls in the inventory, {} in the log", found.len());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A batch that was on its way when the server was killed is sent again, whatever became of it: it counts once.
#[test]
fn a_batch_sent_again_after_a_crash_counts_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut cookie, mut batches) = (None, Vec::new());
    for round in 0..3_u64 {
        let mut server = Server::start(dir.path());
        let session = server.enter();
        for number in round * 20..round * 20 + 20 {
            let ids: Vec<String> =
                (0..BATCH).map(|call| format!("call-{}", number as usize * BATCH + call)).collect();
            batches.push((number.to_string(), lines(&ids)));
        }
        for (number, (id, body)) in batches.iter().enumerate() {
            if number + 1 < batches.len() {
                assert_eq!(push_once(&server, &session, id, body), BATCH as u64, "batch {id}");
            } else {
                // Nobody waits for the answer to the last one.
                let head = format!(
                    "POST /api/v1/ingest HTTP/1.1\r\nhost: a\r\ncookie: {session}\r\nx-requested-with: apiarist\r\n\
                     x-batch-id: {id}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let mut stream = std::net::TcpStream::connect(&server.address).expect("a connection");
                stream.write_all(head.as_bytes()).expect("sent");
                std::thread::sleep(Duration::from_millis(round * 3));
            }
        }
        server.kill();
        cookie = Some(session);
    }
    let server = Server::start(dir.path());
    let cookie = cookie.expect("a session");
    for (id, body) in &batches {
        assert_eq!(push_once(&server, &cookie, id, body), BATCH as u64, "batch {id}");
    }
    let total = (batches.len() * BATCH) as u64;
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let status = server.get("/api/v1/status", &cookie);
        if status["ingest"]["waiting"] == 0 && server.get("/api/v1/calls?size=1", &cookie)["total"] == total {
            let source = &status["sources"][0];
            let dropped: u64 = source["dropped"]
                .as_array()
                .expect("a list")
                .iter()
                .filter_map(|drop| drop["records"].as_u64())
                .sum();
            assert_eq!(
                source["received"].as_u64(),
                source["accepted"].as_u64().map(|calls| calls + dropped),
                "{source}"
            );
            return;
        }
        assert!(Instant::now() < deadline, "{}", server.get("/api/v1/calls?size=1", &cookie)["total"]);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Pushes a batch with an id; how many calls the server says that it accepted.
fn push_once(server: &Server, cookie: &str, id: &str, body: &str) -> u64 {
    let headers = [("content-type", "application/x-ndjson"), ("cookie", cookie), ("x-batch-id", id)];
    let (status, _, answer) =
        server.request("POST /api/v1/ingest", &headers, body.as_bytes()).expect("an answer");
    assert_eq!(status, 200);
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
    answer["accepted"].as_u64().expect("a number")
}

fn push(server: &Server, cookie: &str, ids: &[String]) -> bool {
    let lines = lines(ids);
    let headers = [("content-type", "application/x-ndjson"), ("cookie", cookie)];
    matches!(server.request("POST /api/v1/ingest", &headers, lines.as_bytes()), Ok((200, ..)))
}

fn lines(ids: &[String]) -> String {
    ids.iter()
        .map(|id| {
            format!(
                "{{\"id\":\"{id}\",\"ts\":\"2026-11-21T10:00:00Z\",\"method\":\"GET\",\"host\":\"crash.example\",\"target\":\"/items/{}\",\"status\":200,\"response\":{{\"headers\":[[\"content-type\",\"application/json\"]],\"body\":\"{{}}\"}}}}\n",
                id.trim_start_matches("call-")
            )
        })
        .collect()
}
