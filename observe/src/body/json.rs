//! JSON (RFC 8259) onto the tape, in one pass, without a tree. Accepts a prefix: a body that was cut
//! yields everything before the cut. Deeper than `BODY_DEPTH_MAX` or longer than `BODY_SCALARS_MAX` counts as cut.

use std::borrow::Cow;

use model::limits::{BODY_DEPTH_MAX, BODY_SCALARS_MAX};

use super::tape::{Format, Kind, Tape};

/// Reads `text`; false when not even one value could be read. Several values in a row (JSON Lines)
/// stand side by side.
pub(super) fn read(text: &str, tape: &mut Tape) -> bool {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, tape };
    reader.skip_blank();
    while reader.at < reader.bytes.len() {
        if reader.value(None, "", 0).is_none() {
            reader.tape.cut = true;
            break;
        }
        reader.skip_blank();
        if reader.peek() == Some(b',') {
            break;
        }
    }
    let read = reader.at;
    if read < text.len() {
        tape.cut = true;
        tape.unread.push(read as u32..text.len() as u32);
    }
    tape.format = Format::Json;
    tape.items
        .first()
        .is_some_and(|item| item.end > 1 || !matches!(item.kind, Kind::Object | Kind::Array) || !tape.cut)
}

struct Reader<'t, 'x> {
    text: &'x str,
    bytes: &'x [u8],
    at: usize,
    tape: &'t mut Tape,
}

impl<'x> Reader<'_, 'x> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blank(&mut self) {
        if self.at == 0 && self.text.starts_with('\u{feff}') {
            self.at = 3;
        }
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Reads one value; `None` when the text ends or breaks inside it (what was read stays on the tape).
    fn value(&mut self, parent: Option<u32>, key: &str, depth: usize) -> Option<u32> {
        if depth > BODY_DEPTH_MAX || self.tape.items.len() >= BODY_SCALARS_MAX {
            return None;
        }
        match self.peek()? {
            b'{' => self.container(parent, key, depth, Kind::Object),
            b'[' => self.container(parent, key, depth, Kind::Array),
            b'"' => {
                let (value, span) = self.string()?;
                Some(self.tape.push(Kind::String, parent, key, &value, span))
            }
            _ => self.word(parent, key),
        }
    }

    fn container(&mut self, parent: Option<u32>, key: &str, depth: usize, kind: Kind) -> Option<u32> {
        let start = self.at;
        self.at += 1;
        let position = self.tape.push(kind, parent, key, "", start as u32..start as u32);
        let complete = self.members(position, depth, kind);
        self.tape.close(position);
        self.tape.items[position as usize].span.end = self.at as u32;
        complete.map(|()| position)
    }

    fn members(&mut self, container: u32, depth: usize, kind: Kind) -> Option<()> {
        let close = if kind == Kind::Object { b'}' } else { b']' };
        let mut index = 0;
        loop {
            self.skip_blank();
            if self.peek()? == close {
                self.at += 1;
                return Some(());
            }
            let (key, key_span) =
                if kind == Kind::Object { self.member_name()? } else { (Cow::Borrowed(""), 0..0) };
            let position = self.tape.items.len();
            let complete = self.value(Some(container), &key, depth + 1);
            if let Some(item) = self.tape.items.get_mut(position) {
                item.index = index;
                item.key_span = key_span;
            }
            complete?;
            index += 1;
            self.skip_blank();
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
    }

    fn member_name(&mut self) -> Option<(Cow<'x, str>, std::ops::Range<u32>)> {
        if self.peek()? != b'"' {
            return None;
        }
        let start = self.at;
        let name = self.string()?;
        self.skip_blank();
        if self.peek() != Some(b':') {
            // What looked like a name is a value out of place: it stays unread.
            self.at = start;
            return None;
        }
        self.at += 1;
        self.skip_blank();
        Some(name)
    }

    /// A string with its span inside the quotes. Escapes that mean nothing are kept as they stand.
    fn string(&mut self) -> Option<(Cow<'x, str>, std::ops::Range<u32>)> {
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            at += memchr::memchr2(b'"', b'\\', self.bytes.get(at..)?)?;
            if self.bytes[at] == b'"' {
                break;
            }
            escaped = true;
            at += 2;
        }
        self.at = at + 1;
        let raw = self.text.get(start..at)?;
        let value = if escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) };
        Some((value, start as u32..at as u32))
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self, parent: Option<u32>, key: &str) -> Option<u32> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.')) {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        let kind = match word {
            "true" | "false" => Kind::Bool,
            "null" => Kind::Null,
            _ if word.strip_prefix('-').unwrap_or(word).bytes().all(|b| b.is_ascii_digit())
                && !word.is_empty() =>
            {
                Kind::Integer
            }
            _ if word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
                && word.parse::<f64>().is_ok() =>
            {
                Kind::Number
            }
            _ => return None,
        };
        Some(self.tape.push(kind, parent, key, word, start as u32..self.at as u32))
    }
}

