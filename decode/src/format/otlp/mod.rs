//! OTLP, the protocol of OpenTelemetry: log records and spans of requests that were served, as the exporters send them
//! over HTTP and as the collector writes them to files. `reader` finds the requests, `json` and `proto` read their two
//! encodings into records, `record` makes calls of those: by the semantic conventions (`attributes`, `rpc`) or by a body
//! that is a line of a log.

mod attributes;
mod json;
mod number;
mod objects;
mod proto;
mod reader;
mod record;
mod rpc;
mod value;

pub(crate) use proto::Signal;
pub(crate) use reader::Otlp;

/// The signal of a JSON text that begins like a request; `None` for anything else, and for metrics.
pub(crate) fn signal_of(first_key: &[u8]) -> Option<Signal> {
    match first_key {
        b"resourceLogs" => Some(Signal::Logs),
        b"resourceSpans" => Some(Signal::Spans),
        _ => None,
    }
}
