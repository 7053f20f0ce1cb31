//! One request with its response while they arrive, and how they become a call.

use std::net::SocketAddr;

use model::{Anomaly, Call, Headers, Message, limits};

use super::body::Body;
use super::coding::Codings;
use super::events::events;
use super::framing::{is_compressed, note};
use super::head::{First, Head, NO_VERSION};
use super::lenient;
use crate::grpc;
use crate::order::Ticket;
use crate::out::Out;
use crate::session::Mark;

/// Media type of server-sent events.
const EVENT_STREAM: &str = "text/event-stream";

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Progress {
    #[default]
    Absent,
    Arriving,
    Done,
}

/// A call that is not complete yet.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub call: Call,
    pub ticket: Ticket,
    /// Position of the first byte of the request in the client's stream.
    pub start: u64,
    /// Position after its head.
    pub head_end: u64,
    /// Position after its last byte; 0 while that is not known.
    pub request_end: u64,
    /// Position up to which the client had read the server's stream when it sent the request.
    pub ack: u64,
    /// Bytes are missing between the request before and this one.
    pub after_gap: bool,
    /// Both sides were silent for long before it, and everything was acknowledged: nothing was open.
    pub quiet: bool,
    pub request: Progress,
    pub request_body: Body,
    pub response: Progress,
    pub response_body: Body,
    pub last_ts: i64,
    /// Bytes of request and response body each time the client went on after the server had said something.
    turns: Vec<(u64, u64)>,
    /// The response is a stream of events.
    pub is_stream: bool,
    /// The call has left already.
    pub is_gone: bool,
}

impl Exchange {
    pub(crate) fn new(call: Call, ticket: Ticket, mark: Mark) -> Self {
        Self {
            call,
            ticket,
            start: mark.seq,
            head_end: mark.seq,
            request_end: 0,
            ack: mark.ack,
            after_gap: false,
            quiet: false,
            request: Progress::Absent,
            request_body: Body::new(),
            response: Progress::Absent,
            response_body: Body::new(),
            last_ts: mark.ts,
            turns: Vec::new(),
            is_stream: false,
            is_gone: false,
        }
    }

    /// Takes over a request head.
    pub(crate) fn set_request(&mut self, head: Head, server: SocketAddr) {
        head.anomalies.into_iter().for_each(|anomaly| note(&mut self.call.anomalies, anomaly));
        self.call.protocol = protocol(head.minor).into();
        if let First::Request { method, target } = head.first {
            let (authority, target) = split_target(&method, target);
            let mut fields = head.headers.get_all("host");
            let field = fields.next();
            if fields.next().is_some() {
                note(&mut self.call.anomalies, Anomaly::DUPLICATE_HOST);
            }
            if let (Some(authority), Some(field)) = (&authority, field)
                && bare_host(authority) != bare_host(field)
            {
                note(&mut self.call.anomalies, Anomaly::HOST_CONFLICT);
            }
            self.call.host = match authority.as_deref().or(field) {
                Some(host) if !host.trim().is_empty() => normal_host(host),
                _ => server_host(server),
            };
            self.call.method = method;
            self.call.target = target;
        }
        self.call.request = Some(Message { headers: head.headers, body: None, body_size: None });
        self.request = Progress::Arriving;
    }

    /// Takes over the head of the final response.
    pub(crate) fn set_response(&mut self, head: Head) {
        head.anomalies.into_iter().for_each(|anomaly| note(&mut self.call.anomalies, anomaly));
        if self.call.protocol.is_empty() {
            self.call.protocol = protocol(head.minor).into();
        }
        if let First::Response { status } = head.first {
            self.call.status = Some(status);
        }
        let media = head.headers.get("content-type").and_then(|value| value.get(..EVENT_STREAM.len()));
        self.is_stream = media.is_some_and(|media| media.eq_ignore_ascii_case(EVENT_STREAM));
        self.call.response = Some(Message { headers: head.headers, body: None, body_size: None });
        self.response = Progress::Arriving;
    }

