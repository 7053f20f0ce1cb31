//! RPC protocols over one TCP connection: the first byte chooses the protocol and how bytes are lost, what follows
//! are the bodies, so that the fuzzer works on values instead of headers.

#![no_main]

mod conversation;
mod decode_both_ways;

use conversation::{Piece, capture};
use decode::Kind;
use decode_both_ways::both_ways;

/// A message around a body: `is_response` twice over has the identity of the request.
fn message(protocol: u8, is_response: bool, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u32).to_be_bytes();
    let kind = 1 + u8::from(is_response);
    match protocol % 6 {
        // Dubbo with Hessian 2.0, with fastjson, with Kryo.
        serialization @ 0..=2 => {
            let id = [2, 6, 8][usize::from(serialization)];
            let head = if is_response { [0xda, 0xbb, id, 20] } else { [0xda, 0xbb, 0xc0 | id, 0] };
            let front: &[u8] = match (is_response, serialization) {
                (false, 0) => b"\x052.0.2\x01S\x01v\x01m\x04IJZD",
                _ => b"",
            };
            let len = ((front.len() + body.len()) as u32).to_be_bytes();
            [&head, [0; 7].as_slice(), &[7], &len, front, body].concat()
        }
        // Thrift, bare.
        3 => [b"\x80\x01\0".as_slice(), &[kind], b"\0\0\0\x03add\0\0\0\x07", body].concat(),
        4 => [b"\x82".as_slice(), &[kind << 5 | 1], b"\x07\x03add", body].concat(),
        // SOFARPC.
        _ => {
            let head: &[u8] = if is_response {
                b"\x01\0\0\x02\x01\0\0\0\x07\x01\0\0\0\x03\0\0"
            } else {
                b"\x01\x01\0\x01\x01\0\0\0\x07\x01\0\0\0\0\0\x03\0\0"
            };
            [head, &len, b"a.C", body].concat()
        }
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(([protocol, loss], body)) = data.split_first_chunk::<2>() else { return };
    let (request, response) = body.split_at(body.len() / 2);
    let whole = [message(*protocol, false, request), message(*protocol, true, response)];
    let pieces = whole.iter().enumerate().flat_map(|(side, bytes)| {
        bytes.chunks(200).map(move |bytes| (side == 1, bytes))
    });
    let pieces = pieces.enumerate().map(|(index, (from_server, bytes))| Piece {
        from_server,
        lost: *loss > 0 && index == usize::from(*loss),
        late: false,
        bytes,
    });
    both_ways(Kind::Pcap, &capture(pieces));
});
