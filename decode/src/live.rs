//! Packets to calls while they pass: no file around them, the time of day handed in. Nothing waits for ever: calls,
//! gaps and idle connections leave in bounded time, also when no packet comes any more.

use std::sync::Arc;

use model::{Call, limits};

use crate::input::Packet;
use crate::network::Network;
use crate::out::Out;
use crate::shard::Shard;
use crate::stats::{Problem, Stats};
use crate::tls::retry_parked;
use crate::{Descriptors, Keys};

/// Decodes the packets of one thread of one interface.
///
/// Calls are handed out in order of request start, but for those whose turn does not come within
/// [`limits::LIVE_ORDER_US`]: they leave without waiting for an earlier request.
#[derive(Debug)]
pub struct Live {
    network: Network,
    out: Out,
}

impl Live {
    /// `source`: name of the interface, for the call records.
    #[must_use]
    pub fn new(source: &str) -> Self {
        Self { network: Network::new(Shard::ALL), out: Out::new(source, 0) }
    }

    /// So many threads share the interface, and the limits of connections and of their memory.
    #[must_use]
    pub fn one_of(mut self, threads: u32) -> Self {
        self.network.share_limits(threads.max(1));
        self
    }

    /// Secrets for TLS that are known from the start.
    #[must_use]
    pub fn with_keys(mut self, keys: Keys) -> Self {
        self.out.keys = keys;
        self
    }

    /// Names for the fields of protobuf messages.
    #[must_use]
    pub fn with_descriptors(mut self, descriptors: Arc<Descriptors>) -> Self {
        self.out.descriptors = Some(descriptors);
        self
    }

    /// Takes one packet: its time (microseconds since the epoch), its link type as registered for pcap, its bytes.
    pub fn packet(&mut self, ts_us: i64, link: u16, frame: &[u8], emit: &mut impl FnMut(Call)) {
        self.out.stats.bytes += frame.len() as u64;
        self.network.packet(&Packet { ts: ts_us, link, data: frame }, &mut self.out);
        self.out.order.release(emit);
    }

    /// More lines of a key log for TLS (see [`crate::Keys`]), in any split.
    pub fn add_key_log(&mut self, text: &[u8], emit: &mut impl FnMut(Call)) {
        self.out.keys.add_key_log(text);
        retry_parked(&mut self.out);
        self.out.order.release(emit);
    }

    /// The time of day is now `now_us`; every packet of before has been given. To be called about once a second.
    pub fn tick(&mut self, now_us: i64, emit: &mut impl FnMut(Call)) {
        self.out.order.advance(now_us);
        self.network.tick(&mut self.out);
        self.out.order.release(emit);
        self.out.order.release_before(now_us.saturating_sub(limits::LIVE_ORDER_US), emit);
    }

    /// The counters so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let out = &self.out;
        Stats {
            out_of_order: out.order.early,
            problems: out.problems.count,
            tls_secrets_dropped: out.keys.dropped,
            ..out.stats
        }
    }

    /// What a person should know, at most [`limits::PROBLEMS_MAX`].
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.out.problems.list()
    }

    /// The interface is left: hands out what is known of connections that are still open.
    pub fn finish(mut self, emit: &mut impl FnMut(Call)) -> Stats {
        self.network.finish(&mut self.out);
        self.out.order.flush(emit);
        self.stats()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    /// A raw IPv4 packet with a TCP segment between 10.0.0.1:`port` and 10.0.0.2:80.
    fn packet(port: u16, from_client: bool, (seq, ack): (u32, u32), payload: &[u8]) -> Vec<u8> {
        let (client, server) = (([10, 0, 0, 1], port), ([10, 0, 0, 2], 80_u16));
        let (src, dst) = if from_client { (client, server) } else { (server, client) };
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0];
        packet[2..4].copy_from_slice(&(40 + payload.len() as u16).to_be_bytes());
        packet.extend(src.0.into_iter().chain(dst.0));
        packet.extend(src.1.to_be_bytes().into_iter().chain(dst.1.to_be_bytes()));
        packet.extend(seq.to_be_bytes().into_iter().chain(ack.to_be_bytes()));
        packet.extend([0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend(payload);
        packet
    }

    /// What comes at which second: packets at their time, then ticks every second.
    #[track_caller]
    fn check(packets: &[(i64, Vec<u8>)], until: i64, expect: &[(i64, &str)]) {
        let mut live = Live::new("eth0");
        let mut found = Vec::new();
        for second in 0..=until {
            for (_, packet) in packets.iter().filter(|(at, _)| *at == second) {
                live.packet(second * SECOND, 101, packet, &mut |call| found.push((second, call.target)));
            }
            live.tick(second * SECOND + SECOND / 2, &mut |call| found.push((second, call.target)));
        }
        let found: Vec<_> = found.iter().map(|(second, target)| (*second, target.as_str())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn calls_leave_without_further_traffic() {
        let get = |port, target: &str| {
            packet(port, true, (100, 900), format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
        };
        let ok = |port, len: u32| {
            packet(port, false, (900, 100 + len), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        };
        let len = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n".len() as u32;
        check(&[(1, get(1, "/a")), (1, ok(1, len))], 3, &[(1, "/a")]);
        // One request is never answered: later ones wait for it a little, itself until it counts as idle.
        let order_s = limits::LIVE_ORDER_US / SECOND;
        let idle_s = limits::CONNECTION_IDLE_US / SECOND;
        let scene = [(1, get(1, "/a")), (2, get(2, "/b")), (3, ok(2, len))];
        check(&scene, idle_s + 5, &[(2 + order_s, "/b"), (2 + idle_s - 1, "/a")]);
    }
}
