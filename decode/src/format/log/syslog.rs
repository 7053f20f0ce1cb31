//! The header that syslog puts in front of a line: RFC 5424, and RFC 3164 in the ways in which it is written: with a
//! year or without, with ISO times, without a host (HAProxy), without a time or a tag. Never fails: what is no header
//! is content. Where a line begins behind further prefixes is the business of `noise`.

use super::stamp::Stamp;

/// The largest priority (RFC 5424 §6.2.1): facility 23, severity 7.
const PRIORITY_MAX: u16 = 191;
/// Bytes in which the header of RFC 3164 must end.
const HEAD_BYTES_MAX: usize = 512;

/// What stands before the content of a message. What is not said is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Header<'a> {
    pub(crate) stamp: Option<Stamp>,
    pub(crate) host: &'a str,
    /// The program.
    pub(crate) app: &'a str,
    /// What follows, without a byte order mark.
    pub(crate) content: &'a [u8],
    /// There is a priority, and what follows it can be read.
    pub(crate) is_sound: bool,
}

/// Takes the header off a message.
pub(crate) fn header(message: &[u8]) -> Header<'_> {
    let message = message.trim_ascii();
    let header = match behind_priority(message) {
        Some(rest) => modern(rest).unwrap_or_else(|| legacy(rest, true)),
        None => legacy(message, false),
    };
    let content = header.content.trim_ascii_start();
    Header { content: content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content), ..header }
}

/// What follows `<134>`.
fn behind_priority(message: &[u8]) -> Option<&[u8]> {
    let rest = message.strip_prefix(b"<")?;
    let end = rest.iter().take(4).position(|byte| *byte == b'>')?;
    let number: u16 = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
    (rest[0].is_ascii_digit() && number <= PRIORITY_MAX).then(|| &rest[end + 1..])
}

/// RFC 5424 §6: version, time, host, program, process, message id, structured data. `None` for what does not begin
/// with a version and a time.
fn modern(rest: &[u8]) -> Option<Header<'_>> {
    let (version, rest) = word(rest)?;
    let is_version = (1..=3).contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_digit());
    let (time, rest) = word(rest).filter(|_| is_version)?;
    let stamp = match time {
        "-" => None,
        _ => Some(Stamp::read(time).filter(|(_, after)| after.is_empty())?.0),
    };
    let mut header = Header { stamp, content: rest, ..Header::default() };
    let Some((host, rest)) = word(rest) else { return Some(header) };
    let Some((app, rest)) = word(rest) else { return Some(header) };
    let Some((_, rest)) = word(rest).and_then(|(_, rest)| word(rest)) else { return Some(header) };
    let or_nil = |name| if name == "-" { "" } else { name };
    (header.host, header.app) = (or_nil(host), or_nil(app));
    // Some leave the structured data out; then the content is here already.
    let content = behind_data(rest);
    header.is_sound = content.is_some();
    header.content = content.unwrap_or(rest);
    Some(header)
}

/// A word of printable ASCII and what follows the space behind it.
fn word(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = memchr::memchr(b' ', bytes).unwrap_or(bytes.len());
    let word = bytes.get(..end).filter(|word| !word.is_empty() && word.iter().all(u8::is_ascii_graphic))?;
    Some((std::str::from_utf8(word).ok()?, bytes.get(end + 1..).unwrap_or_default()))
}

/// What follows structured data (RFC 5424 §6.3): `-` or elements in brackets.
fn behind_data(data: &[u8]) -> Option<&[u8]> {
    let mut rest = data;
    if let Some(behind) = rest.strip_prefix(b"-") {
        rest = behind;
    } else {
        while let Some(inner) = rest.strip_prefix(b"[") {
            rest = &inner[element_end(inner)? + 1..];
        }
    }
    let is_end = rest.len() < data.len() && matches!(rest, [] | [b' ', ..]);
    is_end.then_some(rest)
}

/// Where the bracket stands that closes an element: not inside a value, in which `"`, `\` and `]` are escaped.
fn element_end(inner: &[u8]) -> Option<usize> {
    let (mut is_value, mut is_escaped) = (false, false);
    inner.iter().position(|byte| {
        let ends = *byte == b']' && !is_value;
        if *byte == b'"' && !is_escaped {
            is_value = !is_value;
        }
        is_escaped = *byte == b'\\' && is_value && !is_escaped;
        ends
    })
}

