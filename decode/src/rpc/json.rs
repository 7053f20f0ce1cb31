//! Writes JSON text piece by piece, up to a limit. What is open is always closed, so that the text stays valid
//! when the reader has to stop.

use std::fmt::{Display, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::limits::{BODY_BYTES_MAX, RPC_KEY_BYTES_MAX};

/// JSON text under construction.
#[derive(Debug, Default)]
pub(crate) struct Json {
    text: String,
}

impl Json {
    /// The limit is reached: nothing more should be written.
    pub(crate) fn is_full(&self) -> bool {
        self.text.len() >= BODY_BYTES_MAX
    }

    /// A bracket, a comma, a colon, a literal.
    pub(crate) fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// A comma unless this is the first member.
    pub(crate) fn comma(&mut self, index: usize) {
        if index > 0 {
            self.text.push(',');
        }
    }

    /// A member's name with its colon.
    pub(crate) fn key(&mut self, name: &str) {
        self.string(name);
        self.text.push(':');
    }

    /// A string.
    pub(crate) fn string(&mut self, value: &str) {
        self.text.push('"');
        for c in value.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                c if (c as u32) < 0x20 => self.show(format_args!("\\u{:04x}", c as u32)),
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }

    /// Bytes: as text when they are text, else as base64.
    pub(crate) fn bytes(&mut self, value: &[u8]) {
        match std::str::from_utf8(value) {
            Ok(text) if !text.contains('\0') => self.string(text),
            _ => self.base64(value),
        }
    }

    /// Bytes as base64.
    pub(crate) fn base64(&mut self, value: &[u8]) {
        self.text.push('"');
        STANDARD.encode_string(value, &mut self.text);
        self.text.push('"');
    }

    /// A whole number or a truth value.
    pub(crate) fn show(&mut self, value: impl Display) {
        write!(self.text, "{value}").expect("a String takes everything");
    }

    /// A floating-point number; what JSON has no form for becomes a string.
    pub(crate) fn float(&mut self, value: f64) {
        match serde_json::Number::from_f64(value) {
            Some(number) => self.show(number),
            None => self.string(&value.to_string()),
        }
    }

    /// A point in time, milliseconds since 1970, as ISO 8601.
    pub(crate) fn date(&mut self, millis: i64) {
        match chrono::DateTime::from_timestamp_millis(millis) {
            Some(time) => self.string(&time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
            None => self.show(millis),
        }
    }

    /// The text as a key: what was written since `from` (a value) becomes a string. A long one ends with an
    /// ellipsis: keys made of keys double with each level, as what is quoted is quoted again.
    pub(crate) fn quote_since(&mut self, from: usize) {
        if self.text[from..].starts_with('"') {
            return;
        }
        let mut value = self.text.split_off(from);
        if value.len() > RPC_KEY_BYTES_MAX {
            value.truncate(value.floor_char_boundary(RPC_KEY_BYTES_MAX));
            value.push('…');
        }
        self.string(&value);
    }

    /// Bytes written.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(write: impl FnOnce(&mut Json), expect: &str) {
        let mut json = Json::default();
        write(&mut json);
        assert_eq!(String::from_utf8(json.into_bytes()).expect("text"), expect);
    }

    #[test]
    fn values() {
        check(|json| json.string("a\"\\\n\u{1}中"), r#""a\"\\\n\u0001中""#);
        check(|json| json.bytes(&[0xff, 0]), r#""/wA=""#);
        check(|json| json.bytes(b"text"), r#""text""#);
        check(|json| json.float(1.5), "1.5");
        check(|json| json.float(f64::NAN), r#""NaN""#);
        check(|json| json.date(894_621_091_000), r#""1998-05-08T09:51:31Z""#);
        check(|json| json.date(i64::MAX), "9223372036854775807");
        check(
            |json| {
                json.show(7);
                json.quote_since(0);
            },
            r#""7""#,
        );
    }
}
