//! Content files as counted things: examples for and against, and both languages wherever there is a text.
//! What the fields mean is the business of the `rules` crate.

use toml::{Table, Value};

use crate::Report;
use crate::tree::Tree;

/// Examples that each rule brings, for and against.
const EXAMPLES_MIN: usize = 3;
/// Folders whose files are rules with examples.
const RULES: &[&str] = &["content/data/", "content/weakness/", "content/purpose/", "content/pattern/"];

pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for (path, text) in tree.below("content/", ".toml") {
        let table: Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                report.problem(path, error.to_string().lines().next().unwrap_or("cannot be parsed"));
                continue;
            }
        };
        let mut texts = 0;
        languages(&Value::Table(table.clone()), "", &mut |place, missing| {
            texts += 1;
            if let Some(missing) = missing {
                report.problem(path, format_args!("{place}: {missing}"));
            }
        });
        if texts == 0 {
            report.problem(path, "has no text in zh and en");
        }
        if RULES.iter().any(|folder| path.starts_with(folder)) {
            examples(path, &table, report);
        }
    }
}

fn examples(path: &str, table: &Table, report: &mut Report) {
    for field in ["positive", "negative"] {
        let count = table.get(field).and_then(Value::as_array).map_or(0, Vec::len);
        if count < EXAMPLES_MIN {
            report.problem(path, format_args!("{count} of at least {EXAMPLES_MIN} `{field}` examples"));
        }
    }
}

/// Calls `seen` for each table that speaks a language, with what is missing in it.
fn languages(value: &Value, place: &str, seen: &mut impl FnMut(&str, Option<String>)) {
    match value {
        Value::Table(table) if speaks(table) => seen(place, missing(table)),
        Value::Table(table) => {
            for (key, value) in table {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                languages(value, &place, seen);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                languages(value, &format!("{place}[{index}]"), seen);
            }
        }
        _ => {}
    }
}

/// A table of texts holds nothing but languages.
fn speaks(table: &Table) -> bool {
    !table.is_empty() && table.keys().all(|key| key == "zh" || key == "en")
}

fn missing(table: &Table) -> Option<String> {
    let (Some(en), Some(zh)) = (table.get("en"), table.get("zh")) else {
        return Some("one of zh and en is missing".to_owned());
    };
    match (en, zh) {
        (Value::String(en), Value::String(zh)) => {
            (en.trim().is_empty() || zh.trim().is_empty()).then(|| "a text is empty".to_owned())
        }
        (Value::Table(en), Value::Table(zh)) => {
            let odd: Vec<&String> = en
                .keys()
                .filter(|key| !zh.contains_key(*key))
                .chain(zh.keys().filter(|key| !en.contains_key(*key)))
                .collect();
            (!odd.is_empty()).then(|| format!("{odd:?} stands in one language only"))
        }
        _ => Some("zh and en have different shapes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLES: &str = "positive = [1, 2, 3]\nnegative = [1, 2, 3]\n";

    #[track_caller]
    fn found(text: &str, expect: &[&str]) {
        let mut report = Report::default();
        check(&Tree::of(&[("content/data/X.toml", text)]), &mut report);
        assert_eq!(report.problems.len(), expect.len(), "{:?}", report.problems);
        for (problem, part) in report.problems.iter().zip(expect) {
            assert!(problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn examples_and_languages_are_counted() {
        found(&format!("{EXAMPLES}text = {{ en = \"a\", zh = \"甲\" }}"), &[]);
        found(&format!("{EXAMPLES}[text.title]\nen = \"a\"\nzh = \"甲\""), &[]);
        found(&format!("{EXAMPLES}[text.en]\ntitle = \"a\"\n[text.zh]\ntitle = \"甲\""), &[]);
        found(&format!("{EXAMPLES}text = {{ en = \"a\" }}"), &["one of zh and en"]);
        found(
            &format!("{EXAMPLES}[text.en]\ntitle = \"a\"\n[text.zh]\nother = \"甲\""),
            &["one language only"],
        );
        found("positive = [1]\ntext = { en = \"a\", zh = \"甲\" }", &["1 of at least 3", "0 of at least 3"]);
        found(EXAMPLES, &["no text"]);
        found("= 1", &["TOML parse error"]);
    }
}
