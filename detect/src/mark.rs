//! What is remembered about calls that were evidence: per endpoint and rule a few counts, times and call ids.
//! Snapshots of it survive a restart.

use std::collections::BTreeSet;

use model::{Call, CallId, EndpointId, Timestamp, limits};
use serde::{Deserialize, Serialize};

/// Distinct types or details remembered per mark.
const FACETS_MAX: usize = 16;
/// Version of the snapshot that is written.
pub(crate) const STATE_VERSION: u32 = 1;

/// The evidence for one rule at one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) calls: u64,
    pub(crate) first_seen: Timestamp,
    pub(crate) last_seen: Timestamp,
    pub(crate) evidence: Vec<CallId>,
    /// Most distinct people in one answer.
    pub(crate) people: u32,
    /// Highest level among the values that are evidence.
    pub(crate) level: u8,
    /// Data types among them.
    pub(crate) types: BTreeSet<String>,
    /// Facets seen.
    pub(crate) details: BTreeSet<String>,
    /// Calls that handed out a token that is evidence.
    pub(crate) issued: u64,
}

impl Mark {
    /// Counts one call.
    pub(crate) fn add(&mut self, call: &Call) {
        self.calls += 1;
        self.first_seen = self.first_seen.earlier(call.ts);
        self.last_seen = self.last_seen.later(call.ts);
        if self.evidence.len() < limits::EVIDENCE_MAX && !self.evidence.contains(&call.id) {
            self.evidence.push(call.id.clone());
        }
    }

    /// Remembers a facet; with a new one comes its proof, in place of a call that shows nothing new.
    pub(crate) fn add_detail(&mut self, detail: &str, call: &Call) {
        if self.details.len() >= FACETS_MAX || !self.details.insert(detail.to_owned()) {
            return;
        }
        if !self.evidence.contains(&call.id) {
            self.evidence.truncate(limits::EVIDENCE_MAX - 1);
            self.evidence.push(call.id.clone());
        }
    }

    /// Remembers a data type.
    pub(crate) fn add_type(&mut self, data_type: &str, level: u8) {
        self.level = self.level.max(level);
        if self.types.len() < FACETS_MAX && !self.types.contains(data_type) {
            self.types.insert(data_type.to_owned());
        }
    }

    /// Takes over what another mark has seen: endpoints merge.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.issued += other.issued;
        self.first_seen = self.first_seen.earlier(other.first_seen);
        self.last_seen = self.last_seen.later(other.last_seen);
        self.people = self.people.max(other.people);
        self.level = self.level.max(other.level);
        self.types.extend(other.types.iter().cloned());
        self.details.extend(other.details.iter().cloned());
        for id in &other.evidence {
            if self.evidence.len() < limits::EVIDENCE_MAX && !self.evidence.contains(id) {
                self.evidence.push(id.clone());
            }
        }
    }
}

/// The snapshot.
#[derive(Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) version: u32,
    pub(crate) marks: Vec<(String, EndpointId, Mark)>,
    pub(crate) tries: Vec<(String, usize)>,
}

/// A snapshot that cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is not JSON of the expected form.
    #[error("the snapshot of the detectors cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// It was written by another version.
    #[error("the snapshot of the detectors has version {found}, this program reads {STATE_VERSION}")]
    Version {
        /// The version in the snapshot.
        found: u32,
    },
}
