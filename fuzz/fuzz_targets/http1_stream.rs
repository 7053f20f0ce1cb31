//! HTTP/1 over one TCP connection. The first byte of each piece says who sends it, how long it is, and whether
//! the capture loses it or sees it late, so that the fuzzer works on messages instead of packet headers.

#![no_main]

mod conversation;
mod decode_both_ways;

use conversation::{Piece, capture};
use decode::Kind;
use decode_both_ways::both_ways;

const FROM_SERVER: u8 = 0x80;
const LOST: u8 = 0x40;
const LATE: u8 = 0x20;

fn pieces(mut data: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        let (control, rest) = data.split_first()?;
        let len = (usize::from(control & 0x1f) * 8 + 1).min(rest.len());
        data = &rest[len..];
        let is = |flag| control & flag != 0;
        Some(Piece { from_server: is(FROM_SERVER), lost: is(LOST), late: is(LATE), bytes: &rest[..len] })
    })
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| both_ways(Kind::Pcap, &capture(pieces(data))));
