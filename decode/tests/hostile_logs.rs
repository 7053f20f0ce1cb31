//! Any bytes as any kind of log or document, under any format string: no panic, any split gives the same,
//! and the counters add up.

use decode::{Decoder, Kind, LogFormat, Options};
use proptest::prelude::*;

fn run(kind: Kind, options: &Options, data: &[u8], step: usize) -> (Vec<String>, String) {
    let mut calls = Vec::new();
    let mut emit = |call: model::Call| calls.push(serde_json::to_string(&call).expect("a record"));
    let mut decoder = Decoder::with_options("x", Some(kind), options.clone());
    for slice in data.chunks(step) {
        decoder.push(slice, &mut emit);
    }
    let outcome = decoder.finish(&mut emit);
    let stats = outcome.stats;
    let lines = stats.empty_lines + stats.comment_lines + stats.malformed_lines;
    assert!(stats.lines == 0 || stats.lines == stats.calls + lines, "{stats:?}");
    let entries = stats.calls + stats.malformed_entries + stats.client_spans + stats.no_call_entries;
    assert!(kind == Kind::GoReplay || stats.entries == 0 || stats.entries == entries, "{stats:?}");
    (calls, format!("{outcome:?}"))
}

fn both_ways(kind: Kind, options: &Options, data: &[u8]) {
    assert_eq!(run(kind, options, data, data.len().max(1)), run(kind, options, data, 7));
}

/// Pieces that the formats are made of, so that chance meets their inner parts.
const PIECES: [&str; 62] = [
    "10.0.0.7",
    " - - ",
    "[21/Nov/2026:10:00:00 +0000]",
    " \"GET /a HTTP/1.1\" ",
    "200",
    " 5",
    "\"",
    "\\",
    "\\x22",
    "{",
    "}",
    "\n",
    "\t",
    "|",
    ",",
    ":",
    "-",
    "<",
    ">",
    "</",
    "<item>",
    "</item>",
    "<request base64=\"true\">",
    "</request>",
    "<![CDATA[",
    "]]>",
    "R0VUIC8gSFRUUC8xLjENCg0K",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
    "1 aaaaaaaaaaaaaaaaaaaaaaaa 1795255200000000000\n",
    "2 aaaaaaaaaaaaaaaaaaaaaaaa 1795255200000000001 5\n",
    "\n\u{1f435}\u{1f648}\u{1f649}\n",
    "\"method\":\"GET\",",
    "\"path\":\"/a\",",
    "\"status\":200",
    "#Fields: date time cs-method cs-uri-stem\n",
    "2026-11-21 10:00:00",
    "\u{4e2d}",
    "<Event ",
    "<Data Name=\"cs-method\">GET</Data></Event>",
    "[{",
    "[",
    "]",
    "},{",
    "{\"hits\":{\"hits\":[{\"_source\":",
    "{\"stream\":{},\"values\":[[\"1\",\"",
    "time,client_ip,method,path,status\n",
    "2026-11-21T10:00:00Z,10.0.0.7,GET,/a,200\n",
    "\"_raw\",\"_time\"\n",
    "GET /a 200 5 - 1.2 ms",
    "{\"resourceLogs\":[",
    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"kind\":2,",
    "{\"resource\":{\"attributes\":[",
    "{\"scopeLogs\":[{\"logRecords\":[",
    "{\"timeUnixNano\":\"1795255200000000000\",\"body\":",
    "\"attributes\":[",
    "{\"key\":\"http.method\",\"value\":{\"stringValue\":\"GET\"}},",
    "{\"stringValue\":\"10.0.0.7 - - [21/Nov/2026:10:00:00 +0000] \\\"GET /a HTTP/1.1\\\" 200 5\"}",
    "}]}]}]}\n",
    "\x0a\x10\x0a\x06\x0a\x04\x0a\x02ab\x12\x06\x12\x04\x2a\x02\x0a\x00",
    "\x12\x0b\x12\x09\x30\x02\x4a\x05\x0a\x01a\x12\x00",
    "\0\0\0\x02\x0a\0",
];
const VARIABLES: [&str; 16] = [
    "$remote_addr",
    "$request",
    "$status",
    "$time_local",
    "$host",
    "$request_uri",
    "$http_x",
    "%h",
    "%t",
    "%r",
    "%>s",
    "%{%Y}t",
    "%START_TIME%",
    "%REQ(:PATH)%",
    " ",
    "\"",
];

fn made_of(pieces: &'static [&'static str], max: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(0..pieces.len(), 0..max)
        .prop_map(|list| list.into_iter().map(|at| pieces[at]).collect())
}

/// Found by fuzzing: times that step back must not give another order when the bytes come in other pieces.
#[test]
fn a_replay_that_steps_back_in_time() {
    let payload = |kind: u8, id: char, second: u64, head: &str| {
        let id = id.to_string().repeat(24);
        format!("{kind} {id} 17952552{second:02}000000000\n{head}\r\n\r\n\n\u{1f435}\u{1f648}\u{1f649}\n")
    };
    let mut data = String::new();
    for (id, second) in [('a', 50), ('b', 20), ('c', 70), ('d', 10)] {
        data += &payload(1, id, second, "GET / HTTP/1.1\r\nHost: a.example");
        data += &payload(2, id, second, "HTTP/1.1 200 OK");
    }
    both_ways(Kind::GoReplay, &Options::default(), data.as_bytes());
}

/// `MORE=100` runs a hundred times as many cases.
fn cases_factor() -> u32 {
    std::env::var("MORE").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128 * cases_factor(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces_as_any_kind(data in made_of(&PIECES, 60)) {
        for kind in [Kind::AccessLog, Kind::JsonLog, Kind::Burp, Kind::IisEvents, Kind::Postman, Kind::GoReplay, Kind::Har, Kind::OtlpLogs, Kind::OtlpSpans] {
            both_ways(kind, &Options::default(), data.as_bytes());
        }
    }

    #[test]
    fn any_format_over_any_line(format in made_of(&VARIABLES, 12), free in ".{0,40}", data in made_of(&PIECES, 30)) {
        for format in [format, free] {
            let options = Options { log_format: format.parse::<LogFormat>().ok(), json_map: format.parse().ok() };
            both_ways(Kind::AccessLog, &options, data.as_bytes());
        }
    }
}
