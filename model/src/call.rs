//! The one noun that flows through everything: a call, that is a request and the response to it.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{CallId, Headers, Timestamp};

/// A request with its response, or the half of it that was seen. Absent means unknown, never guessed.
///
/// The JSON form is the call record of the command line (see `docs/formats.md`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Call {
    /// Stable identity.
    pub id: CallId,
    /// When the request started.
    pub ts: Timestamp,
    /// From the first byte of the request to the last of the response, in microseconds.
    pub duration_us: Option<u64>,
    /// Name of the file, interface or listener that the call came from.
    pub source: Arc<str>,
    /// Who asked.
    pub client: Option<Peer>,
    /// Who was asked.
    pub server: Option<Peer>,
    /// `http` or `https` as the client saw it, when known.
    pub scheme: Option<Scheme>,
    /// `http/1.1`, `http/2`, `grpc`, `websocket`, `dubbo`, ...; empty when unknown.
    pub protocol: Cow<'static, str>,
    /// Request method; empty when the request was not seen.
    pub method: String,
    /// Authority without user information, lower case; empty when unknown.
    pub host: String,
    /// Request target as sent: path and query (RFC 9112 §3.2); empty when the request was not seen.
    pub target: String,
    /// The request, when it was seen.
    pub request: Option<Message>,
    /// Status code of the final response.
    pub status: Option<u16>,
    /// The final response, when it was seen.
    pub response: Option<Message>,
    /// Remote procedure named inside the protocol.
    pub rpc: Option<Rpc>,
    /// Messages of a stream (WebSocket, SSE, gRPC streams).
    pub messages: Vec<StreamMessage>,
    /// What was odd or lost about this call.
    pub anomalies: Vec<Anomaly>,
    /// The TLS session that carried it, when its handshake was seen.
    pub tls: Option<Arc<TlsInfo>>,
}

/// What the hellos of a TLS session say in clear. Empty means unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsInfo {
    /// Version agreed on: `TLS 1.3`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Registered name of the cipher suite; its number as `0x0005` when it is not known here.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cipher: String,
    /// Server name that the client asked for (RFC 6066 §3).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sni: String,
    /// Protocol chosen (RFC 7301); where that is encrypted, those offered, separated by commas.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alpn: String,
    /// JA3 fingerprint of the client.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ja3: String,
    /// JA4 fingerprint of the client.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ja4: String,
}

/// Header of a Thrift response that is an exception of the service or the server.
pub const THRIFT_MESSAGE_TYPE: &str = "thrift-message-type";

impl Call {
    /// Bytes of what makes a call large: both bodies and the messages.
    #[must_use]
    pub fn content_bytes(&self) -> usize {
        let bodies =
            [&self.request, &self.response].into_iter().flatten().map(|message| message.body().len());
        bodies.chain(self.messages.iter().map(|message| message.body.len())).sum()
    }

    /// The target up to the query, fragment removed.
    #[must_use]
    pub fn path(&self) -> &str {
        let end = self.target.find(['?', '#']).unwrap_or(self.target.len());
        &self.target[..end]
    }

    /// The query after the first `?`, fragment removed; empty without one.
    #[must_use]
    pub fn query(&self) -> &str {
        let target = self.target.split('#').next().unwrap_or_default();
        target.split_once('?').map_or("", |(_, query)| query)
    }

    /// A final status of 2xx, or what means the same in the protocol of the call.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        match (self.protocol.as_ref(), self.status) {
            // Response.OK of Dubbo, ResponseStatus.SUCCESS of SOFARPC, no error code of bRPC.
            ("dubbo", status) => status == Some(20),
            ("sofarpc" | "brpc", status) => status == Some(0),
            // Thrift has no status: its reply is a result or an exception.
            ("thrift", _) => {
                self.response.as_ref().is_some_and(|reply| reply.headers.get(THRIFT_MESSAGE_TYPE).is_none())
            }
            (_, status) => status.is_some_and(|status| (200..300).contains(&status)),
        }
    }

    /// True for procedures that are called without HTTP: they have no request method, and a status of their own.
    #[must_use]
    pub fn is_bare_rpc(&self) -> bool {
        matches!(self.protocol.as_ref(), "dubbo" | "sofarpc" | "brpc" | "thrift")
    }
}

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Clear text.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The name used in URLs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// An address and, when known, a port. Text form `10.0.0.7:51514`, `[::1]:80` or the bare address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Peer {
    /// IPv4 or IPv6 address.
    pub ip: IpAddr,
    /// TCP or UDP port.
    pub port: Option<u16>,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.ip, port).fmt(f),
            None => self.ip.fmt(f),
        }
    }
}

impl FromStr for Peer {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { ip: address.ip(), port: Some(address.port()) });
        }
        text.trim_matches(['[', ']']).parse().map(|ip| Self { ip, port: None })
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self { ip: address.ip(), port: Some(address.port()) }
    }
}

impl Serialize for Peer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Peer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One direction of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Fields in wire order.
    pub headers: Headers,
    /// The body with transfer and content codings removed. `None`: not recorded; empty: there was none.
    pub body: Option<Vec<u8>>,
    /// Bytes of body content on the wire, before content codings were removed.
    pub body_size: Option<u64>,
}

impl Message {
    /// The media type of the body, lower case, without parameters; empty when not stated.
    #[must_use]
    pub fn media_type(&self) -> String {
        let value = self.headers.get("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The recorded body, empty when there is none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }
}

/// A remote procedure named by the protocol (gRPC, Dubbo, Thrift).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rpc {
    /// Full service name, `shop.Cart`.
    pub service: String,
    /// Method name, `Add`.
    pub method: String,
}

/// One message of a stream inside a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamMessage {
    /// True when the client sent it.
    pub from_client: bool,
    /// `text` and `binary` (WebSocket data), `close` (WebSocket, not an ordinary end: code and reason), `event` (SSE), ...
    pub kind: Cow<'static, str>,
    /// Payload, decompressed.
    pub body: Vec<u8>,
}

