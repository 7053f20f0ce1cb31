//! The fields that logs record, and the call that they make together. Each format says which of its columns
//! or keys is which field; what a field does to the call stands here, once.

use std::borrow::Cow;

use model::{Anomaly, Call, Headers, Message, Peer, Scheme};

use super::time;
use super::value::{self, Escape, Unit};
use crate::http1::text;

/// What a value in a log says about the call. A rank settles which of several wins: the highest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Ignored,
    /// Address of the client, with a port or without.
    Client(u8),
    ClientPort,
    /// Addresses of proxies with the nearest last; that one is the client that was believed.
    ClientList(u8),
    Server(u8),
    ServerPort,
    Host(u8),
    Scheme,
    /// `on` or empty, or the TLS version: the call was encrypted when there is a value.
    Encrypted,
    Protocol,
    RequestLine,
    Method,
    /// Path and query, or a whole URL.
    Target(u8),
    Path,
    Query,
    Status(u8),
    RequestSize,
    ResponseSize,
    Time(u8),
    /// Time in this notation of `strftime`.
    TimeAs(Box<str>),
    /// Date, and time of day, in fields of their own (W3C).
    Date,
    Clock,
    Duration(Unit, u8),
    /// With a unit behind the number.
    DurationText(u8),
    /// A part of the duration; parts are added.
    DurationPart(Unit),
    Header(Cow<'static, str>),
    ResponseHeader(Cow<'static, str>),
    RequestBody,
    ResponseBody,
    /// HAProxy's captured headers in braces, names unknown.
    Captures,
}

impl Field {
    /// False when a value of this field cannot start like this: that tells where the value before it ends.
    pub(crate) fn may_start(&self, rest: &[u8]) -> bool {
        match self {
            Self::Status(_) => match rest {
                [b'-', ..] | [b'0', b' ', ..] => true,
                [a, b, c, after @ ..] => {
                    [a, b, c].iter().all(|byte| byte.is_ascii_digit())
                        && !after.first().is_some_and(u8::is_ascii_digit)
                }
                _ => false,
            },
            Self::RequestSize
            | Self::ResponseSize
            | Self::ClientPort
            | Self::ServerPort
            | Self::Duration(..)
            | Self::DurationPart(_) => {
                matches!(rest, [] | [b'-' | b'+' | b'0'..=b'9', ..])
            }
            _ => true,
        }
    }
}

/// A call while its fields are read.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) call: Call,
    pub(crate) request: Message,
    pub(crate) response: Message,
    client: u8,
    client_port: Option<u16>,
    server: u8,
    server_port: Option<u16>,
    host: u8,
    target: u8,
    status: u8,
    time: u8,
    duration: u8,
    path: String,
    query: String,
    date: String,
    clock: String,
    version: Cow<'static, str>,
    /// A request line is none.
    is_broken: bool,
    /// The time names no zone.
    is_local: bool,
}

/// A call as a log recorded it.
#[derive(Debug)]
pub(crate) struct Dated {
    pub(crate) call: Call,
    /// Its time names no zone and was read as UTC: it may be what a clock elsewhere showed.
    pub(crate) is_local: bool,
}

/// Takes a value over unless one of higher rank is there; true when it was a value at all.
fn ranked<T>(slot: &mut u8, rank: u8, value: Option<T>, take: impl FnOnce(T)) -> bool {
    let Some(value) = value else { return false };
    if rank + 1 > *slot {
        *slot = rank + 1;
        take(value);
    }
    true
}

impl Draft {
    /// Takes one value as logged; false when it is not what the field holds. `-` and nothing are absent values.
    pub(crate) fn set(&mut self, field: &Field, raw: &[u8], escape: Escape) -> bool {
        if raw.is_empty() || raw == b"-" || *field == Field::Ignored {
            return true;
        }
        if *field == Field::RequestLine {
            self.request_line(raw, escape);
            return true;
        }
        let plain = value::unescape(raw, escape);
        match field {
            Field::Target(rank) => {
                let mut named = Call::default();
                value::set_target(&mut named, &plain);
                self.target(*rank, named)
            }
            Field::RequestBody => {
                self.request.body = Some(plain.into_owned());
                true
            }
            Field::ResponseBody => {
                self.response.body = Some(plain.into_owned());
                true
            }
            _ => self.set_text(field, &text(&plain)),
        }
    }

