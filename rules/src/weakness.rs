//! Weaknesses as the content files describe them: a condition per call, one per sensitive value, one over the whole
//! endpoint; texts in both languages; what they are called elsewhere. `detect` evaluates them.

use model::Severity;
use serde::Deserialize;

use crate::content::{self, ContentError, Text};
use crate::expr::{self, Expr, Fields, Kind};
use crate::pattern::PatternSet;

/// What a finding of the rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One endpoint.
    Endpoint,
    /// A whole site; the endpoint named is where it shows.
    Site,
}

/// A weakness.
#[derive(Debug, Clone)]
pub struct WeaknessRule {
    /// Stable kebab-case name.
    pub id: String,
    /// What a finding is about.
    pub scope: Scope,
    /// How bad, unless a raise applies.
    pub severity: Severity,
    /// The first that applies wins.
    pub raise: Vec<Raise>,
    /// 0 to 1.
    pub confidence: f32,
    /// OWASP API Security Top 10 entries, `API2:2023`.
    pub owasp: Vec<String>,
    /// Weakness enumeration, `CWE-306`.
    pub cwe: Vec<String>,
    /// Clauses of standards and laws.
    pub standards: Vec<String>,
    /// Texts; placeholders are written `{name}`.
    pub text: WeaknessText,
    /// What a call must be like to be evidence. `None`: calls are not looked at, `confirm` alone decides.
    pub when: Option<Expr<CallField>>,
    /// What one of its sensitive values must be like, `d` in the file.
    pub hit: Option<Expr<CallField>>,
    /// What the endpoint must be like.
    pub confirm: Option<Expr<EndpointField>>,
    /// Facets of the evidence that are told apart, with what they are called.
    pub details: Vec<Detail>,
    /// Pattern set whose matching pattern is such a facet, and the field that it is looked for in.
    pub detail_pattern: Option<(CallField, String)>,
    /// Calls that are evidence.
    pub positive: Vec<Example>,
    /// Calls that look like it and are not.
    pub negative: Vec<Example>,
}

/// Under this condition the severity is another.
#[derive(Debug, Clone)]
pub struct Raise {
    /// The condition.
    pub when: Expr<EndpointField>,
    /// The severity then.
    pub severity: Severity,
}

/// A facet of the evidence.
#[derive(Debug, Clone)]
pub struct Detail {
    /// Its name in parameters.
    pub id: String,
    /// When a call shows it.
    pub when: Expr<CallField>,
    /// Its name for people.
    pub text: Text,
}

/// The texts of a weakness.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeaknessText {
    /// One line, with placeholders.
    pub title: Text,
    /// What was seen.
    pub summary: Text,
    /// Why it matters.
    pub why: Text,
    /// What to do.
    pub advice: Text,
}

/// An example in a content file: it is one test of `detect`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Call records, one JSON document each.
    #[serde(default)]
    pub calls: Vec<String>,
    /// How they authenticate (`AuthKind`).
    #[serde(default)]
    pub auth: String,
    /// Purpose of the endpoint.
    #[serde(default)]
    pub purpose: String,
    /// Distinct people in each answer.
    #[serde(default)]
    pub people: u32,
    /// Algorithm of the token that authenticates the calls.
    #[serde(default)]
    pub jwt_algorithm: String,
    /// That token is signed with a weak secret.
    #[serde(default)]
    pub jwt_weak: bool,
    /// That token expires.
    #[serde(default)]
    pub jwt_expires: bool,
    /// Kind of an identifier that can be counted through; empty without one.
    #[serde(default)]
    pub enumerable: String,
    /// Distinct values of that identifier.
    #[serde(default)]
    pub distinct: u64,
    /// Failed logins in a row.
    #[serde(default)]
    pub failures: u32,
    /// Logins are slowed down.
    #[serde(default)]
    pub throttled: bool,
}

/// Fields of `when`, `hit` and details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table below gives each its name")]
pub enum CallField {
    Scheme,
    Method,
    Path,
    Status,
    Succeeded,
    Purpose,
    Candidate,
    Auth,
    People,
    JwtSeen,
    JwtAlgorithm,
    JwtWeak,
    JwtExpires,
    RequestBody,
    ResponseBody,
    ResponseType,
    Data,
    DataSide,
    DataIn,
    DataPath,
    DataType,
    DataLevel,
    DataMasked,
    DataPerson,
    DataSecret,
    DataWeak,
}

