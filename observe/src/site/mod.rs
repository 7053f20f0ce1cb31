//! One site: its path tree, its candidates, and which of its clients only scan. Decides to which endpoint or
//! candidate a call belongs.

mod alike;
mod class;
mod judge;
mod login;
mod path;
mod term;
mod token;
mod tree;
mod values;

use std::collections::BTreeMap;

use model::limits::{CANDIDATES_MAX, NODE_WORDS_MAX, OPERATIONS_MAX, SITE_NODES_MAX};
use model::{Call, CandidateReason, Timestamp};
use rules::Vocabulary;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

pub(crate) use class::{Class, class_of};
pub(crate) use login::Outcome;
pub(crate) use path::{Segment, names, segments};
pub(crate) use term::{Facts, Term, is_private};
pub(crate) use token::{TokenKind, pieces, singular};
pub(crate) use tree::{NodeId, ROOT, Tree};
pub(crate) use values::Values;

use crate::sketch::hash_of;

/// Clients whose share of misses is followed per site.
const CLIENTS_MAX: usize = 20_000;
/// Calls of a client before it can count as a scanner.
const SCANNER_CALLS_MIN: u32 = 50;
/// Share of misses from which a client is a scanner.
const SCANNER_SHARE: f32 = 0.8;
/// Clients noted per candidate.
const CANDIDATE_CLIENTS_MAX: usize = 4;
/// New paths after which the tree is judged without waiting to be asked.
const NEW_PATHS_MAX: u32 = NODE_WORDS_MAX as u32;

/// One site.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Site {
    pub tree: Tree,
    pub candidates: BTreeMap<CandidateKey, Kept>,
    clients: FxHashMap<u64, Tally>,
    new_paths: u32,
    pub first_seen: Timestamp,
    pub newest: Timestamp,
    /// Candidates dropped because of `CANDIDATES_MAX`.
    pub candidates_evicted: u64,
    /// Calls of operations beyond `OPERATIONS_MAX`.
    pub operations_dropped: u64,
    /// Old and new ids of terms since they were last taken.
    #[serde(skip)]
    pub moved: Vec<(u64, u64)>,
}

/// Key of a term (see [`Site::key_of`]) and path with identifiers as `{}`.
pub(crate) type CandidateKey = (Box<str>, Box<str>);

/// A candidate: what was called but is not, or not yet, an endpoint.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub term: Term,
    pub reason: CandidateReason,
    /// One path as it was called.
    example: Box<str>,
    clients: Vec<u64>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Tally {
    calls: u32,
    missed: u32,
}

/// Where a call belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spot {
    Endpoint(NodeId),
    Candidate(CandidateKey),
}

impl Site {
    /// The key under which calls of a method are learned; the operation stands behind it after a space, which no
    /// method contains. Where too many operations are told apart already, it is left out.
    pub fn key_of(&mut self, method: &str, operation: Option<&str>, path: &[Segment]) -> Box<str> {
        let Some(operation) = operation else { return method.into() };
        let key = format!("{method} {operation}");
        let is_full = self.tree.find(path, &key).is_none()
            && self.tree.find_any(path, &|node| node.terms.len() >= OPERATIONS_MAX).is_some();
        self.operations_dropped += u64::from(is_full);
        if is_full { method.into() } else { key.into() }
    }

    /// Finds or makes the place of a call. `host` is part of the identities.
    pub fn locate(
        &mut self,
        host: &str,
        (call, method): (&Call, &str),
        path: &[Segment],
        judged: (Class, Option<u64>),
        vocabulary: &Vocabulary,
    ) -> Spot {
        let (class, client) = judged;
        self.first_seen = self.first_seen.earlier(call.ts);
        self.newest = self.newest.later(call.ts);
        let is_scanner = self.count_client(client, call);
        let found = match class {
            Class::Kept(
                CandidateReason::Static | CandidateReason::Preflight | CandidateReason::Unreadable,
            ) => None,
            _ => self.tree.find(path, method),
        };
        if let Some(node) = found {
            return Spot::Endpoint(node);
        }
        let reason = match class {
            Class::Confirmed { structured } if structured || !is_scanner => {
                let has_room = self.tree.len() < SITE_NODES_MAX;
                if has_room {
                    return Spot::Endpoint(self.confirm(host, method, path, vocabulary));
                }
                CandidateReason::Unconfirmed
            }
            Class::Confirmed { .. } => CandidateReason::Scanner,
            Class::Kept(reason) => reason,
            Class::Failed if class::looks_like_attack(call.path()) => CandidateReason::Attack,
            Class::Failed => CandidateReason::Unconfirmed,
        };
        Spot::Candidate(self.keep(host, (call, method), path, reason, client))
    }

