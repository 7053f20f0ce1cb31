//! What an input is, judged from its first bytes.

use std::str::FromStr;

use model::limits;

use crate::format::{Recogniser, RecordLine, Signal, is_payload_line, record_line, signal_of};
use crate::input::{PcapReader, PcapngReader};

/// The kinds of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Classic capture file.
    Pcap,
    /// pcapng capture file.
    Pcapng,
    /// HTTP Archive 1.1 or 1.2.
    Har,
    /// Items saved by Burp Suite.
    Burp,
    /// Postman collection.
    Postman,
    /// File of GoReplay.
    GoReplay,
    /// Text log of a server, proxy or cloud: nginx, Apache, HAProxy, Envoy, ALB, ...
    AccessLog,
    /// JSON Lines of a server, proxy or cloud.
    JsonLog,
    /// W3C extended log file: IIS, CloudFront.
    W3c,
    /// IIS access log as Windows events in XML.
    IisEvents,
    /// Log records of OTLP: JSON; protobuf when it is named.
    OtlpLogs,
    /// Spans of OTLP: JSON; protobuf when it is named.
    OtlpSpans,
    /// JSON Lines of call records.
    CallRecords,
    /// Nothing that can be read.
    Unknown,
}

impl Kind {
    /// Every kind that can be named.
    pub const ALL: [Self; 13] = [
        Self::Pcap,
        Self::Pcapng,
        Self::Har,
        Self::Burp,
        Self::Postman,
        Self::GoReplay,
        Self::AccessLog,
        Self::JsonLog,
        Self::W3c,
        Self::IisEvents,
        Self::OtlpLogs,
        Self::OtlpSpans,
        Self::CallRecords,
    ];

    /// The name used with `--format`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
            Self::Har => "har",
            Self::Burp => "burp",
            Self::Postman => "postman",
            Self::GoReplay => "goreplay",
            Self::AccessLog => "access-log",
            Self::JsonLog => "json-log",
            Self::W3c => "w3c",
            Self::IisEvents => "iis-events",
            Self::OtlpLogs => "otlp-logs",
            Self::OtlpSpans => "otlp-spans",
            Self::CallRecords => "call-records",
            Self::Unknown => "unknown",
        }
    }
}

/// The text names no kind of input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAKind;

impl FromStr for Kind {
    type Err = NotAKind;

    fn from_str(text: &str) -> Result<Self, NotAKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(NotAKind)
    }
}

/// The kind of an input of which `head` is all there is, or its first [`limits::PROBE_BYTES_MAX`] bytes.
#[must_use]
pub fn probe(head: &[u8]) -> Kind {
    decide(head, true).unwrap_or(Kind::Unknown)
}

