//! Logging in: what it gives, how failures look, how guessing is slowed down; the first run.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::json;
use store::{Role, User};
use tokio::task::JoinSet;

use super::{Reply, Site};
use crate::limits::FAILURES_PER_NAME_MAX;
use crate::view::user::Login;
use crate::{FIRST_ADMIN, first_run, put_user};

async fn login(site: &Site, name: &str, password: &str) -> Reply {
    let body = json!({ "name": name, "password": password });
    site.change(Method::POST, "/api/v1/session", "", &body).await
}

#[tokio::test]
async fn the_first_run_makes_an_administrator_once() {
    let site = Site::new().await;
    let password = first_run(site.catalogue.as_ref()).await.expect("a store").expect("a password");
    assert_eq!(password.len(), 20);
    assert!(first_run(site.catalogue.as_ref()).await.expect("a store").is_none());
    let reply = login(&site, FIRST_ADMIN, &password).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.json(), json!({ "name": "admin", "role": "admin", "must_change": true }));
    let line = reply.headers["set-cookie"].to_str().expect("text");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(line.contains(part), "{line}");
    }
    let cookie = reply.cookie().expect("a cookie");
    assert_eq!(site.get("/api/v1/session", &cookie).await.status, StatusCode::OK);
    let out = site.change(Method::DELETE, "/api/v1/session", &cookie, &json!({})).await;
    assert_eq!((out.status, out.cookie().as_deref()), (StatusCode::NO_CONTENT, Some("apiarist_session=")));
    assert_eq!(site.get("/api/v1/session", &cookie).await.status, StatusCode::UNAUTHORIZED);
    let clear = put_user(site.catalogue.as_ref(), "admin", Role::Admin, Some("from the command line")).await;
    assert_eq!(clear.expect("a store"), "from the command line");
    assert_eq!(login(&site, "admin", "from the command line").await.json()["must_change"], false);
}

#[tokio::test]
async fn failures_look_the_same_and_guessing_is_slowed_down() {
    let site = Arc::new(Site::new().await);
    site.user("lina", Role::Analyst, false).await;
    let wrong = login(&site, "lina", "wrong-password").await;
    let unknown = login(&site, "nobody", "wrong-password").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!((wrong.status, &wrong.bytes), (unknown.status, &unknown.bytes));
    // At the same time, as an attacker would.
    let mut guesses = JoinSet::new();
    for n in 0..FAILURES_PER_NAME_MAX * 2 {
        let site = Arc::clone(&site);
        guesses.spawn(async move { login(&site, "lina", &format!("guess {n}")).await.status });
    }
    let answers = guesses.join_all().await;
    let tried = answers.iter().filter(|&&status| status == StatusCode::UNAUTHORIZED).count();
    assert_eq!(tried as u32, FAILURES_PER_NAME_MAX - 1, "{answers:?}");
    let reply = login(&site, "lina", "lina-password").await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (429, "too_many_attempts"));
    let wait: u64 = reply.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=300).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions() {
    let site = Site::new().await;
    let here = site.user("lina", Role::Analyst, false).await;
    let elsewhere = site.session("lina", 3_600).await;
    for (current, new, status, code) in [
        ("lina-password", "short", 400, "unfit_password"),
        ("not-the-password", "long enough now", 401, "login_failed"),
        ("lina-password", "lina-password", 400, "unfit_password"),
        ("lina-password", "long enough now", 200, ""),
    ] {
        let body = json!({ "current": current, "new": new });
        let reply = site.change(Method::PUT, "/api/v1/session/password", &here, &body).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{new}");
    }
    assert_eq!(site.get("/api/v1/session", &here).await.status, StatusCode::OK);
    assert_eq!(site.get("/api/v1/session", &elsewhere).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(login(&site, "lina", "long enough now").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_login_under_way_undoes_no_decision() {
    let site = Site::new().await;
    site.user("lina", Role::Admin, false).await;
    let verified = async || {
        let login = Login { name: "lina".into(), password: "lina-password".into() };
        site.state.check_login(login, None).await.expect("the right password")
    };
    let before = verified().await;
    let demoted = User { role: Role::Viewer, ..before.clone() };
    site.catalogue.update_user(&demoted).await.expect("a store");
    let (user, _) = site.state.enter(&before).await.expect("still welcome");
    assert_eq!(user.role, Role::Viewer);
    let kept = site.catalogue.user("lina").await.expect("a store").expect("a user");
    assert!(kept.role == Role::Viewer && kept.last_login.is_known());
    for change in [
        User { disabled: true, ..kept.clone() },
        User { password_hash: "another".into(), must_change: true, ..kept.clone() },
    ] {
        site.catalogue.update_user(&kept).await.expect("a store");
        let before = verified().await;
        site.catalogue.update_user(&change).await.expect("a store");
        assert!(site.state.enter(&before).await.is_err());
        assert_eq!(site.catalogue.user("lina").await.expect("a store"), Some(change));
    }
}
