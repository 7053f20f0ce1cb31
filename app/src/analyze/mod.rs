//! The full offline analysis: every call through the pipeline, then one file per kind of fact.

mod exhibits;
mod files;
mod spool;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use model::{Call, LoggedCall, Timestamp};
use rules::Ruleset;

use crate::pipeline::{Picture, Pipeline};
use exhibits::Exhibits;
use spool::Spool;

pub(crate) use exhibits::BODY_BYTES_MAX as EXHIBIT_BYTES;
pub(crate) use files::{Counts, write_all};

/// Key of value hashes where nothing is kept: hashes only meet within one run.
const NO_KEY: [u8; 32] = [0; 32];

/// An analysis under way.
pub(crate) struct Analysis {
    pipeline: Pipeline,
    spool: Spool,
    exhibits: Exhibits,
    calls: u64,
    first: Timestamp,
    last: Timestamp,
}

/// What an analysis came to.
pub(crate) struct Outcome {
    pub picture: Picture,
    /// Calls kept so that findings can show them, by id.
    pub exhibits: Exhibits,
    pub calls: u64,
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Analysis {
    /// Starts an analysis that writes into `out`, which must exist.
    pub fn start(rules: &Arc<Ruleset>, out: &Path) -> Result<Self> {
        Ok(Self {
            pipeline: Pipeline::new(rules, NO_KEY),
            spool: Spool::create(out)?,
            exhibits: Exhibits::default(),
            calls: 0,
            first: Timestamp::UNKNOWN,
            last: Timestamp::UNKNOWN,
        })
    }

    /// Adds one call.
    pub fn add(&mut self, call: &Call) -> Result<()> {
        let logged: LoggedCall = self.pipeline.process(call);
        self.spool.add(&logged)?;
        self.calls += 1;
        self.first = self.first.earlier(call.ts);
        self.last = self.last.later(call.ts);
        self.exhibits.add(logged);
        Ok(())
    }

    /// Settles everything and writes `calls.jsonl`.
    pub fn finish(mut self, out: &Path) -> Result<Outcome> {
        let picture = self.pipeline.picture(false);
        let reasons =
            picture.inventory.candidates.iter().map(|candidate| (candidate.id, candidate.reason)).collect();
        self.spool.finish(out, &self.pipeline, &reasons).context("cannot write calls.jsonl")?;
        Ok(Outcome {
            picture,
            exhibits: self.exhibits,
            calls: self.calls,
            first: self.first,
            last: self.last,
        })
    }
}
