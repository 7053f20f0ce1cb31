//! Bodies, queries and cookies as one shape: a flat list of values that know their parents.
//! Everything that reads structure (schema, data types, logins) reads it from a [`Tape`].

mod form;
mod json;
mod tape;
mod text;
mod xml;

pub(crate) use form::{cookies, decode_percent, pairs};
pub(crate) use tape::{Format, Item, Kind, Tape};
pub(crate) use text::text_of;
pub(crate) use xml::markup_end;

use model::Message;

/// The body of a message as text; `None` when it is binary.
pub(crate) fn text(message: &Message) -> Option<std::borrow::Cow<'_, str>> {
    text_of(message.body(), message.headers.get("content-type").unwrap_or_default())
}

/// Reads the body of a message onto the tape. The format is told from the content first, from the media
/// type second. What is neither JSON, form, multipart nor XML stays one text; bytes stay unread.
pub(crate) fn read(message: &Message, tape: &mut Tape) {
    tape.clear();
    let body = message.body();
    if body.is_empty() {
        return;
    }
    let media_type = message.media_type();
    let text = text_of(body, message.headers.get("content-type").unwrap_or_default());
    let Some(text) = text else { return };
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if start.starts_with(['{', '[']) && json::read(&text, tape) {
        return;
    }
    tape.clear();
    let is_markup = start.starts_with('<') && !media_type.contains("html");
    match media_type.as_str() {
        "application/x-www-form-urlencoded" => form::read_form(&text, tape),
        "multipart/form-data" => {
            form::read_multipart(&text, message.headers.get("content-type").unwrap_or_default(), tape);
        }
        _ if is_markup && xml::read(&text, tape) => {}
        _ => {
            tape.clear();
            tape.set_text(&text);
        }
    }
}
