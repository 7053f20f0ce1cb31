//! What a user says about a log, and a decoder that is fed as a file grows.

use decode::{Decoder, Kind, LogFormat, Options, Outcome};
use model::Call;

fn decode(input: &str, options: Options) -> (Vec<Call>, Outcome) {
    let mut calls = Vec::new();
    let mut decoder = Decoder::with_options("x.log", None, options);
    for byte in input.as_bytes() {
        decoder.push(&[*byte], &mut |call| calls.push(call));
    }
    let outcome = decoder.finish(&mut |call| calls.push(call));
    (calls, outcome)
}

#[test]
fn a_format_string() {
    let format = r#"log_format x '$time_iso8601|$remote_addr|$request_method|$host|$request_uri|$status|$request_time';"#;
    let options = Options { log_format: Some(format.parse().expect("a format")), ..Options::default() };
    let input = "2026-11-21T10:00:00+00:00|10.0.0.7|GET|a.example|/a?b|200|0.5\n\
        Nov 21 10:00:01 web nginx: 2026-11-21T10:00:01+00:00|10.0.0.7|GET|a.example|/c|200|-\n\
        10.0.0.7 - - [21/Nov/2026:10:00:00 +0000] \"GET /other HTTP/1.1\" 200 5\n";
    let (calls, outcome) = decode(input, options);
    let seen: Vec<_> =
        calls.iter().map(|call| (call.host.as_str(), call.target.as_str(), call.duration_us)).collect();
    assert_eq!(seen, [("a.example", "/a?b", Some(500_000)), ("a.example", "/c", None)]);
    assert_eq!((outcome.kind, outcome.stats.malformed_lines), (Kind::AccessLog, 1));
}

#[test]
fn a_field_map() {
    let map = "method=verb,target=what.where,status=how,ts=when,client=who".parse().expect("a map");
    let options = Options { json_map: Some(map), ..Options::default() };
    let line = r#"{"verb":"GET","what":{"where":"/a"},"how":200,"when":1795255200,"who":"10.0.0.7"}"#;
    let (calls, outcome) = decode(line, options);
    assert_eq!(
        (outcome.kind, calls.len(), calls[0].ts.to_string().as_str()),
        (Kind::JsonLog, 1, "2026-11-21T10:00:00.000000Z")
    );
    assert_eq!(decode(line, Options::default()).1.kind, Kind::Unknown);
}

#[test]
fn a_wrong_format_says_what_and_where() {
    let error = "%h %Y".parse::<LogFormat>().expect_err("no such directive");
    assert_eq!(error.to_string(), "unknown directive %Y of the log format (at character 4)");
}

#[test]
fn a_growing_file() {
    let line = |second: u32| {
        format!("10.0.0.7 - - [21/Nov/2026:10:00:{second:02} +0000] \"GET /{second} HTTP/1.1\" 200 5\n")
    };
    let mut seen = Vec::new();
    let mut decoder = Decoder::new("x.log", None);
    decoder.push(line(1).as_bytes(), &mut |call| seen.push(call.target));
    // An earlier line may still come.
    assert!(seen.is_empty());
    decoder.idle(&mut |call| seen.push(call.target));
    assert_eq!(seen, ["/1"]);
    let (head, tail) = (line(2), line(9));
    decoder.push(&head.as_bytes()[..20], &mut |call| seen.push(call.target));
    decoder.idle(&mut |call| seen.push(call.target));
    decoder.push(&head.as_bytes()[20..], &mut |call| seen.push(call.target));
    decoder.push(tail.as_bytes(), &mut |call| seen.push(call.target));
    // Two seconds later nothing earlier is waited for.
    assert_eq!(seen, ["/1", "/2"]);
    let outcome = decoder.finish(&mut |call| seen.push(call.target));
    assert_eq!((seen.len(), outcome.stats.calls), (3, 3));
}
