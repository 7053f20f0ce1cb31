//! Any format string over any lines: the first line of the data is the format, and the field map.

#![no_main]

mod decode_both_ways;

use decode::{Kind, Options};
use decode_both_ways::both_ways_with;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let format = String::from_utf8_lossy(&data[..end]);
    let options = Options { log_format: format.parse().ok(), json_map: format.parse().ok() };
    both_ways_with(Kind::AccessLog, &options, data.get(end + 1..).unwrap_or_default());
});
