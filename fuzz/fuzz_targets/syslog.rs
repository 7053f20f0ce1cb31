//! Messages of syslog, one a line, and the same input as a file.

#![no_main]

mod decode_both_ways;

use decode::{Kind, Options, Syslog};
use decode_both_ways::both_ways;
use model::Timestamp;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut syslog = Syslog::new(Options::default());
    let arrived = Timestamp(data.iter().fold(1_795_255_200_000_000, |sum, byte| sum + i64::from(*byte) * 1_000_000_007));
    for message in data.split(|byte| *byte == b'\n') {
        syslog.message(message, arrived, [10, 0, 0, 1].into());
    }
    syslog.message(data, arrived, [10, 0, 0, 1].into());
    both_ways(Kind::AccessLog, data);
});
