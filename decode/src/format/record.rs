//! Call records as JSON Lines: what `apiarist decode` writes. Missing fields are fine, unknown ones ignored.

use model::{Call, limits};

use crate::out::Out;

/// Reads the lines of one input.
#[derive(Debug, Default)]
pub(crate) struct Records {
    calls: u64,
}

/// A line is a record when it names at least something that was called.
fn parse(line: &[u8]) -> Result<Call, String> {
    let call: Call = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let says_something = !call.method.is_empty() || !call.target.is_empty() || call.rpc.is_some();
    let is_answer = call.status.is_some()
        && (call.client.is_some() || !call.host.is_empty() || !call.id.as_str().is_empty());
    if says_something || is_answer { Ok(call) } else { Err("names neither method nor target".to_owned()) }
}

/// How sure it is that a line is a call record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordLine {
    Certain,
    /// Its keys are those of other JSON logs too.
    Possible,
    No,
}

/// Judges a line. Other JSON logs have a `method`, but not what is called under `target`.
pub(crate) fn record_line(line: &[u8]) -> RecordLine {
    match parse(line).ok().filter(|_| line.first() == Some(&b'{')) {
        Some(call) if call.target.is_empty() && call.rpc.is_none() && !call.method.is_empty() => {
            RecordLine::Possible
        }
        Some(_) => RecordLine::Certain,
        None => RecordLine::No,
    }
}

impl Records {
    /// Takes one line; `None` for one that is too long.
    pub(crate) fn line(&mut self, number: u64, line: Option<&[u8]>, out: &mut Out) {
        out.stats.lines += 1;
        let Some(line) = line else {
            out.stats.malformed_lines += 1;
            out.problems.report(format!("line longer than {} bytes", limits::LINE_BYTES_MAX), number);
            return;
        };
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
        if line.is_empty() {
            out.stats.empty_lines += 1;
            return;
        }
        match parse(line) {
            Ok(mut call) => {
                if call.source.is_empty() {
                    call.source = out.source.clone();
                }
                if call.id.as_str().is_empty() {
                    call.id = crate::id::call_id(&out.source, call.ts, b"record", self.calls);
                }
                self.calls += 1;
                let ticket = out.order.open(0);
                out.close(ticket, call);
            }
            Err(error) => {
                out.stats.malformed_lines += 1;
                out.problems.report(format!("not a call record: {error}"), number);
            }
        }
    }
}
