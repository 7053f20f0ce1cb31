//! From captured packets to calls: link, IP, fragments, TCP. Counts what it leaves aside.

use crate::input::Packet;
use crate::net::{Datagram, Fragments, Ip, network_layer, read_ip, read_tcp};
use crate::out::Out;
use crate::tcp::Connections;

/// IANA protocol number.
const TCP: u8 = 6;

#[derive(Debug)]
pub(crate) struct Network {
    fragments: Fragments,
    connections: Connections,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self { fragments: Fragments::default(), connections: Connections::new() }
    }

    /// Takes one packet.
    pub(crate) fn packet(&mut self, packet: &Packet<'_>, out: &mut Out) {
        out.stats.packets += 1;
        out.order.advance(packet.ts);
        let Some(ip) = network_layer(packet.link, packet.data) else {
            out.stats.not_ip += 1;
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

    fn datagram(&mut self, datagram: &Datagram<'_>, ts: i64, out: &mut Out) {
        if datagram.protocol != TCP {
            out.stats.not_tcp += 1;
            return;
        }
        let Some(segment) = read_tcp(datagram.payload, datagram.cut) else {
            out.stats.bad_packets += 1;
            return;
        };
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
