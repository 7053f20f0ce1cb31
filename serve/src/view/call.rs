//! Calls as the console reads them: a row, one call in full, calls over time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{LoggedCall, Message, StreamMessage};
use serde::Serialize;
use store::Bucket;
use utoipa::ToSchema;

use super::Time;
use super::data::{CallData, DataHitView};
use super::endpoint::EndpointRef;
use super::names::{AccountEvidence, AuthKind, CandidateReason, Scheme};

/// A call as a row of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallRow {
    /// Identity.
    pub(crate) id: String,
    /// When the request started.
    pub(crate) ts: Time,
    /// From the first byte of the request to the last of the response, in microseconds.
    #[schema(required)]
    pub(crate) duration_us: Option<u64>,
    /// Name of the file, interface or listener that it came from.
    pub(crate) source: String,
    /// Address of the client, with its port when known.
    #[schema(required)]
    pub(crate) client: Option<String>,
    /// Address of the client without port, as lists filter by it.
    #[schema(required)]
    pub(crate) client_ip: Option<String>,
    /// Address of the server, with its port when known.
    #[schema(required)]
    pub(crate) server: Option<String>,
    /// `http` or `https`.
    #[schema(required)]
    pub(crate) scheme: Option<Scheme>,
    /// `http/1.1`, `http/2`, ...; empty when unknown.
    pub(crate) protocol: String,
    /// Request method; empty when the request was not seen.
    pub(crate) method: String,
    /// Site; empty when unknown.
    pub(crate) host: String,
    /// Path and query, sensitive values masked.
    pub(crate) target: String,
    /// Status code; null when no response was seen.
    #[schema(required)]
    pub(crate) status: Option<u16>,
    /// Bytes of request body on the wire.
    #[schema(required)]
    pub(crate) request_size: Option<u64>,
    /// Bytes of response body on the wire.
    #[schema(required)]
    pub(crate) response_size: Option<u64>,
    /// Id of the endpoint or candidate that it was counted to.
    pub(crate) endpoint_id: String,
    /// The endpoint; null while it is kept out of the inventory.
    #[schema(required)]
    pub(crate) endpoint: Option<EndpointRef>,
    /// Why it is kept out of the inventory.
    #[schema(required)]
    pub(crate) candidate_reason: Option<CandidateReason>,
    /// Id of the account that made it.
    #[schema(required)]
    pub(crate) account: Option<String>,
    /// How the account is known.
    #[schema(required)]
    pub(crate) account_how: Option<AccountEvidence>,
    /// How it authenticates.
    pub(crate) auth: AuthKind,
    /// Id of the endpoint's business purpose.
    #[schema(required)]
    pub(crate) purpose: Option<String>,
    /// Data types, most sensitive first.
    pub(crate) data: Vec<CallData>,
    /// Distinct people whose data the response carries.
    pub(crate) people: u32,
    /// Ids of the rules that it is evidence for.
    pub(crate) rules: Vec<String>,
    /// What was odd or lost about it.
    pub(crate) anomalies: Vec<String>,
}

impl CallRow {
    /// A row from a logged call and the endpoint that it belongs to today.
    pub(crate) fn new(logged: &LoggedCall, endpoint: Option<EndpointRef>) -> Self {
        let LoggedCall { call, observation, rules } = logged;
        let size = |message: &Option<Message>| message.as_ref().and_then(|message| message.body_size);
        let account = observation.account.as_ref();
        Self {
            id: call.id.to_string(),
            ts: call.ts.into(),
            duration_us: call.duration_us,
            source: call.source.to_string(),
            client: call.client.map(|peer| peer.to_string()),
            client_ip: call.client.map(|peer| peer.ip.to_string()),
            server: call.server.map(|peer| peer.to_string()),
            scheme: call.scheme.map(Scheme::from),
            protocol: call.protocol.to_string(),
            method: call.method.clone(),
            host: call.host.clone(),
            target: call.target.clone(),
            status: call.status,
            request_size: size(&call.request),
            response_size: size(&call.response),
            endpoint_id: endpoint
                .as_ref()
                .map_or_else(|| observation.endpoint.to_string(), |known| known.id.clone()),
            // What was kept out when it came may have been confirmed since.
            candidate_reason: observation.candidate.filter(|_| endpoint.is_none()).map(CandidateReason::from),
            endpoint,
            account: account.map(|(id, _)| id.clone()),
            account_how: account.map(|&(_, how)| how.into()),
            auth: observation.auth.kind.into(),
            purpose: observation.purpose.clone(),
            data: CallData::of(&observation.data),
            people: observation.people,
            rules: rules.clone(),
            anomalies: call.anomalies.iter().map(|anomaly| anomaly.as_str().to_owned()).collect(),
        }
    }
}

/// One header field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeaderView {
    /// Lower-case name.
    pub(crate) name: String,
    /// Value, sensitive parts masked.
    pub(crate) value: String,
}

/// One direction of a call, sensitive values masked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    /// Fields in wire order, duplicates kept.
    pub(crate) headers: Vec<HeaderView>,
    /// Media type of the body, lower case, without parameters; empty when not stated.
    pub(crate) media_type: String,
    /// The decoded body when it is text.
    #[schema(required)]
    pub(crate) body: Option<String>,
    /// The decoded body in base64 when it is not UTF-8.
    #[schema(required)]
    pub(crate) body_b64: Option<String>,
    /// Bytes of body content on the wire.
    #[schema(required)]
    pub(crate) body_size: Option<u64>,
}

