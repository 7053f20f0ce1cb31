//! The call as it may be kept: sensitive values, credentials and cookies masked, bodies cut to what is stored.

use std::borrow::Cow;

use model::limits::LOGGED_BODY_BYTES_MAX;
use model::{Anomaly, Call, Headers, Message, Place, Secret, Side};

use crate::auth::KEY_HEADERS;
use crate::body::{cookies, text_of};
use crate::scan::Redaction;

/// A copy of `call` in which every redaction is carried out and no credential can be read.
#[must_use]
pub fn redact(call: &Call, redactions: &[Redaction]) -> Call {
    let of = |side: Side, place: Place| -> Vec<&Redaction> {
        redactions.iter().filter(|redaction| redaction.side == side && redaction.place == place).collect()
    };
    let mut target = of(Side::Request, Place::Path);
    target.extend(of(Side::Request, Place::Query));
    let mut kept = Call {
        target: replace(&call.target, &target, Escape::None),
        request: call.request.as_ref().map(|message| message_of(message, Side::Request, redactions)),
        response: call.response.as_ref().map(|message| message_of(message, Side::Response, redactions)),
        messages: Vec::new(),
        ..call.clone()
    };
    let mut truncated = false;
    for message in [&mut kept.request, &mut kept.response].into_iter().flatten() {
        truncated |= cut(message);
    }
    if truncated && !kept.anomalies.contains(&Anomaly::BODY_TRUNCATED) {
        kept.anomalies.push(Anomaly::BODY_TRUNCATED);
    }
    kept
}

fn cut(message: &mut Message) -> bool {
    let Some(body) = &mut message.body else { return false };
    if body.len() <= LOGGED_BODY_BYTES_MAX {
        return false;
    }
    let mut end = LOGGED_BODY_BYTES_MAX;
    while body[end] & 0xc0 == 0x80 && end > LOGGED_BODY_BYTES_MAX - 4 {
        end -= 1;
    }
    body.truncate(end);
    true
}

fn message_of(message: &Message, side: Side, redactions: &[Redaction]) -> Message {
    let mine = |place: Place| redactions.iter().filter(move |r| r.side == side && r.place == place);
    let headers: Headers = message
        .headers
        .iter()
        .map(|(name, value)| {
            let found: Vec<&Redaction> =
                mine(Place::Header).filter(|redaction| redaction.name == name).collect();
            (name, header_value(name, value, &found))
        })
        .collect();
    let content_type = message.headers.get("content-type").unwrap_or_default();
    let found: Vec<&Redaction> = mine(Place::Body).collect();
    let body = message.body.as_ref().map(|body| match text_of(body, content_type) {
        Some(text) if !found.is_empty() => {
            let escape = if text.trim_start().starts_with(['{', '[']) { Escape::Json } else { Escape::None };
            replace(&text, &found, escape).into_bytes()
        }
        Some(Cow::Owned(text)) => text.into_bytes(),
        Some(Cow::Borrowed(_)) => body.clone(),
        // Nobody has looked for what is sensitive in bytes that are no text.
        None => format!("[{} bytes that are no text]", body.len()).into_bytes(),
    });
    Message { headers, body, body_size: message.body_size }
}

