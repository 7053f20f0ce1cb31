//! The suite of the catalogue: what is known. Who may see it is in `access`.

use model::{CandidateReason, Endpoint, EndpointId, Finding, FindingState, Severity, Timestamp};

use super::Place;
use super::sample::{self, START};
use crate::{
    AccountQuery, AuditEntry, CandidateQuery, Catalogue, EndpointQuery, EndpointSort, FindingQuery, HotState,
    Knowledge, Position,
};

/// Runs all cases; `place` gives an empty place for each.
pub async fn run(place: &dyn Fn() -> Box<dyn Place>) {
    empty(&*place()).await;
    endpoints(&*place()).await;
    merges(&*place()).await;
    candidates_and_accounts(&*place()).await;
    findings(&*place()).await;
    findings_follow_merges(&*place()).await;
    hot_state(&*place()).await;
    hostile_text(&*place()).await;
    a_large_save(&*place()).await;
}

const NOW: Timestamp = Timestamp(START);

async fn empty(place: &dyn Place) {
    let (_, catalogue) = place.open().await;
    catalogue.save(&Knowledge::default()).await.expect("saved");
    assert_eq!(catalogue.sites().await.expect("read"), []);
    assert_eq!(catalogue.hot_state().await.expect("read"), None);
    assert_eq!(catalogue.endpoint(EndpointId(1)).await.expect("read"), None);
    assert_eq!(catalogue.finding("x").await.expect("read"), None);
    assert_eq!(
        catalogue.endpoints(&EndpointQuery { limit: 9, ..Default::default() }).await.expect("read").total,
        0
    );
    assert_eq!(catalogue.setting("x").await.expect("read"), None);
    catalogue.set_setting("x", "1").await.expect("set");
    catalogue.set_setting("x", "2").await.expect("set");
    drop(catalogue);
    let (_, catalogue) = place.open().await;
    assert_eq!(catalogue.setting("x").await.expect("read").as_deref(), Some("2"));
}

async fn check_endpoints(
    catalogue: &dyn Catalogue,
    query: EndpointQuery,
    keep: impl Fn(&Endpoint) -> bool,
    compare: impl Fn(&Endpoint, &Endpoint) -> std::cmp::Ordering,
) {
    let mut expect: Vec<Endpoint> = (1..=30).map(sample::endpoint).filter(keep).collect();
    expect.sort_by(|a, b| {
        let way = if query.ascending { compare(a, b) } else { compare(b, a) };
        way.then_with(|| (&a.host, &a.template).cmp(&(&b.host, &b.template)))
    });
    let page = catalogue.endpoints(&query).await.expect("read");
    assert_eq!(page.total, expect.len() as u64, "{query:?}");
    let window: Vec<_> = expect.into_iter().skip(query.offset as usize).take(query.limit as usize).collect();
    assert_eq!(page.rows, window, "{query:?}");
}

async fn endpoints(place: &dyn Place) {
    {
        let (_, catalogue) = place.open().await;
        let mut older = sample::endpoint(1);
        older.host = "old.example.com".into();
        let endpoints = vec![older, sample::endpoint(2)];
        catalogue.save(&Knowledge { endpoints, ..Knowledge::default() }).await.expect("saved");
        let endpoints = (1..=30).map(sample::endpoint).collect();
        catalogue.save(&Knowledge { endpoints, ..Knowledge::default() }).await.expect("saved");
    }
    let (_, catalogue) = place.open().await;
    assert_eq!(catalogue.endpoint(EndpointId(7)).await.expect("read"), Some(sample::endpoint(7)));
    let all = EndpointQuery { limit: 100, ..EndpointQuery::default() };
    for ascending in [true, false] {
        let by = |sort| EndpointQuery { sort, ascending, ..all.clone() };
        let share = |endpoint: &Endpoint| endpoint.errors as f64 / endpoint.calls as f64;
        let c = &*catalogue;
        check_endpoints(c, by(EndpointSort::Risk), |_| true, |a, b| a.risk.score.cmp(&b.risk.score)).await;
        check_endpoints(c, by(EndpointSort::Calls), |_| true, |a, b| a.calls.cmp(&b.calls)).await;
        check_endpoints(c, by(EndpointSort::Errors), |_| true, |a, b| share(a).total_cmp(&share(b))).await;
        check_endpoints(c, by(EndpointSort::Level), |_| true, |a, b| a.level.cmp(&b.level)).await;
        check_endpoints(c, by(EndpointSort::FirstSeen), |_| true, |a, b| a.first_seen.cmp(&b.first_seen))
            .await;
        check_endpoints(c, by(EndpointSort::LastSeen), |_| true, |a, b| a.last_seen.cmp(&b.last_seen)).await;
        let place = |a: &Endpoint, b: &Endpoint| (&a.host, &a.template).cmp(&(&b.host, &b.template));
        check_endpoints(c, by(EndpointSort::Template), |_| true, place).await;
    }
    endpoint_filters(&*catalogue, &all).await;
}

