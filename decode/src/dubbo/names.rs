//! The words at the front of a Dubbo request in serializations whose arguments are not read: Kryo, FST,
//! protobuf, fastjson2 and Java's own. Only text that could be a name, a version or a list of types counts.

/// Reads a word at the start of some bytes, and says how many it took.
type Read = fn(&[u8]) -> Option<(String, usize)>;

/// Reads one word after the other; stops for good at the first that is none.
pub(super) struct Names<'a> {
    rest: &'a [u8],
    read: Read,
}

impl<'a> Names<'a> {
    pub(super) fn new(serialization: u8, body: &'a [u8]) -> Self {
        let (rest, read): (_, Read) = match serialization {
            7 => (java_block(body), java),
            8 | 25 => (body, kryo),
            9 => (body, fst),
            22 => (body, protobuf),
            23 => (body, fastjson2),
            _ => (body, |_| None),
        };
        Self { rest, read }
    }

    pub(super) fn next(&mut self) -> Option<String> {
        let read = (self.read)(self.rest).filter(|(text, _)| text.chars().all(is_plain));
        let Some((text, len)) = read else {
            self.read = |_| None;
            return None;
        };
        self.rest = self.rest.get(len..).unwrap_or_default();
        Some(text)
    }

    /// What follows the words that were read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || (c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '<' | '>'))
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// Kryo: ASCII with the high bit on the last byte, or a count of characters plus one, then UTF-8.
fn kryo(bytes: &[u8]) -> Option<(String, usize)> {
    let first = *bytes.first()?;
    if first & 0x80 == 0 {
        let end = bytes.iter().position(|byte| byte & 0x80 != 0)?;
        let mut word = bytes[..=end].to_vec();
        word[end] &= 0x7f;
        return Some((text(&word)?, end + 1));
    }
    let (mut count, mut at) = (usize::from(first & 0x3f), 1);
    if first & 0x40 != 0 {
        for shift in [6, 13, 20, 27] {
            let byte = *bytes.get(at)?;
            at += 1;
            count |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    let tail = bytes.get(at..)?;
    let valid = match std::str::from_utf8(tail) {
        Ok(valid) => valid,
        Err(error) => text_until(tail, error.valid_up_to())?,
    };
    let word: String = valid.chars().take(count.saturating_sub(1)).collect();
    (word.chars().count() + 1 >= count).then(|| (word.clone(), at + word.len()))
}

fn text_until(bytes: &[u8], end: usize) -> Option<&str> {
    std::str::from_utf8(bytes.get(..end)?).ok()
}

/// FST: a length in one byte, then a byte per ASCII character.
fn fst(bytes: &[u8]) -> Option<(String, usize)> {
    let len = usize::from(*bytes.first().filter(|len| **len < 0x80)?);
    Some((text(bytes.get(1..=len)?)?, 1 + len))
}

/// protobuf: a `google.protobuf.StringValue` with its length before it.
fn protobuf(bytes: &[u8]) -> Option<(String, usize)> {
    let (len, at) = varint(bytes)?;
    let message = bytes.get(at..at.checked_add(len)?)?;
    if message.is_empty() {
        return Some((String::new(), at));
    }
    let [0x0a, field @ ..] = message else { return None };
    let (text_len, start) = varint(field)?;
    Some((text(field.get(start..start.checked_add(text_len)?)?)?, at + len))
}

fn varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

/// fastjson2: a length of four bytes, then JSONB: a string of up to 47 ASCII characters has its length in
/// its first byte, a longer one has it behind.
fn fastjson2(bytes: &[u8]) -> Option<(String, usize)> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let value = rest.get(..usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    let skip = match value {
        [0x49..=0x78, ..] => 1,
        [0x79 | 0x7a, 0x30..=0x3f, ..] => 3,
        [0x79 | 0x7a, ..] => 2,
        _ => return None,
    };
    Some((text(value.get(skip..)?)?, 4 + value.len()))
}

/// The first block of data of a Java object stream (Java Object Serialization §6.4.2).
fn java_block(body: &[u8]) -> &[u8] {
    match body {
        [0xac, 0xed, 0, 5, 0x77, len, rest @ ..] => &rest[..rest.len().min(usize::from(*len))],
        [0xac, 0xed, 0, 5, 0x7a, a, b, c, d, rest @ ..] => {
            let len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            &rest[..rest.len().min(len)]
        }
        _ => &[],
    }
}

/// A string as `DataOutput.writeUTF` writes it.
fn java(bytes: &[u8]) -> Option<(String, usize)> {
    let (len, rest) = bytes.split_first_chunk::<2>()?;
    let len = usize::from(u16::from_be_bytes(*len));
    Some((text(rest.get(..len)?)?, 2 + len))
}

/// The lines of a body, without their ends.
pub(super) fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(serialization: u8, body: &[u8], expect: &[&str]) {
        let mut names = Names::new(serialization, body);
        let found: Vec<String> = std::iter::from_fn(|| names.next()).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn words_of_each_serialization() {
        check(8, b"2.0.\xb2a.Sv\xe3\x83\xe4\xb8\xad\xe5\x9b\xbd\x81\xff", &["2.0.2", "a.Svc", "中国", ""]);
        check(9, b"\x052.0.2\x05a.Svc\xff", &["2.0.2", "a.Svc"]);
        check(22, b"\x07\x0a\x052.0.2\x07\x0a\x05a.Svc\x05", &["2.0.2", "a.Svc"]);
        check(23, b"\0\0\0\x06\x4e2.0.2\0\0\0\x07\x79\x05a.Svc", &["2.0.2", "a.Svc"]);
        check(7, b"\xac\xed\0\x05\x77\x0e\0\x052.0.2\0\x05a.Svc\x78", &["2.0.2", "a.Svc"]);
        check(3, b"\x052.0.2", &[]);
        check(9, b"\x03\x01\x02\x03", &[]);
        check(8, b"abc", &[]);
    }
}
