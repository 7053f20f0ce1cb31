//! Who talks to whom: the identity of a conversation, which outlives the protocols that it goes through.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use model::{Call, Scheme, Timestamp, TlsInfo};

/// The two ends of a conversation, and the count of its calls.
#[derive(Debug, Clone)]
pub(crate) struct Talk {
    /// The two ends, by direction.
    pub peers: [SocketAddr; 2],
    /// Tells this conversation from all others of the source.
    pub origin: Vec<u8>,
    /// Direction of the client, once known.
    pub client: Option<usize>,
    /// `Https` inside TLS.
    pub scheme: Scheme,
    /// The TLS session that the conversation is inside of.
    pub tls: Option<Arc<TlsInfo>>,
    /// Calls made so far.
    pub calls: u64,
    /// How many conversations this one is inside of.
    pub depth: usize,
}

impl Default for Talk {
    fn default() -> Self {
        let nobody = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        Self::new([nobody; 2], Vec::new())
    }
}

impl Talk {
    pub(crate) fn new(peers: [SocketAddr; 2], origin: Vec<u8>) -> Self {
        Self { peers, origin, client: None, scheme: Scheme::Http, tls: None, calls: 0, depth: 0 }
    }

    /// The end that asks; direction 0 while that is not known.
    pub(crate) fn client(&self) -> SocketAddr {
        self.peers[self.client.unwrap_or(0)]
    }

    /// The end that is asked.
    pub(crate) fn server(&self) -> SocketAddr {
        self.peers[1 - self.client.unwrap_or(0)]
    }

    /// A new call with its identity, ends and scheme; `ts` in microseconds.
    pub(crate) fn call(&mut self, source: &Arc<str>, ts: i64) -> Call {
        let ts = Timestamp(ts);
        let id = crate::id::call_id(source, ts, &self.origin, self.calls);
        self.calls += 1;
        Call {
            id,
            ts,
            source: source.clone(),
            client: Some(self.client().into()),
            server: Some(self.server().into()),
            scheme: Some(self.scheme),
            tls: self.tls.clone(),
            ..Call::default()
        }
    }
}
