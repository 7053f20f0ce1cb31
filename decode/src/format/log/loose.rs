//! Text lines of no known layout that still say everything: a whole request line in quotes with a status beside
//! it, a time, and an address. What else stands in the line is taken only where its meaning shows.

use model::{Call, Headers, Message, Peer};

use super::clf::{self, Field, Fields};
use super::draft::Dated;
use super::time::{self, Moment};
use super::value::{self, Escape, unescape};
use crate::http1::text;

/// Quotes tried as the start of the request line.
const QUOTES_MAX: usize = 32;
/// Words looked at on either side of it.
const WORDS_MAX: usize = 16;

/// Reads a line, whatever its order.
pub(crate) fn read(line: &[u8]) -> Option<Dated> {
    let (open, close) = request(line)?;
    let (before, after) = (&line[..open], &line[close + 1..]);
    // In a pair it is told of by somebody else, such as an error log.
    if matches!(before.trim_ascii_end().last(), Some(b':' | b'=')) {
        return None;
    }
    let words: Vec<&str> = words(before).collect();
    let moment = moment(&words)?;
    let fields: Vec<Field<'_>> =
        Fields(after).filter(|field| !matches!(field.raw, b"|" | b",")).take(WORDS_MAX).collect();
    let code = |raw: &[u8]| value::status(raw).filter(|status| *status < 600);
    // Before the request, directly behind it, or behind one field more.
    let at = |at: usize| code(fields.get(at)?.raw).map(|status| (status, at + 1));
    let before_it = || Some((code(words.last()?.as_bytes())?, 0));
    let (status, used) = at(0).or_else(before_it).or_else(|| at(1))?;
    let peers = words.iter().filter_map(|word| value::peer(word));
    let client: Peer = peers.chain(self::words(after).filter_map(value::peer)).next()?;
    let mut call = Call { ts: moment.time(), status: Some(status), client: Some(client), ..Call::default() };
    value::set_request_line(&mut call, &line[open + 1..close], Escape::Slash);
    if let Some(host) = words.last().filter(|word| call.host.is_empty() && clf::is_host_name(word.as_bytes()))
    {
        call.host = value::host(host);
    }
    let mut headers = Headers::new();
    let rest = fields.get(used..).unwrap_or_default();
    let size = set_usual(&mut headers, rest);
    for field in rest {
        if field.quoted {
            set_header(&mut headers, &text(&unescape(field.raw, Escape::Slash)));
        } else {
            call.duration_us = call.duration_us.or_else(|| clf::duration(field.raw));
        }
    }
    call.request = Some(Message { headers, body: None, body_size: None });
    call.response = Some(Message { headers: Headers::new(), body: None, body_size: size });
    Some(Dated { call, is_local: moment.east_s.is_none() })
}

/// The places of the quotes around the request line.
fn request(line: &[u8]) -> Option<(usize, usize)> {
    memchr::memchr_iter(b'"', line).take(QUOTES_MAX).find_map(|open| {
        let inner = &line[open + 1..];
        let mut from = 0;
        let end = loop {
            let at = from + memchr::memchr2(b'"', b'\\', inner.get(from..)?)?;
            match inner[at] {
                b'"' => break at,
                _ => from = at + 2,
            }
        };
        value::is_request_line(&inner[..end]).then_some((open, open + 1 + end))
    })
}

/// Words, without what separates and surrounds them.
fn words(part: &[u8]) -> impl Iterator<Item = &str> {
    let plain =
        part.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'|' | b',' | b'[' | b']'));
    plain.filter(|word| !word.is_empty()).take(WORDS_MAX).filter_map(|word| std::str::from_utf8(word).ok())
}

/// A date and a time of day before numbers that may count from the epoch.
fn moment(words: &[&str]) -> Option<Moment> {
    let pairs = words.windows(2).filter(|pair| pair[0].contains(['-', '/'])).map(|pair| pair.join(" "));
    let dated = words.iter().filter(|word| word.contains(':')).find_map(|word| time::moment(word));
    let is_epoch = |word: &&&str| matches!(word.find('.').unwrap_or(word.len()), 10 | 13);
    pairs
        .filter_map(|pair| time::moment(&pair))
        .next()
        .or(dated)
        .or_else(|| words.iter().filter(is_epoch).find_map(|word| time::moment(word)))
}

