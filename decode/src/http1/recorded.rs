//! A message that was recorded whole, as a tool saved it: head and body in one piece, no connection around it.

use std::borrow::Cow;

use model::{Anomaly, Message};

use super::body::Body;
use super::chunked::{Chunks, Progress};
use super::coding::Codings;
use super::exchange::{finish, protocol};
use super::framing::{Framing, note, of_request, of_response};
use super::head::{First, find_end, read_cut, read_request, read_response};

/// A message with its first line.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// Method and target of a request.
    pub request: Option<(String, String)>,
    /// Status of a response.
    pub status: Option<u16>,
    /// As calls carry it.
    pub protocol: &'static str,
    pub message: Message,
    pub anomalies: Vec<Anomaly>,
}

/// Reads a request, or the response to a request of `method`; `None` when the first line is none.
pub(crate) fn read_recorded(data: &[u8], method: Option<&str>, codings: &mut Codings) -> Option<Recorded> {
    let is_request = method.is_none();
    let mut anomalies = Vec::new();
    let (data, is_http2) = as_http1(data, is_request);
    let data = &*data;
    let (head, rest) = match find_end(data, 0) {
        Ok(end) => {
            let head = if is_request { read_request(&data[..end]) } else { read_response(&data[..end]) };
            (head?, &data[end..])
        }
        // Tools leave out the empty line when nothing follows.
        Err(_) => (read_cut(&[data, b"\r\n"].concat(), is_request)?, &[][..]),
    };
    head.anomalies.into_iter().for_each(|anomaly| note(&mut anomalies, anomaly));
    let (request, status) = match head.first {
        First::Request { method, target } => (Some((method, target)), None),
        First::Response { status } => (None, Some(status)),
    };
    let framing = match status {
        Some(status) => {
            of_response(method.unwrap_or_default(), status, &head.headers, head.minor, &mut anomalies)
        }
        None => of_request(&head.headers, head.minor, &mut anomalies),
    };
    let mut body = Body::new();
    read_body(framing, rest, &mut body, &mut anomalies);
    let mut message = Message { headers: head.headers, body: None, body_size: None };
    finish(&mut message, body, &mut anomalies, codings);
    Some(Recorded {
        request,
        status,
        protocol: if is_http2 { "http/2" } else { protocol(head.minor) },
        message,
        anomalies,
    })
}

/// Tools write messages of HTTP/2 as text, with `HTTP/2` in the first line.
fn as_http1(data: &[u8], is_request: bool) -> (Cow<'_, [u8]>, bool) {
    let line_end = memchr::memchr(b'\n', data).unwrap_or(data.len());
    let line = data[..line_end].trim_ascii_end();
    let version = if is_request {
        line.rsplit(|byte| *byte == b' ').next()
    } else {
        line.split(|byte| *byte == b' ').next()
    };
    let Some(version @ (b"HTTP/2" | b"HTTP/2.0" | b"HTTP/3")) = version else { return (data.into(), false) };
    let rewritten = match is_request {
        true => [&line[..line.len() - version.len()], b"HTTP/1.1", &data[line.len()..]].concat(),
        false => [b"HTTP/1.1", &data[version.len()..]].concat(),
    };
    (rewritten.into(), true)
}

/// Tools often save a body without the transfer coding that its head names, or changed: what is there counts.
fn read_body(framing: Framing, rest: &[u8], body: &mut Body, anomalies: &mut Vec<Anomaly>) {
    if framing == Framing::Chunked && rest.first().is_some_and(u8::is_ascii_hexdigit) {
        let mut trial = Body::new();
        let (_, progress) = Chunks::new().feed(rest, &mut trial);
        if progress != Progress::Bad {
            if progress == Progress::More {
                note(anomalies, Anomaly::CUT_OFF);
            }
            *body = trial;
            return;
        }
    }
    if let Framing::Fixed(length) = framing
        && length > rest.len() as u64
    {
        note(anomalies, Anomaly::CUT_OFF);
    }
    body.push(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: &str, method: Option<&str>, expect: (&str, &[&str])) {
        let read = read_recorded(data.as_bytes(), method, &mut Codings::new()).expect("a message");
        let anomalies: Vec<&str> = read.anomalies.iter().map(Anomaly::as_str).collect();
        assert_eq!((&*String::from_utf8_lossy(read.message.body()), anomalies.as_slice()), expect);
    }

    #[test]
    fn bodies() {
        check("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", None, ("ab", &[]));
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            Some("GET"),
            ("ab", &[]),
        );
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{\"a\":1}",
            Some("GET"),
            ("{\"a\":1}", &[]),
        );
        check("HTTP/1.1 200 OK\r\n\r\nall", Some("GET"), ("all", &[]));
        check("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", Some("GET"), ("ab", &["cut-off"]));
        check("GET / HTTP/1.1\r\nHost: x", None, ("", &[]));
        assert!(read_recorded(b"hello", None, &mut Codings::new()).is_none());
    }
}
