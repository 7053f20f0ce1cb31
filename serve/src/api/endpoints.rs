//! The inventory: endpoints by filter, one endpoint in full.

use axum::Json;
use axum::extract::{Path, State};
use model::{Endpoint, EndpointId, FindingState};
use serde::Deserialize;
use store::{EndpointQuery, FindingQuery};
use utoipa::IntoParams;

use crate::error::{Answer, ApiError};
use crate::limits::PAGE_ROWS_MAX;
use crate::query::{Paging, Params, hex_id, text};
use crate::state::ServeState;
use crate::view::Page;
use crate::view::endpoint::{EndpointDetail, EndpointRef, EndpointRow};
use crate::view::finding::FindingRow;
use crate::view::names::{AuthVerdict, EndpointSort, Exposure, LifeState, Order};

/// Which endpoints. Every parameter narrows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EndpointFilter {
    /// Of this site.
    #[param(nullable = false)]
    host: Option<String>,
    /// With this method.
    #[param(nullable = false)]
    method: Option<String>,
    /// In this state of life.
    #[param(nullable = false, inline)]
    state: Option<LifeState>,
    /// With this exposure.
    #[param(nullable = false, inline)]
    exposure: Option<Exposure>,
    /// With this verdict on authentication.
    #[param(nullable = false, inline)]
    auth: Option<AuthVerdict>,
    /// Of this business purpose.
    #[param(nullable = false)]
    purpose: Option<String>,
    /// Carrying this data type.
    #[param(nullable = false)]
    data_type: Option<String>,
    /// With at least this sensitivity level in clear.
    #[param(minimum = 0, maximum = 5, nullable = false)]
    level_min: Option<u8>,
    /// Template, host or operation contains this text.
    #[param(nullable = false)]
    text: Option<String>,
    /// What to sort by; risk by default.
    #[param(nullable = false, inline)]
    sort: Option<EndpointSort>,
    /// Direction; largest first by default, `template` in alphabetical order.
    #[param(nullable = false, inline)]
    order: Option<Order>,
}

impl EndpointFilter {
    fn query(self) -> Result<EndpointQuery, ApiError> {
        let sort = self.sort.unwrap_or(EndpointSort::Risk);
        let by_default = if sort == EndpointSort::Template { Order::Asc } else { Order::Desc };
        Ok(EndpointQuery {
            host: text("host", self.host)?,
            method: text("method", self.method)?,
            state: self.state.map(|name| name.to_string()),
            exposure: self.exposure.map(|name| name.to_string()),
            auth: self.auth.map(|name| name.to_string()),
            purpose: text("purpose", self.purpose)?,
            data_type: text("data_type", self.data_type)?,
            level_min: self.level_min,
            text: text("text", self.text)?,
            sort: sort.into(),
            ascending: self.order.unwrap_or(by_default) == Order::Asc,
            offset: 0,
            limit: 0,
        })
    }
}

impl ServeState {
    /// Open findings on an endpoint.
    async fn open_findings(&self, endpoint: EndpointId) -> Result<u64, ApiError> {
        let query = FindingQuery {
            endpoint: Some(endpoint),
            state: Some(FindingState::Open),
            limit: 1,
            ..FindingQuery::default()
        };
        Ok(self.catalogue.findings(&query).await?.total)
    }

    /// Endpoints as rows.
    pub(crate) async fn endpoint_rows(&self, endpoints: &[Endpoint]) -> Result<Vec<EndpointRow>, ApiError> {
        let mut rows = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            rows.push(EndpointRow::new(endpoint, self.open_findings(endpoint.id).await?));
        }
        Ok(rows)
    }
}

/// Endpoints of the inventory.
#[utoipa::path(get, path = "/api/v1/endpoints", tag = "endpoints", operation_id = "list_endpoints",
    params(EndpointFilter, Paging),
    responses((status = 200, description = "One page of endpoints.", body = Page<EndpointRow>)))]
pub(crate) async fn list(
    State(state): State<ServeState>,
    Params(filter): Params<EndpointFilter>,
    Params(paging): Params<Paging>,
) -> Answer<Page<EndpointRow>> {
    let window = paging.window()?;
    let query = EndpointQuery { offset: window.offset(), limit: window.size, ..filter.query()? };
    let found = state.catalogue.endpoints(&query).await?;
    let rows = state.endpoint_rows(&found.rows).await?;
    Ok(Json(window.of(rows, found.total)))
}

/// One endpoint with its schema, parameters, data and findings. Earlier ids of merged endpoints lead to it.
#[utoipa::path(get, path = "/api/v1/endpoints/{id}", tag = "endpoints", operation_id = "get_endpoint",
    params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 200, description = "The endpoint.", body = EndpointDetail)))]
pub(crate) async fn get(State(state): State<ServeState>, Path(id): Path<String>) -> Answer<EndpointDetail> {
    let id = EndpointId(hex_id("id", &id)?);
    let endpoint = state.catalogue.endpoint(id).await?.ok_or_else(ApiError::not_found)?;
    let query = FindingQuery { endpoint: Some(endpoint.id), limit: PAGE_ROWS_MAX, ..FindingQuery::default() };
    let findings = state.catalogue.findings(&query).await?.rows;
    let name = EndpointRef::from(&endpoint);
    let findings = findings.iter().map(|finding| FindingRow::new(finding, Some(name.clone()))).collect();
    let open = state.open_findings(endpoint.id).await?;
    Ok(Json(EndpointDetail::new(endpoint, findings, open)))
}