    /// The client asked whether to send the body (RFC 9110 §10.1.1), was answered without "go on", and sent
    /// nothing of it so far.
    pub(crate) fn is_body_withheld(&self) -> bool {
        self.request == Progress::Arriving
            && self.request_body.size() == 0
            && self.call.status.is_some_and(|status| status >= 300)
            && self.may_be_told_to_go_on()
    }

    /// An interim response may precede the final one (RFC 9110 §10.1.1).
    pub(crate) fn may_be_told_to_go_on(&self) -> bool {
        let expect = self.call.request.as_ref().and_then(|request| request.headers.get("expect"));
        expect.is_some_and(|value| value.trim().eq_ignore_ascii_case("100-continue"))
    }

    /// Bytes of bodies held.
    pub(crate) fn bytes(&self) -> usize {
        let turns = self.turns.len() * size_of::<(u64, u64)>();
        self.request_body.held() + self.response_body.held() + turns
    }

    /// More of the request comes: remembers how far both sides were, where the two talk in turn.
    pub(crate) fn note_turn(&mut self) {
        let (asked, answered) = (self.request_body.size(), self.response_body.size());
        let before = self.turns.last().map_or(0, |turn| turn.1);
        if answered > before && self.turns.len() < limits::CALL_MESSAGES_MAX {
            self.turns.push((asked, answered));
        }
    }

    /// Hands the call out.
    pub(crate) fn emit(mut self, out: &mut Out) {
        if self.is_gone {
            return out.order.cancel(self.ticket);
        }
        let turns = std::mem::take(&mut self.turns);
        let (ticket, mut call) = self.into_call(&mut out.codings);
        grpc::interpret(&mut call, &turns, &mut out.codings, out.descriptors.as_deref());
        out.close(ticket, call);
    }

    /// Hands the call of a stream out when it has reached its limits; what comes after is only counted.
    pub(crate) fn hand_out_early(&mut self, now: i64, out: &mut Out) {
        let is_due =
            self.response_body.truncated || now.saturating_sub(self.call.ts.0) > limits::STREAM_US_MAX;
        if self.is_gone || !is_due {
            return;
        }
        note(&mut self.call.anomalies, Anomaly::MESSAGES_TRUNCATED);
        let mut rest = Self::new(Call::default(), self.ticket, Mark::default());
        rest.response_body.gap(0);
        let rest = Self {
            start: self.start,
            head_end: self.head_end,
            request_end: self.request_end,
            ack: self.ack,
            after_gap: self.after_gap,
            quiet: self.quiet,
            request: self.request,
            response: self.response,
            last_ts: self.last_ts,
            is_stream: true,
            is_gone: true,
            ..rest
        };
        std::mem::replace(self, rest).emit(out);
    }

    /// The call, bodies decoded.
    pub(crate) fn into_call(mut self, codings: &mut Codings) -> (Ticket, Call) {
        let call = &mut self.call;
        if self.response != Progress::Absent && call.request.is_some() {
            call.duration_us = u64::try_from(self.last_ts.saturating_sub(call.ts.0)).ok();
        }
        if let Some(request) = &mut call.request {
            finish(request, self.request_body, &mut call.anomalies, codings);
        }
        if let Some(response) = &mut call.response {
            finish(response, self.response_body, &mut call.anomalies, codings);
            if self.is_stream {
                call.messages = events(response.body(), &mut call.anomalies);
            }
        }
        if !call.ts.is_known() {
            call.duration_us = None;
        }
        (self.ticket, self.call)
    }
}

pub(crate) fn finish(
    message: &mut Message,
    mut body: Body,
    anomalies: &mut Vec<Anomaly>,
    codings: &mut Codings,
) {
    message.body_size = Some(body.size());
    let partial = body.has_gap || body.truncated;
    if body.has_gap {
        note(anomalies, Anomaly::GAP);
    }
    if body.truncated {
        note(anomalies, Anomaly::BODY_TRUNCATED);
    }
    let names = codings_of(&message.headers);
    let trailer = body.take_trailer();
    let (bytes, anomaly) = codings.remove(&names, body.into_bytes(!names.is_empty()));
    match anomaly {
        // A coded body that is cut cannot end well: the cause is named already.
        Some(anomaly)
            if anomaly == Anomaly::BAD_ENCODING && (partial || anomalies.contains(&Anomaly::CUT_OFF)) => {}
        Some(anomaly) => note(anomalies, anomaly),
        None => {}
    }
    message.body = Some(bytes);
    if !trailer.is_empty() {
        lenient::trailer(&trailer, &mut message.headers);
    }
}