/// Size, referer and user agent where they stand as in the combined format; numbers may stand between.
fn set_usual(headers: &mut Headers, fields: &[Field<'_>]) -> Option<u64> {
    let start = fields.iter().position(|field| field.quoted)?;
    let [referer, agent, ..] = &fields[start..] else { return None };
    let is_number = |field: &Field<'_>| matches!(field.raw, [b'0'..=b'9' | b'-', ..]);
    let is_referer = matches!(referer.raw, b"-" | b"") || memchr::memmem::find(referer.raw, b"://").is_some();
    if !agent.quoted || !is_referer || !fields[..start].iter().all(is_number) {
        return None;
    }
    for (name, field) in [("referer", referer), ("user-agent", agent)] {
        if field.raw != b"-" {
            headers.push(name, &text(&unescape(field.raw, Escape::Slash)));
        }
    }
    if start == 1 { value::number(fields[0].raw) } else { None }
}

/// A field that can only be a referer, a user agent or a list of addresses.
fn set_header(headers: &mut Headers, value: &str) {
    let product = value.split_once('/');
    let is_product = |(name, version): (&str, &str)| {
        name.starts_with(|char: char| char.is_ascii_alphabetic())
            && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.'))
            && version.starts_with(|char: char| char.is_ascii_digit())
    };
    let name = match () {
        () if value.starts_with("http://") || value.starts_with("https://") => "referer",
        () if product.is_some_and(is_product) => "user-agent",
        () if value.split(',').all(|part| part.trim().parse::<std::net::IpAddr>().is_ok()) => {
            "x-forwarded-for"
        }
        () => return,
    };
    if headers.get(name).is_none() {
        headers.push(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        let call = read(line.as_bytes()).map(|it| it.call);
        let json = call.map(|call| serde_json::to_string(&call).expect("json")).unwrap_or_default();
        assert_eq!(json, expect, "{line}");
    }

    #[test]
    fn any_order() {
        let call = |host: &str, rest: &str| {
            format!(
                r#"{{"ts":"2026-11-21T10:00:00.000000Z",{rest}"client":"10.0.0.7","protocol":"http/1.1","method":"GET",{host}"target":"/a","request":{{"headers":[["user-agent","curl/8"]]}},"status":200,"response":{{"headers":[]}}}}"#
            )
        };
        check(
            r#"10.0.0.7 [21/Nov/2026:18:00:00 +0800] a.example "GET /a HTTP/1.1" 200 12 "-" "curl/8""#,
            &call(r#""host":"a.example","#, "").replace(r#"[]}}"#, r#"[],"body_size":12}}"#),
        );
        check(
            r#"[21/Nov/2026:18:00:00 +0800] 10.0.0.7 "GET /a HTTP/1.1" "{\x22a\x22:1}" 200 0.003 "curl/8""#,
            &call("", r#""duration_us":3000,"#),
        );
        check(
            r#"10.0.0.7 | 2026-11-21T10:00:00Z | "GET /a HTTP/1.1" | 200 | 12 | "-" | "curl/8""#,
            &call("", "").replace(r#"[]}}"#, r#"[],"body_size":12}}"#),
        );
        check(r#"1795255200.000 7f lb 10.0.0.7 200 "GET /a HTTP/1.1" 14 251 "curl/8""#, &call("", ""));
    }

    #[test]
    fn other_lines() {
        check(
            r#"2026/11/21 10:00:00 [error] 31#31: *46 x, client: 10.0.0.7, request: "GET / HTTP/1.1", host: "a.example""#,
            "",
        );
        check(r#"10.0.0.7 [21/Nov/2026:18:00:00 +0800] "GET /a HTTP/1.1" forwarded"#, "");
        check(r#"a "GET /a HTTP/1.1" 200"#, "");
        check(r#"10.0.0.7 21/Nov/2026:18:00:00 "GET /a"#, "");
    }
}