impl Fields for CallField {
    const TABLE: &'static [(&'static str, Self, Kind)] = &[
        ("scheme", Self::Scheme, Kind::Text),
        ("method", Self::Method, Kind::Text),
        ("path", Self::Path, Kind::Text),
        ("status", Self::Status, Kind::Number),
        ("succeeded", Self::Succeeded, Kind::Bool),
        ("purpose", Self::Purpose, Kind::Text),
        ("candidate", Self::Candidate, Kind::Bool),
        ("auth", Self::Auth, Kind::Text),
        ("people", Self::People, Kind::Number),
        ("jwt.seen", Self::JwtSeen, Kind::Bool),
        ("jwt.algorithm", Self::JwtAlgorithm, Kind::Text),
        ("jwt.weak", Self::JwtWeak, Kind::Bool),
        ("jwt.expires", Self::JwtExpires, Kind::Bool),
        ("request.body", Self::RequestBody, Kind::Bytes),
        ("response.body", Self::ResponseBody, Kind::Bytes),
        ("response.type", Self::ResponseType, Kind::Text),
        ("data", Self::Data, Kind::List),
        ("data.side", Self::DataSide, Kind::Text),
        ("data.in", Self::DataIn, Kind::Text),
        ("data.path", Self::DataPath, Kind::Text),
        ("data.type", Self::DataType, Kind::Text),
        ("data.level", Self::DataLevel, Kind::Number),
        ("data.masked", Self::DataMasked, Kind::Bool),
        ("data.person", Self::DataPerson, Kind::Bool),
        ("data.secret", Self::DataSecret, Kind::Bool),
        ("data.weak", Self::DataWeak, Kind::Bool),
    ];
}

/// Fields of `confirm` and raises. `marks` is what the calls that are evidence have shown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table below gives each its name")]
pub enum EndpointField {
    Method,
    Template,
    Purpose,
    Exposure,
    Auth,
    Calls,
    Level,
    EnumerableSeen,
    EnumerableKind,
    EnumerableDistinct,
    EnumerableDensity,
    LoginFailures,
    LoginThrottled,
    MarksCalls,
    MarksPeople,
    MarksLevel,
    MarksTypes,
    MarksDetails,
    Data,
    DataSide,
    DataIn,
    DataType,
    DataLevel,
    DataMasked,
    DataPerson,
}

