//! The first page: what changed, what is worst, what to do now. Each number names the list behind it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::Time;
use super::call::Histogram;
use super::data::DataTypeCount;
use super::endpoint::EndpointRow;
use super::finding::FindingRow;
use super::names::Severity;

/// How much there is. Each is the `total` of the list of the same name without filters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    /// Sites.
    pub(crate) sites: u64,
    /// Endpoints of the inventory.
    pub(crate) endpoints: u64,
    /// Endpoints in state `new`.
    pub(crate) endpoints_new: u64,
    /// Candidates.
    pub(crate) candidates: u64,
    /// Calls in the log.
    pub(crate) calls: u64,
    /// Accounts.
    pub(crate) accounts: u64,
    /// Findings in state `open`.
    pub(crate) open_findings: u64,
}

/// Open findings of one severity: `findings?state=open&severity=…`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeverityCount {
    /// How bad.
    pub(crate) severity: Severity,
    /// Open findings.
    pub(crate) count: u64,
}

/// Data types of one sensitivity level.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LevelCount {
    /// Sensitivity level 1 to 5.
    pub(crate) level: u8,
    /// Data types seen at this level, most endpoints first: `data?type=…`.
    pub(crate) types: Vec<DataTypeCount>,
}

/// What somebody should do now, worded by the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TodoCode {
    /// Nothing has come in yet: say how to feed it.
    FeedTraffic,
    /// Open findings of severity critical.
    CriticalFindings,
    /// Open findings of severity high.
    HighFindings,
    /// Endpoints that answer sensitive data (level 3 or more) without a credential.
    SensitiveWithoutAuth,
    /// Endpoints that are new.
    ReviewNewEndpoints,
    /// Candidates that were never answered with success.
    ReviewCandidates,
}

/// The list that a number leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ListName {
    /// `/api/v1/endpoints`
    Endpoints,
    /// `/api/v1/candidates`
    Candidates,
    /// `/api/v1/findings`
    Findings,
    /// `/api/v1/calls`
    Calls,
}

/// One thing to do, with the list that shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Todo {
    /// What.
    pub(crate) code: TodoCode,
    /// How many.
    pub(crate) count: u64,
    /// The list that shows them.
    pub(crate) list: ListName,
    /// Query parameters of that list.
    pub(crate) filter: BTreeMap<String, String>,
}

/// The first page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// How much there is.
    pub(crate) counts: Counts,
    /// Time of the oldest call.
    pub(crate) oldest_call: Time,
    /// Time of the newest call.
    pub(crate) newest_call: Time,
    /// All five severities, worst first.
    pub(crate) findings_by_severity: Vec<SeverityCount>,
    /// What to do now, most urgent first; empty when there is nothing.
    pub(crate) todo: Vec<Todo>,
    /// Endpoints by risk, largest first, at most 10: `endpoints?sort=risk`.
    pub(crate) top_risks: Vec<EndpointRow>,
    /// Endpoints by first call, newest first, at most 10: `endpoints?sort=first_seen`.
    pub(crate) newest_endpoints: Vec<EndpointRow>,
    /// Open findings, worst first, at most 10: `findings?state=open`.
    pub(crate) worst_findings: Vec<FindingRow>,
    /// Data types by level, most sensitive level first.
    pub(crate) data_levels: Vec<LevelCount>,
    /// Calls over time.
    pub(crate) calls_over_time: Histogram,
}
