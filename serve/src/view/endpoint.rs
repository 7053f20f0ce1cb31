//! Endpoints, candidates and sites as the console reads them.

use model::{Candidate, Endpoint};
use serde::Serialize;
use serde_json::Value;
use store::SiteSummary;
use utoipa::ToSchema;

use super::data::{DataUseView, EndpointData};
use super::finding::FindingRow;
use super::names::{AuthKind, AuthVerdict, CandidateReason, Exposure, LifeState, Place, Style};
use super::{StatusCount, Time, call_ids, status_counts};

/// What is needed to name an endpoint and to link to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EndpointRef {
    /// Identity, 16 hexadecimal digits.
    pub(crate) id: String,
    /// Site.
    pub(crate) host: String,
    /// Request method.
    pub(crate) method: String,
    /// Path with parameters as `{name}`.
    pub(crate) template: String,
    /// What selects this operation behind the template.
    #[schema(required)]
    pub(crate) operation: Option<String>,
}

impl From<&Endpoint> for EndpointRef {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            id: endpoint.id.to_string(),
            host: endpoint.host.clone(),
            method: endpoint.method.clone(),
            template: endpoint.template.clone(),
            operation: endpoint.operation.clone(),
        }
    }
}

/// Response time in microseconds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LatencyView {
    p50_us: u64,
    p95_us: u64,
    p99_us: u64,
    max_us: u64,
}

impl From<model::Latency> for LatencyView {
    fn from(latency: model::Latency) -> Self {
        let model::Latency { p50_us, p95_us, p99_us, max_us } = latency;
        Self { p50_us, p95_us, p99_us, max_us }
    }
}

/// Credentials over all calls of an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuthUseView {
    /// Whether it wants a credential.
    pub(crate) verdict: AuthVerdict,
    /// Kinds seen, most frequent first.
    pub(crate) kinds: Vec<AuthKind>,
    /// Successful calls with a credential.
    pub(crate) succeeded_with: u64,
    /// Successful calls without.
    pub(crate) succeeded_without: u64,
    /// Calls answered 401 or 403.
    pub(crate) denied: u64,
}

impl From<&model::AuthUse> for AuthUseView {
    fn from(auth: &model::AuthUse) -> Self {
        Self {
            verdict: auth.verdict.into(),
            kinds: auth.kinds.iter().map(|&kind| kind.into()).collect(),
            succeeded_with: auth.succeeded_with,
            succeeded_without: auth.succeeded_without,
            denied: auth.denied,
        }
    }
}

/// Risk of an endpoint, 0 to 100, with what it is made of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskView {
    /// Sum of the parts, at most 100.
    pub(crate) score: u8,
    /// The parts, largest first.
    pub(crate) parts: Vec<RiskPartView>,
}

/// One part of a risk score.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskPartView {
    /// `findings`, `data`, `exposure`, `auth`, ...; worded by the console.
    pub(crate) id: String,
    /// Points added.
    pub(crate) points: u8,
    /// What the points stand on: a rule id, a data type, a verdict.
    pub(crate) detail: String,
}

impl From<&model::Risk> for RiskView {
    fn from(risk: &model::Risk) -> Self {
        let part = |part: &model::RiskPart| RiskPartView {
            id: part.id.clone(),
            points: part.points,
            detail: part.detail.clone(),
        };
        Self { score: risk.score, parts: risk.parts.iter().map(part).collect() }
    }
}

