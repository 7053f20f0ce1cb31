//! Findings: by filter, one with its evidence, and what a person decides about it.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use model::{EndpointId, Finding};
use serde::Deserialize;
use store::FindingQuery;
use utoipa::IntoParams;

use crate::auth::session::CurrentUser;
use crate::error::{Answer, ApiError};
use crate::limits::{DECISIONS_SHOWN, NOTE_CHARS_MAX};
use crate::query::{Body, Paging, Params, Window, hex_id, text};
use crate::state::{ServeState, now};
use crate::view::Page;
use crate::view::finding::{DecisionView, FindingDecision, FindingDetail, FindingRow};
use crate::view::names::{FindingState, Severity};

/// Which findings. Every parameter narrows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingFilter {
    /// Of this site.
    #[param(nullable = false)]
    host: Option<String>,
    /// On this endpoint.
    #[param(nullable = false)]
    endpoint: Option<String>,
    /// By this rule.
    #[param(nullable = false)]
    rule: Option<String>,
    /// Exactly this bad.
    #[param(nullable = false, inline)]
    severity: Option<Severity>,
    /// At least this bad.
    #[param(nullable = false, inline)]
    severity_min: Option<Severity>,
    /// In this state.
    #[param(nullable = false, inline)]
    state: Option<FindingState>,
    /// Title or rule contains this text.
    #[param(nullable = false)]
    text: Option<String>,
}

impl ServeState {
    /// Findings as rows.
    pub(crate) async fn finding_rows(&self, findings: &[Finding]) -> Result<Vec<FindingRow>, ApiError> {
        let refs = self.endpoint_refs(findings.iter().filter_map(|finding| finding.endpoint)).await?;
        let row = |finding: &Finding| {
            FindingRow::new(finding, finding.endpoint.and_then(|id| refs.get(&id).cloned()))
        };
        Ok(findings.iter().map(row).collect())
    }

    /// One page of findings that are exactly as bad as `severity`. The store lists the worst first, so the
    /// worse ones are a prefix of the list: their number is skipped.
    async fn exactly(
        &self,
        query: FindingQuery,
        severity: model::Severity,
        window: Window,
    ) -> Result<(Vec<Finding>, u64), ApiError> {
        let worse = model::Severity::ALL.into_iter().find(|&other| other > severity);
        let skip = match worse {
            Some(worse) => {
                let count = FindingQuery { severity_min: Some(worse), limit: 1, ..query.clone() };
                self.catalogue.findings(&count).await?.total
            }
            None => 0,
        };
        let query = FindingQuery {
            severity_min: Some(severity),
            offset: skip + window.offset(),
            limit: window.size,
            ..query
        };
        let mut found = self.catalogue.findings(&query).await?;
        // Findings may have changed between the two questions.
        found.rows.retain(|finding| finding.severity == severity);
        Ok((found.rows, found.total.saturating_sub(skip)))
    }
}

/// Findings, worst first, then latest.
#[utoipa::path(get, path = "/api/v1/findings", tag = "findings", operation_id = "list_findings",
    params(FindingFilter, Paging),
    responses((status = 200, description = "One page of findings.", body = Page<FindingRow>)))]
pub(crate) async fn list(
    State(state): State<ServeState>,
    Params(filter): Params<FindingFilter>,
    Params(paging): Params<Paging>,
) -> Answer<Page<FindingRow>> {
    let window = paging.window()?;
    let endpoint = text("endpoint", filter.endpoint)?.map(|id| hex_id("endpoint", &id)).transpose()?;
    let mut query = FindingQuery {
        host: text("host", filter.host)?,
        endpoint: endpoint.map(EndpointId),
        rule: text("rule", filter.rule)?,
        severity_min: filter.severity_min.map(Into::into),
        state: filter.state.map(Into::into),
        text: text("text", filter.text)?,
        offset: window.offset(),
        limit: window.size,
    };
    if let Some(id) = query.endpoint
        && let Some(endpoint) = state.catalogue.endpoint(id).await?
    {
        query.endpoint = Some(endpoint.id);
    }
    let (found, total) = match filter.severity {
        Some(severity) if filter.severity_min.is_some_and(|least| least > severity) => (Vec::new(), 0),
        Some(severity) => state.exactly(query, severity.into(), window).await?,
        None => {
            let found = state.catalogue.findings(&query).await?;
            (found.rows, found.total)
        }
    };
    let rows = state.finding_rows(&found).await?;
    Ok(Json(window.of(rows, total)))
}

async fn detail(state: &ServeState, id: &str) -> Result<FindingDetail, ApiError> {
    let finding = state.catalogue.finding(id).await?.ok_or_else(ApiError::not_found)?;
    let (evidence, evidence_gone) = state.call_rows(&finding.evidence).await?;
    let decisions = state.catalogue.audit_entries(Some(id), 0, DECISIONS_SHOWN).await?;
    let endpoint = match finding.endpoint {
        Some(id) => state.endpoint_refs([id]).await?.remove(&id),
        None => None,
    };
    Ok(FindingDetail {
        summary: FindingRow::new(&finding, endpoint),
        rule: state.rules.weakness(&finding.rule).cloned(),
        evidence,
        evidence_gone,
        decisions: decisions.rows.iter().filter_map(DecisionView::of).collect(),
    })
}

/// One finding with the texts of its rule and the calls that prove it.
#[utoipa::path(get, path = "/api/v1/findings/{id}", tag = "findings", operation_id = "get_finding",
    params(("id" = String, Path, description = "Id of the finding.")),
    responses((status = 200, description = "The finding.", body = FindingDetail)))]
pub(crate) async fn get(State(state): State<ServeState>, Path(id): Path<String>) -> Answer<FindingDetail> {
    Ok(Json(detail(&state, &id).await?))
}

/// Records what a person decides about a finding.
#[utoipa::path(patch, path = "/api/v1/findings/{id}", tag = "findings", operation_id = "decide_finding",
    params(("id" = String, Path, description = "Id of the finding.")),
    request_body = FindingDecision,
    responses((status = 200, description = "The finding as it is now.", body = FindingDetail)))]
pub(crate) async fn decide(
    State(state): State<ServeState>,
    Extension(user): Extension<CurrentUser>,
    Path(id): Path<String>,
    Body(decision): Body<FindingDecision>,
) -> Answer<FindingDetail> {
    if decision.note.chars().count() > NOTE_CHARS_MAX {
        return Err(ApiError::body("the note is too long"));
    }
    let note = decision.note.trim();
    let known =
        state.catalogue.set_finding_state(&id, decision.state.into(), &user.name, note, now()).await?;
    if !known {
        return Err(ApiError::not_found());
    }
    Ok(Json(detail(&state, &id).await?))
}
