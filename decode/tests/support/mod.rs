//! What the tests share: decoding a file, and the development data beside the project.

#![allow(
    dead_code,
    clippy::print_stdout,
    reason = "each test file uses a part of it, and says what it skips"
)]

pub mod files;
pub mod h2;
pub mod h2_cases;
pub mod rpc;
pub mod tls;
pub mod traffic;
pub mod wrap;

use std::path::{Path, PathBuf};

use decode::{Decoder, Keys, Kind, Outcome, Stats};
use model::Call;

/// What went in came out, or was dropped for a reason that is counted.
pub fn assert_balance(stats: &Stats) {
    let ended = stats.tcp_packets
        + stats.duplicate_packets
        + stats.not_ip
        + stats.not_tcp
        + stats.bad_packets
        + stats.nested_too_deep;
    assert_eq!(stats.packets + stats.datagrams_rebuilt, ended + stats.fragments, "{stats:?}");
    assert_eq!(stats.tcp_bytes, stats.stream_bytes + stats.repeated_bytes + stats.stray_bytes, "{stats:?}");
}

/// Decodes bytes in slices of `step`, and checks that the counters add up.
pub fn decode(source: &str, bytes: &[u8], step: usize) -> (Vec<Call>, Outcome) {
    decode_with(Decoder::new(source, None), bytes, step)
}

/// Decodes bytes in slices of `step` with a decoder that was prepared.
pub fn decode_with(mut decoder: Decoder, bytes: &[u8], step: usize) -> (Vec<Call>, Outcome) {
    let mut calls = Vec::new();
    for slice in bytes.chunks(step.max(1)) {
        decoder.push(slice, &mut |call| calls.push(call));
    }
    let outcome = decoder.finish(&mut |call| calls.push(call));
    assert_balance(&outcome.stats);
    (calls, outcome)
}

/// Decodes a file, with the keys that stand beside it.
pub fn decode_file(path: &Path) -> (Vec<Call>, Outcome) {
    let bytes = std::fs::read(path).expect("the file was listed");
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut decoder = Decoder::new(name, kind_beside(path));
    decoder.set_keys(keys_beside(path));
    if path.with_extension("closed").exists() {
        decoder.show_closed_tls();
    }
    decode_with(decoder, &bytes, 64 << 10)
}

/// The input of a golden case: `input.*`, but not its keys.
pub fn input_of(case: &Path) -> PathBuf {
    let files = std::fs::read_dir(case).expect("a case").filter_map(|entry| Some(entry.ok()?.path()));
    let is_input = |path: &PathBuf| {
        let beside = ["keys", "pem", "closed", "kind"].map(Some);
        path.file_stem().is_some_and(|stem| stem == "input")
            && !beside.contains(&path.extension().and_then(|extension| extension.to_str()))
    };
    files.into_iter().find(is_input).expect("an input")
}

/// What an input is, where that is named beside it because it cannot be recognised.
pub fn kind_beside(path: &Path) -> Option<Kind> {
    let name = std::fs::read_to_string(path.with_extension("kind")).ok()?;
    Some(name.trim().parse().expect("a kind of input"))
}

/// The TLS keys beside a capture: a key log `.keys`, an RSA key `.pem`.
pub fn keys_beside(path: &Path) -> Keys {
    let mut keys = Keys::default();
    if let Ok(text) = std::fs::read(path.with_extension("keys")) {
        keys.add_key_log(&text);
    }
    if let Ok(pem) = std::fs::read_to_string(path.with_extension("pem")) {
        keys.add_rsa_key(&pem).expect("an RSA key");
    }
    keys
}

/// A path in the development data; `None`, with a line that says so, where it is not present.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no {}", path.display());
    None
}

/// A JSON file.
pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).expect("the file was listed")).expect("JSON")
}
