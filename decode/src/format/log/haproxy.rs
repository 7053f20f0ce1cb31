//! Variables of HAProxy's `log-format` (configuration manual, "Custom log format"): aliases (`%ci`), expressions
//! (`%[req.hdr(host)]`) and flags (`%{+Q}r`).

use super::draft::Field;
use super::syntax::{BadFormat, Placed, field, literal};
use super::value::Unit;

/// Aliases by which a format string is told from Apache's, whose directives are single letters.
const OWN: [&str; 9] = ["ci", "ST", "HM", "HU", "HP", "tr", "trg", "ft", "tsc"];
/// Numbers, dates and states, which the flag `Q` does not put in quotes.
const BARE: [&str; 40] = [
    "B", "ST", "T", "Ta", "Tc", "Td", "Th", "Ti", "Tl", "Tq", "TR", "Tr", "Ts", "Tt", "Tu", "Tw", "U", "ac",
    "bc", "bp", "bq", "cp", "fc", "fp", "hr", "hs", "lc", "ms", "pid", "rc", "rt", "sc", "sp", "sq", "t",
    "tr", "trg", "trl", "ts", "tsc",
];
/// Strings that say nothing about a call.
const IGNORED: [&str; 11] = ["CC", "CS", "H", "ID", "b", "bi", "f", "ft", "hrl", "hsl", "s"];
/// Groups that are one value, in the notation of their first alias.
const GROUPS: [(&str, Field); 5] = [
    ("HP%HQ", Field::Target(2)),
    ("HPO%HQ", Field::Target(2)),
    ("Ts.%ms", Field::Time(1)),
    ("si:%sp", Field::Server(1)),
    ("fi:%fp", Field::Server(2)),
];

/// What flags make of the values that follow.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    is_quoted: bool,
    is_hex: bool,
}

impl Flags {
    /// Takes `+Q,-X`; an encoding of the whole line is none.
    fn take(mut self, given: &str) -> Option<Self> {
        for flag in given.split(',').map(str::trim) {
            let is_on = !flag.starts_with('-');
            match flag.trim_start_matches(['+', '-']) {
                "Q" => self.is_quoted = is_on,
                "X" => self.is_hex = is_on,
                "json" | "cbor" if is_on => return None,
                _ => {}
            }
        }
        Some(self)
    }
}

/// The alias with which a variable begins.
fn alias(rest: &str) -> &str {
    &rest[..rest.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(rest.len())]
}

/// True when a format string can only be HAProxy's.
pub(crate) fn is_own(format: &str) -> bool {
    format.match_indices('%').any(|(at, _)| {
        let rest = &format[at + 1..];
        ["[", "{+", "{-"].iter().any(|start| rest.starts_with(start)) || OWN.contains(&alias(rest))
    })
}

/// The parts of a `log-format`.
pub(crate) fn parts(format: &str) -> Result<Vec<Placed>, BadFormat> {
    // Separators in a row are merged.
    let format = format.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let (mut parts, mut always, mut rest) = (Vec::new(), Flags::default(), format.as_str());
    while let Some(before) = rest.find('%') {
        let at = format.len() - rest.len() + before;
        let bad = |what: &str| BadFormat { what: what.to_owned(), at: at + 1 };
        parts.push(literal(at - before, &rest[..before]));
        rest = &rest[before + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            parts.push(literal(at, "%"));
            rest = after;
            continue;
        }
        // `%(name)` names a value for encodings.
        if let Some(inner) = rest.strip_prefix('(') {
            let end = inner.find(')').ok_or_else(|| bad("a parenthesis of the log format is not closed"))?;
            rest = &inner[end + 1..];
        }
        let mut flags = always;
        if let Some(inner) = rest.strip_prefix('{') {
            let end = inner.find('}').ok_or_else(|| bad("a brace of the log format is not closed"))?;
            flags = flags
                .take(&inner[..end])
                .ok_or_else(|| bad("the log format is written as JSON or CBOR, which has no layout"))?;
            rest = &inner[end + 1..];
        }
        if alias(rest) == "o" {
            // The flags hold for all that follow; the variable itself writes nothing, no separator either.
            (always, rest) = (flags, rest[1..].trim_start());
            continue;
        }
        let (known, is_bare, after) = variable(rest).map_err(|what| BadFormat { what, at: at + 1 })?;
        rest = after;
        let quote = if flags.is_quoted && !is_bare { "\"" } else { "" };
        parts.push(literal(at, quote));
        parts
            .push(field(at, if flags.is_hex && may_be_hex(&known) { Field::Ignored } else { known.clone() }));
        parts.push(literal(at, quote));
        if known == Field::Captures {
            rest = skip_captures(rest);
        }
    }
    parts.push(literal(format.len() - rest.len(), rest));
    Ok(parts)
}

