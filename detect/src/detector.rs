//! The detector: looks at every call once, remembers evidence, and makes findings of it when asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Call, EndpointId, Finding, JwtFacts, Observation, Place, Side, World, limits};
use rules::{Ruleset, Scope, WeaknessRule};
use rustc_hash::FxHashMap;

use crate::call_facts::CallFacts;
use crate::mark::{Mark, STATE_VERSION, State, StateError};
use crate::{findings, jwt};

/// Marks kept; beyond it no new ones are made and `marks_refused` counts.
const MARKS_MAX: usize = 500_000;

/// All weakness detectors. One owner; deterministic in the order of calls.
#[derive(Debug)]
pub struct Detector {
    rules: Arc<Ruleset>,
    /// By position of the rule and endpoint as the call named it.
    marks: FxHashMap<(usize, EndpointId), Mark>,
    /// Tokens per site whose signature was tried against weak secrets.
    tries: BTreeMap<String, usize>,
    marks_refused: u64,
}

impl Detector {
    /// A detector that has seen nothing.
    #[must_use]
    pub fn new(rules: Arc<Ruleset>) -> Self {
        Self { rules, marks: FxHashMap::default(), tries: BTreeMap::new(), marks_refused: 0 }
    }

    /// Looks at one raw call and returns the ids of the rules that it is evidence for, in their order.
    pub fn inspect(&mut self, call: &Call, seen: &Observation) -> Vec<String> {
        let rules = Arc::clone(&self.rules);
        let issued = self.issued_token(call, seen);
        let response_type = call.response.as_ref().map(model::Message::media_type).unwrap_or_default();
        let mut found = Vec::new();
        for (at, rule) in rules.weaknesses().iter().enumerate() {
            let mut facts = CallFacts {
                rules: &rules,
                call,
                seen,
                jwt: seen.auth.jwt.as_ref(),
                response_type: &response_type,
            };
            let mut evident = self.judge(at, rule, &facts, false);
            // A token handed out speaks about the site as much as one that is used.
            if rule.scope == Scope::Site && issued.is_some() {
                facts.jwt = issued.as_ref();
                evident |= self.judge(at, rule, &facts, true);
            }
            if evident {
                found.push(rule.id.clone());
            }
        }
        found
    }

    /// Evaluates one rule on one call and remembers it when it is evidence.
    fn judge(&mut self, at: usize, rule: &WeaknessRule, facts: &CallFacts<'_>, issued: bool) -> bool {
        let Some(when) = &rule.when else { return false };
        if !when.test(facts) {
            return false;
        }
        let hits: Vec<usize> = match &rule.hit {
            None => Vec::new(),
            Some(hit) => (0..facts.seen.data.len()).filter(|item| hit.test_item(facts, *item)).collect(),
        };
        if rule.hit.is_some() && hits.is_empty() {
            return false;
        }
        let key = (at, facts.seen.endpoint);
        if !self.marks.contains_key(&key) && self.marks.len() >= MARKS_MAX {
            self.marks_refused += 1;
            return true;
        }
        let mark = self.marks.entry(key).or_default();
        mark.add(facts.call);
        mark.issued += u64::from(issued);
        mark.people = mark.people.max(facts.seen.people);
        for item in hits {
            let hit = &facts.seen.data[item];
            mark.add_type(hit.data_type.as_str(), hit.level);
        }
        if rule.hit.is_none() {
            // Without a condition on values, all clear ones of the answer show what is at stake.
            let clear = |hit: &&model::DataHit| hit.side == Side::Response && !hit.masked;
            mark.level = facts.seen.data.iter().filter(clear).map(|hit| hit.level).fold(mark.level, u8::max);
        }
        for detail in &rule.details {
            if !mark.details.contains(&detail.id) && detail.when.test(facts) {
                mark.add_detail(&detail.id, facts.call);
            }
        }
        let pattern = rule.detail_pattern.as_ref().and_then(|(field, set)| facts.pattern(*field, set));
        if let Some(id) = pattern {
            mark.add_detail(id, facts.call);
        }
        true
    }

    /// The first token in the body of a successful response; signatures are tried for a few tokens per site only.
    fn issued_token(&mut self, call: &Call, seen: &Observation) -> Option<JwtFacts> {
        let hit = seen.data.iter().find(|hit| {
            hit.side == Side::Response
                && hit.place == Place::Body
                && hit.data_type.as_str() == "JWT"
                && !hit.masked
        })?;
        let body = call.response.as_ref()?.body();
        let token = std::str::from_utf8(body.get(hit.span.start as usize..hit.span.end as usize)?).ok()?;
        let tries = self.tries.entry(call.host.clone()).or_default();
        let rules = Arc::clone(&self.rules);
        let secrets = if *tries < limits::JWT_TRIES_MAX { rules.weak_jwt_secrets() } else { &[] };
        *tries += 1;
        jwt::inspect(token, secrets)
    }

