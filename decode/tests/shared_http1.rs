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
