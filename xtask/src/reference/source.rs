//! Pages written from Rust sources: constants and settings with their comments. Reads declarations line by
//! line, as `rustfmt` leaves them; what it cannot evaluate is shown as written.

use anyhow::Result;

use super::{Language, cell, heading, line};
use crate::tree::Tree;

pub(super) const LIMITS: &str = "model/src/limits.rs";
pub(super) const SETTINGS: &str = "app/src/config.rs";
pub(super) const SOURCES: &str = "app/src/sources/config.rs";

/// The fields of the configuration file with their defaults.
pub(super) fn settings(source: &str) -> String {
    let mut rows = Vec::new();
    let mut meaning = Vec::new();
    let fields = source.split_once("struct Config {").map_or("", |(_, rest)| rest);
    for source_line in fields.lines().take_while(|line| *line != "}").map(str::trim) {
        if let Some(comment) = source_line.strip_prefix("///") {
            meaning.push(comment.trim());
        } else if let Some((name, _)) = source_line.strip_prefix("pub ").and_then(|rest| rest.split_once(':'))
        {
            let default = default_of(source, name);
            rows.push(format!("| `{name}` | {default} | {} |", cell(&meaning.join(" "))));
            meaning.clear();
        }
    }
    let mut page = heading(Language::En, "Configuration file", SETTINGS, rows.len());
    page.push_str("TOML, named with `--config`. The command line goes before the file; an unknown name is an error.\n\n");
    page.push_str("| name | default | meaning |\n|---|---|---|\n");
    for row in rows {
        line(&mut page, format_args!("{row}"));
    }
    page
}

/// The kinds of `[[source]]` with their fields.
pub(super) fn sources(source: &str) -> String {
    let mut page = "\n## `[[source]]`\n\nA table each; `kind` tells them apart.\n\n\
        | kind | field | meaning |\n|---|---|---|\n"
        .to_owned();
    let variants = source.split_once("enum SourceConfig {").map_or("", |(_, rest)| rest);
    let (mut kind, mut meaning, mut has_default) = (String::new(), Vec::new(), false);
    for source_line in variants.lines().take_while(|line| *line != "}").map(str::trim) {
        if let Some(comment) = source_line.strip_prefix("///") {
            meaning.push(comment.trim());
            continue;
        }
        let (is_kind, is_field) = (source_line.ends_with('{'), source_line.contains(": "));
        if is_kind {
            kind = kebab(source_line.trim_end_matches([' ', '{']));
            line(&mut page, format_args!("| `{kind}` | | {} |", cell(&meaning.join(" "))));
        } else if is_field && let Some((name, ty)) = source_line.split_once(": ") {
            let must = if ty.starts_with("Option<") || has_default { "" } else { " (required)" };
            line(&mut page, format_args!("| `{kind}` | `{name}`{must} | {} |", cell(&meaning.join(" "))));
        }
        if source_line.starts_with('#') {
            has_default |= source_line.starts_with("#[serde(default");
        } else {
            meaning.clear();
            has_default = false;
        }
    }
    page
}

