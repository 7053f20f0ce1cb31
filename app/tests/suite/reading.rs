//! What `decode` and `analyze` are given besides their inputs: secrets of TLS, names of protobuf fields.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{apiarist, json_lines, one_line};

fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../decode/tests/golden").join(path)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// The records of a golden case, decoded by so many threads with further arguments.
#[track_caller]
fn decode(input: &str, threads: &str, arguments: &[&str]) -> Vec<Value> {
    let input = golden(input);
    let output = apiarist(&[&["decode", text(&input), "--threads", threads], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// How many of the records were read inside TLS, and how many sessions stayed closed.
#[track_caller]
fn check(input: &str, threads: &str, arguments: &[&str], expect: (usize, usize)) {
    let records = decode(input, threads, arguments);
    let closed = records.iter().filter(|record| record["protocol"] == "tls").count();
    let read = records.iter().filter(|record| record["protocol"] != "tls" && record["scheme"] == "https");
    assert_eq!((read.count(), closed), expect, "{input} {threads} {arguments:?}");
}

#[test]
fn secrets_of_tls() {
    let keys = |case: &str| golden(case).join("input.keys");
    let (old, new, again) = (keys("tls12"), keys("tls13"), keys("tls-renegotiation"));
    let pem = golden("tls-rsa/input.pem");
    for threads in ["1", "3"] {
        check("tls12/input.pcap", threads, &["--keylog", text(&old)], (27, 0));
        // Each key log is looked at.
        check("tls13/input.pcap", threads, &["--keylog", text(&old), "--keylog", text(&new)], (15, 0));
        check("tls-renegotiation/input.pcap", threads, &["--keylog", text(&again)], (13, 0));
        check("tls-h2/input.pcapng", threads, &[], (8, 0));
        check("tls-rsa/input.pcap", threads, &["--rsa-key", text(&pem)], (12, 0));
        check("tls-rsa/input.pcap", threads, &["--rsa-key", text(&pem), "--tls"], (12, 2));
        check("tls-rsa/input.pcap", threads, &["--tls"], (0, 10));
    }
}

#[test]
fn names_of_protobuf_fields() {
    let names = golden("grpc/shop.pb");
    let message = |records: &[Value]| records[0]["messages"][0]["body"].as_str().map(str::to_owned);
    for threads in ["1", "3"] {
        let named = decode("grpc/input.pcap", threads, &["--descriptors", text(&names)]);
        assert_eq!(message(&named).as_deref(), Some(r#"{"name":"milk","options":{"size":"LARGE"}}"#));
        let numbered = decode("grpc/input.pcap", threads, &[]);
        assert_eq!(message(&numbered).as_deref(), Some(r#"{"1":"milk","2":{"1":5}}"#));
    }
    let dir = tempfile::tempdir().expect("a folder");
    let input = golden("grpc/input.pcap");
    let arguments = ["analyze", text(&input), "--descriptors", text(&names), "--out", text(dir.path())];
    assert_eq!(apiarist(&arguments).status.code(), Some(0));
    assert!(
        json_lines(&dir.path().join("endpoints.jsonl")).iter().any(|it| it["operation"] == "shop.Cart/Add")
    );
}

#[test]
fn files_that_hold_nothing_of_the_kind_get_one_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let (wrong, missing) = (dir.path().join("notes.txt"), dir.path().join("missing"));
    std::fs::write(&wrong, "syntax = \"proto3\"; // no descriptors, and no secret\n").expect("a file");
    let input = golden("grpc/input.pcap");
    for option in ["--keylog", "--rsa-key", "--descriptors"] {
        for file in [&wrong, &missing] {
            for command in [vec!["decode"], vec!["analyze", "--out", text(dir.path())]] {
                let output = apiarist(&[&command[..], &[text(&input), option, text(file)]].concat());
                assert_eq!(output.status.code(), Some(2), "{option}");
                let line = one_line(&output);
                assert!(line.starts_with("apiarist: ") && line.contains(text(file)), "{line}");
                assert!(output.stdout.is_empty(), "{option}");
            }
        }
    }
}
