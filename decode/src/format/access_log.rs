//! Access logs of nginx and Apache: common and combined format, with a virtual host in front, without the
//! identity field, and with further fields behind. Lines of another shape are counted.

use model::{Anomaly, Call, Headers, Message, Peer, Timestamp, limits};

use crate::http1::{normal_host, target_text, text};
use crate::out::Out;

/// Reads the lines of one log.
#[derive(Debug, Default)]
pub(crate) struct AccessLog {
    calls: u64,
}

/// True when the line is an access line.
pub(crate) fn is_access_line(line: &[u8]) -> bool {
    parse(line).is_some()
}

impl AccessLog {
    /// Takes one line; `None` for one that is too long.
    pub(crate) fn line(&mut self, number: u64, line: Option<&[u8]>, out: &mut Out) {
        out.stats.lines += 1;
        let line = line.map(<[u8]>::trim_ascii);
        if line.is_some_and(<[u8]>::is_empty) {
            out.stats.empty_lines += 1;
            return;
        }
        let Some(mut call) = line.filter(|line| line.len() < limits::HEADER_BYTES_MAX).and_then(parse) else {
            out.stats.malformed_lines += 1;
            out.problems.report("not an access log line", number);
            return;
        };
        call.source = out.source.clone();
        call.id = crate::id::call_id(&out.source, call.ts, b"line", number);
        self.calls += 1;
        out.order.advance(call.ts.0);
        let ticket = out.order.open(call.ts.0);
        out.close(ticket, call);
    }
}

/// Reads `[VHOST] CLIENT [IDENT] [USER] [TIME] "REQUEST" STATUS BYTES ["REFERER" "AGENT" ...]`.
fn parse(line: &[u8]) -> Option<Call> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let (open, ts) = memchr::memchr_iter(b'[', line)
        .take(8)
        .find_map(|at| Some((at, time(line.get(at + 1..at + 27)?)?)))?;
    let rest = line[open + 27..].strip_prefix(b"]")?.trim_ascii_start();
    let (request, rest) = quoted_request(rest)?;
    let mut fields = Fields(rest);
    let status = fields.next()?;
    let size = fields.next()?;
    let mut call = Call {
        ts,
        status: number(status.raw).filter(|status| (100..1_000).contains(status)),
        ..Call::default()
    };
    if status.raw != b"-" && call.status.is_none() {
        return None;
    }
    set_ends(&mut call, &line[..open])?;
    let mut message = Message { headers: Headers::new(), body: None, body_size: None };
    set_request(&mut call, request);
    for (name, field) in
        ["referer", "user-agent"].into_iter().zip(fields.by_ref().take_while(|field| field.quoted))
    {
        if field.raw != b"-" {
            message.headers.push(name, &unescape(field.raw));
        }
    }
    set_extra(&mut call, &mut message.headers, fields);
    if !call.method.is_empty() {
        call.request = Some(message);
    }
    if call.status.is_some() {
        call.response = Some(Message { headers: Headers::new(), body: None, body_size: number(size.raw) });
    }
    Some(call)
}

/// Client and virtual host from what stands before the time.
fn set_ends(call: &mut Call, prefix: &[u8]) -> Option<()> {
    let words: Vec<&[u8]> = prefix.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let peer = |word: &[u8]| std::str::from_utf8(word).ok()?.parse::<Peer>().ok();
    let first = words.first()?;
    call.client = peer(first);
    if call.client.is_none() {
        call.client = words.get(1).and_then(|word| peer(word));
        if call.client.is_some() {
            call.host = virtual_host(&text(first));
        } else if words.len() > 4 || words.len() < 2 {
            // With host names looked up, the client is a name: then only the usual number of fields is believed.
            return None;
        }
    }
    Some(())
}

/// Ports that a URL does not show are left out, as in the Host field.
fn virtual_host(name: &str) -> String {
    let name = normal_host(name);
    name.strip_suffix(":80").or(name.strip_suffix(":443")).map_or(name.clone(), str::to_owned)
}