    /// Counts the call for its client; true when the client mostly asks for what does not exist.
    fn count_client(&mut self, client: Option<u64>, call: &Call) -> bool {
        let Some(client) = client else { return false };
        if self.clients.len() >= CLIENTS_MAX && !self.clients.contains_key(&client) {
            self.clients.retain(|_, tally| tally.calls >= SCANNER_CALLS_MIN);
        }
        let tally = self.clients.entry(client).or_default();
        tally.calls = tally.calls.saturating_add(1);
        tally.missed =
            tally.missed.saturating_add(u32::from(matches!(call.status, Some(400 | 403 | 404 | 405 | 501))));
        tally.is_scanner()
    }

    fn is_scanner(&self, client: u64) -> bool {
        self.clients.get(&client).is_some_and(Tally::is_scanner)
    }

    /// Makes the endpoint of a path that was answered with success, and takes over its candidate.
    fn confirm(&mut self, host: &str, method: &str, path: &[Segment], vocabulary: &Vocabulary) -> NodeId {
        let node = self.tree.place(path, vocabulary);
        let id = identity(host, method, &self.tree.plain_template(node));
        let term = self.tree.node_mut(node).terms.entry(method.into()).or_default();
        if term.calls == 0 {
            term.id = id;
            self.new_paths += 1;
        }
        if let Some(kept) = self.candidates.remove(&candidate_key(method, path)) {
            let term = self.tree.node_mut(node).terms.entry(method.into()).or_default();
            if kept.term.id != term.id {
                self.moved.push((kept.term.id, term.id));
            }
            term.merge(kept.term);
        }
        node
    }

    fn keep(
        &mut self,
        host: &str,
        (call, method): (&Call, &str),
        path: &[Segment],
        reason: CandidateReason,
        client: Option<u64>,
    ) -> CandidateKey {
        let key = candidate_key(method, path);
        if self.candidates.len() >= CANDIDATES_MAX && !self.candidates.contains_key(&key) {
            self.evict_candidates();
        }
        let kept = self.candidates.entry(key.clone()).or_insert_with(|| Kept {
            term: Term::new(identity(host, &key.0, &key.1)),
            reason,
            example: call.path().into(),
            clients: Vec::new(),
        });
        kept.reason = reason;
        if let Some(client) = client.filter(|client| !kept.clients.contains(client))
            && kept.clients.len() < CANDIDATE_CLIENTS_MAX
        {
            kept.clients.push(client);
        }
        key
    }

    /// The least called go, the oldest of them first.
    fn evict_candidates(&mut self) {
        let mut ranks: Vec<(u64, Timestamp, CandidateKey)> = self
            .candidates
            .iter()
            .map(|(key, kept)| (kept.term.calls, kept.term.last_seen, key.clone()))
            .collect();
        let drop = ranks.len() / 16 + 1;
        ranks.sort_unstable();
        for (_, _, key) in ranks.into_iter().take(drop) {
            self.candidates.remove(&key);
            self.candidates_evicted += 1;
        }
    }

    /// Something on this site has answered.
    pub fn has_endpoints(&self) -> bool {
        self.tree.len() > 1 || !self.tree.node(ROOT).terms.is_empty()
    }

