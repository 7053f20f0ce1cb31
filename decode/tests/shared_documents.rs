//! HAR documents and access logs with known truth.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use support::{decode, decode_file, json, shared};

#[test]
fn every_har_entry() {
    let Some(dir) = shared("data/har") else { return };
    let truth = json(&dir.join("expected.json"));
    for expect in truth.as_array().expect("a list") {
        let name = expect["har"].as_str().expect("a name");
        let (calls, outcome) = decode_file(&dir.join(name));
        assert_eq!(outcome.kind, decode::Kind::Har, "{name}");
        assert_eq!(Some(calls.len() as u64), expect["entries"].as_u64(), "{name}");
        let mut methods: BTreeMap<String, u64> = BTreeMap::new();
        let mut statuses: BTreeMap<String, u64> = BTreeMap::new();
        for call in &calls {
            *methods.entry(call.method.clone()).or_default() += 1;
            *statuses
                .entry(call.status.map_or("None".to_owned(), |status| status.to_string()))
                .or_default() += 1;
        }
        assert_eq!(serde_json::to_value(methods).expect("json"), expect["methods"], "{name}");
        assert_eq!(serde_json::to_value(statuses).expect("json"), expect["statuses"], "{name}");
        let hosts: BTreeSet<&str> = calls.iter().map(|call| call.host.as_str()).collect();
        assert_eq!(serde_json::to_value(hosts).expect("json"), expect["hosts"], "{name}");
        let with_body =
            |message: Option<&model::Message>| message.is_some_and(|message| !message.body().is_empty());
        let requests = calls.iter().filter(|call| with_body(call.request.as_ref())).count() as u64;
        let responses = calls.iter().filter(|call| with_body(call.response.as_ref())).count() as u64;
        assert_eq!(Some(requests), expect["with_request_body"].as_u64(), "{name}");
        assert_eq!(Some(responses), expect["with_response_body"].as_u64(), "{name}");
    }
}

#[test]
fn half_a_har_gives_its_first_half() {
    let Some(dir) = shared("data/har") else { return };
    let bytes = std::fs::read(dir.join("akto-api-security_akto__restapi_81.har")).expect("the file");
    let (calls, outcome) = decode("half.har", &bytes[..bytes.len() / 2], 1 << 16);
    assert!((30..60).contains(&calls.len()), "{}", calls.len());
    assert!(outcome.problems.iter().any(|problem| problem.what.contains("cut after")));
}

/// Logs of the nginx and Apache family.
const LOGS: [&str; 9] = [
    "nginx_http-logs",
    "apache2-logs",
    "apache2-malformed",
    "nginx-http-malformed",
    "nginx-proxy-manager-malformed",
    "nginx-http-path-traversal",
    "nginx-http-sqli-probing",
    "nginx-http-xss-probing",
    "traefik_clf",
];

#[test]
fn every_access_line() {
    let Some(dir) = shared("data/logs/crowdsec-hub") else { return };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for name in LOGS {
        let expect = json(&dir.join(name).join("expected.json"));
        let (calls, outcome) = decode_file(&dir.join(name).join(text(&expect["log"])));
        let events = expect["events"].as_array().expect("a list");
        let access: Vec<&Value> =
            events.iter().filter(|event| event["log_type"] == "http_access-log").collect();
        let stats = outcome.stats;
        println!(
            "{name}: {} calls, {} lines, {} malformed, {} expected",
            calls.len(),
            stats.lines,
            stats.malformed_lines,
            access.len()
        );
        assert_eq!(stats.lines, stats.calls + stats.malformed_lines + stats.empty_lines, "{name}");
        if access.is_empty() {
            assert_eq!(stats.malformed_lines, 0, "{name}");
            continue;
        }
        assert_eq!(calls.len(), access.len(), "{name}");
        // The truth lists events by line, the decoder by time.
        let mut truth: Vec<_> = access
            .iter()
            .map(|event| {
                // Their file escapes backslashes twice.
                let path = text(&event["http_path"]).replace("\\\\", "\\");
                (
                    text(&event["source_ip"]),
                    text(&event["http_verb"]),
                    path,
                    text(&event["http_status"]),
                    text(&event["target_fqdn"]),
                )
            })
            .collect();
        let mut found: Vec<_> = calls
            .iter()
            .map(|call| {
                let ip = call.client.map(|client| client.ip.to_string()).unwrap_or_default();
                let status = call.status.map(|status| status.to_string()).unwrap_or_default();
                (ip, call.method.clone(), call.target.clone(), status, call.host.clone())
            })
            .collect();
        truth.sort();
        found.sort();
        for (found, mut truth) in found.into_iter().zip(truth) {
            // A status that was not logged is a dash there, unknown here; ports stay with the name.
            truth.3 = truth.3.replace('-', "");
            truth.4 = truth.4.split(':').next().unwrap_or_default().to_owned();
            assert_eq!(found, truth, "{name}");
        }
    }
}
