//! What the sections stand on: the outcome of an analysis put in order once, worst first, with the questions that
//! several sections ask answered in one place. Nothing here writes HTML.

use std::collections::{BTreeMap, BTreeSet};

use model::{AuthVerdict, DataUse, Endpoint, EndpointId, Finding, Severity, Side, Timestamp};
use rules::Ruleset;

use super::limits::{ENDPOINTS_MAX, FINDINGS_MAX};
use super::text::{Words, t};
use crate::analyze::{Counts, Outcome};

/// Sensitivity level from which data answered without a credential is called a leak.
pub(crate) const LEAK_LEVEL: u8 = 3;
/// The type of a token that a login hands out.
const TOKEN: &str = "JWT";
/// Purposes whose calls carry their credential in the body: that no other one is seen says nothing about them.
const CREDENTIAL_IN_BODY: [&str; 3] = ["login", "register", "token"];

/// What is asked from whoever calls, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    None,
    /// Calls succeed with and without a credential.
    Mixed,
    Unknown,
    /// A login or the like: what proves the caller stands in the body.
    InBody,
    Required,
}

/// The outcome in the order of the report.
pub(crate) struct Facts<'a> {
    pub inputs: &'a [String],
    pub outcome: &'a Outcome,
    pub counts: &'a Counts,
    pub rules: &'a Ruleset,
    /// All findings, worst first.
    pub findings: Vec<&'a Finding>,
    /// Endpoints that the inventory of the report lists, by site, template and method.
    pub inventory: Vec<&'a Endpoint>,
    listed: BTreeSet<EndpointId>,
    described: BTreeSet<&'a str>,
    endpoints: BTreeMap<EndpointId, &'a Endpoint>,
    by_endpoint: BTreeMap<EndpointId, Vec<&'a Finding>>,
}

impl<'a> Facts<'a> {
    pub fn new(inputs: &'a [String], outcome: &'a Outcome, counts: &'a Counts, rules: &'a Ruleset) -> Self {
        let all = &outcome.picture.inventory.endpoints;
        let endpoints: BTreeMap<EndpointId, &Endpoint> =
            all.iter().map(|endpoint| (endpoint.id, endpoint)).collect();
        let risk = |finding: &Finding| {
            finding.endpoint.and_then(|id| endpoints.get(&id)).map_or(0, |endpoint| endpoint.risk.score)
        };
        let mut findings: Vec<&Finding> = outcome.picture.findings.iter().collect();
        findings.sort_by(|a, b| {
            (b.severity, risk(b), b.calls).cmp(&(a.severity, risk(a), a.calls)).then_with(|| a.id.cmp(&b.id))
        });
        let mut by_endpoint: BTreeMap<EndpointId, Vec<&Finding>> = BTreeMap::new();
        for finding in &findings {
            if let Some(id) = finding.endpoint {
                by_endpoint.entry(id).or_default().push(finding);
            }
        }
        let mut inventory: Vec<&Endpoint> = all.iter().collect();
        if inventory.len() > ENDPOINTS_MAX {
            inventory.sort_by_key(|endpoint| {
                (std::cmp::Reverse((endpoint.risk.score, endpoint.calls)), endpoint.id)
            });
            inventory.truncate(ENDPOINTS_MAX);
        }
        inventory.sort_by(|a, b| (&a.host, &a.template, &a.method).cmp(&(&b.host, &b.template, &b.method)));
        let listed = inventory.iter().map(|endpoint| endpoint.id).collect();
        let described = findings.iter().take(FINDINGS_MAX).map(|finding| finding.id.as_str()).collect();
        Self {
            inputs,
            outcome,
            counts,
            rules,
            findings,
            inventory,
            listed,
            described,
            endpoints,
            by_endpoint,
        }
    }

