//! HAR documents and logs with known truth.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use decode::Kind;
use serde_json::Value;
use support::{decode, decode_file, json, shared};

#[test]
fn every_har_entry() {
    let Some(dir) = shared("data/har") else { return };
    let truth = json(&dir.join("expected.json"));
    for expect in truth.as_array().expect("a list") {
        let name = expect["har"].as_str().expect("a name");
        let (calls, outcome) = decode_file(&dir.join(name));
        assert_eq!(outcome.kind, Kind::Har, "{name}");
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

/// Every kind of log, and the kind that it must be recognised as.
const LOGS: [(&str, Kind); 20] = [
    ("apache2-logs", Kind::AccessLog),
    ("apache2-malformed", Kind::AccessLog),
    ("aws-alb-logs", Kind::AccessLog),
    ("aws-cloudfront-logs", Kind::W3c),
    ("caddy-logs", Kind::JsonLog),
    ("envoy-logs", Kind::JsonLog),
    ("haproxy-logs", Kind::AccessLog),
    ("iis-xml-logs", Kind::IisEvents),
    ("litespeed-logs", Kind::AccessLog),
    ("nginx-http-malformed", Kind::AccessLog),
    ("nginx-http-path-traversal", Kind::AccessLog),
    ("nginx-http-sqli-probing", Kind::AccessLog),
    ("nginx-http-xss-probing", Kind::AccessLog),
    ("nginx-proxy-manager-logs", Kind::AccessLog),
    ("nginx-proxy-manager-malformed", Kind::AccessLog),
    ("nginx_http-logs", Kind::AccessLog),
    ("npmplus-logs", Kind::AccessLog),
    ("traefik_clf", Kind::AccessLog),
    ("traefik_json", Kind::JsonLog),
    ("zoraxy-http-logs", Kind::AccessLog),
];

/// What is compared of a line: client, method, target, status, host, user agent.
type Line = [String; 6];

fn truth(event: &Value) -> Line {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    // Their file escapes backslashes twice.
    let path = text("http_path").replace("\\\\", "\\");
    // A status that was not logged is a dash or 0 there, unknown here; ports stay with the name.
    let status = text("http_status");
    let status = if matches!(status.as_str(), "-" | "0") { String::new() } else { status };
    let host = if event["http_host"].is_string() { text("http_host") } else { text("target_fqdn") };
    // The name of a site inside IIS and nginx's catch-all name are no hosts.
    let host =
        host.split(':').next().filter(|host| !matches!(*host, "W3SVC1" | "_")).unwrap_or_default().to_owned();
    let agent = Some(text("http_user_agent")).filter(|agent| agent != "-").unwrap_or_default();
    [text("source_ip"), text("http_verb"), path, status, host, agent]
}

fn found(call: &model::Call) -> Line {
    let agent = call.request.as_ref().and_then(|request| request.headers.get("user-agent"));
    [
        call.client.map(|client| client.ip.to_string()).unwrap_or_default(),
        call.method.clone(),
        call.target.clone(),
        call.status.map(|status| status.to_string()).unwrap_or_default(),
        call.host.split(':').next().unwrap_or_default().to_owned(),
        agent.unwrap_or_default().to_owned(),
    ]
}

#[test]
fn every_access_line() {
    let Some(dir) = shared("data/logs/crowdsec-hub") else { return };
    for (name, kind) in LOGS {
        let expect = json(&dir.join(name).join("expected.json"));
        let (calls, outcome) = decode_file(&dir.join(name).join(expect["log"].as_str().unwrap_or_default()));
        let events = expect["events"].as_array().expect("a list");
        let access: Vec<&Value> =
            events.iter().filter(|event| event["log_type"] == "http_access-log").collect();
        let stats = outcome.stats;
        println!(
            "{name}: {} calls of {} expected, {} malformed",
            calls.len(),
            access.len(),
            stats.malformed_lines
        );
        assert_eq!(outcome.kind, kind, "{name}");
        let others = stats.malformed_lines + stats.empty_lines + stats.comment_lines;
        assert_eq!(stats.lines + stats.entries, stats.calls + others + stats.malformed_entries, "{name}");
        if access.is_empty() {
            assert_eq!(others, 0, "{name}");
            continue;
        }
        // The truth lists events by line, the decoder by time.
        let mut truth: Vec<Line> = access.into_iter().map(truth).collect();
        let mut found: Vec<Line> = calls.iter().map(found).collect();
        truth.sort();
        found.sort();
        for (found, truth) in found.iter_mut().zip(&truth) {
            // The truth gives the path of IIS without the query, which has a column of its own.
            if kind == Kind::IisEvents {
                found[2] = found[2].split('?').next().unwrap_or_default().to_owned();
            }
            // The truth leaves out the host and agent of some formats.
            for at in [4, 5] {
                if truth[at].is_empty() {
                    found[at].clear();
                }
            }
        }
        assert_eq!(found, truth, "{name}");
    }
}
