//! What went in, what came out, and what was dropped on the way, each with a name.
//!
//! `packets = tcp_packets + duplicate_packets + not_ip + not_tcp + bad_packets + nested_too_deep + fragments
//! - datagrams_rebuilt`: a packet that completes a datagram ends as what the datagram is.
//! `tcp_bytes = stream_bytes + repeated_bytes + stray_bytes` once all is read.
//! `lines = calls + empty_lines + comment_lines + malformed_lines`; in documents of calls
//! `entries = calls + malformed_entries`, where GoReplay's entries are payloads, of which two make a call; in OTLP
//! `entries = calls + malformed_entries + client_spans + no_call_entries`.

use model::limits;

/// Something about the input that the user should know, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// One line for a person.
    pub what: String,
    /// Byte offset in binary inputs, line number (from 1) in line inputs, entry number in documents.
    pub at: u64,
}

/// The list of problems, capped at [`limits::PROBLEMS_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    pub(crate) count: u64,
}

impl Problems {
    pub(crate) fn report(&mut self, what: impl Into<String>, at: u64) {
        self.count += 1;
        if self.list.len() < limits::PROBLEMS_MAX {
            self.list.push(Problem { what: what.into(), at });
        }
    }

    pub(crate) fn list(&self) -> &[Problem] {
        &self.list
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters of one input.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Stats { $($(#[$doc])* pub $name: u64,)* }

        impl Stats {
            /// Every counter with its name, in a fixed order.
            #[must_use]
            pub fn counters(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }

            /// Adds the counters of another input.
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

impl Stats {
    /// The counters of connections and what comes out of them, without those of the packets below.
    pub(crate) fn of_connections(self) -> Self {
        Self {
            bytes: 0,
            problems: 0,
            packets: 0,
            not_ip: 0,
            not_tcp: 0,
            bad_packets: 0,
            nested_too_deep: 0,
            vlan_tags: 0,
            mpls: 0,
            pppoe: 0,
            tunnels_ip: 0,
            tunnels_gre: 0,
            tunnels_erspan: 0,
            tunnels_vxlan: 0,
            tunnels_geneve: 0,
            tunnels_gtp: 0,
            tunnels_other: 0,
            fragments: 0,
            datagrams_rebuilt: 0,
            datagrams_dropped: 0,
            fragments_overlapping: 0,
            resyncs: 0,
            skipped_bytes: 0,
            secrets_blocks: 0,
            tls_secrets_dropped: 0,
            ..self
        }
    }
}

counters! {
    /// Bytes of input.
    bytes,
    /// Calls handed out.
    calls,
    /// Calls handed out that could not be paired with certainty.
    unmatched,
    /// Calls handed out before an earlier request was complete, because too many waited, and streams handed out late.
    out_of_order,
    /// Problems found in the input.
    problems,
    /// Packets read from capture files.
    packets,
    /// Packets that carried TCP.
    tcp_packets,
    /// Packets of another network protocol (ARP, ...) or an unknown link type.
    not_ip,
    /// IP packets of another transport (UDP, ICMP, ...).
    not_tcp,
    /// Packets whose headers are cut or contradict themselves.
    bad_packets,
    /// Packets with more tags or tunnels inside each other than are followed.
    nested_too_deep,
    /// Second copies of a packet, as mirrors of both sides of a device deliver them.
    duplicate_packets,
    /// TCP packets of which the capture holds a part (snap length, truncating mirrors).
    cut_packets,
    /// VLAN and similar tags taken off.
    vlan_tags,
    /// MPLS label stacks taken off.
    mpls,
    /// PPPoE sessions' headers taken off.
    pppoe,
    /// Tunnels taken off: IP in IP.
    tunnels_ip,
    /// GRE.
    tunnels_gre,
    /// ERSPAN.
    tunnels_erspan,
    /// VXLAN.
    tunnels_vxlan,
    /// GENEVE.
    tunnels_geneve,
    /// GTP.
    tunnels_gtp,
    /// Teredo, L2TP, EtherIP and other tunnels.
    tunnels_other,
    /// IP fragments seen.
    fragments,
    /// Datagrams rebuilt from fragments.
    datagrams_rebuilt,
    /// Fragmented datagrams given up, and fragments that cannot be part of one.
    datagrams_dropped,
    /// Fragments that overlap others and are no copies of them.
    fragments_overlapping,
    /// Places in a capture file where reading started again after damage.
    resyncs,
    /// Bytes of a capture file left out there.
    skipped_bytes,
    /// Blocks with TLS secrets.
    secrets_blocks,
    /// TCP connections followed.
    connections,
    /// Connections that carried data but no HTTP.
    not_http,
    /// Connections closed early because memory or their number reached its cap.
    evicted,
    /// TCP payload bytes captured.
    tcp_bytes,
    /// Payload bytes handed to the protocol parsers.
    stream_bytes,
    /// Tunnels inside HTTP/2, and TLS inside other conversations, that were not looked into: too many or nested too deep.
    tunnels_unread,
    /// Payload bytes of protocols that are not read; a part of `stream_bytes`.
    opaque_bytes,
    /// Payload bytes passed over because where the messages around them begin was not known; a part of `stream_bytes`.
    unframed_bytes,
    /// Messages that only keep an RPC connection alive.
    heartbeats,
    /// Bytes of header blocks and bodies of HTTP/2 that are in no call: the head of their stream was not seen, it was
    /// reset or evicted, or a block is too long; a part of `stream_bytes`.
    unplaced_bytes,
    /// HTTP/1 requests that no longer wait for their answer because a connection had too many.
    requests_evicted,
    /// HTTP/2 streams closed early because a connection had too many.
    streams_evicted,
    /// Payload bytes seen again (retransmissions, duplicates from a mirror).
    repeated_bytes,
    /// Payload bytes outside any window or after the close.
    stray_bytes,
    /// TCP packets that their receiver may not have taken (a wrong checksum, a clock that went back, ...): their payload
    /// counts once it is acknowledged and no other packet brought it.
    doubted_packets,
    /// Resets and ends that their receiver did not heed: outside its window, or in packets that are doubted.
    ignored_ends,
    /// Places where bytes of a stream are missing.
    gaps,
    /// Bytes missing there.
    gap_bytes,
    /// Retransmissions that differ from what came first.
    overlaps,
    /// TLS connections: the sum of the five that follow.
    tls_connections,
    /// TLS connections of which application data were read.
    tls_decrypted,
    /// TLS connections whose keys are not known.
    tls_no_key,
    /// TLS connections with a cipher suite or version that is not read.
    tls_unsupported,
    /// TLS connections whose ClientHello was not seen: no key can be found.
    tls_joined_late,
    /// TLS connections that ended before any application data.
    tls_unfinished,
    /// TLS records that did not open although their key is known, and those after too many of them.
    tls_unread_records,
    /// TLS secrets that made room for newer ones.
    tls_secrets_dropped,
    /// Lines read (logs, call records).
    lines,
    /// Lines with nothing on them.
    empty_lines,
    /// Lines that are comments or name columns (`#Fields`).
    comment_lines,
    /// Lines that could not be read as what the file is.
    malformed_lines,
    /// Entries read from documents (HAR, Burp, Postman, events), payloads of GoReplay, log records and spans of OTLP.
    entries,
    /// Entries that could not be read.
    malformed_entries,
    /// Spans of calls that a service made itself: the service that is asked tells of them.
    client_spans,
    /// Log records and spans that tell of no call.
    no_call_entries,
    /// Log records without a time of their own: their call has the time of its line, or none.
    untimed_entries,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_add_up_and_keep_their_names() {
        let mut sum = Stats { calls: 2, ..Stats::default() };
        sum.add(&Stats { calls: 3, gaps: 1, ..Stats::default() });
        assert!(sum.counters().contains(&("calls", 5)) && sum.counters().contains(&("gaps", 1)));
    }

    #[test]
    fn problems_are_capped_but_counted() {
        let mut problems = Problems::default();
        (0..limits::PROBLEMS_MAX as u64 + 7).for_each(|at| problems.report("x", at));
        assert_eq!(
            (problems.list().len(), problems.count),
            (limits::PROBLEMS_MAX, limits::PROBLEMS_MAX as u64 + 7)
        );
    }
}