    /// All findings about endpoints of the inventory: worst first, then by site, endpoint and rule.
    #[must_use]
    pub fn findings(&self, world: &dyn World) -> Vec<Finding> {
        findings::collect(&self.rules, &self.marks, world)
    }

    /// Marks that were not made because there were too many.
    #[must_use]
    pub const fn marks_refused(&self) -> u64 {
        self.marks_refused
    }

    /// A snapshot for a restart.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        let name = |at: usize| self.rules.weaknesses()[at].id.clone();
        let mut marks: Vec<(String, EndpointId, Mark)> =
            self.marks.iter().map(|((at, endpoint), mark)| (name(*at), *endpoint, mark.clone())).collect();
        marks.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let tries = self.tries.iter().map(|(host, tries)| (host.clone(), *tries)).collect();
        serde_json::to_vec(&State { version: STATE_VERSION, marks, tries })
            .expect("strings, numbers and lists always serialise")
    }

    /// Takes over a snapshot in place of what was seen; marks of rules that no longer exist are left out.
    ///
    /// # Errors
    /// The snapshot cannot be read, or another version wrote it.
    pub fn restore(&mut self, state: &[u8]) -> Result<(), StateError> {
        let value: serde_json::Value = serde_json::from_slice(state).map_err(StateError::Unreadable)?;
        let found = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if found != u64::from(STATE_VERSION) {
            return Err(StateError::Version { found: u32::try_from(found).unwrap_or(u32::MAX) });
        }
        let state: State = serde_json::from_value(value).map_err(StateError::Unreadable)?;
        let position = |id: &str| self.rules.weaknesses().iter().position(|rule| rule.id == id);
        self.marks = state
            .marks
            .into_iter()
            .filter_map(|(rule, endpoint, mark)| Some(((position(&rule)?, endpoint), mark)))
            .collect();
        self.tries = state.tries.into_iter().collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    const LEAK: &str = r#"{"id":"ID","ts":"2026-11-21T10:00:00Z","scheme":"https","method":"GET","host":"shop.example.com","target":"/users","status":200,"response":{"headers":[["content-type","application/json"]],"body":"{\"email\":\"li@example.com\"}"}}"#;

    fn leak(detector: &mut Detector, id: &str, endpoint: EndpointId) -> Vec<String> {
        let call = fixture::call(&LEAK.replace("ID", id));
        let rules = fixture::rules();
        let mut seen = fixture::observation(&rules, &call, &rules.weaknesses()[0].negative[0]);
        seen.auth.kind = model::AuthKind::None;
        seen.auth.jwt = None;
        seen.people = 1;
        seen.endpoint = endpoint;
        detector.inspect(&call, &seen)
    }

    fn world() -> fixture::Small {
        let rules = fixture::rules();
        fixture::Small(Some(fixture::profile(&rules.weaknesses()[0].negative[0], &[])))
    }

    #[test]
    fn merged_endpoints_share_their_evidence_and_it_stays_bounded() {
        let mut detector = Detector::new(fixture::rules());
        for at in 0..20 {
            let endpoint = if at % 2 == 0 { fixture::ENDPOINT } else { fixture::ALIAS };
            assert_eq!(leak(&mut detector, &format!("c{at}"), endpoint), ["data-without-auth"]);
        }
        let findings = detector.findings(&world());
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!((findings[0].calls, findings[0].evidence.len()), (20, limits::EVIDENCE_MAX));
        assert_eq!(findings[0].title, "Sensitive data without authentication: E-mail address");
        assert_eq!(findings[0].title_zh, "无需认证即返回敏感数据：电子邮箱");
    }

    #[test]
    fn candidates_make_no_findings() {
        let mut detector = Detector::new(fixture::rules());
        leak(&mut detector, "c1", EndpointId(99));
        assert!(detector.findings(&world()).is_empty());
        assert!(detector.findings(&fixture::Small(None)).is_empty());
    }

    #[test]
    fn a_snapshot_brings_the_findings_back() {
        let mut detector = Detector::new(fixture::rules());
        leak(&mut detector, "c1", fixture::ENDPOINT);
        let state = detector.state();
        let mut other = Detector::new(fixture::rules());
        other.restore(&state).expect("its own snapshot");
        assert_eq!(other.findings(&world()), detector.findings(&world()));
        assert_eq!(other.state(), state);
        assert!(matches!(other.restore(b"{\"version\":99}"), Err(StateError::Version { found: 99 })));
        assert!(matches!(other.restore(b"\xff"), Err(StateError::Unreadable(_))));
    }
}
