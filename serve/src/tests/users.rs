//! Users: added, changed, removed, and never the last administrator.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use store::Role;

use super::Site;

#[tokio::test]
async fn users_are_added_changed_and_removed() {
    let site = Site::new().await;
    let admin = site.user("admin", Role::Admin, false).await;
    let new = json!({ "name": "li.na", "role": "viewer" });
    let made = site.change(Method::POST, "/api/v1/users", &admin, &new).await;
    assert_eq!((made.status, &made.json()["user"]["must_change"]), (StatusCode::CREATED, &Value::Bool(true)));
    let password = made.json()["password"].clone();
    let again = site.change(Method::POST, "/api/v1/users", &admin, &new).await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "exists"));
    let login = json!({ "name": "li.na", "password": password });
    let cookie = site.change(Method::POST, "/api/v1/session", "", &login).await.cookie().expect("a cookie");
    let change = json!({ "role": "analyst", "disabled": true });
    let changed = site.change(Method::PATCH, "/api/v1/users/li.na", &admin, &change).await;
    assert_eq!(
        (&changed.json()["user"]["role"], &changed.json()["password"]),
        (&json!("analyst"), &Value::Null)
    );
    assert_eq!(site.get("/api/v1/session", &cookie).await.status, StatusCode::UNAUTHORIZED);
    let refused = site.change(Method::POST, "/api/v1/session", "", &login).await;
    assert_eq!(refused.code(), "login_failed");
    let reset = json!({ "disabled": false, "reset_password": true });
    let reset = site.change(Method::PATCH, "/api/v1/users/li.na", &admin, &reset).await;
    assert!(reset.json()["password"].is_string() && reset.json()["password"] != password);
    let listed = site.get("/api/v1/users", &admin).await;
    assert_eq!(listed.json()["rows"].as_array().map(Vec::len), Some(2));
    assert!(!String::from_utf8_lossy(&listed.bytes).contains("argon2"));
    let unknown = site.change(Method::PATCH, "/api/v1/users/li.na", &admin, &json!({ "rolle": 1 })).await;
    assert_eq!(unknown.code(), "invalid_body");
    let gone = site.change(Method::DELETE, "/api/v1/users/li.na", &admin, &json!({})).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        site.change(Method::DELETE, "/api/v1/users/li.na", &admin, &json!({})).await.code(),
        "not_found"
    );
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let site = Site::new().await;
    let admin = site.user("admin", Role::Admin, false).await;
    site.user("viewer", Role::Viewer, false).await;
    let ways = [
        (Method::DELETE, json!({})),
        (Method::PATCH, json!({ "role": "viewer" })),
        (Method::PATCH, json!({ "disabled": true })),
    ];
    for (method, body) in ways {
        let reply = site.change(method.clone(), "/api/v1/users/admin", &admin, &body).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (409, "last_admin"), "{method} {body}");
    }
    site.user("second", Role::Admin, false).await;
    let reply = site.change(Method::PATCH, "/api/v1/users/admin", &admin, &json!({ "role": "viewer" })).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(site.get("/api/v1/users", &admin).await.status, StatusCode::FORBIDDEN);
}
