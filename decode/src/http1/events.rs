//! Server-sent events: the text of an event stream becomes messages (WHATWG HTML §9.2.6).

use std::borrow::Cow;

use model::{Anomaly, StreamMessage, limits};

use super::framing::note;

/// The events of a body; the data of each is a message. What is after the last blank line is no event yet.
pub(super) fn events(body: &[u8], anomalies: &mut Vec<Anomaly>) -> Vec<StreamMessage> {
    let mut rest = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut messages: Vec<StreamMessage> = Vec::new();
    // Data of the event so far; `None` before its first data line.
    let mut data: Option<Vec<u8>> = None;
    while let Some(end) = memchr::memchr2(b'\r', b'\n', rest) {
        let line = &rest[..end];
        let line_end = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[end + line_end..];
        if line.is_empty() {
            if let Some(body) = data.take() {
                if messages.len() >= limits::STREAM_MESSAGES_MAX {
                    note(anomalies, Anomaly::MESSAGES_TRUNCATED);
                    return messages;
                }
                messages.push(StreamMessage { from_client: false, kind: Cow::Borrowed("event"), body });
            }
            continue;
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[..0]),
        };
        if field == b"data" {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => data = Some(value.to_vec()),
            }
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expect: &[&str]) {
        let mut anomalies = Vec::new();
        let found = events(body.as_bytes(), &mut anomalies);
        let found: Vec<&str> = found.iter().map(|it| std::str::from_utf8(&it.body).expect("text")).collect();
        assert_eq!((found.as_slice(), anomalies.len()), (expect, 0));
    }

    #[test]
    fn the_examples_of_the_standard() {
        check("data: YHOO\ndata: +2\ndata: 10\n\n", &["YHOO\n+2\n10"]);
        check(": test\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third", &["first", "second"]);
        check("data\n\ndata\ndata\n\ndata:", &["", "\n"]);
        check("data:test\r\n\r\ndata: test\r\r", &["test", "test"]);
        check("\u{feff}event: add\rdata: 1\r\revent: none\n\n", &["1"]);
    }

    #[test]
    fn the_cap() {
        let (mut anomalies, body) = (Vec::new(), "data: x\n\n".repeat(limits::STREAM_MESSAGES_MAX + 1));
        assert_eq!(events(body.as_bytes(), &mut anomalies).len(), limits::STREAM_MESSAGES_MAX);
        assert_eq!(anomalies, [Anomaly::MESSAGES_TRUNCATED]);
    }
}
