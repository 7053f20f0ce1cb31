//! What is looked for, with texts in both languages.

use axum::Json;
use axum::extract::State;

use crate::error::Answer;
use crate::state::ServeState;
use crate::view::rule::RuleList;

/// Weaknesses, data types and purposes with their texts in English and Chinese.
#[utoipa::path(get, path = "/api/v1/rules", tag = "rules", operation_id = "list_rules",
    responses((status = 200, description = "Everything that is looked for.", body = RuleList)))]
pub(crate) async fn list(State(state): State<ServeState>) -> Answer<RuleList> {
    Ok(Json(state.rules.list().clone()))
}
