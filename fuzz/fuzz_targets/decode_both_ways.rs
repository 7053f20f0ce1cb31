//! Shared by the targets: an input gives the same calls whole and in small pieces, and its counters add up.

use decode::{Decoder, Kind, Options, Outcome};

fn run(mut decoder: Decoder, data: &[u8], step: usize) -> (Vec<model::Call>, Outcome) {
    let mut calls = Vec::new();
    for slice in data.chunks(step) {
        decoder.push(slice, &mut |call| calls.push(call));
    }
    let outcome = decoder.finish(&mut |call| calls.push(call));
    (calls, outcome)
}

pub fn both_ways(kind: Kind, data: &[u8]) {
    both_ways_with(kind, &Options::default(), data);
}

pub fn both_ways_with(kind: Kind, options: &Options, data: &[u8]) {
    both_ways_of(|| Decoder::with_options("fuzz", Some(kind), options.clone()), data);
}

pub fn both_ways_of(decoder: impl Fn() -> Decoder, data: &[u8]) {
    let (calls, outcome) = run(decoder(), data, data.len().max(1));
    let stats = outcome.stats;
    assert_eq!(stats.calls, calls.len() as u64);
    let ended = stats.tcp_packets
        + stats.duplicate_packets
        + stats.not_ip
        + stats.not_tcp
        + stats.bad_packets
        + stats.nested_too_deep;
    assert_eq!(stats.packets + stats.datagrams_rebuilt, ended + stats.fragments);
    assert_eq!(stats.tcp_bytes, stats.stream_bytes + stats.repeated_bytes + stats.stray_bytes);
    let lines = stats.empty_lines + stats.comment_lines + stats.malformed_lines;
    assert!(stats.lines == 0 || stats.lines == stats.calls + lines);
    // Small enough to cut every structure, large enough to stay quick.
    assert_eq!(run(decoder(), data, 7), (calls, outcome));
}
