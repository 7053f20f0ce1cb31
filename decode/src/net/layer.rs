//! What stands between a frame and the IP packet in it: Ethernet and its tags, 802.2 LLC, PPP, MPLS, NSH.
//! Each step takes one header off; nothing is copied.

use model::limits;

use super::checksum::{fold, sum};
use crate::input::{u16_at, u32_at};
use crate::stats::Stats;

/// Bytes of which the outermost header is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer<'a> {
    /// From the destination address on.
    Ethernet(&'a [u8]),
    /// What follows an EtherType.
    Typed(u16, &'a [u8]),
    /// 802.2 LLC.
    Llc(&'a [u8]),
    /// PPP (RFC 1661), with or without the framing of RFC 1662.
    Ppp(&'a [u8]),
    /// A label stack (RFC 3032).
    Mpls(&'a [u8]),
    /// A network service header (RFC 8300).
    Nsh(&'a [u8]),
    /// IP of either version.
    Ip(&'a [u8]),
}

/// Why a packet leads to no TCP segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It carries another network protocol.
    NotIp,
    /// It is IP of another transport, and no tunnel that is known.
    NotTcp,
    /// A header is cut or contradicts itself.
    Bad,
    /// More headers than [`limits::LINK_NESTING_MAX`] allows.
    TooDeep,
    /// The link type is not read.
    UnknownLink,
}

pub(super) fn word(data: &[u8], at: usize) -> Result<u16, End> {
    u16_at(data, at, true).ok_or(End::Bad)
}

pub(super) fn after(data: &[u8], at: usize) -> Result<&[u8], End> {
    data.get(at..).ok_or(End::Bad)
}

/// The IP packet below a layer.
#[inline]
pub(crate) fn ip_packet<'a>(layer: Layer<'a>, stats: &mut Stats) -> Result<&'a [u8], End> {
    match layer {
        Layer::Ip(packet) => Ok(packet),
        _ => peel(layer, stats),
    }
}

fn peel<'a>(mut layer: Layer<'a>, stats: &mut Stats) -> Result<&'a [u8], End> {
    // A tag takes one step, a frame inside a pseudowire or a backbone frame two.
    for _ in 0..=2 * limits::LINK_NESTING_MAX {
        layer = match layer {
            Layer::Ip(packet) => return Ok(packet),
            Layer::Ethernet(frame) => typed_or_length(word(frame, 12)?, &frame[14..]),
            Layer::Typed(ethertype, payload) => typed(ethertype, payload, stats)?,
            Layer::Llc(payload) => llc(payload)?,
            Layer::Ppp(frame) => ppp(frame)?,
            Layer::Mpls(payload) => mpls(payload, stats)?,
            Layer::Nsh(payload) => nsh(payload)?,
        };
    }
    Err(End::TooDeep)
}

/// Values below 0x600 are the length of an 802.3 frame (IEEE 802.3 §3.2.6).
fn typed_or_length(ethertype: u16, payload: &[u8]) -> Layer<'_> {
    if ethertype >= 0x600 {
        return Layer::Typed(ethertype, payload);
    }
    Layer::Llc(&payload[..payload.len().min(usize::from(ethertype))])
}

fn typed<'a>(ethertype: u16, payload: &'a [u8], stats: &mut Stats) -> Result<Layer<'a>, End> {
    Ok(match ethertype {
        0x0800 | 0x86dd => Layer::Ip(payload),
        // 802.1Q, 802.1ad and what came before it.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => tag(payload, 2, stats)?,
        // VN-Tag and 802.1BR.
        0x8926 => tag(payload, 4, stats)?,
        0x893f => tag(payload, 6, stats)?,
        0x8847 | 0x8848 => Layer::Mpls(payload),
        0x8864 => pppoe(payload, stats)?,
        // 802.1ah: the service tag stands before the customer's frame.
        0x88e7 => Layer::Ethernet(after(payload, 4)?),
        0x6558 => Layer::Ethernet(payload),
        0x880b => Layer::Ppp(payload),
        0x894f => Layer::Nsh(payload),
        // TRILL (RFC 6325 §3): options follow six bytes. Cisco's metadata and FabricPath.
        0x22f3 => Layer::Ethernet(after(payload, 6 + usize::from(word(payload, 0)? >> 6 & 0x1f) * 4)?),
        0x8903 => Layer::Ethernet(after(payload, 2)?),
        0x8909 => Layer::Typed(word(payload, 6)?, &payload[8..]),
        _ => return Err(End::NotIp),
    })
}

