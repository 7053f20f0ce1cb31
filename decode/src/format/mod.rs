//! Documents and lines that describe calls: HAR, access logs, call records. One file per format.

mod access_log;
mod har;
mod har_entry;
mod record;

pub(crate) use access_log::{AccessLog, is_access_line};
pub(crate) use har::Har;
pub(crate) use record::{Records, is_record_line};
