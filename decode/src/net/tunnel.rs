//! Tunnels directly over IP: IP in IP, GRE with ERSPAN, EtherIP, L2TPv3, MPLS. Those over UDP are in `udp.rs`.

use super::ip::Datagram;
use super::layer::{End, Layer, after, looks_like_ethernet, looks_like_ip, word};
use super::{udp, wlan};
use crate::stats::Stats;

/// What a datagram of another protocol than TCP carries inside; [`End::NotTcp`] when it is no tunnel.
pub(crate) fn tunnel<'a>(datagram: &Datagram<'a>, stats: &mut Stats) -> Result<Layer<'a>, End> {
    let payload = datagram.payload;
    match datagram.protocol {
        17 => udp::tunnel(payload, stats),
        // RFC 2003, 2473, 4213.
        4 | 41 => {
            stats.tunnels_ip += 1;
            Ok(Layer::Ip(payload))
        }
        47 => gre(payload, stats),
        // EtherIP (RFC 3378).
        97 if payload.first() == Some(&0x30) => {
            stats.tunnels_other += 1;
            Ok(Layer::Ethernet(after(payload, 2)?))
        }
        115 => l2tp_v3(payload, stats),
        137 => {
            stats.tunnels_other += 1;
            Ok(Layer::Mpls(payload))
        }
        // Ethernet inside IPv6 with segment routing (RFC 8986).
        143 => {
            stats.tunnels_other += 1;
            Ok(Layer::Ethernet(payload))
        }
        _ => Err(End::NotTcp),
    }
}

/// GRE (RFC 2784, 2890) and its variant for PPTP (RFC 2637 §4.1).
pub(super) fn gre<'a>(payload: &'a [u8], stats: &mut Stats) -> Result<Layer<'a>, End> {
    let (flags, protocol) = (word(payload, 0)?, word(payload, 2)?);
    let has_sequence = flags & 0x1000 != 0;
    let optional = |flag: u16| if flags & flag != 0 { 4 } else { 0 };
    let at = match flags & 7 {
        0 if flags & 0x4000 == 0 => 4 + optional(0x8000) + optional(0x2000) + optional(0x1000),
        1 => 8 + optional(0x1000) + optional(0x0080),
        _ => return Err(End::NotIp),
    };
    let inner = after(payload, at)?;
    if matches!(protocol, 0x88be | 0x22eb) {
        stats.tunnels_erspan += 1;
        return erspan(protocol, has_sequence, inner);
    }
    stats.tunnels_gre += 1;
    match protocol {
        // WCCP: version 2 puts four bytes before the packet.
        0x883e => Ok(Layer::Ip(if looks_like_ip(inner) { inner } else { after(inner, 4)? })),
        // 802.11 frames, as Aruba's access points send them.
        0x8200..=0x8210 | 0x9000 => wlan::data_frame(inner),
        _ => Ok(Layer::Typed(protocol, inner)),
    }
}

/// draft-foschiano-erspan-03: type I has no header of its own and no sequence number; II has 8 bytes, III has
/// 12 and may have 8 more that depend on the platform.
fn erspan(protocol: u16, has_sequence: bool, inner: &[u8]) -> Result<Layer<'_>, End> {
    let version = inner.first().ok_or(End::Bad)? >> 4;
    if protocol == 0x22eb || (has_sequence && version == 2) {
        let flags = word(inner, 10)?;
        let frame = after(inner, if flags & 1 != 0 { 20 } else { 12 })?;
        return Ok(if flags >> 10 & 0x1f == 2 { Layer::Ip(frame) } else { Layer::Ethernet(frame) });
    }
    Ok(Layer::Ethernet(if has_sequence && version == 1 { after(inner, 8)? } else { inner }))
}

/// L2TPv3 (RFC 3931 §4.1.1): the length of the cookie and of the sublayer is not in the packet.
fn l2tp_v3<'a>(payload: &'a [u8], stats: &mut Stats) -> Result<Layer<'a>, End> {
    // Session 0 is the control channel.
    if payload.get(..4).ok_or(End::Bad)? == [0; 4] {
        return Err(End::NotIp);
    }
    let frame = [4, 8, 12, 16]
        .into_iter()
        .filter_map(|at| payload.get(at..))
        .find(|frame| looks_like_ethernet(frame));
    stats.tunnels_other += 1;
    frame.map(Layer::Ethernet).ok_or(End::NotIp)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::super::layer::ip_packet;
    use super::*;

    const IP: [u8; 20] = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    const ETHERNET: [u8; 14] = [2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 8, 0];

    #[track_caller]
    fn check(protocol: u8, header: &[&[u8]], expect: Result<(), End>) {
        let header = header.concat();
        let bytes = [&header[..], &IP].concat();
        let address = IpAddr::from([10, 0, 0, 9]);
        let read = |payload| {
            let mut stats = Stats::default();
            let datagram =
                Datagram { src: address, dst: address, protocol, payload, cut: 0, hops: 0, is_odd: false };
            tunnel(&datagram, &mut stats).and_then(|layer| ip_packet(layer, &mut stats))
        };
        assert_eq!(read(&bytes), expect.map(|()| &IP[..]), "{header:02x?}");
        for cut in 0..header.len() {
            assert!(read(&bytes[..cut]).is_err(), "{header:02x?} cut at {cut}");
        }
    }

    #[test]
    fn over_ip() {
        check(4, &[], Ok(()));
        check(41, &[], Ok(()));
        check(97, &[&[0x30, 0], &ETHERNET], Ok(()));
        check(137, &[&[0, 1, 1, 64]], Ok(()));
        check(143, &[&ETHERNET], Ok(()));
        check(115, &[&[0, 0, 0, 7], &ETHERNET], Ok(()));
        check(115, &[&[0, 0, 0, 7, 9, 9, 9, 9, 0, 0, 0, 0], &ETHERNET], Ok(()));
        check(1, &[], Err(End::NotTcp));
    }

    #[test]
    fn generic_routing_encapsulation() {
        check(47, &[&[0, 0, 8, 0]], Ok(()));
        check(47, &[&[0xb0, 0, 8, 0], &[9; 12]], Ok(()));
        check(47, &[&[0x20, 0, 0x65, 0x58, 0, 0, 0, 7], &ETHERNET], Ok(()));
        check(47, &[&[0, 0, 0x88, 0x47, 0, 1, 1, 64]], Ok(()));
        check(47, &[&[0, 0, 0x88, 0x3e, 0, 0, 0, 0]], Ok(()));
        check(47, &[&[0, 0, 0x88, 0x3e]], Ok(()));
        check(47, &[&[0x30, 0x81, 0x88, 0x0b], &[0; 12], &[0xff, 3, 0, 0x21]], Ok(()));
        let wireless = [&[8, 1][..], &[5; 22], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat();
        check(47, &[&[0, 0, 0x82, 0], &wireless], Ok(()));
        check(47, &[&[0, 0, 0x20, 0]], Err(End::NotIp));
    }

    #[test]
    fn encapsulated_remote_span() {
        check(47, &[&[0, 0, 0x88, 0xbe], &ETHERNET], Ok(()));
        check(47, &[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1], &[0x10, 0, 0, 0, 0, 0, 0, 0], &ETHERNET], Ok(()));
        let third = [0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        check(47, &[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &third, &ETHERNET], Ok(()));
        let with_platform = [0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 7, 7, 7, 7, 7, 7, 7];
        check(47, &[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &with_platform, &ETHERNET], Ok(()));
        let of_ip = [0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0];
        check(47, &[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &of_ip], Ok(()));
    }
}