fn tag<'a>(payload: &'a [u8], len: usize, stats: &mut Stats) -> Result<Layer<'a>, End> {
    stats.vlan_tags += 1;
    let ethertype = word(payload, len)?;
    Ok(typed_or_length(ethertype, &payload[len + 2..]))
}

/// RFC 2516 §4.
pub(super) fn pppoe<'a>(payload: &'a [u8], stats: &mut Stats) -> Result<Layer<'a>, End> {
    let (Some([0x11, code, ..]), len) = (payload.get(..2), usize::from(word(payload, 4)?)) else {
        return Err(End::Bad);
    };
    if *code != 0 {
        return Err(End::NotIp);
    }
    stats.pppoe += 1;
    let frame = &payload[6..];
    Ok(Layer::Ppp(&frame[..frame.len().min(len)]))
}

fn ppp(frame: &[u8]) -> Result<Layer<'_>, End> {
    let frame = frame.strip_prefix(&[0xff, 3]).unwrap_or(frame);
    let first = *frame.first().ok_or(End::Bad)?;
    // The protocol field may be compressed to one byte (RFC 1661 §6.5): only its last byte is odd.
    let (protocol, rest) = match first & 1 {
        1 => (u16::from(first), &frame[1..]),
        _ => (word(frame, 0)?, &frame[2..]),
    };
    match protocol {
        0x0021 | 0x0057 => Ok(Layer::Ip(rest)),
        0x0281 | 0x0283 => Ok(Layer::Mpls(rest)),
        // A bridged frame (RFC 3518) of 802.3.
        0x0031 if rest.get(1) == Some(&1) => Ok(Layer::Ethernet(&rest[2..])),
        _ => Err(End::NotIp),
    }
}

fn llc(payload: &[u8]) -> Result<Layer<'_>, End> {
    match payload {
        // SNAP (RFC 1042), as 802.1H translates it, and bridged frames (RFC 2684 §5.2).
        [0xaa, 0xaa, 3, 0, 0, 0 | 0xf8, high, low, rest @ ..] => {
            Ok(Layer::Typed(u16::from_be_bytes([*high, *low]), rest))
        }
        [0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 1 | 7, _, _, rest @ ..] => Ok(Layer::Ethernet(rest)),
        [6, 6, 3, rest @ ..] | [0xfe, 0xfe, 3, 0xcc | 0x8e, rest @ ..] => Ok(Layer::Ip(rest)),
        [] | [_] | [_, _] => Err(End::Bad),
        [0xaa, 0xaa, 3, rest @ ..] if rest.len() < 5 => Err(End::Bad),
        _ => Err(End::NotIp),
    }
}

/// The label stack does not say what it carries: the first nibble does (RFC 4928), and for pseudowires
/// (RFC 4448), with or without a control word, the EtherType.
fn mpls<'a>(mut payload: &'a [u8], stats: &mut Stats) -> Result<Layer<'a>, End> {
    stats.mpls += 1;
    for _ in 0..limits::LINK_NESTING_MAX {
        let entry = u32_at(payload, 0, true).ok_or(End::Bad)?;
        payload = &payload[4..];
        if entry & 0x100 == 0 {
            continue;
        }
        if looks_like_ip(payload) {
            return Ok(Layer::Ip(payload));
        }
        if payload.first().ok_or(End::Bad)? >> 4 == 0 && looks_like_ethernet(&payload[4.min(payload.len())..])
        {
            return Ok(Layer::Ethernet(&payload[4..]));
        }
        if looks_like_ethernet(payload) {
            return Ok(Layer::Ethernet(payload));
        }
        return Err(End::NotIp);
    }
    Err(End::TooDeep)
}