/// The request line in quotes, and what follows it. Quotes that are not escaped inside it are survived: the
/// last quote before a status is the end.
fn quoted_request(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = rest.strip_prefix(b"\"")?;
    let mut escaped = false;
    for (at, byte) in inner.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                if let Some([b' ', a, b, c, ..]) = inner.get(at + 1..)
                    && ([*a, *b, *c].iter().all(u8::is_ascii_digit) || (*a == b'-' && *b == b' '))
                {
                    return Some((&inner[..at], &inner[at + 2..]));
                }
            }
            _ => {}
        }
    }
    None
}

fn set_request(call: &mut Call, request: &[u8]) {
    if request == b"-" || request.is_empty() {
        return;
    }
    let method_end = memchr::memchr(b' ', request).unwrap_or(0);
    let (target, version) = match memchr::memmem::rfind(request, b" HTTP/") {
        Some(at) if at > method_end => (&request[method_end + 1..at], &request[at + 6..]),
        _ => (request.get(method_end + 1..).unwrap_or_default(), &b""[..]),
    };
    let method = &request[..method_end];
    let is_method = !method.is_empty()
        && method.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'));
    let is_target = target.starts_with(b"/") || !version.is_empty();
    if !is_method || !is_target || target.is_empty() {
        call.target = text(request).into_owned();
        call.anomalies.push(Anomaly::BAD_HEAD);
        return;
    }
    call.method = text(method).into_owned();
    call.protocol = match version {
        b"1.0" => "http/1.0",
        b"1.1" => "http/1.1",
        b"2" | b"2.0" => "http/2",
        b"3" | b"3.0" => "http/3",
        _ => "",
    }
    .into();
    let target = target_text(&unescape_bytes(target));
    let absolute =
        target.split_once("://").filter(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphabetic()));
    if let Some((_, rest)) = absolute {
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        call.host = normal_host(authority);
        call.target = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        return;
    }
    call.target = target;
}

/// Fields after the usual ones whose meaning shows: nginx's forwarded addresses and times (seconds with
/// three decimals), and Traefik's duration (`12ms`).
fn set_extra(call: &mut Call, headers: &mut Headers, fields: Fields<'_>) {
    for field in fields.take(64) {
        let value =
            field.raw.strip_prefix(b"rt=").or(field.raw.strip_prefix(b"request_time=")).unwrap_or(field.raw);
        if field.quoted {
            let list = text(field.raw);
            let is_list = list.split(',').all(|part| part.trim().parse::<std::net::IpAddr>().is_ok());
            if is_list && headers.get("x-forwarded-for").is_none() {
                headers.push("x-forwarded-for", &list);
            }
        } else if call.duration_us.is_none() {
            call.duration_us = duration(value);
        }
    }
}

fn duration(value: &[u8]) -> Option<u64> {
    if let Some(millis) = value.strip_suffix(b"ms") {
        return number::<u64>(millis)?.checked_mul(1_000);
    }
    let (seconds, millis) = (value.get(..value.len().checked_sub(4)?)?, &value[value.len() - 4..]);
    let millis = millis.strip_prefix(b".")?;
    number::<u64>(seconds)?.checked_mul(1_000_000)?.checked_add(number::<u64>(millis)? * 1_000)
}

/// A field behind the request: in quotes or bare.
struct Field<'a> {
    raw: &'a [u8],
    quoted: bool,
}

struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let rest = self.0.trim_ascii_start();
        let quoted = rest.first()? == &b'"';
        if !quoted {
            let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            self.0 = &rest[end..];
            return Some(Field { raw: &rest[..end], quoted });
        }
        let mut escaped = false;
        let end = rest[1..].iter().position(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        });
        let end = end.map_or(rest.len(), |end| end + 1);
        self.0 = rest.get(end + 1..).unwrap_or_default();
        Some(Field { raw: &rest[1..end], quoted })
    }
}

