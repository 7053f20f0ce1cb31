//! The one shape of every error: a stable code, an English sentence for people with curl, and parameters for the
//! console, which words it. Causes go to the log once; they never leave the machine.

use std::collections::BTreeMap;
use std::error::Error;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

/// Seconds to wait when calls cannot be written.
const STORE_RETRY_AFTER_S: u64 = 5;

/// Stable error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorCode {
    /// 400: a parameter is unknown or its value cannot be used (`name`).
    InvalidParameter,
    /// 400, 422: the body cannot be read.
    InvalidBody,
    /// 400: the new password is too short, too long or the user name (`min`, `max`).
    UnfitPassword,
    /// 401: no session, no token, or neither valid any more.
    NotLoggedIn,
    /// 401: name or password is wrong, or the user is disabled.
    LoginFailed,
    /// 403: the generated password has to be changed first.
    PasswordChangeRequired,
    /// 403: another role is needed (`role`).
    Forbidden,
    /// 403: the request may come from another site; send `X-Requested-With: apiarist`.
    CrossSite,
    /// 404: there is no such thing.
    NotFound,
    /// 405: not with this method.
    MethodNotAllowed,
    /// 409: the name is taken (`name`).
    Exists,
    /// 409: somebody has to stay administrator.
    LastAdmin,
    /// 413: the body is too large (`max_bytes`).
    BodyTooLarge,
    /// 415: the content type or content encoding is not understood.
    UnsupportedMediaType,
    /// 429: too many failed logins (`retry_after_s`).
    TooManyAttempts,
    /// 429, 503 for OTLP: the queue is full, nothing was taken (`retry_after_s`).
    Busy,
    /// 503: calls cannot be written at the moment, nothing was taken (`retry_after_s`).
    NotStored,
    /// 500: see the log of the server.
    Internal,
}

/// Every error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// Stable code.
    pub(crate) code: ErrorCode,
    /// English sentence.
    pub(crate) message: String,
    /// Values that belong to the code.
    pub(crate) params: BTreeMap<String, String>,
}

/// An error on its way out.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    body: ErrorBody,
    retry_after_s: Option<u64>,
}

/// What handlers of JSON answer.
pub(crate) type Answer<T> = Result<Json<T>, ApiError>;

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        let body = ErrorBody { code, message: message.into(), params: BTreeMap::new() };
        Self { status, body, retry_after_s: None }
    }

    /// Adds a value that belongs to the code.
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.body.params.insert(name.to_owned(), value.to_string());
        self
    }

    /// Says when to come back.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self.with("retry_after_s", seconds)
    }

    pub(crate) fn parameter(name: &str, reason: &str) -> Self {
        let message = format!("parameter {name}: {reason}");
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidParameter, message).with("name", name)
    }

    pub(crate) fn body(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidBody, reason)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "there is no such thing")
    }

    pub(crate) fn not_logged_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::NotLoggedIn,
            "no valid session or API token came with the request",
        )
    }

    pub(crate) fn busy(retry_after_s: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::Busy, "too much at once, nothing was taken")
            .retry_after(retry_after_s)
    }

    /// Logs why; the sender may try again, because disks are emptied.
    pub(crate) fn not_stored(error: &dyn Error) -> Self {
        tracing::error!(error = chain(error), "calls cannot be kept");
        let message =
            "calls cannot be written at the moment, nothing was taken; the log of the server says why";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::NotStored, message)
            .retry_after(STORE_RETRY_AFTER_S)
    }

    pub(crate) fn too_large(max_bytes: usize) -> Self {
        let message = format!("the body is larger than {max_bytes} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::BodyTooLarge, message)
            .with("max_bytes", max_bytes)
    }

    /// Logs the whole chain and answers nothing of it.
    pub(crate) fn internal(what: &str, error: &dyn Error) -> Self {
        tracing::error!(what, error = chain(error), "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, "the server failed, see its log")
    }

    /// The error for a status that the framework answered by itself.
    pub(crate) fn of_status(status: StatusCode, message: String) -> Self {
        let code = match status.as_u16() {
            401 => ErrorCode::NotLoggedIn,
            403 => ErrorCode::Forbidden,
            404 => return Self::not_found(),
            405 => ErrorCode::MethodNotAllowed,
            413 => return Self::too_large(crate::limits::BODY_BYTES_MAX),
            415 => ErrorCode::UnsupportedMediaType,
            400..=499 => ErrorCode::InvalidBody,
            _ => ErrorCode::Internal,
        };
        let message = if message.is_empty() { status.to_string() } else { message };
        Self::new(status, code, message)
    }
}

/// An error with its causes, as one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists(name) => {
                Self::new(StatusCode::CONFLICT, ErrorCode::Exists, format!("{name} already exists"))
                    .with("name", name)
            }
            other => Self::internal("store", &other),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_chained_for_the_log_and_hidden_from_the_answer() {
        let source = std::io::Error::other("disk on fire");
        let error = StoreError::Io { action: "write", path: "/secret/place".into(), source };
        assert_eq!(chain(&error), "cannot write /secret/place: disk on fire");
        let answer = serde_json::to_string(&ApiError::from(error).body).expect("json");
        assert!(!answer.contains("secret") && !answer.contains("fire"), "{answer}");
    }
}
