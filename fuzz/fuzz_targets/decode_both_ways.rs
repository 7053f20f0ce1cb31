//! Shared by the targets: an input gives the same calls whole and in small pieces, and its counters add up.

use decode::{Decoder, Kind, Outcome};

fn run(kind: Kind, data: &[u8], step: usize) -> (Vec<model::Call>, Outcome) {
    let mut calls = Vec::new();
    let mut decoder = Decoder::new("fuzz", Some(kind));
    for slice in data.chunks(step) {
        decoder.push(slice, &mut |call| calls.push(call));
    }
    let outcome = decoder.finish(&mut |call| calls.push(call));
    (calls, outcome)
}

pub fn both_ways(kind: Kind, data: &[u8]) {
    let (calls, outcome) = run(kind, data, data.len().max(1));
    let stats = outcome.stats;
    assert_eq!(stats.calls, calls.len() as u64);
    assert_eq!(stats.tcp_bytes, stats.stream_bytes + stats.repeated_bytes + stats.stray_bytes);
    // Small enough to cut every structure, large enough to stay quick.
    assert_eq!(run(kind, data, 7), (calls, outcome));
}