/// An endpoint as a row of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointRow {
    /// Identity, 16 hexadecimal digits.
    pub(crate) id: String,
    /// Site.
    pub(crate) host: String,
    /// Request method.
    pub(crate) method: String,
    /// Path with parameters as `{name}`.
    pub(crate) template: String,
    /// What selects this operation behind the template.
    #[schema(required)]
    pub(crate) operation: Option<String>,
    /// The way it speaks.
    pub(crate) style: Style,
    /// Id of its business purpose.
    #[schema(required)]
    pub(crate) purpose: Option<String>,
    /// From where it is reached.
    pub(crate) exposure: Exposure,
    /// Where it stands in its life.
    pub(crate) state: LifeState,
    /// 0 to 1: how sure it is that this is one endpoint.
    pub(crate) confidence: f32,
    /// Calls, failed ones included.
    pub(crate) calls: u64,
    /// Calls answered with 4xx or 5xx.
    pub(crate) errors: u64,
    /// Distinct client addresses (estimate).
    pub(crate) clients: u64,
    /// Distinct accounts (estimate).
    pub(crate) accounts: u64,
    /// Response times; null when none was measured.
    #[schema(required)]
    pub(crate) latency: Option<LatencyView>,
    /// Credentials.
    pub(crate) auth: AuthUseView,
    /// Data types it carries, most sensitive first.
    pub(crate) data: Vec<EndpointData>,
    /// Highest sensitivity level in clear, 0 without any.
    pub(crate) level: u8,
    /// The risk and its parts.
    pub(crate) risk: RiskView,
    /// Open findings.
    pub(crate) open_findings: u64,
    /// First call.
    pub(crate) first_seen: Time,
    /// Latest call.
    pub(crate) last_seen: Time,
}

impl EndpointRow {
    /// A row from an endpoint and the number of its open findings.
    pub(crate) fn new(endpoint: &Endpoint, open_findings: u64) -> Self {
        Self {
            id: endpoint.id.to_string(),
            host: endpoint.host.clone(),
            method: endpoint.method.clone(),
            template: endpoint.template.clone(),
            operation: endpoint.operation.clone(),
            style: endpoint.style.into(),
            purpose: endpoint.purpose.clone(),
            exposure: endpoint.exposure.into(),
            state: endpoint.state.into(),
            confidence: endpoint.confidence,
            calls: endpoint.calls,
            errors: endpoint.errors,
            clients: endpoint.clients,
            accounts: endpoint.accounts,
            latency: endpoint.latency.map(LatencyView::from),
            auth: (&endpoint.auth).into(),
            data: EndpointData::of(&endpoint.data),
            level: endpoint.level,
            risk: (&endpoint.risk).into(),
            open_findings,
            first_seen: endpoint.first_seen.into(),
            last_seen: endpoint.last_seen.into(),
        }
    }
}

/// A parameter outside the body.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParamView {
    /// Its name.
    pub(crate) name: String,
    /// Path, query or cookie.
    #[serde(rename = "in")]
    pub(crate) place: Place,
    /// Kind of its values: `integer`, `uuid`, `word`, ...
    pub(crate) kind: String,
    /// Present in every successful call.
    pub(crate) required: bool,
    /// Calls that carried it.
    pub(crate) calls: u64,
    /// Distinct values (estimate).
    pub(crate) distinct: u64,
    /// A few values, masked where sensitive.
    pub(crate) samples: Vec<String>,
}

impl From<&model::Param> for ParamView {
    fn from(param: &model::Param) -> Self {
        Self {
            name: param.name.clone(),
            place: param.place.into(),
            kind: param.kind.clone(),
            required: param.required,
            calls: param.calls,
            distinct: param.distinct,
            samples: param.samples.clone(),
        }
    }
}

/// Learned shape of the bodies of one media type.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BodySchema {
    /// Status code that the bodies came with; null for requests.
    #[schema(required)]
    pub(crate) status: Option<u16>,
    /// Media type.
    pub(crate) media_type: String,
    /// JSON Schema (2020-12).
    pub(crate) schema: Value,
}

/// Why one segment of a template is a parameter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateEvidenceView {
    /// Name of the parameter.
    pub(crate) param: String,
    /// `kind` (its values have the shape of an identifier) or `varies` (words that vary).
    pub(crate) reason: String,
    /// Distinct values it stands on (estimate).
    pub(crate) distinct: u64,
    /// Log-odds margin of the decision; larger is surer.
    pub(crate) margin: f32,
    /// A few values, masked where sensitive.
    pub(crate) samples: Vec<String>,
}

impl From<&model::TemplateEvidence> for TemplateEvidenceView {
    fn from(evidence: &model::TemplateEvidence) -> Self {
        Self {
            param: evidence.param.clone(),
            reason: evidence.reason.clone(),
            distinct: evidence.distinct,
            margin: evidence.margin,
            samples: evidence.samples.clone(),
        }
    }
}

