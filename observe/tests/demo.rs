//! The generated day of `testkit` through the observer: exactly its operations come out, whatever happens between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Call, CandidateReason, Endpoint, Timestamp, World};
use observe::{Inventory, Observer, redact};
use rules::Ruleset;
use testkit::demo::{Demo, generate};

const END: Timestamp = Timestamp(1_795_300_000_000_000);

fn observer() -> Observer {
    Observer::new(Arc::new(Ruleset::builtin().expect("the built-in rules load")), [7; 32])
}

fn observe_all(demo: &Demo) -> (Observer, Inventory) {
    let mut observer = observer();
    for call in &demo.calls {
        observer.observe(call);
    }
    observer.settle();
    let inventory = observer.export(false);
    (observer, inventory)
}

/// Method, host, template with parameters unnamed and operation, with the number of calls.
fn operations(inventory: &Inventory) -> BTreeMap<String, u64> {
    let rows = inventory.endpoints.iter();
    let place = |endpoint: &Endpoint| plain(&endpoint.method, &endpoint.host, &endpoint.template);
    rows.map(|endpoint| {
        (format!("{} {}", place(endpoint), endpoint.operation.as_deref().unwrap_or_default()), endpoint.calls)
    })
    .collect()
}

fn plain(method: &str, host: &str, template: &str) -> String {
    let segments = template.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    format!("{method} {host}{}", segments.collect::<Vec<_>>().join("/"))
}

#[test]
fn the_operations_of_the_day_and_no_other() {
    let demo = generate(END, 2026);
    let (_, inventory) = observe_all(&demo);
    let mut expect: BTreeMap<String, u64> = BTreeMap::new();
    for operation in &demo.truth.operations {
        // What a parameter selects (`method=order.query`) is not told apart yet.
        let name = operation.operation.filter(|name| !name.contains('=')).unwrap_or_default();
        let place = plain(operation.method, operation.host, operation.template);
        *expect.entry(format!("{place} {name}")).or_default() += operation.calls;
    }
    let found = operations(&inventory);
    let found_keys: BTreeSet<&String> = found.keys().collect();
    assert_eq!(found_keys, expect.keys().collect::<BTreeSet<_>>());
    for (operation, calls) in &expect {
        assert_eq!(found.get(operation), Some(calls), "{operation}");
    }
    let scanned =
        inventory.candidates.iter().filter(|candidate| candidate.reason == CandidateReason::Scanner).count();
    assert!(scanned > 100, "{scanned} candidates of the scanner");
}

#[test]
fn a_restart_changes_nothing() {
    let demo = generate(END, 3);
    let (_, whole) = observe_all(&demo);
    let mut first = observer();
    let (before, after) = demo.calls.split_at(demo.calls.len() / 3);
    for call in before {
        first.observe(call);
    }
    let snapshot = first.snapshot().expect("a snapshot");
    let mut second = observer();
    second.restore(&snapshot).expect("the same version");
    for call in after {
        second.observe(call);
    }
    second.settle();
    let resumed = second.export(false);
    assert_eq!(operations(&resumed), operations(&whole));
    assert_eq!(resumed.endpoints, whole.endpoints);
    assert_eq!(resumed.accounts, whole.accounts);
    assert_eq!(resumed.candidates, whole.candidates);
}

#[test]
fn ids_given_to_calls_lead_to_their_endpoint() {
    let demo = generate(END, 4);
    let mut observer = observer();
    let given: Vec<_> = demo.calls.iter().map(|call| observer.observe(call).observation.endpoint).collect();
    observer.settle();
    for ((call, label), id) in demo.calls.iter().zip(&demo.labels).zip(given) {
        let Some(label) = label else { continue };
        let operation = &demo.truth.operations[*label];
        let id = observer.resolve(id);
        let profile =
            observer.profile(id).unwrap_or_else(|| panic!("{} {} has no endpoint", call.method, call.target));
        let endpoint = profile.endpoint;
        let found = plain(&endpoint.method, &endpoint.host, &endpoint.template);
        assert_eq!(found, plain(operation.method, operation.host, operation.template), "{}", call.target);
    }
}

#[test]
fn what_is_kept_shows_no_clear_value() {
    let demo = generate(END, 5);
    let mut observer = observer();
    for call in &demo.calls {
        let observed = observer.observe(call);
        let kept = redact(call, &observed.redactions);
        for redaction in &observed.redactions {
            let Some((value, before)) = raw(call, redaction) else { continue };
            let (_, after) = raw(&kept, redaction).unwrap_or_default();
            let count = |text: &str| text.matches(&value).count();
            assert!(value.len() < 6 || count(&after) < count(&before), "{value} is kept in {after}");
        }
    }
}