/// Bytes as text, or as base64 where they are none.
fn body_forms(bytes: Option<&[u8]>) -> (Option<String>, Option<String>) {
    match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        Some((_, Ok(text))) => (Some(text.to_owned()), None),
        Some((bytes, Err(_))) => (None, Some(STANDARD.encode(bytes))),
        None => (None, None),
    }
}

impl From<&Message> for MessageView {
    fn from(message: &Message) -> Self {
        let (body, body_b64) = body_forms(message.body.as_deref());
        let header =
            |(name, value): (&str, &str)| HeaderView { name: name.to_owned(), value: value.to_owned() };
        Self {
            headers: message.headers.iter().map(header).collect(),
            media_type: message.media_type(),
            body,
            body_b64,
            body_size: message.body_size,
        }
    }
}

/// One message of a stream inside a call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamMessageView {
    /// True when the client sent it.
    pub(crate) from_client: bool,
    /// `text`, `binary`, `event`, ...
    pub(crate) kind: String,
    /// Payload when it is text.
    #[schema(required)]
    pub(crate) body: Option<String>,
    /// Payload in base64 when it is not UTF-8.
    #[schema(required)]
    pub(crate) body_b64: Option<String>,
}

impl From<&StreamMessage> for StreamMessageView {
    fn from(message: &StreamMessage) -> Self {
        let (body, body_b64) = body_forms(Some(&message.body));
        Self { from_client: message.from_client, kind: message.kind.to_string(), body, body_b64 }
    }
}

/// A remote procedure named by the protocol.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RpcView {
    /// Full service name.
    pub(crate) service: String,
    /// Method name.
    pub(crate) method: String,
}

/// What can be told about a JSON Web Token (RFC 7519) without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JwtView {
    /// `alg` of the header as sent.
    pub(crate) algorithm: String,
    /// Claim `exp`.
    pub(crate) expires: Time,
    /// Claim `iat`.
    pub(crate) issued: Time,
    /// Claim `sub`, or the claim that serves as account.
    #[schema(required)]
    pub(crate) subject: Option<String>,
    /// The signature verifies with a secret from the list of known weak ones.
    pub(crate) weak_secret: bool,
}

impl From<&model::JwtFacts> for JwtView {
    fn from(jwt: &model::JwtFacts) -> Self {
        Self {
            algorithm: jwt.algorithm.clone(),
            expires: jwt.expires.unwrap_or_default().into(),
            issued: jwt.issued.unwrap_or_default().into(),
            subject: jwt.subject.clone(),
            weak_secret: jwt.weak_secret,
        }
    }
}

/// One call with everything that is kept of it, sensitive values masked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallDetail {
    /// As in the list.
    pub(crate) summary: CallRow,
    /// The request; null when it was not seen.
    #[schema(required)]
    pub(crate) request: Option<MessageView>,
    /// The response; null when it was not seen.
    #[schema(required)]
    pub(crate) response: Option<MessageView>,
    /// Messages of a stream.
    pub(crate) messages: Vec<StreamMessageView>,
    /// Remote procedure.
    #[schema(required)]
    pub(crate) rpc: Option<RpcView>,
    /// Facts about the token when it is a JWT.
    #[schema(required)]
    pub(crate) jwt: Option<JwtView>,
    /// Sensitive values with their places.
    pub(crate) hits: Vec<DataHitView>,
}

impl CallDetail {
    /// A call in full and the endpoint that it belongs to today.
    pub(crate) fn new(logged: &LoggedCall, endpoint: Option<EndpointRef>) -> Self {
        let LoggedCall { call, observation, .. } = logged;
        Self {
            summary: CallRow::new(logged, endpoint),
            request: call.request.as_ref().map(MessageView::from),
            response: call.response.as_ref().map(MessageView::from),
            messages: call.messages.iter().map(StreamMessageView::from).collect(),
            rpc: call
                .rpc
                .as_ref()
                .map(|rpc| RpcView { service: rpc.service.clone(), method: rpc.method.clone() }),
            jwt: observation.auth.jwt.as_ref().map(JwtView::from),
            hits: observation.data.iter().map(DataHitView::from).collect(),
        }
    }
}

/// Calls within one span of time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BucketView {
    /// Start of the span.
    pub(crate) start: Time,
    /// Calls.
    pub(crate) calls: u64,
    /// Of them answered with 4xx or 5xx.
    pub(crate) errors: u64,
}

impl From<Bucket> for BucketView {
    fn from(bucket: Bucket) -> Self {
        Self { start: bucket.start.into(), calls: bucket.calls, errors: bucket.errors }
    }
}

/// Calls over time, in spans of equal length, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Histogram {
    /// Length of a span in microseconds; 0 without calls.
    pub(crate) span_us: u64,
    /// The spans.
    pub(crate) buckets: Vec<BucketView>,
}

impl From<Vec<Bucket>> for Histogram {
    fn from(buckets: Vec<Bucket>) -> Self {
        let span_us = match buckets.as_slice() {
            [first, second, ..] => second.start.micros().abs_diff(first.start.micros()),
            _ => 0,
        };
        Self { span_us, buckets: buckets.into_iter().map(BucketView::from).collect() }
    }
}
