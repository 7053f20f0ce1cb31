//! The call record: a [`Call`] as one line of JSON, written by `apiarist decode` and read everywhere.
//! Reading accepts missing fields and ignores unknown ones; bodies that are not UTF-8 travel as base64.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Anomaly, Call, CallId, Headers, Message, Peer, Rpc, Scheme, StreamMessage, Timestamp, TlsInfo};

/// Field order here is field order in the record.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Record<'a> {
    #[serde(skip_serializing_if = "is_empty_id")]
    id: CallId,
    #[serde(skip_serializing_if = "is_unknown")]
    ts: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_us: Option<u64>,
    #[serde(skip_serializing_if = "str_is_empty")]
    source: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "peer_or_nothing")]
    client: Option<Peer>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "peer_or_nothing")]
    server: Option<Peer>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scheme_or_nothing")]
    scheme: Option<Scheme>,
    #[serde(skip_serializing_if = "str_is_empty")]
    protocol: Cow<'a, str>,
    #[serde(skip_serializing_if = "str_is_empty")]
    method: Cow<'a, str>,
    #[serde(skip_serializing_if = "str_is_empty")]
    host: Cow<'a, str>,
    #[serde(skip_serializing_if = "str_is_empty")]
    target: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Half<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Half<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpc: Option<Cow<'a, Rpc>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Part<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    anomalies: Cow<'a, [Anomaly]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<Arc<TlsInfo>>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Half<'a> {
    headers: Cow<'a, Headers>,
    #[serde(flatten)]
    body: Body<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_size: Option<u64>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Part<'a> {
    from: Cow<'a, str>,
    kind: Cow<'a, str>,
    #[serde(flatten)]
    body: Body<'a>,
}

/// `body` for text, `body_b64` for bytes that are not UTF-8, neither when not recorded.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_b64: Option<Cow<'a, str>>,
}

fn is_empty_id(id: &CallId) -> bool {
    id.0.is_empty()
}

fn is_unknown(ts: &Timestamp) -> bool {
    !ts.is_known()
}

fn str_is_empty(text: &str) -> bool {
    text.is_empty()
}

/// A peer that is no address (a host name, `unix:`) is unknown rather than an error.
fn peer_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Peer>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| text.parse().ok()))
}

/// `ws` and `wss` are HTTP on the wire; any other scheme is unknown.
fn scheme_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Scheme>, D::Error> {
    Ok(match Option::<String>::deserialize(deserializer)?.as_deref() {
        Some("http" | "ws") => Some(Scheme::Http),
        Some("https" | "wss") => Some(Scheme::Https),
        _ => None,
    })
}

impl<'a> Body<'a> {
    fn encode(bytes: Option<&'a [u8]>) -> Self {
        let Some(bytes) = bytes else { return Self::default() };
        match std::str::from_utf8(bytes) {
            Ok(text) => Self { body: Some(text.into()), body_b64: None },
            Err(_) => Self { body: None, body_b64: Some(STANDARD.encode(bytes).into()) },
        }
    }

    /// Base64 that cannot be read is kept as the text that it is.
    fn decode(self) -> Option<Vec<u8>> {
        match (self.body, self.body_b64) {
            (Some(text), _) => Some(text.into_owned().into_bytes()),
            (None, Some(base64)) => {
                Some(STANDARD.decode(base64.as_bytes()).unwrap_or_else(|_| base64.into_owned().into_bytes()))
            }
            (None, None) => None,
        }
    }
}

impl<'a> From<&'a Message> for Half<'a> {
    fn from(message: &'a Message) -> Self {
        Self {
            headers: Cow::Borrowed(&message.headers),
            body: Body::encode(message.body.as_deref()),
            body_size: message.body_size,
        }
    }
}

impl From<Half<'_>> for Message {
    fn from(half: Half<'_>) -> Self {
        let body = half.body.decode();
        let body_size = half.body_size.or(body.as_ref().map(|body| body.len() as u64));
        Self { headers: half.headers.into_owned(), body, body_size }
    }
}

impl<'a> From<&'a Call> for Record<'a> {
    fn from(call: &'a Call) -> Self {
        let part = |message: &'a StreamMessage| Part {
            from: if message.from_client { "client" } else { "server" }.into(),
            kind: message.kind.as_ref().into(),
            body: Body::encode(Some(&message.body)),
        };
        Record {
            id: call.id.clone(),
            ts: call.ts,
            duration_us: call.duration_us,
            source: call.source.as_ref().into(),
            client: call.client,
            server: call.server,
            scheme: call.scheme,
            protocol: call.protocol.as_ref().into(),
            method: call.method.as_str().into(),
            host: call.host.as_str().into(),
            target: call.target.as_str().into(),
            request: call.request.as_ref().map(Half::from),
            status: call.status,
            response: call.response.as_ref().map(Half::from),
            rpc: call.rpc.as_ref().map(Cow::Borrowed),
            messages: call.messages.iter().map(part).collect(),
            anomalies: call.anomalies.as_slice().into(),
            tls: call.tls.clone(),
        }
    }
}

impl From<Record<'_>> for Call {
    fn from(record: Record<'_>) -> Self {
        let message = |part: Part<'_>| StreamMessage {
            from_client: part.from == "client",
            kind: Cow::Owned(part.kind.into_owned()),
            body: part.body.decode().unwrap_or_default(),
        };
        Call {
            id: record.id,
            ts: record.ts,
            duration_us: record.duration_us,
            source: Arc::from(record.source.as_ref()),
            client: record.client,
            server: record.server,
            scheme: record.scheme,
            protocol: Cow::Owned(record.protocol.into_owned()),
            method: record.method.into_owned(),
            host: record.host.to_ascii_lowercase(),
            target: record.target.into_owned(),
            request: record.request.map(Message::from),
            status: record.status,
            response: record.response.map(Message::from),
            rpc: record.rpc.map(Cow::into_owned),
            messages: record.messages.into_iter().map(message).collect(),
            anomalies: record.anomalies.into_owned(),
            tls: record.tls,
        }
    }
}

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Record::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Call {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Record::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"id":"a1","ts":"2026-11-21T10:00:00.123456Z","duration_us":1834,"source":"traffic.pcap","client":"10.0.0.7:51514","server":"10.0.0.2:80","scheme":"http","protocol":"http/1.1","method":"POST","host":"shop.example.com","target":"/users/v1/login?x=1","request":{"headers":[["content-type","application/json"]],"body":"{}","body_size":41},"status":200,"response":{"headers":[],"body_b64":"/w==","body_size":97},"rpc":{"service":"shop.Cart","method":"Add"},"messages":[{"from":"client","kind":"text","body":"hi"}],"anomalies":["gap","body-truncated"],"tls":{"version":"TLS 1.3","sni":"shop.example.com"}}"#;

    #[test]
    fn the_documented_record_round_trips() {
        let call: Call = serde_json::from_str(LINE).expect("a record");
        assert_eq!(call.response.as_ref().expect("response").body(), [0xff]);
        assert_eq!(serde_json::to_string(&call).expect("json"), LINE);
    }

    #[test]
    fn everything_may_be_missing_and_more_may_be_there() {
        let call: Call =
            serde_json::from_str(r#"{"method":"GET","new_field":[1],"client":"unix:"}"#).expect("a record");
        assert_eq!(call.method, "GET");
        assert!(call.client.is_none() && call.status.is_none() && !call.ts.is_known());
        assert_eq!(serde_json::to_string(&call).expect("json"), r#"{"method":"GET"}"#);
    }
}
