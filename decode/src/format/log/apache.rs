//! Directives of Apache's `LogFormat` (mod_log_config, mod_logio); LiteSpeed, Tomcat and Jetty use them too.

use super::draft::Field;
use super::syntax::{BadFormat, Placed, field, literal};
use super::value::Unit;

/// The parts of a `LogFormat`.
pub(crate) fn parts(format: &str) -> Result<Vec<Placed>, BadFormat> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(before) = rest.find('%') {
        let at = format.len() - rest.len() + before;
        parts.push(literal(at - before, &rest[..before]));
        rest = &rest[before + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            parts.push(literal(at, "%"));
            rest = after;
            continue;
        }
        // Conditions on the status, and which of several internal requests is meant.
        rest = rest
            .trim_start_matches(|char: char| char.is_ascii_digit() || matches!(char, '!' | ',' | '<' | '>'));
        let mut name = "";
        if let Some(inner) = rest.strip_prefix('{') {
            let end = inner.find('}').ok_or_else(|| BadFormat {
                what: "a brace of the log format is not closed".to_owned(),
                at: at + 1,
            })?;
            name = &inner[..end];
            rest = &inner[end + 1..];
        }
        // The request line and the target are written without the directives in between.
        if let Some(after) = rest.strip_prefix("U%q") {
            parts.push(field(at, Field::Target(1)));
            rest = after;
            continue;
        }
        let letters = if rest.starts_with('^') { 3 } else { 1 };
        let directive = rest.get(..letters.min(rest.len())).unwrap_or_default();
        let Some(known) = variable(directive, name) else {
            let what = format!("unknown directive %{directive} of the log format");
            return Err(BadFormat { what, at: at + 1 });
        };
        let brackets = directive == "t" && name.is_empty();
        parts.push(literal(at, if brackets { "[" } else { "" }));
        parts.push(field(at, known));
        parts.push(literal(at, if brackets { "]" } else { "" }));
        rest = &rest[directive.len()..];
    }
    parts.push(literal(format.len() - rest.len(), rest));
    Ok(parts)
}

fn variable(directive: &str, name: &str) -> Option<Field> {
    Some(match directive {
        "h" => Field::Client(1),
        "a" if name == "c" => Field::Client(0),
        "a" => Field::Client(2),
        "A" => Field::Server(1),
        "p" if name == "remote" => Field::ClientPort,
        "p" => Field::ServerPort,
        "v" => Field::Host(2),
        "V" => Field::Host(1),
        "H" => Field::Protocol,
        "r" => Field::RequestLine,
        "m" => Field::Method,
        "U" => Field::Path,
        "q" => Field::Query,
        "s" => Field::Status(1),
        "b" | "B" => Field::ResponseSize,
        "t" if name.is_empty() => Field::Time(1),
        "t" => Field::TimeAs(name.into()),
        "D" => Field::Duration(Unit::Micros, 2),
        "T" => match name {
            "ms" => Field::Duration(Unit::Millis, 2),
            "us" => Field::Duration(Unit::Micros, 2),
            _ => Field::Duration(Unit::Seconds, 1),
        },
        "F" => Field::Duration(Unit::Millis, 0),
        "i" if name.eq_ignore_ascii_case("host") => Field::Host(3),
        "i" => Field::Header(name.to_ascii_lowercase().into()),
        "o" => Field::ResponseHeader(name.to_ascii_lowercase().into()),
        "C" | "e" | "f" | "I" | "O" | "S" | "k" | "l" | "L" | "n" | "P" | "R" | "u" | "X" | "x" | "^ti"
        | "^to" => Field::Ignored,
        _ => return None,
    })
}
