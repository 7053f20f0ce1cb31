//! Calls pushed by machines: call records, one JSON object a line (NDJSON), as they are or compressed. The
//! answer comes after the calls are durable. A line that is no record is reported and never costs its neighbours.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use store::BatchId;
use tokio::time::timeout;

use crate::auth::session::Sender;
use crate::error::{Answer, ApiError, ErrorCode};
use crate::limits::{BATCH_ID_CHARS_MAX, DISCARD_S, INGEST_ARRIVAL_S, INGEST_BYTES_MAX};
use crate::push::{Coding, Pushed, read};
use crate::state::{Batch, Control, Document, IngestError, ServeState, now};
use crate::view::status::{IngestResult, RejectedLine};

/// The stage that drops are counted for.
pub(crate) const STAGE: &str = "ingest";
/// Seconds to wait when too many pushes run at once.
pub(crate) const RETRY_AFTER_S: u64 = 1;

/// The content coding of the body (RFC 9110 §8.4).
pub(crate) fn coding(headers: &HeaderMap) -> Result<Coding, ApiError> {
    let unknown = || {
        let message = "content encoding is none of gzip, zstd, deflate, identity";
        ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::UnsupportedMediaType, message)
    };
    let mut values = headers.get_all(CONTENT_ENCODING).into_iter();
    let Some(value) = values.next() else { return Ok(Coding::Identity) };
    let name = value.to_str().map_err(|_| unknown())?.trim().to_ascii_lowercase();
    match (name.as_str(), values.next()) {
        ("" | "identity", None) => Ok(Coding::Identity),
        ("gzip" | "x-gzip", None) => Ok(Coding::Gzip),
        ("deflate", None) => Ok(Coding::Deflate),
        ("zstd", None) => Ok(Coding::Zstd),
        _ => Err(unknown()),
    }
}

/// The media type of the body, lower case, without parameters; empty when it is not said.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What the body is: `None` for call records. Media types that say nothing of it leave that to its content.
fn document(headers: &HeaderMap) -> Option<Document> {
    match media_type(headers).as_str() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => {
            None
        }
        "application/har+json" | "application/x-har+json" | "application/vnd.har+json" => Some(Document::Har),
        _ => Some(Document::Recognised),
    }
}

/// What the sender calls the batch: `X-Batch-Id`, or `Idempotency-Key` without it.
fn batch_name(headers: &HeaderMap) -> Result<Option<Vec<u8>>, ApiError> {
    for name in ["x-batch-id", "idempotency-key"] {
        let Some(value) = headers.get(name) else { continue };
        if value.is_empty() || value.len() > BATCH_ID_CHARS_MAX {
            return Err(ApiError::parameter(name, "empty, or longer than 256 bytes"));
        }
        return Ok(Some(value.as_bytes().to_vec()));
    }
    Ok(None)
}

/// Senders name their batches each for itself.
pub(crate) fn batch_id(source: &str, name: &[u8]) -> BatchId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(source.len() as u64).to_le_bytes()).update(source.as_bytes()).update(name);
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    BatchId(id)
}

/// Takes call records, one JSON object a line, or a document that is recognised from its content (HAR, GoReplay,
/// Burp, Postman), optionally with `Content-Encoding: gzip`, `zstd` or `deflate`. `Content-Type: application/x-ndjson`
/// and `application/har+json` say which it is. At most 64 MiB as sent and 256 MiB decoded.
/// All good records are durable when the answer comes; on 429 and 503 none was taken. A body in which nothing can be
/// read is refused with 400. A batch with `X-Batch-Id` (or
/// `Idempotency-Key`) that was accepted before is answered with what was accepted then, and not kept again.
#[utoipa::path(post, path = "/api/v1/ingest", tag = "ingest", operation_id = "ingest",
    request_body(content = String, content_type = "application/x-ndjson",
        description = "Call records, one a line."),
    responses((status = 200, description = "What became of the lines.", body = IngestResult)))]
