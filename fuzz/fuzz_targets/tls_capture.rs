//! TLS in capture files, without keys and with those of the golden captures that the corpus starts from: damage reaches
//! the records, the handshake and what is inside.

#![no_main]

mod decode_both_ways;

use decode::{Decoder, Keys, Kind};
use decode_both_ways::{both_ways, both_ways_of};

const KEY_LOGS: [&[u8]; 2] = [
    include_bytes!("../../decode/tests/golden/tls12/input.keys"),
    include_bytes!("../../decode/tests/golden/tls13/input.keys"),
];
const RSA_KEY: &str = include_str!("../../decode/tests/golden/tls-rsa/input.pem");

fn decoder() -> Decoder {
    let mut keys = Keys::default();
    KEY_LOGS.iter().for_each(|text| {
        keys.add_key_log(text);
    });
    keys.add_rsa_key(RSA_KEY).expect("the key of the golden case");
    let mut decoder = Decoder::new("fuzz", Some(Kind::Pcap));
    decoder.set_keys(keys);
    decoder.show_closed_tls();
    decoder
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    both_ways(Kind::Pcap, data);
    both_ways_of(decoder, data);
});
