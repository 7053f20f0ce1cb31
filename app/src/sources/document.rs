//! A pushed document of a foreign format (HAR, GoReplay, Burp, Postman) → calls. The HTTP side knows call
//! records only and asks for this.

use decode::{Decoder, Kind};
use serve::Decoded;

/// Reads a document that is recognised from its content. Logs of lines and captures are not taken here: what a
/// line of text means must not depend on a guess.
pub(crate) fn decode(bytes: &[u8], source: &str) -> Decoded {
    let mut calls = Vec::new();
    let mut decoder = Decoder::new(source, None);
    decoder.push(bytes, &mut |call| calls.push(call));
    let outcome = decoder.finish(&mut |call| calls.push(call));
    if !matches!(outcome.kind, Kind::Har | Kind::GoReplay | Kind::Burp | Kind::Postman) {
        return Decoded::default();
    }
    let problems = outcome.problems.into_iter().map(|problem| (problem.at, problem.what)).collect();
    let malformed = outcome.stats.malformed_entries;
    Decoded { kind: Some(outcome.kind.as_str()), calls, problems, malformed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: Option<&str>, calls: usize) {
        let decoded = decode(text.as_bytes(), "push:test");
        assert_eq!((decoded.kind, decoded.calls.len()), (kind, calls));
    }

    #[test]
    fn documents_are_read_and_lines_are_not() {
        let entry =
            r#"{"request":{"method":"GET","url":"https://shop.example.com/a"},"response":{"status":200}}"#;
        check(&format!(r#"{{"log":{{"entries":[{entry},{entry}]}}}}"#), Some("har"), 2);
        check("10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 1\n", None, 0);
        check("nonsense", None, 0);
    }
}
