//! The semantic conventions of OpenTelemetry for HTTP, as attributes → a call: names of today and those of before 1.21,
//! which many libraries still send. `http.route` is no target: it says how the framework calls it.

use std::borrow::Cow;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Anomaly, Call, limits};

use super::rpc;
use super::value::Any;
use crate::format::log::{Draft, Escape, Field, Unit};

/// Which attributes hold a field; the first one that holds it counts.
static FIELDS: [(&[&str], Field); 16] = [
    (&["http.request.method", "http.method"], Field::Method),
    // Stated where the method is none that the library knows (`_OTHER`).
    (&["http.request.method_original"], Field::Method),
    (&["http.target"], Field::Target(4)),
    (&["url.full", "http.url"], Field::Target(2)),
    (&["url.path"], Field::Path),
    (&["url.query"], Field::Query),
    (&["url.scheme", "http.scheme"], Field::Scheme),
    (&["http.response.status_code", "http.status_code"], Field::Status(3)),
    (&["http.request.header.host", "http.host"], Field::Host(4)),
    (&["http.request.body.size", "http.request_content_length", "rpc.request.body.size"], Field::RequestSize),
    (
        &["http.response.body.size", "http.response_content_length", "rpc.response.body.size"],
        Field::ResponseSize,
    ),
    (&["http.server.request.duration"], Field::Duration(Unit::Seconds, 3)),
    (&["http.server.duration"], Field::Duration(Unit::Millis, 3)),
    (&["http.client_ip"], Field::Client(5)),
    (&["http.flavor"], Field::Protocol),
    (&["network.protocol.version", "net.protocol.version"], Field::Protocol),
];

/// Addresses with their ports. Those of the connection rank behind what the server believes.
static PEERS: [(&str, &str, Field); 8] = [
    ("client.address", "client.port", Field::Client(5)),
    ("network.peer.address", "network.peer.port", Field::Client(3)),
    ("net.sock.peer.addr", "net.sock.peer.port", Field::Client(3)),
    ("net.peer.ip", "net.peer.port", Field::Client(3)),
    ("network.local.address", "network.local.port", Field::Server(5)),
    ("net.sock.host.addr", "net.sock.host.port", Field::Server(5)),
    ("net.host.ip", "net.host.port", Field::Server(4)),
    ("server.address", "server.port", Field::Server(3)),
];

/// Names of the server with the port, by rank.
const HOSTS: [(&str, &str, u8); 3] = [
    ("server.address", "server.port", 3),
    ("net.host.name", "net.host.port", 2),
    ("http.server_name", "net.host.port", 1),
];

/// What stands before the name of a header field, in the request and in the response.
const HEADERS: [(&str, &str); 4] = [
    ("http.request.header.", "http.response.header."),
    ("rpc.request.metadata.", "rpc.response.metadata."),
    ("rpc.grpc.request.metadata.", "rpc.grpc.response.metadata."),
    ("rpc.connect_rpc.request.metadata.", "rpc.connect_rpc.response.metadata."),
];

/// Where instrumentations put bodies; there is no convention.
const BODIES: [(&str, &str); 5] = [
    ("http.request.body", "http.response.body"),
    ("http.request.body.content", "http.response.body.content"),
    ("http.request.body.original", "http.response.body.original"),
    ("http.request.body.text", "http.response.body.text"),
    ("rpc.request.body", "rpc.response.body"),
];
const BASE64_BODIES: (&str, &str) = ("http.request.body.base64", "http.response.body.base64");

/// The attributes of one record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lookup<'a>(pub &'a [(String, Any)]);

impl<'a> Lookup<'a> {
    fn any(self, name: &str) -> Option<&'a Any> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A single value, not empty.
    pub(super) fn bytes(self, name: &str) -> Option<Cow<'a, [u8]>> {
        self.any(name)?.scalar().filter(|value| !value.is_empty())
    }

    /// The first of several that is text, not empty.
    pub(super) fn text(self, names: &[&str]) -> Option<Cow<'a, str>> {
        names.iter().find_map(|name| match self.bytes(name)? {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        })
    }
}

/// What attributes say about a call; fields that they do not name stay empty.
pub(super) fn describe(lookup: Lookup<'_>) -> Call {
    let mut draft = Draft::default();
    for (names, field) in &FIELDS {
        let is_other = *field == Field::Protocol && !is_http(lookup);
        let mut values = names.iter().filter_map(|name| lookup.bytes(name)).filter(|_| !is_other);
        values.any(|value| draft.set(field, &value, Escape::None));
    }
    addresses(lookup, &mut draft);
    headers(lookup, &mut draft);
    bodies(lookup, &mut draft);
    rpc::complete(lookup, draft)
}

