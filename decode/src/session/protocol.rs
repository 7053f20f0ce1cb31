//! What a session asks of a protocol, and how one protocol hands over to the next.

use std::fmt::Debug;

use super::proxy_header::ProxyHeader;
use super::socks::Socks;
use super::{Opaque, Talk};
use crate::brpc::Brpc;
use crate::dubbo::Dubbo;
use crate::http1::{Exchange, Http1};
use crate::http2::Http2;
use crate::out::Out;
use crate::rpc::Framed;
use crate::sofarpc::SofaRpc;
use crate::thrift::Thrift;
use crate::tls::Tls;
use crate::websocket::WebSocket;

/// Where and when a slice of a stream was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mark {
    /// Position of the first byte in its direction, extended to 64 bits.
    pub seq: u64,
    /// Position up to which the sender had read the other direction; 0 when not stated.
    pub ack: u64,
    /// Capture time, microseconds.
    pub ts: i64,
}

/// A protocol over two byte streams with gaps. Directions are 0 and 1; which of them is the client is in
/// [`Talk::client`], or learned from content. Bad bytes are an anomaly or a counter, never an error.
pub(crate) trait Protocol: Debug + Send {
    /// The next bytes of a direction: the payload of one segment (or record, or message that carried it).
    /// `Some`: another protocol takes over after the bytes used; the session goes on with what is left of them.
    fn data(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) -> Option<Switch>;

    /// `len` bytes from position `at` of a direction will never be seen.
    fn gap(&mut self, dir: usize, at: u64, len: u64, out: &mut Out);

    /// A direction was closed at position `at`; `reset`: by RST.
    fn end(&mut self, dir: usize, at: u64, reset: bool, out: &mut Out);

    /// Nothing more will come: everything known is handed out. May be called twice.
    fn close(&mut self, out: &mut Out);

    /// Bytes held, for the memory caps.
    fn bytes(&self) -> usize;

    /// True once something of this protocol was recognised for certain.
    fn is_known(&self) -> bool;

    /// True for bytes that nobody reads: nothing is looked for in them, and nothing was understood.
    fn is_opaque(&self) -> bool {
        false
    }

    /// Gives up the identity of the conversation, for the protocol that takes over.
    fn talk(&mut self) -> Talk;

    /// The handshake was seen: both streams are read from their first byte.
    fn opened_by(&mut self, _client: usize) {}

    /// The next bytes of a direction were sent in two versions, of which they are the first.
    fn contradicted(&mut self, _dir: usize) {}
}

/// A protocol gives way.
#[derive(Debug)]
pub(crate) struct Switch {
    /// Bytes of the slice that still belonged to the old one.
    pub used: usize,
    pub next: Next,
}

/// What takes over.
#[derive(Debug)]
pub(crate) enum Next {
    /// Whatever the next bytes turn out to be: a tunnel was opened.
    Unknown,
    /// WebSocket (RFC 6455), with the call of its handshake.
    WebSocket(Box<Exchange>),
    /// HTTP/2 from its preface, or from a segment in the middle.
    Http2,
    /// HTTP/2 over an upgraded connection (RFC 7540 §3.2); the exchange becomes stream 1.
    UpgradedHttp2(Box<Exchange>),
    Dubbo,
    Thrift,
    SofaRpc,
    Brpc,
    Tls,
    /// What precedes a tunnel through a SOCKS proxy.
    Socks,
    /// The PROXY protocol, in front of anything.
    ProxyHeader,
    /// Nothing that is read.
    Opaque,
}

impl Next {
    /// The protocol, fed from the next byte on. `opened`: both streams are read from their first byte.
    pub(super) fn start(self, mut talk: Talk, opened: bool, out: &mut Out) -> Box<dyn Protocol> {
        match self {
            Self::Unknown => {
                let client = if opened { talk.client.take() } else { None };
                let mut http = Http1::new(talk);
                client.into_iter().for_each(|client| http.opened_by(client));
                Box::new(http)
            }
            Self::Http2 => Box::new(Http2::new(talk, opened)),
            Self::UpgradedHttp2(exchange) => Box::new(Http2::upgraded(talk, *exchange, out)),
            Self::WebSocket(exchange) => Box::new(WebSocket::new(talk, exchange, out)),
            Self::Dubbo => Box::new(Framed::<Dubbo>::new(talk, opened)),
            Self::Thrift => Box::new(Framed::<Thrift>::new(talk, opened)),
            Self::SofaRpc => Box::new(Framed::<SofaRpc>::new(talk, opened)),
            Self::Brpc => Box::new(Framed::<Brpc>::new(talk, opened)),
            Self::Tls => Box::new(Tls::new(talk, out)),
            Self::Socks => Box::new(Socks::new(talk)),
            Self::ProxyHeader => Box::new(ProxyHeader::new(talk)),
            Self::Opaque => Box::new(Opaque::new(talk)),
        }
    }
}
