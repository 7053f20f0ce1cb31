//! The call log: calls by filter, over time, and one in full.

use axum::Json;
use axum::extract::{Path, State};
use model::{CallId, EndpointId, ValueHash};
use serde::Deserialize;
use store::CallQuery;
use utoipa::IntoParams;

use crate::error::{Answer, ApiError};
use crate::limits::BUCKETS_MAX;
use crate::query::{Paging, Params, hex_id, status_range, text, time};
use crate::state::ServeState;
use crate::view::Page;
use crate::view::call::{CallDetail, CallRow, Histogram};
use crate::view::names::{CandidateReason, Order};

/// Which calls. Every parameter narrows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallFilter {
    /// From this time on (RFC 3339).
    #[param(nullable = false, format = DateTime)]
    from: Option<String>,
    /// Before this time (RFC 3339).
    #[param(nullable = false, format = DateTime)]
    until: Option<String>,
    /// Belonging to this endpoint or candidate.
    #[param(nullable = false)]
    endpoint: Option<String>,
    /// Of this site.
    #[param(nullable = false)]
    host: Option<String>,
    /// With this method.
    #[param(nullable = false)]
    method: Option<String>,
    /// With this status: `404`, `4xx` or `400-499`.
    #[param(nullable = false)]
    status: Option<String>,
    /// From this address, without port.
    #[param(nullable = false)]
    client: Option<String>,
    /// By this account.
    #[param(nullable = false)]
    account: Option<String>,
    /// Carrying this data type, in clear or masked.
    #[param(nullable = false)]
    data_type: Option<String>,
    /// Carrying the value with this hash.
    #[param(nullable = false)]
    value_hash: Option<String>,
    /// Evidence for this rule.
    #[param(nullable = false)]
    rule: Option<String>,
    /// Kept out of the inventory (`true`) or in it (`false`).
    #[param(nullable = false)]
    candidate: Option<bool>,
    /// Kept out for this reason.
    #[param(nullable = false, inline)]
    reason: Option<CandidateReason>,
    /// Target contains this text.
    #[param(nullable = false)]
    text: Option<String>,
}

impl ServeState {
    /// The store's query for a filter. An endpoint stands for all ids that were merged into it.
    async fn call_query(&self, filter: CallFilter) -> Result<CallQuery, ApiError> {
        let mut endpoints = Vec::new();
        if let Some(id) = text("endpoint", filter.endpoint)? {
            let id = EndpointId(hex_id("endpoint", &id)?);
            endpoints.push(id);
            if let Some(endpoint) = self.catalogue.endpoint(id).await? {
                endpoints.push(endpoint.id);
                endpoints.extend(endpoint.aliases);
                endpoints.sort_unstable();
                endpoints.dedup();
            }
        }
        let value = text("value_hash", filter.value_hash)?;
        let status = text("status", filter.status)?;
        Ok(CallQuery {
            from: time("from", filter.from.as_deref())?,
            until: time("until", filter.until.as_deref())?,
            endpoints,
            host: text("host", filter.host)?,
            method: text("method", filter.method)?,
            status: status.as_deref().map(status_range).transpose()?,
            client: text("client", filter.client)?,
            account: text("account", filter.account)?,
            data_type: text("data_type", filter.data_type)?,
            value: value.map(|value| hex_id("value_hash", &value)).transpose()?.map(ValueHash),
            rule: text("rule", filter.rule)?,
            candidate: filter.candidate,
            reason: filter.reason.map(Into::into),
            text: text("text", filter.text)?,
            ..CallQuery::default()
        })
    }
}

/// Direction of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallOrder {
    /// By time; newest first by default.
    #[param(nullable = false, inline)]
    order: Option<Order>,
}

/// Calls, newest first unless asked otherwise.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", operation_id = "list_calls",
    params(CallFilter, CallOrder, Paging),
    responses((status = 200, description = "One page of calls.", body = Page<CallRow>)))]
pub(crate) async fn list(
    State(state): State<ServeState>,
    Params(filter): Params<CallFilter>,
    Params(order): Params<CallOrder>,
    Params(paging): Params<Paging>,
) -> Answer<Page<CallRow>> {
    let window = paging.window()?;
    let query = CallQuery {
        ascending: order.order == Some(Order::Asc),
        offset: window.offset(),
        limit: window.size,
        ..state.call_query(filter).await?
    };
    let found = state.log.query(&query).await?;
    let refs = state.endpoint_refs(found.calls.iter().map(|call| call.observation.endpoint)).await?;
    let row = |call| CallRow::new(call, refs.get(&call.observation.endpoint).cloned());
    Ok(Json(window.of(found.calls.iter().map(row).collect(), found.total)))
}

/// How finely to count.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Fineness {
    /// Number of spans.
    #[param(minimum = 1, maximum = 500, default = 60, nullable = false)]
    buckets: Option<usize>,
}

/// Calls over time, in spans of equal length, under the same filters as the list.
#[utoipa::path(get, path = "/api/v1/calls/histogram", tag = "calls", operation_id = "get_call_histogram",
    params(CallFilter, Fineness),
    responses((status = 200, description = "Calls over time.", body = Histogram)))]
pub(crate) async fn histogram(
    State(state): State<ServeState>,
    Params(filter): Params<CallFilter>,
    Params(fineness): Params<Fineness>,
) -> Answer<Histogram> {
    let buckets = fineness.buckets.unwrap_or(60);
    if buckets == 0 || buckets > BUCKETS_MAX {
        return Err(ApiError::parameter("buckets", "between 1 and 500"));
    }
    let query = state.call_query(filter).await?;
    Ok(Json(state.log.histogram(&query, buckets).await?.into()))
}

/// One call with everything that is kept of it, sensitive values masked.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls", operation_id = "get_call",
    params(("id" = String, Path, description = "Id of the call.")),
    responses((status = 200, description = "The call.", body = CallDetail)))]
pub(crate) async fn get(State(state): State<ServeState>, Path(id): Path<String>) -> Answer<CallDetail> {
    let call = state.log.get(&CallId::new(id)).await?.ok_or_else(ApiError::not_found)?;
    let endpoint = call.observation.endpoint;
    let name = state.endpoint_refs([endpoint]).await?.remove(&endpoint);
    Ok(Json(CallDetail::new(&call, name)))
}