/// True for addresses, ports and `%Ts`, which the flag `X` writes in a way that nobody reads here.
fn may_be_hex(field: &Field) -> bool {
    matches!(
        field,
        Field::Client(_) | Field::ClientPort | Field::Server(_) | Field::ServerPort | Field::Time(1)
    )
}

/// Captured headers may be absent with the space behind them: it belongs to their field, and further ones do.
fn skip_captures(mut rest: &str) -> &str {
    loop {
        rest = rest.trim_start();
        match rest.strip_prefix('%').map(alias) {
            Some(name @ ("hr" | "hs")) => rest = &rest[1 + name.len()..],
            _ => return rest,
        }
    }
}

/// The variable at the start, whether it stays without quotes, and what follows it.
fn variable(rest: &str) -> Result<(Field, bool, &str), String> {
    if let Some(inner) = rest.strip_prefix('[') {
        let end = end_of_expression(inner).ok_or("a bracket of the log format is not closed")?;
        return Ok((expression(&inner[..end]), false, &inner[end + 1..]));
    }
    for (text, known) in GROUPS {
        let Some(after) = rest.strip_prefix(text) else { continue };
        if !after.starts_with(|char: char| char.is_ascii_alphanumeric()) {
            return Ok((known, text.starts_with("Ts"), after));
        }
    }
    let name = alias(rest);
    let is_bare = BARE.contains(&name);
    let known = match name {
        "ci" => Field::Client(2),
        "cp" => Field::ClientPort,
        "fi" => Field::Server(2),
        "fp" => Field::ServerPort,
        "si" => Field::Server(1),
        "HM" => Field::Method,
        "HP" | "HPO" => Field::Path,
        "HQ" => Field::Query,
        "HU" => Field::Target(2),
        "HV" => Field::Protocol,
        "r" => Field::RequestLine,
        "ST" => Field::Status(2),
        "tr" => Field::Time(5),
        "trg" | "trl" => Field::Time(4),
        "t" => Field::Time(3),
        "T" | "Tl" => Field::Time(2),
        "Ts" => Field::Time(1),
        "Ta" => Field::Duration(Unit::Millis, 2),
        "Tt" => Field::Duration(Unit::Millis, 1),
        "hr" | "hs" => Field::Captures,
        "sslc" | "sslv" => Field::Encrypted,
        _ if is_bare || IGNORED.contains(&name) => Field::Ignored,
        _ => return Err(format!("unknown variable %{name} of the log format")),
    };
    Ok((known, is_bare, &rest[name.len()..]))
}

/// Where the bracket closes; those in the arguments of a converter do not count.
fn end_of_expression(inner: &str) -> Option<usize> {
    let mut depth = 0_u32;
    inner.char_indices().find_map(|(at, char)| {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ']' if depth == 0 => return Some(at),
            _ => {}
        }
        None
    })
}

/// What a sample expression fetches; converters behind it change how it is written, hardly what it is.
fn expression(text: &str) -> Field {
    let (name, argument) = match text.split_once('(') {
        Some((name, rest)) if !name.contains(',') => {
            (name, rest.split([')', ',']).next().unwrap_or_default())
        }
        _ => (text.split(',').next().unwrap_or_default(), ""),
    };
    let header = argument.trim().to_ascii_lowercase();
    match name.trim() {
        "method" | "capture.req.method" => Field::Method,
        "path" => Field::Path,
        "query" => Field::Query,
        "pathq" | "capture.req.uri" => Field::Target(2),
        "url" => Field::Target(1),
        "req.ver" | "capture.req.ver" => Field::Protocol,
        "req.hdr" | "req.fhdr" | "hdr" if header == "host" => Field::Host(3),
        "req.hdr" | "req.fhdr" | "hdr" if !header.is_empty() => Field::Header(header.into()),
        "res.hdr" | "res.fhdr" if !header.is_empty() => Field::ResponseHeader(header.into()),
        "src" => Field::Client(2),
        "src_port" => Field::ClientPort,
        "dst" => Field::Server(2),
        "dst_port" => Field::ServerPort,
        "status" | "txn.status" => Field::Status(2),
        "ssl_fc" | "ssl_fc_protocol" | "ssl_fc_cipher" => Field::Encrypted,
        "ssl_fc_sni" => Field::Host(1),
        _ => Field::Ignored,
    }
}
