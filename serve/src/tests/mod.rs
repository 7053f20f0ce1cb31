//! Tests of the whole: requests through the router against the real embedded stores, known and filled.

mod access;
mod console;
mod ingest;
mod lists;
mod otlp;
mod session;
mod users;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use model::{Call, CallId, EndpointId, Timestamp};
use serde_json::Value;
use store::{CallLog, Catalogue, Role, Session, Store, StoreError, User};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::auth::{password, secret};
use crate::state::now;
use crate::{
    Batch, Control, Decoded, Document, Health, IngestError, RuleBook, ServeState, SourceCounts, assets,
    router,
};

/// What the binary would do: keeps what was pushed.
#[derive(Default)]
pub(crate) struct FakeControl {
    pub(crate) pushed: Mutex<Vec<Call>>,
    pub(crate) busy: bool,
    /// The store fails, once it is told to go on.
    pub(crate) failing: Option<Failing>,
    pub(crate) batches: Mutex<BTreeMap<store::BatchId, u64>>,
    pub(crate) sources: Mutex<BTreeMap<String, SourceCounts>>,
}

/// Tells that a batch has come, and waits until it may fail.
#[derive(Default)]
pub(crate) struct Failing {
    pub(crate) come: Notify,
    pub(crate) go_on: Notify,
}

#[async_trait]
impl Control for FakeControl {
    async fn ingest(&self, Batch { id, calls, .. }: Batch) -> Result<u64, IngestError> {
        if self.busy {
            return Err(IngestError::Busy { retry_after_s: 7 });
        }
        if let Some(failing) = &self.failing {
            failing.come.notify_one();
            failing.go_on.notified().await;
            return Err(IngestError::Store(StoreError::Refused("writing".to_owned())));
        }
        let count = calls.len() as u64;
        if let Some(id) = id
            && let Some(known) = self.batches.lock().expect("no test panics with it").insert(id, count)
        {
            return Ok(known);
        }
        self.pushed.lock().expect("no test panics with it").extend(calls);
        Ok(count)
    }

    /// One call and one problem of any document; of OTLP a call and a span of a client for each byte `c`.
    fn decode(&self, bytes: &[u8], document: Document, source: &str) -> Decoded {
        let count = |byte: u8| bytes.iter().filter(|it| **it == byte).count();
        let is_otlp = matches!(document, Document::OtlpLogs | Document::OtlpSpans);
        let (calls, malformed) = if is_otlp { (count(b'c'), count(b'?')) } else { (1, 1) };
        let call = |at: usize| Call { id: call_id(at + bytes.len()), target: "/".into(), ..Call::default() };
        Decoded {
            kind: Some("har"),
            calls: (0..calls).map(call).collect(),
            problems: (0..malformed).map(|at| (at as u64 + 1, format!("entry of {source}"))).collect(),
            malformed: malformed as u64,
            left_out: BTreeMap::from([("client_span", if is_otlp { calls as u64 } else { 0 })]),
            untimed: bytes.contains(&b'u'),
        }
    }

    fn received(&self, source: &str, records: u64) {
        self.sources.lock().expect("no test panics with it").entry(source.into()).or_default().received +=
            records;
    }

    fn dropped(&self, source: &str, stage: &'static str, reason: &'static str, records: u64) {
        let mut sources = self.sources.lock().expect("no test panics with it");
        *sources.entry(source.into()).or_default().dropped.entry((stage, reason)).or_default() += records;
    }

    fn health(&self) -> Health {
        Health {
            uptime_s: 5,
            accepted: 3,
            sources: self.sources.lock().expect("no test panics with it").clone(),
            ..Health::default()
        }
    }

    async fn site_openapi(&self, host: &str) -> Result<Option<Value>, StoreError> {
        Ok((host == "shop.example.com").then(|| serde_json::json!({ "openapi": "3.1.0" })))
    }
}

/// A server over an empty store in a folder of its own.
pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) log: Arc<dyn CallLog>,
    pub(crate) control: Arc<FakeControl>,
    pub(crate) state: ServeState,
    _dir: tempfile::TempDir,
}

/// An answer, read to its end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The value of the cookie that the answer sets.
    pub(crate) fn cookie(&self) -> Option<String> {
        let line = self.headers.get("set-cookie")?.to_str().ok()?;
        Some(line.split(';').next()?.to_owned())
    }
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(FakeControl::default(), assets::tests::nothing).await
    }

    pub(crate) async fn with(control: FakeControl, assets: assets::Lookup) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(dir.path()).await.expect("a new store");
        let control = Arc::new(control);
        let rules = rules::Ruleset::builtin().expect("content that compiles");
        let mut state = ServeState::new(
            Arc::clone(&store.log),
            Arc::clone(&store.catalogue),
            RuleBook::from(&rules),
            Arc::clone(&control) as Arc<dyn Control>,
        );
        state.assets = assets;
        let router = router(state.clone());
        Self { router, catalogue: store.catalogue, log: store.log, control, state, _dir: dir }
    }

    /// Adds a user with a session and returns the session's cookie. The password is `{name}-password`.
    pub(crate) async fn user(&self, name: &str, role: Role, must_change: bool) -> String {
        let hash = password::hash(&format!("{name}-password")).expect("a hash");
        self.member(name, role, (hash, must_change)).await
    }

    /// Adds a user with a given hash and returns a session's cookie.
    pub(crate) async fn member(&self, name: &str, role: Role, (hash, must_change): (String, bool)) -> String {
        let user = User {
            name: name.into(),
            role,
            password_hash: hash,
            must_change,
            disabled: false,
            created: now(),
            last_login: Timestamp::UNKNOWN,
        };
        self.catalogue.add_user(&user).await.expect("a new user");
        self.session(name, 3_600).await
    }

    /// Opens a session that ends in some seconds and returns its cookie.
    pub(crate) async fn session(&self, name: &str, seconds: i64) -> String {
        let token = secret::session_token().expect("random bytes");
        let expires = Timestamp(now().0 + seconds * 1_000_000);
        let session = Session { token_hash: secret::token_hash(&token), user: name.into(), expires };
        self.catalogue.add_session(&session).await.expect("a new session");
        format!("apiarist_session={token}")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body in memory");
        Reply { status: parts.status, headers: parts.headers, bytes }
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Reply {
        self.send(request(Method::GET, path, cookie, Body::empty())).await
    }

    pub(crate) async fn change(&self, method: Method, path: &str, cookie: &str, body: &Value) -> Reply {
        self.send(request(method, path, cookie, Body::from(body.to_string()))).await
    }
}

/// A request as the console sends it.
pub(crate) fn request(method: Method, path: &str, cookie: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("cookie", cookie)
        .header("x-requested-with", "apiarist")
        .header("content-type", "application/json")
        .body(body)
        .expect("a request")
}

pub(crate) fn call_id(number: usize) -> CallId {
    CallId::new(format!("call-{number}"))
}

pub(crate) const ENDPOINT: EndpointId = EndpointId(0xa1);
