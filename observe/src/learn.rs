//! What one call teaches its endpoint: counters, parameters, schemas, style, purpose, logins.

use std::net::IpAddr;

use model::{AuthKind, Call, Message, Place, Style};
use rules::{PurposeInput, Ruleset};

use crate::body::{self, Format, Tape};
use crate::login::Login;
use crate::scan::Found;
use crate::site::{Facts, Segment, Site, Spot, Term};
use crate::sketch::hash_of;

/// Everything known about one call when it is learned from.
pub(crate) struct Lesson<'a> {
    pub found: &'a Found,
    pub auth: AuthKind,
    pub login: Option<&'a Login>,
    /// Hash of the account's id.
    pub account: Option<u64>,
    /// Hash of the client's address, and the address.
    pub client: Option<(u64, IpAddr)>,
    pub path: &'a [Segment],
    /// Key of the term.
    pub key: &'a str,
    /// The way the operations speak that the call asks for.
    pub style: Option<Style>,
}

/// Adds one call to its endpoint or candidate.
pub(crate) fn learn(site: &mut Site, call: &Call, spot: &Spot, lesson: &Lesson<'_>, bodies: (&Tape, &Tape)) {
    if let Spot::Endpoint(node) = spot {
        let values = site.tree.values_of(*node, lesson.path);
        for (index, value) in values.iter().enumerate() {
            let sample = lesson.found.samples.get(value).cloned();
            site.term_mut(spot, lesson.key).learn_path(index, value, call, sample);
        }
        site.tree.learn_values(*node, lesson.path, call);
    }
    let term = site.term_mut(spot, lesson.key);
    term.dirty = true;
    term.learn(
        call,
        &Facts {
            auth: lesson.auth,
            account: lesson.account,
            client: lesson.client,
            hits: &lesson.found.hits,
        },
    );
    term.style = lesson.style.unwrap_or(term.style);
    if let Some((login, outcome)) = lesson.login.and_then(|login| Some((login, login.outcome?))) {
        let keys = [lesson.client.map(|(hash, _)| hash), Some(hash_of(&login.name))];
        let keys: Vec<u64> = keys.into_iter().flatten().collect();
        term.login.get_or_insert_default().learn(&keys, call.ts, &call.id, outcome);
    }
    for (name, value, _) in body::pairs(call.query()) {
        let sample = lesson.found.samples.get(value.as_ref()).cloned();
        term.learn_param(Place::Query, &name, &value, call, sample);
    }
    if matches!(spot, Spot::Endpoint(_)) {
        learn_shapes(term, call, lesson.found, bodies);
    }
}

fn learn_shapes(term: &mut Term, call: &Call, found: &Found, (request, response): (&Tape, &Tape)) {
    let succeeded = match call.is_bare_rpc() {
        true => call.succeeded(),
        false => call.status.is_some_and(|status| status < 400),
    };
    // Thrift states no status: its replies are described under 0.
    let status = call.status.or(call.is_bare_rpc().then_some(0));
    if let (Some(media_type), true) = (media_type(call.request.as_ref(), request), succeeded)
        && let Some(shape) = term.request_shape(&media_type)
    {
        shape.learn(request, &found.request_types);
    }
    if let (Some(status), Some(media_type)) = (status, media_type(call.response.as_ref(), response))
        && let Some(shape) = term.response_shape(status, &media_type)
    {
        shape.learn(response, &found.response_types);
    }
}

/// The media type under which a structured body is described; `None` without one.
fn media_type(message: Option<&Message>, tape: &Tape) -> Option<String> {
    let stated = message?.media_type();
    match tape.format {
        Format::Empty | Format::Text => None,
        _ if !stated.is_empty() && stated != "text/html" && stated != "text/plain" => Some(stated),
        Format::Json => Some("application/json".to_owned()),
        Format::Xml => Some("application/xml".to_owned()),
        Format::Form => Some("application/x-www-form-urlencoded".to_owned()),
        Format::Multipart => Some("multipart/form-data".to_owned()),
    }
}

/// The purpose of a term; judged anew at call 1, 2, 4, 8, … because keys come to light over time.
pub(crate) fn purpose_of(
    term: &mut Term,
    rules: &Ruleset,
    (call, operation): (&Call, Option<&str>),
    path: &[Segment],
    (request, response): (&Tape, &Tape),
) -> Option<String> {
    if term.calls.saturating_add(1).is_power_of_two() {
        let request_keys: Vec<&str> = request.top_scalars(3).map(|(key, _)| key).take(64).collect();
        let response_keys: Vec<&str> = response.top_scalars(3).map(|(key, _)| key).take(64).collect();
        let words: Vec<&str> = path
            .iter()
            .filter(|segment| !segment.kind.is_strong())
            .map(|segment| segment.text.as_str())
            .collect();
        let judged = rules.classify_purpose(&PurposeInput {
            method: &call.method,
            segments: &words,
            operation,
            request_keys: &request_keys,
            response_keys: &response_keys,
        });
        if judged.map(|(_, sure)| sure) > term.purpose.as_ref().map(|(_, sure)| *sure) {
            term.purpose = judged.map(|(purpose, sure)| (purpose.to_owned(), sure));
        }
    }
    term.purpose.as_ref().map(|(purpose, _)| purpose.clone())
}

/// The address of the client: the first public one of the forwarding headers when the peer is a proxy on a
/// private network, else the peer.
pub(crate) fn client_of(call: &Call) -> Option<IpAddr> {
    let peer = call.client.map(|peer| peer.ip);
    if peer.is_some_and(|peer| !crate::site::is_private(peer)) {
        return peer;
    }
    let headers = call.request.as_ref().map(|message| &message.headers);
    let forwarded =
        headers.and_then(|headers| headers.get("x-forwarded-for").or_else(|| headers.get("x-real-ip")));
    let first =
        forwarded.and_then(|value| value.split(',').next()).and_then(|first| first.trim().parse().ok());
    first.or(peer)
}
