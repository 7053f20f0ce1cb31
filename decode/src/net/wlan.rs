//! Data frames of 802.11 (IEEE 802.11 §9.3.2) behind the radio headers that captures put before them.
//! Frames that are still encrypted are left aside; of aggregated frames the first one is read.

use super::layer::{End, Layer, after};
use crate::input::{u16_at, u32_at};

/// Length of a Prism header when the header itself does not say.
const PRISM: usize = 144;

/// Radiotap: its length stands in the header, little-endian.
pub(super) fn radiotap(frame: &[u8]) -> Result<Layer<'_>, End> {
    let len = u16_at(frame, 2, false).ok_or(End::Bad)?;
    data_frame(after(frame, usize::from(len))?)
}

/// Prism headers, and the AVS headers that came after them under the same link type.
pub(super) fn prism(frame: &[u8]) -> Result<Layer<'_>, End> {
    let first = u32_at(frame, 0, true).ok_or(End::Bad)?;
    if first >> 12 == 0x8_0211 {
        return avs(frame);
    }
    let len = [false, true]
        .into_iter()
        .filter_map(|big| u32_at(frame, 4, big))
        .find(|len| (24..=512).contains(len));
    data_frame(after(frame, len.map_or(PRISM, |len| len as usize))?)
}

/// AVS: length at 4, big-endian.
pub(super) fn avs(frame: &[u8]) -> Result<Layer<'_>, End> {
    let len = u32_at(frame, 4, true).ok_or(End::Bad)?;
    data_frame(after(frame, len as usize)?)
}

/// A frame from its control field on.
pub(super) fn data_frame(frame: &[u8]) -> Result<Layer<'_>, End> {
    let [kind, flags, ..] = frame else { return Err(End::Bad) };
    let has_qos = kind & 0x80 != 0;
    // Other than data, or data frames without data.
    if kind & 0x0c != 0x08 || kind & 0x40 != 0 {
        return Err(End::NotIp);
    }
    let addresses = if flags & 3 == 3 { 30 } else { 24 };
    let ordered = if has_qos && flags & 0x80 != 0 { 4 } else { 0 };
    let header = addresses + if has_qos { 2 + ordered } else { 0 };
    let is_aggregate = has_qos && frame.get(addresses).ok_or(End::Bad)? & 0x80 != 0;
    if is_aggregate {
        // The first subframe: two addresses and a length stand before its LLC header.
        return Ok(Layer::Llc(after(frame, header + 14)?));
    }
    // Some cards pad the header to four bytes, some leave the flag of encryption on what they decrypted,
    // with the initialisation vector in place.
    let starts = [header, header.next_multiple_of(4), header + 4, header + 8];
    let found = starts.into_iter().find(|at| frame.get(*at..*at + 3) == Some(&[0xaa, 0xaa, 3]));
    match found {
        Some(at) => Ok(Layer::Llc(&frame[at..])),
        None if frame.len() < header + 3 => Err(End::Bad),
        None => Err(End::NotIp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LLC: [u8; 9] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45];

    #[track_caller]
    fn check(header: &[u8], expect: Result<(), End>) {
        let frame = [header, &LLC].concat();
        assert_eq!(data_frame(&frame), expect.map(|()| Layer::Llc(&LLC[..])), "{header:02x?}");
        let tapped = [&[0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0], &frame[..]].concat();
        assert_eq!(radiotap(&tapped), expect.map(|()| Layer::Llc(&LLC[..])));
        let avs = [&[0x80, 0x21, 0x10, 1, 0, 0, 0, 12, 0, 0, 0, 0], &frame[..]].concat();
        assert_eq!(prism(&avs), expect.map(|()| Layer::Llc(&LLC[..])));
        let prism_frame = [&[0x44, 0, 0, 0, 144, 0, 0, 0][..], &[0; 136], &frame].concat();
        assert_eq!(prism(&prism_frame), expect.map(|()| Layer::Llc(&LLC[..])));
    }

    fn header(kind: u8, flags: u8, len: usize) -> Vec<u8> {
        let mut header = vec![kind, flags];
        header.resize(len, 0);
        header
    }

    #[test]
    fn data_frames() {
        check(&header(0x08, 1, 24), Ok(()));
        check(&header(0x08, 3, 30), Ok(()));
        check(&header(0x88, 2, 26), Ok(()));
        check(&header(0x88, 2, 28), Ok(()));
        check(&header(0x88, 0x82, 30), Ok(()));
        check(&header(0x08, 0x41, 32), Ok(()));
        check(&header(0x80, 0, 24), Err(End::NotIp));
        check(&header(0x48, 0, 24), Err(End::NotIp));
        check(&[0x88, 2], Err(End::Bad));
        let aggregate = [&header(0x88, 2, 24)[..], &[0x80, 0], &[5; 12], &[0, 9]].concat();
        check(&aggregate, Ok(()));
    }
}
