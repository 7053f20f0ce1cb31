//! Chores of the project: `tidy` checks what can be counted, `docs` writes the reference pages.
//!
//! Reads files of the checkout only: no network, no build, no clock. The same checks run as a test.

mod content;
mod dependencies;
mod edges;
mod files;
mod links;
pub mod reference;
mod tree;

use std::path::{Path, PathBuf};

use anyhow::Result;
use tree::Tree;

/// What `tidy` found.
#[derive(Debug, Default)]
pub struct Report {
    /// Breaks of a rule; `tidy` fails when there is one.
    pub problems: Vec<String>,
    /// Things on their way to break a rule.
    pub warnings: Vec<String>,
}

impl Report {
    pub(crate) fn problem(&mut self, place: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.problems.push(format!("{place}: {what}"));
    }

    pub(crate) fn warning(&mut self, place: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.warnings.push(format!("{place}: {what}"));
    }
}

/// The root of the checkout: where Cargo runs this program, or else where it was built.
#[must_use]
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).parent().map(Path::to_owned).unwrap_or_default()
}

/// Runs every check over the checkout at `root`.
///
/// # Errors
/// When a file that must be there cannot be read; broken rules are in the report instead.
pub fn tidy(root: &Path) -> Result<Report> {
    let tree = Tree::read(root)?;
    let mut report = Report::default();
    files::check(&tree, &mut report);
    edges::check(&tree, &mut report)?;
    content::check(&tree, &mut report);
    dependencies::check(&tree, &mut report)?;
    links::check(&tree, &mut report);
    reference::check(&tree, &mut report)?;
    report.problems.sort();
    report.warnings.sort();
    Ok(report)
}