    /// A request line outranks a path that a server made of it, as long as it is one.
    fn request_line(&mut self, raw: &[u8], escape: Escape) {
        let mut named = Call::default();
        value::set_request_line(&mut named, raw, escape);
        if named.method.is_empty() {
            self.is_broken |= !named.target.is_empty() && self.target(0, named);
            return;
        }
        self.call.method = std::mem::take(&mut named.method);
        self.call.protocol = std::mem::take(&mut named.protocol);
        self.target(3, named);
    }

    fn target(&mut self, rank: u8, named: Call) -> bool {
        let call = &mut self.call;
        // A URL that does not win still names scheme and host.
        call.scheme = named.scheme.or(call.scheme);
        if !named.host.is_empty() && self.host < 4 {
            call.host = named.host;
        }
        ranked(&mut self.target, rank, Some(named.target), |target| call.target = target)
    }

    fn set_text(&mut self, field: &Field, raw: &str) -> bool {
        let call = &mut self.call;
        match field {
            Field::Client(rank) => {
                let client = &mut call.client;
                // A name instead of an address says nothing that a call carries.
                ranked(&mut self.client, *rank, value::peer(raw), |peer| *client = Some(peer)) || is_name(raw)
            }
            Field::ClientList(rank) => {
                let client = &mut call.client;
                ranked(&mut self.client, *rank, value::peers(raw).next_back(), |peer| *client = Some(peer))
            }
            Field::ClientPort => set_some(&mut self.client_port, value::number(raw.as_bytes())),
            Field::Server(rank) => {
                let server = &mut call.server;
                let last = value::peers(raw).next_back();
                ranked(&mut self.server, *rank, last, |peer| *server = Some(peer)) || is_name(raw)
            }
            Field::ServerPort => set_some(&mut self.server_port, value::number(raw.as_bytes())),
            Field::Host(rank) => {
                let name = Some(value::host(raw)).filter(|name| !name.is_empty() && is_name(name));
                let host = &mut call.host;
                ranked(&mut self.host, *rank, name, |name| *host = name);
                true
            }
            Field::Scheme => {
                call.scheme = match raw.to_ascii_lowercase().as_str() {
                    "http" | "ws" => Some(Scheme::Http),
                    "https" | "wss" | "h2" => Some(Scheme::Https),
                    _ => call.scheme,
                };
                true
            }
            Field::Encrypted => {
                let is_on = !matches!(raw.to_ascii_lowercase().as_str(), "off" | "false" | "none" | "0");
                call.scheme = if is_on { Some(Scheme::Https) } else { call.scheme };
                true
            }
            // Some name the scheme here.
            Field::Protocol if raw.eq_ignore_ascii_case("https") => {
                call.scheme = Some(Scheme::Https);
                true
            }
            Field::Protocol => {
                self.version = value::protocol(raw).into();
                true
            }
            // Squid's for a request that it could not read.
            Field::Method if raw == "NONE" => true,
            Field::Method => {
                let is_method = value::is_method(raw.as_bytes());
                if is_method {
                    raw.clone_into(&mut call.method);
                }
                is_method
            }
            Field::Path => set_string(&mut self.path, raw),
            Field::Query => set_string(&mut self.query, raw),
            Field::Date => set_string(&mut self.date, raw),
            Field::Clock => set_string(&mut self.clock, raw),
            Field::Captures => {
                self.captures(raw);
                true
            }
            _ => self.set_measure(field, raw),
        }
    }

    fn set_measure(&mut self, field: &Field, raw: &str) -> bool {
        let call = &mut self.call;
        match field {
            Field::Status(rank) => {
                // Of a list (one per upstream) the last one is what the client got.
                let code = raw.rsplit([',', ' ', ':']).next().unwrap_or(raw).as_bytes();
                let status = &mut call.status;
                ranked(&mut self.status, *rank, value::status(code), |code| *status = Some(code))
                    || (!code.is_empty() && code.iter().all(|byte| matches!(byte, b'0' | b'-')))
            }
            Field::RequestSize => set_some(&mut self.request.body_size, value::number(raw.as_bytes())),
            Field::ResponseSize => set_some(&mut self.response.body_size, value::number(raw.as_bytes())),
            // Beside a date of its own.
            Field::Time(_) if raw.len() >= 8 && raw.as_bytes()[2] == b':' => set_string(&mut self.clock, raw),
            Field::Time(_) | Field::TimeAs(_) => {
                let (rank, moment) = match field {
                    Field::TimeAs(format) => (0, time::formatted(raw, format)),
                    Field::Time(rank) => (*rank, time::moment(raw)),
                    _ => return true,
                };
                let is_local = &mut self.is_local;
                ranked(&mut self.time, rank, moment, |moment| {
                    call.ts = moment.time();
                    *is_local = moment.east_s.is_none();
                })
            }
            Field::Duration(unit, rank) => {
                let duration = &mut call.duration_us;
                let value = value::duration(raw, Some(*unit));
                ranked(&mut self.duration, *rank, value, |us| *duration = Some(us)) || raw.starts_with('-')
            }
            Field::DurationText(rank) => {
                let duration = &mut call.duration_us;
                ranked(&mut self.duration, *rank, value::duration(raw, None), |us| *duration = Some(us))
            }
            Field::DurationPart(unit) => {
                let part = value::duration(raw, Some(*unit));
                if let Some(part) = part {
                    call.duration_us = Some(call.duration_us.unwrap_or(0).saturating_add(part));
                }
                part.is_some() || raw.starts_with('-')
            }
            Field::Header(name) => push_header(&mut self.request.headers, name, raw),
            Field::ResponseHeader(name) => push_header(&mut self.response.headers, name, raw),
            _ => true,
        }
    }

