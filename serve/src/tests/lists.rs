//! What is known and kept, read through the API: lists, filters, pages, details, numbers that agree.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use model::{
    Account, AccountEvidence, Auth, AuthKind, AuthUse, AuthVerdict, Call, Candidate, CandidateReason,
    DataHit, DataType, DataUse, Endpoint, EndpointId, Exposure, Family, Finding, FindingState, LifeState,
    LoggedCall, Message, Observation, Place, Risk, Severity, Side, Style, Timestamp, ValueHash,
};
use serde_json::{Value, json};
use store::{Knowledge, Role};

use super::{ENDPOINT, Site, call_id};

const HOST: &str = "shop.example.com";
const ACCOUNT: &str = "shop.example.com/wanfang78";
const START: i64 = 1_795_255_200_000_000;

fn data_use() -> DataUse {
    DataUse {
        endpoint: ENDPOINT,
        side: Side::Response,
        place: Place::Body,
        path: "/users/*/phone".into(),
        data_type: DataType::new("CN_MOBILE"),
        level: 3,
        count: 12,
        calls: 6,
        distinct: 4,
        masked: false,
        sample: "138****1234".into(),
        evidence: vec![call_id(0)],
    }
}

fn endpoint(id: u64, template: &str, data: Vec<DataUse>) -> Endpoint {
    Endpoint {
        id: EndpointId(id),
        host: HOST.into(),
        method: "GET".into(),
        template: template.into(),
        operation: None,
        style: Style::Rest,
        purpose: None,
        exposure: Exposure::Internal,
        state: LifeState::New,
        confidence: 0.9,
        calls: id,
        errors: 1,
        statuses: BTreeMap::from([(200, 5), (404, 1)]),
        first_seen: Timestamp(START),
        last_seen: Timestamp(START + 6_000_000),
        clients: 2,
        accounts: 1,
        latency: None,
        auth: AuthUse { verdict: AuthVerdict::None, ..AuthUse::default() },
        params: Vec::new(),
        level: data.iter().map(|data| data.level).max().unwrap_or(0),
        data,
        request_schema: BTreeMap::new(),
        response_schema: BTreeMap::from([(200, BTreeMap::from([("application/json".into(), json!({}))]))]),
        risk: Risk { score: 40, parts: Vec::new() },
        evidence: vec![call_id(0)],
        template_evidence: Vec::new(),
        aliases: Vec::new(),
    }
}

fn finding(id: &str, severity: Severity) -> Finding {
    Finding {
        id: id.into(),
        rule: "data-without-auth".into(),
        family: Family::Weakness,
        host: HOST.into(),
        endpoint: Some(ENDPOINT),
        subject: None,
        severity,
        confidence: 0.9,
        title: "Personal data without authentication".into(),
        title_zh: "未认证即可读取个人信息".into(),
        params: BTreeMap::new(),
        calls: 6,
        first_seen: Timestamp(START),
        last_seen: Timestamp(START),
        evidence: vec![call_id(0), call_id(999)],
        owasp: vec!["API2:2023".into()],
        cwe: vec!["CWE-306".into()],
        state: FindingState::Open,
    }
}

fn call(number: usize) -> LoggedCall {
    let body = br#"{"users":[{"phone":"138****1234"}]}"#.to_vec();
    let response = Message {
        headers: [("content-type", "application/json")].into_iter().collect(),
        body_size: Some(body.len() as u64),
        body: Some(body),
    };
    let hit = DataHit {
        side: Side::Response,
        place: Place::Body,
        path: "/users/0/phone".into(),
        data_type: DataType::new("CN_MOBILE"),
        level: 3,
        masked: false,
        confidence: 1.0,
        sample: "138****1234".into(),
        hash: Some(ValueHash(u64::MAX)),
        span: 0..0,
    };
    LoggedCall {
        call: Call {
            id: call_id(number),
            ts: Timestamp(START + number as i64 * 1_000_000),
            client: "10.0.0.7:51514".parse().ok(),
            method: "GET".into(),
            host: HOST.into(),
            target: format!("/users?page={number}"),
            request: Some(Message::default()),
            status: Some(if number == 5 { 404 } else { 200 }),
            response: Some(response),
            ..Call::default()
        },
        observation: Observation {
            endpoint: ENDPOINT,
            candidate: None,
            account: Some((ACCOUNT.into(), AccountEvidence::Login)),
            auth: Auth { kind: AuthKind::None, jwt: None },
            purpose: None,
            data: vec![hit],
            people: 1,
        },
        rules: vec!["data-without-auth".into()],
    }
}

