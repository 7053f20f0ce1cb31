//! RPC protocols without HTTP: recorded truth, pairing under loss, and what must not be taken for one.

mod support;

use std::path::Path;

use model::{Anomaly, Call};
use support::rpc::{ask, brpc, dubbo, framed, reply, sofarpc_request, sofarpc_response, thrift};
use support::traffic::{Conversation, Frame, pcap};
use support::{decode, decode_file, json, shared};

const FLOWS: &str = "data/captures/deepflow/flow_generator";

fn captures(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(dir).expect("a folder").filter_map(|entry| Some(entry.ok()?.path()));
    for path in entries {
        match path.is_dir() {
            true => found.extend(captures(&path)),
            false if path.extension().is_some_and(|extension| extension == "pcap") => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

/// Request or response, as the truth lists them.
fn lines_of(calls: &[Call]) -> Vec<String> {
    let mut lines = Vec::new();
    for call in calls {
        let name = call.rpc.as_ref().map(|rpc| format!("{}/{}", rpc.service, rpc.method)).unwrap_or_default();
        let request = call.request.as_ref().map(|message| &message.headers);
        let version = |name| request.and_then(|headers| headers.get(name)).unwrap_or_default().to_owned();
        if call.request.is_some() {
            lines.push(format!("{name} {} {}", version("dubbo-version"), version("service-version")));
        }
        if call.response.is_some() {
            lines.push(format!("{name} {}", call.status.unwrap_or_default()));
        }
    }
    lines
}

#[test]
fn recorded_dubbo() {
    let (Some(dir), Some(truth)) =
        (shared(&format!("{FLOWS}/dubbo")), shared("data/captures/deepflow/rpc_expected.json"))
    else {
        return;
    };
    let truth = json(&truth);
    for path in captures(&dir) {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let name = format!("dubbo/{}.result", if stem == "dubbo_hessian2" { "dubbo_hessian" } else { stem });
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let expect: Vec<String> = truth[&name]
            .as_array()
            .expect("messages")
            .iter()
            .map(|message| match message["msg_type"] == "Request" {
                true => format!(
                    "{}/{} {} {}",
                    text(&message["service_name"]),
                    text(&message["method_name"]),
                    text(&message["dubbo_version"]),
                    text(&message["service_version"])
                ),
                false => format!("{} {}", text(&message["endpoint"]), text(&message["status_code"])),
            })
            .collect();
        assert_eq!(lines_of(&decode_file(&path).0), expect, "{name}");
    }
}

#[test]
fn recorded_thrift() {
    let Some(path) = shared("data/captures/arkime/pcap/thrift.pcap") else { return };
    let (calls, outcome) = decode_file(&path);
    let methods: Vec<&str> =
        calls.iter().filter_map(|call| Some(call.rpc.as_ref()?.method.as_str())).collect();
    assert_eq!(methods, ["__can__finagle__trace__v3__", "xxxxxx_xxx_xxxxxxx_xxxx"]);
    assert!(!calls[0].succeeded() && calls[0].response.is_some());
    assert_eq!(outcome.stats.unmatched, 0);
}

#[test]
fn recorded_sofarpc_and_brpc() {
    let Some(dir) = shared(FLOWS) else { return };
    for name in ["sofa-new", "sofa-old"] {
        let calls = decode_file(&dir.join(format!("sofarpc/{name}.pcap"))).0;
        assert_eq!(
            lines_of(&calls),
            [
                "com.mycompany.app.common.ServInterface/testSuccess  ",
                "com.mycompany.app.common.ServInterface/testSuccess 0"
            ]
        );
        let request = calls[0].request.as_ref().map(model::Message::body).unwrap_or_default();
        assert!(request.ends_with(br#""age":999}}"#) && calls[0].anomalies.is_empty(), "{calls:?}");
    }
    let truth = std::fs::read_to_string(dir.join("brpc/brpc-echo.result")).expect("the truth");
    let truth = truth.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let calls = decode_file(&dir.join("brpc/brpc-echo.pcap")).0;
    let found: Vec<u64> =
        calls.iter().filter_map(|call| call.duration_us.filter(|_| call.status == Some(0))).collect();
    let expect: Vec<u64> = truth
        .filter(|message| message["msg_type"] == "Response" && message["resp_code"] == 0)
        .filter_map(|message| message["rtt"].as_u64())
        .collect();
    assert_eq!((found.len(), &found), (5, &expect));
}

/// No RPC call comes out of any other protocol, also when its packets are seen from the middle on.
#[test]
fn other_protocols_are_not_taken_for_rpc() {
    let (Some(flows), Some(arkime)) = (shared(FLOWS), shared("data/captures/arkime/pcap")) else { return };
    let mut seen = 0;
    for path in captures(&flows).into_iter().chain(captures(&arkime)) {
        let own = ["dubbo", "thrift", "sofarpc", "brpc"];
        if own.iter().any(|own| path.to_string_lossy().contains(own)) {
            continue;
        }
        let bytes = std::fs::read(&path).expect("the file was listed");
        for skip in [0, 1, 2, 3, 4, 5, 7, 10] {
            let (calls, _) = decode("x", &without_packets(&bytes, skip), 64 << 10);
            let rpc: Vec<&Call> = calls.iter().filter(|call| call.is_bare_rpc()).collect();
            assert!(rpc.is_empty(), "{} {rpc:?}", path.display());
        }
        seen += 1;
    }
    assert!(seen > 100, "{seen} captures");
}

/// A capture file without its first packets.
fn without_packets(bytes: &[u8], count: usize) -> Vec<u8> {
    let is_little = bytes.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]);
    let mut at = 24;
    for _ in 0..count {
        let Some(len) = bytes.get(at + 8..at + 12).and_then(|len| len.try_into().ok()) else { break };
        at += 16 + if is_little { u32::from_le_bytes(len) } else { u32::from_be_bytes(len) } as usize;
    }
    [&bytes[..24.min(bytes.len())], bytes.get(at..).unwrap_or_default()].concat()
}

fn decode_frames(frames: &[Frame]) -> Vec<Call> {
    decode("x.pcap", &pcap(frames), 64 << 10).0
}

/// Last number in a body: the one that the message was made with.
fn number(body: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(body);
    let digits: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    digits.last()?.parse().ok()
}

#[track_caller]
fn assert_right_pairs(calls: &[Call]) -> usize {
    let mut pairs = 0;
    for call in calls {
        let (Some(request), Some(response)) = (&call.request, &call.response) else { continue };
        let is_whole = !call.anomalies.contains(&Anomaly::GAP) && !call.anomalies.contains(&Anomaly::CUT_OFF);
        if is_whole {
            assert_eq!(number(request.body()), number(response.body()), "{call:?}");
        }
        pairs += 1;
    }
    pairs
}

#[test]
fn answers_in_any_order_and_many_in_a_segment() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 40_100, 1_795_000_000_000_000);
    talk.request(&[ask(1, 4), ask(2, 3_000), dubbo(0xe2, 0, 9, b"N"), ask(3, 4)].concat());
    talk.response(&[reply(3, 2_000), dubbo(0x22, 20, 9, b"N"), reply(1, 2), reply(2, 2)].concat());
    talk.request(&dubbo(0x82, 0, 4, b"\x052.0.2\x05a.Svc\x050.0.0\x04fire\0HZ"));
    talk.request(&ask(5, 1));
    talk.close();
    let (calls, outcome) = decode("x.pcap", &pcap(&frames), 64 << 10);
    assert_eq!((calls.len(), assert_right_pairs(&calls)), (5, 3));
    assert_eq!((outcome.stats.heartbeats, outcome.stats.unmatched, outcome.stats.unframed_bytes), (2, 0, 0));
    assert!(calls.iter().all(|call| call.anomalies.is_empty()), "{calls:?}");
}

/// Each frame lost in turn: nothing is paired wrongly, and no more calls are hit than the frame carried.
#[test]
fn every_single_loss() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 40_101, 1_795_000_000_000_000);
    for id in 0..12 {
        talk.request(&ask(id, 100 * id as usize));
        talk.response(&reply(id, 700 - 50 * id as usize));
    }
    talk.close();
    for (lost, frame) in frames.iter().enumerate().filter(|(_, frame)| frame.has_data) {
        let rest: Vec<Frame> =
            frames.iter().enumerate().filter(|(at, _)| *at != lost).map(|(_, frame)| frame.clone()).collect();
        let calls = decode_frames(&rest);
        let pairs = assert_right_pairs(&calls);
        assert!(pairs >= 11, "{lost} {} bytes: {pairs} pairs", frame.bytes.len());
    }
}

