//! A line of known layout: separators and fields in turn. Every format string is compiled to one of these, and
//! one matcher reads them all, in time linear in the line.

use memchr::memmem;

use super::draft::{Draft, Field};
use super::time;
use super::value::Escape;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(Box<[u8]>),
    Field(Field),
}

/// A compiled format string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    parts: Vec<Part>,
    escape: Escape,
    /// Further fields may follow.
    open_end: bool,
}

impl Layout {
    /// Joins neighbouring separators. An error names the place of two fields with nothing between them.
    pub(crate) fn new(parts: Vec<Part>, escape: Escape, open_end: bool) -> Result<Self, usize> {
        let mut joined: Vec<Part> = Vec::new();
        for (at, part) in parts.into_iter().enumerate() {
            match (joined.last_mut(), part) {
                (Some(Part::Literal(before)), Part::Literal(text)) => {
                    *before = [&before[..], &text].concat().into()
                }
                (_, Part::Literal(text)) if text.is_empty() => {}
                // A host ends where the target begins, captured headers where their braces do.
                (Some(Part::Field(before)), Part::Field(field))
                    if !matches!(before, Field::Host(_) | Field::Captures) =>
                {
                    if *before != Field::Ignored || field != Field::Ignored {
                        return Err(at);
                    }
                }
                (_, part) => joined.push(part),
            }
        }
        Ok(Self { parts: joined, escape, open_end })
    }

    /// True when the layout has a field for which this holds.
    pub(crate) fn has(&self, mut test: impl FnMut(&Field) -> bool) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Field(field) if test(field)))
    }

    /// The longest text that every line of this layout holds.
    pub(crate) fn longest_literal(&self) -> &[u8] {
        let literals = (0..self.parts.len()).filter_map(|at| self.literal(at));
        literals.max_by_key(|text| text.len()).unwrap_or_default()
    }

    /// Reads a line; `None` when it is not of this layout.
    pub(crate) fn read(&self, line: &[u8]) -> Option<Draft> {
        let mut draft = Draft::default();
        let mut rest = line;
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Literal(text) => rest = rest.strip_prefix(&text[..])?,
                Part::Field(field) => {
                    let is_quoted =
                        self.literal(at.wrapping_sub(1)).is_some_and(|text| text.ends_with(b"\""));
                    if !is_quoted && self.escape == Escape::Slash {
                        // Numbers are padded in some logs.
                        rest = rest.trim_ascii_start();
                    }
                    let end = self.end(at, field, is_quoted, rest)?;
                    if !draft.set(field, rest[..end].trim_ascii_end(), self.escape) {
                        return None;
                    }
                    rest = &rest[end..];
                }
            }
        }
        (rest.trim_ascii_start().is_empty() || (self.open_end && matches!(rest[0], b' ' | b'\t')))
            .then_some(draft)
    }

    fn literal(&self, at: usize) -> Option<&[u8]> {
        match self.parts.get(at)? {
            Part::Literal(text) => Some(text),
            Part::Field(_) => None,
        }
    }

    /// Bytes of the value of the field at `at`, with which `rest` begins.
    fn end(&self, at: usize, field: &Field, is_quoted: bool, rest: &[u8]) -> Option<usize> {
        if *field == Field::Captures {
            return Some(captures_end(rest));
        }
        let Some(stop) = self.literal(at + 1) else {
            let in_word = at + 1 < self.parts.len() || self.open_end;
            let ends = |byte: &u8| if at + 1 < self.parts.len() { *byte == b'/' } else { *byte == b' ' };
            return Some(if in_word { rest.iter().position(ends).unwrap_or(rest.len()) } else { rest.len() });
        };
        if is_quoted && stop.starts_with(b"\"") {
            return self.end_quoted(at, stop, rest);
        }
        if stop.starts_with(b":") && matches!(field, Field::Client(_) | Field::Server(_)) {
            // The last colon of the address and its port: IPv6 has more.
            let is_part =
                |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'[' | b']' | b'-');
            let word = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
            return memmem::rfind(&rest[..word], stop);
        }
        memmem::find_iter(rest, stop)
            .find(|end| may_end(field, &rest[..*end], &rest[*end..]) && self.goes_on(at, &rest[*end..]))
    }

    fn end_quoted(&self, at: usize, stop: &[u8], rest: &[u8]) -> Option<usize> {
        let mut from = 0;
        loop {
            let next = from + memchr::memchr2(b'"', b'\\', &rest[from..])?;
            if rest[next] == b'\\' && matches!(self.escape, Escape::Slash | Escape::Json) {
                // A backslash escapes the byte after it, a quote too.
                from = (next + 2).min(rest.len());
            } else if rest[next..].starts_with(stop) && self.goes_on(at, &rest[next..]) {
                return Some(next);
            } else {
                from = next + 1;
            }
        }
    }

    /// True when what follows the value of `at` can be the rest of the line: quotes and separators inside
    /// values that the server did not escape are told by that.
    fn goes_on(&self, at: usize, rest: &[u8]) -> bool {
        let Some(after) = self.literal(at + 1).and_then(|stop| rest.get(stop.len()..)) else { return true };
        match self.parts.get(at + 2) {
            Some(Part::Field(field)) => field.may_start(after.trim_ascii_start()),
            _ => after.trim_ascii_start().is_empty() || (self.open_end && after[0] == b' '),
        }
    }
}

/// Bytes of HAProxy's captured headers, `{a|b} {c} `, all of which may be missing.
fn captures_end(rest: &[u8]) -> usize {
    let spaces = |at: usize| at + rest[at..].iter().take_while(|byte| **byte == b' ').count();
    let mut at = spaces(0);
    while rest.get(at) == Some(&b'{')
        && let Some(len) = memchr::memchr(b'}', &rest[at..])
    {
        at = spaces(at + len + 1);
    }
    at
}

/// A time is not longer.
const TIME_BYTES_MAX: usize = 64;

/// False when the value goes on although the separator comes, as in lists and in times with spaces.
fn may_end(field: &Field, value: &[u8], rest: &[u8]) -> bool {
    let text = || std::str::from_utf8(value).unwrap_or_default();
    match field {
        Field::Time(_) | Field::TimeAs(_) if value.len() > TIME_BYTES_MAX || value == b"-" => true,
        Field::Time(_) => {
            let is_zone = matches!(rest, [b' ', b'+' | b'-', zone @ ..] if zone.len() >= 4 && zone[..4].iter().all(u8::is_ascii_digit));
            !is_zone && time::any(text()).is_some()
        }
        Field::TimeAs(format) => time::formatted(text(), format).is_some(),
        // Upstream values are lists with a space after the comma.
        _ => !value.ends_with(b",") && !value.ends_with(b" :") && !rest.starts_with(b" : "),
    }
}
