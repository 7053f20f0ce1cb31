//! HTTP/2 and gRPC captures with recorded truth: every call, its status, its messages, and its body to the byte.

#![allow(clippy::print_stdout, reason = "the tests say what they looked at")]

mod support;

use model::Call;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use support::{decode_file, json, shared};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_h2c_transaction_to_the_byte() {
    let Some(dir) = shared("data/captures/loopback") else { return };
    let truth = json(&dir.join("h2c.truth.json"));
    let (calls, outcome) = decode_file(&dir.join("h2c.pcap"));
    let expect = truth["transactions"].as_array().expect("transactions");
    assert_eq!(calls.len(), expect.len(), "{:?}", outcome.stats);
    for (call, expect) in calls.iter().zip(expect) {
        let body = call.response.as_ref().expect("a response").body();
        assert_eq!(
            (call.method.as_str(), call.target.as_str()),
            (expect["method"].as_str().unwrap_or_default(), expect["path"].as_str().unwrap_or_default())
        );
        assert_eq!(call.status.map(u64::from), expect["status"].as_u64(), "{}", call.target);
        assert_eq!(sha256(body), expect["rsp_body_sha256"], "{} {:?}", call.target, call.anomalies);
        if let Some(len) = expect["req_body_len"].as_u64() {
            assert_eq!(call.request.as_ref().expect("a request").body_size, Some(len), "{}", call.target);
        }
        assert_eq!((&*call.protocol, &call.anomalies[..]), ("http/2", &[][..]), "{}", call.target);
    }
    assert!(calls.is_sorted_by_key(|call| call.ts));
}

#[test]
fn every_grpc_call_with_its_messages() {
    let Some(dir) = shared("data/captures/loopback") else { return };
    let truth = json(&dir.join("grpc.truth.json"));
    let (calls, outcome) = decode_file(&dir.join("grpc.pcap"));
    let expect = truth["calls"].as_array().expect("calls");
    assert_eq!(calls.len(), expect.len(), "{:?}", outcome.stats);
    for (call, expect) in calls.iter().zip(expect) {
        let count = |client| call.messages.iter().filter(|message| message.from_client == client).count();
        assert_eq!(call.target, expect["path"]);
        assert_eq!(
            (Some(count(true) as u64), Some(count(false) as u64)),
            (expect["request_messages"].as_u64(), expect["response_messages"].as_u64()),
            "{}",
            call.target
        );
        let status = call.response.as_ref().and_then(|response| response.headers.get("grpc-status"));
        assert_eq!(status, expect["grpc_status"].as_u64().map(|status| status.to_string()).as_deref());
        assert_eq!(
            (&*call.protocol, call.status, &call.anomalies[..]),
            ("grpc", Some(200), &[][..]),
            "{}",
            call.target
        );
        assert!(call.messages.iter().all(|message| message.kind == "protobuf"));
        let rpc = call.rpc.as_ref().expect("a procedure");
        assert_eq!(format!("/{}/{}", rpc.service, rpc.method), call.target);
    }
}

/// Method, host, target and status; what is not known is empty.
type Line = (String, String, String, Option<u64>);

fn line(call: &Call) -> Line {
    (call.method.clone(), call.host.clone(), call.target.clone(), call.status.map(u64::from))
}

fn expected(line: &Value) -> Line {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&line["method"]), text(&line["host"]), text(&line["uri"]), line["status"].as_u64())
}

/// Captures in which more is found than the tools that wrote the truth say; see docs/accuracy.md.
const MORE: [&str; 2] = ["http2-nghttp2", "grpc-unknown"];

#[test]
fn public_captures_of_http2_and_grpc() {
    let Some(dir) = shared("data/captures") else { return };
    let mut wrong = Vec::new();
    let mut paths = vec![dir.join("arkime/pcap/http2-nghttp2.pcap")];
    let folder = std::fs::read_dir(dir.join("deepflow/flow_generator/http")).expect("a folder");
    paths.extend(folder.filter_map(|entry| Some(entry.ok()?.path())));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pcap"));
    paths.sort();
    for path in paths {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let truth = json(&path.with_extension("pcap.expected.json"));
        if !truth["features"].as_array().is_some_and(|features| features.contains(&"http2".into())) {
            continue;
        }
        let (calls, outcome) = decode_file(&path);
        let mut found: Vec<Line> = calls.iter().map(line).collect();
        let transactions = truth["transactions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut expect: Vec<Line> = transactions.iter().map(expected).collect();
        found.sort();
        expect.sort();
        let messages: usize = calls.iter().map(|call| call.messages.len()).sum();
        let truth_messages = truth["grpc_messages"].as_u64().unwrap_or_default();
        let odd: Vec<_> = calls.iter().flat_map(|call| &call.anomalies).collect();
        println!(
            "{name}: {} of {} calls, {messages} of {truth_messages} messages {odd:?}",
            found.len(),
            expect.len()
        );
        if !MORE.contains(&name.as_str()) && (found != expect || messages as u64 != truth_messages) {
            let counters = outcome.stats.counters();
            let counters: Vec<_> = counters.iter().filter(|counter| counter.1 > 0).collect();
            wrong.push(format!("{name}\n  found {found:?}\n  truth {expect:?}\n  {counters:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