/// Something odd or lost about a call, as a stable kebab-case name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Anomaly(pub Cow<'static, str>);

impl Anomaly {
    /// Bytes of the message are missing from the capture.
    pub const GAP: Self = Self(Cow::Borrowed("gap"));
    /// The body is longer than what is kept.
    pub const BODY_TRUNCATED: Self = Self(Cow::Borrowed("body-truncated"));
    /// The stream ended before the message did.
    pub const CUT_OFF: Self = Self(Cow::Borrowed("cut-off"));
    /// A content coding could not be removed; the body is what was left of it.
    pub const BAD_ENCODING: Self = Self(Cow::Borrowed("bad-encoding"));
    /// Decompression stopped at the cap.
    pub const DECOMPRESSION_LIMIT: Self = Self(Cow::Borrowed("decompression-limit"));
    /// `Content-Length` and `Transfer-Encoding` together (RFC 9112 §6.3).
    pub const LENGTH_CONFLICT: Self = Self(Cow::Borrowed("length-conflict"));
    /// Several `Content-Length` values that differ.
    pub const DUPLICATE_LENGTH: Self = Self(Cow::Borrowed("duplicate-length"));
    /// A chunk size that cannot be read.
    pub const BAD_CHUNK: Self = Self(Cow::Borrowed("bad-chunk"));
    /// Retransmitted bytes differ from the first ones.
    pub const OVERLAP: Self = Self(Cow::Borrowed("overlap"));
    /// A head that breaks RFC 9112 but could be read.
    pub const BAD_HEAD: Self = Self(Cow::Borrowed("bad-head"));
    /// A `Content-Length` that is no plain decimal number.
    pub const BAD_LENGTH: Self = Self(Cow::Borrowed("bad-length"));
    /// A `Transfer-Encoding` that is obfuscated, repeated, unknown, or in an HTTP/1.0 message.
    pub const BAD_TRANSFER_ENCODING: Self = Self(Cow::Borrowed("bad-transfer-encoding"));
    /// A chunk that breaks RFC 9112 §7.1 but could be read: bare line feeds, spaces around the size, a long size.
    pub const ODD_CHUNK: Self = Self(Cow::Borrowed("odd-chunk"));
    /// A header field continued on the next line (RFC 9112 §5.2).
    pub const OBS_FOLD: Self = Self(Cow::Borrowed("obs-fold"));
    /// A line of a head that ends with a line feed alone.
    pub const BARE_LF: Self = Self(Cow::Borrowed("bare-lf"));
    /// A carriage return inside a line of a head.
    pub const BARE_CR: Self = Self(Cow::Borrowed("bare-cr"));
    /// A zero byte in a head.
    pub const NUL: Self = Self(Cow::Borrowed("nul"));
    /// White space between field name and colon (RFC 9112 §5.1).
    pub const SPACE_BEFORE_COLON: Self = Self(Cow::Borrowed("space-before-colon"));
    /// A line of a head that is no header field, or a field name that is no token.
    pub const BAD_FIELD: Self = Self(Cow::Borrowed("bad-field"));
    /// A version other than HTTP/1.0 and HTTP/1.1 in an HTTP/1 message, or none.
    pub const BAD_VERSION: Self = Self(Cow::Borrowed("bad-version"));
    /// A space inside the target of a request line; what follows it is left out (RFC 9112 §3).
    pub const SPACE_IN_TARGET: Self = Self(Cow::Borrowed("space-in-target"));
    /// Several `Host` fields.
    pub const DUPLICATE_HOST: Self = Self(Cow::Borrowed("duplicate-host"));
    /// The target names another authority than `Host`.
    pub const HOST_CONFLICT: Self = Self(Cow::Borrowed("host-conflict"));
    /// A WebSocket frame that breaks RFC 6455.
    pub const BAD_FRAME: Self = Self(Cow::Borrowed("bad-frame"));
    /// The stream had more messages than are kept.
    pub const MESSAGES_TRUNCATED: Self = Self(Cow::Borrowed("messages-truncated"));
    /// Request and response could not be paired with certainty.
    pub const UNMATCHED: Self = Self(Cow::Borrowed("unmatched"));

    /// Written down as an example, not seen as traffic.
    pub const DOCUMENTED: Self = Self(Cow::Borrowed("documented"));
    /// Header fields whose name or value is not known, because the capture began after they were first sent
    /// (HPACK, RFC 7541).
    pub const UNKNOWN_HEADER: Self = Self(Cow::Borrowed("unknown-header"));
    /// A gRPC message or trailer that cannot be read.
    pub const BAD_MESSAGE: Self = Self(Cow::Borrowed("bad-message"));

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_with_and_without_port() {
        for text in ["10.0.0.7:51514", "10.0.0.7", "[::1]:80", "::1"] {
            assert_eq!(text.parse::<Peer>().expect("a peer").to_string(), text);
        }
        assert!("unix:".parse::<Peer>().is_err());
    }

    #[test]
    fn path_and_query() {
        let call = Call { target: "/a/b?x=1?2#f".into(), ..Call::default() };
        assert_eq!((call.path(), call.query()), ("/a/b", "x=1?2"));
        let bare = Call { target: "/a#f?no".into(), ..Call::default() };
        assert_eq!((bare.path(), bare.query()), ("/a", ""));
    }
}