async fn filled() -> (Site, String) {
    let site = Site::new().await;
    let calls: Vec<LoggedCall> = (0..6).map(call).collect();
    let raw: Vec<Call> = calls.iter().map(|logged| logged.call.clone()).collect();
    let upto = site.log.accept(&raw).await.expect("a journal");
    site.log.append(calls, upto).await.expect("a log");
    let account = Account {
        id: ACCOUNT.into(),
        host: HOST.into(),
        name: "wanfang78".into(),
        how: vec![AccountEvidence::Login],
        calls: 6,
        failed_logins: 0,
        endpoints: vec![ENDPOINT],
        data: vec![DataType::new("CN_MOBILE")],
        clients: 1,
        first_seen: Timestamp(START),
        last_seen: Timestamp(START),
        evidence: vec![call_id(0)],
    };
    let candidate = Candidate {
        id: EndpointId(0xcc),
        host: HOST.into(),
        method: "GET".into(),
        template: "/wp-login.php".into(),
        reason: CandidateReason::Unconfirmed,
        calls: 3,
        statuses: BTreeMap::from([(404, 3)]),
        clients: 1,
        first_seen: Timestamp::UNKNOWN,
        last_seen: Timestamp::UNKNOWN,
        evidence: Vec::new(),
    };
    let severities = [Severity::Critical, Severity::High, Severity::High, Severity::Low];
    let findings =
        severities.iter().enumerate().map(|(n, &severity)| finding(&format!("{n:016x}"), severity));
    let knowledge = Knowledge {
        endpoints: vec![endpoint(ENDPOINT.0, "/users", vec![data_use()]), endpoint(2, "/health", vec![])],
        candidates: vec![candidate],
        accounts: vec![account],
        findings: findings.collect(),
        ..Knowledge::default()
    };
    site.catalogue.save(&knowledge).await.expect("a catalogue");
    let cookie = site.user("lina", Role::Analyst, false).await;
    (site, cookie)
}

#[tokio::test]
async fn filters_and_pages() {
    let (site, cookie) = filled().await;
    for (path, total, rows) in [
        ("endpoints", 2, 2),
        ("endpoints?page=2&size=1", 2, 1),
        ("endpoints?state=new&auth=none&level_min=3", 1, 1),
        ("endpoints?data_type=CN_MOBILE", 1, 1),
        ("endpoints?text=HEALTH", 1, 1),
        ("endpoints?state=dormant", 0, 0),
        ("candidates?reason=unconfirmed", 1, 1),
        ("candidates?reason=scanner", 0, 0),
        ("accounts?text=wan", 1, 1),
        ("calls", 6, 6),
        ("calls?page=2&size=4", 6, 2),
        ("calls?status=4xx", 1, 1),
        ("calls?status=404", 1, 1),
        ("calls?status=500-599", 0, 0),
        ("calls?endpoint=00000000000000a1", 6, 6),
        ("calls?endpoint=00000000000000a2", 0, 0),
        ("calls?value_hash=ffffffffffffffff&client=10.0.0.7", 6, 6),
        ("calls?value_hash=0000000000000001", 0, 0),
        ("calls?account=shop.example.com%2Fwanfang78&rule=data-without-auth", 6, 6),
        ("calls?text=page%3D3", 1, 1),
        ("findings?state=open", 4, 4),
        ("findings?severity=critical", 1, 1),
        ("findings?severity=high", 2, 2),
        ("findings?severity=high&page=2&size=1", 2, 1),
        ("findings?severity=medium", 0, 0),
        ("findings?severity=low&severity_min=high", 0, 0),
        ("findings?severity_min=high", 3, 3),
        ("findings?endpoint=00000000000000a1&state=ignored", 0, 0),
        ("data", 1, 1),
        ("data?type=EMAIL", 0, 0),
        ("data?masked=false&side=response&text=phone", 1, 1),
    ] {
        let reply = site.get(&format!("/api/v1/{path}"), &cookie).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.json());
        let page = reply.json();
        assert_eq!(
            (page["total"].as_u64(), page["rows"].as_array().map(Vec::len)),
            (Some(total), Some(rows)),
            "{path}"
        );
    }
    let newest = site.get("/api/v1/calls?size=1", &cookie).await.json();
    let oldest = site.get("/api/v1/calls?size=1&order=asc", &cookie).await.json();
    assert_eq!((&newest["rows"][0]["id"], &oldest["rows"][0]["id"]), (&json!("call-5"), &json!("call-0")));
    assert_eq!(newest["rows"][0]["endpoint"]["template"], "/users");
    let histogram = site.get("/api/v1/calls/histogram?buckets=5&status=2xx", &cookie).await.json();
    let buckets = histogram["buckets"].as_array().expect("spans");
    assert_eq!(buckets.len(), 5);
    assert_eq!(buckets.iter().filter_map(|bucket| bucket["calls"].as_u64()).sum::<u64>(), 5);
}

