//! Every route of the document, asked by everybody: who gets in, who does not, and from where.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use store::Role;

use super::{Site, request};
use crate::access::{ACCESS, Need};
use crate::auth::secret;
use crate::state::now;

/// A path with its parameters filled in; what they name does not exist.
fn filled(path: &str) -> String {
    path.replace("{host}", "nowhere.example.com").replace("{id}", "00ff").replace("{name}", "nobody")
}

/// A refusal, as opposed to any answer of a handler.
fn refused(status: StatusCode) -> bool {
    status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN
}

#[tokio::test]
async fn every_route_lets_in_whom_the_table_names_and_nobody_else() {
    let site = Site::new().await;
    let roles = [Role::Viewer, Role::Analyst, Role::Admin];
    for (method, path, need) in ACCESS {
        for role in roles {
            // A user each: some routes end sessions.
            let name = format!("{}-{}", role.as_str(), secret::password().expect("random bytes"));
            let cookie = site.member(&name, role, (String::new(), false)).await;
            let reply = site.change(method.clone(), &filled(path), &cookie, &json!({})).await;
            let expect = match need {
                Need::Nothing | Need::Session => true,
                Need::AtLeast(least) => role >= *least,
                Need::Push => role >= Role::Analyst,
                Need::Watch => true,
                Need::Mirror => false,
            };
            assert_eq!(!refused(reply.status), expect, "{method} {path} as {role:?}: {}", reply.status);
        }
        let reply = site.change(method.clone(), &filled(path), "", &json!({})).await;
        let open = *need == Need::Nothing;
        assert_eq!(reply.status != StatusCode::UNAUTHORIZED, open, "{method} {path} without a session");
    }
}

#[tokio::test]
async fn a_machine_token_pushes_and_does_nothing_else() {
    let site = Site::new().await;
    let admin = site.user("admin", Role::Admin, false).await;
    let made = site.change(Method::POST, "/api/v1/tokens", &admin, &json!({ "name": "gateway" })).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let secret = made.json()["secret"].as_str().expect("the secret").to_owned();
    for (method, path, need) in ACCESS.iter().filter(|(_, _, need)| *need != Need::Nothing) {
        let request = Request::builder()
            .method(method.clone())
            .uri(filled(path))
            .header("authorization", format!("Bearer {secret}"))
            .header("content-type", "application/json")
            .body(Body::empty())
            .expect("a request");
        let reply = site.send(request).await;
        let expect =
            if matches!(need, Need::Push | Need::Watch) { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(reply.status, expect, "{method} {path}");
    }
    let listed = site.get("/api/v1/tokens", &admin).await.json();
    assert!(listed["rows"][0]["last_used"].is_string(), "{listed}");
    assert!(!listed.to_string().contains(&secret[4..]), "the secret is shown once");
    site.change(Method::DELETE, "/api/v1/tokens/gateway", &admin, &json!({})).await;
    let request = Request::post("/api/v1/ingest").header("authorization", format!("Bearer {secret}"));
    let reply = site.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn changes_by_cookie_need_proof_that_they_come_from_the_console() {
    let site = Site::new().await;
    let cookie = site.user("admin", Role::Admin, false).await;
    for (fields, expect) in [
        (vec![], StatusCode::FORBIDDEN),
        (vec![("origin", "https://evil.example.com"), ("host", "apiarist")], StatusCode::FORBIDDEN),
        (vec![("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        (vec![("origin", "https://apiarist"), ("host", "apiarist")], StatusCode::CREATED),
        (vec![("sec-fetch-site", "same-origin")], StatusCode::CREATED),
        (vec![("x-requested-with", "apiarist")], StatusCode::CREATED),
    ] {
        let name = secret::password().expect("random bytes");
        let mut request = Request::post("/api/v1/tokens")
            .header("cookie", &cookie)
            .header("content-type", "application/json");
        for (field, value) in &fields {
            request = request.header(*field, *value);
        }
        let body = Body::from(json!({ "name": name }).to_string());
        let reply = site.send(request.body(body).expect("a request")).await;
        assert_eq!(reply.status, expect, "{fields:?}");
        assert_eq!(reply.code() == "cross_site", expect == StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_generated_password_opens_nothing_but_its_change() {
    let site = Site::new().await;
    let cookie = site.user("admin", Role::Admin, true).await;
    let me = site.get("/api/v1/session", &cookie).await;
    assert_eq!(me.json()["must_change"], true);
    let reply = site.get("/api/v1/overview", &cookie).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::FORBIDDEN, "password_change_required"));
    let change = json!({ "current": "admin-password", "new": "a better passphrase" });
    let reply = site.change(Method::PUT, "/api/v1/session/password", &cookie, &change).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(site.get("/api/v1/overview", &cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn errors_have_one_shape_and_all_answers_the_security_headers() {
    let site = Site::new().await;
    let cookie = site.user("viewer", Role::Viewer, false).await;
    for (method, path, status, code) in [
        (Method::GET, "/api/v1/nothing", 404, "not_found"),
        (Method::GET, "/api", 404, "not_found"),
        (Method::GET, "/api/v1/calls/none", 404, "not_found"),
        (Method::GET, "/api/v1/endpoints/xyz", 400, "invalid_parameter"),
        (Method::GET, "/api/v1/endpoints?sort=beauty", 400, "invalid_parameter"),
        (Method::GET, "/api/v1/endpoints?hots=x", 400, "invalid_parameter"),
        (Method::GET, "/api/v1/endpoints?page=0", 400, "invalid_parameter"),
        (Method::GET, "/api/v1/calls?size=501", 400, "invalid_parameter"),
        (Method::GET, "/api/v1/calls?status=9xy", 400, "invalid_parameter"),
        (Method::GET, "/api/v1/calls?from=yesterday", 400, "invalid_parameter"),
        (Method::PUT, "/api/v1/calls", 405, "method_not_allowed"),
        (Method::POST, "/api/v1/session", 400, "invalid_body"),
        (Method::GET, "/api/v1/calls/%FF", 400, "invalid_body"),
    ] {
        let reply = site.send(request(method.clone(), path, &cookie, Body::from("{"))).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{method} {path}");
        assert!(reply.json()["params"].is_object() && reply.json()["message"].is_string());
        assert_eq!(reply.headers["cache-control"], "no-store");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        let policy = reply.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"), "{policy}");
    }
    let large = Body::from(format!("{{\"name\":\"{}\"}}", "x".repeat(100_000)));
    let reply = site.send(request(Method::POST, "/api/v1/session", "", large)).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (413, "body_too_large"));
    let plain = Request::post("/api/v1/session").body(Body::from("{}")).expect("a request");
    assert_eq!(site.send(plain).await.code(), "unsupported_media_type");
}

#[tokio::test]
async fn sessions_end_and_are_prolonged_while_used() {
    let site = Site::new().await;
    site.user("viewer", Role::Viewer, false).await;
    let over = site.session("viewer", -1).await;
    assert_eq!(site.get("/api/v1/session", &over).await.status, StatusCode::UNAUTHORIZED);
    let short = site.session("viewer", 60).await;
    let reply = site.get("/api/v1/session", &short).await;
    assert_eq!((reply.status, reply.cookie().as_deref()), (StatusCode::OK, Some(short.as_str())));
    let hash = secret::token_hash(short.split_once('=').expect("a pair").1);
    let session = site.catalogue.session(&hash, now()).await.expect("the store").expect("the session");
    assert!(session.expires.0 - now().0 > 11 * 3_600 * 1_000_000);
    // The end moved on just now: nothing to renew.
    assert_eq!(site.get("/api/v1/session", &short).await.cookie(), None);
}
