//! The texts of the rules as the API answers them. The only file that knows the `rules` crate.

use rules::{DataTypeRule, PurposeRule, Ruleset, WeaknessRule, WeaknessText};

use crate::view::rule::{DataTypeView, PurposeView, RuleList, RuleText, WeaknessView};

/// Everything that is looked for, with texts in both languages, ready to be sent.
#[derive(Debug, Clone, Default)]
pub struct RuleBook {
    list: RuleList,
}

impl From<&Ruleset> for RuleBook {
    fn from(rules: &Ruleset) -> Self {
        let mut list = RuleList {
            weaknesses: rules.weaknesses().iter().map(weakness).collect(),
            data_types: rules.data_types().iter().map(data_type).collect(),
            purposes: rules.purposes().iter().map(purpose).collect(),
        };
        list.weaknesses.sort_by(|a, b| a.id.cmp(&b.id));
        list.data_types.sort_by(|a, b| a.id.cmp(&b.id));
        list.purposes.sort_by(|a, b| a.id.cmp(&b.id));
        Self { list }
    }
}

impl RuleBook {
    pub(crate) fn list(&self) -> &RuleList {
        &self.list
    }

    /// The weakness with an id.
    pub(crate) fn weakness(&self, id: &str) -> Option<&WeaknessView> {
        self.list.weaknesses.iter().find(|weakness| weakness.id == id)
    }
}

fn weakness(rule: &WeaknessRule) -> WeaknessView {
    let WeaknessText { title, summary, why, advice } = &rule.text;
    WeaknessView {
        id: rule.id.clone(),
        severity: rule.severity.into(),
        owasp: rule.owasp.clone(),
        cwe: rule.cwe.clone(),
        standards: rule.standards.clone(),
        en: RuleText {
            title: title.en.clone(),
            summary: summary.en.clone(),
            why: why.en.clone(),
            advice: advice.en.clone(),
        },
        zh: RuleText {
            title: title.zh.clone(),
            summary: summary.zh.clone(),
            why: why.zh.clone(),
            advice: advice.zh.clone(),
        },
    }
}

fn data_type(rule: &DataTypeRule) -> DataTypeView {
    DataTypeView {
        id: rule.id.to_string(),
        level: rule.level,
        class: rule.class.clone(),
        person: rule.person,
        secret: rule.secret,
        name: rule.text.en.clone(),
        name_zh: rule.text.zh.clone(),
    }
}

fn purpose(rule: &PurposeRule) -> PurposeView {
    PurposeView { id: rule.id.clone(), name: rule.text.en.clone(), name_zh: rule.text.zh.clone() }
}
