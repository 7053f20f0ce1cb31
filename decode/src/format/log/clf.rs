//! Access logs of nginx and Apache: common and combined format, with a virtual host in front, without the
//! identity field, and with further fields behind. Lines of another shape are counted.

use model::{Call, Headers, Message, Peer};

use super::draft::Dated;
use super::time;
use super::value::{self, Escape, number, unescape};
use crate::http1::text;

/// A time with its brackets is not longer.
const TIME_BYTES_MAX: usize = 48;
/// Words among which the client is looked for: what a shipper wrote may stand before it.
const CLIENT_WORDS_MAX: usize = 5;

/// Reads `[VHOST] CLIENT [IDENT] [USER] [TIME] "REQUEST" STATUS BYTES ["REFERER" "AGENT" ...]`.
pub(crate) fn parse(line: &[u8]) -> Option<Dated> {
    let (open, close, moment) = memchr::memchr_iter(b'[', line).take(8).find_map(|at| {
        let end = memchr::memchr(b']', &line[at..line.len().min(at + TIME_BYTES_MAX)])?;
        Some((at, at + end, time::moment(std::str::from_utf8(&line[at + 1..at + end]).ok()?)?))
    })?;
    let rest = line[close + 1..].trim_ascii_start();
    let (request, rest) = quoted_request(rest)?;
    let (host, request) = sole_request(request);
    let mut fields = Fields(rest);
    let status = fields.next()?;
    let mut size = fields.next()?;
    let early = Some(size.raw).filter(|_| !size.quoted).and_then(duration);
    if early.is_some() {
        // Some put the duration before the size.
        size = fields.next()?;
    }
    let mut call = Call { ts: moment.time(), status: value::status(status.raw), ..Call::default() };
    if status.raw != b"-" && call.status.is_none() {
        return None;
    }
    // Django's development server names no client, and nothing behind the size.
    let is_bare = open == 0 && fields.0.trim_ascii_start().is_empty();
    if !is_bare {
        set_ends(&mut call, &line[..open])?;
    }
    if let Some(host) = host.filter(|_| call.host.is_empty()) {
        call.host = value::host(&text(host));
    }
    let mut message = Message { headers: Headers::new(), body: None, body_size: None };
    value::set_request_line(&mut call, request, Escape::Slash);
    call.duration_us = early;
    set_agent(&mut call, &mut message.headers, &mut fields);
    set_extra(&mut call, &mut message.headers, fields);
    if !call.method.is_empty() {
        call.request = Some(message);
    }
    if call.status.is_some() {
        call.response = Some(Message { headers: Headers::new(), body: None, body_size: number(size.raw) });
    }
    Some(Dated { call, is_local: moment.east_s.is_none() })
}

/// Client and virtual host from what stands before the time.
fn set_ends(call: &mut Call, prefix: &[u8]) -> Option<()> {
    // Quotes around a client, and a list of proxies in its place, whose first is the client.
    let plain = prefix.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b','));
    let words: Vec<&[u8]> = plain.filter(|word| !word.is_empty()).collect();
    let peer = |word: &[u8]| -> Option<Peer> { value::peer(std::str::from_utf8(word).ok()?) };
    let first = words.first()?;
    call.client = peer(first);
    if call.client.is_none() {
        let client =
            words.iter().take(CLIENT_WORDS_MAX).enumerate().find_map(|(at, word)| Some((at, peer(word)?)));
        if let Some((at, client)) = client {
            call.client = Some(client);
            if at == 1 && is_vhost(first) {
                call.host = value::host(&text(first));
            }
        } else if !(2..=4).contains(&words.len()) || !words[1..].contains(&&b"-"[..]) {
            // With host names looked up, the client is a name: then only the usual fields are believed.
            return None;
        }
    } else if words.len() == 3 && is_host_name(words[1]) {
        // lighttpd writes the virtual host where others write the identity.
        call.host = value::host(&text(words[1]));
    }
    Some(())
}

/// A virtual host, perhaps with a port, and no time or tag of a shipper.
fn is_vhost(word: &[u8]) -> bool {
    let (name, port) = word.split_at(memchr::memchr(b':', word).unwrap_or(word.len()));
    name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        && name.iter().any(u8::is_ascii_alphabetic)
        && port.iter().skip(1).all(u8::is_ascii_digit)
}

