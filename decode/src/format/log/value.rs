//! Values as logs write them: escapes, numbers, durations, addresses, request lines.

use std::borrow::Cow;

use model::{Anomaly, Call, Peer, Scheme};

use crate::http1::{normal_host, target_text, text};

/// How a log writes bytes that would break its own syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Escape {
    /// `\x22` (nginx) and `\"`, `\\`, `\n` (Apache); `-` is an absent value.
    #[default]
    Slash,
    /// As inside a JSON string.
    Json,
    /// `#22` (HAProxy).
    Hash,
    /// Not at all.
    None,
}

/// Unit of a duration that is written as a bare number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    const fn micros(self) -> f64 {
        match self {
            Self::Seconds => 1_000_000.0,
            Self::Millis => 1_000.0,
            Self::Micros => 1.0,
            Self::Nanos => 0.001,
        }
    }
}

/// Undoes the escaping. `\x22` is read wherever backslashes escape: nginx, Apache and Envoy all write it.
pub(crate) fn unescape(raw: &[u8], escape: Escape) -> Cow<'_, [u8]> {
    let mark = match escape {
        Escape::None => return Cow::Borrowed(raw),
        Escape::Hash => b'#',
        Escape::Slash | Escape::Json => b'\\',
    };
    if memchr::memchr(mark, raw).is_none() {
        return Cow::Borrowed(raw);
    }
    if escape == Escape::Json {
        let quoted = [b"\"", raw, b"\""].concat();
        if let Ok(plain) = serde_json::from_slice::<String>(&quoted) {
            return Cow::Owned(plain.into_bytes());
        }
    }
    let mut plain = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let hex = |at: usize| raw.get(at).and_then(|byte| (*byte as char).to_digit(16));
        let (byte, used) = match (raw[at], raw.get(at + 1)) {
            (byte, _) if escape == Escape::Hash => match (hex(at + 1), hex(at + 2)) {
                (Some(high), Some(low)) if byte == b'#' => ((high << 4 | low) as u8, 3),
                _ => (byte, 1),
            },
            (b'\\', Some(b'x')) if hex(at + 2).is_some() && hex(at + 3).is_some() => {
                ((hex(at + 2).unwrap_or(0) << 4 | hex(at + 3).unwrap_or(0)) as u8, 4)
            }
            (b'\\', Some(b'n')) => (b'\n', 2),
            (b'\\', Some(b't')) => (b'\t', 2),
            (b'\\', Some(b'r')) => (b'\r', 2),
            (b'\\', Some(quote @ (b'"' | b'\\'))) => (*quote, 2),
            (byte, _) => (byte, 1),
        };
        plain.push(byte);
        at += used;
    }
    Cow::Owned(plain)
}

/// A whole number without sign.
pub(crate) fn number<T: std::str::FromStr>(raw: &[u8]) -> Option<T> {
    let digits = std::str::from_utf8(raw).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// A status code of HTTP; logs write 0 or 000 when none was sent.
pub(crate) fn status(raw: &[u8]) -> Option<u16> {
    number(raw).filter(|status| (100..1_000).contains(status))
}

/// Microseconds of `0.123`, `12ms`, `1.5s`, `2µs`; a bare number is in `unit`. Of a list (one per upstream)
/// the parts are added.
pub(crate) fn duration(raw: &str, unit: Option<Unit>) -> Option<u64> {
    let mut sum = 0.0;
    let mut seen = false;
    for part in raw.split([',', ' ']).filter(|part| !matches!(*part, "" | "-" | ":")) {
        let (whole, part) = hours_and_minutes(part);
        let digits = part.trim_end_matches(|char: char| char.is_alphabetic() || char == '\u{b5}');
        let unit = match &part[digits.len()..] {
            "" => unit?,
            "s" | "S" | "sec" => Unit::Seconds,
            "ms" => Unit::Millis,
            "us" | "\u{b5}s" | "\u{3bc}s" => Unit::Micros,
            "ns" => Unit::Nanos,
            _ => return None,
        };
        let number: f64 = digits.parse().ok()?;
        if !(number.is_finite() && number >= 0.0) {
            continue;
        }
        sum += whole + number * unit.micros();
        seen = true;
    }
    (seen && sum < 1e18).then(|| sum.round() as u64)
}

/// Microseconds of the `1h2m` of `1h2m3.5s`, as Go writes long durations, and what follows.
fn hours_and_minutes(part: &str) -> (f64, &str) {
    let (mut sum, mut rest) = (0.0, part);
    for (unit, seconds) in [('h', 3_600.0), ('m', 60.0)] {
        if let Some((number, after)) = rest.split_once(unit)
            && after.starts_with(|char: char| char.is_ascii_digit())
            && let Ok(number) = number.parse::<u32>()
        {
            sum += f64::from(number) * seconds * Unit::Seconds.micros();
            rest = after;
        }
    }
    (sum, rest)
}

/// An address, alone or with a port.
pub(crate) fn peer(raw: &str) -> Option<Peer> {
    let raw = raw.trim();
    let raw = raw.strip_prefix("::ffff:").filter(|rest| rest.contains('.')).unwrap_or(raw);
    raw.parse().ok().or_else(|| raw.rsplit_once("//")?.1.parse().ok())
}

/// The addresses of a list such as `X-Forwarded-For`, in order.
pub(crate) fn peers(raw: &str) -> impl DoubleEndedIterator<Item = Peer> + '_ {
    raw.split(',').filter_map(peer)
}

