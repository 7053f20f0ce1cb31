//! A stream of Envoy's access log service, packed or not; whole and in pieces it gives the same.

#![no_main]

use decode::{EnvoyCounts, EnvoyStream};
use model::{Call, Timestamp};

fn read(data: &[u8], packing: &str, (step, pieces_max): (usize, usize)) -> (Vec<Call>, EnvoyCounts) {
    let mut stream = EnvoyStream::new([10, 0, 0, 1].into(), packing);
    let mut calls = Vec::new();
    for piece in data.chunks(step) {
        stream.push(piece);
        while stream.read(Timestamp(1_795_255_200_000_000), pieces_max, &mut |call| calls.push(call)) {}
    }
    (calls, stream.counts())
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // A message without its prefix is the more common find of a mutation.
    let framed = [&[0][..], &(data.len() as u32).to_be_bytes(), data].concat();
    for stream in [data, &framed] {
        let whole = read(stream, "gzip", (stream.len().max(1), 1_000));
        assert!(whole == read(stream, "gzip", (7, 3)), "any split of the bytes gives the same calls");
        read(stream, "", (stream.len().max(1), 1_000));
    }
});
