//! `calls.jsonl`: one line per call in input order. Which endpoint a call belongs to is certain only at the end,
//! so lines wait in a file beside it, with the id that the call had at first.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use model::{CandidateReason, EndpointId, LoggedCall};
use serde::Serialize;

use crate::pipeline::Pipeline;

/// A file that is gone when nobody needs it any more.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Lines that wait for their endpoint.
pub(crate) struct Spool {
    part: Part,
    lines: BufWriter<File>,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    data: Vec<Datum<'a>>,
    attacks: [(); 0],
}

#[derive(Serialize)]
struct Datum<'a> {
    side: &'a str,
    r#in: &'a str,
    path: &'a str,
    r#type: &'a str,
    level: u8,
    masked: bool,
}

impl Spool {
    pub fn create(out: &Path) -> Result<Self> {
        let path = out.join("calls.jsonl.part");
        let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { part: Part(path), lines: BufWriter::new(file) })
    }

    pub fn add(&mut self, logged: &LoggedCall) -> Result<()> {
        let seen = &logged.observation;
        let data = seen.data.iter().map(|hit| Datum {
            side: hit.side.as_str(),
            r#in: hit.place.as_str(),
            path: &hit.path,
            r#type: hit.data_type.as_str(),
            level: hit.level,
            masked: hit.masked,
        });
        let line = Line {
            account: seen.account.as_ref().map(|(id, _)| id.as_str()),
            data: data.collect(),
            attacks: [],
        };
        let reason = seen.candidate.map_or("-", CandidateReason::as_str);
        let id = serde_json::to_string(&logged.call.id)?;
        writeln!(self.lines, "{} {reason} {id}\t{}", seen.endpoint, serde_json::to_string(&line)?)?;
        Ok(())
    }

    /// Writes `calls.jsonl` with the endpoints as they are known now.
    pub fn finish(
        self,
        out: &Path,
        pipeline: &Pipeline,
        reasons: &BTreeMap<EndpointId, CandidateReason>,
    ) -> Result<()> {
        let written = self.lines.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        drop(written);
        let mut calls = BufWriter::new(File::create(out.join("calls.jsonl"))?);
        for line in BufReader::new(File::open(&self.part.0)?).lines() {
            let line = line?;
            let (head, rest) = line.split_once('\t').context("a line without its facts")?;
            let mut parts = head.splitn(3, ' ');
            let (endpoint, reason, id) = (parts.next(), parts.next(), parts.next());
            let first: EndpointId = endpoint.unwrap_or_default().parse()?;
            write!(calls, "{{\"id\":{},", id.unwrap_or("\"\""))?;
            match pipeline.endpoint_of(first) {
                Some(endpoint) => write!(calls, "\"endpoint\":\"{endpoint}\",")?,
                None => {
                    let now = reasons.get(&pipeline.resolve(first)).map(|reason| reason.as_str());
                    let reason = now.or(reason).filter(|reason| *reason != "-").unwrap_or("unconfirmed");
                    write!(calls, "\"endpoint\":null,\"candidate_reason\":\"{reason}\",")?;
                }
            }
            writeln!(calls, "{}", rest.strip_prefix('{').unwrap_or(rest))?;
        }
        calls.flush()?;
        Ok(())
    }
}
