//! SOFARPC over Bolt, versions 1 and 2 (`RpcProtocol`, `RpcProtocolV2` of sofa-bolt): a header with its class,
//! key-value header and content. Service and method stand in the key-value header, arguments in the content.

use model::limits::RPC_MESSAGE_BYTES_MAX;
use model::{Anomaly, Headers, Rpc};

use crate::rpc::{Dialect, Framing, Head, Parsed, Role};

mod content;

const HEARTBEAT: u16 = 0;
const REQUEST: u16 = 1;
const RESPONSE: u16 = 2;
/// Codecs that exist: Hessian, protobuf, JSON and others of SOFARPC.
const CODEC_MAX: u8 = 20;
const CLASS_BYTES_MAX: usize = 512;
/// Bytes of a class that tell it from anything else.
const CLASS_BYTES_TOLD: usize = 16;

/// The fixed part of a message.
#[derive(Debug, Clone, Copy)]
struct Header {
    role: Role,
    codec: u8,
    id: u32,
    status: u16,
    /// Bytes of the fixed part, the class, the key-value header and the content.
    sizes: [usize; 4],
    /// A checksum follows the content.
    has_checksum: bool,
}

impl Header {
    /// Reads it; `Err(true)`: more bytes will tell.
    fn read(bytes: &[u8]) -> Result<Self, bool> {
        let version = *bytes.first().ok_or(true)?;
        if !matches!(version, 1 | 2) {
            return Err(false);
        }
        let is_v2 = version == 2;
        let at = usize::from(is_v2) + 1;
        let kind = *bytes.get(at).ok_or(true)?;
        let rest = bytes.get(at + 1..).unwrap_or_default();
        let command = u16::from_be_bytes(*rest.first_chunk().ok_or(true)?);
        let role = match (kind, command) {
            (0..=2, HEARTBEAT) => Role::Heartbeat,
            (1 | 2, REQUEST) => Role::Request { one_way: kind == 2 },
            (0, RESPONSE) => Role::Response,
            _ => return Err(false),
        };
        let (_command_version, rest) = rest[2..].split_first().ok_or(true)?;
        let (id, rest) = rest.split_first_chunk::<4>().ok_or(true)?;
        let (codec, mut rest) = rest.split_first().ok_or(true)?;
        let mut has_checksum = false;
        if is_v2 {
            let (switches, after) = rest.split_first().ok_or(true)?;
            (has_checksum, rest) = (switches & 1 != 0, after);
        }
        let mut status = 0;
        if kind == 0 {
            let (code, after) = rest.split_first_chunk::<2>().ok_or(true)?;
            (status, rest) = (u16::from_be_bytes(*code), after);
        } else {
            rest = rest.get(4..).ok_or(true)?;
        }
        let [c1, c0, h1, h0, n3, n2, n1, n0] = *rest.first_chunk::<8>().ok_or(true)?;
        let fixed = bytes.len() - rest.len() + 8;
        let content = u32::from_be_bytes([n3, n2, n1, n0]);
        let class = usize::from(u16::from_be_bytes([c1, c0]));
        let fits =
            u64::from(content) <= RPC_MESSAGE_BYTES_MAX && class <= CLASS_BYTES_MAX && *codec <= CODEC_MAX;
        if !fits || (class == 0) != (role == Role::Heartbeat) {
            return Err(false);
        }
        let sizes = [fixed, class, usize::from(u16::from_be_bytes([h1, h0])), content as usize];
        Ok(Self { role, codec: *codec, id: u32::from_be_bytes(*id), status, sizes, has_checksum })
    }

    /// Part of a message, as far as it is here: the class, the key-value header or the content.
    fn part(self, bytes: &[u8], index: usize) -> &[u8] {
        let start = self.sizes[..index].iter().sum::<usize>().min(bytes.len());
        let end = (start + self.sizes[index]).min(bytes.len());
        &bytes[start..end]
    }
}

/// What stands at the start of some bytes. `strict`: the class has to be there and to be one.
pub(crate) fn frame(bytes: &[u8], strict: bool) -> Framing {
    let header = match Header::read(bytes) {
        Ok(header) => header,
        Err(true) => return Framing::Short,
        Err(false) => return Framing::No,
    };
    let class = header.part(bytes, 1);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$');
    if !class.iter().all(is_name) || (strict && header.role == Role::Heartbeat) {
        return Framing::No;
    }
    if strict && class.len() < header.sizes[1].min(CLASS_BYTES_TOLD) {
        return Framing::Short;
    }
    let overhead = header.sizes[..3].iter().sum::<usize>() as u64;
    let checksum = if header.has_checksum { 4 } else { 0 };
    let len = overhead + header.sizes[3] as u64 + checksum;
    Framing::Message(Head { len, overhead, id: header.id.into(), role: header.role })
}

