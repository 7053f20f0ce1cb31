//! Which crate may use which: the levels of `ARCHITECTURE.md`, read from the manifests. Stages of level 2 never
//! see each other; a test may look sideways, never up.

use anyhow::{Context as _, Result};
use toml::Table;

use crate::Report;
use crate::tree::Tree;

/// Folder, level, crates it may use.
const CRATES: &[(&str, u8, &[&str])] = &[
    ("model", 0, &[]),
    ("rules", 1, &["model"]),
    ("capture", 2, &["model"]),
    ("decode", 2, &["model"]),
    ("observe", 2, &["model", "rules"]),
    ("detect", 2, &["model", "rules"]),
    ("guard", 2, &["model"]),
    ("store", 2, &["model"]),
    ("serve", 3, &["model", "store", "rules"]),
    (
        "app",
        4,
        &["model", "rules", "capture", "decode", "observe", "detect", "guard", "store", "serve", "testkit"],
    ),
    ("testkit", 1, &["model"]),
    ("xtask", 4, &[]),
];

pub(crate) fn check(tree: &Tree, report: &mut Report) -> Result<()> {
    let root: Table = tree.require("Cargo.toml")?.parse().context("Cargo.toml")?;
    let members = root.get("workspace").and_then(|w| w.get("members")).and_then(|m| m.as_array());
    for member in members.into_iter().flatten().filter_map(|member| member.as_str()) {
        let path = format!("{member}/Cargo.toml");
        let manifest: Table = tree.require(&path)?.parse().with_context(|| path.clone())?;
        let Some(&(_, level, allowed)) = CRATES.iter().find(|(name, ..)| *name == member) else {
            report.problem(
                &path,
                "a crate without a level; add it to the table in xtask and in ARCHITECTURE.md",
            );
            continue;
        };
        for used in inner(&manifest, &["dependencies", "build-dependencies"]) {
            if !allowed.contains(&used) {
                report.problem(&path, format_args!("uses `{used}`, may use only {allowed:?}"));
            }
        }
        for used in inner(&manifest, &["dev-dependencies"]) {
            if level_of(used) > level {
                report.problem(&path, format_args!("its tests use `{used}` of a higher level"));
            }
        }
        if manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool)
            != Some(true)
        {
            report.problem(&path, "does not inherit the lints of the workspace");
        }
    }
    Ok(())
}

/// Crates of the workspace named in these sections.
fn inner<'a>(manifest: &'a Table, sections: &[&str]) -> Vec<&'a str> {
    let tables =
        sections.iter().filter_map(|section| manifest.get(*section)).filter_map(|value| value.as_table());
    tables.flat_map(Table::keys).map(String::as_str).filter(|name| is_ours(name)).collect()
}

fn is_ours(name: &str) -> bool {
    name == "apiarist" || CRATES.iter().any(|(ours, ..)| *ours == name)
}

fn level_of(name: &str) -> u8 {
    CRATES.iter().find(|(ours, ..)| *ours == name).map_or(u8::MAX, |(_, level, _)| *level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(member: &str, dependencies: &str, expect: &str) {
        let mut report = Report::default();
        let manifest = format!("[lints]\nworkspace = true\n{dependencies}");
        let root = format!("[workspace]\nmembers = [\"{member}\"]");
        let path = format!("{member}/Cargo.toml");
        let tree = Tree::of(&[("Cargo.toml", &root), (&path, &manifest)]);
        check(&tree, &mut report).expect("manifests parse");
        assert_eq!(report.problems.is_empty(), expect.is_empty(), "{:?}", report.problems);
        assert!(report.problems.iter().all(|problem| problem.contains(expect)), "{:?}", report.problems);
    }

    #[test]
    fn sideways_and_upward_edges_are_found() {
        found("observe", "[dependencies]\nmodel.workspace = true\nrules.workspace = true", "");
        found("observe", "[dependencies]\ndetect.workspace = true", "uses `detect`");
        found("decode", "[dev-dependencies]\ncapture.workspace = true\ntestkit.workspace = true", "");
        found("store", "[dev-dependencies]\nserve.workspace = true", "higher level");
        found("novel", "", "without a level");
    }
}
