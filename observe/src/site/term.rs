//! A term: everything learned about one method at one place of the path tree. Terms merge when places do.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::limits::{EVIDENCE_MAX, SAMPLES_MAX};
use model::{
    AuthKind, AuthUse, AuthVerdict, Call, CallId, DataHit, DataType, DataUse, EndpointId, Exposure, Latency,
    Place, Side, Style, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::login::LoginWatch;
use super::values::Values;
use crate::schema::Shape;
use crate::sketch::{Distinct, Spread};

/// Parameters of one place (query or cookie) that are followed per term.
const PARAMS_MAX: usize = 128;
/// Bytes of a parameter's name; longer ones are not followed.
const PARAM_NAME_BYTES_MAX: usize = 128;
/// Data type and place pairs that are followed per term.
const DATA_MAX: usize = 500;
/// Media types and status codes whose schema is followed per term.
const SHAPES_MAX: usize = 24;

/// Everything learned about one method at one place.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Term {
    /// Identity at present.
    pub id: u64,
    /// Identities of terms that were merged into this one since identities were last settled.
    pub merged: Vec<u64>,
    pub calls: u64,
    pub statuses: BTreeMap<u16, u64>,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    clients: Distinct,
    accounts: Distinct,
    from_public: u64,
    from_private: u64,
    latency: Spread,
    auth_kinds: BTreeMap<AuthKind, u64>,
    succeeded_with: u64,
    succeeded_without: u64,
    denied: u64,
    errors: u64,
    /// Values of the parameters in the path, from left to right.
    pub path: Vec<Values>,
    pub query: BTreeMap<Box<str>, Values>,
    pub cookies: BTreeMap<Box<str>, Values>,
    pub request: BTreeMap<Box<str>, Shape>,
    pub response: BTreeMap<u16, BTreeMap<Box<str>, Shape>>,
    data: BTreeMap<DataKey, DataStats>,
    proof: Vec<CallId>,
    others: Vec<CallId>,
    pub style: Style,
    pub purpose: Option<(String, f32)>,
    pub login: Option<Box<LoginWatch>>,
    /// Changed since the last export.
    #[serde(skip)]
    pub dirty: bool,
}

type DataKey = (Side, Place, String, DataType);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct DataStats {
    level: u8,
    count: u64,
    calls: u64,
    clear: u64,
    distinct: Distinct,
    sample: String,
    evidence: Vec<CallId>,
    /// The call that was counted last.
    last_call: Option<CallId>,
}

/// What one call adds to a term, beside the call itself.
pub(crate) struct Facts<'a> {
    pub auth: AuthKind,
    pub account: Option<u64>,
    pub client: Option<(u64, IpAddr)>,
    /// Hits with their paths in general form.
    pub hits: &'a [(String, DataHit)],
}

impl Term {
    /// A term that has learned nothing yet.
    pub fn new(id: u64) -> Self {
        Self { id, ..Self::default() }
    }

    /// Adds one call.
    pub fn learn(&mut self, call: &Call, facts: &Facts<'_>) {
        self.calls += 1;
        self.first_seen = self.first_seen.earlier(call.ts);
        self.last_seen = self.last_seen.later(call.ts);
        if let Some(status) = call.status {
            *self.statuses.entry(status).or_default() += 1;
        }
        if let Some(duration) = call.duration_us {
            self.latency.add(duration);
        }
        if let Some((hash, address)) = facts.client {
            self.clients.add(hash);
            *if is_private(address) { &mut self.from_private } else { &mut self.from_public } += 1;
        }
        if let Some(account) = facts.account {
            self.accounts.add(account);
        }
        self.learn_auth(call, facts.auth);
        self.learn_data(call, facts.hits);
        let proof = if call.succeeded() { &mut self.proof } else { &mut self.others };
        if proof.len() < EVIDENCE_MAX {
            proof.push(call.id.clone());
        }
    }

    fn learn_auth(&mut self, call: &Call, kind: AuthKind) {
        *self.auth_kinds.entry(kind).or_default() += 1;
        match call.status {
            _ if call.succeeded() && kind == AuthKind::None => self.succeeded_without += 1,
            _ if call.succeeded() => self.succeeded_with += 1,
            Some(401 | 403) => self.denied += 1,
            _ => {}
        }
        let is_error = match call.is_bare_rpc() {
            true => call.response.is_some() && !call.succeeded(),
            false => call.status.is_some_and(|status| status >= 400),
        };
        self.errors += u64::from(is_error);
    }

