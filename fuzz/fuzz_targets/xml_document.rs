//! Burp items and IIS events: the XML that is read.

#![no_main]

mod decode_both_ways;

use decode::Kind;
use decode_both_ways::both_ways;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    both_ways(Kind::Burp, data);
    both_ways(Kind::IisEvents, data);
});