fn kebab(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The value in `impl Default`: a literal, the text inside a constructor, or a constant of the same file.
fn default_of(source: &str, name: &str) -> String {
    let values = source.split_once("fn default()").map_or("", |(_, rest)| rest);
    let written = values.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
    let written = written.unwrap_or_default().trim_end_matches(',');
    if written == "Vec::new()" {
        return "none".to_owned();
    }
    if let Some(number) = evaluate(written) {
        return grouped(number);
    }
    if let Some(text) = written.split('"').nth(1).filter(|_| !written.contains("expect")) {
        return format!("`{text}`");
    }
    let constant = written.split('.').next().unwrap_or(written);
    let value =
        source.lines().find_map(|line| line.split_once(&format!("const {constant}: "))?.1.split('"').nth(1));
    format!("`{}`", value.unwrap_or(written))
}

/// One table per `limits.rs`, the shared one first.
pub(super) fn limits(tree: &Tree) -> Result<String> {
    let shared = (LIMITS, tree.require(LIMITS)?);
    let own = tree.below("", "/src/limits.rs").filter(|(path, _)| *path != LIMITS);
    let (mut page, mut count) = (String::new(), 0);
    for (path, source) in std::iter::once(shared).chain(own) {
        let rows = limit_rows(source);
        count += rows.len();
        line(&mut page, format_args!("\n## `{path}`\n\n| limit | value | meaning |\n|---|---|---|"));
        for row in rows {
            line(&mut page, format_args!("{row}"));
        }
    }
    let heading = heading(Language::En, "Limits", "*/src/limits.rs", count);
    Ok(format!(
        "{heading}What reaches a limit is counted, marked or answered with an error that names it.\n{page}"
    ))
}

/// A table row for each constant with its comment.
fn limit_rows(source: &str) -> Vec<String> {
    let (mut meaning, mut rows) = (Vec::new(), Vec::new());
    for source_line in source.lines() {
        let constant =
            source_line.strip_prefix("pub const ").or(source_line.strip_prefix("pub(crate) const "));
        if let Some(comment) = source_line.strip_prefix("///") {
            meaning.push(comment.trim());
            continue;
        }
        if let Some((name, rest)) = constant.and_then(|rest| rest.split_once(':')) {
            let value = rest.split_once('=').map_or("", |(_, value)| value.trim().trim_end_matches(';'));
            let shown = evaluate(value).map_or_else(|| format!("`{value}`"), grouped);
            rows.push(format!("| `{name}` | {shown} | {} |", cell(&meaning.join(" "))));
        }
        meaning.clear();
    }
    rows
}

/// Products and shifts of whole numbers; anything else is shown as written.
fn evaluate(expression: &str) -> Option<u128> {
    if let Some((left, right)) = expression.split_once("<<") {
        return evaluate(left)?.checked_shl(u32::try_from(evaluate(right)?).ok()?);
    }
    if let Some((left, right)) = expression.split_once('*') {
        return evaluate(left)?.checked_mul(evaluate(right)?);
    }
    expression.trim().replace('_', "").parse().ok()
}

fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, expect: &str) {
        assert_eq!(evaluate(expression).map(grouped).unwrap_or_default(), expect);
    }

    #[test]
    fn limits_are_evaluated() {
        check("8 << 20", "8,388,608");
        check("5 * 60 * 1_000_000", "300,000,000");
        check("200_000", "200,000");
        check("OTHER / 2", "");
    }

    #[test]
    fn sources_show_their_kinds_and_fields() {
        let source = "enum SourceConfig {\n    /// A thing.\n    BigThing {\n        /// Its name.\n        name: String,\n        \
            /// How many.\n        #[serde(default)]\n        count: Option<u32>,\n        \
            /// Which.\n        names: Vec<String>,\n        /// More.\n        #[serde(default)]\n        more: Map,\n    },\n}\n";
        let page = sources(source);
        for row in [
            "| `big-thing` | | A thing. |",
            "| `big-thing` | `name` (required) | Its name. |",
            "| `big-thing` | `count` | How many. |",
            "| `big-thing` | `names` (required) | Which. |",
            "| `big-thing` | `more` | More. |",
        ] {
            assert!(page.contains(row), "{page}");
        }
    }

    #[test]
    fn settings_show_their_defaults() {
        let source = "const LISTEN: &str = \"127.0.0.1:1\";\npub(crate) struct Config {\n    /// Where.\n    pub listen: X,\n    \
            /// Folder.\n    pub data: PathBuf,\n    /// Days.\n    pub days: u32,\n}\nfn default() -> Self {\n    Self {\n        \
            listen: LISTEN.parse().expect(\"a\"),\n        data: PathBuf::from(\"data\"),\n        days: 1_000,\n    }\n}\n";
        let page = settings(source);
        for row in [
            "| `listen` | `127.0.0.1:1` | Where. |",
            "| `data` | `data` | Folder. |",
            "| `days` | 1,000 | Days. |",
        ] {
            assert!(page.contains(row), "{page}");
        }
    }
}