    fn learn_data(&mut self, call: &Call, hits: &[(String, DataHit)]) {
        for (path, hit) in hits {
            let key = (hit.side, hit.place, path.clone(), hit.data_type.clone());
            if self.data.len() >= DATA_MAX && !self.data.contains_key(&key) {
                continue;
            }
            let stats = self.data.entry(key).or_default();
            stats.level = stats.level.max(hit.level);
            stats.count += 1;
            stats.clear += u64::from(!hit.masked);
            if let Some(hash) = hit.hash {
                stats.distinct.add(hash.0);
            }
            if stats.sample.is_empty() {
                stats.sample.clone_from(&hit.sample);
            }
            if stats.last_call.as_ref() != Some(&call.id) {
                stats.last_call = Some(call.id.clone());
                stats.calls += 1;
                if stats.evidence.len() < EVIDENCE_MAX {
                    stats.evidence.push(call.id.clone());
                }
            }
        }
    }

    /// Adds one value of a query parameter or cookie.
    pub fn learn_param(
        &mut self,
        place: Place,
        name: &str,
        value: &str,
        call: &Call,
        sample: Option<String>,
    ) {
        let params = if place == Place::Query { &mut self.query } else { &mut self.cookies };
        if name.len() <= PARAM_NAME_BYTES_MAX && (params.len() < PARAMS_MAX || params.contains_key(name)) {
            params.entry(name.into()).or_default().learn(value, call, sample);
        }
    }

    /// Adds one value of the path parameter at `index` (from the left).
    pub fn learn_path(&mut self, index: usize, value: &str, call: &Call, sample: Option<String>) {
        if self.path.len() <= index {
            self.path.resize_with(index + 1, Values::default);
        }
        self.path[index].learn(value, call, sample);
    }

    /// A literal on the way here has become the path parameter at `index`.
    pub fn insert_path(&mut self, index: usize, value: &str) {
        let mut values = Values::default();
        values.absorb(value, self);
        self.path.resize_with(self.path.len().max(index), Values::default);
        self.path.insert(index, values);
    }

    /// The summary of request bodies of a media type.
    pub fn request_shape(&mut self, media_type: &str) -> Option<&mut Shape> {
        let room = self.request.len() < SHAPES_MAX || self.request.contains_key(media_type);
        room.then(|| self.request.entry(media_type.into()).or_default())
    }

    /// The summary of response bodies of a status and media type.
    pub fn response_shape(&mut self, status: u16, media_type: &str) -> Option<&mut Shape> {
        let room = self.response.len() < SHAPES_MAX || self.response.contains_key(&status);
        let by_type = if room { self.response.entry(status).or_default() } else { return None };
        let room = by_type.len() < SHAPES_MAX || by_type.contains_key(media_type);
        room.then(|| by_type.entry(media_type.into()).or_default())
    }

    /// As [`Self::merge`], noting the other's identity so that it can become an alias.
    pub fn merge_keeping_ids(&mut self, mut other: Self) {
        self.merged.push(other.id);
        self.merged.append(&mut other.merged);
        self.merge(other);
    }

    /// Adds everything that another term has learned. The id stays.
    pub fn merge(&mut self, other: Self) {
        self.dirty = true;
        self.calls += other.calls;
        self.first_seen = self.first_seen.earlier(other.first_seen);
        self.last_seen = self.last_seen.later(other.last_seen);
        add_counts(&mut self.statuses, other.statuses);
        add_counts(&mut self.auth_kinds, other.auth_kinds);
        self.clients.merge(other.clients);
        self.accounts.merge(other.accounts);
        self.from_public += other.from_public;
        self.from_private += other.from_private;
        self.latency.merge(other.latency);
        self.succeeded_with += other.succeeded_with;
        self.succeeded_without += other.succeeded_without;
        self.denied += other.denied;
        self.errors += other.errors;
        self.path.resize_with(self.path.len().max(other.path.len()), Values::default);
        for (mine, theirs) in self.path.iter_mut().zip(other.path) {
            mine.merge(theirs);
        }
        for (params, theirs) in [(&mut self.query, other.query), (&mut self.cookies, other.cookies)] {
            for (name, values) in theirs {
                params.entry(name).or_default().merge(values);
            }
        }
        for (media_type, shape) in other.request {
            self.request.entry(media_type).or_default().merge(shape);
        }
        for (status, by_type) in other.response {
            for (media_type, shape) in by_type {
                self.response.entry(status).or_default().entry(media_type).or_default().merge(shape);
            }
        }
        for (key, stats) in other.data {
            self.data.entry(key).or_default().merge(stats);
        }
        extend_evidence(&mut self.proof, other.proof);
        extend_evidence(&mut self.others, other.others);
        if other.style != Style::Rest {
            self.style = other.style;
        }
        if other.purpose.as_ref().map(|p| p.1) > self.purpose.as_ref().map(|p| p.1) {
            self.purpose = other.purpose;
        }
        match (&mut self.login, other.login) {
            (Some(mine), Some(theirs)) => mine.merge(*theirs),
            (mine @ None, theirs) => *mine = theirs,
            _ => {}
        }
    }