impl Fields for EndpointField {
    const TABLE: &'static [(&'static str, Self, Kind)] = &[
        ("method", Self::Method, Kind::Text),
        ("template", Self::Template, Kind::Text),
        ("purpose", Self::Purpose, Kind::Text),
        ("exposure", Self::Exposure, Kind::Text),
        ("auth", Self::Auth, Kind::Text),
        ("calls", Self::Calls, Kind::Number),
        ("level", Self::Level, Kind::Number),
        ("enumerable.seen", Self::EnumerableSeen, Kind::Bool),
        ("enumerable.kind", Self::EnumerableKind, Kind::Text),
        ("enumerable.distinct", Self::EnumerableDistinct, Kind::Number),
        ("enumerable.density", Self::EnumerableDensity, Kind::Number),
        ("login.failures", Self::LoginFailures, Kind::Number),
        ("login.throttled", Self::LoginThrottled, Kind::Bool),
        ("marks.calls", Self::MarksCalls, Kind::Number),
        ("marks.people", Self::MarksPeople, Kind::Number),
        ("marks.level", Self::MarksLevel, Kind::Number),
        ("marks.types", Self::MarksTypes, Kind::Set),
        ("marks.details", Self::MarksDetails, Kind::Set),
        ("data", Self::Data, Kind::List),
        ("data.side", Self::DataSide, Kind::Text),
        ("data.in", Self::DataIn, Kind::Text),
        ("data.type", Self::DataType, Kind::Text),
        ("data.level", Self::DataLevel, Kind::Number),
        ("data.masked", Self::DataMasked, Kind::Bool),
        ("data.person", Self::DataPerson, Kind::Bool),
    ];
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    scope: Scope,
    severity: Severity,
    confidence: f32,
    owasp: Vec<String>,
    cwe: Vec<String>,
    standards: Vec<String>,
    when: Option<String>,
    hit: Option<String>,
    confirm: Option<String>,
    detail_pattern: Option<FilePattern>,
    text: WeaknessText,
    #[serde(default)]
    raise: Vec<FileRaise>,
    #[serde(default)]
    detail: Vec<FileDetail>,
    positive: Vec<Example>,
    negative: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePattern {
    field: String,
    set: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRaise {
    when: String,
    severity: Severity,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDetail {
    id: String,
    when: String,
    text: Text,
}

/// Reads all weaknesses, sorted by id.
pub(crate) fn load(patterns: &[PatternSet]) -> Result<Vec<WeaknessRule>, ContentError> {
    let sets: Vec<&str> = patterns.iter().map(|set| set.id.as_str()).collect();
    content::folder("weakness", ".toml").map(|(file, text)| compile(file, text, &sets)).collect()
}

fn compile(path: &str, text: &str, sets: &[&str]) -> Result<WeaknessRule, ContentError> {
    let file: File = content::parse(path, text)?;
    content::check_id(path, &file.id)?;
    validate(path, &file, sets)?;
    let plain = expr::Scope { variable: None, sets };
    let per_hit = expr::Scope { variable: Some(("d", "data")), sets };
    let raise = file.raise.iter().map(|raise| {
        Ok(Raise { when: expression(path, "raise.when", &raise.when, plain)?, severity: raise.severity })
    });
    let details = file.detail.into_iter().map(|detail| {
        detail.text.validate(path, "detail.text")?;
        let when = expression(path, "detail.when", &detail.when, plain)?;
        Ok(Detail { id: detail.id, when, text: detail.text })
    });
    let field =
        |name: &str| CallField::TABLE.iter().find(|(known, ..)| *known == name).map(|(_, field, _)| *field);
    Ok(WeaknessRule {
        raise: raise.collect::<Result<_, ContentError>>()?,
        details: details.collect::<Result<_, ContentError>>()?,
        when: file.when.map(|source| expression(path, "when", &source, plain)).transpose()?,
        hit: file.hit.map(|source| expression(path, "hit", &source, per_hit)).transpose()?,
        confirm: file.confirm.map(|source| expression(path, "confirm", &source, plain)).transpose()?,
        detail_pattern: file.detail_pattern.and_then(|pattern| Some((field(&pattern.field)?, pattern.set))),
        id: file.id,
        scope: file.scope,
        severity: file.severity,
        confidence: file.confidence,
        owasp: file.owasp,
        cwe: file.cwe,
        standards: file.standards,
        text: file.text,
        positive: file.positive,
        negative: file.negative,
    })
}

fn expression<F: Fields>(
    path: &str,
    field: &str,
    source: &str,
    scope: expr::Scope<'_>,
) -> Result<Expr<F>, ContentError> {
    Expr::compile(source, scope).map_err(|reason| ContentError::new(path, field, reason))
}

fn validate(path: &str, file: &File, sets: &[&str]) -> Result<(), ContentError> {
    let fail = |field: &str, reason: &str| Err(ContentError::new(path, field, reason));
    for (field, text) in [
        ("text.title", &file.text.title),
        ("text.summary", &file.text.summary),
        ("text.why", &file.text.why),
        ("text.advice", &file.text.advice),
    ] {
        text.validate(path, field)?;
    }
    if file.when.is_none() && file.confirm.is_none() {
        return fail("when", "neither `when` nor `confirm`: the rule could never decide");
    }
    if file.hit.is_some() && file.when.is_none() {
        return fail("hit", "`hit` narrows `when`, which is missing");
    }
    if !(0.0..=1.0).contains(&file.confidence) {
        return fail("confidence", "is not 0 to 1");
    }
    if file.owasp.iter().any(|entry| !(entry.starts_with("API") && entry.contains(":20"))) {
        return fail("owasp", "entries look like API2:2023");
    }
    if file.cwe.iter().any(|entry| !entry.starts_with("CWE-")) {
        return fail("cwe", "entries look like CWE-306");
    }
    if file.positive.len() < 3 || file.negative.len() < 3 {
        return fail("positive", "at least 3 positives and 3 near misses are needed");
    }
    if let Some(pattern) = &file.detail_pattern {
        if !sets.contains(&pattern.set.as_str()) {
            return fail("detail_pattern.set", "there is no such pattern set");
        }
        if !CallField::TABLE
            .iter()
            .any(|(name, _, kind)| *name == pattern.field && matches!(kind, Kind::Bytes | Kind::Text))
        {
            return fail("detail_pattern.field", "is no text or bytes field of a call");
        }
    }
    Ok(())
}
