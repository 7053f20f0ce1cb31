//! How the instance itself is doing.

use axum::Json;
use axum::extract::State;

use crate::error::Answer;
use crate::state::ServeState;
use crate::view::status::{HealthStatus, HealthView, IngestStats, SourceView, StatusView};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// That the process answers; for load balancers and probes.
#[utoipa::path(get, path = "/api/v1/health", tag = "status", operation_id = "get_health",
    responses((status = 200, description = "It does.", body = HealthView)))]
pub(crate) async fn health() -> Json<HealthView> {
    Json(HealthView { status: HealthStatus::Ok, version: VERSION.to_owned() })
}

/// Size of the log, calls that came in, what was switched off.
#[utoipa::path(get, path = "/api/v1/status", tag = "status", operation_id = "get_status",
    responses((status = 200, description = "How the instance is doing.", body = StatusView)))]
pub(crate) async fn status(State(state): State<ServeState>) -> Answer<StatusView> {
    let log = state.log.stats().await?;
    let health = state.control.health();
    Ok(Json(StatusView {
        version: VERSION.to_owned(),
        uptime_s: health.uptime_s,
        log: log.into(),
        ingest: IngestStats {
            accepted: health.accepted,
            analysed: health.analysed,
            waiting: health.waiting,
            refused: health.refused,
        },
        detectors_off: health.detectors_off,
        limits_reached: health.limits_reached,
        sources: health.sources.into_iter().map(|(name, counts)| SourceView::new(name, counts)).collect(),
    }))
}
