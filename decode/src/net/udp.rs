//! Tunnels over UDP. The port says which one it could be, the content must agree: a client that happens to
//! use the port of a tunnel is left alone.

use super::layer::{End, Layer, after, looks_like_ethernet, looks_like_ip, next_protocol, word};
use super::tunnel::gre;
use super::wlan;
use crate::stats::Stats;

/// What a UDP datagram carries inside; [`End::NotTcp`] when it is no tunnel.
pub(super) fn tunnel<'a>(packet: &'a [u8], stats: &mut Stats) -> Result<Layer<'a>, End> {
    let (src, dst) = (word(packet, 0)?, word(packet, 2)?);
    let len = usize::from(word(packet, 4)?);
    let body = after(packet, 8)?;
    // Zero stands for the rest of a jumbogram (RFC 2675 §4).
    let body = if len >= 8 { &body[..body.len().min(len - 8)] } else { body };
    let (found, counter) = match (dst, src) {
        // The port of the Linux kernel is older than the assigned one.
        (4789 | 8472 | 4790, _) => (vxlan(body), &mut stats.tunnels_vxlan),
        (6081, _) => (geneve(body), &mut stats.tunnels_geneve),
        (2152, _) | (_, 2152) => (gtp(body), &mut stats.tunnels_gtp),
        (3544, _) | (_, 3544) => (teredo(body), &mut stats.tunnels_other),
        (1701, _) | (_, 1701) => (l2tp(body).or_else(|| l2tp_v3(body)), &mut stats.tunnels_other),
        (37008, _) => (tzsp(body), &mut stats.tunnels_other),
        (6080, _) => (gue(body), &mut stats.tunnels_other),
        (4341, _) => (lisp(body), &mut stats.tunnels_other),
        (5072, _) | (_, 5072) => (ayiya(body), &mut stats.tunnels_other),
        (5247, _) | (_, 5247) => (capwap(body), &mut stats.tunnels_other),
        // RFC 7510.
        (6635, _) => (label_stack(body), &mut stats.tunnels_other),
        // RFC 8086.
        (4754, _) if matches!(body, [_, version, ..] if version & 7 == 0) => return gre(body, stats),
        _ => return Err(End::NotTcp),
    };
    let layer = found.ok_or(End::NotTcp)?;
    *counter += 1;
    Ok(layer)
}

/// RFC 7348 §5; with the group policy bit; with the next protocol field (draft-ietf-nvo3-vxlan-gpe).
fn vxlan(body: &[u8]) -> Option<Layer<'_>> {
    let (header, inner) = body.split_at_checked(8)?;
    let flags = header[0];
    if flags & 0x08 == 0 || flags & 0x70 != 0 {
        return None;
    }
    if flags & 0x04 != 0 {
        return next_protocol(header[3], inner).ok();
    }
    let has_policy = flags & 0x80 != 0;
    let is_plain = has_policy || (header[1..4] == [0; 3] && header[7] == 0);
    (is_plain && inner.len() >= 14).then_some(Layer::Ethernet(inner))
}

/// RFC 8926 §3.4.
fn geneve(body: &[u8]) -> Option<Layer<'_>> {
    let header = body.get(..8)?;
    let options = usize::from(header[0] & 0x3f) * 4;
    let protocol = u16::from_be_bytes([header[2], header[3]]);
    let is_known = matches!(protocol, 0x6558 | 0x0800 | 0x86dd | 0x8847 | 0x8848 | 0x894f);
    let is_version_0 = header[0] >> 6 == 0 && header[1] & 0x3f == 0;
    (is_known && is_version_0).then_some(Layer::Typed(protocol, body.get(8 + options..)?))
}

/// User data of GTP version 1 (3GPP TS 29.281 §5).
fn gtp(body: &[u8]) -> Option<Layer<'_>> {
    let header = body.get(..8)?;
    if header[0] & 0xf8 != 0x30 || header[1] != 0xff {
        return None;
    }
    let mut at = 8;
    if header[0] & 7 != 0 {
        let mut next = *body.get(11)?;
        at = 12;
        // An extension ends with the type of the one after it.
        while next != 0 {
            let len = usize::from(*body.get(at)?) * 4;
            next = *body.get(at + len.checked_sub(1)?)?;
            at += len;
        }
    }
    let packet = body.get(at..)?;
    looks_like_ip(packet).then_some(Layer::Ip(packet))
}

