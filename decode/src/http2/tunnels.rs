//! Conversations inside streams: what CONNECT opens is read by a session of its own, up to a depth and a number.
//! `connection` feeds them.

use std::collections::BTreeMap;

use model::limits;

use super::connection::Http2;
use crate::out::Out;
use crate::session::{Next, Session, Talk};

/// What a tunnel costs beside what its conversation holds.
const TUNNEL_BYTES: usize = 1 << 10;

/// A conversation inside a stream.
#[derive(Debug)]
pub(super) struct Tunnel {
    session: Box<Session>,
    ended: [bool; 2],
}

/// Those of a connection, by stream.
#[derive(Debug, Default)]
pub(super) struct Tunnels(BTreeMap<u32, Tunnel>);

impl Tunnels {
    pub(super) fn get(&mut self, id: u32) -> Option<&mut Session> {
        self.0.get_mut(&id).map(|tunnel| &mut *tunnel.session)
    }

    /// A direction of a stream ends; the tunnel does when both have.
    pub(super) fn end(&mut self, id: u32, dir: usize, out: &mut Out) {
        let Some(tunnel) = self.0.get_mut(&id) else { return };
        tunnel.session.end(dir, 0, false, out);
        tunnel.ended[dir] = true;
        if tunnel.ended == [true; 2] {
            self.close(id, out);
        }
    }

    pub(super) fn close(&mut self, id: u32, out: &mut Out) {
        if let Some(mut tunnel) = self.0.remove(&id) {
            tunnel.session.close(out);
        }
    }

    /// A direction of the connection ends.
    pub(super) fn end_all(&mut self, dir: usize, out: &mut Out) {
        self.0.values_mut().for_each(|tunnel| tunnel.session.end(dir, 0, true, out));
    }

    pub(super) fn close_all(&mut self, out: &mut Out) {
        self.0.values_mut().for_each(|tunnel| tunnel.session.close(out));
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.0.values().map(|tunnel| TUNNEL_BYTES + tunnel.session.bytes()).sum()
    }
}

impl Http2 {
    /// CONNECT was accepted (RFC 9113 §8.5, RFC 8441): what its DATA carries is a conversation of its own. False when
    /// the stream is no such thing. `ts`: time of the answer.
    pub(super) fn open_tunnel(&mut self, id: u32, ts: i64, out: &mut Out) -> bool {
        let Some(stream) = self.streams.get(id) else { return false };
        let call = &stream.exchange.call;
        if call.method != "CONNECT" || !matches!(call.status, Some(200..=299)) {
            return false;
        }
        let is_websocket = call.protocol == "websocket";
        let Some(mut exchange) = self.streams.remove(id) else { return false };
        exchange.last_ts = exchange.last_ts.max(ts);
        self.streams.drop(id);
        let origin = [&self.talk.origin[..], b" ", &id.to_be_bytes()].concat();
        let talk = Talk { origin, calls: 0, depth: self.talk.depth + 1, ..self.talk.clone() };
        if self.tunnels.0.len() >= limits::HTTP2_TUNNELS_MAX || talk.depth > limits::SESSION_NESTING_MAX {
            out.stats.tunnels_unread += 1;
            exchange.emit(out);
            return true;
        }
        let next = if is_websocket {
            Next::WebSocket(Box::new(exchange))
        } else {
            exchange.emit(out);
            Next::Unknown
        };
        let session = Box::new(Session::inside(next, talk, out));
        self.tunnels.0.insert(id, Tunnel { session, ended: [false; 2] });
        true
    }
}
