//! An entry of Envoy's access log service (`envoy.data.accesslog.v3.HTTPAccessLogEntry`) to a call. Numbers of fields
//! are those of Envoy's API, version 3; what is not named here says nothing about a call.

use std::borrow::Cow;

use model::{Anomaly, Call, Peer, Timestamp, TlsInfo};

use crate::format::{Draft, Escape, Field};
use crate::grpc;
use crate::grpc::wire::{self, Value};
use crate::http1::text;
use crate::tls::suite_name;

/// Methods by their number (`envoy.config.core.v3.RequestMethod`); 0 stands for any other.
const METHODS: [&str; 10] =
    ["", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
/// Versions by their number (`HTTPAccessLogEntry.HTTPVersion`).
const VERSIONS: [&str; 5] = ["", "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3"];
/// Versions of TLS by their number (`TLSProperties.TLSVersion`).
const TLS_VERSIONS: [&str; 5] = ["", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"];

/// What an entry turned out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Entry {
    Call(Box<Call>),
    /// Written while the call lasts; another one follows at its end.
    Intermediate,
    NotACall,
    Malformed,
}

/// Reads an entry.
pub(super) fn read(entry: &[u8]) -> Entry {
    let is_whole = |field| !matches!(field, (1 | 3 | 4, Value::Bytes(part)) if !wire::is_message(part));
    if !wire::is_message(entry) || !wire::fields(entry).all(is_whole) {
        return Entry::Malformed;
    }
    let mut reading = Reading::default();
    for (number, value) in wire::fields(entry) {
        match (number, value) {
            (1, Value::Bytes(common)) => reading.common(common),
            (2, Value::Varint(version)) => {
                reading.set(&Field::Protocol, named(&VERSIONS, version).as_bytes())
            }
            (3, Value::Bytes(request)) => reading.request(request),
            (4, Value::Bytes(response)) => reading.response(response),
            _ => {}
        }
    }
    if reading.is_intermediate {
        return Entry::Intermediate;
    }
    let mut call = reading.finish();
    if call.method.is_empty() && call.target.is_empty() {
        return Entry::NotACall;
    }
    grpc::interpret_heads(&mut call);
    Entry::Call(Box::new(call))
}

#[derive(Default)]
struct Reading {
    draft: Draft,
    is_intermediate: bool,
    is_cut_off: bool,
    /// Where the request came from: as inferred (`X-Forwarded-For`), and the other end of the connection.
    clients: [Option<Peer>; 2],
    /// Where it went: the address of Envoy, and of the upstream.
    servers: [Option<Peer>; 2],
    /// Time to the last byte, and until Envoy was done with everything.
    durations: [Option<u64>; 2],
    tls: Option<TlsInfo>,
}

impl Reading {
    fn set(&mut self, field: &Field, value: &[u8]) {
        // A value that is not what the field holds is left out, as in logs.
        self.draft.set(field, value, Escape::None);
    }

    /// `AccessLogCommon`.
    fn common(&mut self, common: &[u8]) {
        for (number, value) in wire::fields(common) {
            match (number, value) {
                (2, Value::Bytes(address)) => self.clients[0] = peer(address),
                (20, Value::Bytes(address)) => self.clients[1] = peer(address),
                (3, Value::Bytes(address)) => self.servers[0] = peer(address),
                (13, Value::Bytes(address)) => self.servers[1] = peer(address),
                (4, Value::Bytes(tls)) => self.tls = Some(tls_info(tls)),
                (5, Value::Bytes(time)) => {
                    let us = micros(time).and_then(|us| i64::try_from(us).ok());
                    self.draft.call.ts = us.map_or(Timestamp::UNKNOWN, Timestamp);
                }
                (12, Value::Bytes(duration)) => self.durations[0] = micros(duration),
                (23, Value::Bytes(duration)) => self.durations[1] = micros(duration),
                // The client left, or reset the stream, before the end.
                (16, Value::Bytes(flags)) => {
                    self.is_cut_off =
                        wire::fields(flags).any(|flag| matches!(flag, (15 | 28, Value::Varint(1))));
                }
                (27, Value::Varint(is)) => self.is_intermediate |= is != 0,
                // DownstreamStart, DownstreamPeriodic, UpstreamPoolReady, UpstreamPeriodic, a tunnel that stands.
                (33, Value::Varint(kind)) => self.is_intermediate |= matches!(kind, 4 | 5 | 7 | 8 | 10),
                _ => {}
            }
        }
    }

    /// `HTTPRequestProperties`.
    fn request(&mut self, request: &[u8]) {
        // Zero is not sent (proto3).
        self.draft.request.body_size = Some(0);
        for (number, value) in wire::fields(request) {
            match (number, value) {
                (1, Value::Varint(method)) => self.set(&Field::Method, named(&METHODS, method).as_bytes()),
                (2, Value::Bytes(scheme)) => self.set(&Field::Scheme, scheme),
                (3, Value::Bytes(authority)) => self.set(&Field::Host(1), authority),
                (5, Value::Bytes(path)) => self.set(&Field::Target(1), path),
                // As the client sent it, before Envoy rewrote it.
                (10, Value::Bytes(path)) => self.set(&Field::Target(2), path),
                (6, Value::Bytes(agent)) => self.set(&Field::Header("user-agent".into()), agent),
                (7, Value::Bytes(referer)) => self.set(&Field::Header("referer".into()), referer),
                (8, Value::Bytes(list)) => self.set(&Field::Header("x-forwarded-for".into()), list),
                (9, Value::Bytes(id)) => self.set(&Field::Header("x-request-id".into()), id),
                (12, Value::Varint(bytes)) => self.draft.request.body_size = Some(bytes),
                (13, Value::Bytes(entry)) => self.header(entry, Field::Header),
                _ => {}
            }
        }
    }

    /// `HTTPResponseProperties`.
    fn response(&mut self, response: &[u8]) {
        self.draft.response.body_size = Some(0);
        for (number, value) in wire::fields(response) {
            match (number, value) {
                (1, Value::Bytes(wrapped)) => {
                    let code = wire::fields(wrapped).find_map(|(number, value)| match (number, value) {
                        (1, Value::Varint(code)) => Some(code),
                        _ => None,
                    });
                    self.set(&Field::Status(1), code.unwrap_or(0).to_string().as_bytes());
                }
                (3, Value::Varint(bytes)) => self.draft.response.body_size = Some(bytes),
                (4 | 5, Value::Bytes(entry)) => self.header(entry, Field::ResponseHeader),
                _ => {}
            }
        }
    }

    /// An entry of a map of header fields. Of the pseudo-header fields only the method says more than the entry.
    fn header(&mut self, entry: &[u8], field: impl Fn(Cow<'static, str>) -> Field) {
        let (mut name, mut content) = (&b""[..], &b""[..]);
        for (number, value) in wire::fields(entry) {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = bytes,
                (2, Value::Bytes(bytes)) => content = bytes,
                _ => {}
            }
        }
        match name {
            b":method" => self.set(&Field::Method, content),
            [] | [b':', ..] => {}
            name => self.set(&field(text(name).into_owned().into()), content),
        }
    }

    fn finish(self) -> Call {
        let Self { mut draft, clients, servers, durations, tls, .. } = self;
        let first = |peers: [Option<Peer>; 2]| peers.into_iter().flatten().next();
        draft.call.client = first(clients);
        draft.call.server = first(servers);
        draft.call.duration_us = durations.into_iter().flatten().next();
        if tls.is_some() {
            draft.set(&Field::Encrypted, b"on", Escape::None);
        }
        // The method may be one that Envoy has no number for.
        let bare = (draft.call.method.is_empty() && !draft.call.target.is_empty())
            .then(|| std::mem::take(&mut draft.request));
        let mut call = draft.finish().call;
        call.request = call.request.or(bare);
        call.tls = tls.map(Into::into);
        if self.is_cut_off {
            call.anomalies.push(Anomaly::CUT_OFF);
        }
        call
    }
}

fn named<'n>(names: &[&'n str], number: u64) -> &'n str {
    usize::try_from(number).ok().and_then(|number| names.get(number)).copied().unwrap_or_default()
}