/// What a redaction covers in a request or response body, and the whole body.
fn raw(call: &Call, redaction: &observe::Redaction) -> Option<(String, String)> {
    let message = match redaction.side {
        model::Side::Request => call.request.as_ref(),
        model::Side::Response => call.response.as_ref(),
    };
    let text = std::str::from_utf8(message?.body()).ok()?;
    let span = redaction.span.start as usize..redaction.span.end as usize;
    let is_body = redaction.place == model::Place::Body;
    let value = text.get(span).unwrap_or_default().to_owned();
    is_body.then(|| (value, text.to_owned()))
}

#[test]
fn garbage_is_a_normal_value() {
    let mut observer = observer();
    let mut rng = testkit::Rng::new(9);
    for number in 0..3_000_u64 {
        let mut text = |length: u64| -> String {
            let length = rng.below(length);
            (0..length).map(|_| char::from_u32(rng.below(0x250) as u32).unwrap_or('\u{fffd}')).collect()
        };
        let message = |body: String| {
            Some(model::Message { body: Some(body.into_bytes()), ..model::Message::default() })
        };
        let call = Call {
            id: model::CallId::new(number.to_string()),
            method: if number % 3 == 0 { text(8) } else { "GET".into() },
            host: text(12),
            target: format!("/{}", text(60)),
            status: Some(200),
            request: message(text(200)),
            response: message(format!("{{\"a\":{}", text(200))),
            ..Call::default()
        };
        let observed = observer.observe(&call);
        assert_eq!(redact(&call, &observed.redactions).id, call.id);
    }
    observer.settle();
    observer.export(false);
}

/// A mobile number planted where a lazy reader would not look never reaches what is kept.
#[test]
fn values_in_odd_places_are_not_kept() {
    const MOBILE: &str = "13800138000";
    let json = "application/json";
    let bodies: [(&str, String); 9] = [
        (json, format!(r#"{{"a":1, oops, "phone":"{MOBILE}"}}"#)),
        (json, format!(r#"{{"a":1}},{{"phone":"{MOBILE}"}}"#)),
        (json, format!(r#"{{"{MOBILE}":{{"n":1}}}}"#)),
        (json, format!(r#"{{"a":"{}"#, format_args!("{MOBILE} and no end"))),
        (
            "multipart/form-data; boundary=B",
            format!(
                "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.csv\"\r\n\r\nphone\r\n{MOBILE}\r\n--B--\r\n"
            ),
        ),
        ("text/xml", format!("<a>call {MOBILE} <b>now</b></a>")),
        ("text/xml", format!("<a x=\"1\">{MOBILE}</a>")),
        ("text/xml", format!("<a><!-- {MOBILE} --><b>1</b></a>")),
        ("application/octet-stream", format!("\0\u{1}\u{2}\u{3}\u{4}{MOBILE}")),
    ];
    let mut observer = observer();
    for (media_type, body) in bodies {
        let call = testkit::call("POST /x").host("a.example").status(200).build();
        let headers: model::Headers = [
            ("content-type", media_type),
            ("referer", &format!("https://a.example/u?m={MOBILE}&token=short123")),
        ]
        .into_iter()
        .collect();
        let request = model::Message { headers, body: Some(body.clone().into_bytes()), body_size: None };
        let target = "/x?token=short123".to_owned();
        let call = Call { request: Some(request), target, ..call };
        let observed = observer.observe(&call);
        let kept = serde_json::to_string(&redact(&call, &observed.redactions)).expect("json");
        assert!(!kept.contains(MOBILE) && !kept.contains("short123"), "{body} is kept as {kept}");
    }
    let inventory = serde_json::to_string(&observer.export(false).endpoints).expect("json");
    assert!(!inventory.contains("short123"), "{inventory}");
}

/// Invented hosts that answer nothing never keep a real site out.
#[test]
fn invented_hosts_give_way() {
    let mut observer = observer();
    for number in 0..model::limits::SITES_MAX + 10 {
        let host = format!("h{number}.example");
        observer.observe(&testkit::call("GET /x").host(&host).status(404).build());
    }
    let real = testkit::call("GET /orders/1")
        .host("shop.example.com")
        .status(200)
        .json(&serde_json::json!({"id": 1}));
    observer.observe(&real.build());
    observer.settle();
    let inventory = observer.export(false);
    assert_eq!(inventory.endpoints.len(), 1);
    assert_eq!(inventory.endpoints[0].host, "shop.example.com");
    let evicted = observer.limits_reached().into_iter().find(|(name, _)| *name == "sites_max");
    assert!(evicted.is_some_and(|(_, count)| count > 0));
}