/// Credentials are masked whatever they hold; other fields where something was found.
fn header_value(name: &str, value: &str, found: &[&Redaction]) -> String {
    match name {
        "authorization" | "proxy-authorization" => match value.split_once(' ') {
            Some((scheme, secret)) => format!("{scheme} {}", Secret::new(secret).mask(6, 0)),
            None => Secret::new(value).mask(6, 0),
        },
        "cookie" => {
            let masked: Vec<String> = cookies(value)
                .map(|(name, value, _)| format!("{name}={}", Secret::new(value).mask(4, 0)))
                .collect();
            masked.join("; ")
        }
        "set-cookie" => {
            let (pair, attributes) = value.split_once(';').unwrap_or((value, ""));
            let (name, secret) = pair.split_once('=').unwrap_or((pair, ""));
            let separator = if attributes.is_empty() { "" } else { ";" };
            format!("{name}={}{separator}{attributes}", Secret::new(secret).mask(4, 0))
        }
        _ if KEY_HEADERS.contains(&name) => Secret::new(value).mask(4, 0),
        _ => replace(value, found, Escape::None),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Escape {
    None,
    /// The mask stands inside a JSON string or in place of a number.
    Json,
}

fn replace(text: &str, redactions: &[&Redaction], escape: Escape) -> String {
    let mut spans: Vec<(usize, usize, &str)> = redactions
        .iter()
        .map(|redaction| {
            (redaction.span.start as usize, redaction.span.end as usize, redaction.mask.as_str())
        })
        .collect();
    spans.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end, mask) in spans {
        // Overlapping or foreign spans cannot be placed; what they cover is already gone or not there.
        if start < at
            || end < start
            || !text.is_char_boundary(start)
            || !text.is_char_boundary(end.min(text.len()))
        {
            continue;
        }
        let end = end.min(text.len());
        out.push_str(&text[at..start]);
        match escape {
            Escape::None => out.push_str(mask),
            Escape::Json => push_json(&mut out, text, start..end, mask),
        }
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

/// Keeps JSON valid: escapes the mask, and quotes it where a bare number stood.
fn push_json(out: &mut String, text: &str, span: std::ops::Range<usize>, mask: &str) {
    let before = text[..span.start].trim_end().bytes().last();
    let after = text[span.end..].trim_start().bytes().next();
    let bare = matches!(before, Some(b':' | b'[' | b','))
        && matches!(after, Some(b',' | b'}' | b']') | None)
        && text[span.clone()]
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'+' | b'e' | b'E'));
    let escaped = mask.replace(['\\', '"'], "*");
    if bare {
        out.push('"');
    }
    out.extend(escaped.chars().map(|c| if c.is_control() { '*' } else { c }));
    if bare {
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redaction(place: Place, span: std::ops::Range<u32>, mask: &str) -> Redaction {
        Redaction { side: Side::Request, place, name: String::new(), span, mask: mask.into() }
    }

    #[test]
    fn bodies_stay_valid_json() {
        let body = r#"{"m":13800138000,"n":"a\"b","k":1}"#;
        let request = Message { body: Some(body.as_bytes().to_vec()), ..Message::default() };
        let call = Call { request: Some(request), ..Call::default() };
        let kept = redact(
            &call,
            &[redaction(Place::Body, 5..16, "138****8000"), redaction(Place::Body, 22..26, "a\"*")],
        );
        let text = String::from_utf8(kept.request.expect("kept").body.expect("kept")).expect("text");
        assert_eq!(text, r#"{"m":"138****8000","n":"a**","k":1}"#);
    }

    #[test]
    fn credentials_never_stay() {
        let headers: Headers = [
            ("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.abcdef"),
            ("Cookie", "a=1; SESSION=0123456789abcdef"),
            ("X-Api-Key", "0123456789abcdef"),
        ]
        .into_iter()
        .collect();
        let call = Call { request: Some(Message { headers, ..Message::default() }), ..Call::default() };
        let kept = redact(&call, &[]);
        let text = format!("{:?}", kept.request.expect("kept").headers);
        for secret in ["abcdef", "89abc", "9.a"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(text.contains("Bearer eyJhbG*"));
    }

    #[test]
    fn what_was_not_read_is_not_kept() {
        let request = Message { body: Some(vec![0, 1, 2, 3, 4, 5]), ..Message::default() };
        let kept = redact(&Call { request: Some(request), ..Call::default() }, &[]);
        assert_eq!(kept.request.expect("kept").body(), b"[6 bytes that are no text]");
    }

    #[test]
    fn targets_and_strange_spans() {
        let call = Call { target: "/u/13800138000?k=v".into(), ..Call::default() };
        let spans = [
            redaction(Place::Path, 3..14, "138****8000"),
            redaction(Place::Query, 90..99, "x"),
            redaction(Place::Path, 5..7, "x"),
        ];
        assert_eq!(redact(&call, &spans).target, "/u/138****8000?k=v");
    }
}
