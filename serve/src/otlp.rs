//! What OTLP/HTTP answers: export responses and errors in the encoding of the request, JSON or protobuf. The messages are
//! so small that they are written by hand.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::api::ingest::media_type;

/// Where the routes of OTLP begin: what exporters are given as their endpoint.
pub(crate) const PREFIX: &str = "/api/v1/otlp/";

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");

/// Bytes of an error of ours that is put into the shape of OTLP.
const ERROR_BYTES_MAX: usize = 16 << 10;

/// How a request, and the answer to it, is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Protobuf,
}

impl Encoding {
    /// The encoding that the request states; `None` for a media type that is none of OTLP.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        match media_type(headers).as_str() {
            "application/json" => Some(Self::Json),
            "application/x-protobuf" => Some(Self::Protobuf),
            _ => None,
        }
    }

    fn answer(self, status: StatusCode, body: Vec<u8>) -> Response {
        let media = if self == Self::Json { JSON } else { PROTOBUF };
        let mut response = (status, Body::from(body)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, media);
        response
    }

    /// `ExportLogsServiceResponse` or `ExportTraceServiceResponse`: empty when all was taken, else how many records were
    /// not, and why. `count_name`: what their number is called in JSON.
    pub(crate) fn exported(self, count_name: &str, rejected: u64, why: &str) -> Response {
        let body = match (self, rejected) {
            (Self::Json, 0) => b"{}".to_vec(),
            (Self::Protobuf, 0) => Vec::new(),
            // 64-bit numbers are text in the JSON of protobuf.
            (Self::Json, _) => {
                let partial = json!({ count_name: rejected.to_string(), "errorMessage": why });
                json!({ "partialSuccess": partial }).to_string().into_bytes()
            }
            (Self::Protobuf, _) => {
                let mut partial = Vec::new();
                number(&mut partial, 1, rejected);
                bytes(&mut partial, 2, why.as_bytes());
                let mut body = Vec::new();
                bytes(&mut body, 1, &partial);
                body
            }
        };
        self.answer(StatusCode::OK, body)
    }

    /// `google.rpc.Status`.
    fn status(self, status: StatusCode, message: &str) -> Response {
        let code = code(status);
        let body = match self {
            Self::Json => json!({ "code": code, "message": message }).to_string().into_bytes(),
            Self::Protobuf => {
                let mut body = Vec::new();
                number(&mut body, 1, code);
                bytes(&mut body, 2, message.as_bytes());
                body
            }
        };
        self.answer(status, body)
    }
}

/// The code of gRPC that a status of HTTP stands for.
fn code(status: StatusCode) -> u64 {
    match status.as_u16() {
        401 => 16,
        403 => 7,
        404 | 405 => 12,
        429 => 8,
        503 => 14,
        400..=499 => 3,
        _ => 13,
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// The middleware: errors of these routes, whoever answered them, become the `Status` that OTLP asks for.
pub(crate) async fn shape_errors(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(PREFIX) {
        return next.run(request).await;
    }
    let encoding = Encoding::of(request.headers()).unwrap_or(Encoding::Json);
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let retry_after = response.headers().get(RETRY_AFTER).cloned();
    let body = to_bytes(response.into_body(), ERROR_BYTES_MAX).await.unwrap_or_default();
    let error: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut shaped = encoding.status(status, error["message"].as_str().unwrap_or_default());
    if let Some(seconds) = retry_after {
        shaped.headers_mut().insert(RETRY_AFTER, seconds);
    }
    shaped
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(response: Response, media: HeaderValue, body: &[u8]) {
        assert_eq!(response.headers()[CONTENT_TYPE], media);
        assert_eq!(to_bytes(response.into_body(), usize::MAX).await.expect("in memory"), body);
    }

    #[tokio::test]
    async fn answers_in_both_encodings() {
        use Encoding::{Json, Protobuf};
        check(Json.exported("rejectedSpans", 0, ""), JSON, b"{}").await;
        check(Protobuf.exported("rejectedSpans", 0, ""), PROTOBUF, b"").await;
        let json = br#"{"partialSuccess":{"errorMessage":"why","rejectedSpans":"300"}}"#;
        check(Json.exported("rejectedSpans", 300, "why"), JSON, json).await;
        check(Protobuf.exported("rejectedSpans", 300, "why"), PROTOBUF, b"\x0a\x08\x08\xac\x02\x12\x03why")
            .await;
        let refused = |encoding: Encoding| encoding.status(StatusCode::UNAUTHORIZED, "log in");
        check(refused(Json), JSON, br#"{"code":16,"message":"log in"}"#).await;
        check(refused(Protobuf), PROTOBUF, b"\x08\x10\x12\x06log in").await;
    }

    #[test]
    fn media_types() {
        #[track_caller]
        fn check(value: &'static str, expect: Option<Encoding>) {
            let headers = [(CONTENT_TYPE, HeaderValue::from_static(value))].into_iter().collect();
            assert_eq!(Encoding::of(&headers), expect);
        }
        check("application/json; charset=utf-8", Some(Encoding::Json));
        check("Application/X-Protobuf", Some(Encoding::Protobuf));
        check("text/plain", None);
        check("", None);
    }
}
