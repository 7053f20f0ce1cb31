//! Heads of messages: where they end, what they say. `httparse` reads the regular ones; what it refuses is
//! read line by line and marked, because a server may have accepted it too.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::mem::MaybeUninit;

use httparse::{ParserConfig, Status};
use memchr::memchr_iter;
use model::{Anomaly, Headers, limits};

use super::lenient;

/// Header fields that the fast path takes.
pub(super) const FAST_FIELDS: usize = 100;

/// Stands for the version of a request that names none (HTTP/0.9).
pub(super) const NO_VERSION: u8 = 9;

/// A request line or a status line with the fields after it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub first: First,
    /// 0 or 1, or [`NO_VERSION`].
    pub minor: u8,
    pub headers: Headers,
    /// How it breaks RFC 9112, although it could be read.
    pub anomalies: Vec<Anomaly>,
}

/// The first line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum First {
    Request { method: String, target: String },
    Response { status: u16 },
}

/// End of the head in `data`, searching from `from`; or where to search on when more has come.
pub(crate) fn find_end(data: &[u8], from: usize) -> Result<usize, usize> {
    for at in memchr_iter(b'\n', &data[from..]) {
        let at = from + at;
        match &data[at + 1..] {
            [b'\n', ..] => return Ok(at + 2),
            [b'\r', b'\n', ..] => return Ok(at + 3),
            [] | [b'\r'] => return Err(at),
            _ => {}
        }
    }
    Err(data.len())
}

/// Reads a whole request head; `None` when the first line is none.
pub(crate) fn read_request(data: &[u8]) -> Option<Head> {
    let mut fields = [const { MaybeUninit::uninit() }; FAST_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    let done = ParserConfig::default().parse_request_with_uninit_headers(&mut request, data, &mut fields);
    if let (Ok(Status::Complete(_)), Some(method), Some(target)) = (done, request.method, request.path) {
        let first = First::Request { method: method.to_owned(), target: target.to_owned() };
        let (headers, is_cut) =
            collect(request.headers.iter().map(|field| (field.name.as_bytes(), field.value)));
        let anomalies = oddities(data, is_cut);
        return Some(Head { first, minor: request.version.unwrap_or(1), headers, anomalies });
    }
    lenient::read(data, true)
}

/// Reads a whole response head; `None` when the first line is none.
pub(crate) fn read_response(data: &[u8]) -> Option<Head> {
    let mut fields = [const { MaybeUninit::uninit() }; FAST_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let done = ParserConfig::default().parse_response_with_uninit_headers(&mut response, data, &mut fields);
    if let (Ok(Status::Complete(_)), Some(status)) = (done, response.code) {
        let (headers, is_cut) =
            collect(response.headers.iter().map(|field| (field.name.as_bytes(), field.value)));
        let (first, minor) = (First::Response { status }, response.version.unwrap_or(1));
        return Some(Head { first, minor, headers, anomalies: oddities(data, is_cut) });
    }
    lenient::read(data, false)
}

/// The head cut by lost bytes: the whole lines of it, read as far as they go.
pub(crate) fn read_cut(data: &[u8], is_request: bool) -> Option<Head> {
    let end = memchr::memrchr(b'\n', data)? + 1;
    let mut head = lenient::read(&data[..end], is_request)?;
    // That it is cut is no fault of its sender.
    if head.anomalies.len() == 1 {
        head.anomalies.clear();
    }
    Some(head)
}

/// What the fast path tolerates; `is_cut`: there were too many fields.
fn oddities(data: &[u8], is_cut: bool) -> Vec<Anomaly> {
    let data = super::recognise::skip_line_ends(data);
    // Without an early end, so that many bytes are compared at once.
    let pairs = data.iter().zip(data.iter().skip(1));
    let has_bare_lf = pairs.fold(false, |bare, (before, byte)| bare | (*byte == b'\n' && *before != b'\r'));
    match (is_cut, has_bare_lf) {
        (false, false) => Vec::new(),
        (true, false) => vec![Anomaly::BAD_HEAD],
        (_, true) => vec![Anomaly::BAD_HEAD, Anomaly::BARE_LF],
    }
}

/// The fields, and whether some were left out.
pub(super) fn collect<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> (Headers, bool) {
    let is_cut = fields.clone().nth(limits::HEADER_FIELDS_MAX).is_some();
    let kept = fields.take(limits::HEADER_FIELDS_MAX);
    let headers = Headers::from_bytes(kept.clone())
        .unwrap_or_else(|| kept.map(|(name, value)| (text(name), text(value))).collect());
    (headers, is_cut)
}

/// Bytes above ASCII that are not UTF-8 are taken as ISO-8859-1 (RFC 9110 §5.5).
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| *byte as char).collect()),
    }
}