fn nsh(payload: &[u8]) -> Result<Layer<'_>, End> {
    let len = usize::from(word(payload, 0)? & 0x3f) * 4;
    if len < 8 {
        return Err(End::Bad);
    }
    next_protocol(*payload.get(3).ok_or(End::Bad)?, after(payload, len)?)
}

/// The numbers that NSH and VXLAN-GPE share.
pub(super) fn next_protocol(number: u8, payload: &[u8]) -> Result<Layer<'_>, End> {
    Ok(match number {
        1 | 2 => Layer::Ip(payload),
        3 => Layer::Ethernet(payload),
        4 => Layer::Nsh(payload),
        5 => Layer::Mpls(payload),
        _ => return Err(End::NotIp),
    })
}

/// True for a header of either version whose fields agree with each other.
pub(super) fn looks_like_ip(packet: &[u8]) -> bool {
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => {
            let header_len = usize::from(packet[0] & 15) * 4;
            let (Some(header), Some(total)) = (packet.get(..header_len), u16_at(packet, 2, true)) else {
                return false;
            };
            let total = usize::from(total);
            // Offloading leaves checksum and length to the card: either one may be missing, not both.
            header_len >= 20
                && (total == 0 || total >= header_len)
                && (total <= packet.len() || fold(sum(header)) == 0xffff)
        }
        Some(6) => {
            let Some(total) = u16_at(packet, 4, true) else { return false };
            let known =
                matches!(packet.get(6), Some(0 | 4 | 6 | 17 | 41 | 43 | 44 | 47 | 50 | 51 | 58 | 59 | 60));
            known && packet.len() >= 40 && (total > 0 || packet[6] == 0)
        }
        _ => false,
    }
}