    /// The reason of a candidate as known now: what only scanners ask for is theirs.
    pub fn reason(&self, kept: &Kept) -> CandidateReason {
        let by_scanners =
            !kept.clients.is_empty() && kept.clients.iter().all(|client| self.is_scanner(*client));
        match kept.reason {
            CandidateReason::Unconfirmed if by_scanners => CandidateReason::Scanner,
            reason => reason,
        }
    }

    /// The term of a spot.
    pub fn term_mut(&mut self, spot: &Spot, method: &str) -> &mut Term {
        match spot {
            Spot::Endpoint(node) => self.tree.node_mut(*node).terms.entry(method.into()).or_default(),
            Spot::Candidate(key) => {
                &mut self.candidates.get_mut(key).expect("locate has just put the candidate there").term
            }
        }
    }

    /// Judges the tree when enough is new, or always when `now`; true when identities may have changed.
    pub fn settle(&mut self, host: &str, vocabulary: &Vocabulary, now: bool) -> bool {
        if self.new_paths == 0 || (self.new_paths < NEW_PATHS_MAX && !now) {
            return false;
        }
        self.new_paths = 0;
        judge::judge(&mut self.tree, vocabulary);
        self.settle_identities(host);
        self.adopt_candidates();
        true
    }

    fn settle_identities(&mut self, host: &str) {
        for node in self.tree.walk() {
            let template = self.tree.plain_template(node);
            for (method, term) in &mut self.tree.node_mut(node).terms {
                let id = identity(host, method, &template);
                let old = std::mem::replace(&mut term.id, id);
                let merged = std::mem::take(&mut term.merged);
                self.moved
                    .extend(merged.into_iter().chain([old]).filter(|old| *old != id).map(|old| (old, id)));
            }
        }
    }

    /// Candidates that a new parameter now covers join its endpoint.
    fn adopt_candidates(&mut self) {
        let covered: Vec<(CandidateKey, NodeId)> = self
            .candidates
            .iter()
            .filter(|(_, kept)| {
                matches!(
                    kept.reason,
                    CandidateReason::Unconfirmed | CandidateReason::NoResponse | CandidateReason::Attack
                )
            })
            .filter_map(|(key, kept)| Some((key.clone(), self.tree.find(&segments(&kept.example), &key.0)?)))
            .filter(|(_, node)| !self.is_top_parameter(*node))
            .collect();
        for (key, node) in covered {
            let Some(mut kept) = self.candidates.remove(&key) else { continue };
            for (index, value) in self.tree.values_of(node, &segments(&kept.example)).into_iter().enumerate()
            {
                kept.term.insert_path(index, &value);
            }
            let term = self.tree.node_mut(node).terms.entry(key.0).or_default();
            if kept.term.id != term.id {
                self.moved.push((kept.term.id, term.id));
            }
            term.merge(kept.term);
        }
    }

    /// A parameter that is the whole path covers everything; misses there prove nothing.
    fn is_top_parameter(&self, node: NodeId) -> bool {
        self.tree.node(node).parent == ROOT && self.tree.node(node).literal.is_none()
    }
}

impl Tally {
    fn is_scanner(&self) -> bool {
        self.calls >= SCANNER_CALLS_MIN && self.missed as f32 >= self.calls as f32 * SCANNER_SHARE
    }
}

/// Method and operation of a term's key.
pub(crate) fn parts_of(key: &str) -> (&str, Option<&str>) {
    key.split_once(' ').map_or((key, None), |(method, operation)| (method, Some(operation)))
}

fn candidate_key(method: &str, path: &[Segment]) -> CandidateKey {
    let mut template = String::new();
    for segment in path {
        template.push('/');
        template.push_str(
            if !segment.is_name && segment.kind.is_strong() && segment.kind != TokenKind::Encoded {
                "{}"
            } else {
                &segment.text
            },
        );
    }
    if template.is_empty() {
        template.push('/');
    }
    (method.into(), template.into())
}

/// Identity of an endpoint or candidate: the same for the same host, method and template on every machine.
fn identity(host: &str, method: &str, template: &str) -> u64 {
    hash_of(&format!("{host}\n{method}\n{template}"))
}
