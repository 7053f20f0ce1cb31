//! The page as a whole: hostile traffic, large inputs, empty ones, links that must lead somewhere, both languages.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{
    AuthVerdict, Call, CallId, Endpoint, EndpointId, Family, Finding, FindingState, LoggedCall, Severity,
    Timestamp,
};
use observe::{Observer, redact};
use rules::Ruleset;
use testkit::call;

use super::facts::Facts;
use crate::analyze::{Counts, Outcome};
use crate::pipeline::Picture;

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'\u{202e}\u{0}";

pub(crate) fn rules() -> Arc<Ruleset> {
    Arc::new(Ruleset::builtin().expect("content"))
}

/// A finding without any text of its own.
pub(crate) fn finding(rule: &str, endpoint: Option<EndpointId>) -> Finding {
    Finding {
        id: format!("{rule}-{}", endpoint.map_or(0, |id| id.0)),
        rule: rule.into(),
        family: Family::Weakness,
        host: "api.example.com".into(),
        endpoint,
        subject: None,
        severity: Severity::High,
        confidence: 0.9,
        title: "Title".into(),
        title_zh: "标题".into(),
        params: Default::default(),
        calls: 3,
        first_seen: Timestamp::from_parts(1_767_578_400, 0),
        last_seen: Timestamp::from_parts(1_767_578_460, 0),
        evidence: Vec::new(),
        owasp: vec!["API2:2023".into()],
        cwe: vec!["CWE-306".into()],
        state: FindingState::Open,
    }
}

/// What an analysis of these calls comes to, without detectors.
pub(crate) fn outcome(rules: &Arc<Ruleset>, calls: &[Call]) -> Outcome {
    let mut observer = Observer::new(Arc::clone(rules), [0; 32]);
    let (first, last) = calls.iter().fold((Timestamp::UNKNOWN, Timestamp::UNKNOWN), |(first, last), call| {
        (first.earlier(call.ts), last.later(call.ts))
    });
    let mut outcome = Outcome {
        picture: Picture { inventory: Default::default(), findings: Vec::new() },
        exhibits: Default::default(),
        calls: calls.len() as u64,
        first,
        last,
    };
    for call in calls {
        let seen = observer.observe(call);
        let call = redact(call, &seen.redactions);
        outcome.exhibits.add(LoggedCall { call, observation: seen.observation, rules: Vec::new() });
    }
    observer.settle();
    outcome.picture.inventory = observer.export(false);
    outcome
}

fn page(rules: &Ruleset, inputs: &[&str], outcome: &Outcome) -> String {
    let inputs: Vec<String> = inputs.iter().map(|input| (*input).to_owned()).collect();
    let counts = Counts::of(outcome);
    super::page(&Facts::new(&inputs, outcome, &counts, rules))
}

/// No link leads nowhere, no anchor is there twice, and nothing is fetched.
#[track_caller]
fn check(page: &str) {
    let values = |attribute: &str| -> Vec<String> {
        page.split(&format!(" {attribute}=\""))
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
            .collect()
    };
    let all = values("id");
    let ids: BTreeSet<&String> = all.iter().filter(|id| !id.is_empty()).collect();
    assert_eq!(ids.len(), all.iter().filter(|id| !id.is_empty()).count(), "an anchor is there twice");
    for link in values("href").iter().filter(|link| !link.starts_with("data:")) {
        let anchor = link.strip_prefix('#').unwrap_or_else(|| panic!("{link} leaves the page"));
        assert!(ids.contains(&anchor.to_owned()), "{link} leads nowhere");
    }
    assert!(
        values("src").is_empty() && !page.contains("url(") && !page.contains("@import"),
        "something is fetched"
    );
    assert_eq!(page.matches("<script").count(), 1, "a script that is not ours");
    assert_eq!(
        page.matches("lang=\"en\"").count(),
        page.matches("lang=\"zh\"").count() + 1,
        "a language is missing"
    );
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!page.contains(odd), "a control character");
}

