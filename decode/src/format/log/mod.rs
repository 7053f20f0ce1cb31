//! Logs of servers, proxies and clouds: one line, one call. `reader` decides how a line is read; `layout`,
//! `json` and `w3c` read it; `draft` turns fields into a call.

mod apache;
mod clf;
mod csv;
mod document;
mod draft;
mod envoy;
mod haproxy;
mod json;
mod json_dialect;
mod json_keys;
mod json_map;
mod known;
mod layout;
mod logfmt;
mod loose;
mod nginx;
mod noise;
mod reader;
mod stamp;
mod syntax;
mod syslog;
mod time;
mod value;
mod w3c;

pub(crate) use draft::{Dated, Draft, Field};
pub(crate) use json::is_target;
pub use json_map::JsonMap;
pub use reader::Options;
pub(crate) use reader::{Log, Recogniser};
pub(crate) use stamp::near;
pub use syntax::{BadFormat, LogFormat};
pub(crate) use syslog::header as syslog_header;
pub(crate) use time::Moment;
pub(crate) use value::{Escape, Unit};
pub(crate) use w3c::column as w3c_column;

/// A host name as in the Host field: lower case, without the port that the scheme implies.
pub(crate) fn host(name: &str) -> String {
    value::host(name)
}

/// A point in time of any shape that logs and tools write.
pub(crate) fn time_of(raw: &str) -> Option<model::Timestamp> {
    time::any(raw)
}
