//! What is called but is not, or not yet, an endpoint.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use store::CandidateQuery;
use utoipa::IntoParams;

use crate::error::Answer;
use crate::query::{Paging, Params, text};
use crate::state::ServeState;
use crate::view::Page;
use crate::view::endpoint::CandidateRow;
use crate::view::names::CandidateReason;

/// Which candidates. Every parameter narrows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CandidateFilter {
    /// Of this site.
    #[param(nullable = false)]
    host: Option<String>,
    /// Kept out for this reason.
    #[param(nullable = false, inline)]
    reason: Option<CandidateReason>,
    /// Template contains this text.
    #[param(nullable = false)]
    text: Option<String>,
}

/// Candidates, most called first.
#[utoipa::path(get, path = "/api/v1/candidates", tag = "endpoints", operation_id = "list_candidates",
    params(CandidateFilter, Paging),
    responses((status = 200, description = "One page of candidates.", body = Page<CandidateRow>)))]
pub(crate) async fn list(
    State(state): State<ServeState>,
    Params(filter): Params<CandidateFilter>,
    Params(paging): Params<Paging>,
) -> Answer<Page<CandidateRow>> {
    let window = paging.window()?;
    let query = CandidateQuery {
        host: text("host", filter.host)?,
        reason: filter.reason.map(Into::into),
        text: text("text", filter.text)?,
        offset: window.offset(),
        limit: window.size,
    };
    let found = state.catalogue.candidates(&query).await?;
    Ok(Json(window.of(found.rows.iter().map(CandidateRow::from).collect(), found.total)))
}
