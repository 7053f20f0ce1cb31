//! The first page: counts, what is worst, what to do now. Every number is the total of a list that the console
//! can open; what to do is said in codes.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use model::{FindingState, Severity};
use store::{AccountQuery, CallQuery, CandidateQuery, EndpointQuery, EndpointSort, FindingQuery};

use crate::error::{Answer, ApiError};
use crate::state::ServeState;
use crate::view::data::DataTypeCount;
use crate::view::names::{CandidateReason, LifeState};
use crate::view::overview::{Counts, LevelCount, ListName, Overview, SeverityCount, Todo, TodoCode};

/// Rows of each list on the page.
const ROWS: u64 = 10;
/// Spans of the chart.
const BUCKETS: usize = 48;
/// The rule that finds sensitive data answered to anybody.
const OPEN_DATA_RULE: &str = "data-without-auth";

impl ServeState {
    async fn count_endpoints(&self, query: EndpointQuery) -> Result<u64, ApiError> {
        Ok(self.catalogue.endpoints(&EndpointQuery { limit: 1, ..query }).await?.total)
    }

    async fn count_candidates(&self, reason: Option<CandidateReason>) -> Result<u64, ApiError> {
        let query = CandidateQuery { reason: reason.map(Into::into), limit: 1, ..CandidateQuery::default() };
        Ok(self.catalogue.candidates(&query).await?.total)
    }

    /// Open findings of each severity, worst first. The store counts what is at least so bad.
    async fn count_findings(&self) -> Result<Vec<SeverityCount>, ApiError> {
        let (mut counts, mut worse) = (Vec::new(), 0);
        for severity in Severity::ALL.into_iter().rev() {
            let query = FindingQuery {
                state: Some(FindingState::Open),
                severity_min: Some(severity),
                limit: 1,
                ..FindingQuery::default()
            };
            let total = self.catalogue.findings(&query).await?.total;
            let count = total.saturating_sub(worse);
            counts.push(SeverityCount { severity: severity.into(), count });
            worse = total.max(worse);
        }
        Ok(counts)
    }

    /// What to do now, most urgent first.
    async fn todo(&self, counts: &Counts, severities: &[SeverityCount]) -> Result<Vec<Todo>, ApiError> {
        if counts.calls == 0 {
            return Ok(vec![todo(TodoCode::FeedTraffic, 0, ListName::Calls, &[])]);
        }
        let of = |severity: Severity| {
            severities.iter().find(|entry| entry.severity == severity.into()).map_or(0, |entry| entry.count)
        };
        let unprotected = FindingQuery {
            rule: Some(OPEN_DATA_RULE.to_owned()),
            state: Some(FindingState::Open),
            limit: 1,
            ..FindingQuery::default()
        };
        let unprotected = self.catalogue.findings(&unprotected).await?.total;
        let unconfirmed = self.count_candidates(Some(CandidateReason::Unconfirmed)).await?;
        let mut list = vec![
            todo(
                TodoCode::CriticalFindings,
                of(Severity::Critical),
                ListName::Findings,
                &[("state", "open"), ("severity", "critical")],
            ),
            todo(
                TodoCode::HighFindings,
                of(Severity::High),
                ListName::Findings,
                &[("state", "open"), ("severity", "high")],
            ),
            todo(
                TodoCode::SensitiveWithoutAuth,
                unprotected,
                ListName::Findings,
                &[("state", "open"), ("rule", OPEN_DATA_RULE)],
            ),
            todo(
                TodoCode::ReviewNewEndpoints,
                counts.endpoints_new,
                ListName::Endpoints,
                &[("state", "new"), ("sort", "first_seen")],
            ),
            todo(TodoCode::ReviewCandidates, unconfirmed, ListName::Candidates, &[("reason", "unconfirmed")]),
        ];
        list.retain(|item| item.count > 0);
        Ok(list)
    }

    async fn counts(&self, calls: u64, open_findings: u64) -> Result<Counts, ApiError> {
        let new = EndpointQuery { state: Some(LifeState::New.to_string()), ..EndpointQuery::default() };
        let accounts = AccountQuery { limit: 1, ..AccountQuery::default() };
        Ok(Counts {
            sites: self.catalogue.sites().await?.len() as u64,
            endpoints: self.count_endpoints(EndpointQuery::default()).await?,
            endpoints_new: self.count_endpoints(new).await?,
            candidates: self.count_candidates(None).await?,
            calls,
            accounts: self.catalogue.accounts(&accounts).await?.total,
            open_findings,
        })
    }
}

fn todo(code: TodoCode, count: u64, list: ListName, filter: &[(&str, &str)]) -> Todo {
    let filter = filter.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    Todo { code, count, list, filter }
}

/// Types by level, most sensitive level first; the order within a level stays.
fn by_level(types: Vec<DataTypeCount>) -> Vec<LevelCount> {
    let mut levels: BTreeMap<u8, Vec<DataTypeCount>> = BTreeMap::new();
    for count in types {
        levels.entry(count.level).or_default().push(count);
    }
    levels.into_iter().rev().map(|(level, types)| LevelCount { level, types }).collect()
}

/// What changed, what is worst, what to do now.
#[utoipa::path(get, path = "/api/v1/overview", tag = "overview", operation_id = "get_overview",
    responses((status = 200, description = "The first page.", body = Overview)))]
pub(crate) async fn overview(State(state): State<ServeState>) -> Answer<Overview> {
    let log = state.log.stats().await?;
    let findings_by_severity = state.count_findings().await?;
    let open_findings = findings_by_severity.iter().map(|entry| entry.count).sum();
    let counts = state.counts(log.calls, open_findings).await?;
    let sorted = |sort| EndpointQuery { sort, limit: ROWS, ..EndpointQuery::default() };
    let risks = state.catalogue.endpoints(&sorted(EndpointSort::Risk)).await?.rows;
    let newest = state.catalogue.endpoints(&sorted(EndpointSort::FirstSeen)).await?.rows;
    let worst = FindingQuery { state: Some(FindingState::Open), limit: ROWS, ..FindingQuery::default() };
    let worst = state.catalogue.findings(&worst).await?.rows;
    Ok(Json(Overview {
        todo: state.todo(&counts, &findings_by_severity).await?,
        counts,
        oldest_call: log.oldest.into(),
        newest_call: log.newest.into(),
        findings_by_severity,
        top_risks: state.endpoint_rows(&risks).await?,
        newest_endpoints: state.endpoint_rows(&newest).await?,
        worst_findings: state.finding_rows(&worst).await?,
        data_levels: by_level(state.data_types().await?),
        calls_over_time: state.log.histogram(&CallQuery::default(), BUCKETS).await?.into(),
    }))
}
