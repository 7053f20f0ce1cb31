//! Pushing calls: good lines, bad lines, compressed bodies, a full queue.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use store::Role;

use super::{FakeControl, Site, request};
use crate::assets;
use crate::limits::INGEST_BYTES_MAX;

const GOOD: &str = r#"{"method":"GET","host":"shop.example.com","target":"/a","status":200}"#;

#[tokio::test]
async fn good_lines_are_taken_and_bad_ones_reported() {
    let site = Site::new().await;
    let cookie = site.user("lina", Role::Analyst, false).await;
    let body = Body::from(format!("{GOOD}\nnonsense\n\n{GOOD}\n"));
    let reply = site.send(request(Method::POST, "/api/v1/ingest", &cookie, body)).await;
    let expect = json!({
        "accepted": 2,
        "rejected": [{ "line": 2, "error": "not_a_record", "detail": "not a JSON object" }],
        "rejected_total": 1,
    });
    assert_eq!((reply.status, reply.json()), (StatusCode::OK, expect));
    let pushed = site.control.pushed.lock().expect("the lock").clone();
    assert_eq!(pushed.len(), 2);
    assert!(pushed.iter().all(|call| call.ts.is_known() && !call.id.as_str().is_empty()));
    assert_eq!(pushed[0].source.as_ref(), "push:lina");
}

#[tokio::test]
async fn compressed_bodies_and_unknown_codings() {
    let site = Site::new().await;
    let cookie = site.user("lina", Role::Analyst, false).await;
    let zstd = zstd::encode_all(GOOD.as_bytes(), 1).expect("memory");
    for (coding, body, status) in [("zstd", zstd, 200), ("br", GOOD.into(), 415)] {
        let request = Request::post("/api/v1/ingest")
            .header("cookie", &cookie)
            .header("x-requested-with", "apiarist")
            .header("content-encoding", coding);
        let reply = site.send(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!(reply.status.as_u16(), status, "{coding}");
    }
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back_and_takes_nothing() {
    let busy = FakeControl { busy: true, ..FakeControl::default() };
    let site = Site::with(busy, assets::tests::nothing).await;
    let cookie = site.user("lina", Role::Analyst, false).await;
    let reply = site.send(request(Method::POST, "/api/v1/ingest", &cookie, Body::from(GOOD))).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (429, "busy"));
    assert_eq!(reply.headers["retry-after"], "7");
    let empty = site.send(request(Method::POST, "/api/v1/ingest", &cookie, Body::from("\n"))).await;
    assert_eq!((empty.status, &empty.json()["accepted"]), (StatusCode::OK, &json!(0)));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let site = Site::new().await;
    let cookie = site.user("lina", Role::Analyst, false).await;
    let body = Body::from(vec![b'\n'; INGEST_BYTES_MAX + 1]);
    let reply = site.send(request(Method::POST, "/api/v1/ingest", &cookie, body)).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (413, "body_too_large"));
    let fits = Body::from(vec![b'\n'; 1 << 20]);
    let reply = site.send(request(Method::POST, "/api/v1/ingest", &cookie, fits)).await;
    assert_eq!(reply.status, StatusCode::OK);
}
