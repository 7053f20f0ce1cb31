//! OTLP in both encodings, as logs and as spans: JSON lines and documents, a protobuf message, messages with lengths.

#![no_main]

mod decode_both_ways;

use decode::Kind;
use decode_both_ways::both_ways;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    both_ways(Kind::OtlpLogs, data);
    both_ways(Kind::OtlpSpans, data);
});