    /// `{a|b} {c}`: the first braces hold request fields. One that can only be a host name is one, a browser's
    /// user agent too.
    fn captures(&mut self, raw: &str) {
        let inner = raw.trim().strip_prefix('{').and_then(|rest| rest.split('}').next());
        for part in inner.unwrap_or_default().split('|') {
            let name = part.split(':').next().unwrap_or_default();
            let last = name.rsplit('.').next().unwrap_or_default();
            let is_host =
                name.contains('.') && last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic());
            if self.call.host.is_empty() && is_host && is_name(part) {
                self.call.host = value::host(part);
            }
            if part.starts_with("Mozilla/") {
                push_header(&mut self.request.headers, "user-agent", part);
            }
        }
    }

    /// The call that the fields make.
    pub(crate) fn finish(mut self) -> Dated {
        let call = &mut self.call;
        if !self.date.is_empty()
            && !call.ts.is_known()
            && let Some(moment) = time::moment(&format!("{} {}", self.date, self.clock))
        {
            call.ts = moment.time();
            self.is_local = moment.east_s.is_none();
        }
        if call.target.is_empty() && !self.path.is_empty() {
            value::set_target(call, self.path.as_bytes());
        }
        let query = self.query.trim_start_matches('?');
        if !query.is_empty() && !call.target.is_empty() && !call.target.contains('?') {
            call.target = format!("{}?{query}", call.target);
        }
        if call.protocol.is_empty() {
            call.protocol = self.version;
        }
        if self.is_broken && (call.method.is_empty() || self.target == 1) {
            call.anomalies.push(Anomaly::BAD_HEAD);
        }
        let header = |name| self.request.headers.get(name);
        let named = header("host").map(value::host).unwrap_or_default();
        // Gateways make URLs with the port on which they listen.
        let is_same =
            !named.is_empty() && call.host.strip_prefix(&named).is_some_and(|port| port.starts_with(':'));
        if call.host.is_empty() || is_same {
            call.host = named;
        }
        value::name_tunnel(call);
        if call.client.is_none() {
            let named = ["x-forwarded-for", "x-real-ip", "cf-connecting-ip", "true-client-ip"];
            call.client = named.into_iter().find_map(|name| value::peers(header(name)?).next());
        }
        join_port(&mut call.client, self.client_port);
        join_port(&mut call.server, self.server_port);
        if !call.method.is_empty() {
            call.request = Some(self.request);
        }
        if call.status.is_some() {
            call.response = Some(self.response);
        }
        Dated { call: self.call, is_local: self.is_local }
    }
}

fn is_name(raw: &str) -> bool {
    !raw.contains(|char: char| char.is_whitespace() || matches!(char, '"' | '/' | '\\' | '{' | '<'))
}

fn set_some<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let is_value = value.is_some();
    *slot = value.or(slot.take());
    is_value
}

fn set_string(slot: &mut String, raw: &str) -> bool {
    raw.clone_into(slot);
    true
}

fn push_header(headers: &mut Headers, name: &str, value: &str) -> bool {
    // Some logs name a field twice: beside the others and among them.
    let is_new = headers.get_all(name).all(|known| known != value);
    if headers.len() < model::limits::HEADER_FIELDS_MAX && is_new {
        headers.push(name, value);
    }
    true
}

fn join_port(peer: &mut Option<Peer>, port: Option<u16>) {
    if let Some(peer) = peer {
        peer.port = peer.port.or(port);
    }
}