async fn endpoint_filters(catalogue: &dyn Catalogue, all: &EndpointQuery) {
    type Case = (fn(&mut EndpointQuery), fn(&Endpoint) -> bool);
    let cases: &[Case] = &[
        (|q| q.host = Some("site1.example.com".into()), |e| e.host == "site1.example.com"),
        (|q| q.method = Some("POST".into()), |e| e.method == "POST"),
        (|q| q.state = Some("active".into()), |_| true),
        (|q| q.state = Some("dormant".into()), |_| false),
        (|q| q.exposure = Some("open".into()), |e| e.exposure == model::Exposure::Open),
        (|q| q.auth = Some("unknown".into()), |_| true),
        (|q| q.purpose = Some("login".into()), |e| e.purpose.is_some()),
        (|q| q.data_type = Some("EMAIL".into()), |e| !e.data.is_empty()),
        (|q| q.level_min = Some(4), |e| e.level >= 4),
        (|q| q.text = Some("API/V1".into()), |e| e.template.starts_with("/Api/v1")),
        (|q| q.text = Some("action=".into()), |e| e.operation.is_some()),
        (|q| q.text = Some("SITE2".into()), |e| e.host.starts_with("site2")),
        (|q| q.text = Some("_".into()), |_| false),
        (|q| (q.offset, q.limit) = (28, 5), |_| true),
    ];
    for (change, keep) in cases {
        let mut query = all.clone();
        change(&mut query);
        check_endpoints(catalogue, query, keep, |a, b| a.risk.score.cmp(&b.risk.score)).await;
    }
    let sites = catalogue.sites().await.expect("read");
    assert!(sites.is_sorted_by_key(|site| std::cmp::Reverse(site.calls)));
    let site = sites.iter().find(|site| site.host == "site1.example.com").expect("a site");
    let own: Vec<Endpoint> = (1..=30).filter(|n| n % 3 == 1).map(sample::endpoint).collect();
    assert_eq!((site.endpoints, site.calls), (10, own.iter().map(|endpoint| endpoint.calls).sum()));
    assert_eq!(Some(site.level), own.iter().map(|endpoint| endpoint.level).max());
}

async fn merges(place: &dyn Place) {
    let (_, catalogue) = place.open().await;
    let id = EndpointId;
    let endpoints = (1..=4).map(sample::endpoint).collect();
    catalogue.save(&Knowledge { endpoints, ..Knowledge::default() }).await.expect("saved");
    let merge = |pairs: &[(u64, u64)]| {
        let merged = pairs.iter().map(|(gone, into)| (id(*gone), id(*into))).collect();
        Knowledge { merged, ..Knowledge::default() }
    };
    catalogue.save(&merge(&[(1, 2)])).await.expect("saved");
    catalogue.save(&merge(&[(2, 3), (3, 3)])).await.expect("saved");
    for n in 1..=3 {
        let found = catalogue.endpoint(id(n)).await.expect("read").map(|endpoint| endpoint.id);
        assert_eq!(found, Some(id(3)), "alias {n}");
    }
    let all = EndpointQuery { limit: 9, ..EndpointQuery::default() };
    assert_eq!(catalogue.endpoints(&all).await.expect("read").total, 2);
    let data = EndpointQuery { data_type: Some("EMAIL".into()), ..all };
    assert_eq!(catalogue.endpoints(&data).await.expect("read").total, 1, "data of 2 went with it");
    // Into an alias: means its target. Aliases that an endpoint itself names count as well.
    catalogue.save(&merge(&[(4, 1)])).await.expect("saved");
    assert_eq!(catalogue.endpoint(id(4)).await.expect("read").map(|endpoint| endpoint.id), Some(id(3)));
    let mut named = sample::endpoint(3);
    named.aliases = vec![id(77)];
    catalogue.save(&Knowledge { endpoints: vec![named], ..Knowledge::default() }).await.expect("saved");
    assert_eq!(catalogue.endpoint(id(77)).await.expect("read").map(|endpoint| endpoint.id), Some(id(3)));
    // An id that is an endpoint again is itself.
    let again = Knowledge { endpoints: vec![sample::endpoint(1)], ..Knowledge::default() };
    catalogue.save(&again).await.expect("saved");
    assert_eq!(catalogue.endpoint(id(1)).await.expect("read").map(|endpoint| endpoint.id), Some(id(1)));
}