/// Bytes of a target that are no text are percent-encoded: nothing is lost, and it reads like any other target.
pub(crate) fn target_text(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    bytes.iter().fold(String::with_capacity(bytes.len() * 3), |mut text, byte| {
        match byte.is_ascii() {
            true => text.push(*byte as char),
            false => write!(text, "%{byte:02X}").expect("a String takes everything"),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Method, target, fields, and whether it is marked.
    type Expect<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], bool);

    #[track_caller]
    fn check(data: &[u8], expect: Option<Expect<'_>>) {
        let head = read_request(data).map(|head| {
            let First::Request { method, target } = head.first else { panic!("a request") };
            let fields: Vec<_> = head.headers.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            (method, target, fields, !head.anomalies.is_empty())
        });
        let expect = expect.map(|(method, target, fields, bad)| {
            let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            (method.to_owned(), target.to_owned(), fields, bad)
        });
        assert_eq!(head, expect);
    }

    #[test]
    fn requests_regular_and_not() {
        check(b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", Some(("GET", "/a?b", &[("host", "x")], false)));
        check(b"GET / HTTP/1.1\nA: 1\n\n", Some(("GET", "/", &[("a", "1")], true)));
        check(
            b"GET / HTTP/1.1\r\nA: 1\r\n  2\r\nB : 3\r\nnothing\r\n\r\n",
            Some(("GET", "/", &[("a", "1 2"), ("b", "3")], true)),
        );
        check(b"GET /\xd6\xd0 x HTTP/1.1\r\n\r\n", Some(("GET", "/%D6%D0", &[], true)));
        check(b"GET /Hello you HTTP/1.0\r\n\r\n", Some(("GET", "/Hello", &[], true)));
        check("GET /\u{4e2d} HTTP/1.0\r\n\r\n".as_bytes(), Some(("GET", "/\u{4e2d}", &[], false)));
        check(b"GET / HTTP/1.1\r\nName: \xff\r\n\r\n", Some(("GET", "/", &[("name", "\u{ff}")], false)));
        check(b"HELO there\r\n\r\n", None);
        check(b"\r\n\r\n", None);
    }

    #[test]
    fn too_many_fields_are_cut_and_marked() {
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: 1\r\n".repeat(limits::HEADER_FIELDS_MAX + 9));
        let head = read_request(many.as_bytes()).expect("a head");
        assert_eq!(
            (head.headers.len(), head.anomalies),
            (limits::HEADER_FIELDS_MAX, vec![Anomaly::BAD_HEAD])
        );
    }

    #[test]
    fn status_lines() {
        let status = |line: &[u8]| read_response(line).map(|head| (head.first, head.minor));
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n\r\n"), Some((First::Response { status: 200 }, 1)));
        assert_eq!(status(b"HTTP/1.0 404\r\n\r\n"), Some((First::Response { status: 404 }, 0)));
        assert_eq!(status(b"HTTP/1.1  503 \xe5\r\n\r\n"), Some((First::Response { status: 503 }, 1)));
        assert_eq!(status(b"HTTP/1.1 2000\r\n\r\n"), None);
        assert_eq!(status(b"HTTP/1.1 x\r\n\r\n"), None);
    }

    #[test]
    fn the_end_is_found_over_any_split() {
        let data = b"GET / HTTP/1.1\r\nA: 1\r\n\r\nbody";
        assert_eq!(find_end(data, 0), Ok(24));
        let mut from = 0;
        for len in 0..data.len() {
            match find_end(&data[..len], from) {
                Ok(end) => {
                    assert_eq!((end, len), (24, 24));
                    return;
                }
                Err(resume) => from = resume,
            }
        }
    }
}
