//! All routes, and what wraps them: access, one shape of errors, security headers. `openapi` reads the same list.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::net::TcpListener;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{
    accounts, calls, candidates, data, endpoints, findings, ingest, metrics, otlp as export, overview, rules,
    session, sites, status, tokens, users,
};
use crate::error::ApiError;
use crate::limits::BODY_BYTES_MAX;
use crate::state::ServeState;
use crate::{access, assets, document, mirror, otlp};

/// Bytes of an error text of the framework that are passed on.
const FRAMEWORK_TEXT_MAX: usize = 1_024;

fn api() -> OpenApiRouter<ServeState> {
    OpenApiRouter::with_openapi(document::frame())
        .routes(routes!(session::login))
        .routes(routes!(session::me))
        .routes(routes!(session::logout))
        .routes(routes!(session::change_password))
        .routes(routes!(overview::overview))
        .routes(routes!(sites::list))
        .routes(routes!(sites::openapi))
        .routes(routes!(endpoints::list))
        .routes(routes!(endpoints::get))
        .routes(routes!(candidates::list))
        .routes(routes!(calls::list))
        .routes(routes!(calls::histogram))
        .routes(routes!(calls::get))
        .routes(routes!(findings::list))
        .routes(routes!(findings::get))
        .routes(routes!(findings::decide))
        .routes(routes!(accounts::list))
        .routes(routes!(accounts::get))
        .routes(routes!(data::map))
        .routes(routes!(rules::list))
        .routes(routes!(users::list))
        .routes(routes!(users::add))
        .routes(routes!(users::change))
        .routes(routes!(users::remove))
        .routes(routes!(tokens::list))
        .routes(routes!(tokens::add))
        .routes(routes!(tokens::remove))
        .routes(routes!(ingest::ingest))
        .routes(routes!(export::logs))
        .routes(routes!(export::traces))
        .routes(routes!(status::health))
        .routes(routes!(status::status))
        .routes(routes!(metrics::metrics))
        .route(mirror::PREFIX, any(mirror::mirror))
        .route(mirror::REST, any(mirror::mirror))
}

/// The description of the API, OpenAPI 3.1: what `openapi/console.json` holds.
#[must_use]
pub fn openapi() -> OpenApi {
    document::complete(api().into_openapi())
}

/// API and console as one service.
pub fn router(state: ServeState) -> Router {
    let (routes, description) = api().split_for_parts();
    let parameters = Arc::new(document::parameters(&description));
    routes
        .layer(from_fn_with_state((state.clone(), parameters), access::check))
        .fallback(assets::fallback)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(one_shape))
        .layer(from_fn(otlp::shape_errors))
        .layer(from_fn(security_headers))
        .with_state(state)
}

/// Serves API and console on a listener until `shutdown` is done and open requests are answered.
pub async fn serve(
    listener: TcpListener,
    state: ServeState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}

/// Errors that the framework answers by itself (methods, paths, bodies) get the shape of all others.
async fn one_shape(request: Request, next: Next) -> Response {
    let api = assets::is_api(request.uri().path());
    let response = next.run(request).await;
    let status = response.status();
    let shaped = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !api || shaped || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let text = to_bytes(response.into_body(), FRAMEWORK_TEXT_MAX).await.unwrap_or_default();
    let text = if status.is_server_error() { String::new() } else { String::from_utf8_lossy(&text).into() };
    ApiError::of_status(status, text).into_response()
}

/// No script but our own files; inline styles because the component library writes them.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const SECURITY: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

async fn security_headers(request: Request, next: Next) -> Response {
    let api = assets::is_api(request.uri().path());
    let mut response = next.run(request).await;
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if api {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
