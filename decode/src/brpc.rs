//! bRPC's own protocol (`baidu_std`): `PRPC`, the length of what follows, the length of the meta data in it
//! (`RpcMeta`, protobuf), then the message and its attachment. The message stays as it was sent.

use model::limits::RPC_MESSAGE_BYTES_MAX;
use model::{Headers, Rpc};

use crate::rpc::{Dialect, Framing, Head, Parsed, Role};

const MAGIC: &[u8] = b"PRPC";
const HEADER_BYTES: usize = 12;
/// Bytes of meta data: a name, an error text, credentials.
const META_BYTES_MAX: usize = 64 << 10;

/// Whether a message begins here, from its header and the first byte of the meta data.
pub(crate) fn begins(bytes: &[u8]) -> Framing {
    match frame(bytes) {
        Framing::Short if matches!(bytes.get(HEADER_BYTES), Some(0x0a | 0x12)) => {
            Framing::Message(Head { len: 0, overhead: 0, id: 0, role: Role::Heartbeat })
        }
        framing => framing,
    }
}

/// What stands at the start of some bytes.
pub(crate) fn frame(bytes: &[u8]) -> Framing {
    let shown = bytes.len().min(MAGIC.len());
    if bytes[..shown] != MAGIC[..shown] {
        return Framing::No;
    }
    let Some([_, _, _, _, b3, b2, b1, b0, m3, m2, m1, m0]) = bytes.first_chunk::<HEADER_BYTES>() else {
        return Framing::Short;
    };
    let body = u32::from_be_bytes([*b3, *b2, *b1, *b0]);
    let meta = u32::from_be_bytes([*m3, *m2, *m1, *m0]);
    if meta > body || u64::from(body) > RPC_MESSAGE_BYTES_MAX || meta as usize > META_BYTES_MAX {
        return Framing::No;
    }
    let overhead = HEADER_BYTES + meta as usize;
    let Some(meta) = bytes.get(HEADER_BYTES..overhead) else { return Framing::Short };
    let Some(meta) = Meta::read(meta) else { return Framing::No };
    let role = match (&meta.request, &meta.response) {
        (Some(_), _) => Role::Request { one_way: false },
        (None, Some(_)) => Role::Response,
        // Frames of a stream between calls.
        (None, None) => Role::Heartbeat,
    };
    let len = HEADER_BYTES as u64 + u64::from(body);
    Framing::Message(Head { len, overhead: overhead as u64, id: meta.id, role })
}

/// `RpcMeta`, as far as it is needed.
#[derive(Debug, Default)]
struct Meta<'a> {
    request: Option<&'a [u8]>,
    response: Option<&'a [u8]>,
    id: u64,
}

impl<'a> Meta<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut meta = Self::default();
        let whole = each_field(bytes, |number, value| match (number, value) {
            (1, Field::Bytes(request)) => meta.request = Some(request),
            (2, Field::Bytes(response)) => meta.response = Some(response),
            (4, Field::Number(id)) => meta.id = id,
            _ => {}
        });
        whole.then_some(meta)
    }
}

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a protobuf message; false when it cannot be read to its end.
fn each_field<'a>(mut bytes: &'a [u8], mut take: impl FnMut(u64, Field<'a>)) -> bool {
    while !bytes.is_empty() {
        let Some((tag, rest)) = varint(bytes) else { return false };
        let (field, rest) = match tag & 7 {
            0 => match varint(rest) {
                Some((number, rest)) => (Field::Number(number), rest),
                None => return false,
            },
            1 if rest.len() >= 8 => (Field::Bytes(&rest[..8]), &rest[8..]),
            5 if rest.len() >= 4 => (Field::Bytes(&rest[..4]), &rest[4..]),
            2 => match varint(rest) {
                Some((len, rest)) if len <= rest.len() as u64 => {
                    let (value, rest) = rest.split_at(len as usize);
                    (Field::Bytes(value), rest)
                }
                _ => return false,
            },
            _ => return false,
        };
        take(tag >> 3, field);
        bytes = rest;
    }
    true
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index).min(63);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

/// bRPC.
#[derive(Debug, Default)]
pub(crate) struct Brpc;

impl Dialect for Brpc {
    const PROTOCOL: &'static str = "brpc";
    const HEAD_BYTES_MAX: usize = HEADER_BYTES + META_BYTES_MAX;

    fn frame(&mut self, _dir: usize, bytes: &[u8], _strict: bool) -> Framing {
        frame(bytes)
    }

    fn request(&mut self, bytes: &[u8]) -> Parsed {
        let Some((meta, body)) = split(bytes) else { return Parsed::default() };
        let mut rpc = Rpc { service: String::new(), method: String::new() };
        each_field(meta.request.unwrap_or_default(), |number, value| match (number, value) {
            (1, Field::Bytes(name)) => rpc.service = String::from_utf8_lossy(name).into_owned(),
            (2, Field::Bytes(name)) => rpc.method = String::from_utf8_lossy(name).into_owned(),
            _ => {}
        });
        Parsed { rpc: Some(rpc), body: body.to_vec(), ..Parsed::default() }
    }

    fn response(&mut self, bytes: &[u8]) -> Parsed {
        let Some((meta, body)) = split(bytes) else { return Parsed::default() };
        let (mut status, mut headers) = (0, Headers::default());
        each_field(meta.response.unwrap_or_default(), |number, value| match (number, value) {
            (1, Field::Number(code)) => status = u16::try_from(code).unwrap_or(u16::MAX),
            (2, Field::Bytes(text)) => headers.push("error-text", &String::from_utf8_lossy(text)),
            _ => {}
        });
        Parsed { status: Some(status), headers, body: body.to_vec(), ..Parsed::default() }
    }
}

fn split(bytes: &[u8]) -> Option<(Meta<'_>, &[u8])> {
    let Framing::Message(head) = frame(bytes) else { return None };
    let (meta, body) = bytes.split_at_checked(usize::try_from(head.overhead).ok()?)?;
    Some((Meta::read(meta.get(HEADER_BYTES..)?)?, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = b"PRPC\0\0\0\x10\0\0\0\x0c\x0a\x08\x0a\x03a.S\x12\x01m\x20\x07body";

    #[track_caller]
    fn check(bytes: &[u8], expect: Option<Role>) {
        let role = match frame(bytes) {
            Framing::Message(head) => Some(head.role),
            Framing::Short | Framing::No => None,
        };
        assert_eq!(role, expect);
    }

    #[test]
    fn messages() {
        check(REQUEST, Some(Role::Request { one_way: false }));
        check(b"PRPC\0\0\0\x06\0\0\0\x06\x12\x02\x08\x05\x20\x07", Some(Role::Response));
        check(&REQUEST[..20], None);
        check(b"PRPC\0\0\0\x01\0\0\0\x02\x0a\x00", None);
        check(b"PRPX", None);
        let parsed = Brpc.request(REQUEST);
        assert_eq!(parsed.rpc, Some(Rpc { service: "a.S".into(), method: "m".into() }));
        assert_eq!(parsed.body, b"body");
        assert_eq!(Brpc.response(b"PRPC\0\0\0\x06\0\0\0\x06\x12\x02\x08\x05\x20\x07").status, Some(5));
    }
}
