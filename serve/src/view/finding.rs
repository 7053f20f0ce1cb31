//! Findings as the console reads them, and what a person decides about one.

use std::collections::BTreeMap;

use model::Finding;
use serde::{Deserialize, Serialize};
use store::AuditEntry;
use utoipa::ToSchema;

use super::Time;
use super::call::CallRow;
use super::endpoint::EndpointRef;
use super::names::{Family, FindingState, Severity};
use super::rule::WeaknessView;

/// A finding as a row of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingRow {
    /// Identity, 16 hexadecimal digits.
    pub(crate) id: String,
    /// Id of the rule that found it.
    pub(crate) rule: String,
    /// Family of the rule.
    pub(crate) family: Family,
    /// Site.
    pub(crate) host: String,
    /// The endpoint; null when it is about the whole site or the endpoint is gone.
    #[schema(required)]
    pub(crate) endpoint: Option<EndpointRef>,
    /// Who or what it is about, where that is not the endpoint.
    #[schema(required)]
    pub(crate) subject: Option<String>,
    /// How bad.
    pub(crate) severity: Severity,
    /// 0 to 1.
    pub(crate) confidence: f32,
    /// English title.
    pub(crate) title: String,
    /// Chinese title.
    pub(crate) title_zh: String,
    /// Values for the placeholders of the rule's texts.
    pub(crate) params: BTreeMap<String, String>,
    /// Calls that show it.
    pub(crate) calls: u64,
    /// First such call.
    pub(crate) first_seen: Time,
    /// Latest such call.
    pub(crate) last_seen: Time,
    /// OWASP API Security Top 10 entries, `API2:2023`.
    pub(crate) owasp: Vec<String>,
    /// Weakness enumeration, `CWE-306`.
    pub(crate) cwe: Vec<String>,
    /// Where it stands.
    pub(crate) state: FindingState,
}

impl FindingRow {
    /// A row from a finding and the endpoint that it is on.
    pub(crate) fn new(finding: &Finding, endpoint: Option<EndpointRef>) -> Self {
        Self {
            id: finding.id.clone(),
            rule: finding.rule.clone(),
            family: finding.family.into(),
            host: finding.host.clone(),
            endpoint,
            subject: finding.subject.clone(),
            severity: finding.severity.into(),
            confidence: finding.confidence,
            title: finding.title.clone(),
            title_zh: finding.title_zh.clone(),
            params: finding.params.clone(),
            calls: finding.calls,
            first_seen: finding.first_seen.into(),
            last_seen: finding.last_seen.into(),
            owasp: finding.owasp.clone(),
            cwe: finding.cwe.clone(),
            state: finding.state.into(),
        }
    }
}

/// A finding with its rule and the calls that prove it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingDetail {
    /// As in the list.
    pub(crate) summary: FindingRow,
    /// Texts of the rule; null when the rule is not in the content any more.
    #[schema(required)]
    pub(crate) rule: Option<WeaknessView>,
    /// Calls that prove it.
    pub(crate) evidence: Vec<CallRow>,
    /// Ids of evidence calls that the log does not hold any more.
    pub(crate) evidence_gone: Vec<String>,
    /// What people decided about it, latest first, at most 50.
    pub(crate) decisions: Vec<DecisionView>,
}

/// What somebody decided about a finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionView {
    /// When.
    pub(crate) at: Time,
    /// Name of the user.
    pub(crate) by: String,
    /// The state from then on.
    pub(crate) state: FindingState,
    /// Why; may be empty.
    pub(crate) note: String,
}

impl DecisionView {
    /// The decision in an audit entry of the store, `ignored: test system`; `None` for other entries.
    pub(crate) fn of(entry: &AuditEntry) -> Option<Self> {
        let (state, note) = entry.detail.split_once(": ").unwrap_or((&entry.detail, ""));
        use model::FindingState::{Confirmed, Fixed, Ignored, Open};
        let state = [Open, Confirmed, Ignored, Fixed].into_iter().find(|known| known.as_str() == state)?;
        Some(Self { at: entry.at.into(), by: entry.who.clone(), state: state.into(), note: note.to_owned() })
    }
}

/// What a person decides about a finding.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindingDecision {
    /// The new state.
    pub(crate) state: FindingState,
    /// Why; kept with the decision.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) note: String,
}
