//! Test support: the examples of the weakness files become calls, observations and a small world, and every one of
//! them must come out as its file says.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use model::{
    Auth, AuthKind, AuthUse, AuthVerdict, Call, CallId, DataHit, DataUse, Endpoint, EndpointId, Enumerable,
    Exposure, Finding, JwtFacts, LifeState, LoginPressure, Observation, Place, Profile, Risk, Side, Style,
    Timestamp, World,
};
use rules::{Example, Match, Ruleset, WeaknessRule};
use serde_json::Value;

use crate::Detector;

/// The only endpoint of the fixture, and an earlier id of it.
pub(crate) const ENDPOINT: EndpointId = EndpointId(7);
pub(crate) const ALIAS: EndpointId = EndpointId(3);

pub(crate) fn rules() -> Arc<Ruleset> {
    static RULES: OnceLock<Arc<Ruleset>> = OnceLock::new();
    Arc::clone(RULES.get_or_init(|| Arc::new(Ruleset::builtin().expect("the built-in content is valid"))))
}

/// A world of one endpoint.
pub(crate) struct Small(pub(crate) Option<Profile>);

impl World for Small {
    fn resolve(&self, id: EndpointId) -> EndpointId {
        if id == ALIAS { ENDPOINT } else { id }
    }

    fn profile(&self, id: EndpointId) -> Option<Profile> {
        self.0.clone().filter(|profile| profile.endpoint.id == id)
    }

    fn endpoints(&self) -> Vec<EndpointId> {
        self.0.iter().map(|profile| profile.endpoint.id).collect()
    }
}

pub(crate) fn call(record: &str) -> Call {
    serde_json::from_str(record).unwrap_or_else(|error| panic!("{error}: {record}"))
}

/// Sensitive values of a call, found with the real scanner.
pub(crate) fn hits(rules: &Ruleset, call: &Call) -> Vec<DataHit> {
    let mut hits = Vec::new();
    let query = call.query();
    let offset = call.target.len() - query.len();
    pairs(rules, (Side::Request, Place::Query), (query, offset), &mut hits);
    for (side, message) in [(Side::Request, &call.request), (Side::Response, &call.response)] {
        let Some(body) = message.as_ref().and_then(|m| std::str::from_utf8(m.body()).ok()) else { continue };
        match serde_json::from_str::<Value>(body) {
            Ok(value) => walk(rules, &value, ("", ""), (side, body), &mut hits),
            Err(_) => pairs(rules, (side, Place::Body), (body, 0), &mut hits),
        }
    }
    hits
}

fn pairs(rules: &Ruleset, at: (Side, Place), source: (&str, usize), hits: &mut Vec<DataHit>) {
    let mut offset = source.1;
    for part in source.0.split('&') {
        if let Some((key, value)) = part.split_once('=') {
            let start = offset + key.len() + 1;
            scan(rules, (key, ""), value, |found| hits.push(hit(at, key, found, start)));
        }
        offset += part.len() + 1;
    }
}

fn walk(rules: &Ruleset, value: &Value, keys: (&str, &str), at: (Side, &str), hits: &mut Vec<DataHit>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, member)| walk(rules, member, (key, keys.0), at, hits));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(rules, item, keys, at, hits)),
        Value::String(text) => {
            let start = at.1.find(text.as_str()).unwrap_or(0);
            scan(rules, keys, text, |found| hits.push(hit((at.0, Place::Body), keys.0, found, start)));
        }
        _ => {}
    }
}

fn scan(rules: &Ruleset, keys: (&str, &str), text: &str, mut take: impl FnMut(&Match)) {
    let mut found = Vec::new();
    rules.scan(rules.prior(keys.0, keys.1), text, &mut found);
    found.iter().for_each(&mut take);
}

fn hit(at: (Side, Place), path: &str, found: &Match, offset: usize) -> DataHit {
    DataHit {
        side: at.0,
        place: at.1,
        path: path.to_owned(),
        data_type: found.data_type.clone(),
        level: found.level,
        masked: found.masked,
        confidence: found.confidence,
        sample: found.sample.clone(),
        hash: None,
        span: (offset + found.start) as u32..(offset + found.end) as u32,
    }
}

