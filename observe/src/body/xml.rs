//! XML onto the tape: elements become keys, repeated ones stand side by side, attributes become `@name`.
//! No DTD, no entities beyond the five predefined ones and character references, nothing is fetched.

use model::limits::{BODY_DEPTH_MAX, BODY_SCALARS_MAX};

use super::tape::{Format, Kind, Tape};

/// Reads `text`; false when there is no element at all.
pub(super) fn read(text: &str, tape: &mut Tape) -> bool {
    tape.format = Format::Xml;
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = 0;
    while let Some(offset) = text[at..].find('<') {
        let tag_start = at + offset;
        mixed_text(text, at..tag_start, &open, tape);
        let skip = match markup_end(&text[tag_start..]) {
            Some(end) => end,
            None => {
                tape.cut = true;
                tape.unread.push(tag_start as u32..text.len() as u32);
                break;
            }
        };
        let tag = &text[tag_start..tag_start + skip];
        let next = tag_start + skip;
        match tag.as_bytes().get(1) {
            Some(b'/') => close(text, tag_start, &mut open, tape),
            Some(b'!' | b'?') if tag.starts_with("<![CDATA[") => {
                let inner = tag_start + 9..next.saturating_sub(3);
                if let (Some(parent), Some(value)) = (open.last(), text.get(inner.clone())) {
                    let span = inner.start as u32..inner.end as u32;
                    tape.push(Kind::String, Some(parent.position), "#text", value, span);
                }
            }
            Some(b'!' | b'?') => tape.unread.push(tag_start as u32..next as u32),
            _ => {
                if open.len() > BODY_DEPTH_MAX || tape.items.len() >= BODY_SCALARS_MAX {
                    tape.cut = true;
                    tape.unread.push(tag_start as u32..text.len() as u32);
                    break;
                }
                start(tag, tag_start, next, &mut open, tape);
            }
        }
        at = next;
    }
    if !open.is_empty() && !tape.cut {
        tape.cut = true;
        tape.unread.push(at as u32..text.len() as u32);
    }
    while let Some(element) = open.pop() {
        tape.close(element.position);
    }
    !tape.items.is_empty()
}

/// Text beside child elements becomes `#text`; the text of an element without children is taken at its end.
fn mixed_text(text: &str, range: std::ops::Range<usize>, open: &[Open<'_>], tape: &mut Tape) {
    let Some(parent) = open.last() else { return };
    let raw = &text[range.clone()];
    let ends_leaf = text[range.end..].starts_with("</") && tape.items.len() as u32 == parent.position + 1;
    if !ends_leaf && !raw.trim().is_empty() {
        let span = range.start as u32..range.end as u32;
        tape.push(Kind::String, Some(parent.position), "#text", &entities(raw.trim()), span);
    }
}

struct Open<'t> {
    name: &'t str,
    position: u32,
    content_start: usize,
}

/// Length of the markup that starts here: a comment, a CDATA section, or a tag.
pub(crate) fn markup_end(text: &str) -> Option<usize> {
    let terminator = if text.starts_with("<!--") {
        "-->"
    } else if text.starts_with("<![CDATA[") {
        "]]>"
    } else {
        ">"
    };
    text.find(terminator).map(|end| end + terminator.len())
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn start<'t>(tag: &'t str, tag_start: usize, next: usize, open: &mut Vec<Open<'t>>, tape: &mut Tape) {
    let inner = tag[1..tag.len() - 1].trim_end_matches('/');
    let name_end = inner.find(|c: char| c.is_whitespace()).unwrap_or(inner.len());
    let name = &inner[..name_end];
    let parent = open.last().map(|element| element.position);
    let span = tag_start as u32..next as u32;
    let position = tape.push(Kind::Object, parent, local(name), "", span);
    attributes(&inner[name_end..], tag_start + 1 + name_end, position, tape);
    tape.close(position);
    if !tag.ends_with("/>") {
        open.push(Open { name, position, content_start: next });
    }
}

fn attributes(text: &str, offset: usize, element: u32, tape: &mut Tape) {
    let mut at = 0;
    while let Some(equals) = text[at..].find('=') {
        let name = text[at..at + equals].trim();
        let rest = &text[at + equals + 1..];
        let lead = rest.len() - rest.trim_start().len();
        let Some(quote) = rest.trim_start().chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return;
        };
        let value_start = at + equals + 1 + lead + 1;
        let Some(length) = text[value_start..].find(quote) else { return };
        if !name.starts_with("xmlns") && !name.starts_with("xsi:") {
            let span = (offset + value_start) as u32..(offset + value_start + length) as u32;
            let value = entities(&text[value_start..value_start + length]);
            tape.push(Kind::String, Some(element), &format!("@{}", local(name)), &value, span);
        }
        at = value_start + length + 1;
    }
}

/// An element without child elements becomes a scalar holding its text.
fn close(text: &str, tag_start: usize, open: &mut Vec<Open<'_>>, tape: &mut Tape) {
    let name =
        text[tag_start + 2..].split(|c: char| c == '>' || c.is_whitespace()).next().unwrap_or_default();
    let Some(depth) = open.iter().rposition(|element| element.name == name) else { return };
    while open.len() > depth {
        let Some(element) = open.pop() else { return };
        let is_leaf = tape.items.len() as u32 == element.position + 1;
        if is_leaf && open.len() == depth {
            let raw = &text[element.content_start..tag_start];
            tape.make_scalar(
                element.position,
                &entities(raw.trim()),
                element.content_start as u32..tag_start as u32,
            );
        }
        tape.close(element.position);
    }
}

/// The predefined entities and character references (XML 1.0 §4.6, §4.1).
fn entities(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|b| b == b';');
        let decoded = end.and_then(|end| match &rest[1..end] {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            reference => reference.strip_prefix('#').and_then(|number| {
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)
            }),
        });
        match (decoded, end) {
            (Some(char), Some(end)) => {
                text.push(char);
                rest = &rest[end + 1..];
            }
            _ => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let mut tape = Tape::default();
        read(text, &mut tape);
        let lines: Vec<String> = tape
            .scalars()
            .map(|item| format!("{}={}", tape.pointer(item, false), tape.value(item)))
            .collect();
        assert_eq!(lines, expect);
    }

    #[test]
    fn elements_and_attributes() {
        check(
            r#"<?xml version="1.0"?><s:Env xmlns:s="u"><u id="7"><name>A &amp; &#x4e2d;</name><!-- <x> --></u></s:Env>"#,
            &["/u/@id=7", "/u/name=A & 中"],
        );
    }

    #[test]
    fn broken_markup_keeps_what_was_read() {
        check("<a><b>1</b><c>2", &["/b=1"]);
        check("<a><b>1</a>", &[]);
        check("<", &[]);
        check("<a x=\"1", &[]);
    }
}
