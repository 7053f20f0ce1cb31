//! Texts of findings: placeholders filled in, names of types and facets in the reader's language.

use std::collections::BTreeMap;

use model::Profile;
use rules::{Ruleset, WeaknessRule};

use crate::mark::Mark;

/// The languages of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

/// Values for the placeholders, ids where the console words them itself.
pub(crate) fn params(profile: &Profile, mark: &Mark) -> BTreeMap<String, String> {
    let endpoint = &profile.endpoint;
    let join = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(",");
    let mut params = BTreeMap::from([
        ("host".to_owned(), endpoint.host.clone()),
        ("method".to_owned(), endpoint.method.clone()),
        ("template".to_owned(), endpoint.template.clone()),
    ]);
    let mut add = |name: &str, value: String| params.insert(name.to_owned(), value);
    if mark.calls > 0 {
        add("calls", mark.calls.to_string());
    }
    if mark.people > 0 {
        add("people", mark.people.to_string());
    }
    if mark.level > 0 {
        add("level", mark.level.to_string());
    }
    if !mark.types.is_empty() {
        add("types", join(&mark.types));
    }
    if !mark.details.is_empty() {
        add("details", join(&mark.details));
    }
    if let Some(enumerable) = &profile.enumerable {
        add("param", enumerable.param.clone());
        add("kind", enumerable.kind.clone());
        add("distinct", enumerable.distinct.to_string());
    }
    if let Some(login) = &profile.login {
        add("failures", login.failures_max.to_string());
    }
    params
}

/// Fills a text; a placeholder without value becomes `–`.
pub(crate) fn fill(
    text: &str,
    params: &BTreeMap<String, String>,
    name: impl Fn(&str, &str) -> String,
    language: Language,
) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((key, behind)) = after.split_once('}') else { break };
        filled.push_str(before);
        match params.get(key) {
            Some(values) if matches!(key, "types" | "details") => {
                let separator = if language == Language::Chinese { "、" } else { ", " };
                let names: Vec<String> = values.split(',').map(|id| name(key, id)).collect();
                filled.push_str(&names.join(separator));
            }
            Some(value) => filled.push_str(value),
            None => filled.push('–'),
        }
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// The title of a finding.
pub(crate) fn title(
    rules: &Ruleset,
    rule: &WeaknessRule,
    params: &BTreeMap<String, String>,
    language: Language,
) -> String {
    let name = |key: &str, id: &str| word(rules, rule, key, id, language);
    fill(&pick(&rule.text.title, language), params, name, language)
}

/// Adds the details in words, as `details_en` and `details_zh`, for those who fill the texts themselves.
pub(crate) fn add_words(rules: &Ruleset, rule: &WeaknessRule, params: &mut BTreeMap<String, String>) {
    let Some(details) = params.get("details").cloned() else { return };
    for (key, language, comma) in
        [("details_en", Language::English, ", "), ("details_zh", Language::Chinese, "、")]
    {
        let words: Vec<String> =
            details.split(',').map(|id| word(rules, rule, "details", id, language)).collect();
        params.insert(key.to_owned(), words.join(comma));
    }
}

fn pick(text: &rules::Text, language: Language) -> String {
    match language {
        Language::English => text.en.clone(),
        Language::Chinese => text.zh.clone(),
    }
}

/// A data type or detail in words; the id where there are none.
fn word(rules: &Ruleset, rule: &WeaknessRule, key: &str, id: &str, language: Language) -> String {
    let text = if key == "types" {
        rules.data_type(id).map(|known| &known.text)
    } else {
        let detail = rule.details.iter().find(|detail| detail.id == id).map(|detail| &detail.text);
        detail.or_else(|| {
            let (_, set) = rule.detail_pattern.as_ref()?;
            rules.patterns(set)?.pattern_text(id)
        })
    };
    text.map_or_else(|| id.to_owned(), |text| pick(text, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let params = BTreeMap::from([
            ("people".to_owned(), "12".to_owned()),
            ("types".to_owned(), "EMAIL,JWT".to_owned()),
        ]);
        assert_eq!(fill(text, &params, |_, id| id.to_lowercase(), Language::English), expect);
    }

    #[test]
    fn placeholders_are_filled() {
        check("of {people} people: {types}", "of 12 people: email, jwt");
        check("{unknown} and {people", "– and {people");
        check("plain", "plain");
    }
}
