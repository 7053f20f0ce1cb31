//! Heads that break RFC 9112, read line by line the way tolerant servers do, with a name for each oddity.

use model::{Anomaly, Headers, limits};

use super::framing::note;
use super::head::{FAST_FIELDS, First, Head, NO_VERSION, collect, target_text, text};
use super::recognise::{METHODS, skip_line_ends};

/// Reads a head; `None` when the first line is none. Folded fields are joined, spaces before the colon
/// removed, lines without a colon left out.
pub(super) fn read(data: &[u8], is_request: bool) -> Option<Head> {
    let mut anomalies = Vec::new();
    let mut lines = Lines { rest: skip_line_ends(data), has_bare_lf: false };
    let line = lines.next()?;
    let (first, minor) =
        if is_request { request_line(line, &mut anomalies)? } else { status_line(line, &mut anomalies)? };
    note_bytes(line, &mut anomalies);
    let (fields, is_cut) = fields(&mut lines, &mut anomalies);
    if lines.has_bare_lf {
        note(&mut anomalies, Anomaly::BARE_LF);
    }
    let (headers, _) = collect(fields.iter().map(|(name, value)| (*name, value.as_slice())));
    // More fields than the fast path takes are no oddity.
    if is_cut || !anomalies.is_empty() || fields.len() <= FAST_FIELDS {
        anomalies.insert(0, Anomaly::BAD_HEAD);
    }
    Some(Head { first, minor, headers, anomalies })
}

/// Appends the fields of a trailer section; lines that are no field are left out.
pub(super) fn trailer(data: &[u8], headers: &mut Headers) {
    let mut lines = Lines { rest: data, has_bare_lf: false };
    for (name, value) in fields(&mut lines, &mut Vec::new()).0 {
        headers.push(&text(name), &text(&value));
    }
}

/// True when `data` is one line that asks without naming a version: all that HTTP/0.9 sends.
pub(super) fn is_simple_request(data: &[u8]) -> bool {
    let Some(line) = data.strip_suffix(b"\n") else { return false };
    memchr::memchr(b'\n', line).is_none()
        && request_line(line.strip_suffix(b"\r").unwrap_or(line), &mut Vec::new())
            .is_some_and(|(_, minor)| minor == NO_VERSION)
}

/// Name and value of a header field; the value may come from several lines.
type Field<'a> = (&'a [u8], Vec<u8>);

struct Lines<'a> {
    rest: &'a [u8],
    has_bare_lf: bool,
}

impl<'a> Lines<'a> {
    /// The next line without its end; `None` at the end of the data.
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest);
        let line = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = &self.rest[end.map_or(self.rest.len(), |end| end + 1)..];
        let bare = line.strip_suffix(b"\r");
        self.has_bare_lf |= end.is_some() && bare.is_none();
        Some(bare.unwrap_or(line))
    }
}

/// The fields up to the empty line, and whether some were left out because they are too many.
fn fields<'a>(lines: &mut Lines<'a>, anomalies: &mut Vec<Anomaly>) -> (Vec<Field<'a>>, bool) {
    let mut fields: Vec<Field<'a>> = Vec::new();
    while let Some(line) = lines.next().filter(|line| !line.is_empty()) {
        if fields.len() >= limits::HEADER_FIELDS_MAX {
            return (fields, true);
        }
        note_bytes(line, anomalies);
        match (line[0], memchr::memchr(b':', line), fields.last_mut()) {
            (b' ' | b'\t', _, Some((_, value))) => {
                note(anomalies, Anomaly::OBS_FOLD);
                value.push(b' ');
                value.extend_from_slice(line.trim_ascii());
            }
            (_, Some(colon), _) if colon > 0 => {
                let name = line[..colon].trim_ascii();
                if line[colon - 1].is_ascii_whitespace() {
                    note(anomalies, Anomaly::SPACE_BEFORE_COLON);
                }
                if line[0].is_ascii_whitespace() || !is_token(name) {
                    note(anomalies, Anomaly::BAD_FIELD);
                }
                fields.push((name, line[colon + 1..].trim_ascii().to_vec()));
            }
            _ => note(anomalies, Anomaly::BAD_FIELD),
        }
    }
    (fields, false)
}

fn note_bytes(line: &[u8], anomalies: &mut Vec<Anomaly>) {
    if memchr::memchr(0, line).is_some() {
        note(anomalies, Anomaly::NUL);
    }
    if memchr::memchr(b'\r', line).is_some() {
        note(anomalies, Anomaly::BARE_CR);
    }
}

fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

fn request_line(line: &[u8], anomalies: &mut Vec<Anomaly>) -> Option<(First, u8)> {
    let line = line.trim_ascii_end();
    let method_end = memchr::memchr(b' ', line)?;
    let (method, rest) = (&line[..method_end], line[method_end..].trim_ascii());
    let target_end = memchr::memrchr(b' ', rest).unwrap_or(0);
    let (target, minor) = match rest[target_end..].trim_ascii() {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'1'] => {
            (rest[..target_end].trim_ascii(), minor - b'0')
        }
        [b'H' | b'h', b'T' | b't', b'T' | b't', b'P' | b'p', b'/', ..] if target_end > 0 => {
            note(anomalies, Anomaly::BAD_VERSION);
            (rest[..target_end].trim_ascii(), 1)
        }
        // Many line-based protocols look like this: only a well-known method and a path are believed.
        last if METHODS.contains(&method) && rest.starts_with(b"/") && !is_version(last) => {
            note(anomalies, Anomaly::BAD_VERSION);
            (rest, NO_VERSION)
        }
        _ => return None,
    };
    if target.is_empty() || !is_token(method) {
        return None;
    }
    // No target holds a space (RFC 9112 §3.2): who splits the line at spaces takes the second word.
    let target = match memchr::memchr(b' ', target) {
        Some(end) => {
            note(anomalies, Anomaly::SPACE_IN_TARGET);
            &target[..end]
        }
        None => target,
    };
    let first = First::Request { method: text(method).into_owned(), target: target_text(target) };
    Some((first, minor))
}

