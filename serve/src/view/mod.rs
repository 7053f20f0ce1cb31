//! The shapes of the wire. Every field is always there: what is unknown is `null`, never missing, so that the
//! console's generated types are exact. Stored shapes (`model`) are turned into these, never sent themselves.

pub(crate) mod account;
pub(crate) mod call;
pub(crate) mod data;
pub(crate) mod endpoint;
pub(crate) mod finding;
pub(crate) mod names;
pub(crate) mod overview;
pub(crate) mod rule;
pub(crate) mod status;
pub(crate) mod user;

use model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};

/// A point in time: RFC 3339 in UTC with microseconds, `null` when unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Time(pub(crate) Timestamp);

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl utoipa::PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A point in time: RFC 3339 in UTC with microseconds, null when unknown."))
            .into()
    }
}

impl ToSchema for Time {}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The rows of this page.
    pub(crate) rows: Vec<T>,
    /// Rows that match, over all pages.
    pub(crate) total: u64,
    /// Number of this page, from 1.
    pub(crate) page: u64,
    /// Most rows on a page.
    pub(crate) size: u64,
}

/// How many calls were answered with one status code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusCount {
    /// Status code.
    pub(crate) status: u16,
    /// Calls.
    pub(crate) calls: u64,
}

/// Status counts as a list, smallest code first.
pub(crate) fn status_counts(statuses: &std::collections::BTreeMap<u16, u64>) -> Vec<StatusCount> {
    statuses.iter().map(|(&status, &calls)| StatusCount { status, calls }).collect()
}

/// Call ids as text.
pub(crate) fn call_ids(ids: &[model::CallId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// Keyed hash of a value as the console sends it back: 16 hexadecimal digits.
pub(crate) fn value_hash(hash: model::ValueHash) -> String {
    format!("{:016x}", hash.0)
}