#[test]
fn joined_and_one_sided() {
    let mut frames = Vec::new();
    let mut talk = Conversation::joined(&mut frames, 40_102, 1_795_000_000_000_000);
    (0..6).for_each(|id| {
        talk.request(&ask(id, 900));
        talk.response(&reply(id, 900));
    });
    for start in 0..frames.len() {
        assert_right_pairs(&decode_frames(&frames[start..]));
    }
    for from_client in [true, false] {
        let side: Vec<Frame> = frames
            .iter()
            .filter(|frame| (frame.bytes[26..30] == [10, 0, 0, 7]) == from_client)
            .cloned()
            .collect();
        let calls = decode_frames(&side);
        assert_eq!(calls.len(), 6);
        assert!(
            calls
                .iter()
                .all(|call| call.request.is_some() == from_client && call.response.is_none() == from_client)
        );
        assert!(calls.iter().all(|call| call.anomalies == [Anomaly::UNMATCHED]), "{calls:?}");
    }
}

/// Sequence numbers that are always 0: whatever frame is lost, no reply goes to another call.
#[test]
fn repeated_sequence_numbers_under_loss() {
    for framed in [false, true] {
        let wrap = |message: Vec<u8>| match framed {
            true => [&(message.len() as u32).to_be_bytes(), message.as_slice()].concat(),
            false => message,
        };
        let mut frames = Vec::new();
        let mut talk = Conversation::open(&mut frames, 40_103, 1_795_000_000_000_000);
        for number in 0..12 {
            talk.request(&wrap(thrift(1, 0, number, 80 * number as usize)));
            talk.response(&wrap(thrift(2, 0, number, 600 - 50 * number as usize)));
        }
        talk.close();
        assert_eq!(assert_right_pairs(&decode_frames(&frames)), 12);
        let data: Vec<usize> = (0..frames.len()).filter(|at| frames[*at].has_data).collect();
        for lost in data.iter().flat_map(|first| data.iter().map(move |second| [*first, *second])) {
            let rest: Vec<Frame> = frames
                .iter()
                .enumerate()
                .filter(|(at, _)| !lost.contains(at))
                .map(|(_, frame)| frame.clone())
                .collect();
            let calls = decode_frames(&rest);
            let pairs = assert_right_pairs(&calls);
            assert!(pairs >= 9, "{lost:?} {framed}: {pairs}");
        }
    }
}