/// A host name as in the Host field: lower case, without the port that the scheme implies.
pub(crate) fn host(name: &str) -> String {
    let name = normal_host(name);
    let is_name = !matches!(name.as_str(), "-" | "_" | "");
    let name = name.strip_suffix(":80").or(name.strip_suffix(":443")).unwrap_or(&name);
    if is_name { name.to_owned() } else { String::new() }
}

/// A method as it stands in logs: upper case, perhaps an extension.
pub(crate) fn is_method(raw: &[u8]) -> bool {
    (1..=32).contains(&raw.len())
        && raw.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'))
        && raw[0].is_ascii_uppercase()
}

/// The name of a version of HTTP, as calls carry it; empty for what is none.
pub(crate) fn protocol(version: &str) -> &'static str {
    let lower = version.to_ascii_lowercase();
    match lower.strip_prefix("http/").unwrap_or(&lower) {
        "1.0" | "1.0.0.0" => "http/1.0",
        "1.1" | "1.1.0.0" => "http/1.1",
        "2" | "2.0" | "2.0.0.0" | "h2" | "h2c" => "http/2",
        "3" | "3.0" | "h3" | "http3" => "http/3",
        _ => "",
    }
}

/// Target, and what an absolute one says about scheme and host.
pub(crate) fn set_target(call: &mut Call, target: &[u8]) {
    let target = target_text(target);
    let is_scheme =
        |scheme: &str| !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
    let Some((scheme, rest)) = target.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        call.target = target;
        return;
    };
    call.scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => Some(Scheme::Http),
        "https" | "wss" => Some(Scheme::Https),
        _ => call.scheme,
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // A dash stands where a load balancer knows no host.
    if !authority.starts_with("-:") {
        call.host = host(authority);
    }
    call.target = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
}

/// A method, a target and a version of HTTP.
pub(crate) fn is_request_line(raw: &[u8]) -> bool {
    let mut words = raw.split(|byte| *byte == b' ');
    let is_start =
        words.next().is_some_and(is_method) && words.next().is_some_and(|target| !target.is_empty());
    is_start && words.next_back().is_some_and(|version| version.starts_with(b"HTTP/") && version.len() > 5)
}

/// A request line as logged, escapes still in it. What is none is kept as the target and marked.
pub(crate) fn set_request_line(call: &mut Call, raw: &[u8], escape: Escape) {
    // Proxies write a dash for each part that did not come.
    if raw.iter().all(|byte| matches!(byte, b'-' | b' ')) {
        return;
    }
    let method_end = memchr::memchr(b' ', raw).unwrap_or(0);
    let (target, version) = match memchr::memmem::rfind(raw, b" HTTP/") {
        Some(at) if at > method_end => (&raw[method_end + 1..at], &raw[at + 1..]),
        // Envoy and ALB write a dash for a version or a target that they do not know.
        _ => match raw.get(method_end + 1..).unwrap_or_default() {
            rest if rest.ends_with(b" -") => (&rest[..rest.len() - 2], &b"-"[..]),
            rest => (rest, &b""[..]),
        },
    };
    let method = &raw[..method_end];
    let is_target =
        target.starts_with(b"/") || !version.is_empty() || memchr::memmem::find(target, b"://").is_some();
    if !is_method(method) || !is_target || target.is_empty() || target == b"-" {
        call.target = text(raw).into_owned();
        call.anomalies.push(Anomaly::BAD_HEAD);
        return;
    }
    call.method = text(method).into_owned();
    call.protocol = protocol(&text(version)).into();
    set_target(call, &unescape(target, escape));
    name_tunnel(call);
}

/// What a tunnel leads to is the host that was asked for.
pub(crate) fn name_tunnel(call: &mut Call) {
    if call.method == "CONNECT" && call.host.is_empty() {
        call.host = host(&call.target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, unit: Option<Unit>, expect: Option<u64>) {
        assert_eq!(duration(raw, unit), expect, "{raw}");
    }

    #[test]
    fn durations() {
        check("0.123", Some(Unit::Seconds), Some(123_000));
        check("0.000002701", Some(Unit::Seconds), Some(3));
        check("357313", Some(Unit::Nanos), Some(357));
        check("12ms", None, Some(12_000));
        check("1.5s", None, Some(1_500_000));
        check("2\u{b5}s", None, Some(2));
        check("0.1, 0.2 : -", Some(Unit::Seconds), Some(300_000));
        check("7", None, None);
        check("-1", Some(Unit::Seconds), None);
        check("-", Some(Unit::Seconds), None);
        check("1h", None, None);
        check("1m2.5s", None, Some(62_500_000));
        check("1h0m1s", None, Some(3_601_000_000));
    }

    #[test]
    fn escapes() {
        let plain = |raw: &str, escape| text(&unescape(raw.as_bytes(), escape)).into_owned();
        assert_eq!(plain(r#"a\x22b\"c\\"#, Escape::Slash), "a\"b\"c\\");
        assert_eq!(plain(r"a\u0022\n\/", Escape::Json), "a\"\n/");
        assert_eq!(plain(r"a\x22", Escape::None), r"a\x22");
        assert_eq!(plain(r"\x2", Escape::Slash), r"\x2");
    }

    #[test]
    fn hosts_and_addresses() {
        assert_eq!(host("A.example:443"), "a.example");
        assert_eq!(host("_"), "");
        assert_eq!(peer("::ffff:10.0.0.1").map(|peer| peer.to_string()).as_deref(), Some("10.0.0.1"));
        assert_eq!(peer("tcp://10.0.2.1:80").map(|peer| peer.to_string()).as_deref(), Some("10.0.2.1:80"));
        assert_eq!(peer("localhost"), None);
    }
}
