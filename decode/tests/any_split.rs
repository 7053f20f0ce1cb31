//! Any split of the bytes gives the same calls, for every kind of input; and no bytes make a panic.

mod support;

use decode::{Keys, Kind};
use proptest::prelude::*;
use support::traffic::{numbered, pcap};
use support::{files, wrap};

/// An input: what it is read with, and its bytes.
type Input = (With, Vec<u8>);

/// The TLS keys that go with an input, and its kind where it cannot be recognised.
type With = (Keys, Option<Kind>);

fn inputs() -> Vec<Input> {
    let frames = numbered(3, 4, 9);
    let overlay = wrap::each(&numbered(1, 3, 2), |ip| wrap::ethernet(&wrap::TUNNELS[12](ip)));
    let mut damaged = pcap(&frames);
    damaged[5_000..5_400].fill(0xff);
    let plain = [pcap(&frames), files::pcapng(&overlay, 1), damaged];
    let mut inputs: Vec<Input> = plain.into_iter().map(|bytes| (With::default(), bytes)).collect();
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<_> = std::fs::read_dir(golden)
        .expect("golden cases")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    cases.sort();
    for case in cases {
        let path = support::input_of(&case);
        let with = (support::keys_beside(&path), support::kind_beside(&path));
        inputs.push((with, std::fs::read(path).expect("the input")));
    }
    inputs
}

fn lines((keys, kind): &With, bytes: &[u8], cuts: &[usize]) -> Vec<String> {
    let mut calls = Vec::new();
    let mut emit = |call: model::Call| calls.push(serde_json::to_string(&call).expect("a record"));
    let mut decoder = decode::Decoder::new("split", *kind);
    decoder.set_keys(keys.clone());
    let mut from = 0;
    for cut in cuts.iter().chain([&bytes.len()]) {
        decoder.push(&bytes[from..*cut], &mut emit);
        from = *cut;
    }
    let outcome = decoder.finish(&mut emit);
    calls.push(format!("{:?} {:?} {:?}", outcome.kind, outcome.stats, outcome.problems));
    calls
}

#[test]
fn byte_by_byte() {
    for (with, bytes) in inputs() {
        let cuts: Vec<usize> = (0..bytes.len()).collect();
        assert_eq!(lines(&with, &bytes, &cuts), lines(&with, &bytes, &[]));
    }
}

/// `MORE=100` runs a hundred times as many cases.
fn cases_factor() -> u32 {
    std::env::var("MORE").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64 * cases_factor(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split(mut places in proptest::collection::vec(0.0..1.0_f64, 0..12)) {
        places.sort_by(f64::total_cmp);
        for (with, bytes) in inputs() {
            let cuts: Vec<usize> = places.iter().map(|place| (place * bytes.len() as f64) as usize).collect();
            prop_assert_eq!(lines(&with, &bytes, &cuts), lines(&with, &bytes, &[]));
        }
    }

    #[test]
    fn damaged_inputs_are_survived(
        damage in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 1..40),
        end in 0.0..1.0_f64,
    ) {
        for (with, mut bytes) in inputs() {
            let len = bytes.len() as f64;
            for (place, byte) in &damage {
                bytes[(place * len) as usize] = *byte;
            }
            let whole = lines(&with, &bytes[..(end * len) as usize], &[]);
            prop_assert!(!whole.is_empty());
        }
    }
}
