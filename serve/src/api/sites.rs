//! Sites, and the learned OpenAPI document of each.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::state::ServeState;
use crate::view::endpoint::SiteRow;

/// All sites.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SiteList {
    /// Most called first.
    pub(crate) rows: Vec<SiteRow>,
}

/// All sites with their counts, most called first.
#[utoipa::path(get, path = "/api/v1/sites", tag = "sites", operation_id = "list_sites",
    responses((status = 200, description = "All sites.", body = SiteList)))]
pub(crate) async fn list(State(state): State<ServeState>) -> Answer<SiteList> {
    let sites = state.catalogue.sites().await?;
    Ok(Json(SiteList { rows: sites.into_iter().map(SiteRow::from).collect() }))
}

/// The learned OpenAPI 3.1 document of a site.
#[utoipa::path(get, path = "/api/v1/sites/{host}/openapi", tag = "sites", operation_id = "get_site_openapi",
    params(("host" = String, Path, description = "Host of the site.")),
    responses((status = 200, description = "The document.", body = Value)))]
pub(crate) async fn openapi(State(state): State<ServeState>, Path(host): Path<String>) -> Answer<Value> {
    state.control.site_openapi(&host).await?.map(Json).ok_or_else(ApiError::not_found)
}
