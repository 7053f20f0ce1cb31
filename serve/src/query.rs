//! What handlers take out of a request: pages, filters, ids, JSON bodies. Whatever cannot be used is an error
//! that names the parameter; nothing is silently ignored.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use model::{CallId, EndpointId, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::error::{ApiError, ErrorCode};
use crate::limits::{PAGE_ROWS, PAGE_ROWS_MAX, PARAM_CHARS_MAX};
use crate::state::ServeState;
use crate::view::Page;
use crate::view::call::CallRow;
use crate::view::endpoint::EndpointRef;

/// Query parameters.
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text = rejection.body_text();
                let reason = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
                Err(ApiError::parameter("query", reason))
            }
        }
    }
}

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ErrorCode::UnsupportedMediaType,
                "send application/json",
            )),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(ApiError::too_large(crate::limits::BODY_BYTES_MAX))
            }
            Err(rejection) => Err(ApiError::body(rejection.body_text())),
        }
    }
}

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Number of the page, from 1.
    #[param(minimum = 1, default = 1, nullable = false)]
    page: Option<u64>,
    /// Most rows on a page.
    #[param(minimum = 1, maximum = 500, default = 50, nullable = false)]
    size: Option<u64>,
}

/// A page that is within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) page: u64,
    pub(crate) size: u64,
}

impl Paging {
    pub(crate) fn window(&self) -> Result<Window, ApiError> {
        let window = Window { page: self.page.unwrap_or(1), size: self.size.unwrap_or(PAGE_ROWS) };
        if window.page == 0 || window.page > u64::from(u32::MAX) {
            return Err(ApiError::parameter("page", "pages are numbered from 1"));
        }
        if window.size == 0 || window.size > PAGE_ROWS_MAX {
            return Err(ApiError::parameter("size", "between 1 and 500"));
        }
        Ok(window)
    }
}

impl Window {
    pub(crate) fn offset(self) -> u64 {
        (self.page - 1) * self.size
    }

    pub(crate) fn of<T>(self, rows: Vec<T>, total: u64) -> Page<T> {
        Page { rows, total, page: self.page, size: self.size }
    }
}

/// A search text or name: trimmed, absent when empty.
pub(crate) fn text(name: &str, value: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    if value.chars().count() > PARAM_CHARS_MAX {
        return Err(ApiError::parameter(name, "too long"));
    }
    let value = value.trim();
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

/// An RFC 3339 time.
pub(crate) fn time(name: &str, value: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    match value.filter(|value| !value.is_empty()).map(str::parse) {
        Some(Ok(time)) => Ok(Some(time)),
        Some(Err(_)) => Err(ApiError::parameter(name, "not an RFC 3339 date and time")),
        None => Ok(None),
    }
}

/// Sixteen hexadecimal digits.
pub(crate) fn hex_id(name: &str, value: &str) -> Result<u64, ApiError> {
    let digits = value.len() <= 16 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    match u64::from_str_radix(value, 16) {
        Ok(id) if digits => Ok(id),
        _ => Err(ApiError::parameter(name, "not 16 hexadecimal digits")),
    }
}

/// `404`, `4xx` or `400-499` as an inclusive range.
pub(crate) fn status_range(value: &str) -> Result<(u16, u16), ApiError> {
    let unfit = || ApiError::parameter("status", "write 404, 4xx or 400-499");
    let number = |text: &str| match text.parse::<u16>() {
        Ok(code) if text.len() == 3 && code >= 100 => Ok(code),
        _ => Err(unfit()),
    };
    if let Some((low, high)) = value.split_once('-') {
        let range = (number(low)?, number(high)?);
        return if range.0 <= range.1 { Ok(range) } else { Err(unfit()) };
    }
    match value.as_bytes() {
        [class @ b'1'..=b'9', b'x' | b'X', b'x' | b'X'] => {
            let low = u16::from(class - b'0') * 100;
            Ok((low, low + 99))
        }
        _ => number(value).map(|code| (code, code)),
    }
}

impl ServeState {
    /// Names of the endpoints that the ids mean today. Ids of candidates are left out.
    pub(crate) async fn endpoint_refs(
        &self,
        ids: impl IntoIterator<Item = EndpointId>,
    ) -> Result<BTreeMap<EndpointId, EndpointRef>, ApiError> {
        let mut refs = BTreeMap::new();
        for id in ids.into_iter().collect::<BTreeSet<_>>() {
            if let Some(endpoint) = self.catalogue.endpoint(id).await? {
                refs.insert(id, EndpointRef::from(&endpoint));
            }
        }
        Ok(refs)
    }

    /// Calls by id as rows, and the ids of those that the log does not hold any more.
    pub(crate) async fn call_rows(&self, ids: &[CallId]) -> Result<(Vec<CallRow>, Vec<String>), ApiError> {
        let (mut calls, mut gone) = (Vec::new(), Vec::new());
        for id in ids {
            match self.log.get(id).await? {
                Some(call) => calls.push(call),
                None => gone.push(id.to_string()),
            }
        }
        let refs = self.endpoint_refs(calls.iter().map(|call| call.observation.endpoint)).await?;
        let row = |call| CallRow::new(call, refs.get(&call.observation.endpoint).cloned());
        Ok((calls.iter().map(row).collect(), gone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: &str, expect: Option<(u16, u16)>) {
        assert_eq!(status_range(status).ok(), expect, "{status}");
    }

    #[test]
    fn statuses_by_code_class_and_range() {
        check("404", Some((404, 404)));
        check("4xx", Some((400, 499)));
        check("500-599", Some((500, 599)));
        for unfit in ["", "4", "0xx", "4x", "499-400", "40x", "+40", "99", "70000", "ÿxx", "400-", "-"] {
            check(unfit, None);
        }
    }

    #[test]
    fn pages_stay_within_limits() {
        #[track_caller]
        fn check(page: Option<u64>, size: Option<u64>, expect: Option<u64>) {
            let offset = Paging { page, size }.window().ok().map(Window::offset);
            assert_eq!(offset, expect);
        }
        check(None, None, Some(0));
        check(Some(3), Some(20), Some(40));
        check(Some(0), None, None);
        check(None, Some(0), None);
        check(None, Some(501), None);
        check(Some(u64::MAX), Some(500), None);
    }

    #[test]
    fn ids_are_hexadecimal() {
        assert_eq!(hex_id("id", "00000000000000ff").ok(), Some(255));
        for unfit in ["", "xyz", "+f", "00000000000000000ff"] {
            assert!(hex_id("id", unfit).is_err(), "{unfit}");
        }
    }
}
