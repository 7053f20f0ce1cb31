//! Each dependency has a line in `docs/DEPENDENCIES.md`, and no line is left behind by one that went.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use toml::Table;

use crate::Report;
use crate::tree::Tree;

const PAGE: &str = "docs/DEPENDENCIES.md";

pub(crate) fn check(tree: &Tree, report: &mut Report) -> Result<()> {
    let mut used = crates(tree.require("Cargo.toml")?)?;
    if let Some(package) = tree.get("console/package.json") {
        used.extend(packages(package)?);
    }
    for name in idle(tree)? {
        report.warning("Cargo.toml", format_args!("no crate uses `{name}`"));
    }
    let explained = explained(tree.require(PAGE)?);
    for name in used.difference(&explained) {
        report.problem(PAGE, format_args!("`{name}` is used and has no line"));
    }
    for name in explained.difference(&used) {
        report.problem(PAGE, format_args!("`{name}` has a line and is not used"));
    }
    Ok(())
}

/// Dependencies of the workspace that are not part of it.
fn crates(manifest: &str) -> Result<BTreeSet<String>> {
    let manifest: Table = manifest.parse().context("Cargo.toml")?;
    let table = manifest.get("workspace").and_then(|w| w.get("dependencies")).and_then(|d| d.as_table());
    let foreign = table.into_iter().flatten().filter(|(_, value)| value.get("path").is_none());
    Ok(foreign.map(|(name, _)| name.clone()).collect())
}

/// Dependencies of the workspace that no member asks for.
fn idle(tree: &Tree) -> Result<BTreeSet<String>> {
    let mut idle = crates(tree.require("Cargo.toml")?)?;
    for (path, text) in tree.below("", "/Cargo.toml") {
        let manifest: Table = text.parse().with_context(|| path.to_owned())?;
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for name in
                manifest.get(section).and_then(|section| section.as_table()).into_iter().flat_map(Table::keys)
            {
                idle.remove(name);
            }
        }
    }
    Ok(idle)
}

fn packages(text: &str) -> Result<BTreeSet<String>> {
    let package: serde_json::Value = serde_json::from_str(text).context("console/package.json")?;
    let sections =
        ["dependencies", "devDependencies"].into_iter().filter_map(|name| package.get(name)?.as_object());
    Ok(sections.flat_map(|section| section.keys().cloned()).collect())
}

/// Names in backquotes in the first cell of a table row.
fn explained(page: &str) -> BTreeSet<String> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let names = cells.flat_map(|cell| cell.split('`').step_by(2).collect::<Vec<_>>());
    names.filter(|name| !name.trim_matches([',', ' ']).is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_uses_must_match() {
        let manifest =
            "[workspace.dependencies]\nserde = \"1\"\nmodel = { path = \"model\" }\ntoml = \"1\"\n";
        let page = "| crate | why |\n|---|---|\n| `serde`, `gone` | x |\n";
        let package = r#"{"dependencies":{"@a/b":"1"}}"#;
        let tree = Tree::of(&[("Cargo.toml", manifest), ("console/package.json", package), (PAGE, page)]);
        let mut report = Report::default();
        check(&tree, &mut report).expect("parses");
        let found = report.problems.join("\n");
        assert_eq!((report.problems.len(), report.warnings.len()), (3, 2), "{found}");
        assert!(
            found.contains("`@a/b` is used")
                && found.contains("`toml` is used")
                && found.contains("`gone` has")
        );
    }
}
