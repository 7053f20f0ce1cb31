//! The PROXY protocol (HAProxy, versions 1 and 2): a load balancer says in front of a connection who the
//! client behind it is. The calls then name that client.

use std::net::{IpAddr, SocketAddr};

use super::{Mark, Next, Protocol, Switch, Talk};
use crate::out::Out;

/// Longest header of version 1.
const LINE_BYTES_MAX: usize = 107;
/// Longest header of version 2 that is read.
const BLOCK_BYTES_MAX: usize = 4 << 10;
pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

#[derive(Debug)]
pub(crate) struct ProxyHeader {
    talk: Talk,
    head: Vec<u8>,
    /// Bytes of the header are missing.
    is_lost: bool,
}

/// What the bytes so far are.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    More,
    Bad,
    /// Length of the header, and the client when it is named.
    Whole(usize, Option<SocketAddr>),
}

impl ProxyHeader {
    pub(crate) fn new(talk: Talk) -> Self {
        Self { talk, head: Vec::new(), is_lost: false }
    }
}

fn read(bytes: &[u8]) -> Read {
    if bytes.starts_with(SIGNATURE) { block(bytes) } else { line(bytes) }
}

/// Version 1: `PROXY TCP4 client server client-port server-port`.
fn line(bytes: &[u8]) -> Read {
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        return if bytes.len() < LINE_BYTES_MAX { Read::More } else { Read::Bad };
    };
    let text = std::str::from_utf8(&bytes[..end]).unwrap_or_default();
    let words: Vec<&str> = text.trim_end().split(' ').collect();
    let client = match words.as_slice() {
        ["PROXY", "TCP4" | "TCP6", ip, _, port, _] => {
            ip.parse::<IpAddr>().ok().zip(port.parse().ok()).map(SocketAddr::from)
        }
        _ => None,
    };
    Read::Whole(end + 1, client)
}

/// Version 2: signature, version and command, family, length, addresses.
fn block(bytes: &[u8]) -> Read {
    let Some([command, family, high, low, rest @ ..]) = bytes.get(SIGNATURE.len()..) else {
        return Read::Bad;
    };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    if command >> 4 != 2 || len > BLOCK_BYTES_MAX {
        return Read::Bad;
    }
    let Some(data) = rest.get(..len) else { return Read::More };
    let port = |at: usize| Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?));
    let client = match (command & 0x0f, family) {
        (1, 0x11) => data.get(..4).and_then(|ip| <[u8; 4]>::try_from(ip).ok()).map(IpAddr::from).zip(port(8)),
        (1, 0x21) => {
            data.get(..16).and_then(|ip| <[u8; 16]>::try_from(ip).ok()).map(IpAddr::from).zip(port(32))
        }
        // The balancer's own health checks, and families without addresses.
        _ => None,
    };
    Read::Whole(SIGNATURE.len() + 4 + len, client.map(SocketAddr::from))
}

impl Protocol for ProxyHeader {
    fn data(&mut self, dir: usize, _mark: Mark, bytes: &[u8], _out: &mut Out) -> Option<Switch> {
        if self.is_lost || *self.talk.client.get_or_insert(dir) != dir {
            // A server does not speak before it has read the header.
            return Some(Switch { used: 0, next: Next::Opaque });
        }
        let before = self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(BLOCK_BYTES_MAX + 16)]);
        let is_cut = self.head.len() < SIGNATURE.len() + 4;
        match read(&self.head) {
            Read::Whole(len, client) => {
                if let Some(client) = client {
                    self.talk.peers[dir] = client;
                }
                Some(Switch { used: len.saturating_sub(before), next: Next::Unknown })
            }
            Read::Bad if !is_cut => Some(Switch { used: 0, next: Next::Opaque }),
            Read::Bad | Read::More => None,
        }
    }

    fn gap(&mut self, _dir: usize, _at: u64, _len: u64, _out: &mut Out) {
        self.is_lost = true;
    }

    fn end(&mut self, _dir: usize, _at: u64, _reset: bool, _out: &mut Out) {}

    fn close(&mut self, _out: &mut Out) {}

    fn bytes(&self) -> usize {
        self.head.len()
    }

    fn is_known(&self) -> bool {
        true
    }

    fn talk(&mut self) -> Talk {
        std::mem::take(&mut self.talk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], len: usize, client: Option<&str>) {
        let client = client.map(|client| client.parse().expect("an address"));
        assert_eq!(read(bytes), Read::Whole(len, client));
    }

    #[test]
    fn both_versions() {
        check(b"PROXY TCP4 192.0.2.7 10.0.0.2 51514 80\r\nGET", 40, Some("192.0.2.7:51514"));
        check(b"PROXY TCP6 2001:db8::7 ::1 51514 80\r\n", 37, Some("[2001:db8::7]:51514"));
        check(b"PROXY UNKNOWN\r\n", 15, None);
        let v4 = [SIGNATURE, &[0x21, 0x11, 0, 12, 192, 0, 2, 7, 10, 0, 0, 2, 0, 9, 0, 80], b"GET"].concat();
        check(&v4, 28, Some("192.0.2.7:9"));
        check(&[SIGNATURE, &[0x20, 0, 0, 0]].concat(), 16, None);
        assert_eq!(read(&v4[..20]), Read::More);
        assert_eq!(read(&[SIGNATURE, &[0x31, 0, 0, 0]].concat()), Read::Bad);
        assert_eq!(read(&[b'P'; 200]), Read::Bad);
    }
}
