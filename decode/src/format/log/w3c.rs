//! W3C extended log files: columns named by `#Fields`, which may change on the way. IIS and CloudFront write
//! them; lines without any `#Fields` before are read by the columns that these two write by default.

use model::Call;

use super::draft::{Draft, Field};
use super::value::{Escape, Unit};
use crate::http1::text;

const CLOUDFRONT: &str = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end";
const IIS: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken";
/// Columns that a line without `#Fields` must have at least to be one of CloudFront's.
const CLOUDFRONT_COLUMNS_MIN: usize = 19;
/// Columns of one file.
const COLUMNS_MAX: usize = 256;

/// The columns of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct W3c {
    columns: Vec<Field>,
    /// CloudFront separates by tabs and percent-encodes what a header field holds.
    is_cloudfront: bool,
    /// The date of lines that hold only a time.
    date: String,
}

impl W3c {
    /// Takes a line that starts with `#`; true when it is a directive.
    pub(crate) fn directive(&mut self, line: &[u8]) -> bool {
        let line = text(line);
        let Some((name, value)) = line[1..].split_once(':') else { return false };
        match name.trim().to_ascii_lowercase().as_str() {
            "fields" => {
                *self = Self { date: std::mem::take(&mut self.date), ..Self::of(value) };
                true
            }
            "date" => {
                self.date = value.trim().get(..10).unwrap_or_default().to_owned();
                true
            }
            "version" | "software" | "start-date" | "end-date" | "remark" => true,
            _ => false,
        }
    }

    fn of(names: &str) -> Self {
        let is_cloudfront = names.contains("x-edge-location");
        let columns = names.split_ascii_whitespace().take(COLUMNS_MAX);
        Self {
            columns: columns.map(|name| column(name, is_cloudfront)).collect(),
            is_cloudfront,
            date: String::new(),
        }
    }

    /// Reads a line of values.
    pub(crate) fn read(&self, line: &[u8]) -> Option<Call> {
        if !self.columns.is_empty() {
            return self.values(line);
        }
        // Columns whose names were in a part of the log that is not here.
        if !line.get(..4)?.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let tabs = memchr::memchr_iter(b'\t', line).count();
        let spaces = memchr::memchr_iter(b' ', line).count();
        match () {
            () if tabs + 1 >= CLOUDFRONT_COLUMNS_MIN => Self::of(CLOUDFRONT).values(line),
            () if spaces == 14 && tabs == 0 => Self::of(IIS).values(line),
            () => None,
        }
    }

    fn values(&self, line: &[u8]) -> Option<Call> {
        let mut draft = Draft::default();
        draft.set(&Field::Date, self.date.as_bytes(), Escape::None);
        let mut count = 0;
        let is_tabbed = self.is_cloudfront || memchr::memchr(b'\t', line).is_some();
        let mut values = Values { rest: line, is_tabbed };
        for (field, value) in self.columns.iter().zip(values.by_ref()) {
            count += 1;
            let plain = match field {
                Field::Header(_) | Field::ResponseHeader(_) if self.is_cloudfront => percent_decoded(value),
                _ => value.into(),
            };
            if !draft.set(field, &plain, Escape::None) {
                return None;
            }
        }
        // CloudFront has added columns over time, so a line may have more or, without names, fewer.
        let fits = count == self.columns.len() || (self.is_cloudfront && count >= CLOUDFRONT_COLUMNS_MIN);
        let call = fits.then(|| draft.finish().call)?;
        (!call.method.is_empty() && call.target.starts_with(['/', '*'])).then_some(call)
    }
}

/// The values of a line. Some writers put quotes around those with spaces.
struct Values<'a> {
    rest: &'a [u8],
    is_tabbed: bool,
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = if self.is_tabbed { self.rest } else { self.rest.trim_ascii_start() };
        if rest.is_empty() {
            return None;
        }
        if let Some(inner) = rest.strip_prefix(b"\"")
            && let Some(end) = memchr::memchr(b'"', inner)
        {
            self.rest = inner.get(end + 2..).unwrap_or_default();
            return Some(&inner[..end]);
        }
        let separator = if self.is_tabbed { b'\t' } else { b' ' };
        let end = memchr::memchr(separator, rest).unwrap_or(rest.len());
        self.rest = rest.get(end + 1..).unwrap_or_default();
        Some(rest[..end].trim_ascii())
    }
}

