//! From a captured packet to a TCP segment: link layer, IP, fragments, TCP header. Further link types and
//! tunnels are further arms in `link.rs` and `ip.rs`.

mod fragment;
mod ip;
mod link;
mod tcp;

pub(crate) use fragment::Fragments;
pub(crate) use ip::{Datagram, Ip, read_ip};
pub(crate) use link::{is_read, network_layer};
pub(crate) use tcp::{Segment, read_tcp};