pub(crate) async fn ingest(
    State(state): State<ServeState>,
    Extension(sender): Extension<Sender>,
    headers: HeaderMap,
    body: Body,
) -> Answer<IngestResult> {
    let form = (coding(&headers)?, document(&headers));
    let id = batch_name(&headers)?;
    let Ok(_place) = state.gate.pushes.try_acquire() else {
        discard(body).await;
        return Err(ApiError::busy(RETRY_AFTER_S));
    };
    let bytes = body_bytes(body).await?;
    let source = format!("push:{}", sender.name());
    let id = id.map(|id| batch_id(&source, &id));
    let parsed = {
        let (source, control) = (source.clone(), Arc::clone(&state.control));
        let foreign = move |bytes: &[u8], document, source: &str| control.decode(bytes, document, source);
        tokio::task::spawn_blocking(move || read(&bytes, form, (&source, now()), &foreign)).await
    };
    let Pushed { calls, rejected, rejected_total } =
        parsed.map_err(|error| ApiError::internal("ingest", &error))?;
    state.control.received(&source, calls.len() as u64 + rejected_total);
    if rejected_total > 0 {
        state.control.dropped(&source, STAGE, "malformed", rejected_total);
    }
    let accepted = if calls.is_empty() {
        if rejected_total > 0 {
            return Err(unreadable(rejected.first(), rejected_total));
        }
        0
    } else {
        let outcome = keep(&state, Batch { source, id, calls }).await;
        outcome.map_err(|error| match error {
            IngestError::Busy { retry_after_s } => ApiError::busy(retry_after_s),
            IngestError::Store(error) => ApiError::not_stored(&error),
        })?
    };
    Ok(Json(IngestResult { accepted, rejected, rejected_total }))
}

/// The answer to a body of which nothing could be read: senders look at the status, not at counts.
fn unreadable(first: Option<&RejectedLine>, total: u64) -> ApiError {
    let first = first.map(|first| format!("; line or entry {}: {}", first.line, first.detail));
    let message = format!("nothing in the body can be read{}", first.unwrap_or_default());
    ApiError::body(message).with("rejected_total", total)
}

/// Makes the calls of a push durable.
pub(crate) async fn keep(state: &ServeState, batch: Batch) -> Result<u64, IngestError> {
    // A task of its own: a client that hangs up must not take the counting with it.
    let control = state.control.clone();
    let task = tokio::spawn(async move { keep_counted(control.as_ref(), batch, STAGE).await });
    task.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// Makes calls durable, and counts those that cannot be written as dropped at `stage`. A full queue is counted where it
/// is noticed.
pub(crate) async fn keep_counted(
    control: &dyn Control,
    batch: Batch,
    stage: &'static str,
) -> Result<u64, IngestError> {
    let (source, count) = (batch.source.clone(), batch.calls.len() as u64);
    let outcome = control.ingest(batch).await;
    if let Err(IngestError::Store(_)) = outcome {
        control.dropped(&source, stage, "not_stored", count);
    }
    outcome
}

/// Reads a body that is not wanted: many clients look for an answer only after they have sent all of theirs.
pub(crate) async fn discard(mut body: Body) {
    let all = async {
        let mut size = 0;
        while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await
            && size <= INGEST_BYTES_MAX
        {
            size += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    // Too slow, the connection is closed instead.
    let _ = timeout(Duration::from_secs(DISCARD_S), all).await;
}

/// The body, unless it is too large, too slow or breaks off.
pub(crate) async fn body_bytes(body: Body) -> Result<Bytes, ApiError> {
    let arrival = Duration::from_secs(INGEST_ARRIVAL_S);
    let Ok(read) = timeout(arrival, to_bytes(body, INGEST_BYTES_MAX)).await else {
        return Err(ApiError::body("the body took too long to arrive"));
    };
    read.map_err(|error| {
        // The limit is the only reason that is not the sender's connection.
        let text = error.into_inner().to_string();
        if text.contains("length limit") {
            ApiError::too_large(INGEST_BYTES_MAX)
        } else {
            ApiError::body("the body broke off")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_over_the_limit_is_told_from_one_that_broke_off() {
        let large = Body::from(vec![b'x'; INGEST_BYTES_MAX + 1]);
        let error = body_bytes(large).await.expect_err("too large");
        assert!(format!("{error:?}").contains("BodyTooLarge"), "{error:?}");
    }

    #[test]
    fn media_types_that_say_what_the_body_is() {
        #[track_caller]
        fn check(value: &'static str, expect: Option<Document>) {
            let headers = [(CONTENT_TYPE, value.parse().expect("a header value"))].into_iter().collect();
            assert_eq!(document(&headers), expect);
        }
        check("application/x-ndjson", None);
        check("Application/HAR+json; charset=utf-8", Some(Document::Har));
        check("application/json", Some(Document::Recognised));
        check("application/x-www-form-urlencoded", Some(Document::Recognised));
    }

    #[test]
    fn known_codings_only() {
        #[track_caller]
        fn check(values: &[&'static str], expect: Option<Coding>) {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, value.parse().expect("a header value"));
            }
            assert_eq!(coding(&headers).ok(), expect);
        }
        check(&[], Some(Coding::Identity));
        check(&["GZIP"], Some(Coding::Gzip));
        check(&["zstd"], Some(Coding::Zstd));
        check(&["deflate"], Some(Coding::Deflate));
        check(&["br"], None);
        check(&["gzip, zstd"], None);
        check(&["gzip", "zstd"], None);
    }
}
