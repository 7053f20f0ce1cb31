//! Command operators of Envoy's access log format strings (`%START_TIME%`, `%REQ(X?Y):Z%`, ...).

use super::draft::Field;
use super::syntax::{BadFormat, Placed, field, literal};
use super::value::Unit;

/// The parts of a format string. Method, path and protocol in quotes are one request line.
pub(crate) fn parts(format: &str) -> Result<Vec<Placed>, BadFormat> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(before) = rest.find('%') {
        let at = format.len() - rest.len() + before;
        parts.push(literal(at - before, &rest[..before]));
        let inner = &rest[before + 1..];
        if let Some(after) = inner.strip_prefix('%') {
            parts.push(literal(at, "%"));
            rest = after;
            continue;
        }
        let end = end(inner).ok_or_else(|| BadFormat {
            what: "an operator of the log format is not closed".to_owned(),
            at: at + 1,
        })?;
        parts.push(field(at, operator(&inner[..end])));
        rest = &inner[end + 1..];
    }
    parts.push(literal(format.len() - rest.len(), rest));
    Ok(parts)
}

/// Where the operator ends; a percent sign in its parentheses (a time format) is part of it.
fn end(inner: &str) -> Option<usize> {
    let close = match (inner.find('('), inner.find('%')) {
        (Some(open), Some(percent)) if open < percent => inner.find(')')?,
        _ => 0,
    };
    Some(close + inner[close..].find('%')?)
}

fn operator(text: &str) -> Field {
    let (name, argument) = match text.split_once('(') {
        Some((name, rest)) => (name, rest.split(')').next().unwrap_or_default()),
        None => (text.split(':').next().unwrap_or_default(), ""),
    };
    match name {
        "START_TIME" if argument.is_empty() => Field::Time(1),
        // Fractions have a notation of their own there (%3f), which chrono reads as %3f too.
        "START_TIME" => Field::TimeAs(argument.into()),
        "REQ" | "REQUEST_HEADER" => request_header(argument),
        "RESP" | "TRAILER" if !argument.is_empty() => {
            Field::ResponseHeader(argument.split('?').next().unwrap_or_default().to_ascii_lowercase().into())
        }
        "PROTOCOL" => Field::Protocol,
        "RESPONSE_CODE" => Field::Status(1),
        "BYTES_RECEIVED" => Field::RequestSize,
        "BYTES_SENT" => Field::ResponseSize,
        "DURATION" => Field::Duration(Unit::Millis, 1),
        "DOWNSTREAM_REMOTE_ADDRESS" => Field::Client(3),
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => Field::Client(2),
        "DOWNSTREAM_DIRECT_REMOTE_ADDRESS" => Field::Client(1),
        "DOWNSTREAM_REMOTE_PORT" => Field::ClientPort,
        "UPSTREAM_HOST" => Field::Server(1),
        "REQUESTED_SERVER_NAME" => Field::Host(1),
        "DOWNSTREAM_TLS_VERSION" | "DOWNSTREAM_TLS_CIPHER" => Field::Encrypted,
        _ => Field::Ignored,
    }
}

/// `X?Y` is X, and Y where X is absent.
fn request_header(argument: &str) -> Field {
    let lower = argument.to_ascii_lowercase();
    let last = lower.rsplit('?').next().unwrap_or_default();
    match last {
        ":method" => Field::Method,
        ":path" => Field::Target(1),
        ":authority" | "host" => Field::Host(2),
        ":scheme" => Field::Scheme,
        "x-forwarded-proto" => Field::Scheme,
        _ => Field::Header(lower.split('?').next().unwrap_or_default().to_owned().into()),
    }
}
