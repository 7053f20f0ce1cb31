//! Documents and lines that describe calls: HAR, Burp, Postman, GoReplay, logs, OTLP, call records. One file or folder
//! per format.

mod burp;
mod goreplay;
mod har;
mod har_entry;
mod iis_event;
mod log;
mod otlp;
mod postman;
mod record;
mod xml;

pub(crate) use burp::Burp;
pub(crate) use goreplay::{GoReplay, is_payload_line};
pub(crate) use har::Har;
pub(crate) use iis_event::IisEvents;
pub use log::{BadFormat, JsonMap, LogFormat, Options};
pub(crate) use log::{Dated, Draft, Escape, Field, Log, Moment, Recogniser, near, syslog_header};
pub(crate) use otlp::{Otlp, Signal, signal_of};
pub(crate) use postman::Postman;
pub(crate) use record::{RecordLine, Records, record_line};

use model::Call;

use crate::out::Out;

/// Hands on the call of an entry of a document, or counts what is none.
fn entry(call: Option<Call>, problem: &str, last_ts: &mut i64, out: &mut Out) {
    out.stats.entries += 1;
    let index = out.stats.entries;
    let Some(mut call) = call else {
        out.stats.malformed_entries += 1;
        out.problems.report(problem, index);
        return;
    };
    call.source = out.source.clone();
    call.id = crate::id::call_id(&out.source, call.ts, b"entry", index);
    // An entry without a time keeps its place.
    *last_ts = if call.ts.is_known() { call.ts.0 } else { *last_ts };
    let ticket = out.order.open(*last_ts);
    out.close(ticket, call);
}