/// RFC 8259 §7.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(escape) = rest.chars().next() else { break };
        rest = &rest[escape.len_utf8()..];
        match escape {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'u' => rest = unescape_unicode(rest, &mut text),
            other => text.push(other),
        }
    }
    text.push_str(rest);
    text
}

/// The digits after `\u`, a surrogate pair included; returns what follows.
fn unescape_unicode<'x>(rest: &'x str, text: &mut String) -> &'x str {
    let unit = |s: &str| s.get(..4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let Some(first) = unit(rest) else {
        text.push('\u{fffd}');
        return rest;
    };
    let mut rest = &rest[4..];
    let mut units = vec![first];
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = rest.strip_prefix("\\u").and_then(unit)
    {
        units.push(second);
        rest = &rest[6..];
    }
    text.push_str(&String::from_utf16_lossy(&units));
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let mut tape = Tape::default();
        read(text, &mut tape);
        tape.scalars().map(|item| format!("{}={}", tape.pointer(item, false), tape.value(item))).collect()
    }

    #[test]
    fn nested_values_have_pointers_and_unescaped_text() {
        assert_eq!(
            lines(r#"{"a":[1,{"b/c":"x\"\u4e2d\ud83d\ude00"}],"t":true,"n":null}"#),
            ["/a/0=1", "/a/1/b~1c=x\"中😀", "/t=true", "/n=null"]
        );
    }

    #[test]
    fn spans_point_at_the_raw_value() {
        let text = r#"{"p":"138\u00311111"}"#;
        let mut tape = Tape::default();
        assert!(read(text, &mut tape));
        let item = tape.scalars().next().expect("one");
        assert_eq!(&text[item.span.start as usize..item.span.end as usize], r"138\u00311111");
        assert_eq!(tape.value(item), "13811111");
    }

    #[test]
    fn a_cut_body_yields_what_came_before() {
        assert_eq!(lines(r#"{"a":1,"b":[{"c":"x"},{"c":"y"#), ["/a=1", "/b/0/c=x"]);
        let mut tape = Tape::default();
        assert!(read(r#"{"a":1,"#, &mut tape) && tape.cut);
        assert!(!read_alone("{{{{"));
        assert!(!read_alone(""));
    }

    fn read_alone(text: &str) -> bool {
        read(text, &mut Tape::default())
    }

    #[test]
    fn depth_and_garbage_are_bounded() {
        let deep = "[".repeat(100_000);
        let mut tape = Tape::default();
        read(&deep, &mut tape);
        assert!(tape.cut && tape.items.len() <= BODY_DEPTH_MAX + 2);
        assert_eq!(lines(r#"{"a":zzz}"#), Vec::<String>::new());
    }

    #[test]
    fn keys_of_elements_are_those_of_their_array() {
        let mut tape = Tape::default();
        read(r#"{"users":[{"phones":["1"]}]}"#, &mut tape);
        let item = tape.scalars().next().expect("one");
        assert_eq!((tape.named_key(item), tape.parent_key(item)), ("phones", "users"));
        assert_eq!(tape.pointer(item, true), "/users/*/phones/*");
    }
}
