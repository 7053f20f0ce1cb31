//! The columns of a segment. The names are read by other tools (DuckDB, ClickHouse, pandas), so they are kept
//! stable: add columns, do not rename. What a list of calls does not show stands in columns of its own.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

pub(crate) const SEQ: &str = "seq";
pub(crate) const TS: &str = "ts";
pub(crate) const ID: &str = "id";
pub(crate) const CLIENT: &str = "client";
pub(crate) const METHOD: &str = "method";
pub(crate) const HOST: &str = "host";
pub(crate) const TARGET: &str = "target";
pub(crate) const STATUS: &str = "status";
pub(crate) const ENDPOINT: &str = "endpoint";
pub(crate) const CANDIDATE: &str = "candidate";
pub(crate) const ACCOUNT: &str = "account";
pub(crate) const DATA_TYPES: &str = "data_types";
pub(crate) const VALUES: &str = "values";
pub(crate) const RULES: &str = "rules";
/// Path of the items of [`VALUES`] inside a Parquet file.
pub(crate) const VALUES_LEAF: [&str; 3] = [VALUES, "list", "item"];

/// Large columns that `query` leaves out.
pub(crate) const HEAVY: [&str; 5] =
    ["request_headers", "request_body", "response_headers", "response_body", "messages"];

/// Columns that a query looks single values up in, other than [`VALUES`].
pub(crate) const BLOOM: [&str; 4] = [ID, ENDPOINT, ACCOUNT, CLIENT];

/// Type of [`TS`]; null when the call carried no time.
pub(crate) fn ts_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, false)))
}

/// All columns, in the order of the file.
pub(crate) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let must = |name, kind| Field::new(name, kind, false);
    let may = |name, kind| Field::new(name, kind, true);
    Arc::new(Schema::new(vec![
        // Counts rows since the store was made: input order.
        must(SEQ, DataType::UInt64),
        may(TS, ts_type()),
        must(ID, DataType::Utf8),
        may("duration_us", DataType::UInt64),
        must("source", DataType::Utf8),
        may(CLIENT, DataType::Utf8),
        may("client_port", DataType::UInt16),
        may("server", DataType::Utf8),
        may("server_port", DataType::UInt16),
        may("scheme", DataType::Utf8),
        must("protocol", DataType::Utf8),
        must(METHOD, DataType::Utf8),
        must(HOST, DataType::Utf8),
        must(TARGET, DataType::Utf8),
        may(STATUS, DataType::UInt16),
        // Whether that half of the call was seen.
        must("request", DataType::Boolean),
        may("request_body_size", DataType::UInt64),
        may("request_headers", DataType::Utf8),
        may("request_body", DataType::Binary),
        must("response", DataType::Boolean),
        may("response_body_size", DataType::UInt64),
        may("response_headers", DataType::Utf8),
        may("response_body", DataType::Binary),
        may("rpc_service", DataType::Utf8),
        may("rpc_method", DataType::Utf8),
        may("messages", DataType::Utf8),
        must("anomalies", list(DataType::Utf8)),
        // Hexadecimal as in every record, so that it joins with `endpoints.jsonl`.
        must(ENDPOINT, DataType::Utf8),
        may(CANDIDATE, DataType::Utf8),
        may(ACCOUNT, DataType::Utf8),
        may("account_how", DataType::Utf8),
        must("auth", DataType::Utf8),
        may("jwt", DataType::Utf8),
        may("purpose", DataType::Utf8),
        must("people", DataType::UInt32),
        // The hits as in `calls.jsonl`; types and hashes of the values once more, as lists, for filters.
        must("data", DataType::Utf8),
        must(DATA_TYPES, list(DataType::Utf8)),
        must(VALUES, list(DataType::UInt64)),
        must(RULES, list(DataType::Utf8)),
    ]))
});

/// Names of the columns of a full call, or of one in a list.
pub(crate) fn columns(full: bool) -> Vec<&'static str> {
    let names = SCHEMA.fields().iter().map(|field| field.name().as_str());
    names.filter(|name| full || !HEAVY.contains(name)).collect()
}
