//! Operations out of a body (GraphQL, SOAP, JSON-RPC, XML-RPC): the first byte chooses the media type.

#![no_main]

use model::{Call, Message};

const TYPES: [&str; 5] = [
    "application/json",
    "application/graphql",
    "text/xml",
    "multipart/related; boundary=b",
    "application/x-www-form-urlencoded",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let media_type = TYPES[usize::from(*first) % TYPES.len()];
    let request = Message {
        headers: [("content-type", media_type)].into_iter().collect(),
        body: Some(body.to_vec()),
        body_size: None,
    };
    let target = format!("/graphql?query={}", String::from_utf8_lossy(body));
    let call = Call { method: "POST".into(), target, request: Some(request), ..Call::default() };
    let operations = observe::operations(&call);
    assert!(operations.iter().all(|operation| operation.name.len() <= model::limits::OPERATION_BYTES_MAX));
});
