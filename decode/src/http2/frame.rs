//! Frame headers (RFC 9113 §4.1), and whether bytes in the middle of a stream can be one.

use super::hpack;

/// Bytes of a frame header.
pub(super) const HEADER_LEN: usize = 9;
/// Payload of a frame while no SETTINGS say otherwise (RFC 9113 §6.5.2).
pub(super) const PAYLOAD_LEN: u32 = 16_384;
/// The start of the connection preface, which stands where a frame header would (RFC 9113 §3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Frames looked at to find out whether a segment holds HTTP/2.
const PROBE_FRAMES: usize = 16;

/// Frames in a row that are no chance in the middle of a segment.
const CHAIN_FRAMES: usize = 3;
/// Places of a segment that are looked at.
const PROBE_PLACES: usize = 64;

/// Frame types (RFC 9113 §6).
pub(super) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PUSH_PROMISE: u8 = 5;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// Frame flags.
pub(super) mod flag {
    pub(crate) const END_STREAM: u8 = 1;
    pub(crate) const ACK: u8 = 1;
    pub(crate) const END_HEADERS: u8 = 4;
    pub(crate) const PADDED: u8 = 8;
    pub(crate) const PRIORITY: u8 = 0x20;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FrameHeader {
    /// Bytes of payload.
    pub len: u32,
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    /// The bit that must be 0.
    reserved: bool,
}

impl FrameHeader {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, s, t, u, v, ..] = bytes else { return None };
        let stream = u32::from_be_bytes([*s, *t, *u, *v]);
        Some(Self {
            len: u32::from_be_bytes([0, *a, *b, *c]),
            kind: *kind,
            flags: *flags,
            stream: stream & 0x7fff_ffff,
            reserved: stream >> 31 != 0,
        })
    }

    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Length, flags and stream are as the type demands.
    fn is_strict(self, max: u32) -> bool {
        let (on_stream, flags, len) = match self.kind {
            kind::DATA => (true, 0x09, true),
            kind::HEADERS => (true, 0x2d, self.len > 0),
            kind::PRIORITY => (true, 0, self.len == 5),
            kind::RST_STREAM => (true, 0, self.len == 4),
            kind::SETTINGS => (
                false,
                1,
                self.len.is_multiple_of(6) && self.len <= 600 && !(self.has(flag::ACK) && self.len > 0),
            ),
            kind::PUSH_PROMISE => (true, 0x0c, self.len > 4),
            kind::PING => (false, 1, self.len == 8),
            kind::GOAWAY => (false, 0, self.len >= 8),
            // On the connection or on a stream.
            kind::WINDOW_UPDATE => (self.stream != 0, 0, self.len == 4),
            kind::CONTINUATION => (true, 4, true),
            _ => return false,
        };
        !self.reserved
            && self.len <= max
            && self.flags & !flags == 0
            && (self.stream != 0) == on_stream
            && len
    }
}

/// The part of a HEADERS or PUSH_PROMISE payload that is header block, padding and priority removed; `whole`:
/// the payload is not cut.
pub(super) fn block_of(frame: FrameHeader, payload: &[u8], whole: bool) -> Option<&[u8]> {
    let mut rest = payload;
    let mut padding = 0;
    if frame.has(flag::PADDED) {
        let (first, after) = rest.split_first()?;
        (padding, rest) = (usize::from(*first), after);
    }
    let fixed = match frame.kind {
        kind::HEADERS if frame.has(flag::PRIORITY) => 5,
        kind::PUSH_PROMISE => 4,
        _ => 0,
    };
    let rest = rest.get(fixed..)?;
    // Padding is at the end, which a cut payload may or may not reach.
    let padding = if whole {
        padding
    } else {
        padding.saturating_sub(frame.len as usize - payload.len().min(frame.len as usize))
    };
    rest.get(..rest.len().checked_sub(padding)?)
}

/// What the start of a segment in the middle of a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Frames, one of which opens a stream or answers on one.
    Certain,
    /// So many frames, as far as can be seen.
    Possible(usize),
    No,
}