/// RFC 3164 §4.1: time, host, and the program with its process. Each may be missing.
fn legacy(message: &[u8], is_sound: bool) -> Header<'_> {
    let head = &message[..message.len().min(HEAD_BYTES_MAX)];
    let head = &head[..head.iter().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(head.len())];
    let head = std::str::from_utf8(head).unwrap_or_default();
    let (stamp, after) = Stamp::read(head).map_or((None, head), |(stamp, after)| (Some(stamp), after));
    let (host, behind_host) = after.split_once(' ').unwrap_or((after, ""));
    let (host, app, rest) = match (tag(after), tag(behind_host)) {
        (Some((app, rest)), _) => ("", app, rest),
        (None, Some((app, rest))) if is_host(host) => (host, app, rest),
        // Without a program nothing tells a host from the beginning of the content.
        _ => ("", "", after),
    };
    // Every remainder is a tail of the head.
    let content = &message[head.len() - rest.len()..];
    Header { stamp, host, app, content, is_sound }
}

/// The program of `app:`, `app[123]:` or `app[123]`, and what follows it.
fn tag(text: &str) -> Option<(&str, &str)> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./@()+%,$~".contains(&byte);
    let end = text.bytes().position(|byte| !is_part(byte)).filter(|end| *end > 0)?;
    let (name, rest) = text.split_at(end);
    let Some(process) = rest.strip_prefix('[') else {
        let rest = rest.strip_prefix(':')?;
        return (rest.is_empty() || rest.starts_with(' ')).then_some((name, rest));
    };
    let (process, rest) = process.split_once(']')?;
    let is_process = process.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_process.then_some((name, rest.strip_prefix(':').unwrap_or(rest)))
}

fn is_host(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:/@%[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time, host, program, content, and whether the header is sound.
    #[track_caller]
    fn check(message: &str, expect: (&str, &str, &str, &str, bool)) {
        let header = header(message.as_bytes());
        let arrived = "2026-11-21T12:00:00Z".parse().expect("a time");
        let time = header.stamp.map(|stamp| stamp.near(arrived).time().to_string()).unwrap_or_default();
        let content = String::from_utf8_lossy(header.content);
        assert_eq!((&time[..], header.host, header.app, &content[..], header.is_sound), expect, "{message}");
    }

    const NOON: &str = "2026-11-21T12:00:00.000000Z";

    #[test]
    fn rfc5424() {
        check(
            "<165>1 2026-11-21T20:00:00+08:00 web1.example nginx 12 ID47 - \u{feff}GET /",
            (NOON, "web1.example", "nginx", "GET /", true),
        );
        check(
            r#"<14>1 2026-11-21T12:00:00Z h a - - [x@1 k="a\]\"]\\"][y@2 z=""] the [rest]"#,
            (NOON, "h", "a", "the [rest]", true),
        );
        check("<14>1 - - - - - -", ("", "", "", "", true));
        check("<14>1 - - - - - [a]", ("", "", "", "", true));
        check("<14>1 2026-11-21T12:00:00Z h a 1 - GET /", (NOON, "h", "a", "GET /", false));
        check("<14>1 2026-11-21T12:00:00Z h a 1 - [x y=\"", (NOON, "h", "a", "[x y=\"", false));
        check("<14>1 2026-11-21T12:00:00Z h", (NOON, "", "", "h", false));
    }

    #[test]
    fn rfc3164() {
        check("<190>Nov 21 12:00:00 web1 nginx: 10.0.0.7 - -", (NOON, "web1", "nginx", "10.0.0.7 - -", true));
        check("<134>Nov 21 12:00:00 haproxy[77]: 10.0.0.7:1 [", (NOON, "", "haproxy", "10.0.0.7:1 [", true));
        check("<13>2026-11-21T12:00:00Z 10.0.0.9 a.b/c[x-1]: y", (NOON, "10.0.0.9", "a.b/c", "y", true));
        check("<13>Nov 21 2026 12:00:00 fe80::1 app[1] y: z", (NOON, "fe80::1", "app", "y: z", true));
        check("<13>app[1]:no space", ("", "", "app", "no space", true));
        check("<13>host app: y", ("", "host", "app", "y", true));
        check("<13>1 2 3", ("", "", "", "1 2 3", true));
        check("Nov 21 12:00:00 web1 app: 李", (NOON, "web1", "app", "李", false));
    }

    #[test]
    fn content_is_not_taken_for_a_header() {
        let line = "10.0.0.7 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5";
        check(line, ("", "", "", line, false));
        check(&format!("<13>Nov 21 12:00:00 {line}"), (NOON, "", "", line, true));
        check("<13>{\"method\": \"GET\"}", ("", "", "", "{\"method\": \"GET\"}", true));
        check("<192>x: y", ("", "", "", "<192>x: y", false));
        check("<13", ("", "", "", "<13", false));
        check("<>x", ("", "", "", "<>x", false));
        check("", ("", "", "", "", false));
        check("\u{4e2d} x: y", ("", "", "", "\u{4e2d} x: y", false));
    }
}