async fn candidates_and_accounts(place: &dyn Place) {
    let (_, catalogue) = place.open().await;
    let save = |candidates: std::ops::Range<u64>, accounts: std::ops::Range<u64>| Knowledge {
        candidates: candidates.map(sample::candidate).collect(),
        accounts: accounts.map(sample::account).collect(),
        ..Knowledge::default()
    };
    catalogue.save(&save(0..20, 0..20)).await.expect("saved");
    catalogue.save(&save(10..30, 10..30)).await.expect("saved");
    let all = CandidateQuery { limit: 100, ..CandidateQuery::default() };
    let page = catalogue.candidates(&all).await.expect("read");
    assert_eq!(
        page.rows,
        (10..30).rev().map(sample::candidate).collect::<Vec<_>>(),
        "replaced, most called first"
    );
    let query = CandidateQuery {
        host: Some("site0.example.com".into()),
        reason: Some(CandidateReason::Scanner),
        text: Some(".ENV1".into()),
        ..all
    };
    let page = catalogue.candidates(&query).await.expect("read");
    assert_eq!(page.rows, [18, 12].map(sample::candidate));
    let all = AccountQuery { limit: 3, offset: 1, ..AccountQuery::default() };
    let page = catalogue.accounts(&all).await.expect("read");
    assert_eq!((page.total, page.rows), (30, [28, 27, 26].map(sample::account).to_vec()));
    let query = AccountQuery {
        host: Some("site2.example.com".into()),
        text: Some("WANFANG2".into()),
        limit: 9,
        offset: 0,
    };
    let page = catalogue.accounts(&query).await.expect("read");
    assert_eq!(page.rows, [29, 26, 23, 20, 2].map(sample::account));
    let one = sample::account(5);
    assert_eq!(catalogue.account(&one.id).await.expect("read"), Some(one));
    assert_eq!(catalogue.account("nobody").await.expect("read"), None);
}

async fn save_findings(catalogue: &dyn Catalogue, findings: &[Finding]) {
    let knowledge = Knowledge { findings: findings.to_vec(), ..Knowledge::default() };
    catalogue.save(&knowledge).await.expect("saved");
}

async fn states(catalogue: &dyn Catalogue) -> Vec<(String, FindingState)> {
    let all = FindingQuery { limit: 100, ..FindingQuery::default() };
    let page = catalogue.findings(&all).await.expect("read");
    page.rows.into_iter().map(|finding| (finding.id, finding.state)).collect()
}

async fn findings(place: &dyn Place) {
    let (_, catalogue) = place.open().await;
    let c = &*catalogue;
    let one = sample::finding("weak-jwt", 1, Severity::High);
    let two = sample::finding("weak-jwt", 2, Severity::Critical);
    let three = sample::finding("no-auth", 1, Severity::Low);
    save_findings(c, &[one.clone(), two.clone(), three.clone()]).await;
    let all = FindingQuery { limit: 100, ..FindingQuery::default() };
    assert_eq!(c.findings(&all).await.expect("read").rows, [two.clone(), one.clone(), three.clone()]);
    let cases: [(FindingQuery, &[&str]); 8] = [
        (FindingQuery { host: Some("site2.example.com".into()), ..all.clone() }, &["weak-jwt-2"]),
        (FindingQuery { endpoint: Some(EndpointId(1)), ..all.clone() }, &["weak-jwt-1", "no-auth-1"]),
        (FindingQuery { rule: Some("no-auth".into()), ..all.clone() }, &["no-auth-1"]),
        (FindingQuery { severity_min: Some(Severity::High), ..all.clone() }, &["weak-jwt-2", "weak-jwt-1"]),
        (FindingQuery { state: Some(FindingState::Fixed), ..all.clone() }, &[]),
        (FindingQuery { text: Some("ENDPOINT 2".into()), ..all.clone() }, &["weak-jwt-2"]),
        (FindingQuery { text: Some("弱点".into()), limit: 1, ..all.clone() }, &["weak-jwt-2"]),
        (FindingQuery { offset: 2, ..all.clone() }, &["no-auth-1"]),
    ];
    for (query, expect) in cases {
        let rows = c.findings(&query).await.expect("read").rows;
        assert_eq!(rows.iter().map(|finding| finding.id.as_str()).collect::<Vec<_>>(), expect, "{query:?}");
    }
    assert!(c.set_finding_state(&one.id, FindingState::Ignored, "lin", "test host", NOW).await.expect("set"));
    assert!(!c.set_finding_state("no such", FindingState::Fixed, "lin", "", NOW).await.expect("set"));
    // Found again: the state stays. No longer found: open ones go, decided ones stay.
    let mut again = one.clone();
    again.calls = 99;
    save_findings(c, &[again, two.clone()]).await;
    let kept = c.finding(&one.id).await.expect("read").expect("there");
    assert_eq!((kept.calls, kept.state), (99, FindingState::Ignored));
    save_findings(c, &[]).await;
    assert_eq!(states(c).await, [(one.id.clone(), FindingState::Ignored)]);
    let audit = c.audit_entries(Some(&one.id), 0, 10).await.expect("read");
    let entry = AuditEntry {
        at: NOW,
        who: "lin".into(),
        what: "finding-state".into(),
        subject: one.id,
        detail: "ignored: test host".into(),
    };
    assert_eq!(audit.rows, [entry]);
}

