//! As much of XML as exports of tools need: elements of one name, cut out of a document while it arrives, and
//! the children of such an element. No DTD is read and no entity is expanded but the predefined ones, so a
//! document can neither fetch nor grow anything.

use memchr::memmem;
use model::limits;

const CDATA: &[u8] = b"<![CDATA[";
/// Bytes taken at once.
const STEP: usize = 64 << 10;

/// Cuts the elements of one name out of a document; they do not nest.
#[derive(Debug)]
pub(crate) struct Elements {
    name: &'static str,
    held: Vec<u8>,
    /// Inside an element.
    inside: bool,
    in_cdata: bool,
    /// The current element is longer than [`limits::LINE_BYTES_MAX`].
    dropping: bool,
    /// Where to search on in `held`.
    searched: usize,
}

impl Elements {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, held: Vec::new(), inside: false, in_cdata: false, dropping: false, searched: 0 }
    }

    /// Hands every complete element of the name, with its tags, to `element`; `None` for one that is too long.
    pub(crate) fn feed(&mut self, data: &[u8], mut element: impl FnMut(Option<&[u8]>)) {
        // What is held is moved for each element, so it must not be the whole document.
        for part in data.chunks(STEP) {
            self.step(part, &mut element);
        }
    }

    fn step(&mut self, data: &[u8], element: &mut impl FnMut(Option<&[u8]>)) {
        self.held.extend_from_slice(data);
        loop {
            let went_on = if self.inside { self.find_end(element) } else { self.find_start() };
            if !went_on {
                break;
            }
        }
        if self.inside && (self.dropping || self.held.len() > limits::LINE_BYTES_MAX) {
            self.dropping = true;
            // What could be the beginning of an end is kept.
            self.held.drain(..self.searched);
            self.searched = 0;
        }
    }

    /// True when the document ended inside an element.
    pub(crate) fn is_cut(&self) -> bool {
        self.inside
    }

    fn find_start(&mut self) -> bool {
        let tag = format!("<{}", self.name);
        let mut from = 0;
        while let Some(at) = memmem::find(&self.held[from..], tag.as_bytes()) {
            let at = from + at;
            match self.held.get(at + tag.len()) {
                Some(b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'/') => {
                    self.held.drain(..at);
                    (self.inside, self.in_cdata, self.dropping, self.searched) =
                        (true, false, false, tag.len());
                    return true;
                }
                Some(_) => from = at + tag.len(),
                None => break,
            }
        }
        let keep = self.held.len().min(tag.len());
        self.held.drain(..self.held.len() - keep);
        false
    }

    fn find_end(&mut self, element: &mut impl FnMut(Option<&[u8]>)) -> bool {
        let end = format!("</{}", self.name);
        loop {
            let rest = &self.held[self.searched..];
            if self.in_cdata {
                let Some(at) = memmem::find(rest, b"]]>") else {
                    self.searched = self.searched.max(self.held.len().saturating_sub(2));
                    return false;
                };
                (self.in_cdata, self.searched) = (false, self.searched + at + 3);
                continue;
            }
            let Some(at) = memchr::memchr(b'<', rest) else {
                self.searched = self.held.len();
                return false;
            };
            let at = self.searched + at;
            let rest = &self.held[at..];
            if rest.len() < CDATA.len().max(end.len() + 1) && !rest.contains(&b'>') {
                self.searched = at;
                return false;
            }
            if rest.starts_with(CDATA) {
                (self.in_cdata, self.searched) = (true, at + CDATA.len());
            } else if rest.starts_with(end.as_bytes())
                && rest.get(end.len()).is_none_or(|byte| *byte == b'>' || byte.is_ascii_whitespace())
            {
                let Some(close) = memchr::memchr(b'>', rest) else {
                    self.searched = at;
                    return false;
                };
                let len = at + close + 1;
                let fits = !self.dropping && len <= limits::LINE_BYTES_MAX;
                element(fits.then(|| &self.held[..len]));
                self.held.drain(..len);
                self.inside = false;
                return true;
            } else {
                self.searched = at + 1;
            }
        }
    }
}

/// A child element: name, attributes as written, content with CDATA and entities undone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Child<'a> {
    pub name: &'a str,
    attributes: &'a str,
    pub text: Vec<u8>,
}

impl Child<'_> {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.match_indices(name).find_map(|(at, _)| {
            let before = self.attributes[..at].chars().next_back();
            let rest = self.attributes[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
            let quote = rest.chars().next().filter(|char| matches!(char, '"' | '\''))?;
            let value = rest[1..].split(quote).next()?;
            before.is_none_or(char::is_whitespace).then_some(value)
        })
    }
}