/// SOFARPC.
#[derive(Debug, Default)]
pub(crate) struct SofaRpc;

impl Dialect for SofaRpc {
    const PROTOCOL: &'static str = "sofarpc";
    const HEAD_BYTES_MAX: usize = 24 + CLASS_BYTES_MAX;

    fn frame(&mut self, _dir: usize, bytes: &[u8], strict: bool) -> Framing {
        frame(bytes, strict)
    }

    fn request(&mut self, bytes: &[u8]) -> Parsed {
        let Ok(header) = Header::read(bytes) else { return Parsed::default() };
        let headers = pairs(header.part(bytes, 2));
        let named = |name| headers.get(name).unwrap_or_default();
        let service =
            [named("sofa_head_target_service"), named("service")].into_iter().find(|name| !name.is_empty());
        let rpc = service.map(|service| Rpc {
            // A version follows the interface.
            service: service.split(':').next().unwrap_or_default().to_owned(),
            method: named("sofa_head_method_name").to_owned(),
        });
        let (body, whole) = content::request(header.codec, header.part(bytes, 3));
        let anomaly = (!whole).then_some(Anomaly::BAD_ENCODING);
        Parsed { rpc, headers, body, anomaly, status: None }
    }

    fn response(&mut self, bytes: &[u8]) -> Parsed {
        let Ok(header) = Header::read(bytes) else { return Parsed::default() };
        let headers = pairs(header.part(bytes, 2));
        let (body, whole) = content::response(header.codec, header.part(bytes, 3));
        let anomaly = (!whole).then_some(Anomaly::BAD_ENCODING);
        Parsed { status: Some(header.status), headers, body, anomaly, rpc: None }
    }
}

/// Keys and values, each with a length of four bytes.
fn pairs(mut bytes: &[u8]) -> Headers {
    let mut headers = Headers::default();
    let mut next = || {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let len = u32::from_be_bytes(*len) as usize;
        let text = rest.get(..len)?;
        bytes = &rest[len..];
        Some(String::from_utf8_lossy(text).into_owned())
    };
    while let (Some(name), Some(value)) = (next(), next()) {
        headers.push(&name.to_ascii_lowercase(), &value);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: &[u8] =
        b"\0\0\0\x18sofa_head_target_service\0\0\0\x07a.Svc:1\0\0\0\x15sofa_head_method_name\0\0\0\x03add";

    fn message(front: &[u8], content: &[u8]) -> Vec<u8> {
        let sizes = [0, 3, 0, PAIRS.len() as u8, 0, 0, 0, content.len() as u8];
        [front, &sizes, b"a.C", PAIRS, content].concat()
    }

    #[track_caller]
    fn check(bytes: &[u8], expect: Option<(Role, u64)>) {
        let found = match frame(bytes, true) {
            Framing::Message(head) => Some((head.role, head.len)),
            Framing::Short | Framing::No => None,
        };
        assert_eq!(found, expect);
    }

    #[test]
    fn messages_of_both_versions() {
        let request = message(b"\x01\x01\0\x01\x01\0\0\0\x07\x0b\0\0\x27\x10", b"pb");
        check(&request, Some((Role::Request { one_way: false }, request.len() as u64)));
        let parsed = SofaRpc.request(&request);
        assert_eq!(parsed.rpc, Some(Rpc { service: "a.Svc".into(), method: "add".into() }));
        assert_eq!(parsed.body, b"pb");
        let second = message(b"\x02\x01\x02\0\x01\x01\0\0\0\x07\x0b\x01\0\0\x27\x10", b"pb");
        check(&second, Some((Role::Request { one_way: true }, second.len() as u64 + 4)));
        let response = message(b"\x01\0\0\x02\x01\0\0\0\x07\x0b\0\x08", b"pb");
        check(&response, Some((Role::Response, response.len() as u64)));
        assert_eq!(SofaRpc.response(&response).status, Some(8));
        check(&request[..20], None);
        check(b"\x01\x01\0\x02\x01\0\0\0\x07\x0b", None);
    }
}