/// A version of something else (a messaging protocol) is none of HTTP.
fn is_http(lookup: Lookup<'_>) -> bool {
    let name = lookup.text(&["network.protocol.name", "net.protocol.name"]);
    name.is_none_or(|name| name.eq_ignore_ascii_case("http"))
}

fn addresses(lookup: Lookup<'_>, draft: &mut Draft) {
    for (name, port, field) in &PEERS {
        let Some(address) = address(lookup, name) else { continue };
        let mut port = lookup.text(&[port]);
        // The client that was believed is often the one that is connected, whose port is known.
        if port.is_none() && lookup.text(&["network.peer.address"]).as_ref() == Some(&address) {
            port = lookup.text(&["network.peer.port"]);
        }
        draft.set(field, with_port(&address, port.as_deref()).as_bytes(), Escape::None);
    }
    for (name, port, rank) in HOSTS {
        let Some(address) = address(lookup, name) else { continue };
        let host = with_port(&address, lookup.text(&[port]).as_deref());
        draft.set(&Field::Host(rank), host.as_bytes(), Escape::None);
    }
}

/// An address or a name; `0.0.0.0`, on which a server listens, is neither.
fn address<'a>(lookup: Lookup<'a>, name: &str) -> Option<Cow<'a, str>> {
    lookup.text(&[name]).filter(|address| !address.parse().is_ok_and(|ip: IpAddr| ip.is_unspecified()))
}

/// Some put the whole Host field, its port included, where the address belongs.
fn with_port(address: &str, port: Option<&str>) -> String {
    let colons = address.bytes().filter(|byte| *byte == b':').count();
    let has_port = colons == 1 || address.contains("]:");
    match port.filter(|_| !has_port).filter(|port| port.parse::<u16>().is_ok_and(|port| port > 0)) {
        Some(port) if colons > 0 && !address.starts_with('[') => format!("[{address}]:{port}"),
        Some(port) => format!("{address}:{port}"),
        None => address.to_owned(),
    }
}

/// Each field with its values. Before 1.21 dashes in names were written as underscores.
fn headers(lookup: Lookup<'_>, draft: &mut Draft) {
    for (key, value) in lookup.0 {
        let mut prefixes = HEADERS.iter();
        let Some(field) = prefixes.find_map(|(request, response)| {
            let name = |rest: &str| Cow::Owned(rest.to_ascii_lowercase().replace('_', "-"));
            let of = |prefix: &str| key.strip_prefix(prefix).filter(|rest| !rest.is_empty());
            of(request)
                .map(|rest| Field::Header(name(rest)))
                .or_else(|| of(response).map(|rest| Field::ResponseHeader(name(rest))))
        }) else {
            continue;
        };
        let values = match value {
            Any::List(list) => list.as_slice(),
            other => std::slice::from_ref(other),
        };
        for value in values.iter().filter_map(Any::scalar) {
            draft.set(&field, &value, Escape::None);
        }
    }
    if let Some(agent) = lookup.bytes("user_agent.original").or_else(|| lookup.bytes("http.user_agent")) {
        draft.set(&Field::Header(Cow::Borrowed("user-agent")), &agent, Escape::None);
    }
}

