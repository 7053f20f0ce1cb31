//! A pushed document of a foreign format (HAR, GoReplay, Burp, Postman, OTLP) → calls. The HTTP side knows call records
//! only and asks for this.

use std::collections::BTreeMap;

use decode::{Decoder, Kind};
use serve::{Decoded, Document};

/// Reads a document. One that is recognised from its content is none of the logs of lines and captures: what a line of
/// text means must not depend on a guess.
pub(crate) fn decode(bytes: &[u8], document: Document, source: &str) -> Decoded {
    let named = match document {
        Document::Recognised => None,
        Document::Har => Some(Kind::Har),
        Document::OtlpLogs => Some(Kind::OtlpLogs),
        Document::OtlpSpans => Some(Kind::OtlpSpans),
    };
    let mut calls = Vec::new();
    let mut decoder = Decoder::new(source, named);
    decoder.push(bytes, &mut |call| calls.push(call));
    let outcome = decoder.finish(&mut |call| calls.push(call));
    if named.is_none() && !matches!(outcome.kind, Kind::Har | Kind::GoReplay | Kind::Burp | Kind::Postman) {
        return Decoded::default();
    }
    let stats = outcome.stats;
    let left_out = [("client_span", stats.client_spans), ("not_a_call", stats.no_call_entries)];
    Decoded {
        kind: Some(outcome.kind.as_str()),
        calls,
        problems: outcome.problems.into_iter().map(|problem| (problem.at, problem.what)).collect(),
        malformed: stats.malformed_entries,
        left_out: left_out.into_iter().filter(|(_, records)| *records > 0).collect::<BTreeMap<_, _>>(),
        untimed: stats.untimed_entries > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        text: &str,
        document: Document,
        kind: Option<&str>,
        (calls, malformed): (usize, u64),
    ) -> Decoded {
        let decoded = decode(text.as_bytes(), document, "push:test");
        assert_eq!((decoded.kind, decoded.calls.len(), decoded.malformed), (kind, calls, malformed));
        decoded
    }

    #[test]
    fn documents_are_read_and_lines_are_not() {
        use Document::{Har, Recognised};
        let entry =
            r#"{"request":{"method":"GET","url":"https://shop.example.com/a"},"response":{"status":200}}"#;
        let har = format!(r#"{{"log":{{"entries":[{entry},{entry}]}}}}"#);
        check(&har, Recognised, Some("har"), (2, 0));
        check(&har, Har, Some("har"), (2, 0));
        check(
            "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 1\n",
            Recognised,
            None,
            (0, 0),
        );
        check("nonsense", Recognised, None, (0, 0));
        check("nonsense", Har, Some("har"), (0, 0));
    }

    #[test]
    fn requests_of_exporters_tell_what_was_left_out() {
        let logs =
            |records: &str| format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#);
        let line = r#"{"timeUnixNano":"1795255200000000000","body":{"stringValue":"10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 1"}}"#;
        let decoded =
            check(&logs(&format!("{line},7,{line}")), Document::OtlpLogs, Some("otlp-logs"), (2, 1));
        assert!(!decoded.untimed && decoded.left_out.is_empty());
        let decoded = check(&logs("{}"), Document::OtlpLogs, Some("otlp-logs"), (0, 0));
        assert_eq!((decoded.untimed, decoded.left_out), (true, BTreeMap::from([("not_a_call", 1)])));
        check("", Document::OtlpSpans, Some("otlp-spans"), (0, 0));
        check("\x0a\x05abc", Document::OtlpSpans, Some("otlp-spans"), (0, 1));
    }
}
