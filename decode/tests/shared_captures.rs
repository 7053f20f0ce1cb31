//! Captures with recorded truth: every call, its status, and its body to the byte.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::Call;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use support::{decode, decode_file, json, shared};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_loopback_transaction_to_the_byte() {
    every_transaction("http1");
}

#[test]
fn every_loopback_transaction_inside_tls_to_the_byte() {
    every_transaction("https-tls13");
}

fn every_transaction(name: &str) {
    let Some(dir) = shared("data/captures/loopback") else { return };
    let truth = json(&dir.join(format!("{name}.truth.json")));
    let (calls, outcome) = decode_file(&dir.join(format!("{name}.pcap")));
    let expect = truth["transactions"].as_array().expect("transactions");
    assert_eq!(calls.len(), expect.len());
    for (call, expect) in calls.iter().zip(expect) {
        let (request, response) =
            (call.request.as_ref().expect("request"), call.response.as_ref().expect("response"));
        assert_eq!(call.method, expect["method"], "{}", call.target);
        assert_eq!(call.target, expect["path"]);
        assert_eq!(u64::from(call.status.expect("status")), expect["status"].as_u64().expect("status"));
        assert_eq!(
            Some(response.body().len() as u64),
            expect["rsp_body_decoded_len"].as_u64(),
            "{}",
            call.target
        );
        assert_eq!(sha256(response.body()), expect["rsp_body_sha256"], "{}", call.target);
        if let Some(len) = expect["req_body_len"].as_u64() {
            assert!(request.body_size == Some(len) || request.body().len() as u64 == len, "{}", call.target);
        }
        assert!(call.anomalies.is_empty(), "{} {:?}", call.target, call.anomalies);
    }
    assert_eq!((outcome.stats.unmatched, outcome.stats.gaps), (0, 0));
    assert!(calls.is_sorted_by_key(|call| call.ts));
}

#[test]
fn every_call_of_the_vampi_capture() {
    let Some(dir) = shared("data/vampi") else { return };
    let truth = json(&dir.join("truth.json"));
    let mut plain = Vec::new();
    let packed = std::fs::read(dir.join("traffic.pcap.gz")).expect("the capture");
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&packed[..]), &mut plain)
        .expect("gzip");
    let (calls, outcome) = decode("traffic.pcap", &plain, plain.len());
    assert_eq!((calls.len(), outcome.stats.unmatched, outcome.stats.gaps), (1_488, 0, 0));
    assert!(calls.is_sorted_by_key(|call| call.ts), "in order of request start");
    let operations = truth["operations"].as_object().expect("operations");
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for call in &calls {
        assert!(call.status.is_some() && call.anomalies.is_empty());
        let fits = |operation: &&String| {
            let (method, template) = operation.split_once(' ').expect("method and template");
            let (path, template): (Vec<_>, Vec<_>) =
                (call.path().split('/').collect(), template.split('/').collect());
            let parts_fit = path
                .iter()
                .zip(&template)
                .all(|(part, expect)| part == expect || (expect.starts_with('{') && !part.is_empty()));
            method == call.method && path.len() == template.len() && parts_fit
        };
        // The truth leaves the injection attempts of one attacker out.
        if call.target.contains("%27") {
            continue;
        }
        // The most literal template wins: /users/v1/_debug is no user.
        let operation = operations.keys().filter(fits).min_by_key(|operation| operation.matches('{').count());
        if let Some(operation) = operation {
            *counts.entry(operation).or_default() += 1;
        }
    }
    for (operation, expect) in operations {
        let found = counts.get(operation.as_str()).copied().unwrap_or(0);
        assert_eq!(Some(found), expect.as_u64(), "{operation}");
    }
}

/// Method, path with query, status.
type Line = (String, String, Option<u64>);

fn lines_of(calls: &[Call]) -> Vec<Line> {
    let mut lines: Vec<Line> = calls
        .iter()
        .filter(|call| !call.method.is_empty())
        // Those of HTTP/2 are compared in shared_http2.rs.
        .filter(|call| call.protocol != "http/2" && !call.protocol.starts_with("grpc"))
        .map(|call| (call.method.clone(), call.target.clone(), call.status.map(u64::from)))
        .collect();
    lines.sort();
    lines
}

fn expected_lines(expect: &Value) -> Vec<Line> {
    let transactions = expect["transactions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines: Vec<Line> = transactions
        .iter()
        // Behind a target that holds a space, the version is what tshark took for one: `Arkime HTTP/1.0`.
        .filter(|line| line["version"].as_str().is_none_or(|version| version.contains("HTTP/1")))
        .filter(|line| line["method"].is_string())
        .map(|line| (text(&line["method"]), text(&line["uri"]), line["status"].as_u64()))
        .collect();
    lines.sort();
    lines
}

/// HTTP over SCTP is not read.
const NOT_READ: [&str; 1] = ["sctp-www"];

fn captures(folder: &str) -> Vec<PathBuf> {
    let Some(dir) = shared(folder) else { return Vec::new() };
    let mut paths: Vec<_> =
        std::fs::read_dir(&dir).expect("a folder").filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pcap"));
    paths.sort();
    paths
}

/// What differs from the expectation beside a capture.
fn difference(path: &Path) -> Option<String> {
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let expect_path = path.with_extension("pcap.expected.json");
    if NOT_READ.contains(&name.as_str()) || !expect_path.exists() {
        return None;
    }
    let expect = json(&expect_path);
    let (calls, outcome) = decode_file(path);
    let (found, expect) = (lines_of(&calls), expected_lines(&expect));
    let counters: Vec<_> = outcome.stats.counters().into_iter().filter(|counter| counter.1 > 0).collect();
    (found != expect).then(|| format!("{name}\n  found {found:?}\n  truth {expect:?}\n  {counters:?}"))
}

#[test]
fn public_captures_give_the_expected_transactions() {
    let folders =
        ["arkime/pcap", "deepflow/common", "deepflow/flow_generator", "deepflow/flow_generator/http"];
    let paths = folders.iter().flat_map(|folder| captures(&format!("data/captures/{folder}")));
    let wrong: Vec<String> = paths.filter_map(|path| difference(&path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
