//! GoReplay's files: payloads of raw HTTP/1 after a line of kind, id and time, separated by a line of monkeys.
//! Requests and responses are paired by the id that GoReplay gave them.

use std::collections::VecDeque;

use memchr::memmem;
use model::{Anomaly, Call, Timestamp, limits};
use rustc_hash::FxHashMap;

use super::log::host;
use crate::http1::{read_recorded, split_target};
use crate::order::Ticket;
use crate::out::Out;

const SEPARATOR: &[u8] = "\n\u{1f435}\u{1f648}\u{1f649}\n".as_bytes();

/// Nanoseconds since the epoch below which a number is no time, as in the examples of GoReplay's own description.
const PLAUSIBLE_NANOS: i64 = 1_000_000_000_000;
/// Characters of an id that is no word.
const ID_LEN_LONG: usize = 20;

/// Reads the payloads of one file.
#[derive(Debug, Default)]
pub(crate) struct GoReplay {
    held: Vec<u8>,
    searched: usize,
    dropping: bool,
    payloads: u64,
    /// Requests without a response so far, by id.
    pending: FxHashMap<Box<str>, (Ticket, Call, i64)>,
    /// Their ids, oldest first.
    queue: VecDeque<(Box<str>, Ticket)>,
    /// Bytes of their bodies.
    bytes: usize,
}

/// The line before a payload.
#[derive(Debug, PartialEq, Eq)]
struct Meta<'a> {
    kind: u8,
    id: &'a str,
    nanos: i64,
}

impl Meta<'_> {
    fn time(&self) -> Timestamp {
        if self.nanos > PLAUSIBLE_NANOS { Timestamp(self.nanos / 1_000) } else { Timestamp::UNKNOWN }
    }
}

/// Reads `1 932079936fa4306fc308d67588178d17d823647c 1439818823587396305 [latency]`.
fn meta(line: &[u8]) -> Option<Meta<'_>> {
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let (kind, id, nanos) = (words.next()?, words.next()?, words.next()?);
    let kind = kind.parse().ok().filter(|kind| (1..=3).contains(kind))?;
    let is_id = (8..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let rest_is_numbers = words.all(|word| word.parse::<i64>().is_ok());
    (is_id && rest_is_numbers).then_some(())?;
    Some(Meta { kind, id, nanos: nanos.parse().ok().filter(|nanos| *nanos > 0)? })
}

/// True when the line starts a payload, and hardly means anything else: its time is one, or its id is long.
pub(crate) fn is_payload_line(line: &[u8]) -> bool {
    meta(line).is_some_and(|meta| meta.nanos > PLAUSIBLE_NANOS || meta.id.len() >= ID_LEN_LONG)
}

impl GoReplay {
    /// Takes the next bytes of the file.
    pub(crate) fn feed(&mut self, data: &[u8], out: &mut Out, emit: &mut impl FnMut(Call)) {
        for part in data.chunks(64 << 10) {
            self.held.extend_from_slice(part);
            let mut from = 0;
            while let Some(at) = memmem::find(&self.held[self.searched..], SEPARATOR) {
                let end = self.searched + at;
                let held = std::mem::take(&mut self.held);
                self.payload(Some(&held[from..end]), out);
                out.order.release(emit);
                self.held = held;
                from = end + SEPARATOR.len();
                self.searched = from;
            }
            self.held.drain(..from);
            self.searched = self.held.len().saturating_sub(SEPARATOR.len() - 1);
            if self.dropping || self.held.len() > limits::LINE_BYTES_MAX {
                self.dropping = true;
                self.held.drain(..self.searched);
                self.searched = 0;
            }
        }
    }

    /// The file ended: what is left may be a last payload, and what waits stays without a response.
    pub(crate) fn finish(&mut self, out: &mut Out) {
        let held = std::mem::take(&mut self.held);
        if !held.trim_ascii().is_empty() || self.dropping {
            self.payload(Some(&held), out);
        }
        while let Some((id, ticket)) = self.queue.pop_front() {
            self.give_up(&id, ticket, out);
        }
    }

    fn payload(&mut self, payload: Option<&[u8]>, out: &mut Out) {
        out.stats.entries += 1;
        self.payloads += 1;
        let dropping = std::mem::take(&mut self.dropping);
        let fits = payload.filter(|payload| !dropping && payload.len() <= limits::LINE_BYTES_MAX);
        let read = fits.and_then(|payload| {
            let payload = payload.trim_ascii_start();
            let end = memchr::memchr(b'\n', payload)?;
            let meta = meta(&payload[..end])?;
            match meta.kind {
                1 => self.request(&meta, &payload[end + 1..], out),
                _ => self.response(&meta, &payload[end + 1..], out),
            }
        });
        if read.is_none() {
            out.stats.malformed_entries += 1;
            out.problems.report("not a GoReplay payload of HTTP/1", self.payloads);
        }
    }

