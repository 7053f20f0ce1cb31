//! The head of a Thrift message and what is around it: nothing, a frame with its length, or a frame with
//! headers and transforms (THeader, HeaderFormat.md). Strict and old binary, and compact messages.

use std::borrow::Cow;
use std::io::Read as _;
use std::ops::Range;

use model::Headers;
use model::limits::{BODY_BYTES_MAX, RPC_MESSAGE_BYTES_MAX};

use super::wire::{Lack, Read, Wire, array, byte, varint};

/// Bytes of a method's name, service and separator included.
const NAME_BYTES_MAX: usize = 256;
pub(super) const CALL: u8 = 1;
pub(super) const EXCEPTION: u8 = 3;
pub(super) const ONE_WAY: u8 = 4;
const HEADER_MAGIC: u16 = 0x0fff;
const ZLIB: u64 = 1;

/// The head of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    pub wire: Wire,
    pub kind: u8,
    pub name: String,
    pub id: u32,
}

/// Reads the head of a message; `old`: also the binary form without a version.
pub(super) fn envelope(bytes: &[u8], old: bool) -> Read<Envelope> {
    match byte(bytes, 0)? {
        0x80 => strict_binary(bytes),
        0x82 => compact(bytes),
        0 if old => old_binary(bytes),
        _ => Err(Lack::Bad),
    }
}

fn strict_binary(bytes: &[u8]) -> Read<Envelope> {
    if byte(bytes, 1)? != 1 || byte(bytes, 2)? != 0 {
        return Err(Lack::Bad);
    }
    let kind = kind(byte(bytes, 3)?)?;
    let len = u32::from_be_bytes(array(bytes, 4)?) as usize;
    let name = name(bytes, 8, len)?;
    let id = u32::from_be_bytes(array(bytes, 8 + len)?);
    Ok((Envelope { wire: Wire::Binary, kind, name, id }, 12 + len))
}

fn old_binary(bytes: &[u8]) -> Read<Envelope> {
    let len = u32::from_be_bytes(array(bytes, 0)?) as usize;
    let name = name(bytes, 4, len)?;
    let kind = kind(byte(bytes, 4 + len)?)?;
    let id = u32::from_be_bytes(array(bytes, 5 + len)?);
    Ok((Envelope { wire: Wire::Binary, kind, name, id }, 9 + len))
}

fn compact(bytes: &[u8]) -> Read<Envelope> {
    let version = byte(bytes, 1)?;
    if version & 0x1f != 1 {
        return Err(Lack::Bad);
    }
    let kind = kind(version >> 5)?;
    let (id, id_len) = varint(bytes, 2)?;
    let (len, len_len) = varint(bytes, 2 + id_len)?;
    let at = 2 + id_len + len_len;
    let len = usize::try_from(len).map_err(|_| Lack::Bad)?;
    let name = name(bytes, at, len)?;
    Ok((Envelope { wire: Wire::Compact, kind, name, id: id as u32 }, at + len))
}

fn kind(code: u8) -> Result<u8, Lack> {
    if (CALL..=ONE_WAY).contains(&code) { Ok(code) } else { Err(Lack::Bad) }
}

/// A name of a method: what Thrift's grammar allows, and what multiplexing and tracing put around it.
fn name(bytes: &[u8], at: usize, len: usize) -> Result<String, Lack> {
    if !(1..=NAME_BYTES_MAX).contains(&len) {
        return Err(Lack::Bad);
    }
    let shown = &bytes[at.min(bytes.len())..(at + len).min(bytes.len())];
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:$-/".contains(byte);
    if !shown.iter().all(fits) || shown.first().is_some_and(|first| first.is_ascii_digit()) {
        return Err(Lack::Bad);
    }
    if shown.len() < len {
        return Err(Lack::More);
    }
    Ok(String::from_utf8_lossy(shown).into_owned())
}

/// What is around a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Around {
    Nothing,
    /// Bytes of the frame, its length not counted.
    Frame(usize),
    Headers {
        len: usize,
        payload: Range<usize>,
        id: u32,
        inflate: bool,
        headers: Headers,
    },
}

