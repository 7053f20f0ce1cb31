//! Lines of `key=value` pairs (logfmt), as Heroku's router and many services write them, and of labelled values
//! between tabs (LTSV): read like JSON.

use serde_json::{Map, Value};

use crate::http1::text;

/// Pairs that make a line one of pairs, and pairs read of it.
const PAIRS_MIN: usize = 4;
const PAIRS_MAX: usize = 128;

/// The pairs of a line; words without an equals sign are left out.
pub(crate) fn pairs(line: &[u8]) -> Option<Map<String, Value>> {
    let mut pairs = Map::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() && pairs.len() < PAIRS_MAX {
        let end = rest.iter().position(|byte| matches!(byte, b'=' | b' ')).unwrap_or(rest.len());
        let key = &rest[..end];
        if rest.get(end) != Some(&b'=') {
            rest = rest[end..].trim_ascii_start();
            continue;
        }
        let (value, after) = value(&rest[end + 1..]);
        let is_key = key.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.@".contains(byte));
        if is_key && !key.is_empty() {
            pairs.insert(text(key).into_owned(), Value::String(value));
        }
        // Web application firewalls separate by commas.
        rest = after.trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
    }
    (pairs.len() >= PAIRS_MIN).then_some(pairs)
}

/// The values of a line of LTSV (ltsv.org), whose `host` is the client.
pub(crate) fn labelled(line: &[u8]) -> Option<Map<String, Value>> {
    let mut pairs = Map::new();
    for part in line.split(|byte| *byte == b'\t').take(PAIRS_MAX) {
        let (label, value) = part.split_at(memchr::memchr(b':', part)?);
        let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
        if label.is_empty() || !label.iter().all(is_label) {
            return None;
        }
        let name = match label {
            b"host" => "remote_addr".into(),
            b"req" => "request".into(),
            b"reqtime" => "request_time".into(),
            b"reqtime_microsec" => "duration_us".into(),
            _ => text(label),
        };
        pairs.insert(name.into_owned(), Value::String(text(&value[1..]).into_owned()));
    }
    (pairs.len() >= PAIRS_MIN).then_some(pairs)
}

/// A value, in quotes or up to the next space, and what follows it.
fn value(rest: &[u8]) -> (String, &[u8]) {
    if let Some(inner) = rest.strip_prefix(b"\"") {
        let mut escaped = false;
        let end = inner.iter().position(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        });
        if let Some(end) = end {
            let quoted = &rest[..end + 2];
            let plain = serde_json::from_slice(quoted).unwrap_or_else(|_| text(&inner[..end]).into_owned());
            return (plain, &inner[end + 1..]);
        }
    }
    let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    (text(&rest[..end]).into_owned(), &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::log::json;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        let call = labelled(line.as_bytes())
            .or_else(|| pairs(line.as_bytes()))
            .and_then(|pairs| json::read(&pairs, None))
            .map(|it| it.call);
        let json = call.map(|call| serde_json::to_string(&call).expect("json")).unwrap_or_default();
        assert_eq!(json, expect);
    }

    #[test]
    fn lines() {
        check(
            r#"at=info method=GET path="/a?b=\"c\"" host=a.example request_id=7 fwd="192.0.2.1" dyno=web.1 connect=1ms service=18ms status=200 bytes=13 protocol=https"#,
            r#"{"duration_us":18000,"client":"192.0.2.1","scheme":"https","method":"GET","host":"a.example","target":"/a?b=\"c\"","request":{"headers":[["x-forwarded-for","192.0.2.1"]]},"status":200,"response":{"headers":[]}}"#,
        );
        check(
            r#"time="2026-11-21T10:00:00Z" level=info msg="handled" method=GET path=/x status=404 duration=1.5ms"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":1500,"method":"GET","target":"/x","request":{"headers":[]},"status":404,"response":{"headers":[]}}"#,
        );
        check(
            "time:21/Nov/2026:18:00:00 +0800\thost:10.0.0.7\treq:GET /l?x HTTP/1.1\tstatus:200\tsize:5\tua:curl/8\tvhost:a.example\treqtime:0.25",
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":250000,"client":"10.0.0.7","protocol":"http/1.1","method":"GET","host":"a.example","target":"/l?x","request":{"headers":[["user-agent","curl/8"]]},"status":200,"response":{"headers":[],"body_size":5}}"#,
        );
        check("level=info msg=started a=1 b=2", "");
        check("x = 1; y == 2; z = 3 method=GET", "");
    }
}
