//! Text in UTF-16 with a byte order mark, as PowerShell and some tools of Windows write it, to UTF-8.

/// What the first bytes say about the encoding of an input.
#[derive(Debug, Default)]
pub(crate) enum Encoding {
    /// Nothing has come, or only the first byte of what may be a byte order mark.
    #[default]
    Start,
    Held(u8),
    /// As it is.
    Bytes,
    Utf16(Utf16),
}

#[derive(Debug)]
pub(crate) struct Utf16 {
    big: bool,
    /// The first byte of a unit.
    half: Option<u8>,
    /// The first unit of a pair.
    high: Option<u16>,
}

impl Encoding {
    /// The next bytes to read; `None` when they are read as they are.
    pub(crate) fn feed(&mut self, data: &[u8]) -> Option<Vec<u8>> {
        let (head, rest) = match (&mut *self, data) {
            (_, []) | (Self::Bytes, _) => return None,
            (Self::Utf16(text), _) => return Some(text.feed(data)),
            (Self::Start, [first @ (0xfe | 0xff)]) => {
                *self = Self::Held(*first);
                return Some(Vec::new());
            }
            (Self::Start, [first, second, rest @ ..]) => ([*first, *second], rest),
            (Self::Start, _) => ([0; 2], data),
            (Self::Held(first), [second, rest @ ..]) => ([*first, *second], rest),
        };
        let is_held = matches!(self, Self::Held(_));
        let mut text = match head {
            [0xff, 0xfe] => Utf16 { big: false, half: None, high: None },
            [0xfe, 0xff] => Utf16 { big: true, half: None, high: None },
            _ => {
                *self = Self::Bytes;
                return is_held.then(|| [&head[..1], data].concat());
            }
        };
        let plain = text.feed(rest);
        *self = Self::Utf16(text);
        Some(plain)
    }

    /// What was held back at the end of the input.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        match std::mem::replace(self, Self::Bytes) {
            Self::Held(first) => vec![first],
            Self::Utf16(text) if text.half.is_some() || text.high.is_some() => "\u{fffd}".into(),
            _ => Vec::new(),
        }
    }
}

impl Utf16 {
    fn feed(&mut self, data: &[u8]) -> Vec<u8> {
        let mut plain = String::with_capacity(data.len() / 2 + 1);
        for byte in data {
            let Some(first) = self.half.take() else {
                self.half = Some(*byte);
                continue;
            };
            let pair = [first, *byte];
            let unit = if self.big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
            let is_low = matches!(unit, 0xdc00..=0xdfff);
            match self.high.take() {
                Some(high) if is_low => plain.extend(char::decode_utf16([high, unit]).flatten()),
                Some(_) => plain.push(char::REPLACEMENT_CHARACTER),
                None => {}
            }
            match unit {
                0xd800..=0xdbff => self.high = Some(unit),
                _ if is_low => {}
                _ => plain.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)),
            }
        }
        plain.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: &[u8], expect: &[u8]) {
        for step in 1..=data.len().max(1) {
            let (mut encoding, mut seen) = (Encoding::default(), Vec::new());
            for part in data.chunks(step) {
                seen.extend(encoding.feed(part).unwrap_or_else(|| part.to_vec()));
            }
            seen.extend(encoding.finish());
            assert_eq!(
                String::from_utf8_lossy(&seen),
                String::from_utf8_lossy(expect),
                "{step} bytes at a time"
            );
        }
    }

    #[test]
    fn texts() {
        let text = "GET /\u{4e2d}\u{1f435}\r\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        check(&[&[0xff, 0xfe], &little[..]].concat(), text.as_bytes());
        check(&[&[0xfe, 0xff], &big[..]].concat(), text.as_bytes());
        check(&[0xff, 0xfe, 0x41, 0, 0x3d, 0xd8, 0x42, 0, 0x43], "A\u{fffd}B\u{fffd}".as_bytes());
    }

    #[test]
    fn other_bytes() {
        for data in [&b""[..], b"\xff", b"\xff\xfb\x90", b"a", b"\xd4\xc3\xb2\xa1"] {
            check(data, data);
        }
    }
}