/// Looks at what is around the message that begins here.
pub(super) fn around(bytes: &[u8]) -> Result<Around, Lack> {
    if matches!(byte(bytes, 0)?, 0x80 | 0x82) {
        return Ok(Around::Nothing);
    }
    let len = u32::from_be_bytes(array(bytes, 0)?);
    if u64::from(len) > RPC_MESSAGE_BYTES_MAX || len < 8 {
        return Err(Lack::Bad);
    }
    let len = len as usize;
    if byte(bytes, 4)? != (HEADER_MAGIC >> 8) as u8 {
        return Ok(Around::Frame(len));
    }
    if u16::from_be_bytes(array(bytes, 4)?) != HEADER_MAGIC || len < 10 {
        return Err(Lack::Bad);
    }
    let id = u32::from_be_bytes(array(bytes, 8)?);
    let size = usize::from(u16::from_be_bytes(array(bytes, 12)?)) * 4;
    let payload = 14 + size..4 + len;
    if payload.start > payload.end {
        return Err(Lack::Bad);
    }
    let header = bytes.get(14..payload.start).ok_or(Lack::More)?;
    // A header that ends early is wrong: all of it is here.
    let (inflate, headers) = header_fields(header).map_err(|_| Lack::Bad)?;
    Ok(Around::Headers { len, payload, id, inflate, headers })
}

/// Protocol, transforms and key-value pairs; true when the payload is packed.
fn header_fields(header: &[u8]) -> Result<(bool, Headers), Lack> {
    let (protocol, mut at) = varint(header, 0)?;
    let (transforms, len) = varint(header, at)?;
    at += len;
    if !matches!(protocol, 0 | 2) || transforms > 1 {
        return Err(Lack::Bad);
    }
    for _ in 0..transforms {
        let (transform, len) = varint(header, at)?;
        at += len;
        if transform != ZLIB {
            return Err(Lack::Bad);
        }
    }
    let mut headers = Headers::default();
    // What follows is padded with zeros; a block of another kind ends what can be read.
    while let Ok((1 | 2, len)) = varint(header, at) {
        at += len;
        let (pairs, len) = varint(header, at)?;
        at += len;
        for _ in 0..pairs {
            let key = header_text(header, &mut at)?;
            let value = header_text(header, &mut at)?;
            headers.push(&key.to_ascii_lowercase(), &value);
        }
    }
    Ok((transforms > 0, headers))
}

fn header_text(header: &[u8], at: &mut usize) -> Result<String, Lack> {
    let (len, taken) = varint(header, *at)?;
    let start = *at + taken;
    let end = usize::try_from(len).ok().and_then(|len| start.checked_add(len)).ok_or(Lack::Bad)?;
    *at = end;
    Ok(String::from_utf8_lossy(header.get(start..end).ok_or(Lack::More)?).into_owned())
}

impl Around {
    /// The message inside, as far as it is here; `None` when it cannot be unpacked.
    pub(super) fn message<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let range = match self {
            Self::Nothing => 0..bytes.len(),
            Self::Frame(len) => 4..4 + len,
            Self::Headers { payload, .. } => payload.clone(),
        };
        let part = &bytes[range.start.min(bytes.len())..range.end.min(bytes.len())];
        if !matches!(self, Self::Headers { inflate: true, .. }) {
            return Some(part.into());
        }
        let mut plain = Vec::new();
        let mut inflate = flate2::read::ZlibDecoder::new(part).take(BODY_BYTES_MAX as u64);
        // What was unpacked before an error counts.
        let _ = inflate.read_to_end(&mut plain);
        (!plain.is_empty()).then_some(plain.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], old: bool, expect: Result<(&str, u8, u32, usize), Lack>) {
        let found = envelope(bytes, old);
        let found = found.as_ref().map(|(head, len)| (head.name.as_str(), head.kind, head.id, *len));
        assert_eq!(found, expect.as_ref().copied());
    }

    #[test]
    fn heads() {
        check(b"\x80\x01\0\x01\0\0\0\x04ping\0\0\0\x07\0", false, Ok(("ping", 1, 7, 16)));
        check(b"\0\0\0\x04ping\x02\0\0\0\x07\0", true, Ok(("ping", 2, 7, 13)));
        check(b"\0\0\0\x04ping\x02\0\0\0\x07\0", false, Err(Lack::Bad));
        check(b"\x82\x21\x07\x04ping\0", false, Ok(("ping", 1, 7, 8)));
        check(b"\x82\x21\x07\x04pi", false, Err(Lack::More));
        check(b"\x82\xa1\x07\x04ping", false, Err(Lack::Bad));
        check(b"\x80\x01\0\x01\0\0\0\x04p\x01", false, Err(Lack::Bad));
        check(b"\x80\x01\0\x01\xff\0\0\x04ping", false, Err(Lack::Bad));
        check(b"\x80\x01\0\x05\0\0\0\x04ping", false, Err(Lack::Bad));
    }
}
