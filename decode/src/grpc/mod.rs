//! gRPC, gRPC-Web and Connect streams out of calls that `http1` and `http2` recovered: the remote procedure, the
//! messages inside the bodies, and the status in the trailers. The bodies themselves stay as they are.

mod descriptors;
mod envelope;
mod protobuf;
mod render;
pub(crate) mod wire;

use model::{Anomaly, Call, Headers, Message, Rpc};

use crate::http1::{Codings, note};
use envelope::Messages;

pub use descriptors::Descriptors;

/// How messages are framed in the bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Grpc,
    /// Trailers are the last message of the response.
    Web,
    /// The same in base64.
    WebText,
    Connect,
}

impl Dialect {
    /// The name that calls have.
    const fn protocol(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Web | Self::WebText => "grpc-web",
            Self::Connect => "connect",
        }
    }
}

/// The dialect of a media type, and whether messages are protobuf.
fn dialect(message: Option<&Message>) -> Option<(Dialect, bool)> {
    let value = message?.headers.get("content-type")?.trim_start();
    // Most calls end here: what follows `application/` is neither `grpc` nor `connect`.
    let family = value.as_bytes().get(12..15)?;
    if !family.eq_ignore_ascii_case(b"grp") && !family.eq_ignore_ascii_case(b"con") {
        return None;
    }
    let media = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (base, codec) = media.split_once('+').unwrap_or((&media, "proto"));
    let dialect = match base {
        "application/grpc" => Dialect::Grpc,
        "application/grpc-web" => Dialect::Web,
        "application/grpc-web-text" => Dialect::WebText,
        "application/connect" => Dialect::Connect,
        _ => return None,
    };
    Some((dialect, codec == "proto"))
}

/// Completes a call that turns out to be gRPC; leaves every other call alone. `turns`: bytes of both bodies each time
/// the client went on after the server had said something.
pub(crate) fn interpret(
    call: &mut Call,
    turns: &[(u64, u64)],
    codings: &mut Codings,
    descriptors: Option<&Descriptors>,
) {
    let [request, response] = [&call.request, &call.response].map(|message| dialect(message.as_ref()));
    let Some((first, _)) = request.or(response) else { return };
    // A media type that is not known (lost, or in the part of an HPACK table that was not seen) is that of the
    // other message; one that is stated and differs is no gRPC, but the page of a proxy.
    let or_other = |own: Option<_>, other, message: &Option<Message>| {
        let is_stated = message.as_ref().is_some_and(|message| message.headers.get("content-type").is_some());
        own.or(if is_stated { None } else { other })
    };
    let (request, response) =
        (or_other(request, response, &call.request), or_other(response, request, &call.response));
    call.protocol = first.protocol().into();
    call.rpc = procedure(call.path());
    let types = descriptors.zip(call.rpc.as_ref());
    let types = types.and_then(|(all, rpc)| Some((all, all.method(&rpc.service, &rpc.method)?)));
    let mut messages = Messages::new(codings, turns);
    let mut trailers = None;
    if let (Some((dialect, is_proto)), Some(message)) = (request, &call.request) {
        let schema = types.map(|(all, method)| (all, method.input.as_str()));
        messages.read(message, dialect, render::Codec { from_client: true, is_proto, schema });
    }
    if let (Some((dialect, is_proto)), Some(message)) = (response, &call.response) {
        let schema = types.map(|(all, method)| (all, method.output.as_str()));
        trailers = messages.read(message, dialect, render::Codec { from_client: false, is_proto, schema });
    }
    let is_partial = [Anomaly::GAP, Anomaly::CUT_OFF, Anomaly::BODY_TRUNCATED];
    let is_partial = is_partial.iter().any(|anomaly| call.anomalies.contains(anomaly));
    for anomaly in std::mem::take(&mut messages.anomalies) {
        if !(is_partial && anomaly == Anomaly::BAD_MESSAGE) {
            note(&mut call.anomalies, anomaly);
        }
    }
    call.messages = messages.in_order();
    if let Some(response) = &mut call.response {
        let own = trailers.as_deref().map(trailer_lines).into_iter().flatten();
        own.for_each(|(name, value)| response.headers.push(name, value));
        decode_status_text(&mut response.headers);
    }
}

