//! From captured packets to calls: links, tunnels, IP, fragments, TCP. Counts where each packet ends.

use model::limits;

use crate::input::Packet;
use crate::net::{
    Added, Datagram, Duplicates, End, Fragments, Ip, Layer, first_layer, ip_packet, plain_ends, read_ip,
    read_tcp, tunnel,
};
use crate::out::Out;
use crate::shard::Shard;
use crate::tcp::Connections;
use crate::tls::{finish_parked, retry_parked};

/// IANA protocol number.
const TCP: u8 = 6;
/// Link types that are not read and are named in a problem.
const UNREAD_LINKS_MAX: usize = 16;

#[derive(Debug)]
pub(crate) struct Network {
    fragments: Fragments,
    duplicates: Duplicates,
    connections: Connections,
    /// Link types met that are not read.
    unread_links: Vec<u16>,
    /// The connections that are followed.
    shard: Shard,
    /// Bytes of TLS secrets that the capture file brought.
    key_log_bytes: usize,
}

impl Network {
    /// Follows the connections of `shard`.
    pub(crate) fn new(shard: Shard) -> Self {
        let mut network = Self {
            fragments: Fragments::default(),
            duplicates: Duplicates::new(),
            connections: Connections::new(),
            unread_links: Vec::new(),
            shard,
            key_log_bytes: 0,
        };
        network.share_limits(shard.count());
        network
    }

    /// So many of its kind follow connections at the same time.
    pub(crate) fn share_limits(&mut self, networks: u32) {
        self.connections.share_limits(networks as usize);
    }

    /// Takes one packet.
    pub(crate) fn packet(&mut self, packet: &Packet<'_>, out: &mut Out) {
        out.stats.packets += 1;
        out.order.advance(packet.ts);
        // Every share reads every packet: what another one follows costs as little as can be.
        if self.shard != Shard::ALL
            && let Some((from, to)) = plain_ends(packet.link, packet.data)
            && !self.shard.owns(from, to)
        {
            return;
        }
        let end =
            first_layer(packet.link, packet.data).and_then(|layer| self.follow(layer, 0, packet.ts, out));
        match end {
            Ok(()) => {}
            Err(End::NotIp) => out.stats.not_ip += 1,
            Err(End::NotTcp) => out.stats.not_tcp += 1,
            Err(End::Bad) => out.stats.bad_packets += 1,
            Err(End::TooDeep) => out.stats.nested_too_deep += 1,
            Err(End::UnknownLink) => {
                out.stats.not_ip += 1;
                self.note_link(packet.link, out);
            }
        }
    }

    /// Takes lines of a key log from a secrets block.
    pub(crate) fn secrets(&mut self, key_log: &[u8], out: &mut Out) {
        out.stats.secrets_blocks += 1;
        self.key_log_bytes += key_log.len();
        if self.key_log_bytes > limits::KEY_LOG_BYTES_MAX {
            out.problems.report("secrets of the capture left out, there are too many", out.stats.packets);
            return;
        }
        // Two blocks never share a line.
        out.keys.add_key_log(key_log);
        out.keys.add_key_log(b"\n");
        retry_parked(out);
    }

    /// Follows a packet through its tunnels, `depth` of which are behind it already.
    fn follow<'a>(&mut self, mut layer: Layer<'a>, depth: usize, ts: i64, out: &mut Out) -> Result<(), End> {
        for depth in depth..=limits::LINK_NESTING_MAX {
            match read_ip(ip_packet(layer, &mut out.stats)?) {
                Ip::Whole(datagram, id) if datagram.protocol == TCP => {
                    return self.tcp(&datagram, id, ts, out);
                }
                Ip::Whole(datagram, _) => layer = tunnel(&datagram, &mut out.stats)?,
                Ip::Piece(piece) => {
                    let added = self.fragments.add(&piece, ts, &mut out.stats);
                    if added == Added::Copy {
                        // Copies of whole packets are counted by the share that follows their connection.
                        out.stats.duplicate_packets += u64::from(self.shard.is_first());
                        return Ok(());
                    }
                    out.stats.fragments += 1;
                    let Added::Rebuilt(rebuilt) = added else { return Ok(()) };
                    out.stats.datagrams_rebuilt += 1;
                    let datagram = rebuilt.datagram();
                    if datagram.protocol == TCP {
                        return self.tcp(&datagram, rebuilt.id, ts, out);
                    }
                    let layer = tunnel(&datagram, &mut out.stats)?;
                    return self.follow(layer, depth + 1, ts, out);
                }
                Ip::Bad => return Err(End::Bad),
            }
        }
        Err(End::TooDeep)
    }

    /// Says once that a link type is not read.
    fn note_link(&mut self, link: u16, out: &mut Out) {
        if !self.unread_links.contains(&link) && self.unread_links.len() < UNREAD_LINKS_MAX {
            self.unread_links.push(link);
            out.problems.report(format!("packets of link type {link} are not read"), out.stats.packets);
        }
    }

    fn tcp(&mut self, datagram: &Datagram<'_>, id: u16, ts: i64, out: &mut Out) -> Result<(), End> {
        let segment = read_tcp(datagram).ok_or(End::Bad)?;
        if !self.shard.owns((datagram.src, segment.src_port), (datagram.dst, segment.dst_port)) {
            return Ok(());
        }
        if self.duplicates.is_copy(datagram, id, ts) {
            out.stats.duplicate_packets += 1;
            return Ok(());
        }
        out.stats.tcp_packets += 1;
        out.stats.tcp_bytes += segment.payload.len() as u64;
        out.stats.cut_packets += u64::from(segment.cut > 0);
        let doubted = out.stats.doubted_packets;
        self.connections.segment(datagram, &segment, ts, out);
        if out.stats.doubted_packets > doubted {
            self.duplicates.forget(datagram, id);
        }
        Ok(())
    }

    /// Time has moved on without a packet.
    pub(crate) fn tick(&mut self, out: &mut Out) {
        self.connections.tick(out);
    }

    /// The input ended.
    pub(crate) fn finish(&mut self, out: &mut Out) {
        self.connections.finish(out);
        finish_parked(out);
        out.stats.datagrams_dropped += self.fragments.waiting();
    }
}
