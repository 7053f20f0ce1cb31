//! The server killed in the middle of ingestion: what it acknowledged is there after the next start, once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::Server;

const PASSWORD: &str = "correct-horse-battery";
const BATCH: usize = 50;

#[test]
fn nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut acknowledged: BTreeSet<String> = BTreeSet::new();
    let mut number = 0;
    for round in 0..4_u64 {
        let mut server = Server::start(dir.path());
        let first = server.password.clone();
        assert_eq!(first.is_some(), round == 0, "the first password is printed once");
        let cookie = match &first {
            Some(password) => server.log_in(password, Some(PASSWORD)),
            None => server.log_in(PASSWORD, None),
        };
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
    let cookie = server.log_in(PASSWORD, None);
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

fn push(server: &Server, cookie: &str, ids: &[String]) -> bool {
    let lines: String = ids
        .iter()
        .map(|id| {
            format!(
                "{{\"id\":\"{id}\",\"ts\":\"2026-11-21T10:00:00Z\",\"method\":\"GET\",\"host\":\"crash.example\",\"target\":\"/items/{}\",\"status\":200,\"response\":{{\"headers\":[[\"content-type\",\"application/json\"]],\"body\":\"{{}}\"}}}}\n",
                id.trim_start_matches("call-")
            )
        })
        .collect();
    let headers = [("content-type", "application/x-ndjson"), ("cookie", cookie)];
    matches!(server.request("POST /api/v1/ingest", &headers, lines.as_bytes()), Ok((200, ..)))
}
