//! Evidence and profiles to findings: marks follow merged endpoints, candidates are left out, conditions over the
//! whole endpoint are evaluated, severity and texts are settled. Deterministic for equal input.

use std::collections::BTreeMap;

use model::{CallId, EndpointId, Family, Finding, FindingState, Profile, World, limits};
use rules::{Ruleset, Scope, WeaknessRule};
use rustc_hash::FxHashMap;

use crate::endpoint_facts::EndpointFacts;
use crate::mark::Mark;
use crate::wording::{self, Language};

/// All findings, worst first.
pub(crate) fn collect(
    rules: &Ruleset,
    marks: &FxHashMap<(usize, EndpointId), Mark>,
    world: &dyn World,
) -> Vec<Finding> {
    let profiles: BTreeMap<EndpointId, Profile> =
        world.endpoints().into_iter().filter_map(|id| Some((id, world.profile(id)?))).collect();
    let merged = merge(marks, world);
    let none = Mark::default();
    let mut findings = Vec::new();
    for (at, rule) in rules.weaknesses().iter().enumerate() {
        let mut sites: BTreeMap<&str, Vec<(&Profile, &Mark)>> = BTreeMap::new();
        for (id, profile) in &profiles {
            let mark = merged.get(&(at, *id));
            if rule.when.is_some() && mark.is_none() {
                continue;
            }
            let mark = mark.unwrap_or(&none);
            match rule.scope {
                Scope::Endpoint => findings.extend(judge(rules, rule, profile, mark)),
                Scope::Site => sites.entry(&profile.endpoint.host).or_default().push((profile, mark)),
            }
        }
        for parts in sites.values() {
            // Who hands the tokens out is where they are mended; else who accepts most of them.
            let shown = parts.iter().max_by_key(|(profile, mark)| {
                (mark.issued, mark.calls, std::cmp::Reverse(profile.endpoint.id))
            });
            if let Some((profile, first)) = shown {
                let mut mark = (*first).clone();
                for (other, part) in parts {
                    if other.endpoint.id != profile.endpoint.id {
                        mark.merge(part);
                    }
                }
                findings.extend(judge(rules, rule, profile, &mark));
            }
        }
    }
    findings.sort_by(|a, b| {
        (b.severity, &a.host, a.endpoint, &a.rule).cmp(&(a.severity, &b.host, b.endpoint, &b.rule))
    });
    findings
}

/// Marks under the endpoints that their calls belong to now, in an order that does not depend on hashing.
fn merge(
    marks: &FxHashMap<(usize, EndpointId), Mark>,
    world: &dyn World,
) -> BTreeMap<(usize, EndpointId), Mark> {
    let ordered: BTreeMap<&(usize, EndpointId), &Mark> = marks.iter().collect();
    let mut merged: BTreeMap<(usize, EndpointId), Mark> = BTreeMap::new();
    for ((at, endpoint), mark) in ordered {
        match merged.entry((*at, world.resolve(*endpoint))) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(mark.clone());
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => slot.get_mut().merge(mark),
        }
    }
    merged
}

/// One rule on one endpoint.
fn judge(rules: &Ruleset, rule: &WeaknessRule, profile: &Profile, mark: &Mark) -> Option<Finding> {
    let facts = EndpointFacts { rules, profile, mark };
    if rule.confirm.as_ref().is_some_and(|confirm| !confirm.test(&facts)) {
        return None;
    }
    let severity =
        rule.raise.iter().find(|raise| raise.when.test(&facts)).map_or(rule.severity, |raise| raise.severity);
    let evidence = evidence(rule, profile, mark);
    if evidence.is_empty() {
        return None;
    }
    let endpoint = &profile.endpoint;
    let mut params = wording::params(profile, mark);
    wording::add_words(rules, rule, &mut params);
    let site = rule.scope == Scope::Site;
    let about = if site { endpoint.host.clone() } else { endpoint.id.to_string() };
    Some(Finding {
        id: finding_id(&rule.id, &about),
        rule: rule.id.clone(),
        family: Family::Weakness,
        host: endpoint.host.clone(),
        endpoint: Some(endpoint.id),
        subject: site.then(|| endpoint.host.clone()),
        severity,
        confidence: rule.confidence * endpoint.confidence.clamp(0.5, 1.0),
        title: wording::title(rules, rule, &params, Language::English),
        title_zh: wording::title(rules, rule, &params, Language::Chinese),
        params,
        calls: if mark.calls > 0 { mark.calls } else { evidence.len() as u64 },
        first_seen: if mark.calls > 0 { mark.first_seen } else { endpoint.first_seen },
        last_seen: if mark.calls > 0 { mark.last_seen } else { endpoint.last_seen },
        evidence,
        owasp: rule.owasp.clone(),
        cwe: rule.cwe.clone(),
        state: FindingState::Open,
    })
}

/// The calls that prove it: those marked; for rules over the profile those that the fact they ask for names, else
/// those of the endpoint.
fn evidence(rule: &WeaknessRule, profile: &Profile, mark: &Mark) -> Vec<CallId> {
    let asks = |prefix: &str| rule.confirm.as_ref().is_some_and(|confirm| confirm.names(prefix));
    let enumerable =
        profile.enumerable.as_ref().filter(|_| asks("enumerable.")).map(|e| e.evidence.as_slice());
    let login = profile.login.as_ref().filter(|_| asks("login.")).map(|l| l.evidence.as_slice());
    let sources = [
        mark.evidence.as_slice(),
        login.unwrap_or_default(),
        enumerable.unwrap_or_default(),
        profile.endpoint.evidence.as_slice(),
    ];
    let first = sources.into_iter().find(|calls| !calls.is_empty()).unwrap_or_default();
    first.iter().take(limits::EVIDENCE_MAX).cloned().collect()
}

/// The same finding keeps its id: a hash of what it is and what it is about.
fn finding_id(rule: &str, about: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(rule.as_bytes()).update(&[0]).update(about.as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}