/// True for a frame whose EtherType is one that networks carry and whose payload does not contradict it.
pub(super) fn looks_like_ethernet(frame: &[u8]) -> bool {
    let Some(ethertype) = u16_at(frame, 12, true) else { return false };
    let payload = &frame[14..];
    match ethertype {
        0x0800 => payload.first().is_none_or(|byte| byte >> 4 == 4),
        0x86dd => payload.first().is_none_or(|byte| byte >> 4 == 6),
        0x0806 | 0x8100 | 0x88a8 | 0x8847 | 0x8848 | 0x8863 | 0x8864 | 0x88cc | 0x8809 | 0x88e7 | 0x894f => {
            true
        }
        length => length < 0x600 && matches!(payload, [0xaa, 0xaa, 3, ..] | [0x42, 0x42, 3, ..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: [u8; 20] = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];

    /// The packet behind the header, and that no cut in the header is mistaken for anything.
    #[track_caller]
    fn check(make: fn(&[u8]) -> Layer<'_>, header: &[u8], expect: Result<(), End>) {
        let bytes = [header, &IP[..]].concat();
        let found = ip_packet(make(&bytes), &mut Stats::default());
        assert_eq!(found, expect.map(|()| &IP[..]), "{header:02x?}");
        for cut in 0..header.len() {
            assert!(
                ip_packet(make(&bytes[..cut]), &mut Stats::default()).is_err(),
                "{header:02x?} cut at {cut}"
            );
        }
    }

    fn ethernet(rest: &[u8]) -> Vec<u8> {
        [&[2; 12][..], rest].concat()
    }

    #[test]
    fn tags_and_lengths() {
        fn frame(bytes: &[u8]) -> Layer<'_> {
            Layer::Ethernet(bytes)
        }
        check(frame, &ethernet(&[8, 0]), Ok(()));
        check(frame, &ethernet(&[0x81, 0, 0, 5, 8, 0]), Ok(()));
        check(frame, &ethernet(&[0x88, 0xa8, 0, 1, 0x81, 0, 0, 5, 8, 0]), Ok(()));
        check(frame, &ethernet(&[0x89, 0x26, 0, 0, 0, 0, 8, 0]), Ok(()));
        check(frame, &ethernet(&[0x88, 0xe7, 0, 0, 0, 1, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 8, 0]), Ok(()));
        let inner = ethernet(&[8, 0]);
        check(frame, &ethernet(&[&[0x22, 0xf3, 0, 1, 0, 2, 0, 3][..], &inner].concat()), Ok(()));
        check(
            frame,
            &ethernet(&[&[0x22, 0xf3, 0, 0x41, 0, 2, 0, 3, 9, 9, 9, 9][..], &inner].concat()),
            Ok(()),
        );
        check(frame, &ethernet(&[&[0x89, 3, 0x0a, 0x40][..], &inner].concat()), Ok(()));
        check(frame, &ethernet(&[0x89, 9, 1, 1, 0, 1, 0, 5, 8, 0]), Ok(()));
        check(frame, &ethernet(&[0, 28, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]), Ok(()));
        check(frame, &ethernet(&[0, 23, 6, 6, 3]), Ok(()));
        check(frame, &ethernet(&[8, 6]), Err(End::NotIp));
        check(frame, &ethernet(&[&[0x81, 0, 0, 1].repeat(40)[..], &[8, 0]].concat()), Err(End::TooDeep));
    }

    #[test]
    fn ppp_and_sessions() {
        check(|bytes| Layer::Ppp(bytes), &[0xff, 3, 0, 0x21], Ok(()));
        check(|bytes| Layer::Ppp(bytes), &[0x21], Ok(()));
        check(|bytes| Layer::Ppp(bytes), &[0xc0, 0x21], Err(End::NotIp));
        check(
            |bytes| Layer::Ethernet(bytes),
            &ethernet(&[0x88, 0x64, 0x11, 0, 0, 1, 0, 22, 0, 0x21]),
            Ok(()),
        );
        check(
            |bytes| Layer::Ethernet(bytes),
            &ethernet(&[0x88, 0x64, 0x11, 9, 0, 1, 0, 22, 0, 0x21]),
            Err(End::NotIp),
        );
    }

    #[test]
    fn label_stacks_and_service_headers() {
        let inner = ethernet(&[8, 0]);
        let from_cisco = [&[0, 0x1b, 0x54, 0, 0, 1, 0x40, 1, 1, 1, 1, 1][..], &[8, 0]].concat();
        check(|bytes| Layer::Mpls(bytes), &[0, 1, 0, 64, 0, 2, 1, 64], Ok(()));
        check(|bytes| Layer::Mpls(bytes), &[&[0, 2, 1, 64, 0, 0, 0, 0][..], &inner].concat(), Ok(()));
        check(|bytes| Layer::Mpls(bytes), &[&[0, 2, 1, 64][..], &inner].concat(), Ok(()));
        check(|bytes| Layer::Mpls(bytes), &[&[0, 2, 1, 64][..], &from_cisco].concat(), Ok(()));
        check(|bytes| Layer::Mpls(bytes), &[&[0, 2, 1, 64, 0, 0, 0, 9][..], &from_cisco].concat(), Ok(()));
        check(|bytes| Layer::Mpls(bytes), &[0, 1, 0, 64].repeat(9), Err(End::TooDeep));
        check(|bytes| Layer::Nsh(bytes), &[0x0f, 0xc2, 2, 1, 0, 0, 1, 0xff], Ok(()));
        check(|bytes| Layer::Nsh(bytes), &[0x0f, 0xc1, 2, 1, 0, 0, 1, 0xff], Err(End::Bad));
    }
}
