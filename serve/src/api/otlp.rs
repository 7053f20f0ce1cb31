//! OTLP/HTTP (OpenTelemetry protocol): log records and spans of exporters and collectors. A request is accepted as a
//! whole, durable before the answer; what in it tells of no call is left out and counted, not rejected.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use store::BatchId;

use super::ingest::{RETRY_AFTER_S, STAGE, batch_id, body_bytes, coding, discard, keep};
use crate::auth::session::Sender;
use crate::error::{ApiError, ErrorCode};
use crate::limits::OTLP_DECODED_BYTES_MAX;
use crate::otlp::Encoding;
use crate::push::{Pushed, Stop, decode, document};
use crate::state::{Batch, Control, Document, IngestError, ServeState, now};

/// Takes log records (`ExportLogsServiceRequest`): those that are lines of an access log, or say with the semantic
/// conventions for HTTP which request was answered how. `Content-Encoding: gzip`, `zstd` or `deflate` is accepted; at
/// most 64 MiB as sent and decoded. On 503 nothing was taken. A request that was accepted before is not kept again.
#[utoipa::path(post, path = "/api/v1/otlp/v1/logs", tag = "ingest", operation_id = "export_logs",
    request_body(content = String, content_type = "application/x-protobuf",
        description = "`ExportLogsServiceRequest` in protobuf, or in JSON as `application/json`."),
    responses((status = 200, content_type = "application/x-protobuf", body = String,
        description = "`ExportLogsServiceResponse` in the encoding of the request.")))]
pub(crate) async fn logs(
    state: State<ServeState>,
    sender: Extension<Sender>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    export(state, sender, headers, (body, Document::OtlpLogs, "rejectedLogRecords")).await
}

/// Takes spans (`ExportTraceServiceRequest`): those of kind SERVER that are requests over HTTP or remote procedures.
/// Otherwise like log records.
#[utoipa::path(post, path = "/api/v1/otlp/v1/traces", tag = "ingest", operation_id = "export_traces",
    request_body(content = String, content_type = "application/x-protobuf",
        description = "`ExportTraceServiceRequest` in protobuf, or in JSON as `application/json`."),
    responses((status = 200, content_type = "application/x-protobuf", body = String,
        description = "`ExportTraceServiceResponse` in the encoding of the request.")))]
pub(crate) async fn traces(
    state: State<ServeState>,
    sender: Extension<Sender>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    export(state, sender, headers, (body, Document::OtlpSpans, "rejectedSpans")).await
}

async fn export(
    State(state): State<ServeState>,
    Extension(sender): Extension<Sender>,
    headers: HeaderMap,
    (body, kind, count_name): (Body, Document, &'static str),
) -> Result<Response, ApiError> {
    let Some(encoding) = Encoding::of(&headers) else {
        let message = "content type is neither application/x-protobuf nor application/json";
        return Err(unsupported(message));
    };
    let coding = coding(&headers)?;
    let Ok(_place) = state.gate.pushes.try_acquire() else {
        discard(body).await;
        return Err(unavailable(RETRY_AFTER_S));
    };
    let bytes = body_bytes(body).await?;
    let source = format!("otlp:{}", sender.name());
    let read = {
        let (source, control) = (source.clone(), Arc::clone(&state.control));
        tokio::task::spawn_blocking(move || {
            let (bytes, stop) = decode(&bytes, coding, OTLP_DECODED_BYTES_MAX);
            let origin = (source.as_str(), count_name);
            stop.map_or_else(|| Ok(read(&bytes, kind, origin, control.as_ref())), Err)
        })
        .await
    };
    let read = read.map_err(|error| ApiError::internal("otlp", &error))?.map_err(|stop| match stop {
        Stop::TooLarge(max) => ApiError::too_large(max),
        broken @ Stop::Broken(_) => ApiError::body(broken.to_string()),
    })?;
    let Read { pushed, id, left_out, rejected } = read;
    let (count, ignored) = (pushed.calls.len() as u64, left_out.values().sum::<u64>());
    state.control.received(&source, count + rejected + ignored);
    let drops = left_out.into_iter().chain([("malformed", rejected)]).filter(|(_, records)| *records > 0);
    drops.for_each(|(reason, records)| state.control.dropped(&source, STAGE, reason, records));
    let why = pushed.rejected.first().map_or("", |rejected| rejected.detail.as_str());
    if count + ignored == 0 && rejected > 0 {
        return Err(ApiError::body(why));
    }
    let why = why.to_owned();
    if count > 0 {
        let outcome = keep(&state, Batch { source, id, calls: pushed.calls }).await;
        outcome.map_err(|error| match error {
            IngestError::Busy { retry_after_s } => unavailable(retry_after_s),
            IngestError::Store(error) => ApiError::not_stored(&error),
        })?;
    }
    Ok(encoding.exported(count_name, rejected, &why))
}

/// What a request held.
struct Read {
    pushed: Pushed,
    id: Option<BatchId>,
    left_out: BTreeMap<&'static str, u64>,
    /// Records that could not be read.
    rejected: u64,
}

/// Exporters that got no answer send the same bytes again. Records carry times in nanoseconds, so equal requests are
/// the same one; where a record has no time of its own that cannot be said.
fn read(bytes: &[u8], kind: Document, (source, signal): (&str, &str), control: &dyn Control) -> Read {
    let mut decoded = control.decode(bytes, kind, source);
    let digest = blake3::hash(bytes);
    let name = [signal.as_bytes(), digest.as_bytes()].concat();
    let id = (!decoded.untimed).then(|| batch_id(source, &name));
    let (left_out, rejected) = (std::mem::take(&mut decoded.left_out), decoded.malformed);
    Read { pushed: document(decoded, digest, None, (source, now())), id, left_out, rejected }
}

fn unsupported(message: &str) -> ApiError {
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::UnsupportedMediaType, message)
}

/// Every exporter tries again after 503; some give up after 429.
fn unavailable(retry_after_s: u64) -> ApiError {
    let message = "too much at once, nothing was taken";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy, message).retry_after(retry_after_s)
}
