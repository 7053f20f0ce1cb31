//! Pushing calls: good lines, bad lines, compressed bodies, a full queue.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use store::Role;
use tower::ServiceExt as _;

use super::{Failing, FakeControl, Site, request};
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
async fn what_cannot_be_stored_is_counted_also_when_nobody_waits_for_the_answer() {
    let failing = FakeControl { failing: Some(Failing::default()), ..FakeControl::default() };
    let site = Site::with(failing, assets::tests::nothing).await;
    let cookie = site.user("lina", Role::Analyst, false).await;
    let control = site.control.clone();
    let Failing { come, go_on } = control.failing.as_ref().expect("set above");
    let push = || request(Method::POST, "/api/v1/ingest", &cookie, Body::from(GOOD));
    let hung_up = tokio::spawn(site.router.clone().oneshot(push()));
    come.notified().await;
    hung_up.abort();
    assert!(hung_up.await.is_err_and(|error| error.is_cancelled()));
    go_on.notify_one();
    let counts = || control.sources.lock().expect("the lock")["push:lina"].clone();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(counts().dropped, [(("ingest", "not_stored"), 1)].into());
    go_on.notify_one();
    let reply = site.send(push()).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "not_stored"));
    assert_eq!(reply.headers["retry-after"], "5");
    assert_eq!((counts().received, counts().dropped), (2, [(("ingest", "not_stored"), 2)].into()));
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

#[tokio::test]
async fn a_batch_sent_again_is_answered_as_before() {
    let site = Site::new().await;
    let (lina, hao) =
        (site.user("lina", Role::Analyst, false).await, site.user("hao", Role::Analyst, false).await);
    let push = |cookie: String, name: &'static str, id: String| {
        let request = Request::post("/api/v1/ingest")
            .header("cookie", cookie)
            .header("x-requested-with", "apiarist")
            .header(name, id);
        site.send(request.body(Body::from(GOOD)).expect("a request"))
    };
    for (cookie, name, kept) in [
        (&lina, "x-batch-id", 1),
        (&lina, "x-batch-id", 1),
        (&lina, "idempotency-key", 1),
        (&hao, "x-batch-id", 2),
    ] {
        let reply = push(cookie.clone(), name, "7".into()).await;
        assert_eq!((reply.status, &reply.json()["accepted"]), (StatusCode::OK, &json!(1)));
        assert_eq!(site.control.pushed.lock().expect("the lock").len(), kept);
    }
    assert_eq!(push(lina.clone(), "x-batch-id", "x".repeat(257)).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn documents_of_other_formats_are_handed_on() {
    let site = Site::new().await;
    let cookie = site.user("lina", Role::Analyst, false).await;
    let body = Body::from("{\"log\":\n{\"entries\":[]}}");
    let reply = site.send(request(Method::POST, "/api/v1/ingest", &cookie, body)).await;
    let expect = json!({
        "accepted": 1,
        "rejected": [{ "line": 1, "error": "not_a_record", "detail": "entry of push:lina" }],
        "rejected_total": 1,
    });
    assert_eq!((reply.status, reply.json()), (StatusCode::OK, expect));
    let status = site.get("/api/v1/status", &cookie).await.json();
    let dropped = json!([{ "stage": "ingest", "reason": "malformed", "records": 1 }]);
    assert_eq!((&status["sources"][0]["received"], &status["sources"][0]["dropped"]), (&json!(2), &dropped));
    let metrics = site.get("/metrics", &cookie).await;
    let text = String::from_utf8(metrics.bytes.to_vec()).expect("text");
    assert!(
        text.contains("apiarist_dropped_total{source=\"push:lina\",stage=\"ingest\",reason=\"malformed\"} 1")
    );
}

#[tokio::test]
async fn a_media_type_decides_what_the_body_is() {
    let site = Site::new().await;
    let cookie = site.user("lina", Role::Analyst, false).await;
    let har = "{\"log\":\n{\"entries\":[]}}";
    for (media, body, accepted) in [
        ("application/x-ndjson", har, 0),
        ("application/har+json", har, 1),
        ("application/har+json", GOOD, 1),
        ("application/json", GOOD, 1),
    ] {
        let request = Request::post("/api/v1/ingest")
            .header("cookie", &cookie)
            .header("x-requested-with", "apiarist")
            .header("content-type", media);
        let reply = site.send(request.body(Body::from(body)).expect("a request")).await;
        let found = (reply.status == StatusCode::OK).then(|| reply.json()["accepted"].clone());
        assert_eq!(found, (accepted > 0).then(|| json!(accepted)), "{media}");
    }
    let named = site.control.pushed.lock().expect("the lock")[1].clone();
    assert_eq!(named.host, "", "what is named HAR is no call record");
}

#[tokio::test]
async fn a_body_of_which_nothing_can_be_read_is_refused_and_counted() {
    let site = Site::new().await;
    let cookie = site.user("lina", Role::Analyst, false).await;
    for (coding, body, expect) in [
        (
            "identity",
            "\nnonsense\n{}\n",
            "nothing in the body can be read; line or entry 2: not a JSON object",
        ),
        ("gzip", "nonsense", "nothing in the body can be read; line or entry 1: decompression stopped"),
    ] {
        let request = Request::post("/api/v1/ingest")
            .header("cookie", &cookie)
            .header("x-requested-with", "apiarist")
            .header("content-type", "application/x-ndjson")
            .header("content-encoding", coding);
        let reply = site.send(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "invalid_body"));
        let message = reply.json()["message"].as_str().map(str::to_owned).unwrap_or_default();
        assert!(message.starts_with(expect), "{message}");
    }
    let counts = site.control.sources.lock().expect("the lock")["push:lina"].clone();
    assert_eq!((counts.received, counts.dropped), (3, [(("ingest", "malformed"), 3)].into()));
}

