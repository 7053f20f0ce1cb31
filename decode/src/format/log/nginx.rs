//! Variables of nginx (`ngx_http_core_module`, `ngx_http_upstream_module`, `ngx_http_log_module`). Modules add
//! more, so an unknown name is a field that nobody reads.

use super::draft::Field;
use super::syntax::{BadFormat, Placed, field, literal};
use super::value::Unit;

/// The parts of a `log_format`.
pub(crate) fn parts(format: &str) -> Result<Vec<Placed>, BadFormat> {
    // Path and query written out are one target.
    let format = format.replace("$uri$is_args$args", "$request_uri").replace("$uri?$args", "$request_uri");
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in format.match_indices('$') {
        if at < from {
            continue;
        }
        let rest = &format[at + 1..];
        let (name, len) = match rest.strip_prefix('{') {
            Some(inner) => {
                let end = inner.find('}').ok_or_else(|| BadFormat {
                    what: "a brace of the log format is not closed".to_owned(),
                    at: at + 1,
                })?;
                (&inner[..end], end + 2)
            }
            None => {
                let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
                let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
                (&rest[..end], end)
            }
        };
        if name.is_empty() {
            continue;
        }
        parts.push(literal(from, &format[from..at]));
        parts.push(field(at, super::known::variable(name).unwrap_or_else(|| variable(name))));
        from = at + 1 + len;
    }
    parts.push(literal(from, &format[from..]));
    Ok(parts)
}

/// What a variable says about the call.
pub(crate) fn variable(name: &str) -> Field {
    match name {
        "remote_addr" => Field::Client(2),
        "realip_remote_addr" | "proxy_protocol_addr" => Field::Client(1),
        "remote_port" => Field::ClientPort,
        "server_addr" => Field::Server(2),
        "upstream_addr" => Field::Server(1),
        "server_port" => Field::ServerPort,
        "http_host" => Field::Host(3),
        "host" => Field::Host(2),
        "server_name" => Field::Host(1),
        "scheme" => Field::Scheme,
        "https" | "ssl_protocol" | "ssl_cipher" => Field::Encrypted,
        "server_protocol" => Field::Protocol,
        "request" => Field::RequestLine,
        "request_method" => Field::Method,
        "request_uri" => Field::Target(2),
        "uri" | "document_uri" => Field::Path,
        "args" | "query_string" => Field::Query,
        "status" => Field::Status(2),
        "upstream_status" => Field::Status(1),
        "body_bytes_sent" => Field::ResponseSize,
        "content_length" => Field::RequestSize,
        "time_local" => Field::Time(1),
        "time_iso8601" => Field::Time(2),
        "msec" => Field::Time(3),
        "request_time" => Field::Duration(Unit::Seconds, 2),
        "upstream_response_time" => Field::Duration(Unit::Seconds, 1),
        "request_body" => Field::RequestBody,
        "resp_body" | "response_body" => Field::ResponseBody,
        "content_type" => Field::Header("content-type".into()),
        _ => {
            let dashed = |name: &str| name.replace('_', "-").into();
            if let Some(header) = name.strip_prefix("sent_http_").or(name.strip_prefix("upstream_http_")) {
                return Field::ResponseHeader(dashed(header));
            }
            name.strip_prefix("http_").map_or(Field::Ignored, |header| Field::Header(dashed(header)))
        }
    }
}
