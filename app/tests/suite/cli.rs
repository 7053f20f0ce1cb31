//! The command line as its users see it: exit statuses, one clear line for bad input, the files of an analysis.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use crate::support::{apiarist, json_lines, one_line, shared};

#[test]
fn counters_are_told_of_what_holds_no_call_and_nothing_is_left_of_an_analysis() {
    let dir = tempfile::tempdir().expect("a folder");
    let (input, out) = (dir.path().join("empty.pcap"), dir.path().join("out"));
    std::fs::write(&input, b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0")
        .expect("a file");
    let (input, out) = (input.to_str().expect("a path"), out.to_str().expect("a path"));
    let output = apiarist(&["decode", "--stats", input]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains(" bytes 24\n") && told.ends_with("holds no call\n"), "{told}");
    assert_eq!(apiarist(&["analyze", input, "--out", out]).status.code(), Some(1));
    assert_eq!(std::fs::read_dir(out).expect("a folder").count(), 0);
}

#[test]
fn garbage_gets_one_line_and_a_status() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.to_str().expect("a path").to_owned()
    };
    let har = br#"{"log":{"version":"1.2","entries":[{"startedDateTime":"2026-11-21T10:00:00Z","time":1,"request":{"method":"GET","url":"https://a.example/x","headers":[]},"response":{"status":200,"headers":[],"content":{}}},{"startedDateTime":"2026-11-2"#;
    let cases = [
        (write("logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01"), 1),
        (write("empty", b""), 1),
        (write("zeros", &vec![0; 16 << 20]), 1),
        (write("cut.har", har), 2),
        (dir.path().join("missing.pcap").to_str().expect("a path").to_owned(), 2),
    ];
    let out = dir.path().join("out");
    for (input, status) in &cases {
        for args in [vec!["decode", input], vec!["analyze", input, "--out", out.to_str().expect("a path")]] {
            let output = apiarist(&args);
            assert_eq!(output.status.code(), Some(*status), "{args:?}");
            let line = one_line(&output);
            let name = Path::new(input).file_name().and_then(|name| name.to_str()).expect("a name");
            assert!(line.starts_with("apiarist: ") && line.contains(name), "{line}");
        }
    }
    assert_eq!(apiarist(&["decode"]).status.code(), Some(2));
    assert_eq!(apiarist(&["dekode"]).status.code(), Some(2));
}

#[test]
fn what_came_before_a_cut_is_not_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("calls.jsonl");
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(b"{\"method\":\"GET\",\"host\":\"a.example\",\"target\":\"/x\",\"status\":200}\nnot json\n{\"method\":\"PO").expect("room");
    drop(file);
    let output = apiarist(&["decode", path.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).expect("text").lines().count(), 1);
    let problems = String::from_utf8(output.stderr).expect("text");
    assert!(problems.contains("calls.jsonl") && problems.contains("(at 2)"), "{problems}");
}

#[test]
fn one_unreadable_input_does_not_cost_the_others() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("calls.jsonl");
    std::fs::write(&path, b"{\"method\":\"GET\",\"host\":\"a.example\",\"target\":\"/x\",\"status\":200}\n")
        .expect("a file");
    let missing = dir.path().join("missing.pcap");
    let output = apiarist(&["decode", missing.to_str().expect("a path"), path.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(one_line(&output).contains("missing.pcap"));
    assert_eq!(String::from_utf8(output.stdout).expect("text").lines().count(), 1);
}

#[test]
fn several_threads_decode_what_one_does() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../decode/tests/golden");
    for case in ["http1-framings", "http1-losses", "http1-odd-heads"] {
        let input = golden.join(case).join("input.pcap");
        let decode = |threads: &str| {
            let input = input.to_str().expect("a path");
            let output = apiarist(&["decode", "--stats", "--threads", threads, input]);
            assert_eq!(output.status.code(), Some(0), "{case}");
            let text = |bytes| String::from_utf8(bytes).expect("text");
            (text(output.stdout), text(output.stderr))
        };
        let one = decode("1");
        assert!(one.0.lines().count() > 1, "{case}");
        assert_eq!(decode("3"), one, "{case}");
    }
}

