//! The inventory as others see it: endpoints with named parameters, candidates, and the facts for detectors.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Candidate, Endpoint, EndpointId, Enumerable, LifeState, Param, Place, Profile, Risk, Side,
    TemplateEvidence, Timestamp,
};

use crate::schema::Shape;
use crate::site::{Kept, NodeId, Site, Term, TokenKind, Tree, Values, parts_of, pieces, singular};

/// An endpoint first seen later than this after its site is new, for `NEW_US`.
const LEARNING_US: i64 = 24 * 3_600 * 1_000_000;
/// How long an endpoint counts as new.
const NEW_US: i64 = 7 * 24 * 3_600 * 1_000_000;
/// Silence after which an endpoint is dormant.
const DORMANT_US: i64 = 30 * 24 * 3_600 * 1_000_000;

/// Name of each parameter on the way to a node, in order.
fn param_names(tree: &Tree, node: NodeId) -> Vec<(NodeId, Option<String>)> {
    let mut used = BTreeSet::new();
    let mut above = String::new();
    let mut names = Vec::new();
    for id in tree.route(node) {
        match tree.node(id).literal.as_deref() {
            Some(literal) => {
                if TokenKind::of(literal) != TokenKind::Version {
                    above = literal.to_owned();
                }
                let inner = literal.contains("{}").then(|| unique(&mut used, "id"));
                names.push((id, inner.map(|name| literal.replace("{}", &format!("{{{name}}}")))));
            }
            None => {
                let name = unique(&mut used, &param_name(&above, tree.node(id).values.kind()));
                names.push((id, Some(format!("{{{name}}}"))));
            }
        }
    }
    names
}

fn unique(used: &mut BTreeSet<String>, name: &str) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !used.insert(candidate.clone()) {
        candidate = format!("{name}{number}");
        number += 1;
    }
    candidate
}

/// `users` and integers give `userId`; `cities` and words give `cityName`.
fn param_name(above: &str, kind: TokenKind) -> String {
    let suffix = match kind {
        TokenKind::Word | TokenKind::Slug | TokenKind::Encoded | TokenKind::Version => "name",
        TokenKind::Date => "date",
        TokenKind::Email => "email",
        TokenKind::Address => "address",
        _ => "id",
    };
    let words = pieces(above);
    let Some((last, first)) = words.split_last().filter(|_| above.is_ascii()) else {
        return suffix.to_owned();
    };
    let mut name = String::new();
    for word in first.iter().cloned().chain([singular(last), suffix.to_owned()]) {
        let mut chars = word.chars();
        match chars.next() {
            Some(first) if !name.is_empty() => name.extend(first.to_uppercase().chain(chars)),
            _ => name.push_str(&word),
        }
    }
    name
}

/// The template of a node with named parameters: `/users/{userId}`.
pub(crate) fn template(tree: &Tree, node: NodeId) -> String {
    let mut template = String::new();
    for (id, name) in param_names(tree, node) {
        template.push('/');
        template.push_str(name.as_deref().or(tree.node(id).literal.as_deref()).unwrap_or_default());
    }
    if template.is_empty() { "/".to_owned() } else { template }
}

/// The endpoint of one term. Risk and aliases are left to the caller.
pub(crate) fn endpoint(
    host: &str,
    site: &Site,
    node: NodeId,
    key: &str,
    with_schemas: bool,
) -> Option<Endpoint> {
    let term = site.tree.node(node).terms.get(key)?;
    let (method, operation) = parts_of(key);
    let id = EndpointId(term.id);
    let data = term.data(id);
    let level = data
        .iter()
        .filter(|usage| !usage.masked && (usage.level < 5 || usage.side == Side::Response))
        .map(|usage| usage.level)
        .max();
    let (request_schema, response_schema) = if with_schemas { schemas(term) } else { Default::default() };
    Some(Endpoint {
        id,
        host: host.to_owned(),
        method: method.to_owned(),
        template: template(&site.tree, node),
        operation: operation.map(str::to_owned),
        style: term.style,
        purpose: term.purpose.as_ref().map(|(purpose, _)| purpose.clone()),
        exposure: term.exposure(),
        state: life_state(term, site),
        confidence: confidence(site, node, term),
        calls: term.calls,
        errors: term.errors(),
        statuses: term.statuses.clone(),
        first_seen: term.first_seen,
        last_seen: term.last_seen,
        clients: term.clients(),
        accounts: term.accounts(),
        latency: term.latency(),
        auth: term.auth(),
        params: params(site, node, term),
        data,
        level: level.unwrap_or_default(),
        request_schema,
        response_schema,
        risk: Risk::default(),
        evidence: term.evidence(),
        template_evidence: template_evidence(site, node),
        aliases: Vec::new(),
    })
}

type Schemas = (BTreeMap<String, serde_json::Value>, BTreeMap<u16, BTreeMap<String, serde_json::Value>>);

fn schemas(term: &Term) -> Schemas {
    let render = |by_type: &BTreeMap<Box<str>, Shape>| {
        by_type.iter().map(|(media_type, shape)| (media_type.to_string(), shape.render())).collect()
    };
    (
        render(&term.request),
        term.response.iter().map(|(status, by_type)| (*status, render(by_type))).collect(),
    )
}

fn life_state(term: &Term, site: &Site) -> LifeState {
    let now = site.newest.micros();
    let since = |time: Timestamp| now - time.micros();
    if since(term.last_seen) > DORMANT_US {
        LifeState::Dormant
    } else if term.first_seen.micros() - site.first_seen.micros() > LEARNING_US
        && since(term.first_seen) < NEW_US
    {
        LifeState::New
    } else {
        LifeState::Active
    }
}