pub(crate) fn observation(rules: &Ruleset, call: &Call, example: &Example) -> Observation {
    let kind = match example.auth.as_str() {
        "" => AuthKind::None,
        name => serde_json::from_value(Value::String(name.to_owned())).expect("a kind of credential"),
    };
    let jwt = (!example.jwt_algorithm.is_empty()).then(|| JwtFacts {
        algorithm: example.jwt_algorithm.clone(),
        expires: example.jwt_expires.then_some(Timestamp(1)),
        weak_secret: example.jwt_weak,
        ..JwtFacts::default()
    });
    Observation {
        endpoint: ENDPOINT,
        candidate: None,
        account: None,
        auth: Auth { kind, jwt },
        purpose: (!example.purpose.is_empty()).then(|| example.purpose.clone()),
        data: hits(rules, call),
        people: example.people,
    }
}

pub(crate) fn endpoint() -> Endpoint {
    Endpoint {
        id: ENDPOINT,
        host: "shop.example.com".into(),
        method: "GET".into(),
        template: "/things/{id}".into(),
        operation: None,
        style: Style::Rest,
        purpose: None,
        exposure: Exposure::Open,
        state: LifeState::Active,
        confidence: 1.0,
        calls: 10,
        errors: 0,
        statuses: BTreeMap::new(),
        first_seen: Timestamp(1),
        last_seen: Timestamp(2),
        clients: 1,
        accounts: 0,
        latency: None,
        auth: AuthUse { verdict: AuthVerdict::None, ..AuthUse::default() },
        params: Vec::new(),
        data: Vec::new(),
        level: 0,
        request_schema: BTreeMap::new(),
        response_schema: BTreeMap::new(),
        risk: Risk::default(),
        evidence: vec![CallId::new("e1")],
        template_evidence: Vec::new(),
        aliases: Vec::new(),
    }
}

pub(crate) fn profile(example: &Example, calls: &[(Call, Observation)]) -> Profile {
    let mut endpoint = endpoint();
    endpoint.purpose = (!example.purpose.is_empty()).then(|| example.purpose.clone());
    let uses = calls.iter().flat_map(|(_, seen)| &seen.data).map(|hit| DataUse {
        endpoint: ENDPOINT,
        side: hit.side,
        place: hit.place,
        path: hit.path.clone(),
        data_type: hit.data_type.clone(),
        level: hit.level,
        count: 1,
        calls: 1,
        distinct: 1,
        masked: hit.masked,
        sample: hit.sample.clone(),
        evidence: Vec::new(),
    });
    endpoint.data = uses.collect();
    Profile {
        endpoint,
        enumerable: (!example.enumerable.is_empty()).then(|| Enumerable {
            param: "id".into(),
            kind: example.enumerable.clone(),
            distinct: example.distinct,
            density: 0.9,
            evidence: vec![CallId::new("n1")],
        }),
        login: (example.failures > 0).then(|| LoginPressure {
            failures_max: example.failures,
            throttled: example.throttled,
            evidence: vec![CallId::new("l1")],
        }),
    }
}

/// Runs one example through a fresh detector; the finding of the rule, if there is one.
pub(crate) fn run(rule: &WeaknessRule, example: &Example) -> Option<Finding> {
    let rules = rules();
    let mut detector = Detector::new(Arc::clone(&rules));
    let calls: Vec<(Call, Observation)> = example
        .calls
        .iter()
        .map(|record| {
            let call = call(record);
            let seen = observation(&rules, &call, example);
            (call, seen)
        })
        .collect();
    for (call, seen) in &calls {
        detector.inspect(call, seen);
    }
    let world = Small(Some(profile(example, &calls)));
    detector.findings(&world).into_iter().find(|finding| finding.rule == rule.id)
}

#[test]
fn every_example_of_every_weakness() {
    let mut wrong = Vec::new();
    for rule in rules().weaknesses() {
        for example in &rule.positive {
            match run(rule, example) {
                None => wrong.push(format!("{}: missed {:?}", rule.id, example.calls)),
                Some(finding) => {
                    let unfilled = [&finding.title, &finding.title_zh].iter().any(|t| t.contains(['{', '–']));
                    if finding.evidence.is_empty() || unfilled {
                        wrong.push(format!("{}: `{}` or its evidence is incomplete", rule.id, finding.title));
                    }
                }
            }
        }
        for example in rule.negative.iter().filter(|example| run(rule, example).is_some()) {
            wrong.push(format!("{}: false alarm on {:?}", rule.id, example.calls));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