/// Name and version of another protocol (RTSP, SIP, ICAP).
fn is_version(word: &[u8]) -> bool {
    let name = word.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    name > 1 && matches!(word[name..], [b'/', b'0'..=b'9', ..])
}

fn status_line(line: &[u8], anomalies: &mut Vec<Anomaly>) -> Option<(First, u8)> {
    let rest = line.get(5..).filter(|_| line[..5].eq_ignore_ascii_case(b"HTTP/"));
    let rest = rest.or_else(|| line.strip_prefix(b"ICY").filter(|rest| rest.starts_with(b" ")))?;
    let version_end = memchr::memchr(b' ', rest)?;
    let minor = match &rest[..version_end] {
        b"1.0" if line.starts_with(b"HTTP") => 0,
        b"1.1" if line.starts_with(b"HTTP") => 1,
        b"" | [b'0'..=b'9', ..] => {
            note(anomalies, Anomaly::BAD_VERSION);
            1
        }
        _ => return None,
    };
    let code = rest[version_end..].trim_ascii_start();
    let digits = code.get(..3)?;
    if !digits.iter().all(u8::is_ascii_digit)
        || code.get(3).is_some_and(u8::is_ascii_digit)
        || digits[0] == b'0'
    {
        return None;
    }
    let status = digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
    Some((First::Response { status }, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: &str, expect: Option<&[Anomaly]>) {
        let is_request = !data.starts_with("HTTP/");
        let found = read(data.as_bytes(), is_request).map(|head| head.anomalies);
        let expect = expect.map(|list| [&[Anomaly::BAD_HEAD], list].concat());
        assert_eq!(found, expect, "{data:?}");
    }

    #[test]
    fn every_oddity_has_a_name() {
        check("GET / HTTP/1.1\r\nA: 1\r\n 2\r\n\r\n", Some(&[Anomaly::OBS_FOLD]));
        check("GET / HTTP/1.1\r\nA : 1\r\n\r\n", Some(&[Anomaly::SPACE_BEFORE_COLON]));
        check("GET / HTTP/1.1\r\n A: 1\r\n\r\n", Some(&[Anomaly::BAD_FIELD]));
        check("GET / HTTP/1.1\r\nnothing\r\n\r\n", Some(&[Anomaly::BAD_FIELD]));
        check("GET / HTTP/1.1\r\nA(b): 1\r\n\r\n", Some(&[Anomaly::BAD_FIELD]));
        check("GET / HTTP/1.1\nA: 1\r\n\r\n", Some(&[Anomaly::BARE_LF]));
        check("GET /a b HTTP/1.1\r\n\r\n", Some(&[Anomaly::SPACE_IN_TARGET]));
        check("GET  /a  HTTP/1.1\r\n\r\n", Some(&[]));
        check("GET / HTTP/1.1\r\nA: 1\rB: 2\r\n\r\n", Some(&[Anomaly::BARE_CR]));
        check("GET / HTTP/1.1\r\nA: \0\r\n\r\n", Some(&[Anomaly::NUL]));
        check("GET / HTTP/1.1\r\nA: \u{b}\r\n\r\n", Some(&[]));
    }

    #[test]
    fn versions() {
        for line in ["GET / HTTP/1.2", "GET / HTTP/2.0", "GET / http/1.1", "GET /", "X / HTTP/1.10"] {
            check(&format!("{line}\r\n\r\n"), Some(&[Anomaly::BAD_VERSION]));
        }
        check("GET /a b\r\n\r\n", Some(&[Anomaly::BAD_VERSION, Anomaly::SPACE_IN_TARGET]));
        check("HTTP/2.0 200 OK\r\n\r\n", Some(&[Anomaly::BAD_VERSION]));
        check("HELO mail\r\n\r\n", None);
        check("HTTP/1.1 20 OK\r\n\r\n", None);
        check("HTTP/x 200 OK\r\n\r\n", None);
        assert!(is_simple_request(b"GET /a\r\n") && !is_simple_request(b"GET /a HTTP/1.1\r\n"));
        assert!(!is_simple_request(b"GET /a") && !is_simple_request(b"GET /a\r\nHost: x\r\n"));
    }

    #[test]
    fn trailers() {
        let mut headers: Headers = [("a", "1")].into_iter().collect();
        trailer(b"X-Sum: 9\r\nbroken\r\nY: 2\r\n\r\n", &mut headers);
        let all: Vec<_> = headers.iter().collect();
        assert_eq!(all, [("a", "1"), ("x-sum", "9"), ("y", "2")]);
    }
}
