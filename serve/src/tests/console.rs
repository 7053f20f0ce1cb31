//! The console's files, the single page, the sentence in its place; and the whole over a real connection.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{FakeControl, Site, request};
use crate::assets;

#[tokio::test]
async fn files_pages_and_what_is_neither() {
    let site = Site::with(FakeControl::default(), assets::tests::two_files).await;
    for (path, status, kind, cache) in [
        ("/", 200, "text/html; charset=utf-8", "no-cache"),
        ("/apis/00ff?tab=data", 200, "text/html; charset=utf-8", "no-cache"),
        (
            "/assets/app-1a2b3c.js",
            200,
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        ("/assets/app-old.js", 404, "application/json", ""),
        ("/api/v2/x", 404, "application/json", "no-store"),
    ] {
        let reply = site.get(path, "").await;
        assert_eq!(reply.status.as_u16(), status, "{path}");
        assert_eq!(reply.headers["content-type"], kind, "{path}");
        let cached =
            reply.headers.get("cache-control").map_or("", |value| value.to_str().unwrap_or_default());
        assert_eq!(cached, cache, "{path}");
        assert!(reply.headers.contains_key("content-security-policy"));
    }
    let post = site.send(request(Method::POST, "/apis", "", Body::empty())).await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn without_a_console_the_start_page_says_how_to_get_one() {
    let site = Site::new().await;
    let reply = site.get("/", "").await;
    let text = String::from_utf8_lossy(&reply.bytes).into_owned();
    assert_eq!(reply.status, StatusCode::OK);
    assert!(text.contains("npm run build") && text.contains("控制台"), "{text}");
    assert_eq!(site.get("/apis", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn it_serves_over_a_connection_and_stops_when_told() {
    let site = Site::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut state = crate::ServeState::new(
        site.log.clone(),
        site.catalogue.clone(),
        crate::RuleBook::default(),
        site.control.clone(),
    );
    state.assets = assets::tests::nothing;
    let server = tokio::spawn(crate::serve(listener, state, async { drop(stopped.await) }));
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let request = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""status":"ok""#), "{answer}");
    stop.send(()).expect("the server waits for it");
    server.await.expect("no panic").expect("no error");
}
