//! What stands around a line when something else wrote it on: syslog, container runtimes, compose, journals,
//! shippers that wrap a line in JSON.

use serde_json::Value;

/// Bytes in which a prefix is looked for.
const PREFIX_BYTES_MAX: usize = 256;
/// Places tried in one line.
const PLACES_MAX: usize = 6;

/// Where the line of the server may begin, nearest first: at the start, behind `host program[1]: `, behind
/// `stdout F `, behind `web_1  | `, behind the structured data of RFC 5424.
pub(crate) fn starts(line: &[u8]) -> impl Iterator<Item = &[u8]> {
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

/// The JSON object that the line is, or ends with.
pub(crate) fn object(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b",").or(line.strip_suffix(b"]")).unwrap_or(line).trim_ascii_end();
    if line.last() != Some(&b'}') {
        return None;
    }
    let head = &line[..line.len().min(PREFIX_BYTES_MAX)];
    let start = memchr::memchr(b'{', head)?;
    let before = line[..start].last();
    before.is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'[' | b':')).then(|| &line[start..])
}

/// The line inside a JSON wrapper (Docker's json-file driver, Fluent Bit, Filebeat, journald, cloud exports).
pub(crate) fn wrapped(object: &Value) -> Option<&str> {
    let keys = ["log", "message", "MESSAGE", "msg", "textPayload", "line", "_raw", "@message"];
    let inner = keys.into_iter().find_map(|key| object.get(key)?.as_str())?;
    Some(inner.trim()).filter(|inner| !inner.is_empty())
}