/// A name with a dot and letters at the end.
pub(super) fn is_host_name(word: &[u8]) -> bool {
    let name = word.split(|byte| *byte == b':').next().unwrap_or_default();
    let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    name.contains(&b'.') && last.len() > 1 && last.iter().all(u8::is_ascii_alphabetic)
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

/// The request line where it is one of several quoted fields in a row, and the virtual host before it.
fn sole_request(run: &[u8]) -> (Option<&[u8]>, &[u8]) {
    const BETWEEN: &[u8] = b"\" \"";
    let (mut from, mut before) = (0, None::<&[u8]>);
    if value::is_request_line(run) {
        return (None, run);
    }
    for end in memchr::memmem::find_iter(run, BETWEEN).chain([run.len()]) {
        let field = run.get(from..end).unwrap_or_default();
        if value::is_request_line(field) {
            return (before.filter(|host| is_host_name(host)), field);
        }
        (from, before) = (end + BETWEEN.len(), Some(field));
    }
    (None, run)
}

/// Referer and user agent, directly behind the size or behind durations and sizes.
pub(super) fn set_agent(call: &mut Call, headers: &mut Headers, fields: &mut Fields<'_>) {
    let (mut ahead, mut is_behind) = (Fields(fields.0), false);
    loop {
        let rest = ahead.0;
        match ahead.next() {
            Some(field) if field.quoted => {
                ahead.0 = rest;
                let is_referer =
                    matches!(field.raw, b"-" | b"") || memchr::memmem::find(field.raw, b"://").is_some();
                if is_behind && !is_referer {
                    return;
                }
                break;
            }
            Some(Field { raw: [b'0'..=b'9' | b'-', ..], .. }) => is_behind = true,
            _ => return,
        }
    }
    for field in Fields(&fields.0[..fields.0.len() - ahead.0.len()]) {
        call.duration_us = call.duration_us.or_else(|| duration(field.raw));
    }
    for (name, field) in
        ["referer", "user-agent"].into_iter().zip(ahead.by_ref().take_while(|field| field.quoted))
    {
        if field.raw != b"-" {
            headers.push(name, &text(&unescape(field.raw, Escape::Slash)));
        }
    }
    *fields = ahead;
}

/// Fields after the usual ones whose meaning shows: nginx's forwarded addresses and times (seconds with
/// three decimals), and Traefik's duration (`12ms`).
pub(super) fn set_extra(call: &mut Call, headers: &mut Headers, fields: Fields<'_>) {
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

pub(super) fn duration(value: &[u8]) -> Option<u64> {
    if let Some(millis) = value.strip_suffix(b"ms") {
        return number::<u64>(millis)?.checked_mul(1_000);
    }
    let (seconds, millis) = (value.get(..value.len().checked_sub(4)?)?, &value[value.len() - 4..]);
    let millis = millis.strip_prefix(b".")?;
    number::<u64>(seconds)?.checked_mul(1_000_000)?.checked_add(number::<u64>(millis)? * 1_000)
}

/// A field behind the request: in quotes or bare.
pub(super) struct Field<'a> {
    pub(super) raw: &'a [u8],
    pub(super) quoted: bool,
}

pub(super) struct Fields<'a>(pub(super) &'a [u8]);

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
        let end = quoted_end(&rest[1..]).map_or(rest.len(), |end| end + 1);
        self.0 = rest.get(end + 1..).unwrap_or_default();
        Some(Field { raw: &rest[1..end], quoted })
    }
}

/// Where a quoted field ends. Quotes inside it that are not escaped are survived where they come in pairs.
fn quoted_end(inner: &[u8]) -> Option<usize> {
    let (mut escaped, mut nested, mut first, mut any) = (false, false, None, None);
    for (at, byte) in inner.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' if inner.get(at + 1).is_some_and(|next| !next.is_ascii_whitespace() && *next != b',') => {
                any = any.or(Some(at));
                nested = !nested;
            }
            b'"' if nested => {
                first = first.or(Some(at));
                nested = false;
            }
            b'"' => return Some(at),
            _ => {}
        }
    }
    first.or(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        let call = parse(line.as_bytes()).map(|it| it.call).map(|call| {
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
        check(
            &format!("\"192.0.2.1, 10.0.0.9\" - - {TIME} \"GET /list HTTP/1.1\" 200 5"),
            "192.0.2.1||GET|/list|200|5|-|-|-|-",
        );
        check(
            &format!(
                "\"10.0.0.7\" - - {TIME} \"a.example\" \"GET /x HTTP/1.1\" \"{{}}\" 200 5 0.003 \"-\" \"a \"b\" c\" \"d\""
            ),
            "10.0.0.7|a.example|GET|/x|200|5|-|a \"b\" c|-|3000",
        );
        check(
            &format!(
                "2026-11-21T10:00:00.1Z web nginx 10.0.0.7 - - {TIME} \"GET /x HTTP/1.1\" 200 0.004 12 \"-\" \"c\""
            ),
            "10.0.0.7||GET|/x|200|12|-|c|-|4000",
        );
        check(
            &format!("[pod/web/nginx] 10.0.0.7 - - {TIME} \"CONNECT a.example:443 HTTP/1.1\" 200 5"),
            "10.0.0.7|a.example|CONNECT|a.example:443|200|5|-|-|-|-",
        );
        check(
            &format!("10.0.0.7 a.example - {TIME} \"GET /lighttpd HTTP/1.1\" 200 5"),
            "10.0.0.7|a.example|GET|/lighttpd|200|5|-|-|-|-",
        );
        check(
            "10.0.0.7 - - [21/Nov/2026 10:00:00] \"GET /werkzeug HTTP/1.1\" 200 -",
            "10.0.0.7||GET|/werkzeug|200|-|-|-|-|-",
        );
        check("[21/Nov/2026 10:00:00] \"GET /django HTTP/1.1\" 200 7", "-||GET|/django|200|7|-|-|-|-");
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
