//! Header blocks as heads of messages: pseudo-header fields (RFC 9113 §8.3) apart from the others, and what is
//! malformed about them (RFC 9113 §8.2).

use model::{Headers, limits};

use super::hpack::{Decoder, Field};
use crate::http1::{target_text, text};

/// What a block says.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub headers: Headers,
    pub method: Option<String>,
    pub path: Option<String>,
    pub scheme: Option<String>,
    pub authority: Option<String>,
    /// `:protocol` of an extended CONNECT (RFC 8441).
    pub protocol: Option<String>,
    pub status: Option<u16>,
    /// Fields that are not known were left out.
    pub unknown: bool,
    /// It is malformed, or could not be read to its end.
    pub bad: bool,
    /// Bytes of text.
    pub bytes: usize,
}

impl Fields {
    /// Reads a block; the table of the direction moves on whatever becomes of it.
    pub(super) fn read(decoder: &mut Decoder, block: &[u8]) -> Self {
        let mut fields = Self { headers: Headers::with_capacity(block.len() * 3, 24), ..Self::default() };
        let done = decoder.read(block, |field| fields.take(field));
        fields.bad |= done.is_err();
        fields
    }

    pub(super) fn is_request(&self) -> bool {
        self.method.is_some() || self.path.is_some() || self.scheme.is_some() || self.authority.is_some()
    }

    fn take(&mut self, field: Field<'_>) {
        let Field::Known(name, value) = field else {
            self.unknown = true;
            return;
        };
        self.bytes += name.len() + value.len();
        if self.bytes > limits::HEADER_BYTES_MAX || self.headers.len() >= limits::HEADER_FIELDS_MAX {
            self.bad = true;
            return;
        }
        // gRPC peers that know each other send binary metadata as it is.
        let is_binary = name.ends_with(b"-bin");
        self.bad |= !is_binary && value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'));
        if let [b':', ..] = name {
            // Pseudo-header fields come first.
            self.bad |= !self.headers.is_empty();
            self.pseudo(name, value);
            return;
        }
        self.bad |= name.is_empty() || name.iter().any(|byte| byte.is_ascii_uppercase() || *byte <= b' ');
        self.bad |= matches!(
            name,
            b"connection" | b"transfer-encoding" | b"upgrade" | b"keep-alive" | b"proxy-connection"
        );
        self.headers.push(&text(name), &text(value));
    }

    fn pseudo(&mut self, name: &[u8], value: &[u8]) {
        let slot = match name {
            b":method" => &mut self.method,
            b":path" => &mut self.path,
            b":scheme" => &mut self.scheme,
            b":authority" => &mut self.authority,
            b":protocol" => &mut self.protocol,
            b":status" => {
                let digits = if value.len() == 3 { std::str::from_utf8(value).ok() } else { None };
                let status = digits.and_then(|digits| digits.parse().ok()).filter(|status| *status >= 100);
                self.bad |= status.is_none() || self.status.is_some();
                self.status = self.status.or(status);
                return;
            }
            _ => {
                self.bad = true;
                return;
            }
        };
        self.bad |= slot.is_some();
        slot.get_or_insert_with(|| target_text(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fields: &[(&str, &str)], expect_bad: bool) -> Fields {
        let mut found = Fields::default();
        for (name, value) in fields {
            found.take(Field::Known(name.as_bytes(), value.as_bytes()));
        }
        assert_eq!(found.bad, expect_bad, "{fields:?}");
        found
    }

    #[test]
    fn heads() {
        let request =
            check(&[(":method", "GET"), (":path", "/a?b"), (":scheme", "https"), ("cookie", "a=1")], false);
        assert!(request.is_request() && request.headers.len() == 1);
        assert_eq!(check(&[(":status", "103")], false).status, Some(103));
        assert!(!check(&[("grpc-status", "0")], false).is_request());
    }

    #[test]
    fn malformed_heads() {
        check(&[("a", "b"), (":path", "/")], true);
        check(&[(":path", "/"), (":path", "/other")], true);
        check(&[(":status", "20")], true);
        check(&[(":status", "2x0")], true);
        check(&[(":unheard-of", "1")], true);
        check(&[("transfer-encoding", "chunked")], true);
        check(&[("Upper", "x")], true);
        check(&[("x", "a\r\nb")], true);
    }
}
