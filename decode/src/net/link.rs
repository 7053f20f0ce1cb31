//! Link types of capture files (LINKTYPE_* of draft-ietf-opsawg-pcaplinktype): which header comes first.
//! A further link type is a further arm of [`first_layer`].

use super::layer::{End, Layer, after, word};
use super::wlan;
use crate::input::{u16_at, u32_at};

/// The outermost layer of a frame.
pub(crate) fn first_layer(link: u16, frame: &[u8]) -> Result<Layer<'_>, End> {
    match link {
        // Most frames of most captures take this way.
        1 if matches!(frame.get(12..14), Some([8, 0])) => Ok(Layer::Ip(&frame[14..])),
        1 => Ok(Layer::Ethernet(frame)),
        0 | 108 => loopback(frame),
        12 | 14 | 101 | 228 | 229 => by_version(frame),
        9 | 50 | 104 => serial(frame),
        6 => token_ring(frame),
        // FDDI: frame control and two addresses.
        10 => Ok(Layer::Llc(after(frame, 13)?)),
        107 => frame_relay(frame),
        204 => Ok(Layer::Ppp(after(frame, 1)?)),
        // The first byte is the direction.
        166 => Ok(Layer::Ppp(frame.get(2..).filter(|_| frame[1] == 3).unwrap_or(frame))),
        51 => Ok(Layer::Typed(0x8864, frame)),
        100 => Ok(Layer::Llc(frame)),
        105 => wlan::data_frame(frame),
        109 => by_version(after(frame, 12)?),
        113 => cooked(word(frame, 14)?, &frame[16..]),
        276 => cooked(word(frame, 0)?, after(frame, 20)?),
        117 => by_version(after(frame, usize::from(*frame.first().ok_or(End::Bad)?).next_multiple_of(4))?),
        119 => wlan::prism(frame),
        127 => wlan::radiotap(frame),
        163 => wlan::avs(frame),
        192 | 258 => with_inner_type(link, frame),
        197 => erf(frame),
        239 => nflog(frame),
        _ => Err(End::UnknownLink),
    }
}

fn by_version(packet: &[u8]) -> Result<Layer<'_>, End> {
    match packet.first().ok_or(End::Bad)? >> 4 {
        4 | 6 => Ok(Layer::Ip(packet)),
        _ => Err(End::NotIp),
    }
}

/// The address family is in the byte order of the capturing machine; families of IPv6 differ between systems.
fn loopback(frame: &[u8]) -> Result<Layer<'_>, End> {
    let (Some(big), Some(little)) = (u32_at(frame, 0, true), u32_at(frame, 0, false)) else {
        return Err(End::Bad);
    };
    match big.min(little) {
        2 | 10 | 24 | 28 | 30 => by_version(&frame[4..]),
        _ => Err(End::NotIp),
    }
}

/// PPP or Cisco's framing, told apart by the address byte.
fn serial(frame: &[u8]) -> Result<Layer<'_>, End> {
    match frame.first() {
        Some(0x0f | 0x8f) => Ok(Layer::Typed(word(frame, 2)?, &frame[4..])),
        _ => Ok(Layer::Ppp(frame)),
    }
}

/// IEEE 802.5: two bytes of control and two addresses; the top bit of the source says that a route follows,
/// whose first byte holds its length.
fn token_ring(frame: &[u8]) -> Result<Layer<'_>, End> {
    let is_routed = frame.get(8).ok_or(End::Bad)? & 0x80 != 0;
    let route = if is_routed { usize::from(frame.get(14).ok_or(End::Bad)? & 0x1f) } else { 0 };
    Ok(Layer::Llc(after(frame, 14 + route)?))
}

/// RFC 2427: an address of two to four bytes, whose last one is odd, the control field, perhaps a byte of
/// padding, and the number of the network protocol. Cisco's framing has an EtherType behind the address.
fn frame_relay(frame: &[u8]) -> Result<Layer<'_>, End> {
    let address = frame.iter().take(4).position(|byte| byte & 1 != 0).ok_or(End::Bad)? + 1;
    match after(frame, address)? {
        [3, 0, rest @ ..] | [3, rest @ ..] => match rest {
            [0xcc | 0x8e, packet @ ..] => Ok(Layer::Ip(packet)),
            // SNAP.
            [0x80, 0, 0, 0, high, low, rest @ ..] => {
                Ok(Layer::Typed(u16::from_be_bytes([*high, *low]), rest))
            }
            [0x80, 0, 0x80, 0xc2, 0, 1 | 7, rest @ ..] => Ok(Layer::Ethernet(rest)),
            _ => Err(End::NotIp),
        },
        [high, low, rest @ ..] => Ok(Layer::Typed(u16::from_be_bytes([*high, *low]), rest)),
        _ => Err(End::Bad),
    }
}

/// Linux cooked captures: an EtherType, or one of the kernel's own numbers.
fn cooked(protocol: u16, payload: &[u8]) -> Result<Layer<'_>, End> {
    match protocol {
        // 802.2 LLC; 802.3 without it is Novell's.
        4 => Ok(Layer::Llc(payload)),
        0..0x600 => Err(End::NotIp),
        _ => Ok(Layer::Typed(protocol, payload)),
    }
}

