//! Protocols told by their first bytes, on any port. HTTP/1 is not among them: it is what a session speaks
//! until something else is recognised. A protocol is one line in [`PROBES`].

use super::Next;
use super::proxy_header::SIGNATURE;
use super::socks::is_client_hello;
use crate::rpc::Framing;
use crate::{brpc, dubbo, http2, sofarpc, thrift};

/// What a probe makes of the bytes at the start of a stream or segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guess {
    Is(Foreign),
    /// Could become this protocol: more bytes will tell.
    Short,
    No,
}

/// The protocols that are recognised by content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    Http2,
    Tls,
    Dubbo,
    Thrift,
    SofaRpc,
    Brpc,
    Socks,
    /// The PROXY protocol.
    ProxyHeader,
}

impl From<Foreign> for Next {
    fn from(foreign: Foreign) -> Self {
        match foreign {
            Foreign::Http2 => Self::Http2,
            Foreign::Tls => Self::Tls,
            Foreign::Dubbo => Self::Dubbo,
            Foreign::Thrift => Self::Thrift,
            Foreign::SofaRpc => Self::SofaRpc,
            Foreign::Brpc => Self::Brpc,
            Foreign::Socks => Self::Socks,
            Foreign::ProxyHeader => Self::ProxyHeader,
        }
    }
}

/// Where the bytes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// They are the first of their direction; otherwise the first of a segment somewhere in the stream, where
    /// a probe has to be strict.
    pub at_start: bool,
}

/// Bytes of a record (RFC 5246 §6.2.3).
const TLS_RECORD_BYTES_MAX: usize = (16 << 10) + 2_048;

type Probe = fn(&[u8], Place) -> Guess;

const PROBES: [Probe; 8] = [http2, tls, dubbo, thrift, sofarpc, brpc, socks, proxy_header];

/// Asks every probe; the first that is sure wins.
pub(super) fn guess(bytes: &[u8], place: Place) -> Guess {
    let mut best = Guess::No;
    for probe in PROBES {
        match probe(bytes, place) {
            Guess::Is(foreign) => return Guess::Is(foreign),
            Guess::Short => best = Guess::Short,
            Guess::No => {}
        }
    }
    best
}

/// True or short when `bytes` begin with `magic`, as far as both go.
pub(crate) fn starts_with(bytes: &[u8], magic: &[u8], foreign: Foreign) -> Guess {
    let shown = bytes.len().min(magic.len());
    match bytes[..shown] == magic[..shown] {
        true if shown == magic.len() => Guess::Is(foreign),
        true => Guess::Short,
        false => Guess::No,
    }
}

/// The preface of a side (RFC 9113 §3.4), or frames of a connection that was joined later.
fn http2(bytes: &[u8], place: Place) -> Guess {
    let preface = starts_with(bytes, http2::PREFACE, Foreign::Http2);
    let server = if place.at_start { http2::is_server_preface(bytes) } else { Some(false) };
    match (preface, server) {
        (Guess::No, None) => Guess::Short,
        (Guess::No, Some(false)) if !http2::is_certain(bytes) => Guess::No,
        (Guess::No, _) => Guess::Is(Foreign::Http2),
        (preface, _) => preface,
    }
}

/// A record with a hello (RFC 8446 §5.1); in the middle of a stream also one with application data.
fn tls(bytes: &[u8], place: Place) -> Guess {
    let len = match bytes {
        [_, _, _, high, low, ..] => usize::from(*high) << 8 | usize::from(*low),
        _ => 4,
    };
    let fits = |at: usize, values: &[u8]| bytes.get(at).is_none_or(|byte| values.contains(byte));
    let is_record = fits(1, &[3]) && fits(2, &[0, 1, 2, 3, 4]) && (4..=TLS_RECORD_BYTES_MAX).contains(&len);
    match bytes.first() {
        Some(0x16) if is_record && fits(5, &[1, 2]) && bytes.len() > 5 => Guess::Is(Foreign::Tls),
        Some(0x16) if is_record && fits(5, &[1, 2]) => Guess::Short,
        Some(0x17) if !place.at_start && is_record && bytes.len() > 5 && len > 16 => Guess::Is(Foreign::Tls),
        _ => Guess::No,
    }
}

/// A whole header that makes sense.
fn dubbo(bytes: &[u8], _place: Place) -> Guess {
    guess_of(dubbo::frame(bytes, true), Foreign::Dubbo)
}

/// The head of a message and its first field. The form without a version is only believed at the start.
fn thrift(bytes: &[u8], place: Place) -> Guess {
    guess_of(thrift::begins(bytes, place.at_start), Foreign::Thrift)
}

/// A whole header with the class behind it.
fn sofarpc(bytes: &[u8], _place: Place) -> Guess {
    guess_of(sofarpc::frame(bytes, true), Foreign::SofaRpc)
}

/// A whole header with the beginning of its meta data.
fn brpc(bytes: &[u8], _place: Place) -> Guess {
    guess_of(brpc::begins(bytes), Foreign::Brpc)
}

