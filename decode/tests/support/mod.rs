//! What the tests share: decoding a file, and the development data beside the project.

#![allow(
    dead_code,
    clippy::print_stdout,
    reason = "each test file uses a part of it, and says what it skips"
)]

pub mod traffic;

use std::path::{Path, PathBuf};

use decode::{Decoder, Outcome};
use model::Call;

/// Decodes bytes in slices of `step`.
pub fn decode(source: &str, bytes: &[u8], step: usize) -> (Vec<Call>, Outcome) {
    let mut calls = Vec::new();
    let mut decoder = Decoder::new(source, None);
    for slice in bytes.chunks(step.max(1)) {
        decoder.push(slice, &mut |call| calls.push(call));
    }
    let outcome = decoder.finish(&mut |call| calls.push(call));
    (calls, outcome)
}

/// Decodes a file.
pub fn decode_file(path: &Path) -> (Vec<Call>, Outcome) {
    let bytes = std::fs::read(path).expect("the file was listed");
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    decode(name, &bytes, 64 << 10)
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