#[test]
fn an_empty_outcome_is_a_whole_report() {
    let rules = rules();
    let page = page(&rules, &[], &outcome(&rules, &[]));
    check(&page);
    for text in ["No API was confirmed", "未确认任何接口", "found no weakness", "未识别到账号"] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn hostile_traffic_stays_text() {
    let rules = rules();
    let body = serde_json::json!({ HOSTILE: { "email": "wang.fang@example.com", "note": HOSTILE }});
    let calls: Vec<Call> = (0..20)
        .map(|n| {
            let mut call = call(&format!("GET /users/{n}?q=<script>alert(2)</script>"))
                .id(&format!("{HOSTILE}{n}"))
                .json(&body)
                .build();
            call.host = format!("evil\"><script>{}", "a".repeat(5_000));
            call.method = if n % 2 == 0 { "GET".into() } else { format!("<b>{HOSTILE}") };
            call
        })
        .collect();
    let mut outcome = outcome(&rules, &calls);
    let mut found = finding(HOSTILE, outcome.picture.inventory.endpoints.first().map(|endpoint| endpoint.id));
    found.host = HOSTILE.into();
    found.title = HOSTILE.repeat(50);
    found.title_zh = HOSTILE.into();
    found.subject = Some(HOSTILE.into());
    found.owasp = vec![HOSTILE.into()];
    found.evidence = calls.iter().take(3).map(|call| call.id.clone()).chain([CallId::new(HOSTILE)]).collect();
    outcome.picture.findings = vec![found];
    let page = page(&rules, &[HOSTILE], &outcome);
    check(&page);
    assert!(!page.contains("<img") && !page.contains("<b>\"") && page.contains("⟨U+202E⟩"));
    assert!(!page.contains("wang.fang@"), "a value in clear");
    assert!(page.len() < 400_000, "{} bytes", page.len());
}

#[test]
fn a_large_inventory_is_bounded_and_counted() {
    let rules = rules();
    let mut outcome = outcome(&rules, &[call("GET /users/7").build()]);
    let one: Endpoint = outcome.picture.inventory.endpoints.first().expect("an endpoint").clone();
    outcome.picture.inventory.endpoints = (0..6_000_u64)
        .map(|n| {
            let mut endpoint = one.clone();
            endpoint.id = EndpointId(n);
            endpoint.template = format!("/{}/{n}", "long-segment/".repeat(40));
            endpoint.risk.score = (n % 90) as u8;
            endpoint.auth.verdict = AuthVerdict::None;
            endpoint
        })
        .collect();
    outcome.picture.findings = (0..3_000).map(|n| finding("many-people", Some(EndpointId(n)))).collect();
    let page = page(&rules, &["large.pcap"], &outcome);
    check(&page);
    assert!(page.len() < 12_000_000, "{} bytes", page.len());
    assert!(page.contains("<b>4,000</b> more, see <code>endpoints.jsonl"), "what is left out is not counted");
    assert!(page.contains("<b>2,800</b> more, see <code>findings.jsonl"), "what is left out is not counted");
}

#[test]
fn a_finding_shows_its_call_masked_and_marked() {
    let rules = rules();
    let answer = serde_json::json!({"users": [{"name": "x", "email": "wang.fang@example.com", "mobile": "13800138000"}]});
    let calls: Vec<Call> = (0..8)
        .map(|n| call(&format!("GET /users/{n}")).id(&format!("c{n}")).after(n).json(&answer).build())
        .collect();
    let mut outcome = outcome(&rules, &calls);
    let mut found = finding("data-without-auth", Some(outcome.picture.inventory.endpoints[0].id));
    found.evidence = vec![CallId::new("c2"), CallId::new("c3"), CallId::new("gone")];
    outcome.picture.findings = vec![found];
    let page = page(&rules, &["/some/folder/traffic.pcap"], &outcome);
    check(&page);
    assert!(page.contains(">138****8000</mark>") && !page.contains("13800138000"));
    assert!(page.contains("<code>traffic.pcap</code>") && !page.contains("/some/folder"));
    assert!(
        page.contains("2026-01-05 02:00:02")
            && page.contains("call that proves it")
            && page.contains("作为证据的调用")
    );
    assert!(page.contains("not kept for this report"));
}

#[test]
fn the_same_outcome_gives_the_same_page() {
    let rules = rules();
    let calls: Vec<Call> =
        (0..30).map(|n| call(&format!("GET /users/{n}/orders")).after(n).build()).collect();
    assert_eq!(
        page(&rules, &["a"], &outcome(&rules, &calls)),
        page(&rules, &["a"], &outcome(&rules, &calls))
    );
}