#[tokio::test]
async fn a_mirrored_request_is_a_call_without_response_and_keeps_its_own_fields() {
    let site = Site::new().await;
    let admin = site.user("admin", Role::Admin, false).await;
    let made = site.change(Method::POST, "/api/v1/tokens", &admin, &json!({ "name": "nginx" })).await;
    let token = made.json()["secret"].as_str().expect("the secret").to_owned();
    let copy = |target: &str, token: &str| {
        let request = Request::put(format!("/api/v1/mirror{target}"))
            .header("x-apiarist-token", token)
            .header("authorization", "Bearer of-the-application")
            .header("host", "127.0.0.1:7480")
            .header("x-original-host", "Shop.example.com")
            .header("x-original-scheme", "https")
            .header("x-real-ip", "10.1.2.3");
        site.send(request.body(Body::from("{\"a\":1}")).expect("a request"))
    };
    assert_eq!(copy("/orders/1?x=%2F", &token).await.status, StatusCode::NO_CONTENT);
    assert_eq!(copy("/", &token).await.status, StatusCode::NO_CONTENT);
    assert_eq!(copy("/", "apt_nonsense").await.status, StatusCode::UNAUTHORIZED);
    while site.control.pushed.lock().expect("the lock").len() < 2 {
        tokio::task::yield_now().await;
    }
    let pushed = site.control.pushed.lock().expect("the lock").clone();
    let call = &pushed[0];
    assert_eq!((call.method.as_str(), call.host.as_str()), ("PUT", "shop.example.com"));
    assert_eq!((call.target.as_str(), call.source.as_ref()), ("/orders/1?x=%2F", "mirror:nginx"));
    assert_eq!((call.status, call.response.is_none()), (None, true));
    let request = call.request.as_ref().expect("a request");
    assert_eq!(request.headers.get("authorization"), Some("Bearer of-the-application"));
    assert_eq!((request.headers.get("x-apiarist-token"), request.body()), (None, &b"{\"a\":1}"[..]));
    assert_eq!(pushed[1].target, "/");
}