fn guess_of(framing: Framing, foreign: Foreign) -> Guess {
    match framing {
        Framing::Message(_) => Guess::Is(foreign),
        Framing::Short => Guess::Short,
        Framing::No => Guess::No,
    }
}

/// The first message of a client (RFC 1928 §3); two bytes alone would be too little anywhere else.
fn socks(bytes: &[u8], place: Place) -> Guess {
    if !place.at_start || !matches!(bytes.first(), Some(4 | 5)) {
        return Guess::No;
    }
    match is_client_hello(bytes) {
        Some(true) => Guess::Is(Foreign::Socks),
        Some(false) => Guess::No,
        None => Guess::Short,
    }
}

/// A header of the PROXY protocol, version 1 or 2.
fn proxy_header(bytes: &[u8], place: Place) -> Guess {
    if !place.at_start || !matches!(bytes.first(), Some(b'P' | b'\r')) {
        return Guess::No;
    }
    let mut best = Guess::No;
    for magic in [&b"PROXY TCP4 "[..], b"PROXY TCP6 ", b"PROXY UNKNOWN", SIGNATURE] {
        match starts_with(bytes, magic, Foreign::ProxyHeader) {
            Guess::No => {}
            guess => best = guess,
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: Guess) {
        assert_eq!(guess(bytes, Place { at_start: true }), expect, "{bytes:?}");
    }

    #[test]
    fn first_bytes() {
        check(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0", Guess::Is(Foreign::Http2));
        check(b"PRI * HT", Guess::Short);
        check(b"P", Guess::Short);
        check(b"POST / HTTP/1.1\r\n", Guess::No);
        check(&[0, 0, 0, 4, 0, 0, 0, 0, 0], Guess::Is(Foreign::Http2));
        check(&[0, 0, 12], Guess::Short);
        check(&[0x16, 3, 1, 0, 5], Guess::Short);
        check(&[0x16, 3, 1, 0, 5, 1], Guess::Is(Foreign::Tls));
        check(&[0x16, 3, 1, 0, 5, 7], Guess::No);
        check(&[0x17, 3, 3, 0, 40, 7], Guess::No);
        let middle = Place { at_start: false };
        assert_eq!(guess(&[0x17, 3, 3, 0, 40, 7], middle), Guess::Is(Foreign::Tls));
        check(&[0x16], Guess::Short);
        check(&[5, 1, 0], Guess::Is(Foreign::Socks));
        check(&[5], Guess::Short);
        check(b"PROXY TCP4 192.0.2.7", Guess::Is(Foreign::ProxyHeader));
        check(b"PROXY / HTTP/1.1", Guess::No);
        check(b"\r\n\r\n\0\r\nQUIT\n", Guess::Is(Foreign::ProxyHeader));
        check(b"\r\nGET / HTTP/1.1", Guess::No);
        check(b"HTTP/1.1 200 OK\r\n", Guess::No);
    }

    #[test]
    fn rpc_protocols() {
        check(b"\xda\xbb\xc2\0\0\0\0\0\0\0\0\x07\0\0\0\x01", Guess::Is(Foreign::Dubbo));
        check(b"\xda\xbb", Guess::Short);
        check(b"\x80\x01\0\x01\0\0\0\x04ping\0\0\0\x07\0", Guess::Is(Foreign::Thrift));
        check(b"\0\0\0\x11\x80\x01\0\x01\0\0\0\x04ping\0\0\0\x07\0", Guess::Is(Foreign::Thrift));
        check(b"\0\0\0\x0e\0\0\0\x04ping\x01\0\0\0\x07\0", Guess::Is(Foreign::Thrift));
        check(b"\x82\x21\x07\x04ping\0", Guess::Is(Foreign::Thrift));
        check(
            b"\x01\x01\0\x01\x01\0\0\0\x02\x01\0\0\x27\x10\0\x2c\0\0\0\0\0\0com.alipay.sofa.",
            Guess::Is(Foreign::SofaRpc),
        );
        check(b"PRPC\0\0\0\x34\0\0\0\x27\x0a", Guess::Is(Foreign::Brpc));
        check(b"PRPC", Guess::Short);
    }

    /// Beginnings with the magic of a protocol and anything behind it: hardly one passes for a message.
    #[test]
    fn chance_makes_no_protocol() {
        let mut state = 7_u64;
        let mut byte = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as u8
        };
        for magic in [b"".as_slice(), b"\0", b"\0\0\0", b"\x80\x01", b"\x82", b"\x01\x01\0\x01"] {
            let mut taken = 0;
            for _ in 0..20_000 {
                let bytes: Vec<u8> =
                    magic.iter().copied().chain(std::iter::repeat_with(&mut byte).take(60)).collect();
                let guess = guess(&bytes, Place { at_start: true });
                taken += u32::from(!matches!(guess, Guess::No | Guess::Is(Foreign::Tls)));
            }
            assert!(taken <= 20, "{magic:x?}: {taken} of 20,000");
        }
    }
}
