//! Reads the lines of a log, whatever wrote them: a line is tried as JSON, as the user's format, as columns that
//! `#Fields` named, and as the layouts that are known. Mixed files and prefixes of shippers are ordinary.

use model::limits;
use serde_json::Value;

use super::draft::Dated;
use super::json_map::JsonMap;
use super::syntax::LogFormat;
use super::w3c::W3c;
use super::{clf, json, known, logfmt, noise};
use crate::kind::Kind;
use crate::out::Out;

/// What a user says about logs that cannot be told from content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The format string of a text log; without one, known layouts are recognised.
    pub log_format: Option<LogFormat>,
    /// Which keys of JSON lines are which field; keys that it does not name are recognised.
    pub json_map: Option<JsonMap>,
}

/// Reads the lines of one log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    options: Options,
    w3c: W3c,
    /// The known layout that fitted last.
    layout: usize,
}

impl Log {
    pub(crate) fn new(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// Takes one line; `None` for one that is too long.
    pub(crate) fn line(&mut self, number: u64, line: Option<&[u8]>, out: &mut Out) {
        out.stats.lines += 1;
        let line = line.map(|line| line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii());
        if line.is_some_and(|line| matches!(line, b"" | b"[" | b"]")) {
            out.stats.empty_lines += 1;
            return;
        }
        if line.is_some_and(|line| line.starts_with(b"#")) {
            self.w3c.directive(line.unwrap_or_default());
            out.stats.comment_lines += 1;
            return;
        }
        let Some((Dated { mut call, .. }, _)) = line.and_then(|line| self.read(line)) else {
            out.stats.malformed_lines += 1;
            out.problems.report("not an access log line", number);
            return;
        };
        call.source = out.source.clone();
        call.id = crate::id::call_id(&out.source, call.ts, b"line", number);
        // A line without a time keeps its place.
        let ts = if call.ts.is_known() { call.ts.0 } else { out.order.now() };
        out.order.advance(ts);
        let ticket = out.order.open(ts);
        out.close(ticket, call);
    }

    /// The call of a line, and the kind of log whose line it is.
    pub(crate) fn read(&mut self, line: &[u8]) -> Option<(Dated, Kind)> {
        let line = &*noise::uncoloured(line);
        if let Some(format) = &self.options.log_format {
            let draft = noise::starts(line).find_map(|line| format.read(line))?;
            return Some((draft.finish().or_written(line), Kind::AccessLog));
        }
        let Some((before, object)) = parse(line) else { return self.text(line) };
        if let Some(dated) = self.object(&object) {
            return Some((dated.or_written(before), Kind::JsonLog));
        }
        let inner = noise::wrapped(&object)?.as_bytes();
        match parse(inner) {
            Some((_, object)) => Some((self.object(&object)?, Kind::JsonLog)),
            None => self.text(inner),
        }
    }

    /// The call of a line that another format carries.
    pub(crate) fn one_line(&mut self, line: &[u8]) -> Option<Dated> {
        let line = line.trim_ascii();
        if line.starts_with(b"#") {
            self.w3c.directive(line);
            return None;
        }
        // Only JSON goes over several lines.
        let is_line = line.starts_with(b"{") || memchr::memchr(b'\n', line).is_none();
        self.read(line).filter(|_| is_line).map(|(dated, _)| dated)
    }

    /// The call of an object that another format carries.
    pub(crate) fn one_object(&mut self, object: &Value) -> Option<Dated> {
        self.object(object).or_else(|| self.one_line(noise::wrapped(object)?.as_bytes()))
    }

    fn object(&self, object: &Value) -> Option<Dated> {
        json::read(object.as_object()?, self.options.json_map.as_ref())
    }

    fn text(&mut self, line: &[u8]) -> Option<(Dated, Kind)> {
        if line.len() > limits::HEADER_BYTES_MAX {
            return None;
        }
        if let Some(call) = self.w3c.read(line) {
            // W3C times are UTC.
            return Some((Dated { call, is_local: false }, Kind::W3c));
        }
        let dated = noise::starts(line)
            .find_map(|line| clf::parse(line).or_else(|| known::read(line, &mut self.layout)))
            .or_else(|| json::read(&logfmt::pairs(line)?, self.options.json_map.as_ref()))?;
        Some((dated.or_written(line), Kind::AccessLog))
    }
}

impl Dated {
    /// With the time at which it was written, which stands before it, when it states none itself.
    fn or_written(mut self, line: &[u8]) -> Self {
        if !self.call.ts.is_known()
            && let Some(moment) = noise::moment_of(line)
        {
            self.call.ts = moment.time();
            self.is_local = moment.east_s.is_none();
        }
        self
    }
}

/// The JSON object that a line is or ends with, and what stands before it.
fn parse(line: &[u8]) -> Option<(&[u8], Value)> {
    let (before, object) = noise::object(line)?;
    Some((before, serde_json::from_slice(object).ok()?))
}

/// Tells the kind of a log from its lines, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Recogniser(Log);

impl Recogniser {
    /// The kind of log, when this line is one of its calls.
    pub(crate) fn line(&mut self, line: &[u8]) -> Option<Kind> {
        if line.starts_with(b"#") {
            self.0.w3c.directive(line);
            return None;
        }
        self.0.read(line).map(|(_, kind)| kind)
    }
}
