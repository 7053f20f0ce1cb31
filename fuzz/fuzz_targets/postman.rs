//! Postman collections.

#![no_main]

mod decode_both_ways;

use decode::Kind;
use decode_both_ways::both_ways;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    both_ways(Kind::Postman, data);
});
