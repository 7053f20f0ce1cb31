//! The TCP header (RFC 9293 §3.1).

use crate::input::{u16_at, u32_at};

/// One TCP segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment<'a> {
    pub src_port: u16,
    pub dst_port: u16,
    pub seq: u32,
    /// Acknowledgement, when the flag is set.
    pub ack: Option<u32>,
    pub syn: bool,
    pub fin: bool,
    pub rst: bool,
    pub payload: &'a [u8],
    /// Payload bytes after `payload` that were sent but not captured.
    pub cut: u32,
}

/// Reads the segment of an IP payload of which `cut` bytes were not captured; `None` when the header is cut.
pub(crate) fn read_tcp(packet: &[u8], cut: u32) -> Option<Segment<'_>> {
    let header = packet.get(..20)?;
    let header_len = usize::from(header[12] >> 4) * 4;
    if header_len < 20 {
        return None;
    }
    // Options that the capture cut say nothing that is needed: the segment is known, and so is its length.
    let payload = match packet.get(header_len..) {
        Some(payload) => payload,
        None if cut > 0 => &[],
        None => return None,
    };
    let flags = header[13];
    Some(Segment {
        src_port: u16_at(header, 0, true)?,
        dst_port: u16_at(header, 2, true)?,
        seq: u32_at(header, 4, true)?,
        ack: if flags & 0x10 != 0 { u32_at(header, 8, true) } else { None },
        syn: flags & 2 != 0,
        fin: flags & 1 != 0,
        rst: flags & 4 != 0,
        payload,
        cut: (cut as usize + packet.len()).saturating_sub(header_len + payload.len()) as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_options_and_cut_headers() {
        let mut packet =
            vec![0, 80, 0x30, 0x39, 0, 0, 0, 7, 0, 0, 0, 9, 0x60, 0x11, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
        packet.extend(b"hi");
        let segment = read_tcp(&packet, 3).expect("a segment");
        assert_eq!((segment.src_port, segment.dst_port, segment.seq, segment.ack), (80, 12_345, 7, Some(9)));
        assert_eq!((segment.syn, segment.fin, segment.rst), (false, true, false));
        assert_eq!((segment.payload, segment.cut), (&b"hi"[..], 3));
        assert_eq!(read_tcp(&packet[..22], 0), None);
        let cut = read_tcp(&packet[..22], 9).expect("a segment");
        assert_eq!((cut.payload, cut.cut), (&b""[..], 7));
        packet[12] = 0x40;
        assert_eq!(read_tcp(&packet, 0), None);
    }
}
