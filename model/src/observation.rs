//! What observing one call yields, and the call as it is kept.

use serde::{Deserialize, Serialize};

use crate::{AccountEvidence, Auth, Call, CandidateReason, DataHit, EndpointId};

/// What was learned from one call. `observe` makes it, `detect` judges it, `store` keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The endpoint, or the candidate, that the call belongs to at this time. Later merges are followed
    /// through `World::resolve`.
    pub endpoint: EndpointId,
    /// Set while the call is kept out of the inventory.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub candidate: Option<CandidateReason>,
    /// Id of the account that made the call (`Account::id`), with how it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<(String, AccountEvidence)>,
    /// The credential.
    pub auth: Auth,
    /// Id of the endpoint's business purpose as far as known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub purpose: Option<String>,
    /// Sensitive values, at most `limits::HITS_MAX`.
    pub data: Vec<DataHit>,
    /// Distinct people whose data the response carries.
    pub people: u32,
}

/// A call as the call log keeps it: sensitive values masked in target, headers and bodies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoggedCall {
    /// The call, masked.
    pub call: Call,
    /// What was learned from it.
    pub observation: Observation,
    /// Ids of the rules that it is evidence for.
    pub rules: Vec<String>,
}