#[tokio::test]
async fn details() {
    let (site, cookie) = filled().await;
    let endpoint = site.get("/api/v1/endpoints/00000000000000a1", &cookie).await.json();
    assert_eq!(endpoint["summary"]["open_findings"], 4);
    assert_eq!(endpoint["data"][0]["path"], "/users/*/phone");
    assert_eq!(endpoint["response_schemas"][0]["status"], 200);
    assert_eq!(endpoint["findings"][0]["severity"], "critical");
    let call = site.get("/api/v1/calls/call-0", &cookie).await.json();
    assert_eq!(call["hits"][0]["value_hash"], "ffffffffffffffff");
    assert_eq!(call["hits"][0]["path"], "/users/0/phone");
    assert_eq!(call["response"]["body"], r#"{"users":[{"phone":"138****1234"}]}"#);
    assert_eq!(
        call["response"]["headers"][0],
        json!({ "name": "content-type", "value": "application/json" })
    );
    assert_eq!((&call["request"]["body"], &call["jwt"]), (&Value::Null, &Value::Null));
    let account = site.get("/api/v1/accounts/shop.example.com%2Fwanfang78", &cookie).await.json();
    assert_eq!(account["endpoints"][0]["template"], "/users");
    assert_eq!(account["evidence"][0]["id"], "call-0");
    let site_document = site.get("/api/v1/sites/shop.example.com/openapi", &cookie).await.json();
    assert_eq!(site_document["openapi"], "3.1.0");
    let sites = site.get("/api/v1/sites", &cookie).await.json();
    assert_eq!((&sites["rows"][0]["endpoints"], &sites["rows"][0]["candidates"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn a_decision_about_a_finding_is_kept_with_its_reason() {
    let (site, cookie) = filled().await;
    let path = "/api/v1/findings/0000000000000000";
    let before = site.get(path, &cookie).await.json();
    assert_eq!(
        (&before["evidence"][0]["id"], &before["evidence_gone"]),
        (&json!("call-0"), &json!(["call-999"]))
    );
    let body = json!({ "state": "ignored", "note": "test system: no real people" });
    let after = site.change(Method::PATCH, path, &cookie, &body).await.json();
    assert_eq!(after["summary"]["state"], "ignored");
    let decision = &after["decisions"][0];
    assert_eq!((&decision["by"], &decision["state"]), (&json!("lina"), &json!("ignored")));
    assert_eq!(decision["note"], "test system: no real people");
    let long = json!({ "state": "open", "note": "x".repeat(2_001) });
    assert_eq!(site.change(Method::PATCH, path, &cookie, &long).await.code(), "invalid_body");
    let gone = site.change(Method::PATCH, "/api/v1/findings/none", &cookie, &body).await;
    assert_eq!(gone.code(), "not_found");
}

#[tokio::test]
async fn every_number_of_the_overview_is_the_total_of_a_list() {
    let (site, cookie) = filled().await;
    let overview = site.get("/api/v1/overview", &cookie).await.json();
    for list in ["endpoints", "candidates", "calls", "accounts"] {
        let total = site.get(&format!("/api/v1/{list}"), &cookie).await.json()["total"].clone();
        assert_eq!(overview["counts"][list], total, "{list}");
        assert_ne!(total, 0);
    }
    for entry in overview["findings_by_severity"].as_array().expect("five") {
        let path =
            format!("/api/v1/findings?state=open&severity={}", entry["severity"].as_str().expect("a name"));
        assert_eq!(site.get(&path, &cookie).await.json()["total"], entry["count"], "{path}");
    }
    let todo = overview["todo"].as_array().expect("a list");
    assert_eq!(todo.len(), 5, "{todo:?}");
    for item in todo {
        let filter = item["filter"].as_object().expect("parameters").iter();
        let pairs: Vec<String> =
            filter.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
        let path = format!("/api/v1/{}?{}", item["list"].as_str().expect("a list"), pairs.join("&"));
        assert_eq!(site.get(&path, &cookie).await.json()["total"], item["count"], "{path}");
    }
    let data = &overview["data_levels"][0];
    assert_eq!((&data["level"], &data["types"][0]["type"]), (&json!(3), &json!("CN_MOBILE")));
    assert_eq!(overview["top_risks"][0]["risk"]["score"], 40);
}

#[tokio::test]
async fn an_empty_instance_says_how_to_feed_it() {
    let site = Site::new().await;
    let cookie = site.user("viewer", Role::Viewer, false).await;
    let overview = site.get("/api/v1/overview", &cookie).await;
    assert_eq!(overview.status, StatusCode::OK, "{}", overview.json());
    assert_eq!(overview.json()["todo"][0]["code"], "feed_traffic");
    assert_eq!(overview.json()["newest_call"], Value::Null);
    let status = site.get("/api/v1/status", &cookie).await.json();
    assert_eq!((&status["ingest"]["accepted"], &status["log"]["calls"]), (&json!(3), &json!(0)));
    let rules = site.get("/api/v1/rules", &cookie).await.json();
    for weakness in rules["weaknesses"].as_array().expect("a list") {
        for language in ["en", "zh"] {
            assert!(
                weakness[language]["title"].as_str().is_some_and(|title| !title.is_empty()),
                "{weakness}"
            );
        }
    }
    assert!(rules["data_types"].as_array().is_some_and(|types| types.len() > 30));
}