/// The same for a call of which only heads were recorded, and perhaps not the media types: a gRPC status tells as well.
pub(crate) fn interpret_heads(call: &mut Call) {
    let stated = dialect(call.request.as_ref()).or_else(|| dialect(call.response.as_ref()));
    let status = call.response.as_ref().and_then(|response| response.headers.get("grpc-status"));
    let found = stated.map(|(dialect, _)| dialect).or(status.map(|_| Dialect::Grpc));
    let Some(dialect) = found else { return };
    call.protocol = dialect.protocol().into();
    call.rpc = procedure(call.path());
    if let Some(response) = &mut call.response {
        decode_status_text(&mut response.headers);
    }
}

/// Service and method of a path (gRPC over HTTP/2, "Path"): its last two segments.
fn procedure(path: &str) -> Option<Rpc> {
    let (front, method) = path.rsplit_once('/')?;
    let service = front.rsplit('/').next().filter(|service| !service.is_empty() && !method.is_empty())?;
    Some(Rpc { service: service.to_owned(), method: method.to_owned() })
}

/// The fields of a gRPC-Web trailer message.
fn trailer_lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim(), value.trim()))
    })
}

/// `grpc-message` is percent-encoded on the wire; it is shown decoded.
fn decode_status_text(headers: &mut Headers) {
    if !headers.get("grpc-message").is_some_and(|text| text.contains('%')) {
        return;
    }
    let decoded = headers.iter().map(|(name, value)| match name {
        "grpc-message" => (name.to_owned(), percent_decoded(value)),
        _ => (name.to_owned(), value.to_owned()),
    });
    *headers = decoded.collect();
}

fn percent_decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(media: &str, body: &[u8]) -> Option<Message> {
        let headers = [("content-type", media)].into_iter().collect();
        Some(Message { headers, body: Some(body.to_vec()), body_size: None })
    }

    #[track_caller]
    fn check(media: &str, request: &[u8], response: &[u8], expect: (&str, &[&str], Option<&str>)) {
        let mut call = Call {
            target: "/shop.Cart/Add".into(),
            request: message(media, request),
            response: message(media, response),
            ..Call::default()
        };
        interpret(&mut call, &[], &mut Codings::new(), None);
        let texts: Vec<_> = call.messages.iter().map(|it| String::from_utf8_lossy(&it.body)).collect();
        let status = call.response.as_ref().and_then(|response| response.headers.get("grpc-status"));
        assert_eq!(
            (&*call.protocol, texts, status),
            (expect.0, expect.1.iter().map(|it| (*it).into()).collect(), expect.2)
        );
        assert!(call.anomalies.is_empty(), "{:?}", call.anomalies);
    }

    #[test]
    fn dialects() {
        let milk = b"\0\0\0\0\x06\x0a\x04milk";
        check("application/grpc", milk, b"", ("grpc", &[r#"{"1":"milk"}"#], None));
        check("application/grpc+proto; x=y", b"\0\0\0\0\0", milk, ("grpc", &["{}", r#"{"1":"milk"}"#], None));
        check("application/grpc+json", b"\0\0\0\0\x02{}", b"", ("grpc", &["{}"], None));
        let with_trailers = [&milk[..], b"\x80\0\0\0\x10grpc-status: 7\r\n"].concat();
        check(
            "application/grpc-web+proto",
            b"",
            &with_trailers,
            ("grpc-web", &[r#"{"1":"milk"}"#], Some("7")),
        );
        let text = b"AAAAAAYKBG1pbGs=gAAAABBncnBjLXN0YXR1czogNw0K";
        check("application/grpc-web-text", b"", text, ("grpc-web", &[r#"{"1":"milk"}"#], Some("7")));
        check(
            "application/connect+json",
            b"\0\0\0\0\x02{}",
            b"\x02\0\0\0\x02{}",
            ("connect", &["{}", "{}"], None),
        );
        check("application/json", b"{}", b"{}", ("", &[], None));
    }

    #[test]
    fn procedures_and_status_texts() {
        let name = |path| procedure(path).map(|rpc| format!("{} {}", rpc.service, rpc.method));
        assert_eq!(name("/shop.v1.Cart/Add").as_deref(), Some("shop.v1.Cart Add"));
        assert_eq!(name("/api/shop.Cart/Add").as_deref(), Some("shop.Cart Add"));
        assert_eq!((name("/Add"), name("/shop.Cart/"), name("")), (None, None, None));
        assert_eq!(percent_decoded("no %E4%B8%AD%2"), "no 中%2");
    }
}