/// The address of an `Address`; pipes and internal listeners have none.
fn peer(address: &[u8]) -> Option<Peer> {
    let Some((1, Value::Bytes(socket))) = wire::fields(address).next() else { return None };
    let (mut ip, mut port) = (None, None);
    for (number, value) in wire::fields(socket) {
        match (number, value) {
            (2, Value::Bytes(text)) => ip = std::str::from_utf8(text).ok()?.parse().ok(),
            (3, Value::Varint(number)) => port = u16::try_from(number).ok().filter(|port| *port > 0),
            _ => {}
        }
    }
    Some(Peer { ip: ip?, port })
}

/// Microseconds of a `Timestamp` or a `Duration`: seconds and nanoseconds.
fn micros(value: &[u8]) -> Option<u64> {
    let (mut seconds, mut nanos) = (0_u64, 0_u64);
    for (number, value) in wire::fields(value) {
        match (number, value) {
            (1, Value::Varint(number)) => seconds = number,
            (2, Value::Varint(number)) => nanos = number,
            _ => {}
        }
    }
    // Negative ones come as huge numbers.
    (nanos < 1_000_000_000).then(|| seconds.checked_mul(1_000_000)?.checked_add(nanos / 1_000))?
}

/// `TLSProperties`.
fn tls_info(tls: &[u8]) -> TlsInfo {
    let mut info = TlsInfo::default();
    let plain = |bytes: &[u8]| text(bytes).chars().filter(|char| !char.is_control()).collect::<String>();
    for (number, value) in wire::fields(tls) {
        match (number, value) {
            (1, Value::Varint(version)) => named(&TLS_VERSIONS, version).clone_into(&mut info.version),
            (2, Value::Bytes(wrapped)) => {
                if let Some((1, Value::Varint(suite))) = wire::fields(wrapped).next() {
                    info.cipher = u16::try_from(suite).map(suite_name).unwrap_or_default();
                }
            }
            (3, Value::Bytes(name)) => info.sni = plain(name).to_ascii_lowercase(),
            (7, Value::Bytes(ja3)) => info.ja3 = plain(ja3),
            _ => {}
        }
    }
    info
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, bytes, number};
    use super::*;

    #[track_caller]
    fn check(entry: &[Vec<u8>], expect: &str) {
        let found = match read(&entry.concat()) {
            Entry::Call(call) => serde_json::to_string(&*call).expect("a record"),
            other => format!("{other:?}"),
        };
        assert_eq!(found, expect);
    }

    fn address(ip: &str, port: u64) -> Vec<u8> {
        bytes(1, &[bytes(2, ip.as_bytes()), number(3, port)].concat())
    }

    fn pair(name: &str, value: &str) -> Vec<u8> {
        [bytes(1, name.as_bytes()), bytes(2, value.as_bytes())].concat()
    }

    #[test]
    fn everything_that_an_entry_says() {
        let tls = [
            number(1, 4),
            bytes(2, &number(1, 0x1301)),
            bytes(3, b"Shop.example"),
            bytes(7, b"e7d705a3286e19ea42f587b344ee6865"),
        ];
        let common = [
            bytes(2, &address("203.0.113.9", 0)),
            bytes(3, &address("10.0.0.2", 8443)),
            bytes(4, &tls.concat()),
            bytes(5, &[number(1, 1_795_255_200), number(2, 123_456_789)].concat()),
            bytes(12, &number(2, 1_834_000)),
            bytes(13, &address("10.1.0.3", 8080)),
            bytes(16, &number(15, 1)),
            bytes(20, &address("10.0.0.7", 51_514)),
            bytes(23, &number(2, 2_000_000)),
            number(33, 6),
        ];
        let request = [
            number(1, 3),
            bytes(2, b"http"),
            bytes(3, b"Shop.example:443"),
            bytes(5, b"/internal/login"),
            bytes(6, b"curl/8"),
            bytes(8, b"203.0.113.9"),
            bytes(9, b"c0ffee"),
            bytes(10, b"/users/login?x=1"),
            number(11, 400),
            number(12, 41),
            bytes(13, &pair("content-type", "application/json")),
            bytes(13, &pair("user-agent", "curl/8")),
            bytes(13, &pair(":path", "/no")),
        ];
        let response = [
            bytes(1, &number(1, 201)),
            number(3, 97),
            bytes(4, &pair("content-type", "text/plain")),
            bytes(5, &pair("x-trailer", "7")),
            bytes(6, b"via_upstream"),
        ];
        check(
            &[
                bytes(1, &common.concat()),
                number(2, 3),
                bytes(3, &request.concat()),
                bytes(4, &response.concat()),
            ],
            r#"{"ts":"2026-11-21T10:00:00.123456Z","duration_us":1834,"client":"203.0.113.9","server":"10.0.0.2:8443","scheme":"https","protocol":"http/2","method":"POST","host":"shop.example","target":"/users/login?x=1","request":{"headers":[["user-agent","curl/8"],["x-forwarded-for","203.0.113.9"],["x-request-id","c0ffee"],["content-type","application/json"]],"body_size":41},"status":201,"response":{"headers":[["content-type","text/plain"],["x-trailer","7"]],"body_size":97},"anomalies":["cut-off"],"tls":{"version":"TLS 1.3","cipher":"TLS_AES_128_GCM_SHA256","sni":"shop.example","ja3":"e7d705a3286e19ea42f587b344ee6865"}}"#,
        );
    }

    #[test]
    fn what_is_left_out() {
        let common = [
            bytes(3, &bytes(2, &bytes(1, b"/run/envoy.sock"))),
            bytes(5, &number(1, u64::MAX)),
            bytes(13, &address("::1", 80)),
            bytes(20, &address("10.0.0.7", 9)),
        ];
        let request = [bytes(5, b"/a"), bytes(13, &pair(":method", "PROPFIND"))];
        check(
            &[
                bytes(1, &common.concat()),
                number(2, 99),
                bytes(3, &request.concat()),
                bytes(4, &bytes(1, b"")),
            ],
            r#"{"client":"10.0.0.7:9","server":"[::1]:80","method":"PROPFIND","target":"/a","request":{"headers":[],"body_size":0}}"#,
        );
        check(&[bytes(4, &bytes(1, &number(1, 400)))], "NotACall");
        check(&[], "NotACall");
        check(&[vec![0x0a, 9]], "Malformed");
        check(&[sample::intermediate()], "Intermediate");
        check(&[bytes(1, &number(27, 1)), sample::call("/a")], "Intermediate");
    }

    #[test]
    fn grpc_by_media_type_or_status() {
        let call = |request: &[Vec<u8>], response: &[Vec<u8>]| {
            let request = [&[number(1, 3), bytes(5, b"/shop.Cart/Add")][..], request].concat();
            let response = [&[bytes(1, &number(1, 200))][..], response].concat();
            [bytes(3, &request.concat()), bytes(4, &response.concat())]
        };
        check(
            &call(&[bytes(13, &pair("content-type", "application/grpc"))], &[]),
            r#"{"protocol":"grpc","method":"POST","target":"/shop.Cart/Add","request":{"headers":[["content-type","application/grpc"]],"body_size":0},"status":200,"response":{"headers":[],"body_size":0},"rpc":{"service":"shop.Cart","method":"Add"}}"#,
        );
        check(
            &call(&[], &[bytes(5, &pair("grpc-status", "5")), bytes(5, &pair("grpc-message", "no%20cart"))]),
            r#"{"protocol":"grpc","method":"POST","target":"/shop.Cart/Add","request":{"headers":[],"body_size":0},"status":200,"response":{"headers":[["grpc-status","5"],["grpc-message","no cart"]],"body_size":0},"rpc":{"service":"shop.Cart","method":"Add"}}"#,
        );
        check(
            &call(&[], &[]),
            r#"{"method":"POST","target":"/shop.Cart/Add","request":{"headers":[],"body_size":0},"status":200,"response":{"headers":[],"body_size":0}}"#,
        );
    }
}
