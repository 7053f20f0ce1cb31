//! Capture files of either kind: links, IP, fragments, TCP, HTTP.

#![no_main]

mod decode_both_ways;

use decode::Kind;
use decode_both_ways::both_ways;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    both_ways(Kind::Pcap, data);
    both_ways(Kind::Pcapng, data);
});
