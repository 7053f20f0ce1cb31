//! From captured packets to calls: link, IP, fragments, TCP. Counts what it leaves aside.

use crate::input::Packet;
use crate::net::{Datagram, Fragments, Ip, is_read, network_layer, read_ip, read_tcp};
use crate::out::Out;
use crate::shard::Shard;
use crate::tcp::Connections;

/// IANA protocol number.
const TCP: u8 = 6;

#[derive(Debug)]
pub(crate) struct Network {
    fragments: Fragments,
    connections: Connections,
    /// Link types met that are not read.
    unread_links: Vec<u16>,
    /// The connections that are followed.
    pub(crate) shard: Shard,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self {
            fragments: Fragments::default(),
            connections: Connections::new(),
            unread_links: Vec::new(),
            shard: Shard::ALL,
        }
    }

    /// Takes one packet.
    pub(crate) fn packet(&mut self, packet: &Packet<'_>, out: &mut Out) {
        out.stats.packets += 1;
        out.order.advance(packet.ts);
        let Some(ip) = network_layer(packet.link, packet.data) else {
            out.stats.not_ip += 1;
            self.note_link(packet.link, out);
            return;
        };
        match read_ip(ip) {
            Ip::Whole(datagram) => self.datagram(&datagram, packet.ts, out),
            Ip::Piece(piece) => {
                out.stats.fragments += 1;
                if let Some(rebuilt) = self.fragments.add(&piece) {
                    out.stats.datagrams_rebuilt += 1;
                    self.datagram(&rebuilt.datagram(), packet.ts, out);
                }
            }
            Ip::Bad => out.stats.bad_packets += 1,
        }
    }

    /// Says once that a link type is not read.
    fn note_link(&mut self, link: u16, out: &mut Out) {
        if !is_read(link) && !self.unread_links.contains(&link) && self.unread_links.len() < 16 {
            self.unread_links.push(link);
            out.problems.report(format!("packets of link type {link} are not read"), out.stats.packets);
        }
    }

    fn datagram(&mut self, datagram: &Datagram<'_>, ts: i64, out: &mut Out) {
        if datagram.protocol != TCP {
            out.stats.not_tcp += 1;
            return;
        }
        let Some(segment) = read_tcp(datagram.payload, datagram.cut) else {
            out.stats.bad_packets += 1;
            return;
        };
        if !self.shard.owns((datagram.src, segment.src_port), (datagram.dst, segment.dst_port)) {
            return;
        }
        out.stats.tcp_packets += 1;
        out.stats.tcp_bytes += segment.payload.len() as u64;
        self.connections.segment(datagram, &segment, ts, out);
    }

    /// The input ended.
    pub(crate) fn finish(&mut self, out: &mut Out) {
        self.connections.finish(out);
        out.stats.datagrams_dropped = self.fragments.dropped + self.fragments.waiting();
    }
}
