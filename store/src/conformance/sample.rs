//! Calls and knowledge for the suites: every optional part present in some and absent in others, text that tries
//! the encodings, all of it computed from a number.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::Arc;

use model::{
    Account, AccountEvidence, Anomaly, Auth, AuthKind, AuthUse, Call, CallId, Candidate, CandidateReason,
    DataHit, DataType, DataUse, Endpoint, EndpointId, Exposure, Family, Finding, FindingState, Headers,
    JwtFacts, LifeState, LoggedCall, Message, Observation, Peer, Place, Risk, Rpc, Scheme, Severity, Side,
    StreamMessage, Style, Timestamp, ValueHash,
};

/// Time of the first sample: 2026-11-21T10:00:00Z.
pub const START: i64 = 1_795_255_200_000_000;
/// Microseconds between samples.
pub const STEP: i64 = 1_000;

/// The time of sample `n`; every 17th has none.
#[must_use]
pub fn time(n: u64) -> Timestamp {
    if n % 17 == 5 { Timestamp::UNKNOWN } else { Timestamp(START + n as i64 * STEP) }
}

/// The endpoint of sample `n`: one of 7.
#[must_use]
pub fn endpoint_id(n: u64) -> EndpointId {
    EndpointId(0xabc0_0000_0000_0000 + n % 7)
}

/// A value hash that sample `n` carries and samples `n + 4096 * k` share.
#[must_use]
pub fn value(n: u64) -> ValueHash {
    ValueHash((n % 4_096 + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93))
}

fn message(n: u64, binary: bool) -> Message {
    let headers: Headers = [
        ("Content-Type", "application/json"),
        ("X-名", "値 \"quoted\""),
        ("set-cookie", "a=1"),
        ("set-cookie", "b"),
    ]
    .into_iter()
    .take(n as usize % 5)
    .collect();
    let body = match n % 3 {
        0 => None,
        1 => Some(Vec::new()),
        _ if binary => Some(vec![0xff, 0, n as u8]),
        _ => Some(format!("{{\"n\":{n},\"name\":\"Zoë\"}}").into_bytes()),
    };
    Message { headers, body_size: (!n.is_multiple_of(4)).then_some(n * 10), body }
}

/// Call number `n`, as it is accepted.
#[must_use]
pub fn call(n: u64) -> Call {
    let ip = if n.is_multiple_of(2) {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, (n % 10) as u8))
    } else {
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, (n % 10) as u16))
    };
    let client = Peer { ip, port: n.is_multiple_of(3).then_some(50_000 + (n % 1_000) as u16) };
    let stream = StreamMessage {
        from_client: n.is_multiple_of(2),
        kind: Cow::Borrowed("text"),
        body: b"hi\xff".to_vec(),
    };
    Call {
        id: CallId::new(format!("call-{n}")),
        ts: time(n),
        duration_us: (!n.is_multiple_of(5)).then_some(n * 3),
        source: Arc::from(if n.is_multiple_of(4) { "" } else { "sample.pcap" }),
        client: (n % 6 != 1).then_some(client),
        server: (n % 6 != 2).then_some(Peer { ip, port: Some(443) }),
        scheme: [None, Some(Scheme::Http), Some(Scheme::Https)][n as usize % 3],
        protocol: Cow::Borrowed(if n.is_multiple_of(2) { "http/1.1" } else { "" }),
        method: ["GET", "POST", ""][n as usize % 3].to_owned(),
        host: format!("site{}.example.com", n % 3),
        target: format!("/Orders/{n}/100%_of?q=数&n={n}"),
        request: (n % 8 != 3).then(|| message(n, false)),
        status: [None, Some(200), Some(201), Some(404), Some(500)][n as usize % 5],
        response: (!n.is_multiple_of(5)).then(|| message(n + 1, true)),
        rpc: n.is_multiple_of(9).then(|| Rpc { service: "shop.Cart".into(), method: "Add".into() }),
        messages: if n.is_multiple_of(11) { vec![stream] } else { Vec::new() },
        anomalies: if n % 4 == 1 { vec![Anomaly::GAP, Anomaly(Cow::Borrowed("odd"))] } else { Vec::new() },
        tls: None,
    }
}

fn hit(data_type: &str, level: u8, hash: Option<ValueHash>) -> DataHit {
    DataHit {
        side: Side::Response,
        place: Place::Body,
        path: "/user/0/phone".into(),
        data_type: DataType::new(data_type),
        level,
        masked: hash.is_none(),
        confidence: 0.9,
        sample: "138****5678".into(),
        hash,
        span: Range::default(),
    }
}

