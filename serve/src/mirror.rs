//! Copies of requests, as nginx's `mirror` and other proxies send them: any method under one prefix, the rest of
//! the target is the request's own. The answer never waits for the journal; what cannot be taken is counted.
//! There is no response to see, so calls from here have none.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use model::limits::BODY_BYTES_MAX;
use model::{Anomaly, Call, CallId, Headers, Message, Peer, Scheme};
use tokio::time::timeout;

use crate::api::ingest::keep_counted;
use crate::auth::session::Sender;
use crate::limits::MIRRORED_ARRIVAL_S;
use crate::state::{Batch, IngestError, ServeState, now};

/// The prefix, which is the route of the target `/`.
pub(crate) const PREFIX: &str = "/api/v1/mirror/";
/// The route of every other target.
pub(crate) const REST: &str = "/api/v1/mirror/{*target}";
/// The stage that drops are counted for.
const STAGE: &str = "mirror";

const TOKEN: &str = "x-apiarist-token";
const HOST: &str = "x-original-host";
const METHOD: &str = "x-original-method";
const SCHEME: &str = "x-original-scheme";
const CLIENT: &str = "x-real-ip";
/// Fields that say something about the copy, not the request.
const OURS: [&str; 7] = [TOKEN, HOST, METHOD, SCHEME, CLIENT, "host", "connection"];

fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
}

/// The machine token that came with a copy.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    field(headers, TOKEN)
}

/// Takes the copy of a request. 204 whatever becomes of it: a proxy has nothing to do about it.
pub(crate) async fn mirror(
    State(state): State<ServeState>,
    Extension(sender): Extension<Sender>,
    request: Request,
) -> StatusCode {
    let source = format!("mirror:{}", sender.name());
    state.control.received(&source, 1);
    let Ok(place) = state.gate.mirrored.clone().try_acquire_owned() else {
        state.control.dropped(&source, STAGE, "busy", 1);
        return StatusCode::NO_CONTENT;
    };
    let (parts, body) = request.into_parts();
    let (body, size, whole) = read(body).await;
    let call = call(&parts, (body, size, whole), &source);
    tokio::spawn(async move {
        let batch = Batch { source, id: None, calls: vec![call] };
        if let Err(IngestError::Store(error)) = keep_counted(state.control.as_ref(), batch, STAGE).await {
            tracing::warn!(error = %error, "mirrored request not kept");
        }
        drop(place);
    });
    StatusCode::NO_CONTENT
}

/// The body up to what is kept of one, its size as far as it came, and whether it came to its end.
async fn read(mut body: Body) -> (Vec<u8>, u64, bool) {
    let (mut kept, mut size) = (Vec::new(), 0);
    let arrival = async {
        loop {
            let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            match frame {
                None => return true,
                Some(Err(_)) => return false,
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    size += data.len() as u64;
                    kept.extend_from_slice(&data[..data.len().min(BODY_BYTES_MAX - kept.len())]);
                }
            }
        }
    };
    let whole = timeout(Duration::from_secs(MIRRORED_ARRIVAL_S), arrival).await.unwrap_or(false);
    (kept, size, whole)
}

/// The request that was copied. What the proxy did not say is unknown, never guessed from the copy's connection.
fn call(parts: &Parts, (body, size, whole): (Vec<u8>, u64, bool), source: &str) -> Call {
    let ts = now();
    let copied = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let target = format!("/{}", copied.strip_prefix(PREFIX).unwrap_or_default());
    let method = field(&parts.headers, METHOD).unwrap_or(parts.method.as_str()).to_owned();
    let host = field(&parts.headers, HOST).unwrap_or_default().to_ascii_lowercase();
    let own = parts.headers.iter().filter(|(name, _)| !OURS.contains(&name.as_str()));
    let own = own.map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes())));
    let named = (!host.is_empty()).then(|| ("host".to_owned(), host.clone().into()));
    let headers: Headers = named.into_iter().chain(own).collect();
    let cut = !whole || size > body.len() as u64;
    Call {
        id: id(ts.0, &target),
        ts,
        source: source.into(),
        client: field(&parts.headers, CLIENT)
            .and_then(|ip| ip.parse().ok())
            .map(|ip| Peer { ip, port: None }),
        scheme: match field(&parts.headers, SCHEME) {
            Some("https") => Some(Scheme::Https),
            Some("http") => Some(Scheme::Http),
            _ => None,
        },
        method,
        host,
        target,
        request: Some(Message { headers, body: Some(body), body_size: Some(size) }),
        anomalies: if cut { vec![Anomaly::BODY_TRUNCATED] } else { Vec::new() },
        ..Call::default()
    }
}

/// Copies of equal requests within one microsecond are different calls.
fn id(ts: i64, target: &str) -> CallId {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&ts.to_le_bytes());
    hasher.update(&NUMBER.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    hasher.update(target.as_bytes());
    CallId::new(&hasher.finalize().to_hex()[..20])
}