#[test]
fn the_demonstration_analysed_offline() {
    let dir = tempfile::tempdir().expect("a folder");
    let demo = testkit::demo::generate(model::Timestamp(1_795_300_000_000_000), 11);
    let input = dir.path().join("demo.jsonl");
    let lines: String =
        demo.calls.iter().map(|call| serde_json::to_string(call).expect("json") + "\n").collect();
    std::fs::write(&input, lines).expect("a file");
    let out = dir.path().join("out");
    let output =
        apiarist(&["analyze", input.to_str().expect("a path"), "--out", out.to_str().expect("a path")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let calls = json_lines(&out.join("calls.jsonl"));
    assert_eq!(calls.len(), demo.calls.len());
    assert!(calls.iter().zip(&demo.calls).all(|(line, call)| line["id"] == call.id.as_str()), "input order");
    let endpoints = json_lines(&out.join("endpoints.jsonl"));
    let ids: BTreeSet<&str> = endpoints.iter().filter_map(|endpoint| endpoint["id"].as_str()).collect();
    for (line, label) in calls.iter().zip(&demo.labels) {
        match label {
            Some(_) => assert!(line["endpoint"].as_str().is_some_and(|id| ids.contains(id)), "{line}"),
            None => assert!(line["endpoint"].is_null() && line["candidate_reason"].is_string(), "{line}"),
        }
    }
    let findings = json_lines(&out.join("findings.jsonl"));
    let known: BTreeSet<&str> = demo.calls.iter().map(|call| call.id.as_str()).collect();
    for finding in &findings {
        let evidence = finding["evidence"].as_array().expect("evidence");
        assert!(
            !evidence.is_empty() && evidence.iter().all(|id| known.contains(id.as_str().expect("an id"))),
            "{finding}"
        );
    }
    for weakness in demo.truth.weaknesses {
        let found = findings.iter().filter(|finding| finding["rule"] == weakness.rule).any(|finding| {
            let endpoint = endpoints.iter().find(|endpoint| endpoint["id"] == finding["endpoint"]);
            endpoint.is_some_and(|e| {
                let text = |key: &str| e[key].as_str().unwrap_or_default().to_owned();
                weakness.is_at(&text("host"), &text("method"), &text("template"))
            })
        });
        assert!(
            found,
            "{} at {} {}{} is missed",
            weakness.rule, weakness.method, weakness.host, weakness.template
        );
    }
    let report = std::fs::read_to_string(out.join("report.html")).expect("a report");
    assert!(
        !report.contains("src=\"http") && !report.contains("href=\"http"),
        "the report is self-contained"
    );
    assert!(!out.join("calls.jsonl.part").exists());
}

#[test]
fn a_real_vulnerable_api() {
    let Some(capture) = shared("vampi/traffic.pcap.gz") else {
        eprintln!("skipped: no shared data");
        return;
    };
    let truth = std::fs::read_to_string(capture.with_file_name("truth.json")).expect("the truth beside it");
    let truth: serde_json::Value = serde_json::from_str(&truth).expect("JSON");
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().to_str().expect("a path");
    let output = apiarist(&["analyze", capture.to_str().expect("a path"), "--out", out]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let plain = |text: &str| -> String {
        let segments = text.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
        segments.collect::<Vec<_>>().join("/")
    };
    let expect: BTreeSet<String> =
        truth["operations"].as_object().expect("operations").keys().map(|key| plain(key)).collect();
    let endpoints = json_lines(&dir.path().join("endpoints.jsonl"));
    let name = |e: &serde_json::Value| {
        plain(&format!(
            "{} {}",
            e["method"].as_str().unwrap_or_default(),
            e["template"].as_str().unwrap_or_default()
        ))
    };
    let found: BTreeSet<String> = endpoints.iter().map(name).collect();
    assert_eq!(found, expect);
    let findings = json_lines(&dir.path().join("findings.jsonl"));
    for (rule, operation) in [
        ("data-without-auth", "GET /users/v1/_debug"),
        ("password-in-response", "GET /users/v1/_debug"),
        ("management-open", "GET /users/v1/_debug"),
        ("many-people", "GET /users/v1"),
        ("data-without-auth", "GET /users/v1"),
        ("data-without-auth", "GET /users/v1/{}"),
        ("enumerable-id", "GET /users/v1/{}"),
        ("password-cleartext", "POST /users/v1/login"),
        ("login-no-rate-limit", "POST /users/v1/login"),
        ("user-enumeration", "POST /users/v1/login"),
        ("password-cleartext", "POST /users/v1/register"),
        ("weak-password-accepted", "POST /users/v1/register"),
        ("management-open", "GET /createdb"),
        ("cleartext-personal-data", "GET /books/v1/{}"),
        ("weak-jwt", "POST /users/v1/login"),
    ] {
        let is_there = findings.iter().any(|finding| {
            finding["rule"] == rule
                && endpoints
                    .iter()
                    .any(|endpoint| endpoint["id"] == finding["endpoint"] && name(endpoint) == operation)
        });
        assert!(is_there, "{rule} on {operation} is missed");
    }
}
