//! Accounts of the observed applications.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use store::AccountQuery;
use utoipa::IntoParams;

use crate::error::{Answer, ApiError};
use crate::limits::ACCOUNT_ENDPOINTS_SHOWN;
use crate::query::{Paging, Params, text};
use crate::state::ServeState;
use crate::view::Page;
use crate::view::account::{AccountDetail, AccountRow};
use crate::view::endpoint::EndpointRef;

/// Which accounts. Every parameter narrows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountFilter {
    /// Of this site.
    #[param(nullable = false)]
    host: Option<String>,
    /// Name contains this text.
    #[param(nullable = false)]
    text: Option<String>,
}

/// Accounts, most calls first.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", operation_id = "list_accounts",
    params(AccountFilter, Paging),
    responses((status = 200, description = "One page of accounts.", body = Page<AccountRow>)))]
pub(crate) async fn list(
    State(state): State<ServeState>,
    Params(filter): Params<AccountFilter>,
    Params(paging): Params<Paging>,
) -> Answer<Page<AccountRow>> {
    let window = paging.window()?;
    let query = AccountQuery {
        host: text("host", filter.host)?,
        text: text("text", filter.text)?,
        offset: window.offset(),
        limit: window.size,
    };
    let found = state.catalogue.accounts(&query).await?;
    Ok(Json(window.of(found.rows.iter().map(AccountRow::from).collect(), found.total)))
}

/// One account with the endpoints it called and the calls that prove it.
#[utoipa::path(get, path = "/api/v1/accounts/{id}", tag = "accounts", operation_id = "get_account",
    params(("id" = String, Path, description = "Id of the account, percent-encoded: it contains a slash.")),
    responses((status = 200, description = "The account.", body = AccountDetail)))]
pub(crate) async fn get(State(state): State<ServeState>, Path(id): Path<String>) -> Answer<AccountDetail> {
    let account = state.catalogue.account(&id).await?.ok_or_else(ApiError::not_found)?;
    let shown = account.endpoints.iter().take(ACCOUNT_ENDPOINTS_SHOWN).copied();
    let mut endpoints: Vec<EndpointRef> = state.endpoint_refs(shown).await?.into_values().collect();
    endpoints.sort_by(|a, b| (&a.host, &a.template, &a.method).cmp(&(&b.host, &b.template, &b.method)));
    endpoints.dedup_by(|a, b| a.id == b.id);
    let (evidence, evidence_gone) = state.call_rows(&account.evidence).await?;
    Ok(Json(AccountDetail { summary: (&account).into(), endpoints, evidence, evidence_gone }))
}