/// The kind as soon as it is certain. A longer head never changes the answer, so any split of the input
/// gives the same one.
pub(crate) fn decide(head: &[u8], whole: bool) -> Option<Kind> {
    let whole = whole || head.len() >= limits::PROBE_BYTES_MAX;
    let head = &head[..head.len().min(limits::PROBE_BYTES_MAX)];
    if head.len() < 12 && !whole {
        return None;
    }
    if PcapReader::probe(head) {
        return Some(Kind::Pcap);
    }
    if PcapngReader::probe(head) {
        return Some(Kind::Pcapng);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let decided = match text.first() {
        Some(b'{') => json(text, whole),
        Some(b'[') if opens_har(&text[1..]) || opens_entries(&text[1..]) => Some(Kind::Har),
        Some(b'<') => xml(text).or_else(|| log(text, whole)),
        Some(_) => lines(text, whole)
            .next()
            .filter(|line| is_payload_line(line))
            .map_or_else(|| log(text, whole), |_| Some(Kind::GoReplay)),
        None => None,
    };
    decided.or(whole.then_some(Kind::Unknown))
}

/// The first line that is a call of a log tells which; without one names of columns do.
fn log(text: &[u8], whole: bool) -> Option<Kind> {
    let mut recogniser = Recogniser::default();
    let called = lines(text, whole).find_map(|line| recogniser.line(line));
    let is_named = || whole && lines(text, whole).any(|line| line.starts_with(b"#Fields:"));
    called.or_else(|| is_named().then_some(Kind::W3c))
}

fn xml(text: &[u8]) -> Option<Kind> {
    let find = |needle: &str| memchr::memmem::find(text, needle.as_bytes());
    if find("<items ").is_some_and(|at| memchr::memmem::find(&text[at..], b"burpVersion=").is_some()) {
        return Some(Kind::Burp);
    }
    let is_event = find("<Event ").is_some() && find("Name=\"cs-method\"").is_some();
    is_event.then_some(Kind::IisEvents)
}

/// `{"log": {` and `{"entries": [`: a shipper's `{"log": "a line"}` starts like it.
fn opens_har(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let Some(rest) = text.strip_prefix(b"{") else { return false };
    let after = |key: &[u8]| {
        let rest = rest.trim_ascii_start().strip_prefix(key)?.trim_ascii_start();
        rest.strip_prefix(b":")?.trim_ascii_start().first().copied()
    };
    after(b"\"log\"") == Some(b'{') || after(b"\"entries\"") == Some(b'[')
}

/// Entries of a HAR without a document around them.
fn opens_entries(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{") && memchr::memmem::find(text, b"\"startedDateTime\"").is_some()
}

/// The first key of an object.
fn first_key(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
    Some(&rest[..memchr::memchr(b'"', rest)?])
}

/// OTLP, also where the first requests are metrics.
fn otlp(text: &[u8], whole: bool) -> Option<Kind> {
    let of = |key| {
        Some(match signal_of(key)? {
            Signal::Logs => Kind::OtlpLogs,
            Signal::Spans => Kind::OtlpSpans,
        })
    };
    match first_key(text)? {
        b"resourceMetrics" => lines(text, whole).find_map(|line| of(first_key(line)?)),
        key => of(key),
    }
}

fn json(text: &[u8], whole: bool) -> Option<Kind> {
    let first_key = first_key(text);
    if opens_har(text) {
        return Some(Kind::Har);
    }
    if let Some(kind) = otlp(text, whole) {
        return Some(kind);
    }
    let contains = |needle: &[u8]| memchr::memmem::find(text, needle).is_some();
    if first_key == Some(b"status") && contains(b"\"resultType\":\"streams\"") {
        // Of Loki: one stream may be longer than what is looked at.
        return Some(Kind::JsonLog);
    }
    let is_collection_key =
        matches!(first_key, Some(b"info" | b"item" | b"collection" | b"variable" | b"auth" | b"event"));
    if is_collection_key && contains(b"schema.getpostman.com/json/collection") {
        return Some(Kind::Postman);
    }
    // A document over several lines, whose single lines may look like those of a log.
    let is_document =
        memchr::memchr(b'\n', text).is_some_and(|end| text[..end].trim_ascii().last() != Some(&b'}'));
    // One on a single line, whose first key is another.
    let first_line = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len())];
    let in_line = |needle: &[u8]| memchr::memmem::find(first_line, needle).is_some();
    if (is_document && contains(b"\"log\"") && contains(b"\"entries\""))
        || (in_line(b"\"entries\"") && in_line(b"\"startedDateTime\""))
    {
        return Some(Kind::Har);
    }
    let mut recogniser = Recogniser::default();
    let by_line = lines(text, whole).find_map(|line| match record_line(line) {
        RecordLine::Certain => Some(Kind::CallRecords),
        possible => recogniser.line(line).or((possible == RecordLine::Possible).then_some(Kind::CallRecords)),
    });
    if by_line.is_some() || !whole {
        return by_line;
    }
    if contains(b"\"log\"") && contains(b"\"entries\"") {
        return Some(Kind::Har);
    }
    // A first record longer than what is looked at: its first field tells.
    let is_field =
        matches!(first_key, Some(b"id" | b"ts" | b"source" | b"client" | b"method" | b"host" | b"scheme"));
    (is_field && text.len() > limits::PROBE_BYTES_MAX / 2 && !text.contains(&b'\n'))
        .then_some(Kind::CallRecords)
}