/// RFC 4380 §5.1.1: IPv6, behind an authentication and an origin header that may be there.
fn teredo(mut body: &[u8]) -> Option<Layer<'_>> {
    if let [0, 1, id, auth, rest @ ..] = body {
        body = rest.get(usize::from(*id) + usize::from(*auth) + 9..)?;
    }
    if let [0, 0, rest @ ..] = body {
        body = rest.get(6..)?;
    }
    let prefix = [0x20, 1, 0, 0];
    let is_teredo = body.get(8..12)? == prefix || body.get(24..28)? == prefix;
    (is_teredo && body[0] >> 4 == 6 && looks_like_ip(body)).then_some(Layer::Ip(body))
}

/// Data messages of L2TP version 2 (RFC 2661 §3.1).
fn l2tp(body: &[u8]) -> Option<Layer<'_>> {
    let flags = word(body, 0).ok()?;
    if flags & 0x800f != 2 {
        return None;
    }
    let mut at = 6 + if flags & 0x4000 != 0 { 2 } else { 0 } + if flags & 0x0800 != 0 { 4 } else { 0 };
    if flags & 0x0200 != 0 {
        at += 2 + usize::from(word(body, at).ok()?);
    }
    let frame = body.get(at..)?;
    let packet = frame.strip_prefix(&[0xff, 3]).unwrap_or(frame);
    let packet = packet.strip_prefix(&[0]).unwrap_or(packet);
    matches!(packet.first(), Some(0x21 | 0x57))
        .then_some(Layer::Ppp(frame))
        .filter(|_| looks_like_ip(&packet[1..]))
}

/// Data messages of L2TP version 3 (RFC 3931 §4.1.2); the length of the cookie is not in the packet.
fn l2tp_v3(body: &[u8]) -> Option<Layer<'_>> {
    if word(body, 0).ok()? & 0x800f != 3 {
        return None;
    }
    let mut frames = [8, 12, 16, 20].into_iter().filter_map(|at| body.get(at..));
    frames.find(|frame| looks_like_ethernet(frame)).map(Layer::Ethernet)
}

/// Received Ethernet frames of TaZmen Sniffer Protocol, as routers mirror them: version, type, protocol, and
/// fields of a kind, a length and a value up to the one of kind 1.
fn tzsp(body: &[u8]) -> Option<Layer<'_>> {
    let mut fields = body.strip_prefix(&[1, 0, 0, 1])?;
    loop {
        fields = match fields {
            [0, rest @ ..] => rest,
            [1, frame @ ..] => return looks_like_ethernet(frame).then_some(Layer::Ethernet(frame)),
            [_, len, rest @ ..] => rest.get(usize::from(*len)..)?,
            _ => return None,
        };
    }
}

/// Generic UDP Encapsulation (draft-ietf-intarea-gue-09): version 0 has a header, version 1 is the IP packet.
fn gue(body: &[u8]) -> Option<Layer<'_>> {
    let packet = match *body.first()? {
        // Data, not control.
        first @ 0..0x20 => match body.get(1)? {
            4 | 41 => body.get(4 + usize::from(first) * 4..)?,
            _ => return None,
        },
        _ => body,
    };
    looks_like_ip(packet).then_some(Layer::Ip(packet))
}

/// RFC 9300 §5.1: a header of eight bytes.
fn lisp(body: &[u8]) -> Option<Layer<'_>> {
    let packet = body.get(8..)?;
    looks_like_ip(packet).then_some(Layer::Ip(packet))
}

/// draft-massar-v6ops-ayiya-02: identity and signature have their lengths in the first two bytes.
fn ayiya(body: &[u8]) -> Option<Layer<'_>> {
    let [identity, signature, operation, 41, ..] = *body else { return None };
    let packet = body.get(8 + (1 << (identity >> 4)) + usize::from(signature >> 4) * 4..)?;
    (operation & 15 == 1 && looks_like_ip(packet)).then_some(Layer::Ip(packet))
}

/// Data of CAPWAP that is not encrypted and not in fragments (RFC 5415 §4.3): Ethernet, or 802.11.
fn capwap(body: &[u8]) -> Option<Layer<'_>> {
    let [0, a, b, c, ..] = *body else { return None };
    let flags = u32::from_be_bytes([0, a, b, c]);
    let frame = body.get((flags >> 19) as usize * 4..).filter(|_| flags >> 19 >= 2)?;
    match (flags >> 8 & 1, flags >> 7 & 1) {
        (0, 0) => looks_like_ethernet(frame).then_some(Layer::Ethernet(frame)),
        (1, 0) => wlan::data_frame(frame).ok(),
        _ => None,
    }
}

