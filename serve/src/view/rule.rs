//! Rules as the console reads them: texts in both languages.

use serde::Serialize;
use utoipa::ToSchema;

use super::names::Severity;

/// The texts of a rule in one language. Placeholders are written `{name}`.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct RuleText {
    /// One line.
    pub(crate) title: String,
    /// What was seen.
    pub(crate) summary: String,
    /// Why it matters.
    pub(crate) why: String,
    /// What to do about it.
    pub(crate) advice: String,
}

/// A weakness that is looked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WeaknessView {
    /// Id of the rule.
    pub(crate) id: String,
    /// How bad a finding of it is as a rule.
    pub(crate) severity: Severity,
    /// OWASP API Security Top 10 entries, `API2:2023`.
    pub(crate) owasp: Vec<String>,
    /// Weakness enumeration, `CWE-306`.
    pub(crate) cwe: Vec<String>,
    /// Clauses of other standards that it belongs to.
    pub(crate) standards: Vec<String>,
    /// English texts.
    pub(crate) en: RuleText,
    /// Chinese texts.
    pub(crate) zh: RuleText,
}

/// A data type that is recognised.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DataTypeView {
    /// Stable upper-case name, `CN_ID_CARD`.
    pub(crate) id: String,
    /// Sensitivity level 1 (public) to 5 (core).
    pub(crate) level: u8,
    /// Class of GB/T 43697-2024 annex B in short: `identity`, `contact`, `account`, ...
    pub(crate) class: String,
    /// Says something about a natural person.
    pub(crate) person: bool,
    /// Opens a door: password, key, token.
    pub(crate) secret: bool,
    /// English name.
    pub(crate) name: String,
    /// Chinese name.
    pub(crate) name_zh: String,
}

/// A business purpose that endpoints are sorted into.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PurposeView {
    /// Id of the purpose.
    pub(crate) id: String,
    /// English name.
    pub(crate) name: String,
    /// Chinese name.
    pub(crate) name_zh: String,
}

/// Everything that is looked for.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct RuleList {
    /// Weaknesses by id.
    pub(crate) weaknesses: Vec<WeaknessView>,
    /// Data types by name.
    pub(crate) data_types: Vec<DataTypeView>,
    /// Purposes by id.
    pub(crate) purposes: Vec<PurposeView>,
}