/// Judges the bytes of one segment that begin with a frame header or with something else.
pub(super) fn probe(bytes: &[u8], max: u32) -> Start {
    let (mut rest, mut frames, mut certain) = (bytes, 0, false);
    while frames < PROBE_FRAMES
        && let Some(frame) = FrameHeader::read(rest)
    {
        if !frame.is_strict(max) {
            return Start::No;
        }
        frames += 1;
        let payload = &rest[HEADER_LEN..];
        let is_whole = payload.len() >= frame.len as usize;
        let payload = &payload[..payload.len().min(frame.len as usize)];
        certain |= frame.kind == kind::HEADERS
            && block_of(frame, payload, is_whole).is_some_and(hpack::is_plausible);
        rest = &rest[HEADER_LEN + payload.len()..];
    }
    match frames {
        0 => Start::No,
        _ if certain => Start::Certain,
        _ => Start::Possible(frames),
    }
}

/// Where in a segment of a connection that is known to be HTTP/2 the frames go on. `is_near` tells whether a
/// stream can be one of the connection.
pub(super) fn find(bytes: &[u8], max: u32, is_near: impl Fn(u32) -> bool) -> Option<usize> {
    if bytes.starts_with(&PREFACE[..HEADER_LEN]) {
        return Some(0);
    }
    // The length of every frame that is likely begins with a zero.
    let places = memchr::memchr_iter(0, bytes).take_while(|at| at + HEADER_LEN <= bytes.len());
    let mut places = places.filter(|at| {
        FrameHeader::read(&bytes[*at..]).is_some_and(|frame| frame.is_strict(max) && is_near(frame.stream))
    });
    let mut tries = 0;
    places.find(|at| {
        tries += 1;
        // In the middle of a payload one header may be chance; a chain of them is not.
        let chain = if *at == 0 { 1 } else { CHAIN_FRAMES };
        tries <= PROBE_PLACES
            && match probe(&bytes[*at..], max) {
                Start::Certain => true,
                Start::Possible(frames) => frames >= chain,
                Start::No => false,
            }
    })
}

/// True when a segment somewhere in a stream is HTTP/2 beyond doubt.
pub(crate) fn is_certain(bytes: &[u8]) -> bool {
    probe(bytes, PAYLOAD_LEN) == Start::Certain
}

/// True for the SETTINGS frame that opens the server's stream; `None`: too few bytes to tell.
pub(crate) fn is_server_preface(bytes: &[u8]) -> Option<bool> {
    let Some(frame) = FrameHeader::read(bytes) else {
        let fits = bytes.iter().zip([0, 0, u8::MAX, kind::SETTINGS, 0, 0, 0, 0, 0]);
        let mut fits = fits.map(|(byte, expect)| *byte == expect || expect == u8::MAX);
        return if fits.all(|fits| fits) { None } else { Some(false) };
    };
    Some(
        frame.kind == kind::SETTINGS && frame.flags == 0 && frame.stream == 0 && frame.is_strict(PAYLOAD_LEN),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: Start) {
        assert_eq!(probe(bytes, PAYLOAD_LEN), expect, "{bytes:?}");
    }

    #[test]
    fn segments_in_the_middle() {
        let headers = [0, 0, 3, 1, 5, 0, 0, 0, 7, 0x82, 0x86, 0x84];
        check(&headers, Start::Certain);
        check(&[&[0, 0, 4, 8, 0, 0, 0, 0, 5, 0, 0, 1, 0][..], &headers].concat(), Start::Certain);
        check(&[&headers[..], b"HTTP/1.1 200 OK"].concat(), Start::No);
        check(&[0, 0, 4, 0, 1, 0, 0, 0, 7, 1, 2, 3, 4], Start::Possible(1));
        check(&[0, 0, 4, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4], Start::No);
        check(&[0, 0, 8, 6, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0], Start::No);
        check(&[0, 0, 4, 8, 0, 0x80, 0, 0, 0, 0, 0, 0, 0], Start::No);
        check(b"GET / HTTP/1.1\r\n", Start::No);
        check(&[0; 5], Start::No);
        check(&[0; 64], Start::No);
    }

    #[test]
    fn blocks_without_padding_and_priority() {
        let frame = |kind, flags| FrameHeader { kind, flags, ..FrameHeader::default() };
        let check = |kind, flags, payload: &[u8], expect: Option<&[u8]>| {
            assert_eq!(block_of(frame(kind, flags), payload, true), expect, "{payload:?}");
        };
        check(kind::HEADERS, 0x28, &[2, 0, 0, 0, 0, 9, 0x82, 0, 0], Some(&[0x82]));
        check(kind::PUSH_PROMISE, 4, &[0, 0, 0, 2, 0x82], Some(&[0x82]));
        check(kind::HEADERS, 8, &[9, 0x82], None);
        check(kind::HEADERS, 0x20, &[0; 4], None);
    }
}
