//! The suite of the catalogue: users, sessions, API tokens, audit.

use std::sync::Arc;

use model::Timestamp;

use super::Place;
use super::sample::START;
use crate::{ApiToken, AuditEntry, Role, Session, StoreError, User, UserChange};

/// Runs all cases; `place` gives an empty place for each.
pub async fn run(place: &dyn Fn() -> Box<dyn Place>) {
    users(&*place()).await;
    sessions_and_tokens(&*place()).await;
}

const NOW: Timestamp = Timestamp(START);

fn user(name: &str, role: Role) -> User {
    User {
        name: name.into(),
        role,
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
        must_change: true,
        disabled: false,
        created: NOW,
        last_login: Timestamp::UNKNOWN,
    }
}

async fn users(place: &dyn Place) {
    let (_, catalogue) = place.open().await;
    let (wang, mut admin) = (user("wang", Role::Viewer), user("admin", Role::Admin));
    catalogue.add_user(&wang).await.expect("added");
    assert!(catalogue.change_user(UserChange::Add(&admin), "setup", NOW).await.expect("added"));
    assert!(matches!(catalogue.add_user(&wang).await, Err(StoreError::Exists(name)) if name == "wang"));
    admin.must_change = false;
    admin.last_login = Timestamp(START + 5);
    assert!(catalogue.update_user(&admin).await.expect("updated"));
    assert!(!catalogue.update_user(&user("nobody", Role::Viewer)).await.expect("updated"));
    assert_eq!(catalogue.users().await.expect("read"), [admin.clone(), wang]);
    assert_eq!(catalogue.user("admin").await.expect("read"), Some(admin));
    let session = Session { token_hash: "h".into(), user: "wang".into(), expires: Timestamp(START + 10) };
    catalogue.add_session(&session).await.expect("added");
    assert!(
        catalogue.change_user(UserChange::Remove("wang"), "admin", Timestamp(START + 6)).await.expect("gone")
    );
    assert!(!catalogue.remove_user("wang").await.expect("gone already"));
    assert_eq!(catalogue.session("h", NOW).await.expect("read"), None, "sessions go with the user");
    assert_eq!(catalogue.user("wang").await.expect("read"), None);
    let own = AuditEntry {
        at: Timestamp(START + 7),
        who: "admin".into(),
        what: "export".into(),
        subject: "calls".into(),
        detail: String::new(),
    };
    catalogue.audit(&own).await.expect("written");
    let audit = catalogue.audit_entries(None, 0, 10).await.expect("read");
    let told: Vec<_> =
        audit.rows.iter().map(|e| (e.who.as_str(), e.what.as_str(), e.subject.as_str())).collect();
    assert_eq!(
        told,
        [
            ("admin", "export", "calls"),
            ("admin", "user-removed", "wang"),
            ("", "user-updated", "admin"),
            ("setup", "user-added", "admin"),
            ("", "user-added", "wang"),
        ]
    );
    assert_eq!(audit.total, 5);
}

async fn sessions_and_tokens(place: &dyn Place) {
    let (_, catalogue) = place.open().await;
    let session = |hash: &str, user: &str, end: i64| Session {
        token_hash: hash.into(),
        user: user.into(),
        expires: Timestamp(START + end),
    };
    for each in
        [session("a", "lin", 10), session("b", "lin", 20), session("c", "lin", 20), session("d", "wu", 20)]
    {
        catalogue.add_session(&each).await.expect("added");
    }
    let at = |offset: i64| Timestamp(START + offset);
    let live = |hash: &'static str, now| {
        let catalogue = Arc::clone(&catalogue);
        async move { catalogue.session(hash, now).await.expect("read").is_some() }
    };
    assert_eq!(catalogue.session("a", at(9)).await.expect("read"), Some(session("a", "lin", 10)));
    assert!(!live("a", at(10)).await && !live("a", at(9)).await, "ended and cleaned up");
    catalogue.end_sessions_of("lin", Some("b")).await.expect("ended");
    assert!(live("b", at(0)).await && !live("c", at(0)).await && live("d", at(0)).await);
    catalogue.end_session("b").await.expect("ended");
    catalogue.end_sessions_of("wu", None).await.expect("ended");
    assert!(!live("b", at(0)).await && !live("d", at(0)).await);

    let token = ApiToken {
        name: "gateway".into(),
        token_hash: "t".into(),
        created_by: "lin".into(),
        created: NOW,
        last_used: Timestamp::UNKNOWN,
    };
    catalogue.add_token(&token).await.expect("added");
    assert!(matches!(catalogue.add_token(&token).await, Err(StoreError::Exists(_))));
    assert_eq!(catalogue.use_token("x", NOW).await.expect("read"), None);
    assert_eq!(catalogue.use_token("t", NOW).await.expect("read").map(|token| token.last_used), Some(NOW));
    assert_eq!(catalogue.tokens().await.expect("read"), [ApiToken { last_used: NOW, ..token }]);
    assert!(catalogue.remove_token("gateway").await.expect("removed"));
    assert!(!catalogue.remove_token("gateway").await.expect("gone already"));
    assert_eq!(catalogue.use_token("t", NOW).await.expect("read"), None);
}
