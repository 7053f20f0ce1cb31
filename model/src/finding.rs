//! What is wrong: findings, and what was decided about them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CallId, EndpointId, Timestamp};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Mend when convenient.
    Low,
    /// Mend soon.
    Medium,
    /// Mend now.
    High,
    /// Somebody is needed at once.
    Critical,
}

impl Severity {
    /// All, mildest first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Which family of detectors a finding comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// In the API itself.
    Weakness,
    /// In a request.
    Attack,
    /// In a row of calls.
    Behaviour,
}

impl Family {
    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weakness => "weakness",
            Self::Attack => "attack",
            Self::Behaviour => "behaviour",
        }
    }
}

/// Where a finding stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingState {
    /// Nobody has looked yet.
    #[default]
    Open,
    /// A person agreed.
    Confirmed,
    /// A person said that it does not matter here.
    Ignored,
    /// A person said that it is mended.
    Fixed,
}

impl FindingState {
    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Ignored => "ignored",
            Self::Fixed => "fixed",
        }
    }
}

/// A weakness, an attack or a behaviour, with the calls that prove it. Texts come from `content/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Hash of rule and endpoint or subject, 16 hexadecimal digits: the same finding keeps its id.
    pub id: String,
    /// Id of the rule that found it.
    pub rule: String,
    /// Family of the rule.
    pub family: Family,
    /// Site.
    pub host: String,
    /// The endpoint; absent when the finding is about the whole site.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub endpoint: Option<EndpointId>,
    /// Who or what it is about, where that is not the endpoint: an account, an address, a site.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// 0 to 1.
    pub confidence: f32,
    /// English title with parameters filled in; the console words it from `rule` and `params`.
    pub title: String,
    /// Chinese title with parameters filled in.
    pub title_zh: String,
    /// Values for the placeholders of the texts.
    pub params: BTreeMap<String, String>,
    /// Calls that show it.
    pub calls: u64,
    /// First such call.
    pub first_seen: Timestamp,
    /// Latest such call.
    pub last_seen: Timestamp,
    /// Calls that prove it, at most `limits::EVIDENCE_MAX`, never empty.
    pub evidence: Vec<CallId>,
    /// OWASP API Security Top 10 entries, `API2:2023`.
    pub owasp: Vec<String>,
    /// Weakness enumeration, `CWE-306`.
    pub cwe: Vec<String>,
    /// Where it stands.
    #[serde(default)]
    pub state: FindingState,
}

/// What is to be done about a call or a subject; `guard` makes it, actions carry it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Let it pass.
    #[default]
    Allow,
    /// Let it pass and say so.
    Observe,
    /// Refuse it.
    Block,
}
