//! OTLP/HTTP: both encodings, what is left out and what is rejected, requests sent again, errors as exporters read them.
//! The control that stands behind here reads a call and a span of a client out of each `c`, a bad record out of each `?`.

use std::io::Write as _;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use store::Role;

use super::{FakeControl, Reply, Site};
use crate::assets;
use crate::limits::OTLP_DECODED_BYTES_MAX;

const LOGS: &str = "/api/v1/otlp/v1/logs";
const TRACES: &str = "/api/v1/otlp/v1/traces";
const JSON: (&str, &str) = ("content-type", "application/json");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

/// A site with a machine that pushes.
struct Scene {
    site: Site,
    token: String,
}

impl Scene {
    async fn with(control: FakeControl) -> Self {
        let site = Site::with(control, assets::tests::nothing).await;
        let admin = site.user("admin", Role::Admin, false).await;
        let made = site.change(Method::POST, "/api/v1/tokens", &admin, &json!({ "name": "shop" })).await;
        let token = made.json()["secret"].as_str().expect("the secret").to_owned();
        Self { site, token }
    }

    async fn new() -> Self {
        Self::with(FakeControl::default()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)], body: impl Into<Body>) -> Reply {
        let mut request = Request::post(path).header("authorization", format!("Bearer {}", self.token));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        self.site.send(request.body(body.into()).expect("a request")).await
    }

    fn kept(&self) -> usize {
        self.site.control.pushed.lock().expect("the lock").len()
    }

    fn source(&self) -> Value {
        let sources = self.site.control.sources.lock().expect("the lock");
        let counts = &sources["otlp:shop"];
        let dropped: Vec<_> = counts.dropped.iter().map(|((_, reason), n)| json!([reason, n])).collect();
        json!({ "received": counts.received, "dropped": dropped })
    }
}

#[track_caller]
fn check(reply: &Reply, status: u16, media: &str, body: &[u8]) {
    let shown = String::from_utf8_lossy(&reply.bytes);
    assert_eq!((reply.status.as_u16(), &*shown), (status, &*String::from_utf8_lossy(body)));
    assert_eq!(reply.headers["content-type"], media);
}

#[tokio::test]
async fn calls_are_taken_and_the_rest_is_counted() {
    let scene = Scene::new().await;
    check(&scene.post(LOGS, &[JSON], "cc").await, 200, JSON.1, b"{}");
    check(&scene.post(TRACES, &[PROTOBUF], "c").await, 200, PROTOBUF.1, b"");
    check(&scene.post(LOGS, &[PROTOBUF], "").await, 200, PROTOBUF.1, b"");
    let partial = br#"{"partialSuccess":{"errorMessage":"entry of otlp:shop","rejectedSpans":"2"}}"#;
    check(&scene.post(TRACES, &[JSON], "c??").await, 200, JSON.1, partial);
    check(
        &scene.post(LOGS, &[PROTOBUF], "c?x").await,
        200,
        PROTOBUF.1,
        b"\x0a\x16\x08\x01\x12\x12entry of otlp:shop",
    );
    assert_eq!(scene.kept(), 5);
    let pushed = scene.site.control.pushed.lock().expect("the lock").clone();
    assert!(pushed.iter().all(|call| &*call.source == "otlp:shop" && call.ts.is_known()));
    assert_eq!(scene.source(), json!({ "received": 13, "dropped": [["client_span", 5], ["malformed", 3]] }));
}

#[tokio::test]
async fn a_request_sent_again_is_kept_once() {
    let scene = Scene::new().await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"cc").expect("memory");
    let gzip = gzip.finish().expect("memory");
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(b"cc").expect("memory");
    let zlib = zlib.finish().expect("memory");
    for (coding, body) in [("identity", b"cc".to_vec()), ("gzip", gzip), ("deflate", zlib)] {
        let reply = scene.post(LOGS, &[JSON, ("content-encoding", coding)], body).await;
        check(&reply, 200, JSON.1, b"{}");
        assert_eq!(scene.kept(), 2, "{coding}");
    }
    scene.post(TRACES, &[JSON], "cc").await;
    assert_eq!(scene.kept(), 4, "a request of another kind is another one");
    for kept in [6, 8] {
        scene.post(LOGS, &[JSON], "ccu").await;
        assert_eq!(scene.kept(), kept, "without times nothing tells that they are the same");
    }
}

#[tokio::test]
async fn errors_have_the_shape_that_exporters_read() {
    let mut scene = Scene::new().await;
    check(
        &scene.post(LOGS, &[JSON], "??").await,
        400,
        JSON.1,
        br#"{"code":3,"message":"entry of otlp:shop"}"#,
    );
    check(&scene.post(LOGS, &[PROTOBUF], "?").await, 400, PROTOBUF.1, b"\x08\x03\x12\x12entry of otlp:shop");
    let message = "content type is neither application/x-protobuf nor application/json";
    let refused = json!({ "code": 3, "message": message }).to_string();
    check(&scene.post(LOGS, &[("content-type", "text/plain")], "c").await, 415, JSON.1, refused.as_bytes());
    let reply = scene.post(LOGS, &[PROTOBUF, ("content-encoding", "br")], "c").await;
    assert_eq!(
        (reply.status.as_u16(), reply.headers["content-type"].as_bytes()),
        (415, PROTOBUF.1.as_bytes())
    );
    let reply = scene.post(LOGS, &[JSON, ("content-encoding", "gzip")], "no gzip").await;
    assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (400, &json!(3)));
    let bomb = zstd::encode_all(&vec![b'x'; OTLP_DECODED_BYTES_MAX + 1][..], 1).expect("memory");
    let reply = scene.post(LOGS, &[JSON, ("content-encoding", "zstd")], bomb).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (413, &json!(3)));
    assert_eq!(scene.post("/api/v1/otlp/v1/metrics", &[JSON], "c").await.json()["code"], 12);
    scene.token = "apt_nonsense".to_owned();
    check(
        &scene.post(LOGS, &[PROTOBUF], "c").await,
        401,
        PROTOBUF.1,
        b"\x08\x10\x123no valid session or API token came with the request",
    );
    assert_eq!(scene.kept(), 0);
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let scene = Scene::with(FakeControl { busy: true, ..FakeControl::default() }).await;
    let reply = scene.post(LOGS, &[JSON], "c").await;
    assert_eq!((reply.status, &reply.json()["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(14)));
    assert_eq!(reply.headers["retry-after"], "7");
}
