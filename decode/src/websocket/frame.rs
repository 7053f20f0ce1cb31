//! The header of a frame (RFC 6455 §5.2).

/// Longest header: two bytes, a 64-bit length, a mask.
pub(super) const HEADER_BYTES_MAX: usize = 14;

pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// What a frame says about its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// The last frame of its message.
    pub is_final: bool,
    /// RSV1: the message is compressed (RFC 7692 §6).
    pub is_compressed: bool,
    pub opcode: u8,
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload.
    pub len: u64,
    /// The length took more bytes than it needs.
    pub is_padded: bool,
}

impl Frame {
    /// Close, ping and pong may stand between the frames of a message.
    pub(super) fn is_control(&self) -> bool {
        self.opcode >= CLOSE
    }
}

/// What the bytes of a header are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    Short,
    /// No frame of a WebSocket: nothing after it can be trusted.
    Bad,
    Whole(Frame),
}

/// Reads a header from exactly its bytes so far.
pub(super) fn read(bytes: &[u8]) -> Header {
    let [first, second, rest @ ..] = bytes else { return Header::Short };
    let (len_bytes, mask_bytes) = match second & 0x7f {
        126 => (2, usize::from(second >> 7) * 4),
        127 => (8, usize::from(second >> 7) * 4),
        _ => (0, usize::from(second >> 7) * 4),
    };
    let opcode = first & 0x0f;
    let is_final = first & 0x80 != 0;
    let is_known = matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG);
    let is_bad_control = opcode >= CLOSE && (!is_final || len_bytes > 0 || first & 0x40 != 0);
    if !is_known || is_bad_control || first & 0x30 != 0 {
        return Header::Bad;
    }
    let (Some(len), Some(mask)) = (rest.get(..len_bytes), rest.get(len_bytes..len_bytes + mask_bytes)) else {
        return Header::Short;
    };
    let len = match len {
        [] => u64::from(second & 0x7f),
        bytes => bytes.iter().fold(0, |len, byte| len << 8 | u64::from(*byte)),
    };
    if len >> 63 != 0 {
        return Header::Bad;
    }
    let is_padded = (len_bytes == 2 && len < 126) || (len_bytes == 8 && len <= 0xffff);
    let mask = mask.try_into().ok();
    Header::Whole(Frame { is_final, is_compressed: first & 0x40 != 0, opcode, mask, len, is_padded })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: Option<(u8, u64, Option<[u8; 4]>)>) {
        for len in 0..bytes.len() {
            if expect.is_some() {
                assert_eq!(read(&bytes[..len]), Header::Short, "{len} bytes");
            }
        }
        match (read(bytes), expect) {
            (Header::Whole(frame), Some(expect)) => {
                assert_eq!((frame.opcode, frame.len, frame.mask), expect);
            }
            (found, expect) => assert!(found == Header::Bad && expect.is_none(), "{found:?}"),
        }
    }

    #[test]
    fn lengths_and_masks() {
        check(&[0x81, 5], Some((TEXT, 5, None)));
        check(&[0x82, 0x85, 1, 2, 3, 4], Some((BINARY, 5, Some([1, 2, 3, 4]))));
        check(&[0x01, 126, 1, 0], Some((TEXT, 256, None)));
        check(&[0xc2, 127, 0, 0, 0, 0, 0, 1, 0, 0], Some((BINARY, 65_536, None)));
        check(&[0x88, 0], Some((CLOSE, 0, None)));
    }

    #[test]
    fn what_is_no_frame() {
        check(&[0x83, 0], None);
        check(&[0x09, 0], None);
        check(&[0x89, 126, 0, 200], None);
        check(&[0xa1, 0], None);
        check(&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], None);
    }
}
