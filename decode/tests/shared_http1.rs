//! Captures of WebSocket, server-sent events, proxies and odd TCP with recorded truth.

mod support;

use model::Call;
use support::{decode_file, json, shared};

fn data_messages(call: &Call, from_client: bool) -> Vec<(String, u64)> {
    let own = call.messages.iter().filter(|message| message.from_client == from_client);
    own.map(|message| (message.kind.to_string(), message.body.len() as u64)).collect()
}

#[test]
fn every_websocket_message_of_the_recorded_chat() {
    let Some(dir) = shared("data/captures/loopback") else { return };
    let truth = json(&dir.join("ws-nodeflate.truth.json"));
    let (calls, _) = decode_file(&dir.join("ws-nodeflate.pcap"));
    assert_eq!(calls.len(), 1, "{calls:?}");
    let call = &calls[0];
    assert_eq!((call.method.as_str(), call.target.as_str()), ("GET", "/live/chat?room=7"));
    assert_eq!((call.protocol.as_ref(), call.status), ("websocket", Some(101)));
    for (from_client, name) in [(true, "client_messages"), (false, "server_messages")] {
        let expect: Vec<(String, u64)> = serde_json::from_value(truth[name].clone()).expect("messages");
        assert_eq!(data_messages(call, from_client), expect, "{name}");
    }
    assert!(call.anomalies.is_empty(), "{:?}", call.anomalies);
}

/// Method, host, target, status, client and server.
type Line = [String; 6];

fn line(call: &Call) -> Line {
    let peer = |peer: Option<model::Peer>| peer.map(|peer| peer.to_string()).unwrap_or_default();
    let status = call.status.map(|status| status.to_string()).unwrap_or_default();
    let (method, host, target) = (call.method.clone(), call.host.clone(), call.target.clone());
    [method, host, target, status, peer(call.client), peer(call.server)]
}

fn expected(transaction: &serde_json::Value) -> Line {
    let text = |name: &str| transaction[name].as_str().unwrap_or_default().to_owned();
    let status = transaction["status"].as_u64().map(|status| status.to_string()).unwrap_or_default();
    [text("method"), text("host").to_lowercase(), text("uri"), status, text("client"), text("server")]
}

/// Every HTTP/1 transaction of a capture, with both ends.
#[track_caller]
fn check(name: &str) {
    let Some(path) = shared(&format!("data/captures/{name}.pcap")) else { return };
    let truth = json(&path.with_extension("pcap.expected.json"));
    let transactions = truth["transactions"].as_array().expect("transactions");
    let mut expect: Vec<Line> = transactions.iter().map(expected).collect();
    let (calls, outcome) = decode_file(&path);
    let mut found: Vec<Line> = calls.iter().filter(|call| !call.method.is_empty()).map(line).collect();
    // The truth has no host where the tool that made it saw no field.
    if expect.iter().any(|line| line[1].is_empty()) {
        found.iter_mut().chain(&mut expect).for_each(|line| line[1].clear());
    }
    found.sort();
    expect.sort();
    assert_eq!(found, expect, "{name} {:?}", outcome.stats);
}

#[test]
fn http_through_socks() {
    check("arkime/pcap/socks-http-example");
    check("arkime/pcap/socks-http-pass");
    check("arkime/pcap/socks5-http-302");
    check("arkime/pcap/socks5-http-302-frag");
}

#[test]
fn odd_tcp() {
    check("deepflow/flow_generator/out-of-order");
    check("deepflow/flow_generator/tcp-segment");
    check("deepflow/flow_generator/xiangdao-retrans");
    check("deepflow/flow_generator/l4-source-port-reuse");
    check("deepflow/flow_generator/art-continues-payload-len-larger-than-1");
    check("deepflow/flow_generator/http");
    check("arkime/pcap/tcp-reassembly-synthetic");
    check("arkime/pcap/wireshark-retrans");
    check("arkime/pcap/http-tcp-seq-issue");
}

#[test]
fn http1_of_proxies_and_meshes() {
    check("deepflow/flow_generator/http/httpv1");
    check("deepflow/flow_generator/http/client-ip");
    check("deepflow/flow_generator/http/sw8");
    // The truth of this one names the host without the port that its field has.
    let Some(path) = shared("data/captures/deepflow/flow_generator/http/istio-tcp-frag.pcap") else { return };
    let (calls, _) = decode_file(&path);
    let lines: Vec<_> =
        calls.iter().map(|call| (call.host.as_str(), call.target.as_str(), call.status)).collect();
    assert_eq!(lines, [("productpage:9080", "/productpage", Some(200))]);
}

#[test]
fn every_websocket_frame_of_a_public_capture() {
    let Some(path) = shared("data/captures/arkime/pcap/websocket.pcap") else { return };
    check("arkime/pcap/websocket");
    let (calls, _) = decode_file(&path);
    let kinds: Vec<&str> = calls[0].messages.iter().map(|message| message.kind.as_ref()).collect();
    assert_eq!((kinds.as_slice(), calls[0].anomalies.len()), (&["text"; 5][..], 0));
}

#[test]
fn the_events_of_recorded_streams() {
    let Some(path) = shared("data/captures/loopback/http1.pcap") else { return };
    let (calls, _) = decode_file(&path);
    let is_stream = |call: &&Call| {
        call.response.as_ref().is_some_and(|response| response.media_type() == "text/event-stream")
    };
    let streams: Vec<&Call> = calls.iter().filter(is_stream).collect();
    assert!(!streams.is_empty());
    for call in streams {
        let body = call.response.as_ref().map(|response| response.body().to_vec()).unwrap_or_default();
        let blank = String::from_utf8_lossy(&body).replace("\r\n", "\n").matches("\n\n").count();
        assert_eq!(call.messages.len(), blank, "{}", call.target);
        assert!(call.messages.iter().all(|message| message.kind == "event" && !message.from_client));
    }
}
