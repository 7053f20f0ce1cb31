//! Documents inside a value: JSON, form data, base64 of JSON. Their scalars are scanned under their own keys and
//! reported with spans inside the value. Reads leniently and never fails: what is no document is scanned as text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::{Engine, scan_nested};
use crate::{Match, Prior};

/// Base64 shorter than this holds no document worth the effort.
const BASE64_BYTES_MIN: usize = 16;
/// Longer ones are files.
const BASE64_BYTES_MAX: usize = 64 << 10;

/// Scans a document inside `value`; false when it is none.
pub(super) fn scan(engine: &Engine, value: &str, depth: u8, out: &mut Vec<Match>) -> bool {
    let trimmed = value.trim();
    match trimmed.as_bytes().first() {
        Some(b'{') if trimmed.ends_with('}') && trimmed.contains('"') => json(engine, value, depth, out),
        Some(b'[') if trimmed.ends_with(']') && trimmed.contains('"') => json(engine, value, depth, out),
        Some(b'e' | b'W') if base64(engine, trimmed, value, depth, out) => {}
        _ if is_form(trimmed) => form(engine, value, depth, out),
        _ => return false,
    }
    true
}

/// Bytes of a key inside a nested document that are looked at.
const KEY_BYTES_MAX: usize = 256;

/// Walks strings and numbers by position; structure is only followed as far as keys need it.
fn json(engine: &Engine, text: &str, depth: u8, out: &mut Vec<Match>) {
    let bytes = text.as_bytes();
    let (mut at, mut key, mut parents) = (0, String::new(), Vec::<String>::new());
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' if parents.len() < model::limits::BODY_DEPTH_MAX => {
                parents.push(if bytes[at] == b'{' { std::mem::take(&mut key) } else { key.clone() });
                at += 1;
            }
            b'}' | b']' => {
                key = parents.pop().unwrap_or_default();
                at += 1;
            }
            b'"' => {
                let end = string_end(bytes, at + 1);
                let after = text[end..].trim_start_matches(['"', ' ', '\n', '\r', '\t']);
                let raw = &text[at + 1..end];
                if after.starts_with(':') {
                    // A longer key names nothing; copying it for every level would cost without end.
                    key = if raw.len() <= KEY_BYTES_MAX { unescape(raw) } else { String::new() };
                } else {
                    let prior = engine.lexicon.prior(&key, parents.last().map_or("", String::as_str));
                    inner(engine, prior, (raw, &unescape(raw), at + 1), depth, out);
                }
                at = (end + 1).min(bytes.len());
            }
            b'0'..=b'9' | b'-' => {
                let end = bytes[at..]
                    .iter()
                    .position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'.' | b'+' | b'e' | b'E'))
                    .map_or(bytes.len(), |len| at + len);
                let prior = engine.lexicon.prior(&key, parents.last().map_or("", String::as_str));
                let raw = &text[at..end];
                inner(engine, prior, (raw, raw, at), depth, out);
                at = end;
            }
            _ => at += 1,
        }
    }
}

/// The position of the closing quote, or the end.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// RFC 8259 §7; what cannot be read stays as it is.
fn unescape(raw: &str) -> String {
    if !raw.contains('\\') {
        return raw.to_owned();
    }
    let mut text = String::with_capacity(raw.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let unit = rest.strip_prefix("\\u").and_then(|hex| u16::from_str_radix(hex.get(..4)?, 16).ok());
        if let Some(unit) = unit {
            units.push(unit);
            rest = &rest[6..];
            continue;
        }
        text.extend(char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or('\u{fffd}')));
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            text.push(c);
            continue;
        }
        let Some(escaped) = rest.chars().next() else { break };
        rest = &rest[escaped.len_utf8()..];
        text.push(match escaped {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' | 'f' => ' ',
            other => other,
        });
    }
    text.extend(char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or('\u{fffd}')));
    text
}

/// Scans one inner scalar; spans of values that were escaped are those of the whole scalar.
fn inner(engine: &Engine, prior: Prior, scalar: (&str, &str, usize), depth: u8, out: &mut Vec<Match>) {
    let (raw, plain, offset) = scalar;
    if out.len() >= model::limits::HITS_MAX {
        return;
    }
    let from = out.len();
    scan_nested(engine, prior, plain, depth - 1, out);
    for found in &mut out[from..] {
        (found.start, found.end) = if raw == plain {
            (found.start + offset, found.end + offset)
        } else {
            (offset, offset + raw.len())
        };
    }
}

/// `a=b&c=d`: every part is a short name, `=`, and a value without spaces.
fn is_form(text: &str) -> bool {
    let name = |name: &str| !name.is_empty() && name.len() <= 64 && !name.contains([' ', '/', ':', '?', '<']);
    text.contains('&')
        && !text.contains(' ')
        && text.split('&').all(|part| part.split_once('=').is_some_and(|(key, _)| name(key)))
}

fn form(engine: &Engine, text: &str, depth: u8, out: &mut Vec<Match>) {
    let mut offset = text.len() - text.trim_start().len();
    for part in text.trim().split('&') {
        if let Some((key, raw)) = part.split_once('=') {
            let prior = engine.lexicon.prior(&percent_decode(key), "");
            inner(engine, prior, (raw, &percent_decode(raw), offset + key.len() + 1), depth, out);
        }
        offset += part.len() + 1;
    }
}

/// `application/x-www-form-urlencoded`; what is no escape stays as it is.
fn percent_decode(text: &str) -> String {
    if !text.contains(['%', '+']) {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let escape = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], escape) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Base64 of a JSON object or array (`eyJ`, `W3si`); a JSON Web Token is not, its dots give it away.
fn base64(engine: &Engine, text: &str, value: &str, depth: u8, out: &mut Vec<Match>) -> bool {
    if !(BASE64_BYTES_MIN..=BASE64_BYTES_MAX).contains(&text.len()) || !text.starts_with(['e', 'W']) {
        return false;
    }
    let bare = text.trim_end_matches('=');
    let Some(json) = STANDARD_NO_PAD
        .decode(bare)
        .or_else(|_| URL_SAFE_NO_PAD.decode(bare))
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
    else {
        return false;
    };
    if !json.trim_start().starts_with(['{', '[']) {
        return false;
    }
    let start = value.len() - value.trim_start().len();
    let from = out.len();
    scan_nested(engine, Prior::NONE, &json, depth - 1, out);
    for found in &mut out[from..] {
        (found.start, found.end) = (start, start + text.len());
    }
    true
}
