//! A request path as segments: normalised so that the same resource gives the same segments.

use std::borrow::Cow;

use super::token::TokenKind;
use crate::body;

/// Segments of one path; longer paths keep their tail in the last segment.
const SEGMENTS_MAX: usize = 32;
/// Bytes of one segment that are looked at.
const SEGMENT_BYTES_MAX: usize = 256;

/// One normalised segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Decoded text; for `name(value)` and `value:verb` the fixed part with the value as `{}`.
    pub text: String,
    /// Kind of the text, or of the value inside it.
    pub kind: TokenKind,
    /// It is a name by the rules of the protocol: never the value of a parameter.
    pub is_name: bool,
}

/// The segments of a path that names a procedure: service and method.
pub(crate) fn names(path: &str) -> Vec<Segment> {
    let raw = path.split('/').filter(|raw| !raw.is_empty()).take(SEGMENTS_MAX);
    raw.map(|raw| Segment {
        text: clipped(body::decode_percent(raw).into_owned()),
        kind: TokenKind::Word,
        is_name: true,
    })
    .collect()
}

fn clipped(mut text: String) -> String {
    if text.len() > SEGMENT_BYTES_MAX {
        let end = (0..=SEGMENT_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
    }
    text
}

/// Splits and normalises a path: matrix parameters removed, empty segments dropped, percent-encoding of
/// single segments undone, `.` and `..` left as they stand (they are attacks, not names).
pub(crate) fn segments(path: &str) -> Vec<Segment> {
    let mut segments: Vec<Segment> =
        path.splitn(SEGMENTS_MAX, '/').filter(|raw| !raw.is_empty()).map(segment).collect();
    segments.retain(|segment| !segment.text.is_empty());
    segments
}

fn segment(raw: &str) -> Segment {
    let raw = raw.split(';').next().unwrap_or_default();
    let decoded = if raw.contains('%') { body::decode_percent(raw) } else { Cow::Borrowed(raw) };
    let text = clipped(decoded.into_owned());
    inner_value(&text).unwrap_or_else(|| Segment { kind: TokenKind::of(&text), text, is_name: false })
}

/// OData `Products(7)`, Google style `42:cancel`, identifiers with a format suffix `42.json`.
fn inner_value(text: &str) -> Option<Segment> {
    if let Some((name, rest)) = text.split_once('(') {
        let value = rest.strip_suffix(')')?;
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
        return (is_name && !value.is_empty()).then(|| Segment {
            text: format!("{name}({{}})"),
            kind: TokenKind::Word,
            is_name: false,
        });
    }
    if let Some((value, verb)) = text.split_once(':') {
        let is_verb = !verb.is_empty() && verb.bytes().all(|b| b.is_ascii_alphabetic());
        let is_value = !value.is_empty() && TokenKind::of(value).is_strong();
        return (is_verb && is_value).then(|| Segment {
            text: format!("{{}}:{verb}"),
            kind: TokenKind::Word,
            is_name: false,
        });
    }
    let (value, extension) = text.rsplit_once('.')?;
    let known = ["json", "xml", "html", "do", "csv", "pdf"].contains(&extension);
    let strong = matches!(TokenKind::of(value), TokenKind::Integer | TokenKind::Uuid | TokenKind::Hash);
    (known && strong).then(|| Segment {
        text: format!("{{}}.{extension}"),
        kind: TokenKind::Word,
        is_name: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: &[&str]) {
        let texts: Vec<String> = segments(path).into_iter().map(|segment| segment.text).collect();
        assert_eq!(texts, expect, "{path}");
    }

    #[test]
    fn paths_are_normalised() {
        check("/", &[]);
        check("//users/42/", &["users", "42"]);
        check("/users;jsessionid=1/a%20b", &["users", "a b"]);
        check("/Products(7)/Name", &["Products({})", "Name"]);
        check("/jobs/42:cancel", &["jobs", "{}:cancel"]);
        check("/orders/42.json", &["orders", "{}.json"]);
        check("/static/app.json", &["static", "app.json"]);
        check("/a%2fb/%ff", &["a/b", "\u{fffd}"]);
    }
}
