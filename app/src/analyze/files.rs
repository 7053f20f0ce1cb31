//! The files of `analyze --out DIR`, in the formats of docs/formats.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use model::{Endpoint, Severity, Timestamp};
use observe::openapi;
use serde::Serialize;

use super::Outcome;

/// What an analysis came to, in numbers: `summary.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Counts {
    pub calls: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub sites: usize,
    pub endpoints: usize,
    pub candidates: usize,
    pub accounts: usize,
    pub findings: usize,
    pub findings_by_severity: BTreeMap<&'static str, usize>,
    pub findings_by_rule: BTreeMap<String, usize>,
    pub data_types: BTreeMap<String, DataCount>,
    pub candidates_by_reason: BTreeMap<&'static str, u64>,
    pub top_risks: Vec<TopRisk>,
}

/// One data type over all endpoints.
#[derive(Debug, Default, Serialize)]
pub(crate) struct DataCount {
    pub level: u8,
    pub endpoints: usize,
    pub values: u64,
}

/// One of the endpoints with the highest risk.
#[derive(Debug, Serialize)]
pub(crate) struct TopRisk {
    pub endpoint: String,
    pub host: String,
    pub method: String,
    pub template: String,
    pub risk: u8,
    pub findings: Vec<String>,
}

/// Characters of a host that its file is named by.
const FILE_NAME_MAX: usize = 120;

/// Endpoints listed as top risks.
const TOP_RISKS: usize = 10;

impl Counts {
    pub fn of(outcome: &Outcome) -> Self {
        let inventory = &outcome.picture.inventory;
        let findings = &outcome.picture.findings;
        let mut counts = Self {
            calls: outcome.calls,
            first: outcome.first,
            last: outcome.last,
            sites: hosts(&inventory.endpoints).len(),
            endpoints: inventory.endpoints.len(),
            candidates: inventory.candidates.len(),
            accounts: inventory.accounts.len(),
            findings: findings.len(),
            findings_by_severity: Severity::ALL.iter().rev().map(|severity| (severity.as_str(), 0)).collect(),
            findings_by_rule: BTreeMap::new(),
            data_types: BTreeMap::new(),
            candidates_by_reason: BTreeMap::new(),
            top_risks: Vec::new(),
        };
        for finding in findings {
            *counts.findings_by_severity.entry(finding.severity.as_str()).or_default() += 1;
            *counts.findings_by_rule.entry(finding.rule.clone()).or_default() += 1;
        }
        for candidate in &inventory.candidates {
            *counts.candidates_by_reason.entry(candidate.reason.as_str()).or_default() += 1;
        }
        for endpoint in &inventory.endpoints {
            let mut seen = BTreeSet::new();
            for usage in &endpoint.data {
                let count = counts.data_types.entry(usage.data_type.to_string()).or_default();
                count.level = count.level.max(usage.level);
                count.values += usage.count;
                count.endpoints += usize::from(seen.insert(&usage.data_type));
            }
        }
        counts.top_risks = top_risks(outcome);
        counts
    }
}

fn top_risks(outcome: &Outcome) -> Vec<TopRisk> {
    let mut endpoints: Vec<&Endpoint> =
        outcome.picture.inventory.endpoints.iter().filter(|endpoint| endpoint.risk.score > 0).collect();
    endpoints.sort_by(|a, b| b.risk.score.cmp(&a.risk.score).then_with(|| b.calls.cmp(&a.calls)));
    endpoints
        .into_iter()
        .take(TOP_RISKS)
        .map(|endpoint| TopRisk {
            endpoint: endpoint.id.to_string(),
            host: endpoint.host.clone(),
            method: endpoint.method.clone(),
            template: endpoint.template.clone(),
            risk: endpoint.risk.score,
            findings: outcome
                .picture
                .findings
                .iter()
                .filter(|finding| finding.endpoint == Some(endpoint.id))
                .map(|finding| finding.rule.clone())
                .collect(),
        })
        .collect()
}

/// Hosts that have endpoints.
pub(crate) fn hosts(endpoints: &[Endpoint]) -> BTreeSet<&str> {
    endpoints.iter().map(|endpoint| endpoint.host.as_str()).collect()
}

/// Writes everything but `calls.jsonl` and the report.
pub(crate) fn write_all(out: &Path, outcome: &Outcome, counts: &Counts) -> Result<()> {
    let inventory = &outcome.picture.inventory;
    write_lines(out, "endpoints.jsonl", &inventory.endpoints)?;
    write_lines(out, "candidates.jsonl", &inventory.candidates)?;
    write_lines(out, "data.jsonl", inventory.endpoints.iter().flat_map(|endpoint| &endpoint.data))?;
    write_lines(out, "accounts.jsonl", &inventory.accounts)?;
    write_lines(out, "findings.jsonl", &outcome.picture.findings)?;
    let dir = out.join("openapi");
    // Sites of an earlier analysis must not pass for sites of this one.
    if dir.is_dir() {
        fs::remove_dir_all(&dir).with_context(|| format!("cannot replace {}", dir.display()))?;
    }
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let mut used = BTreeSet::new();
    for host in hosts(&inventory.endpoints) {
        let document = openapi::document(host, &inventory.endpoints);
        let mut name = file_name(host);
        while !used.insert(name.clone()) {
            name.push('_');
        }
        write(&dir.join(format!("{name}.json")), &serde_json::to_vec_pretty(&document)?)?;
    }
    write(&out.join("summary.json"), &serde_json::to_vec_pretty(counts)?)
}

/// A host as a file name: characters that file systems refuse become `_`, long names are cut.
fn file_name(host: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    host.chars().map(plain).take(FILE_NAME_MAX).collect()
}

fn write_lines<T: Serialize>(out: &Path, name: &str, rows: impl IntoIterator<Item = T>) -> Result<()> {
    let path = out.join(name);
    let write = || -> Result<()> {
        let mut file = BufWriter::new(File::create(&path)?);
        for row in rows {
            serde_json::to_writer(&mut file, &row)?;
            file.write_all(b"\n")?;
        }
        Ok(file.flush()?)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a whole file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
