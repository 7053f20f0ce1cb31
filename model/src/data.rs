//! Sensitive data as it is recognised: its type, where it stands, how it was masked.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{CallId, EndpointId, ValueHash};

/// Stable upper-case name of a data type, `CN_ID_CARD`. The types themselves live in `content/data`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataType(pub Arc<str>);

impl DataType {
    /// Wraps a name.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which half of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Sent by the client.
    Request,
    /// Sent by the server.
    Response,
}

impl Side {
    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// Which part of a message; `in` in the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A segment of the path.
    Path,
    /// A query parameter.
    Query,
    /// A header field other than cookies.
    Header,
    /// A cookie.
    Cookie,
    /// The body.
    Body,
}

impl Place {
    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
        }
    }
}

/// One sensitive value in one call. The raw value is not here: only its mask and its keyed hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataHit {
    /// Request or response.
    pub side: Side,
    /// Which part of the message.
    #[serde(rename = "in")]
    pub place: Place,
    /// RFC 6901 JSON Pointer inside a structured body; a name for query, header and cookie; else empty.
    pub path: String,
    /// What it is.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// Sensitivity level 1 (public) to 5 (core).
    pub level: u8,
    /// The value was already masked in the traffic (`138****1234`).
    pub masked: bool,
    /// 0 to 1.
    pub confidence: f32,
    /// The value as it may be shown.
    pub sample: String,
    /// Keyed hash of the normalised value; absent when the value was masked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hash: Option<ValueHash>,
    /// Bytes of the value in the decoded body, target or header value, for redaction. Not stored.
    #[serde(skip)]
    pub span: Range<u32>,
}

/// One data type at one place of one endpoint, over all its calls: a line of `data.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataUse {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Request or response.
    pub side: Side,
    /// Which part of the message.
    #[serde(rename = "in")]
    pub place: Place,
    /// As in [`DataHit::path`], array positions written `*`.
    pub path: String,
    /// What it is.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// Sensitivity level 1 to 5.
    pub level: u8,
    /// Values seen.
    pub count: u64,
    /// Calls that carried one.
    pub calls: u64,
    /// Distinct values seen (estimate).
    pub distinct: u64,
    /// Every value seen was already masked.
    pub masked: bool,
    /// One value as it may be shown.
    pub sample: String,
    /// Calls that prove it.
    pub evidence: Vec<CallId>,
}
