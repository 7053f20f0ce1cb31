//! OpenTelemetry's requests posted to the binary in both encodings: their calls are found through the API, once.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::Server;

/// A request as a golden case of the decoder holds it.
fn golden(case: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../decode/tests/golden").join(case);
    std::fs::read(path).expect("a golden case")
}

/// Posts a request with a token; the answer must be 200. Returns its body.
#[track_caller]
fn export(server: &Server, token: &str, (signal, media): (&str, &str), body: &[u8]) -> Vec<u8> {
    let bearer = format!("Bearer {token}");
    let fields = [("content-type", media), ("authorization", &bearer)];
    let head = format!("POST /api/v1/otlp/v1/{signal}");
    let (status, head, answer) = server.request(&head, &fields, body).expect("an answer");
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    assert!(head.to_ascii_lowercase().contains(&format!("content-type: {media}")), "{head}");
    answer
}

#[test]
fn exported_records_are_calls_and_a_request_counts_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path());
    let cookie = server.enter();
    let token = server.token(&cookie, "shop");

    let lines = golden("otlp-logs/input.jsonl");
    let logs = lines.split(|byte| *byte == b'\n').next().expect("a line");
    for _ in 0..2 {
        assert_eq!(export(&server, &token, ("logs", "application/json"), logs), b"{}");
    }
    let spans = golden("otlp-protobuf/input.pb");
    assert_eq!(export(&server, &token, ("traces", "application/x-protobuf"), &spans), b"");

    let deadline = Instant::now() + Duration::from_secs(30);
    let calls = loop {
        let calls = server.get("/api/v1/calls?size=500", &cookie);
        if calls["total"].as_u64() >= Some(11) {
            break calls;
        }
        assert!(Instant::now() < deadline, "{}", calls["total"]);
        std::thread::sleep(Duration::from_millis(50));
    };
    let rows = calls["rows"].as_array().expect("rows");
    let mut targets: Vec<&str> = rows.iter().filter_map(|row| row["target"].as_str()).collect();
    targets.sort_unstable();
    let expect = [
        "/cache",
        "/com.example.UserService/fail",
        "/com.example.UserService/find",
        "/gone",
        "/login",
        "/orders/1?x=%20",
        "/orders?dry=1",
        "/rpc",
        "/shop.Cart/Add",
        "/shop.Cart/Drop",
        "/users/7?full=1",
    ];
    assert_eq!(targets, expect);

    let status = server.get("/api/v1/status", &cookie);
    let source = &status["sources"][0];
    let shown = json!([source["name"], source["received"], source["accepted"]]);
    assert_eq!(shown, json!(["otlp:shop", 5 + 5 + 12, 11]));
    let dropped: u64 =
        source["dropped"].as_array().expect("drops").iter().filter_map(|drop| drop["records"].as_u64()).sum();
    assert_eq!(dropped, 11, "{source}");
}