fn label_stack(body: &[u8]) -> Option<Layer<'_>> {
    let bottom = body.chunks_exact(4).position(|entry| entry[2] & 1 != 0)?;
    let inner = &body[(bottom + 1) * 4..];
    (looks_like_ip(inner) || looks_like_ethernet(inner)).then_some(Layer::Mpls(body))
}

#[cfg(test)]
mod tests {
    use super::super::layer::ip_packet;
    use super::*;

    const IP: [u8; 20] = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    const ETHERNET: [u8; 14] = [2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 8, 0];

    #[track_caller]
    fn check(port: u16, header: &[&[u8]], expect: Result<(), End>) {
        let header = [&[0xc0, 0][..], &port.to_be_bytes(), &[0, 0, 0, 0], &header.concat()].concat();
        let bytes = [&header[..], &IP].concat();
        let read = |packet| {
            let mut stats = Stats::default();
            tunnel(packet, &mut stats).and_then(|layer| ip_packet(layer, &mut stats))
        };
        assert_eq!(read(&bytes), expect.map(|()| &IP[..]), "{header:02x?}");
        for cut in 0..header.len() {
            assert!(read(&bytes[..cut]).is_err(), "{header:02x?} cut at {cut}");
        }
    }

    #[test]
    fn overlays() {
        let plain = [8, 0, 0, 0, 0, 0, 7, 0];
        check(4789, &[&plain, &ETHERNET], Ok(()));
        check(8472, &[&plain, &ETHERNET], Ok(()));
        check(4789, &[&[0x88, 0x40, 0, 9, 0, 0, 7, 0], &ETHERNET], Ok(()));
        check(4790, &[&[0x0c, 0, 0, 3, 0, 0, 7, 0], &ETHERNET], Ok(()));
        check(4790, &[&[0x0c, 0, 0, 1, 0, 0, 7, 0]], Ok(()));
        check(4790, &[&[0x0c, 0, 0, 4, 0, 0, 7, 0], &[0x0f, 0xc2, 2, 1, 0, 0, 1, 0xff]], Ok(()));
        check(6081, &[&[0, 0, 0x65, 0x58, 0, 0, 7, 0], &ETHERNET], Ok(()));
        check(6081, &[&[2, 0x40, 8, 0, 0, 0, 7, 0], &[1; 8]], Ok(()));
    }

    #[test]
    fn access_networks() {
        check(2152, &[&[0x30, 0xff, 0, 20, 0, 0, 0, 1]], Ok(()));
        check(2152, &[&[0x34, 0xff, 0, 28, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 9, 0]], Ok(()));
        check(1701, &[&[0, 2, 0, 1, 0, 1, 0xff, 3, 0, 0x21]], Ok(()));
        check(1701, &[&[0, 3, 0, 0, 0, 0, 0, 7], &ETHERNET], Ok(()));
        check(6635, &[&[0, 1, 1, 64]], Ok(()));
        check(6080, &[&[0, 4, 0, 0]], Ok(()));
        check(6080, &[&[1, 4, 0, 0, 9, 9, 9, 9]], Ok(()));
        check(6080, &[], Ok(()));
        check(4341, &[&[0xc0, 0, 0, 1, 0, 0, 0, 1]], Ok(()));
        check(5072, &[&[0x41, 0x52, 0x11, 41, 0, 0, 0, 0], &[7; 16], &[9; 20]], Ok(()));
        check(5247, &[&[0, 0x10, 2, 0, 0, 0, 0, 0], &ETHERNET], Ok(()));
        check(5247, &[&[0, 0x10, 3, 0, 0, 0, 0, 0, 8, 1], &[5; 22], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]], Ok(()));
        check(37008, &[&[1, 0, 0, 1, 1], &ETHERNET], Ok(()));
        check(37008, &[&[1, 0, 0, 1, 0, 10, 1, 200, 1], &ETHERNET], Ok(()));
        check(4754, &[&[0, 0, 8, 0]], Ok(()));
    }

    #[test]
    fn ordinary_datagrams_are_left_alone() {
        check(53, &[&[8, 0, 0, 0, 0, 0, 7, 0], &ETHERNET], Err(End::NotTcp));
        check(4789, &[b"\x9a\x01\x81\x80\0\x01\0\x01 an answer of a name server"], Err(End::NotTcp));
        check(4789, &[&[8, 1, 0, 0, 0, 0, 7, 0], &ETHERNET], Err(End::NotTcp));
        check(6081, &[b"\x12\x01\x81\x80\0\x01\0\x01 an answer of a name server"], Err(End::NotTcp));
        check(2152, &[b"\x30\xff no packet inside"], Err(End::NotTcp));
        check(3544, &[b"\x60\0\0\0"], Err(End::NotTcp));
    }
}
