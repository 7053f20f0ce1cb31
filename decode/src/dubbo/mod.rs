//! Apache Dubbo's own protocol (2.x, and 3.x on the `dubbo` scheme): a header of 16 bytes with the magic
//! 0xdabb, and a body in one of several serializations. Layout: docs of Dubbo, "protocol spec".

mod body;
mod names;

use model::limits::RPC_MESSAGE_BYTES_MAX;

use crate::rpc::{Dialect, Framing, Head, Parsed, Role};

const MAGIC: [u8; 2] = [0xda, 0xbb];
pub(crate) const HEADER_BYTES: usize = 16;
const IS_REQUEST: u8 = 0x80;
const IS_TWO_WAY: u8 = 0x40;
const IS_EVENT: u8 = 0x20;
/// Serializations that exist (`org.apache.dubbo.common.serialize.Constants`).
const SERIALIZATIONS: [u8; 18] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 20, 21, 22, 23, 25, 31];
/// Status codes that exist (`org.apache.dubbo.remoting.exchange.Response`).
const STATUSES: [u8; 13] = [20, 25, 30, 31, 35, 40, 50, 60, 70, 80, 90, 100, 0];

/// What stands at the start of some bytes. `strict` also wants every field of the header to make sense.
pub(crate) fn frame(bytes: &[u8], strict: bool) -> Framing {
    let shown = bytes.len().min(MAGIC.len());
    if bytes[..shown] != MAGIC[..shown] {
        return Framing::No;
    }
    let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else { return Framing::Short };
    let [_, _, flags, status, id @ .., l3, l2, l1, l0] = *header;
    let (is_request, serialization) = (flags & IS_REQUEST != 0, flags & 0x1f);
    let makes_sense = SERIALIZATIONS.contains(&serialization)
        && if is_request { status == 0 } else { STATUSES.contains(&status) };
    let body = u64::from(u32::from_be_bytes([l3, l2, l1, l0]));
    if body > RPC_MESSAGE_BYTES_MAX || (strict && !makes_sense) {
        return Framing::No;
    }
    let role = match is_request {
        _ if flags & IS_EVENT != 0 => Role::Heartbeat,
        true => Role::Request { one_way: flags & IS_TWO_WAY == 0 },
        false => Role::Response,
    };
    let id = id.iter().fold(0, |id, byte| id << 8 | u64::from(*byte));
    let overhead = HEADER_BYTES as u64;
    Framing::Message(Head { len: overhead + body, overhead, id, role })
}

/// Dubbo.
#[derive(Debug, Default)]
pub(crate) struct Dubbo;

impl Dialect for Dubbo {
    const PROTOCOL: &'static str = "dubbo";
    const HEAD_BYTES_MAX: usize = HEADER_BYTES;

    fn frame(&mut self, _dir: usize, bytes: &[u8], strict: bool) -> Framing {
        frame(bytes, strict)
    }

    fn request(&mut self, bytes: &[u8]) -> Parsed {
        let Some((header, body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Parsed::default();
        };
        body::request(header[2] & 0x1f, body)
    }

    fn response(&mut self, bytes: &[u8]) -> Parsed {
        let Some((header, body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Parsed::default();
        };
        let status = header[3];
        Parsed { status: Some(status.into()), ..body::response(header[2] & 0x1f, status, body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], strict: bool, expect: Framing) {
        assert_eq!(frame(bytes, strict), expect, "{bytes:x?}");
    }

    #[test]
    fn headers() {
        let head = |role| Framing::Message(Head { len: 17, overhead: 16, id: 7, role });
        let bytes = |flags, status| [0xda, 0xbb, flags, status, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1];
        check(&bytes(0xc2, 0), true, head(Role::Request { one_way: false }));
        check(&bytes(0x82, 0), true, head(Role::Request { one_way: true }));
        check(&bytes(0x02, 20), true, head(Role::Response));
        check(&bytes(0xe2, 0), true, head(Role::Heartbeat));
        check(&bytes(0x22, 20), true, head(Role::Heartbeat));
        check(&bytes(0xc2, 9), true, Framing::No);
        check(&bytes(0xc2, 9), false, head(Role::Request { one_way: false }));
        check(&bytes(0xdf, 0), true, head(Role::Request { one_way: false }));
        check(&bytes(0xc0, 0), true, Framing::No);
        check(&bytes(0x02, 20)[..15], true, Framing::Short);
        check(&[0xda], true, Framing::Short);
        check(&[0xda, 0xbc], true, Framing::No);
        check(&[0xda, 0xbb, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0xff, 0, 0, 1], false, Framing::No);
    }
}
