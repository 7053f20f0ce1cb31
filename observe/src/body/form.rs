//! Names and values: queries and form bodies (WHATWG URL, urlencoded), multipart forms (RFC 7578), cookies (RFC 6265).

use std::borrow::Cow;

use super::tape::{Format, Kind, Tape};

/// The pairs of a query or form, decoded, with the byte range of the raw value.
pub(crate) fn pairs(
    text: &str,
) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>, std::ops::Range<usize>)> {
    let mut start = 0;
    text.split('&').filter_map(move |pair| {
        let at = start;
        start += pair.len() + 1;
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if pair.is_empty() {
            return None;
        }
        let value_start = at + pair.len() - value.len();
        Some((decode(name), decode(value), value_start..value_start + value.len()))
    })
}

/// The cookies of a `Cookie` field with the byte range of each value.
pub(crate) fn cookies(field: &str) -> impl Iterator<Item = (&str, &str, std::ops::Range<usize>)> {
    let mut start = 0;
    field.split(';').filter_map(move |pair| {
        let at = start;
        start += pair.len() + 1;
        let lead = pair.len() - pair.trim_start().len();
        let (name, value) = pair.trim().split_once('=')?;
        let value_start = at + lead + name.len() + 1;
        Some((name.trim(), value, value_start..value_start + value.len()))
    })
}

/// Percent-decoding with `+` as space; bytes that are not UTF-8 afterwards are replaced.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b == b'%' || b == b'+') { unescape(text, b' ') } else { Cow::Borrowed(text) }
}

/// Percent-decoding of a path segment (RFC 3986 §2.1), where `+` is itself.
pub(crate) fn decode_percent(text: &str) -> Cow<'_, str> {
    if text.contains('%') { unescape(text, b'+') } else { Cow::Borrowed(text) }
}

fn unescape(text: &str, plus: u8) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 2;
            }
            (b'+', ..) => out.push(plus),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    Cow::Owned(
        String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    (*byte? as char).to_digit(16).map(|digit| digit as u8)
}

pub(super) fn read_form(text: &str, tape: &mut Tape) {
    tape.format = Format::Form;
    let top = tape.push(Kind::Object, None, "", "", 0..text.len() as u32);
    for (name, value, span) in pairs(text.trim()) {
        tape.push(Kind::String, Some(top), &name, &value, span.start as u32..span.end as u32);
    }
    tape.close(top);
}

/// Text parts become values under their names; a part with a file name keeps only the name and its size.
pub(super) fn read_multipart(text: &str, content_type: &str, tape: &mut Tape) {
    tape.format = Format::Multipart;
    let top = tape.push(Kind::Object, None, "", "", 0..text.len() as u32);
    let boundary = parameter(content_type, "boundary").unwrap_or_default();
    let delimiter = format!("--{boundary}");
    let mut at = if boundary.is_empty() { None } else { text.find(&delimiter) };
    while let Some(start) = at {
        let part_start = start + delimiter.len();
        let rest = &text[part_start..];
        if rest.starts_with("--") {
            break;
        }
        let end = rest.find(&delimiter).map(|end| part_start + end);
        read_part(text, part_start..end.unwrap_or(text.len()), top, tape);
        tape.cut |= end.is_none();
        at = end;
    }
    tape.close(top);
}

fn read_part(text: &str, range: std::ops::Range<usize>, top: u32, tape: &mut Tape) {
    let part = &text[range.clone()];
    let Some((head, body)) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n")) else { return };
    let disposition = head
        .lines()
        .find_map(|line| {
            line.split_once(':').filter(|(n, _)| n.trim().eq_ignore_ascii_case("content-disposition"))
        })
        .map_or("", |(_, value)| value);
    let Some(name) = parameter(disposition, "name") else { return };
    let value = body.strip_suffix("\r\n").or_else(|| body.strip_suffix('\n')).unwrap_or(body);
    let start = range.end - body.len();
    let is_file = parameter(disposition, "filename").is_some();
    let shown = if is_file { "" } else { value };
    if is_file && !value.is_empty() {
        tape.unread.push(start as u32..(start + value.len()) as u32);
    }
    tape.push(Kind::String, Some(top), &name, shown, start as u32..(start + value.len()) as u32);
}

/// A parameter of a header value, quotes removed (RFC 9110 §5.6.6).
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|parameter| {
        let (n, v) = parameter.split_once('=')?;
        n.trim().eq_ignore_ascii_case(name).then(|| v.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(tape: &Tape) -> Vec<String> {
        tape.scalars().map(|item| format!("{}={}", tape.key(item), tape.value(item))).collect()
    }

    #[test]
    fn forms_decode_and_keep_spans() {
        let text = "name=%E5%BC%A0+%E4%B8%89&empty&p=1%2";
        let mut tape = Tape::default();
        read_form(text, &mut tape);
        assert_eq!(lines(&tape), ["name=张 三", "empty=", "p=1%2"]);
        let span = tape.items[1].span.clone();
        assert_eq!(&text[span.start as usize..span.end as usize], "%E5%BC%A0+%E4%B8%89");
    }

    #[test]
    fn multipart_parts_by_name() {
        let text = "--B\r\nContent-Disposition: form-data; name=\"mobile\"\r\n\r\n13800138000\r\n--B\r\n\
                    Content-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\n\r\nPNG\r\n--B--\r\n";
        let mut tape = Tape::default();
        read_multipart(text, "multipart/form-data; boundary=B", &mut tape);
        assert_eq!(lines(&tape), ["mobile=13800138000", "f="]);
        let span = tape.items[1].span.clone();
        assert_eq!(&text[span.start as usize..span.end as usize], "13800138000");
    }

    #[test]
    fn cookies_with_positions() {
        let field = "a=1; SESSION=xyz==";
        let found: Vec<_> = cookies(field).map(|(name, value, span)| (name, value, &field[span])).collect();
        assert_eq!(found, [("a", "1", "1"), ("SESSION", "xyz==", "xyz==")]);
    }
}