/// The elements without further elements inside, anywhere in `element`.
pub(crate) fn leaves(element: &[u8]) -> Vec<Child<'_>> {
    let mut leaves = Vec::new();
    let mut open: Option<(&str, &str)> = None;
    let (mut text, mut at) = (Vec::new(), 0);
    while at < element.len() && leaves.len() < limits::HEADER_FIELDS_MAX {
        let rest = &element[at..];
        if let Some(inner) = rest.strip_prefix(CDATA) {
            let end = memmem::find(inner, b"]]>").unwrap_or(inner.len());
            text.extend_from_slice(&inner[..end]);
            at += CDATA.len() + end + 3;
        } else if rest[0] != b'<' {
            let end = memchr::memchr(b'<', rest).unwrap_or(rest.len());
            unescape(&rest[..end], &mut text);
            at += end;
        } else {
            let end = memchr::memchr(b'>', rest).unwrap_or(rest.len() - 1);
            let tag = std::str::from_utf8(&rest[1..end.max(1)]).unwrap_or_default();
            at += end + 1;
            match (tag.strip_prefix('/'), open.take()) {
                (Some(name), Some((opened, attributes))) if name.trim() == opened => {
                    leaves.push(Child { name: opened, attributes, text: std::mem::take(&mut text) });
                }
                (Some(_), _) => {}
                (None, _) if tag.ends_with('/') || tag.starts_with(['!', '?']) => {}
                (None, _) => open = Some(tag.split_once(char::is_whitespace).unwrap_or((tag, ""))),
            }
            text.clear();
        }
    }
    leaves
}

/// The predefined entities and character references (XML 1.0 §4.1, §4.6); others stay as they are.
fn unescape(raw: &[u8], text: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'&', rest) {
        text.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let end = rest.iter().take(12).position(|byte| *byte == b';');
        let name = end.and_then(|end| std::str::from_utf8(&rest[1..end]).ok()).unwrap_or_default();
        let char = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => name.strip_prefix('#').and_then(|number| {
                let hex = number.strip_prefix('x').map(|hex| u32::from_str_radix(hex, 16).ok());
                hex.unwrap_or_else(|| number.parse().ok()).and_then(char::from_u32)
            }),
        };
        match (char, end) {
            (Some(char), Some(end)) => {
                text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[end + 1..];
            }
            _ => {
                text.push(b'&');
                rest = &rest[1..];
            }
        }
    }
    text.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<?xml version=\"1.0\"?><!DOCTYPE items [<!ELEMENT items (item*)>]><items><itemx/>
        <item><a b=\"1\" cb='2'>x &lt;&#x4e2d;&y;</a><c><![CDATA[</item>]]></c></itemx></item > <item>\n</item></items>";

    #[test]
    fn elements_over_any_split() {
        let read = |step: usize| {
            let (mut elements, mut seen) = (Elements::new("item"), Vec::new());
            for part in TEXT.as_bytes().chunks(step) {
                elements.feed(part, |element| seen.push(element.map(<[u8]>::to_vec)));
            }
            (seen, elements.is_cut())
        };
        let (whole, is_cut) = read(TEXT.len());
        assert_eq!((whole.len(), is_cut), (2, false));
        assert_eq!(whole[1].as_deref(), Some(&b"<item>\n</item>"[..]));
        for step in 1..40 {
            assert_eq!(read(step).0, whole, "steps of {step}");
        }
    }

    #[test]
    fn leaves_with_attributes_and_entities() {
        let leaves = leaves(TEXT.as_bytes());
        assert_eq!(leaves.len(), 3, "{leaves:?}");
        assert_eq!(String::from_utf8_lossy(&leaves[0].text), "x <\u{4e2d}&y;");
        assert_eq!((leaves[0].attribute("b"), leaves[0].attribute("cb")), (Some("1"), Some("2")));
        assert_eq!((leaves[1].name, leaves[1].text.as_slice()), ("c", &b"</item>"[..]));
    }

    #[test]
    fn an_endless_element_is_dropped() {
        let (mut elements, mut seen) = (Elements::new("item"), Vec::new());
        elements.feed(b"<item>", |_| {});
        let block = vec![b'x'; 8 << 20];
        for _ in 0..9 {
            elements.feed(&block, |_| {});
        }
        assert!(elements.held.len() < 1 << 20);
        elements.feed(b"</item><item></item>", |element| seen.push(element.is_some()));
        assert_eq!(seen, [false, true]);
    }
}
