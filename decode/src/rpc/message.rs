//! One message while it arrives, and one call while its response is awaited.

use model::{Anomaly, Call, Message, limits};

use super::dialect::{Head, Parsed};
use crate::http1::note;
use crate::order::Ticket;
use crate::session::Mark;

/// The message that arrives on one direction.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// Bytes kept, from its first one.
    pub held: Vec<u8>,
    pub begin: Mark,
    /// Known once it is framed.
    pub head: Option<Head>,
    pub ticket: Option<Ticket>,
    /// Bytes of it that passed, missing ones included.
    pub seen: u64,
    pub last_ts: i64,
    has_gap: bool,
    truncated: bool,
    pub contradicted: bool,
}

impl Incoming {
    /// Bytes of the message that did not pass yet.
    pub fn left(&self) -> u64 {
        self.head.map_or(0, |head| head.len.saturating_sub(self.seen))
    }

    /// The next bytes of a framed message.
    pub fn keep(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        if self.has_gap || self.truncated {
            return;
        }
        let room = limits::BODY_BYTES_MAX.saturating_sub(self.held.len());
        self.truncated = bytes.len() > room;
        self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Bytes of a framed message that are missing.
    pub fn skip(&mut self, len: u64) {
        self.seen += len;
        self.has_gap = true;
    }

    /// What was read as one half of a call. Damage that has a cause is named by its cause.
    pub fn half(&self, parsed: Parsed, cut: Option<Anomaly>) -> Half {
        let mut anomalies = Vec::new();
        let causes = [
            self.has_gap.then_some(Anomaly::GAP),
            self.truncated.then_some(Anomaly::BODY_TRUNCATED),
            self.contradicted.then_some(Anomaly::OVERLAP),
            cut,
        ];
        causes.into_iter().flatten().for_each(|cause| note(&mut anomalies, cause));
        if let Some(anomaly) = parsed.anomaly.filter(|_| anomalies.is_empty()) {
            note(&mut anomalies, anomaly);
        }
        let overhead = self.head.map_or(0, |head| head.overhead);
        Half {
            rpc: parsed.rpc,
            status: parsed.status,
            message: Message {
                headers: parsed.headers,
                body: Some(parsed.body),
                body_size: Some(self.seen.saturating_sub(overhead)),
            },
            anomalies,
        }
    }
}

/// A request or a response that was read.
#[derive(Debug)]
pub(super) struct Half {
    rpc: Option<model::Rpc>,
    status: Option<u16>,
    message: Message,
    anomalies: Vec<Anomaly>,
}

impl Half {
    /// Becomes the request of a call.
    pub fn ask(self, call: &mut Call) {
        if let Some(rpc) = &self.rpc {
            call.target = target(&rpc.service, &rpc.method);
        }
        call.rpc = self.rpc;
        call.request = Some(self.message);
        self.anomalies.into_iter().for_each(|anomaly| note(&mut call.anomalies, anomaly));
    }

    /// Becomes the response of a call.
    pub fn answer(self, call: &mut Call) {
        call.status = self.status;
        call.rpc = call.rpc.take().or(self.rpc);
        call.response = Some(self.message);
        self.anomalies.into_iter().for_each(|anomaly| note(&mut call.anomalies, anomaly));
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.message.body().len()
    }
}

/// The procedure as a path, in the form that gRPC gives it.
fn target(service: &str, method: &str) -> String {
    let mut path = String::with_capacity(service.len() + method.len() + 2);
    for name in [service, method].into_iter().filter(|name| !name.is_empty()) {
        path.push('/');
        for c in name.chars() {
            match c {
                '?' | '#' | '%' | '/' | ';' => path.push_str(&format!("%{:02X}", c as u32)),
                c if c.is_control() || c == ' ' => path.push_str(&format!("%{:02X}", c as u32)),
                c => path.push(c),
            }
        }
    }
    path
}

/// A request that waits for its response.
#[derive(Debug)]
pub(super) struct Waiting {
    pub call: Call,
    pub ticket: Ticket,
    pub id: u64,
    /// Direction it came from.
    pub dir: usize,
    /// Its first byte, and the position after its last.
    pub begin: Mark,
    pub end: u64,
    pub last_ts: i64,
    /// Bytes of the other direction were lost since.
    pub uncertain: bool,
}

impl Waiting {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.call.request.as_ref().map_or(0, |request| request.body().len())
    }
}

/// A response whose request has not come by.
#[derive(Debug)]
pub(super) struct Early {
    pub half: Half,
    pub ticket: Ticket,
    pub id: u64,
    /// Direction it came from.
    pub dir: usize,
    pub begin: Mark,
    pub last_ts: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_path_segments_are_escaped() {
        assert_eq!(target("pkg.Service", "add"), "/pkg.Service/add");
        assert_eq!(target("", "a b?/"), "/a%20b%3F%2F");
    }
}
