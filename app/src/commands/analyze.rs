//! `apiarist analyze`: the full offline analysis into a folder, and a summary that a person can read.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context, Result};
use rules::Ruleset;

use crate::analyze::{Analysis, Counts, write_all};
use crate::cli::AnalyzeArgs;
use crate::input;
use crate::report;

pub(crate) fn run(args: &AnalyzeArgs) -> Result<()> {
    std::fs::create_dir_all(&args.out).with_context(|| format!("cannot create {}", args.out.display()))?;
    let rules = Arc::new(Ruleset::builtin().context("the built-in rules cannot be loaded")?);
    let mut analysis = Analysis::start(&rules, &args.out)?;
    let read = input::read(&args.reading, &mut |call| analysis.add(&call))?;
    read.require_calls()?;
    let outcome = analysis.finish(&args.out)?;
    let counts = Counts::of(&outcome);
    write_all(&args.out, &outcome, &counts)?;
    report::write(&args.out.join("report.html"), &args.reading.inputs, &outcome, &counts, &rules)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, &counts)?;
        writeln!(out)?;
    } else {
        out.write_all(summary(&counts, args).as_bytes())?;
    }
    out.flush()?;
    read.require_whole()
}

/// What was found, worst first, and where to read on.
fn summary(counts: &Counts, args: &AnalyzeArgs) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{} calls · {} sites · {} endpoints · {} candidates · {} accounts · {} findings",
        counts.calls, counts.sites, counts.endpoints, counts.candidates, counts.accounts, counts.findings
    );
    let severities: Vec<String> = ["critical", "high", "medium", "low", "info"]
        .iter()
        .filter_map(|severity| {
            Some((severity, counts.findings_by_severity.get(severity).filter(|n| **n > 0)?))
        })
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    if !severities.is_empty() {
        let _ = writeln!(text, "findings: {}", severities.join(", "));
    }
    if !counts.top_risks.is_empty() {
        let _ = writeln!(text, "\nrisk  endpoint");
    }
    for top in &counts.top_risks {
        let _ = writeln!(text, "{:>4}  {} {}{}", top.risk, top.method, top.host, top.template);
        if !top.findings.is_empty() {
            let _ = writeln!(text, "      {}", top.findings.join(", "));
        }
    }
    let _ = writeln!(text, "\nreport: {}", args.out.join("report.html").display());
    text
}