/// Everything known about one endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointDetail {
    /// As in the list.
    pub(crate) summary: EndpointRow,
    /// Calls per status code.
    pub(crate) statuses: Vec<StatusCount>,
    /// Path, query and cookie parameters.
    pub(crate) params: Vec<ParamView>,
    /// Sensitive data by place.
    pub(crate) data: Vec<DataUseView>,
    /// Request bodies by media type.
    pub(crate) request_schemas: Vec<BodySchema>,
    /// Response bodies by status code and media type.
    pub(crate) response_schemas: Vec<BodySchema>,
    /// Why the variable parts of the template are variable.
    pub(crate) template_evidence: Vec<TemplateEvidenceView>,
    /// Ids of calls that prove that it exists, successful ones first.
    pub(crate) evidence: Vec<String>,
    /// Earlier ids that now mean this endpoint.
    pub(crate) aliases: Vec<String>,
    /// Findings on it, worst first, in any state.
    pub(crate) findings: Vec<FindingRow>,
}

impl EndpointDetail {
    /// Joins an endpoint with the findings on it.
    pub(crate) fn new(endpoint: Endpoint, findings: Vec<FindingRow>, open_findings: u64) -> Self {
        let summary = EndpointRow::new(&endpoint, open_findings);
        let request = endpoint.request_schema.into_iter();
        let response = endpoint.response_schema.into_iter();
        Self {
            summary,
            statuses: status_counts(&endpoint.statuses),
            params: endpoint.params.iter().map(ParamView::from).collect(),
            data: endpoint.data.iter().map(DataUseView::from).collect(),
            request_schemas: request
                .map(|(media_type, schema)| BodySchema { status: None, media_type, schema })
                .collect(),
            response_schemas: response
                .flat_map(|(status, bodies)| {
                    bodies.into_iter().map(move |(media_type, schema)| BodySchema {
                        status: Some(status),
                        media_type,
                        schema,
                    })
                })
                .collect(),
            template_evidence: endpoint.template_evidence.iter().map(TemplateEvidenceView::from).collect(),
            evidence: call_ids(&endpoint.evidence),
            aliases: endpoint.aliases.iter().map(ToString::to_string).collect(),
            findings,
        }
    }
}

/// Something called that is not, or not yet, an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CandidateRow {
    /// Identity, 16 hexadecimal digits; calls are found by it.
    pub(crate) id: String,
    /// Site.
    pub(crate) host: String,
    /// Request method.
    pub(crate) method: String,
    /// Path, variable parts as `{name}`.
    pub(crate) template: String,
    /// Why it is kept out.
    pub(crate) reason: CandidateReason,
    /// Calls.
    pub(crate) calls: u64,
    /// Calls per status code.
    pub(crate) statuses: Vec<StatusCount>,
    /// Distinct client addresses (estimate).
    pub(crate) clients: u64,
    /// First call.
    pub(crate) first_seen: Time,
    /// Latest call.
    pub(crate) last_seen: Time,
    /// Ids of calls that prove it.
    pub(crate) evidence: Vec<String>,
}

impl From<&Candidate> for CandidateRow {
    fn from(candidate: &Candidate) -> Self {
        Self {
            id: candidate.id.to_string(),
            host: candidate.host.clone(),
            method: candidate.method.clone(),
            template: candidate.template.clone(),
            reason: candidate.reason.into(),
            calls: candidate.calls,
            statuses: status_counts(&candidate.statuses),
            clients: candidate.clients,
            first_seen: candidate.first_seen.into(),
            last_seen: candidate.last_seen.into(),
            evidence: call_ids(&candidate.evidence),
        }
    }
}

/// A site with its counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SiteRow {
    /// Host.
    pub(crate) host: String,
    /// Endpoints.
    pub(crate) endpoints: u64,
    /// Candidates.
    pub(crate) candidates: u64,
    /// Calls to endpoints.
    pub(crate) calls: u64,
    /// Open findings.
    pub(crate) open_findings: u64,
    /// Highest sensitivity level in clear.
    pub(crate) level: u8,
}

impl From<SiteSummary> for SiteRow {
    fn from(site: SiteSummary) -> Self {
        Self {
            host: site.host,
            endpoints: site.endpoints,
            candidates: site.candidates,
            calls: site.calls,
            open_findings: site.findings,
            level: site.level,
        }
    }
}