/// The lines of the head; the last one only when nothing follows.
fn lines(text: &[u8], whole: bool) -> impl Iterator<Item = &[u8]> {
    let end = if whole { text.len() } else { memchr::memrchr(b'\n', text).unwrap_or(0) };
    text[..end].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], expect: Kind) {
        assert_eq!(probe(head), expect);
        let early = (0..head.len()).find_map(|len| decide(&head[..len], false));
        assert_eq!(early.unwrap_or(expect), expect, "a prefix must not decide otherwise");
    }

    #[test]
    fn kinds_by_content() {
        check(b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0", Kind::Pcap);
        check(b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0", Kind::Pcapng);
        check(b"\xef\xbb\xbf{\n \"log\": {\"entries\": []}}", Kind::Har);
        check(b"{\"comment\":\"x\",\n\"log\": {\"entries\": []}}", Kind::Har);
        check(b"{\"method\":\"GET\",\"target\":\"/\"}\n{}", Kind::CallRecords);
        check(b"\n10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n", Kind::AccessLog);
    }

    #[test]
    fn logs_and_documents() {
        check(
            b"time=x\n{\"DownstreamStatus\":200,\"RequestMethod\":\"GET\",\"RequestPath\":\"/\"}\n",
            Kind::JsonLog,
        );
        check(
            b"{\"method\":\"GET\",\"response_code\":200,\"x-envoy-origin-path\":\"/a\",\"duration\":1}\n",
            Kind::JsonLog,
        );
        check(b"{\"method\":\"GET\",\"host\":\"a.example\",\"status\":200}\n", Kind::CallRecords);
        check(b"#Fields: date time cs-method cs-uri\n2026-11-21 10:00:00 GET /\n", Kind::W3c);
        check(b"#Software: a server\n#Fields: date time cs-method cs-uri\n", Kind::W3c);
        check(
            b"{\"log\":\"10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \\\"GET / HTTP/1.1\\\" 200 5\\n\",\"stream\":\"stdout\"}\n",
            Kind::AccessLog,
        );
        check(b"[{\"log\":{\"entries\":[]}}]", Kind::Har);
        check(
            b"{\"comment\":\"x\",\"log\":{\"entries\":[{\"startedDateTime\":\"x\",\"request\":{\"method\":\"GET\",\"url\":\"http://a.example/\"},\"response\":{\"status\":200}}]}}",
            Kind::Har,
        );
        check(
            b"time,client_ip,method,path,status\n2026-11-21T10:00:00Z,10.0.0.7,GET,/a,200\n",
            Kind::AccessLog,
        );
        check(
            b"[{\"time\":\"2026-11-21T10:00:00Z\",\"method\":\"GET\",\"path\":\"/a\",\"status\":200},{}]",
            Kind::JsonLog,
        );
        check(
            b"{\n \"time\":\"2026-11-21T10:00:00Z\",\n \"method\":\"GET\",\n \"path\":\"/a\",\n \"status\":200\n}\n",
            Kind::JsonLog,
        );
        check(b"[ {\"startedDateTime\":\"2026-11-21T10:00:00Z\",\"request\":{}}]", Kind::Har);
        check(b"[{\"_priority\":\"High\",\n \"startedDateTime\": \"x\"}]", Kind::Har);
        check(b"<?xml version=\"1.0\"?>\n<items burpVersion=\"1\"><item/></items>", Kind::Burp);
        check(
            b"<Event xmlns=\"x\"><EventData><Data Name=\"cs-method\">GET</Data></EventData></Event>",
            Kind::IisEvents,
        );
        check(
            b"{\n \"info\": {\"schema\": \"https://schema.getpostman.com/json/collection/v2.1.0/collection.json\"},\n \"item\": []}",
            Kind::Postman,
        );
        check(
            b"1 932079936fa4306fc308d67588178d17d823647c 1795255200000000000\nGET / HTTP/1.1\r\n\r\n",
            Kind::GoReplay,
        );
        check(b"{\"resourceLogs\":[{\"scopeLogs\":[]}]}\n", Kind::OtlpLogs);
        check(b"{\n  \"resourceSpans\": [\n", Kind::OtlpSpans);
        check(b"{\"resourceMetrics\":[]}\n{\"resourceSpans\":[]}\n", Kind::OtlpSpans);
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }

    #[test]
    fn look_alikes_are_unknown() {
        let texts: [&[u8]; 19] = [
            b"fn main() {\n    let x = get(\"GET /a HTTP/1.1\");\n}\n",
            b"app.get('/users/:id', (req, res) => {\n  res.status(200).json({ method: 'GET', path: '/x' })\n})\n",
            b"id,method,path,status\n1,GET,/a,200\n2,POST,/b,201\n",
            b"2026-11-21\t10:00:00\tGET\t/a\t200\n",
            b"Nov 21 10:00:00 host systemd[1]: Started Session 7 of user root.\nNov 21 10:00:01 host kernel: [12345.678901] usb 1-1: new device\n",
            b"2026-11-21 10:00:00,123 INFO [main] a.b.C - GET /users took 12 ms\n",
            b"{\"id\":1,\"name\":\"Lin Yue\",\"url\":\"https://a.example/u/1\",\"status\":\"active\",\"time\":\"2026-11-21T10:00:00Z\"}\n",
            b"[{\"method\":\"card\",\"path\":\"/x\",\"status\":200,\"created\":\"2026-11-21\"},{\"a\":1}]",
            b"{\n  \"paths\": {\n    \"/a\": {\"get\": {\"responses\": {\"200\": {}}}}\n  }\n}\n",
            b"{\"info\":{\"title\":\"x\"},\"item\":[]}",
            b"{\"resourceMetrics\":[{\"resource\":{}}]}\n",
            b"<html><body><items>1</items></body></html>",
            b"<Events><Event><Data Name=\"x\">1</Data></Event></Events>",
            b"1 apple 3\n2 pears 4\n",
            b"2026/11/21 10:00:00 [error] 31#31: *46 x, client: 10.0.0.7, request: \"GET / HTTP/1.1\", host: \"a\"\n",
            b"{\"openapi\":\"3.0.0\",\"paths\":{\"/a\":{\"get\":{\"parameters\":[{\"name\":\"method\",\"in\":\"path\"}],\"responses\":{\"200\":{}}}}}}",
            b"{\"requests\":[{\"id\":\"1\",\"url\":\"https://a.example/v1\",\"method\":\"GET\",\"time\":1795255200000}]}",
            b"{\n \"servers\": [\n  {\"url\": \"https://a.example\"}\n ],\n \"paths\": {}\n}\n",
            b"# Title\n\nSome *text* about `GET /a HTTP/1.1` and 200.\n",
        ];
        for text in texts {
            check(text, Kind::Unknown);
        }
    }

    #[test]
    fn everything_else_is_unknown() {
        check(b"", Kind::Unknown);
        check(&[0; 70_000], Kind::Unknown);
        check(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Kind::Unknown);
        check(
            b"{\"level\":\"info\",\"request\":{\"headers\":{\"A\":[\"1\"]}},\"status\":200}\n",
            Kind::Unknown,
        );
        check(b"{\"a\":1}", Kind::Unknown);
        check(b"hello\nworld\n", Kind::Unknown);
        assert_eq!("har".parse(), Ok(Kind::Har));
        assert_eq!("png".parse::<Kind>(), Err(NotAKind));
    }
}