fn bodies(lookup: Lookup<'_>, draft: &mut Draft) {
    let plain = |name: &str| lookup.any(name)?.content();
    let base64 = |name: &str| STANDARD.decode(lookup.bytes(name)?).ok();
    let request = BODIES.iter().find_map(|(request, _)| plain(request)).or_else(|| base64(BASE64_BODIES.0));
    let response =
        BODIES.iter().find_map(|(_, response)| plain(response)).or_else(|| base64(BASE64_BODIES.1));
    let is_long =
        |body: &Option<Vec<u8>>| body.as_ref().is_some_and(|body| body.len() > limits::BODY_BYTES_MAX);
    if is_long(&request) || is_long(&response) {
        draft.call.anomalies.push(Anomaly::BODY_TRUNCATED);
    }
    let cut = |mut body: Vec<u8>| {
        body.truncate(limits::BODY_BYTES_MAX);
        body
    };
    draft.request.body = request.map(cut);
    draft.response.body = response.map(cut);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attributes as JSON, their values as plain ones.
    #[track_caller]
    fn check(attributes: &str, expect: &str) {
        let value = |value: &serde_json::Value| match value {
            serde_json::Value::Array(list) => {
                Any::List(list.iter().filter_map(|it| Some(Any::Text(it.as_str()?.into()))).collect())
            }
            serde_json::Value::Number(number) => Any::Int(number.as_i64().expect("a whole number")),
            other => Any::Text(other.as_str().expect("text").into()),
        };
        let object: serde_json::Map<_, _> = serde_json::from_str(attributes).expect("JSON");
        let pairs: Vec<_> = object.iter().map(|(key, it)| (key.clone(), value(it))).collect();
        let call = describe(Lookup(&pairs));
        assert_eq!(serde_json::to_string(&call).expect("a record"), expect);
    }

    #[test]
    fn conventions_of_today_and_of_before() {
        check(
            r#"{"http.request.method":"GET","url.path":"/a","url.query":"b=1","url.scheme":"https","http.response.status_code":200,"server.address":"A.example","server.port":8443,"network.protocol.name":"http","network.protocol.version":"2"}"#,
            r#"{"scheme":"https","protocol":"http/2","method":"GET","host":"a.example:8443","target":"/a?b=1","request":{"headers":[]},"status":200,"response":{"headers":[]}}"#,
        );
        check(
            r#"{"http.method":"GET","http.url":"http://a.example/a?b=1","http.status_code":"404","http.flavor":"HTTP/1.0","http.user_agent":"curl","net.peer.ip":"::1","net.peer.port":9}"#,
            r#"{"client":"[::1]:9","scheme":"http","protocol":"http/1.0","method":"GET","host":"a.example","target":"/a?b=1","request":{"headers":[["user-agent","curl"]]},"status":404,"response":{"headers":[]}}"#,
        );
        check(
            r#"{"http.request.method":"GET","http.target":"/sent?x","url.full":"https://a.example/seen","http.route":"/{name}","http.host":"b.example:80"}"#,
            r#"{"scheme":"https","method":"GET","host":"b.example","target":"/sent?x","request":{"headers":[]}}"#,
        );
        // Python's.
        check(
            r#"{"http.request.method":"GET","url.path":"/a","server.address":"a.example:8443","server.port":8000}"#,
            r#"{"method":"GET","host":"a.example:8443","target":"/a","request":{"headers":[]}}"#,
        );
        check(
            r#"{"network.protocol.name":"amqp","network.protocol.version":"1.0","server.address":"/run/a.sock","server.port":"x","http.route":"/a"}"#,
            "{}",
        );
    }

    #[test]
    fn headers_and_bodies() {
        check(
            r#"{"http.method":"POST","http.target":"/a","http.status_code":200,"http.request.header.Content_Type":["text/plain"],"http.request.header.x-forwarded-for":"192.0.2.7, 10.0.0.1","http.response.header.set-cookie":["a=1","b=2"],"http.request.body":"hi","http.request.body.size":2,"http.response.body.base64":"/w=="}"#,
            r#"{"client":"192.0.2.7","method":"POST","target":"/a","request":{"headers":[["content-type","text/plain"],["x-forwarded-for","192.0.2.7, 10.0.0.1"]],"body":"hi","body_size":2},"status":200,"response":{"headers":[["set-cookie","a=1"],["set-cookie","b=2"]],"body_b64":"/w=="}}"#,
        );
    }

    #[test]
    fn procedures() {
        check(
            r#"{"rpc.system":"grpc","rpc.service":"a.B","rpc.method":"C","rpc.grpc.status_code":5,"client.address":"10.0.0.7","network.peer.address":"10.0.0.7","network.peer.port":9}"#,
            r#"{"client":"10.0.0.7:9","protocol":"grpc","method":"POST","target":"/a.B/C","request":{"headers":[]},"status":200,"response":{"headers":[["grpc-status","5"]]},"rpc":{"service":"a.B","method":"C"}}"#,
        );
        check(
            r#"{"rpc.system.name":"dubbo","rpc.method":"a.B/c","rpc.request.metadata.k":"v"}"#,
            r#"{"protocol":"dubbo","target":"/a.B/c","request":{"headers":[["k","v"]]},"rpc":{"service":"a.B","method":"c"}}"#,
        );
        check(r#"{"rpc.system":"grpc","rpc.service":"a.B","rpc.method":"_OTHER"}"#, "{}");
    }
}