/// Grows with the number of successful calls (0.6 for one, 0.9 for fifty) and is bounded by the surest
/// doubt about a parameter on the way: a margin of 0 halves it, one of 3 leaves it.
fn confidence(site: &Site, node: NodeId, term: &Term) -> f32 {
    let calls = 1.0 - 0.4 / (1.0 + (term.succeeded() as f32).ln_1p() / 1.3);
    let doubt = site
        .tree
        .route(node)
        .into_iter()
        .filter(|id| site.tree.node(*id).literal.is_none() && site.tree.node(*id).values.wordy_share() > 0.5)
        .map(|id| 0.5 + site.tree.node(id).margin.clamp(0.0, 3.0) / 6.0)
        .fold(1.0, f32::min);
    ((calls * doubt).clamp(0.0, 0.99) * 100.0).round() / 100.0
}

fn params(site: &Site, node: NodeId, term: &Term) -> Vec<Param> {
    let succeeded = term.succeeded();
    let mut params: Vec<Param> =
        path_values(site, node, term).map(|(name, values)| param(&name, Place::Path, values, true)).collect();
    for (place, all) in [(Place::Query, &term.query), (Place::Cookie, &term.cookies)] {
        for (name, values) in all {
            params.push(param(name, place, values, values.calls >= term.calls && succeeded > 0));
        }
    }
    params
}

fn param(name: &str, place: Place, values: &Values, required: bool) -> Param {
    Param {
        name: name.to_owned(),
        place,
        kind: values.kind().as_str().to_owned(),
        required,
        calls: values.calls,
        distinct: values.distinct(),
        samples: values.samples().to_vec(),
    }
}

fn template_evidence(site: &Site, node: NodeId) -> Vec<TemplateEvidence> {
    let mut evidence = Vec::new();
    for (id, name) in param_names(&site.tree, node) {
        let node = site.tree.node(id);
        if let (Some(name), None) = (name, &node.literal) {
            let wordy = node.values.wordy_share() > 0.5;
            evidence.push(TemplateEvidence {
                param: name.trim_matches(['{', '}']).to_owned(),
                reason: if wordy { "varies" } else { "kind" }.to_owned(),
                distinct: node.values.distinct(),
                margin: if node.margin > 0.0 { node.margin } else { 3.0 },
                samples: node.values.samples().to_vec(),
            });
        }
    }
    evidence
}

/// The facts that detectors judge an endpoint by.
pub(crate) fn profile(host: &str, site: &Site, node: NodeId, method: &str) -> Option<Profile> {
    let endpoint = endpoint(host, site, node, method, false)?;
    let term = site.tree.node(node).terms.get(method)?;
    let login = term.login.as_ref().map(|watch| watch.pressure());
    Some(Profile { enumerable: enumerable(site, node, term), endpoint, login })
}

/// Names and values of the path parameters of a term.
fn path_values<'a>(site: &Site, node: NodeId, term: &'a Term) -> impl Iterator<Item = (String, &'a Values)> {
    let names: Vec<String> = param_names(&site.tree, node)
        .into_iter()
        .filter(|(id, _)| site.tree.node(*id).literal.is_none())
        .filter_map(|(_, name)| Some(name?.trim_matches(['{', '}']).to_owned()))
        .collect();
    names.into_iter().zip(&term.path)
}

/// The identifier with the most values that can be walked through; path before query.
fn enumerable(site: &Site, node: NodeId, term: &Term) -> Option<Enumerable> {
    let in_path = path_values(site, node, term).filter_map(|(name, values)| values.enumerable(&name));
    let in_query = term
        .query
        .iter()
        .filter(|(name, _)| is_identifier(name))
        .filter_map(|(name, values)| values.enumerable(name));
    in_path.chain(in_query).max_by_key(|found| found.distinct)
}

/// A query parameter that selects an object, unlike pages and sizes.
fn is_identifier(name: &str) -> bool {
    let words = pieces(name);
    words
        .last()
        .is_some_and(|last| matches!(last.as_str(), "id" | "no" | "num" | "number" | "code" | "uid" | "key"))
}

/// A candidate as others see it.
pub(crate) fn candidate(host: &str, site: &Site, method: &str, path: &str, kept: &Kept) -> Candidate {
    let mut template = String::new();
    for (number, part) in path.split("{}").enumerate() {
        if number > 0 {
            template.push_str(&if number == 1 { "{id}".to_owned() } else { format!("{{id{number}}}") });
        }
        template.push_str(part);
    }
    Candidate {
        id: EndpointId(kept.term.id),
        host: host.to_owned(),
        method: parts_of(method).0.to_owned(),
        template,
        reason: site.reason(kept),
        calls: kept.term.calls,
        statuses: kept.term.statuses.clone(),
        clients: kept.term.clients(),
        first_seen: kept.term.first_seen,
        last_seen: kept.term.last_seen,
        evidence: kept.term.evidence(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_named_after_what_stands_above() {
        assert_eq!(param_name("users", TokenKind::Integer), "userId");
        assert_eq!(param_name("order-items", TokenKind::Uuid), "orderItemId");
        assert_eq!(param_name("cities", TokenKind::Word), "cityName");
        assert_eq!(param_name("", TokenKind::Integer), "id");
        assert_eq!(param_name("reports", TokenKind::Date), "reportDate");
    }
}