    /// The endpoint with this id.
    pub fn endpoint(&self, id: EndpointId) -> Option<&'a Endpoint> {
        self.endpoints.get(&id).copied()
    }

    /// All endpoints, those that the report does not list included.
    pub fn endpoints(&self) -> &'a [Endpoint] {
        &self.outcome.picture.inventory.endpoints
    }

    /// True when the inventory of the report has a row to lead to.
    pub fn is_listed(&self, id: EndpointId) -> bool {
        self.listed.contains(&id)
    }

    /// True when the report describes the finding in full.
    pub fn is_described(&self, finding: &Finding) -> bool {
        self.described.contains(finding.id.as_str())
    }

    /// Findings on an endpoint, worst first.
    pub fn findings_on(&self, id: EndpointId) -> &[&'a Finding] {
        self.by_endpoint.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Findings of a severity.
    pub fn count_of(&self, severity: Severity) -> u64 {
        self.findings.iter().filter(|finding| finding.severity == severity).count() as u64
    }

    /// Endpoints with the highest risk first, those without any left out.
    pub fn by_risk(&self) -> Vec<&'a Endpoint> {
        let mut endpoints: Vec<&Endpoint> =
            self.endpoints().iter().filter(|endpoint| endpoint.risk.score > 0).collect();
        endpoints.sort_by(|a, b| {
            (b.risk.score, b.calls).cmp(&(a.risk.score, a.calls)).then_with(|| a.id.cmp(&b.id))
        });
        endpoints
    }

    /// Data that an endpoint answers in clear from [`LEAK_LEVEL`] on, most sensitive first.
    /// Tokens are left out: handing one to a caller that has none is what a login does.
    pub fn answered(&self, endpoint: &'a Endpoint) -> Vec<&'a DataUse> {
        let mut uses: Vec<&DataUse> = endpoint
            .data
            .iter()
            .filter(|usage| usage.side == Side::Response && !usage.masked && usage.level >= LEAK_LEVEL)
            .filter(|usage| usage.data_type.as_str() != TOKEN)
            .collect();
        uses.sort_by(|a, b| {
            (b.level, b.count).cmp(&(a.level, a.count)).then_with(|| a.data_type.cmp(&b.data_type))
        });
        uses
    }

    /// What is asked from the callers of an endpoint.
    pub fn guard(&self, endpoint: &Endpoint) -> Guard {
        let purpose = endpoint.purpose.as_deref().unwrap_or_default();
        match endpoint.auth.verdict {
            AuthVerdict::None | AuthVerdict::Mixed if CREDENTIAL_IN_BODY.contains(&purpose) => Guard::InBody,
            AuthVerdict::None => Guard::None,
            AuthVerdict::Mixed => Guard::Mixed,
            AuthVerdict::Unknown => Guard::Unknown,
            AuthVerdict::Required => Guard::Required,
        }
    }

    /// Endpoints that answer sensitive data in clear to whoever asks, highest risk first.
    pub fn leaks(&self) -> Vec<&'a Endpoint> {
        let is_open = |endpoint: &&Endpoint| matches!(self.guard(endpoint), Guard::None | Guard::Mixed);
        let mut leaks: Vec<&Endpoint> = self
            .endpoints()
            .iter()
            .filter(is_open)
            .filter(|endpoint| !self.answered(endpoint).is_empty())
            .collect();
        leaks.sort_by(|a, b| {
            (b.level, b.risk.score, b.calls)
                .cmp(&(a.level, a.risk.score, a.calls))
                .then_with(|| a.id.cmp(&b.id))
        });
        leaks
    }

    /// What a data type is called; its id when the rules do not know it.
    pub fn data_type(&self, id: &'a str) -> Words<'a> {
        self.rules.data_type(id).map_or(t(id, id), |rule| Words::from(&rule.text))
    }

    /// What a facet of a weakness is called: one that its rule names, or a pattern of its set.
    pub fn detail(&self, rule: &str, id: &'a str) -> Words<'a> {
        let Some(rule) = self.rules.weakness(rule) else { return t(id, id) };
        let named = rule.details.iter().find(|detail| detail.id == id).map(|detail| &detail.text);
        let pattern = || self.rules.patterns(&rule.detail_pattern.as_ref()?.1)?.pattern_text(id);
        named.or_else(pattern).map_or(t(id, id), Words::from)
    }

    /// What a business purpose is called.
    pub fn purpose(&self, id: &'a str) -> Words<'a> {
        let rule = self.rules.purposes().iter().find(|rule| rule.id == id);
        rule.map_or(t(id, id), |rule| Words::from(&rule.text))
    }

    /// A name of an account as it may be handed on: personal numbers and addresses in it are masked.
    pub fn account(&self, name: &str) -> String {
        let mut found = Vec::new();
        self.rules.scan(self.rules.prior("", ""), name, &mut found);
        let mut out = String::with_capacity(name.len());
        let mut at = 0;
        for value in found.iter().filter(|value| value.person && !value.masked) {
            let Some(before) = name.get(at..value.start) else { continue };
            out.push_str(before);
            out.push_str(&value.sample);
            at = value.end;
        }
        out.push_str(name.get(at..).unwrap_or_default());
        out
    }
}

/// `2026-11-21 10:00:00` in UTC; `None` when unknown.
pub(crate) fn seconds(time: Timestamp) -> Option<String> {
    let text = time.to_string();
    Some(text.get(..19)?.replace('T', " "))
}

/// A length of time in its two largest units, in both languages.
pub(crate) fn duration(micros: i64) -> (String, String) {
    let total = micros.max(0) / 1_000_000;
    let units = [(86_400, "d", "天"), (3_600, "h", "小时"), (60, "min", "分钟"), (1, "s", "秒")];
    let (mut rest, mut en, mut zh) = (total, Vec::new(), Vec::new());
    for (size, unit, unit_zh) in units {
        let count = rest / size;
        rest -= count * size;
        if count > 0 && en.len() < 2 {
            en.push(format!("{count} {unit}"));
            zh.push(format!("{count} {unit_zh}"));
        }
    }
    match en.is_empty() {
        true => ("under a second".into(), "不足一秒".into()),
        false => (en.join(" "), zh.join(" ")),
    }
}

/// Microseconds with a unit that keeps them readable: `870 µs`, `12.4 ms`, `3.1 s`.
pub(crate) fn latency(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..100_000 => format!("{:.1} ms", micros as f64 / 1e3),
        100_000..1_000_000 => format!("{:.0} ms", micros as f64 / 1e3),
        _ => format!("{:.1} s", micros as f64 / 1e6),
    }
}

/// A share as a percentage: `0 %`, `<0.1 %`, `4.2 %`, `37 %`.
pub(crate) fn percent(part: u64, of: u64) -> String {
    let share = if of == 0 { 0.0 } else { part as f64 / of as f64 * 100.0 };
    match share {
        0.0 => "0 %".into(),
        s if s < 0.1 => "<0.1 %".into(),
        s if s < 10.0 => format!("{s:.1} %"),
        s => format!("{s:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: String, expect: &str) {
        assert_eq!(input, expect);
    }

    #[test]
    fn figures_carry_units() {
        check(latency(870), "870 µs");
        check(latency(12_430), "12.4 ms");
        check(latency(3_100_000), "3.1 s");
        check(percent(0, 9), "0 %");
        check(percent(1, 9_999), "<0.1 %");
        check(percent(37, 100), "37 %");
        check(percent(1, 0), "0 %");
        check(duration(90_061_000_000).0, "1 d 1 h");
        check(duration(3_600_000_000).1, "1 小时");
        check(duration(-5).0, "under a second");
    }

    #[test]
    fn times_are_to_the_second_or_unknown() {
        assert_eq!(
            seconds("2026-11-21T10:00:00.123456Z".parse().expect("a time")).as_deref(),
            Some("2026-11-21 10:00:00")
        );
        assert_eq!(seconds(Timestamp::UNKNOWN), None);
    }
}
