//! Reads the lines of a log, whatever wrote them: a line is tried as JSON, as the user's format, as columns that
//! `#Fields` named, and as the layouts that are known. Mixed files and prefixes of shippers are ordinary.

use model::limits;
use serde_json::Value;

use super::csv::Csv;
use super::document::{self, Document};
use super::draft::Dated;
use super::json_map::JsonMap;
use super::syntax::LogFormat;
use super::w3c::W3c;
use super::{clf, json, known, logfmt, loose, noise};
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
    /// The columns of a table.
    csv: Option<Csv>,
    /// JSON over several lines.
    document: Document,
    /// The line in which its object began.
    begin: u64,
}

impl Log {
    pub(crate) fn new(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// Takes one line; `None` for one that is too long.
    pub(crate) fn line(&mut self, number: u64, line: Option<&[u8]>, out: &mut Out) {
        if line.is_some_and(|line| self.part(number, line, out)) {
            return;
        }
        let line = line.map(noise::bare);
        if line.is_some_and(|line| matches!(line, b"" | b"[" | b"]")) {
            out.stats.lines += 1;
            out.stats.empty_lines += 1;
            return;
        }
        if let Some(line) = line.filter(|line| line.starts_with(b"#")) {
            self.comment(line);
            out.stats.lines += 1;
            out.stats.comment_lines += 1;
            return;
        }
        if let Some((dated, _)) = line.and_then(|line| self.read(line)) {
            return take(Some(dated), number, out);
        }
        match line {
            Some(line) if matches!(line.first(), Some(b'{' | b'[')) => {
                self.records(line, &mut |found| take(found.map(|(dated, _)| dated), number, out));
            }
            Some(line) if self.names_columns(line) => {
                out.stats.lines += 1;
                out.stats.comment_lines += 1;
            }
            _ => take(None, number, out),
        }
    }

    /// Takes a line that is a part of JSON over several lines, which counts as one; false when it is none.
    fn part(&mut self, number: u64, line: &[u8], out: &mut Out) -> bool {
        let is_inner = |first: &u8| matches!(first, b' ' | b'\t' | b'\r' | b'"' | b'}' | b']' | b'[' | b',');
        if self.document.is_inside() && line.first().is_some_and(|first| !is_inner(first)) {
            // What is printed over several lines is indented: the object before is cut.
            self.cut(out);
        }
        let line = noise::bare(line);
        let is_part =
            self.document.goes_on(line) || (self.options.log_format.is_none() && Document::opens(line));
        if !is_part {
            self.document = Document::default();
            return false;
        }
        if !self.document.is_inside() {
            self.begin = number;
        }
        let mut document = std::mem::take(&mut self.document);
        document.feed(line, |unit| match unit {
            Some(unit) => self.records(unit, &mut |found| take(found.map(|(dated, _)| dated), number, out)),
            None => take(None, number, out),
        });
        self.document = document;
        true
    }

    fn cut(&mut self, out: &mut Out) {
        self.document = Document::default();
        out.stats.lines += 1;
        out.stats.malformed_lines += 1;
        out.problems.report("a JSON object is cut", self.begin);
    }

    /// The log ended.
    pub(crate) fn finish(&mut self, out: &mut Out) {
        if self.document.is_inside() {
            self.cut(out);
        }
    }

    /// Every record of an object: itself, or those in the lists that it holds; `None` for what is no call.
    fn records(&mut self, text: &[u8], found: &mut impl FnMut(Option<(Dated, Kind)>)) {
        if text.len() <= limits::HEADER_BYTES_MAX
            && let Some(call) = self.read(text)
        {
            return found(Some(call));
        }
        let list = document::records(text);
        let list = if list.is_empty() { vec![text] } else { list };
        for record in list {
            let call = self.read(record);
            let lines = if call.is_none() { document::stream(record) } else { Vec::new() };
            if lines.is_empty() {
                found(call);
            }
            for line in lines {
                found(self.read(line.trim().as_bytes()));
            }
        }
    }

    /// A line that may name the columns of those that follow: of W3C's, or of Zeek's.
    fn comment(&mut self, line: &[u8]) {
        match line.strip_prefix(b"#fields\t") {
            Some(names) => self.csv = Csv::of(names),
            None => _ = self.w3c.directive(line),
        }
    }

    /// Takes over the columns of a table that this line names.
    fn names_columns(&mut self, line: &[u8]) -> bool {
        let columns = if self.options.log_format.is_none() { Csv::of(line) } else { None };
        let is_header = columns.is_some();
        self.csv = columns.or(self.csv.take());
        is_header
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
        self.wrapped(&object)
    }

    fn wrapped(&mut self, object: &Value) -> Option<(Dated, Kind)> {
        let inner = noise::wrapped(object)?.as_bytes();
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
        if let Some(row) = self.csv.as_ref().and_then(|csv| csv.row(line)) {
            let kind = |dated: Dated| (dated, Kind::AccessLog);
            // The line in a row is none of the table.
            let csv = self.csv.take();
            let call = self.object(&row).map(kind).or_else(|| self.wrapped(&row));
            self.csv = csv;
            return call;
        }
        if let Some(call) = self.w3c.read(line) {
            // W3C times are UTC.
            return Some((Dated { call, is_local: false }, Kind::W3c));
        }
        let (mut among, layout) = (None, &mut self.layout);
        let dated = noise::starts(line)
            .find_map(|start| {
                let among = || *among.get_or_insert_with(|| known::candidates(line));
                clf::parse(start).or_else(|| known::read(start, layout, among))
            })
            .or_else(|| loose::read(line))
            .or_else(|| json::read(&logfmt::labelled(line)?, self.options.json_map.as_ref()))
            .or_else(|| json::read(&logfmt::pairs(line)?, self.options.json_map.as_ref()))?;
        Some((dated.or_written(line), Kind::AccessLog))
    }
}

/// Hands on the call of a line or record, or counts that it is none.
fn take(found: Option<Dated>, number: u64, out: &mut Out) {
    out.stats.lines += 1;
    let Some(Dated { mut call, .. }) = found else {
        out.stats.malformed_lines += 1;
        out.problems.report("not an access log line", number);
        return;
    };
    call.source = out.source.clone();
    call.id = crate::id::call_id(&out.source, call.ts, b"line", out.stats.lines);
    // A line without a time keeps its place.
    let ts = if call.ts.is_known() { call.ts.0 } else { out.order.now() };
    out.order.advance(ts);
    let ticket = out.order.open(ts);
    out.close(ticket, call);
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
        let line = noise::bare(line);
        if line.starts_with(b"#") {
            self.0.comment(line);
            return None;
        }
        self.0.read(line).map(|(_, kind)| kind).or_else(|| self.part(line))
    }

    /// The kind of the records of a document, or of what follows the names of columns. Documents hold much that
    /// looks like a call without being one, so an answer must be there.
    fn part(&mut self, line: &[u8]) -> Option<Kind> {
        let (log, mut kind) = (&mut self.0, None);
        let mut found = |call: Option<(Dated, Kind)>| {
            kind = kind.or(call.filter(|(dated, _)| dated.call.status.is_some()).map(|(_, kind)| kind));
        };
        if log.document.goes_on(line) || Document::opens(line) {
            let mut document = std::mem::take(&mut log.document);
            document.feed(line, |unit| log.records(unit.unwrap_or_default(), &mut found));
            log.document = document;
        } else if matches!(line.first(), Some(b'{' | b'[')) {
            log.records(line, &mut found);
        } else {
            log.names_columns(line);
        }
        kind
    }
}
