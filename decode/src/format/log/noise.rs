//! What stands around a line when something else wrote it on: syslog, container runtimes, compose, journals,
//! shippers that wrap a line in JSON.

use std::borrow::Cow;

use serde_json::Value;

use super::syslog;
use super::time::{self, Moment};

/// Bytes in which a prefix is looked for.
const PREFIX_BYTES_MAX: usize = 256;
/// Places tried in one line.
const PLACES_MAX: usize = 6;

/// Without what surrounds a line in its file: a byte order mark, white space, and the zeros that stand where a
/// file was cut while it was written.
pub(crate) fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let is_space = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let start = line.iter().position(|byte| !is_space(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !is_space(byte)).map_or(start, |at| at + 1);
    &line[start..end]
}

/// Keys under which shippers and exports keep the line.
pub(crate) const LINE_KEYS: [&str; 12] = [
    "log",
    "message",
    "MESSAGE",
    "msg",
    "textPayload",
    "line",
    "Line",
    "_raw",
    "@message",
    "event",
    "original",
    "body",
];

/// Where the line of the server may begin, nearest first: at the start, behind `host program[1]: `, behind
/// `stdout F `, behind `web_1  | `, behind the structured data of RFC 5424.
pub(crate) fn starts(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let line = undressed(line);
    let head = &line[..line.len().min(PREFIX_BYTES_MAX)];
    let behind = (1..head.len()).filter(|at| {
        let before = &head[..*at];
        before.ends_with(b": ")
            || before.ends_with(b" stdout F ")
            || before.ends_with(b" stderr F ")
            || before.ends_with(b"| ")
            || before.ends_with(b"] ")
            || (before.first() == Some(&b'<') && before.ends_with(b" - "))
    });
    std::iter::once(0).chain(behind.take(PLACES_MAX)).map(|at| line[at..].trim_ascii_start())
}

/// Without the key of a journal's export, and without the level and name that Python's `logging` writes by default.
fn undressed(line: &[u8]) -> &[u8] {
    if let Some(message) = line.strip_prefix(b"MESSAGE=") {
        return message;
    }
    let levels: [&[u8]; 5] = [b"DEBUG:", b"INFO:", b"WARNING:", b"ERROR:", b"CRITICAL:"];
    let named = levels.into_iter().find_map(|level| line.strip_prefix(level));
    let is_name =
        |name: &[u8]| name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
    named
        .and_then(|rest| Some((rest, memchr::memchr(b':', rest)?)))
        .filter(|(rest, end)| *end > 0 && is_name(&rest[..*end]))
        .map_or(line, |(rest, end)| &rest[end + 1..])
}

/// The line without the colours that a terminal would show it in (ECMA-48 §5.4), as development servers write them.
pub(crate) fn uncoloured(line: &[u8]) -> Cow<'_, [u8]> {
    const ESCAPE: u8 = 0x1b;
    if memchr::memchr(ESCAPE, line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut parts = line.split(|byte| *byte == ESCAPE);
    let mut plain = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        let is_parameter = |byte: &u8| matches!(byte, b'0'..=b'9' | b';');
        let behind = part.strip_prefix(b"[").map(|rest| {
            let len = rest.iter().take_while(|byte| is_parameter(byte)).count();
            &rest[len..]
        });
        match behind {
            Some([b'm', rest @ ..]) => plain.extend_from_slice(rest),
            _ => {
                plain.push(ESCAPE);
                plain.extend_from_slice(part);
            }
        }
    }
    Cow::Owned(plain)
}

/// The JSON object that the line is, or ends with, and what stands before it.
pub(crate) fn object(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(b",").or(line.strip_suffix(b"]")).unwrap_or(line).trim_ascii_end();
    if line.last() != Some(&b'}') {
        return None;
    }
    let start = memchr::memchr(b'{', &line[..line.len().min(PREFIX_BYTES_MAX)])?;
    let (before, object) = line.split_at(start);
    // Behind a key it is a part of a larger document.
    let is_value = before.trim_ascii_end().ends_with(b"\":");
    let stands_alone = before.last().is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'[' | b':'));
    (stands_alone && !is_value).then_some((before, object))
}

/// The time with which a prefix begins: one word, a date and a time of day, or a header of syslog that says the year.
pub(crate) fn moment_of(prefix: &[u8]) -> Option<Moment> {
    let head = prefix[..prefix.len().min(PREFIX_BYTES_MAX)].utf8_chunks().next()?.valid().trim();
    let mut ends = head.match_indices([' ', '\t']).map(|(at, _)| at).chain([head.len()]);
    let (one, two) = (ends.next()?, ends.next());
    time::moment(&head[..one])
        .or_else(|| time::moment(&head[..two?]))
        .or_else(|| syslog::header(prefix).stamp?.moment())
}

/// The line inside a JSON wrapper (Docker's json-file driver, Fluent Bit, Filebeat, journald, cloud exports).
pub(crate) fn wrapped(object: &Value) -> Option<&str> {
    // Elasticsearch, Splunk, Datadog and the schema of Elastic put it one deeper.
    let deeper =
        || ["_source", "result", "content", "event"].into_iter().find_map(|key| line_of(object.get(key)?));
    let inner = line_of(object).or_else(deeper)?;
    Some(inner.trim()).filter(|inner| !inner.is_empty())
}

fn line_of(object: &Value) -> Option<&str> {
    LINE_KEYS.into_iter().find_map(|key| object.get(key)?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        assert_eq!(String::from_utf8_lossy(&uncoloured(line.as_bytes())), expect);
    }

    #[test]
    fn colours() {
        check("plain", "plain");
        check("\x1b[33mGET / HTTP/1.1\x1b[0m 404", "GET / HTTP/1.1 404");
        check("\x1b[1;31ma\x1b[m\x1b", "a\x1b");
        check("\x1b[2Ka \x1b]0;x", "\x1b[2Ka \x1b]0;x");
    }
}
