//! Heads of messages: where they end, what they say. `httparse` reads the regular ones; what it refuses is
//! read line by line and marked, because a server may have accepted it too.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::mem::MaybeUninit;

use httparse::{ParserConfig, Status};
use memchr::memchr_iter;
use model::{Headers, limits};

/// Header fields that the fast path takes.
const FAST_FIELDS: usize = 100;

/// A request line or a status line with the fields after it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub first: First,
    /// 0 or 1.
    pub minor: u8,
    pub headers: Headers,
    /// It breaks RFC 9112 but could be read.
    pub bad: bool,
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
        let (headers, bad) =
            collect(request.headers.iter().map(|field| (field.name.as_bytes(), field.value)));
        let bad = bad || has_bare_line_feed(data);
        return Some(Head { first, minor: request.version.unwrap_or(1), headers, bad });
    }
    lenient(data, true)
}

/// Reads a whole response head; `None` when the first line is none.
pub(crate) fn read_response(data: &[u8]) -> Option<Head> {
    let mut fields = [const { MaybeUninit::uninit() }; FAST_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let done = ParserConfig::default().parse_response_with_uninit_headers(&mut response, data, &mut fields);
    if let (Ok(Status::Complete(_)), Some(status)) = (done, response.code) {
        let (headers, bad) =
            collect(response.headers.iter().map(|field| (field.name.as_bytes(), field.value)));
        let bad = bad || has_bare_line_feed(data);
        return Some(Head {
            first: First::Response { status },
            minor: response.version.unwrap_or(1),
            headers,
            bad,
        });
    }
    lenient(data, false)
}

/// The head cut by lost bytes: the whole lines of it, read as far as they go.
pub(crate) fn read_cut(data: &[u8], is_request: bool) -> Option<Head> {
    let end = memchr::memrchr(b'\n', data)? + 1;
    lenient(&data[..end], is_request)
}

fn has_bare_line_feed(data: &[u8]) -> bool {
    memchr::memchr(b'\n', data).is_some_and(|at| at == 0 || data[at - 1] != b'\r')
}

/// The fields, and whether some were left out.
fn collect<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> (Headers, bool) {
    let (mut bytes, mut count) = (0, 0);
    for (name, value) in fields.clone() {
        bytes += name.len() + value.len();
        count += 1;
    }
    let mut headers = Headers::with_capacity(bytes, count);
    let mut count = 0;
    for (name, value) in fields {
        count += 1;
        if count > limits::HEADER_FIELDS_MAX {
            return (headers, true);
        }
        headers.push(&text(name), &text(value));
    }
    (headers, false)
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

/// Reads line by line: folded fields (obs-fold) are joined, spaces before the colon and lines without one tolerated.
fn lenient(data: &[u8], is_request: bool) -> Option<Head> {
    let data = super::recognise::skip_line_ends(data);
    let mut lines = data.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let (first, minor) = if is_request { request_line(lines.next()?)? } else { status_line(lines.next()?)? };
    let mut fields: Vec<(&[u8], Vec<u8>)> = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()).take(limits::HEADER_FIELDS_MAX) {
        match (line[0], memchr::memchr(b':', line)) {
            (b' ' | b'\t', _) => {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(b' ');
                    value.extend_from_slice(line.trim_ascii());
                }
            }
            (_, Some(colon)) if colon > 0 => {
                fields.push((line[..colon].trim_ascii(), line[colon + 1..].trim_ascii().to_vec()));
            }
            _ => {}
        }
    }
    let (headers, _) = collect(fields.iter().map(|(name, value)| (*name, value.as_slice())));
    Some(Head { first, minor, headers, bad: true })
}

fn request_line(line: &[u8]) -> Option<(First, u8)> {
    let line = line.trim_ascii_end();
    let method_end = memchr::memchr(b' ', line)?;
    let target_end = memchr::memrchr(b' ', line)?;
    let minor = match &line[target_end + 1..] {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9'] => minor - b'0',
        _ => return None,
    };
    let target = line.get(method_end + 1..target_end)?.trim_ascii();
    let is_token = line[..method_end]
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte));
    if target.is_empty() || method_end == 0 || !is_token {
        return None;
    }
    let first =
        First::Request { method: text(&line[..method_end]).into_owned(), target: target_text(target) };
    Some((first, minor))
}

fn status_line(line: &[u8]) -> Option<(First, u8)> {
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let minor = rest.first().filter(|byte| byte.is_ascii_digit())? - b'0';
    let code = rest[1..].trim_ascii_start();
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

    /// Method, target, fields, and whether it is marked.
    type Expect<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], bool);

    #[track_caller]
    fn check(data: &[u8], expect: Option<Expect<'_>>) {
        let head = read_request(data).map(|head| {
            let First::Request { method, target } = head.first else { panic!("a request") };
            let fields: Vec<_> = head.headers.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            (method, target, fields, head.bad)
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
        check(b"GET /\xd6\xd0 x HTTP/1.1\r\n\r\n", Some(("GET", "/%D6%D0 x", &[], true)));
        check("GET /\u{4e2d} HTTP/1.0\r\n\r\n".as_bytes(), Some(("GET", "/\u{4e2d}", &[], false)));
        check(b"GET / HTTP/1.1\r\nName: \xff\r\n\r\n", Some(("GET", "/", &[("name", "\u{ff}")], false)));
        check(b"HELO there\r\n\r\n", None);
        check(b"\r\n\r\n", None);
    }

    #[test]
    fn too_many_fields_are_cut_and_marked() {
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: 1\r\n".repeat(limits::HEADER_FIELDS_MAX + 9));
        let head = read_request(many.as_bytes()).expect("a head");
        assert_eq!((head.headers.len(), head.bad), (limits::HEADER_FIELDS_MAX, true));
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