/// What a column says about the call. Sizes of IIS and CloudFront count heads too, so they are no body sizes.
pub(crate) fn column(name: &str, is_cloudfront: bool) -> Field {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "date" => Field::Date,
        "time" => Field::Clock,
        "c-ip" | "x-client-ip" => Field::Client(1),
        "c-port" => Field::ClientPort,
        "s-ip" => Field::Server(1),
        "s-port" => Field::ServerPort,
        "cs-method" => Field::Method,
        "cs-uri" => Field::Target(1),
        "cs-uri-stem" => Field::Path,
        "cs-uri-query" => Field::Query,
        "x-host-header" => Field::Host(3),
        "cs-host" | "cs(host)" => Field::Host(2),
        "sc-status" => Field::Status(1),
        "cs-version" | "cs-protocol-version" => Field::Protocol,
        "cs-protocol" | "cs-uri-scheme" => Field::Scheme,
        "ssl-protocol" => Field::Encrypted,
        "time-taken" => Field::Duration(if is_cloudfront { Unit::Seconds } else { Unit::Millis }, 1),
        "x-forwarded-for" => Field::Header("x-forwarded-for".into()),
        "sc-content-type" => Field::ResponseHeader("content-type".into()),
        "sc-content-len" => Field::ResponseSize,
        "timestamp" => Field::Time(1),
        _ => header(&lower),
    }
}

/// `cs(User-Agent)` in files; in events without the parentheses.
fn header(name: &str) -> Field {
    let inner = |prefix| name.strip_prefix(prefix).and_then(|rest: &str| rest.strip_suffix(')'));
    if let Some(name) = inner("cs(") {
        return Field::Header(name.to_owned().into());
    }
    if let Some(name) = inner("sc(") {
        return Field::ResponseHeader(name.to_owned().into());
    }
    match name {
        "csuser-agent" | "cscookie" | "csreferer" => Field::Header(name[2..].to_owned().into()),
        _ => Field::Ignored,
    }
}

/// CloudFront encodes once or, for the percent sign, twice.
pub(super) fn percent_decoded(raw: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if memchr::memchr(b'%', raw).is_none() {
        return raw.into();
    }
    let mut plain = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let rest = raw[at..].strip_prefix(b"%25").map_or(&raw[at..], |_| &raw[at + 2..]);
        let digit = |at: usize| rest.get(at).and_then(|byte| (*byte as char).to_digit(16));
        match (raw[at], digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push((high << 4 | low) as u8);
                at += 3 + (raw.len() - at - rest.len());
            }
            (byte, ..) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], expect: &str) {
        let (mut w3c, mut last) = (W3c::default(), None);
        for line in lines {
            if line.starts_with('#') {
                w3c.directive(line.as_bytes());
            } else {
                last = w3c.read(line.as_bytes());
            }
        }
        let json = last.map(|call| serde_json::to_string(&call).expect("json")).unwrap_or_default();
        assert_eq!(json, expect);
    }

    #[test]
    fn files() {
        check(
            &[
                "#Date: 2026-11-21 09:00:00",
                "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status time-taken",
                "2026-11-21 10:00:00 10.0.0.2 GET /a b=1 443 10.0.0.7 Mozilla/5.0+(X11) 200 15",
            ],
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":15000,"client":"10.0.0.7","server":"10.0.0.2:443","method":"GET","target":"/a?b=1","request":{"headers":[["user-agent","Mozilla/5.0+(X11)"]]},"status":200,"response":{"headers":[]}}"#,
        );
        check(
            &["#Fields: time cs-method cs-uri", "#Date: 2026-11-21 09:00:00", "10:00:01 GET /x"],
            r#"{"ts":"2026-11-21T10:00:01.000000Z","method":"GET","target":"/x","request":{"headers":[]}}"#,
        );
        check(
            &["2026-11-21 10:00:00 10.0.0.2 GET /a - 80 - 10.0.0.7 curl - 404 0 2 3"],
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":3000,"client":"10.0.0.7","server":"10.0.0.2:80","method":"GET","target":"/a","request":{"headers":[["user-agent","curl"]]},"status":404,"response":{"headers":[]}}"#,
        );
    }

    #[test]
    fn other_lines() {
        check(&["2026-11-21 10:00:00 INFO a b c d e f g h i j k l"], "");
        check(&["#Fields: date time cs-method cs-uri", "2026-11-21 10:00:00 GET"], "");
        check(&["# a comment", "GET /"], "");
    }

    #[test]
    fn encoded_twice() {
        assert_eq!(&*percent_decoded(b"a%20b%2520c%25"), b"a b c%25");
        assert_eq!(&*percent_decoded(b"100%"), b"100%");
    }
}