/// The codings of a body in the order in which they were applied.
fn codings_of(headers: &Headers) -> Vec<&str> {
    let listed = |name| headers.get_all(name).flat_map(|value| value.split(',')).map(str::trim);
    // Transfer codings were applied after content codings, and chunked is gone already.
    let content = listed("content-encoding")
        .filter(|coding| !["", "identity", "chunked"].iter().any(|no| coding.eq_ignore_ascii_case(no)));
    // Whatever else stands there is a framing that did not work.
    let transfer = listed("transfer-encoding").filter(|coding| is_compressed(coding));
    content.chain(transfer).collect()
}

pub(crate) fn protocol(minor: u8) -> &'static str {
    match minor {
        0 => "http/1.0",
        NO_VERSION => "http/0.9",
        _ => "http/1.1",
    }
}

/// The authority named by the target, and the target in origin form (RFC 9112 §3.2).
pub(crate) fn split_target(method: &str, target: String) -> (Option<String>, String) {
    if method == "CONNECT" {
        return (Some(target.clone()), target);
    }
    if target.starts_with('/') {
        return (None, target);
    }
    let scheme_end = match target.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => {
            scheme.len() + 3
        }
        _ => return (None, target),
    };
    let rest = &target[scheme_end..];
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    (Some(authority.to_owned()), path)
}

/// Lower case, without user information.
pub(crate) fn normal_host(authority: &str) -> String {
    let authority = authority.trim();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase()
}

/// A host to compare: normal, without a default port.
fn bare_host(authority: &str) -> String {
    let host = normal_host(authority);
    let bare = host.strip_suffix(":80").or_else(|| host.strip_suffix(":443"));
    bare.map_or_else(|| host.clone(), str::to_owned)
}

pub(crate) fn server_host(server: SocketAddr) -> String {
    match (server.ip(), server.port()) {
        (std::net::IpAddr::V6(ip), 80) => format!("[{ip}]"),
        (ip, 80) => ip.to_string(),
        _ => server.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, target: &str, host: Option<&str>, expect: (&str, &str)) {
        let head = Head {
            first: First::Request { method: method.into(), target: target.into() },
            minor: 1,
            headers: host.map(|host| ("Host", host)).into_iter().collect(),
            anomalies: Vec::new(),
        };
        let ticket = crate::order::Order::new(0).open(0);
        let mut exchange = Exchange::new(Call::default(), ticket, Mark::default());
        exchange.set_request(head, "10.0.0.2:8080".parse().expect("an address"));
        assert_eq!((exchange.call.host.as_str(), exchange.call.target.as_str()), expect);
    }

    #[test]
    fn transfer_codings_come_last_wherever_they_stand() {
        let headers: Headers = [
            ("transfer-encoding", "gzip, chunked"),
            ("content-encoding", "identity, br"),
            ("content-encoding", "zstd,"),
        ]
        .into_iter()
        .collect();
        assert_eq!(codings_of(&headers), ["br", "zstd", "gzip"]);
    }

    #[test]
    fn hosts_and_targets() {
        check("GET", "/a?b", Some("Shop.Example.com:8080"), ("shop.example.com:8080", "/a?b"));
        check("GET", "http://u:p@A.example/x", Some("other"), ("a.example", "/x"));
        check("GET", "HTTPS://a.example?q=1", None, ("a.example", "/?q=1"));
        check(
            "GET",
            "/go?to=http://b.example/",
            Some("a.example"),
            ("a.example", "/go?to=http://b.example/"),
        );
        check("CONNECT", "a.example:443", Some("x"), ("a.example:443", "a.example:443"));
        check("OPTIONS", "*", Some(""), ("10.0.0.2:8080", "*"));
        check("GET", "/", None, ("10.0.0.2:8080", "/"));
    }
}