    /// Calls answered with success.
    pub fn succeeded(&self) -> u64 {
        self.succeeded_with + self.succeeded_without
    }

    /// Calls answered with 4xx or 5xx, or with a failure of their protocol.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Calls that prove the endpoint, successful ones first.
    pub fn evidence(&self) -> Vec<CallId> {
        self.proof.iter().chain(&self.others).take(EVIDENCE_MAX).cloned().collect()
    }

    /// Distinct client addresses.
    pub fn clients(&self) -> u64 {
        self.clients.count()
    }

    /// Distinct accounts.
    pub fn accounts(&self) -> u64 {
        self.accounts.count()
    }

    /// From where it is reached. Only addresses count; a forwarding header stands for the client behind it.
    pub fn exposure(&self) -> Exposure {
        match (self.from_public, self.from_private) {
            (0, 0) => Exposure::Unknown,
            (0, _) => Exposure::Internal,
            _ => Exposure::Open,
        }
    }

    /// Response times.
    pub fn latency(&self) -> Option<Latency> {
        (!self.latency.is_empty()).then(|| Latency {
            p50_us: self.latency.quantile(0.5),
            p95_us: self.latency.quantile(0.95),
            p99_us: self.latency.quantile(0.99),
            max_us: self.latency.max(),
        })
    }

    /// Credentials over all calls.
    pub fn auth(&self) -> AuthUse {
        let mut kinds: Vec<(AuthKind, u64)> = self
            .auth_kinds
            .iter()
            .filter(|(kind, _)| **kind != AuthKind::None)
            .map(|(k, n)| (*k, *n))
            .collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let verdict = match (self.succeeded_with, self.succeeded_without) {
            (0, 0) => AuthVerdict::Unknown,
            (0, _) => AuthVerdict::None,
            (_, 0) => AuthVerdict::Required,
            _ => AuthVerdict::Mixed,
        };
        AuthUse {
            verdict,
            kinds: kinds.into_iter().map(|(kind, _)| kind).collect(),
            succeeded_with: self.succeeded_with,
            succeeded_without: self.succeeded_without,
            denied: self.denied,
        }
    }

    /// Sensitive data, most sensitive first.
    pub fn data(&self, endpoint: EndpointId) -> Vec<DataUse> {
        let mut uses: Vec<DataUse> = self
            .data
            .iter()
            .map(|((side, place, path, data_type), stats)| DataUse {
                endpoint,
                side: *side,
                place: *place,
                path: path.clone(),
                data_type: data_type.clone(),
                level: stats.level,
                count: stats.count,
                calls: stats.calls,
                distinct: stats.distinct.count(),
                masked: stats.clear == 0,
                sample: stats.sample.clone(),
                evidence: stats.evidence.clone(),
            })
            .collect();
        uses.sort_by_key(|usage| std::cmp::Reverse((usage.level, usage.count)));
        uses
    }
}

impl DataStats {
    fn merge(&mut self, other: Self) {
        self.level = self.level.max(other.level);
        self.count += other.count;
        self.calls += other.calls;
        self.clear += other.clear;
        self.distinct.merge(other.distinct);
        if self.sample.is_empty() {
            self.sample = other.sample;
        }
        extend_evidence(&mut self.evidence, other.evidence);
    }
}

fn add_counts<K: Ord>(mine: &mut BTreeMap<K, u64>, theirs: BTreeMap<K, u64>) {
    for (key, count) in theirs {
        *mine.entry(key).or_default() += count;
    }
}

/// Adds evidence up to its limit.
pub(crate) fn extend_evidence(mine: &mut Vec<CallId>, theirs: Vec<CallId>) {
    let room = EVIDENCE_MAX.saturating_sub(mine.len());
    mine.extend(theirs.into_iter().take(room));
}

/// Adds samples up to their limit.
pub(crate) fn extend_samples(mine: &mut Vec<String>, theirs: Vec<String>) {
    for sample in theirs {
        if mine.len() < SAMPLES_MAX && !mine.contains(&sample) {
            mine.push(sample);
        }
    }
}

/// Addresses that are not routed on the Internet (RFC 1918, 4193, 6598, loopback, link-local).
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
