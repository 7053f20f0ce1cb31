//! `cargo xtask tidy` checks the house, `cargo xtask docs` writes `docs/reference/`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "usage: cargo xtask tidy | docs
  tidy   check crate edges, file lengths, headers, content, dependencies, links, generated pages
  docs   write docs/reference/ from content/ and */src/limits.rs";

fn main() -> Result<ExitCode> {
    let mut out = io::stdout().lock();
    let root = xtask::root();
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => {
            let report = xtask::tidy(&root)?;
            for warning in &report.warnings {
                writeln!(out, "warning: {warning}")?;
            }
            for problem in &report.problems {
                writeln!(out, "problem: {problem}")?;
            }
            let (problems, warnings) = (report.problems.len(), report.warnings.len());
            writeln!(out, "tidy: {problems} problems, {warnings} warnings")?;
            Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Some("docs") => {
            for path in xtask::reference::write(&root)? {
                writeln!(out, "wrote {path}")?;
            }
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            writeln!(io::stderr(), "{USAGE}")?;
            Ok(ExitCode::from(2))
        }
    }
}
