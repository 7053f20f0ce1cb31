//! From a captured packet to a TCP segment: link layer, tags, tunnels, IP, fragments, duplicates, TCP header.
//! A further link type is an arm in `link.rs`, a further tunnel one in `tunnel.rs` or `udp.rs`.

mod checksum;
mod duplicate;
mod fragment;
mod ip;
mod layer;
mod link;
mod plain;
mod tcp;
mod tunnel;
mod udp;
mod wlan;

pub(crate) use duplicate::Duplicates;
pub(crate) use fragment::{Added, Fragments};
pub(crate) use ip::{Datagram, Ip, read_ip};
pub(crate) use layer::{End, Layer, ip_packet};
pub(crate) use link::first_layer;
pub(crate) use plain::plain_ends;
pub(crate) use tcp::{Checksum, Segment, read_tcp};
pub(crate) use tunnel::tunnel;