/// Call number `n`, as it is kept after analysis.
#[must_use]
pub fn logged(n: u64) -> LoggedCall {
    let mut data = Vec::new();
    if n.is_multiple_of(2) {
        data.push(hit("CN_MOBILE", 3, Some(value(n))));
        data.push(hit("CN_MOBILE", 3, Some(value(n + 1))));
    }
    if n % 10 == 3 {
        data.push(hit("EMAIL", 2, None));
    }
    let jwt = JwtFacts { algorithm: "HS256".into(), expires: Some(Timestamp(START)), ..JwtFacts::default() };
    let kind = if n.is_multiple_of(4) { AuthKind::Jwt } else { AuthKind::None };
    let observation = Observation {
        endpoint: endpoint_id(n),
        candidate: [None, None, Some(CandidateReason::Scanner), None, Some(CandidateReason::NoResponse)]
            [n as usize % 5],
        account: n
            .is_multiple_of(3)
            .then(|| (format!("site{}.example.com/wanfang{}", n % 3, n % 13), AccountEvidence::Jwt)),
        auth: Auth { kind, jwt: n.is_multiple_of(4).then_some(jwt) },
        purpose: n.is_multiple_of(6).then(|| "login".into()),
        data,
        people: (n % 100) as u32,
    };
    let rules =
        if n.is_multiple_of(20) { vec!["weak-jwt".into(), "data-without-auth".into()] } else { Vec::new() };
    LoggedCall { call: call(n), observation, rules }
}

/// A call as a list shows it: no headers, bodies and stream messages.
#[must_use]
pub fn listed(n: u64) -> LoggedCall {
    let mut row = logged(n);
    row.call.messages.clear();
    for message in [&mut row.call.request, &mut row.call.response].into_iter().flatten() {
        message.headers = Headers::new();
        message.body = None;
    }
    row
}

/// Endpoint number `n` on one of 3 sites.
#[must_use]
pub fn endpoint(n: u64) -> Endpoint {
    let types: &[&str] = if n.is_multiple_of(2) { &["CN_MOBILE", "EMAIL"] } else { &[] };
    let used = |name: &&str| DataUse {
        endpoint: EndpointId(n),
        side: Side::Response,
        place: Place::Body,
        path: "/phone".into(),
        data_type: DataType::new(*name),
        level: 3,
        count: n,
        calls: n,
        distinct: n,
        masked: false,
        sample: "138****5678".into(),
        evidence: vec![CallId::new("call-1")],
    };
    Endpoint {
        id: EndpointId(n),
        host: format!("site{}.example.com", n % 3),
        method: ["GET", "POST"][n as usize % 2].into(),
        template: format!("/Api/v{n}/{{id}}"),
        operation: n.is_multiple_of(4).then(|| "action=create".into()),
        style: Style::Rest,
        purpose: n.is_multiple_of(5).then(|| "login".into()),
        exposure: [Exposure::Internal, Exposure::Open][n as usize % 2],
        state: LifeState::Active,
        confidence: 0.75,
        calls: n * 10 + 1,
        errors: n % 7,
        statuses: BTreeMap::from([(200, n), (404, 1)]),
        first_seen: Timestamp(START + n as i64),
        last_seen: time(n),
        clients: 3,
        accounts: 2,
        latency: None,
        auth: AuthUse::default(),
        params: Vec::new(),
        data: types.iter().map(used).collect(),
        level: (n % 6) as u8,
        request_schema: BTreeMap::from([("application/json".into(), serde_json::json!({"type": "object"}))]),
        response_schema: BTreeMap::new(),
        risk: Risk { score: (n * 37 % 101) as u8, parts: Vec::new() },
        evidence: vec![CallId::new(format!("call-{n}"))],
        template_evidence: Vec::new(),
        aliases: Vec::new(),
    }
}

/// Candidate number `n`.
#[must_use]
pub fn candidate(n: u64) -> Candidate {
    Candidate {
        id: EndpointId(0xc000_0000 + n),
        host: format!("site{}.example.com", n % 3),
        method: "GET".into(),
        template: format!("/.Env{n}"),
        reason: [CandidateReason::Scanner, CandidateReason::Static][n as usize % 2],
        calls: n,
        statuses: BTreeMap::from([(404, n)]),
        clients: 1,
        first_seen: Timestamp(START),
        last_seen: Timestamp(START + n as i64),
        evidence: Vec::new(),
    }
}

/// Account number `n`.
#[must_use]
pub fn account(n: u64) -> Account {
    let host = format!("site{}.example.com", n % 3);
    Account {
        id: format!("{host}/Wanfang{n}"),
        host,
        name: format!("Wanfang{n}"),
        how: vec![AccountEvidence::Login],
        calls: n,
        failed_logins: 0,
        endpoints: vec![EndpointId(1)],
        data: vec![DataType::new("EMAIL")],
        clients: 1,
        first_seen: Timestamp(START),
        last_seen: Timestamp::UNKNOWN,
        evidence: Vec::new(),
    }
}

/// A finding of `rule` on endpoint `endpoint`.
#[must_use]
pub fn finding(rule: &str, endpoint: u64, severity: Severity) -> Finding {
    Finding {
        id: format!("{rule}-{endpoint}"),
        rule: rule.into(),
        family: Family::Weakness,
        host: format!("site{}.example.com", endpoint % 3),
        endpoint: Some(EndpointId(endpoint)),
        subject: None,
        severity,
        confidence: 0.8,
        title: format!("{rule} at Endpoint {endpoint}"),
        title_zh: "弱点".into(),
        params: BTreeMap::new(),
        calls: 1,
        first_seen: Timestamp(START),
        last_seen: Timestamp(START + endpoint as i64),
        evidence: vec![CallId::new("call-1")],
        owasp: vec!["API2:2023".into()],
        cwe: vec!["CWE-306".into()],
        state: FindingState::Open,
    }
}