/// Headers that name another link type: PPI, and Apple's packet tap.
fn with_inner_type(link: u16, frame: &[u8]) -> Result<Layer<'_>, End> {
    let (len, inner) = match link {
        192 => (u16_at(frame, 2, false).map(usize::from), u32_at(frame, 4, false)),
        _ => (u32_at(frame, 0, false).map(|len| len as usize), u32_at(frame, 8, false)),
    };
    let (Some(len), Some(inner)) = (len, inner) else { return Err(End::Bad) };
    match u16::try_from(inner) {
        Ok(192 | 258) | Err(_) => Err(End::NotIp),
        Ok(inner) => first_layer(inner, after(frame, len)?),
    }
}

/// Endace: a header of 16 bytes and, while the top bit of the type is set, extensions of 8.
fn erf(frame: &[u8]) -> Result<Layer<'_>, End> {
    let kind = *frame.get(8).ok_or(End::Bad)?;
    let (mut at, mut more) = (16, kind & 0x80 != 0);
    while more {
        more = frame.get(at).ok_or(End::Bad)? & 0x80 != 0;
        at += 8;
    }
    match kind & 0x7f {
        1 => serial(after(frame, at)?),
        // Ethernet, with two bytes of padding before it.
        2 | 11 | 16 | 20 => Ok(Layer::Ethernet(after(frame, at + 2)?)),
        22 | 23 => by_version(after(frame, at)?),
        _ => Err(End::NotIp),
    }
}

/// Netfilter's log: fields of a length, a type and a value, in the byte order of the capturing machine.
fn nflog(frame: &[u8]) -> Result<Layer<'_>, End> {
    /// NFULA_PAYLOAD.
    const PAYLOAD: u16 = 9;
    let mut fields = after(frame, 4)?;
    // The first field's length is small, so its larger byte tells the order.
    let big = word(fields, 0)? < u16::from_le_bytes([fields[0], fields[1]]);
    loop {
        let (Some(len), Some(kind)) = (u16_at(fields, 0, big), u16_at(fields, 2, big)) else {
            return Err(End::NotIp);
        };
        let len = usize::from(len);
        if len < 4 {
            return Err(End::Bad);
        }
        if kind & 0x7fff == PAYLOAD {
            return by_version(&fields[4..len.min(fields.len())]);
        }
        fields = fields.get(len.next_multiple_of(4)..).ok_or(End::Bad)?;
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer::ip_packet;
    use super::*;
    use crate::stats::Stats;

    const IP: [u8; 20] = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];

    #[track_caller]
    fn check(link: u16, header: &[u8], expect: Result<(), End>) {
        let frame = [header, &IP].concat();
        let read = |frame| first_layer(link, frame).and_then(|layer| ip_packet(layer, &mut Stats::default()));
        assert_eq!(read(&frame), expect.map(|()| &IP[..]), "link type {link}");
        for cut in 0..header.len() {
            assert!(read(&frame[..cut]).is_err(), "link type {link} cut at {cut}");
        }
    }

    #[test]
    fn link_types() {
        check(1, &[&[0; 12][..], &[8, 0]].concat(), Ok(()));
        check(0, &[2, 0, 0, 0], Ok(()));
        check(108, &[0, 0, 0, 2], Ok(()));
        check(101, &[], Ok(()));
        check(228, &[], Ok(()));
        check(9, &[0xff, 3, 0, 0x21], Ok(()));
        check(9, &[0, 0x21], Ok(()));
        check(50, &[0x0f, 0, 8, 0], Ok(()));
        check(104, &[0x8f, 0, 8, 0], Ok(()));
        check(166, &[1, 3, 0, 0x21], Ok(()));
        check(204, &[1, 0xff, 3, 0, 0x21], Ok(()));
        check(6, &[&[0x10, 0x40][..], &[2; 12], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat(), Ok(()));
        check(
            6,
            &[&[0x10, 0x40][..], &[0x82; 12], &[4, 0, 0, 1, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat(),
            Ok(()),
        );
        check(10, &[&[0x50][..], &[2; 12], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat(), Ok(()));
        check(107, &[0x18, 0x41, 3, 0xcc], Ok(()));
        check(107, &[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], Ok(()));
        check(107, &[0x18, 0x41, 8, 0], Ok(()));
        check(51, &[0x11, 0, 0, 1, 0, 22, 0, 0x21], Ok(()));
        check(100, &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], Ok(()));
        check(113, &[&[0; 14][..], &[8, 0]].concat(), Ok(()));
        check(113, &[&[0; 14][..], &[0, 4, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat(), Ok(()));
        check(113, &[&[0; 14][..], &[0x81, 0, 0, 5, 8, 0]].concat(), Ok(()));
        check(276, &[&[8, 0][..], &[0; 18]].concat(), Ok(()));
        check(239, &[2, 0, 0, 0, 5, 0, 10, 0, 0, 0, 0, 0, 24, 0, 9, 0], Ok(()));
        check(239, &[2, 0, 0, 0, 0, 5, 0, 10, 0, 0, 0, 0, 0, 24, 0, 9], Ok(()));
        check(192, &[0, 0, 8, 0, 101, 0, 0, 0], Ok(()));
        check(197, &[0, 0, 0, 0, 0, 0, 0, 0, 0x96, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], Ok(()));
        check(999, &[], Err(End::UnknownLink));
    }
}