async fn findings_follow_merges(place: &dyn Place) {
    let (_, catalogue) = place.open().await;
    let c = &*catalogue;
    let old = sample::finding("weak-jwt", 1, Severity::High);
    let other = sample::finding("no-auth", 1, Severity::High);
    let new = sample::finding("weak-jwt", 2, Severity::High);
    let endpoints = vec![sample::endpoint(1), sample::endpoint(2)];
    let first = Knowledge { endpoints, findings: vec![old.clone(), other.clone()], ..Knowledge::default() };
    c.save(&first).await.expect("saved");
    for finding in [&old, &other] {
        let state = FindingState::Confirmed;
        assert!(c.set_finding_state(&finding.id, state, "lin", "seen", NOW).await.expect("set"));
    }
    let merged = vec![(EndpointId(1), EndpointId(2))];
    let findings = vec![new.clone()];
    c.save(&Knowledge { merged, findings, ..Knowledge::default() }).await.expect("saved");
    let mut expect =
        vec![(new.id.clone(), FindingState::Confirmed), (other.id.clone(), FindingState::Confirmed)];
    let mut got = states(c).await;
    expect.sort();
    got.sort();
    assert_eq!(got, expect, "the successor takes over the state, the other waits");
    let waits = c.finding(&other.id).await.expect("read").expect("there");
    assert_eq!(waits.endpoint, Some(EndpointId(2)));
    // The successor of the other one is found later.
    let late = sample::finding("no-auth", 2, Severity::High);
    save_findings(c, &[new.clone(), late.clone()]).await;
    let mut got = states(c).await;
    let mut expect = vec![(new.id, FindingState::Confirmed), (late.id, FindingState::Confirmed)];
    expect.sort();
    got.sort();
    assert_eq!(got, expect);
    let by_alias = FindingQuery { endpoint: Some(EndpointId(1)), limit: 9, ..FindingQuery::default() };
    assert_eq!(c.findings(&by_alias).await.expect("read").total, 2);
}

async fn hot_state(place: &dyn Place) {
    // Larger than one part, and not compressible.
    let noise = |seed: u64| {
        let mut x = seed;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (x >> 56) as u8
        };
        (0..9_000_000).map(|_| next()).collect::<Vec<u8>>()
    };
    for (position, bytes) in [(7, noise(1)), (9, Vec::new()), (11, noise(2))] {
        let state = HotState { position: Position(position), bytes };
        {
            let (_, catalogue) = place.open().await;
            let knowledge = Knowledge { hot_state: Some(state.clone()), ..Knowledge::default() };
            catalogue.save(&knowledge).await.expect("saved");
            catalogue.save(&Knowledge::default()).await.expect("saved");
        }
        let (_, catalogue) = place.open().await;
        assert!(catalogue.hot_state().await.expect("read") == Some(state));
    }
}

async fn hostile_text(place: &dyn Place) {
    let (_, catalogue) = place.open().await;
    for (n, text) in
        ["\0nul", "' OR 1=1; --", "$1", "%_\\", "\u{202e}", &"长".repeat(50_000)].iter().enumerate()
    {
        let mut endpoint = sample::endpoint(n as u64 + 1);
        endpoint.template = (*text).to_owned();
        endpoint.calls = u64::MAX;
        let knowledge = Knowledge { endpoints: vec![endpoint.clone()], ..Knowledge::default() };
        catalogue.save(&knowledge).await.expect("saved");
        let query = EndpointQuery { text: Some((*text).to_owned()), limit: 9, ..EndpointQuery::default() };
        assert_eq!(catalogue.endpoints(&query).await.expect("read").rows, [endpoint], "{text:.20}");
    }
}

async fn a_large_save(place: &dyn Place) {
    let (_, catalogue) = place.open().await;
    let knowledge = Knowledge {
        endpoints: (0..2_000).map(sample::endpoint).collect(),
        candidates: (0..2_000).map(sample::candidate).collect(),
        accounts: (0..5_000).map(sample::account).chain([sample::account(7)]).collect(),
        findings: (0..2_000).map(|n| sample::finding("no-auth", n, Severity::Low)).collect(),
        ..Knowledge::default()
    };
    for _ in 0..2 {
        catalogue.save(&knowledge).await.expect("saved");
        let count = |total: u64| total;
        let accounts =
            catalogue.accounts(&AccountQuery { limit: 1, ..Default::default() }).await.expect("read");
        let findings =
            catalogue.findings(&FindingQuery { limit: 1, ..Default::default() }).await.expect("read");
        assert_eq!((count(accounts.total), count(findings.total)), (5_000, 2_000));
    }
}