/// However the bytes fall into segments, the calls are the same.
#[test]
fn any_segments_give_the_same_calls() {
    let protocols: [[Vec<u8>; 2]; 5] = [
        [[ask(1, 3), ask(2, 700)].concat(), [reply(2, 700), reply(1, 3)].concat()],
        [
            [thrift(1, 1, 7, 3), thrift(1, 2, 8, 300)].concat(),
            [thrift(2, 1, 7, 300), thrift(2, 2, 8, 3)].concat(),
        ],
        [
            [framed(&thrift(1, 1, 7, 3)), framed(&thrift(1, 2, 8, 300))].concat(),
            framed(&thrift(2, 1, 7, 300)),
        ],
        [
            [sofarpc_request(1), sofarpc_request(2)].concat(),
            [sofarpc_response(2), sofarpc_response(1)].concat(),
        ],
        [[brpc(1, None), brpc(2, None)].concat(), [brpc(2, Some(0)), brpc(1, Some(5))].concat()],
    ];
    for [request, response] in protocols {
        let mut expect = None;
        for size in [1_000, 500, 64, 13, 7, 3, 2, 1] {
            let mut frames = Vec::new();
            let mut talk = Conversation::open(&mut frames, 40_104, 1_795_000_000_000_000);
            request.chunks(size).for_each(|part| talk.request(part));
            response.chunks(size).for_each(|part| talk.response(part));
            talk.close();
            let calls = decode_frames(&frames).into_iter();
            let found: Vec<_> =
                calls.map(|it| (it.rpc, it.status, it.request, it.response, it.anomalies)).collect();
            assert_eq!(found.len(), 2, "{size}");
            assert_eq!(expect.get_or_insert_with(|| found.clone()), &found, "{size}");
        }
    }
}
