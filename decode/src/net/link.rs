//! Link layers: Ethernet with VLAN tags (802.1Q, 802.1ad), BSD loopback, raw IP, Linux cooked v1 and v2.

use model::limits;

use crate::input::u16_at;

/// True for the link types that [`network_layer`] knows.
pub(crate) fn is_read(link: u16) -> bool {
    matches!(link, 0 | 1 | 12 | 14 | 101 | 108 | 113 | 228 | 229 | 276)
}

/// The IP packet inside a frame; `None` when the frame carries something else or its type is unknown.
pub(crate) fn network_layer(link: u16, frame: &[u8]) -> Option<&[u8]> {
    match link {
        0 | 108 => loopback(frame),
        1 => typed(u16_at(frame, 12, true)?, &frame[14..]),
        12 | 14 | 101 | 228 | 229 => by_version(frame),
        113 => typed(u16_at(frame, 14, true)?, frame.get(16..)?),
        276 => typed(u16_at(frame, 0, true)?, frame.get(20..)?),
        _ => None,
    }
}

/// By EtherType, through at most [`limits::LINK_NESTING_MAX`] tags.
fn typed(mut ethertype: u16, mut payload: &[u8]) -> Option<&[u8]> {
    for _ in 0..limits::LINK_NESTING_MAX {
        match ethertype {
            0x0800 | 0x86dd => return by_version(payload),
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
                ethertype = u16_at(payload, 2, true)?;
                payload = &payload[4..];
            }
            _ => return None,
        }
    }
    None
}

fn by_version(packet: &[u8]) -> Option<&[u8]> {
    matches!(packet.first()? >> 4, 4 | 6).then_some(packet)
}

/// The address family is in the byte order of the capturing machine; families of IPv6 differ between systems.
fn loopback(frame: &[u8]) -> Option<&[u8]> {
    let family: [u8; 4] = frame.get(..4)?.try_into().ok()?;
    let family = u32::from_be_bytes(family).min(u32::from_le_bytes(family));
    matches!(family, 2 | 10 | 24 | 28 | 30).then_some(())?;
    by_version(&frame[4..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(link: u16, header: &[u8], expect: bool) {
        let frame = [header, &[0x45, 1, 2]].concat();
        let found = network_layer(link, &frame);
        assert_eq!(found, expect.then_some(&[0x45, 1, 2][..]), "link type {link}");
        for cut in 0..header.len() {
            assert_eq!(network_layer(link, &frame[..cut]), None);
        }
    }

    #[test]
    fn link_types() {
        let mac = [0; 12];
        check(1, &[&mac[..], &[0x08, 0x00]].concat(), true);
        check(1, &[&mac[..], &[0x81, 0, 0, 5, 0x08, 0x00]].concat(), true);
        check(1, &[&mac[..], &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 5, 0x08, 0x00]].concat(), true);
        check(1, &[&mac[..], &[0x08, 0x06]].concat(), false);
        check(0, &[2, 0, 0, 0], true);
        check(108, &[0, 0, 0, 2], true);
        check(101, &[], true);
        check(113, &[[0; 14].as_slice(), &[0x08, 0x00]].concat(), true);
        check(276, &[&[0x08, 0x00][..], &[0; 18]].concat(), true);
        check(999, &[], false);
    }
}
