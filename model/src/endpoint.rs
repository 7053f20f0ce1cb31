//! What exists: an endpoint (an API of the inventory) and a candidate for one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AuthUse, CallId, DataUse, EndpointId, Place, Timestamp};

/// The way an API speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Resources by path and method.
    #[default]
    Rest,
    /// One of several operations selected by a parameter.
    Action,
    /// GraphQL over HTTP.
    Graphql,
    /// JSON-RPC 2.0, MCP included.
    JsonRpc,
    /// XML-RPC.
    XmlRpc,
    /// SOAP 1.1 or 1.2.
    Soap,
    /// gRPC and gRPC-Web.
    Grpc,
    /// A page made on the server.
    Page,
    /// Dubbo, Thrift and other procedures called without HTTP.
    Rpc,
}

/// From where an endpoint is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// No client address was seen.
    #[default]
    Unknown,
    /// Only from private or loopback addresses.
    Internal,
    /// From public addresses.
    Open,
}

/// Where an endpoint stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifeState {
    /// First seen within the configured time before the newest call.
    #[default]
    New,
    /// In use.
    Active,
    /// Not called within the configured time.
    Dormant,
}

/// An endpoint: host, method, template and, where one template serves several, the operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Identity.
    pub id: EndpointId,
    /// Site, lower case.
    pub host: String,
    /// Request method.
    pub method: String,
    /// Path with parameters as `{name}`.
    pub template: String,
    /// What selects this operation behind the template (`action=create`, `query viewer`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation: Option<String>,
    /// The way it speaks.
    pub style: Style,
    /// Id of its business purpose (`content/purpose`).
    pub purpose: Option<String>,
    /// From where it is reached.
    pub exposure: Exposure,
    /// Where it stands in its life.
    pub state: LifeState,
    /// 0 to 1: how sure it is that this is one endpoint.
    pub confidence: f32,
    /// Calls, failed ones included.
    pub calls: u64,
    /// Calls answered with 4xx or 5xx.
    pub errors: u64,
    /// Calls per status code.
    pub statuses: BTreeMap<u16, u64>,
    /// First call.
    pub first_seen: Timestamp,
    /// Latest call.
    pub last_seen: Timestamp,
    /// Distinct client addresses (estimate).
    pub clients: u64,
    /// Distinct accounts (estimate).
    pub accounts: u64,
    /// Response times.
    pub latency: Option<Latency>,
    /// Credentials.
    pub auth: AuthUse,
    /// Path, query and cookie parameters.
    pub params: Vec<Param>,
    /// Sensitive data.
    pub data: Vec<DataUse>,
    /// Highest sensitivity level in clear, 0 without any.
    pub level: u8,
    /// JSON Schema (2020-12) of request bodies by media type.
    pub request_schema: BTreeMap<String, Value>,
    /// JSON Schema (2020-12) of response bodies by status code, then media type.
    pub response_schema: BTreeMap<u16, BTreeMap<String, Value>>,
    /// The risk and its parts.
    pub risk: Risk,
    /// Calls that prove that it exists, successful ones first.
    pub evidence: Vec<CallId>,
    /// Why the variable parts of the template are variable.
    pub template_evidence: Vec<TemplateEvidence>,
    /// Earlier ids that now mean this endpoint.
    #[serde(default)]
    pub aliases: Vec<EndpointId>,
}

/// A parameter outside the body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Path, query or cookie.
    #[serde(rename = "in")]
    pub place: Place,
    /// Kind of its values: `integer`, `uuid`, `word`, ...
    pub kind: String,
    /// Present in every successful call.
    pub required: bool,
    /// Calls that carried it.
    pub calls: u64,
    /// Distinct values (estimate).
    pub distinct: u64,
    /// A few values, masked where sensitive.
    pub samples: Vec<String>,
}

/// Response time in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Median.
    pub p50_us: u64,
    /// 95th percentile.
    pub p95_us: u64,
    /// 99th percentile.
    pub p99_us: u64,
    /// Longest.
    pub max_us: u64,
}

/// Risk of an endpoint, 0 to 100, with what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Risk {
    /// Sum of the parts, at most 100.
    pub score: u8,
    /// The parts, largest first.
    pub parts: Vec<RiskPart>,
}

/// One part of a risk score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskPart {
    /// `findings`, `data`, `exposure`, `auth`, ...; worded by the console.
    pub id: String,
    /// Points added.
    pub points: u8,
    /// What the points stand on: a rule id, a data type, a verdict.
    pub detail: String,
}

/// Why one segment of a template is a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateEvidence {
    /// Name of the parameter.
    pub param: String,
    /// `kind` (its values have the shape of an identifier) or `varies` (words that vary).
    pub reason: String,
    /// Distinct values it stands on (estimate).
    pub distinct: u64,
    /// Log-odds margin of the decision; larger is surer.
    pub margin: f32,
    /// A few values, masked where sensitive.
    pub samples: Vec<String>,
}

/// Why calls are kept out of the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CandidateReason {
    /// Never answered with success.
    Unconfirmed,
    /// Asked for by clients that mostly ask for what does not exist.
    Scanner,
    /// A file: script, style, image, font, download of static content.
    Static,
    /// A page for people rather than an API.
    Page,
    /// No response was seen.
    NoResponse,
    /// The request carries an attack.
    Attack,
    /// A browser asking whether it may call (CORS preflight).
    Preflight,
    /// The request itself was not seen or cannot be read.
    Unreadable,
}

impl CandidateReason {
    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Scanner => "scanner",
            Self::Static => "static",
            Self::Page => "page",
            Self::NoResponse => "no-response",
            Self::Attack => "attack",
            Self::Preflight => "preflight",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Something called that is not, or not yet, an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Identity; becomes an alias when it is promoted.
    pub id: EndpointId,
    /// Site.
    pub host: String,
    /// Request method.
    pub method: String,
    /// Path, variable parts as `{name}`.
    pub template: String,
    /// Why it is kept out.
    pub reason: CandidateReason,
    /// Calls.
    pub calls: u64,
    /// Calls per status code.
    pub statuses: BTreeMap<u16, u64>,
    /// Distinct client addresses (estimate).
    pub clients: u64,
    /// First call.
    pub first_seen: Timestamp,
    /// Latest call.
    pub last_seen: Timestamp,
    /// Calls that prove it.
    pub evidence: Vec<CallId>,
}