    fn request(&mut self, meta: &Meta<'_>, data: &[u8], out: &mut Out) -> Option<()> {
        let request = read_recorded(data, None, &mut out.codings)?;
        let (method, target) = request.request?;
        let ts = meta.time();
        let (authority, target) = split_target(&method, target);
        let named = authority.or_else(|| request.message.headers.get("host").map(str::to_owned));
        let call = Call {
            id: crate::id::call_id(&out.source, ts, b"goreplay", self.payloads),
            ts,
            source: out.source.clone(),
            protocol: request.protocol.into(),
            host: host(&named.unwrap_or_default()),
            method,
            target,
            request: Some(request.message),
            anomalies: request.anomalies,
            ..Call::default()
        };
        out.order.advance(ts.0);
        let ticket = out.order.open(ts.0);
        if let Some((ticket, call)) = self.take(meta.id).map(|(ticket, call, _)| (ticket, call)) {
            unmatched(ticket, call, out);
        }
        self.bytes += weight(&call);
        self.pending.insert(meta.id.into(), (ticket, call, meta.nanos));
        self.queue.push_back((meta.id.into(), ticket));
        while self.queue.len() > limits::REPLAY_PENDING_MAX || self.bytes > limits::ORDER_BYTES_MAX {
            let Some((id, ticket)) = self.queue.pop_front() else { break };
            self.give_up(&id, ticket, out);
        }
        Some(())
    }

    fn response(&mut self, meta: &Meta<'_>, data: &[u8], out: &mut Out) -> Option<()> {
        let pending = self.take(meta.id);
        let method = pending.as_ref().map_or("GET", |(_, call, _)| call.method.as_str());
        let Some(response) = read_recorded(data, Some(method), &mut out.codings) else {
            if let Some((ticket, call, _)) = pending {
                unmatched(ticket, call, out);
            }
            return None;
        };
        let ts = meta.time();
        let is_matched = pending.is_some();
        let (ticket, mut call, asked) = pending.unwrap_or_else(|| {
            let id = crate::id::call_id(&out.source, ts, b"goreplay", self.payloads);
            let call = Call { id, ts, source: out.source.clone(), ..Call::default() };
            out.order.advance(ts.0);
            (out.order.open(ts.0), call, meta.nanos)
        });
        call.status = response.status;
        call.response = Some(response.message);
        for anomaly in response.anomalies {
            if !call.anomalies.contains(&anomaly) {
                call.anomalies.push(anomaly);
            }
        }
        if !is_matched {
            call.protocol = response.protocol.into();
            unmatched(ticket, call, out);
            return Some(());
        }
        // A replayed response came when it was replayed: that says nothing of how long the server took.
        if meta.kind == 2 {
            call.duration_us = u64::try_from(meta.nanos.saturating_sub(asked) / 1_000).ok();
        }
        out.close(ticket, call);
        Some(())
    }

    fn take(&mut self, id: &str) -> Option<(Ticket, Call, i64)> {
        let taken = self.pending.remove(id)?;
        self.bytes -= weight(&taken.1);
        Some(taken)
    }

    /// Nothing is waited for any more by this request, unless its response came.
    fn give_up(&mut self, id: &str, ticket: Ticket, out: &mut Out) {
        if self.pending.get(id).is_some_and(|(pending, ..)| *pending == ticket)
            && let Some((ticket, call, _)) = self.take(id)
        {
            unmatched(ticket, call, out);
        }
    }
}

fn weight(call: &Call) -> usize {
    call.request.as_ref().map_or(0, |request| request.body().len())
}

/// Hands out a request without response, or the other way round.
fn unmatched(ticket: Ticket, mut call: Call, out: &mut Out) {
    call.anomalies.push(Anomaly::UNMATCHED);
    out.close(ticket, call);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_before_payloads() {
        let id = "932079936fa4306fc308d67588178d17d823647c";
        assert!(is_payload_line(format!("1 {id} 1439818823587396305").as_bytes()));
        assert!(is_payload_line(format!("2 {id} 1439818823587396305 25000").as_bytes()));
        assert!(!is_payload_line(format!("4 {id} 1439818823587396305").as_bytes()));
        assert!(!is_payload_line(b"1 apple 3"));
        assert!(!is_payload_line(b"1 pineapple 3"));
        assert!(is_payload_line(b"1 d7123dasd913jfd21312dasdhas31 127345969"));
        assert!(!is_payload_line(format!("1 {id} 1439818823587396305 GET").as_bytes()));
    }
}