/// Undoes the escaping of nginx (`\x22`) and Apache (`\"`, `\\`).
fn unescape_bytes(raw: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let hex = |at: usize| raw.get(at).and_then(|byte| (*byte as char).to_digit(16));
        let (byte, used) = match (raw[at], raw.get(at + 1)) {
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
    plain
}

fn unescape(raw: &[u8]) -> String {
    text(&unescape_bytes(raw)).into_owned()
}

fn number<T: std::str::FromStr>(raw: &[u8]) -> Option<T> {
    let digits = std::str::from_utf8(raw).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// `21/Nov/2026:10:00:00 +0000`: 26 bytes.
fn time(raw: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(raw).ok()?;
    let time = chrono::DateTime::parse_from_str(text, "%d/%b/%Y:%H:%M:%S %z").ok()?;
    Some(Timestamp::from_parts(time.timestamp(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        let call = parse(line.as_bytes()).map(|call| {
            let request = call.request.as_ref();
            let header =
                |name| request.and_then(|request| request.headers.get(name)).unwrap_or("-").to_owned();
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            [
                or_dash(call.client.map(|client| client.to_string())),
                call.host.clone(),
                call.method.clone(),
                call.target.clone(),
                or_dash(call.status.map(|status| status.to_string())),
                or_dash(
                    call.response
                        .as_ref()
                        .and_then(|response| response.body_size)
                        .map(|size| size.to_string()),
                ),
                header("referer"),
                header("user-agent"),
                header("x-forwarded-for"),
                or_dash(call.duration_us.map(|us| us.to_string())),
            ]
            .join("|")
        });
        assert_eq!(call.unwrap_or_default(), expect, "{line}");
    }

    const TIME: &str = "[21/Nov/2026:18:00:00 +0800]";

    #[test]
    fn variants() {
        check(
            &format!("10.0.0.7 - - {TIME} \"GET /a?b HTTP/1.1\" 200 5"),
            "10.0.0.7||GET|/a?b|200|5|-|-|-|-",
        );
        check(
            &format!(
                "A.example:443 ::1 - lin yue {TIME} \"GET / HTTP/2.0\" 304 - \"http://b/\" \"x \\\"y\\\"\" \"10.1.1.1, 10.2.2.2\" 0.123"
            ),
            "::1|a.example|GET|/|304|-|http://b/|x \"y\"|10.1.1.1, 10.2.2.2|123000",
        );
        check(
            &format!("10.0.0.7 - {TIME} \"GET /a HTTP/1.1\" 200 5 \"-\" \"-\""),
            "10.0.0.7||GET|/a|200|5|-|-|-|-",
        );
        check(&format!("10.0.0.7 - - {TIME} \"-\" 408 -"), "10.0.0.7||||408|-|-|-|-|-");
        check(
            &format!("10.0.0.7 - - {TIME} \"GET /q\\x22\\xE4\\xB8\\xAD HTTP/1.1\" 200 5"),
            "10.0.0.7||GET|/q\"\u{4e2d}|200|5|-|-|-|-",
        );
        check(
            &format!("10.0.0.7 - - {TIME} \"GET /\"x\" HTTP/1.1\" 400 5"),
            "10.0.0.7||GET|/\"x\"|400|5|-|-|-|-",
        );
        check(
            &format!("10.0.0.7 - - {TIME} \"\\x16\\x03 x\" 400 0"),
            "10.0.0.7|||\\x16\\x03 x|400|0|-|-|-|-",
        );
        check(
            &format!(
                "10.0.0.7 - - {TIME} \"GET http://B.example/p HTTP/1.1\" - - \"-\" \"-\" 5 \"r\" \"s\" 7ms"
            ),
            "10.0.0.7|b.example|GET|/p|-|-|-|-|-|7000",
        );
        check(&format!("host.example - - {TIME} \"GET / HTTP/1.0\" 200 1"), "-||GET|/|200|1|-|-|-|-");
    }

    #[test]
    fn other_lines() {
        check("", "");
        check(
            "2021/12/01 13:53:33 [error] 31#31: *46 x, client: 172.17.0.1, request: \"GET / HTTP/1.1\"",
            "",
        );
        check("10.0.0.7 - - [32/Nov/2026:18:00:00 +0800] \"GET / HTTP/1.1\" 200 5", "");
        check(&format!("10.0.0.7 - - {TIME} \"GET / HTTP/1.1"), "");
        check("10.0.0.7 - - [21/Nov/2026:18:00:00 +0800", "");
        check(&format!("10.0.0.7 - - {TIME} GET / 200 5"), "");
    }
}
