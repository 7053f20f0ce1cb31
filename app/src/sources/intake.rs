//! What a listener has taken in and not handed on yet: calls on their way to the outlet, and records that are none
//! with the reason. Keeps `received = accepted + dropped` for the source.

use std::collections::BTreeMap;

use model::Call;
use tracing::error;

use super::Outlet;
use crate::limits::{BATCH_BYTES_MAX, BATCH_MESSAGES_MAX};

/// Collects what came in, for one source.
pub(super) struct Intake {
    pub source: String,
    pub outlet: Outlet,
    calls: Vec<Call>,
    /// Records since they were last handed on, and their bytes.
    records: usize,
    bytes: usize,
    dropped: BTreeMap<(&'static str, &'static str), u64>,
    /// The server has stopped and takes no more.
    is_over: bool,
}

impl Intake {
    /// `source`: the name under which it is counted.
    pub fn new(source: &str, outlet: &Outlet) -> Self {
        Self {
            source: source.to_owned(),
            outlet: outlet.clone(),
            calls: Vec::new(),
            records: 0,
            bytes: 0,
            dropped: BTreeMap::new(),
            is_over: false,
        }
    }

    /// Takes a call that came in so many bytes.
    pub fn call(&mut self, call: Call, bytes: usize) {
        self.calls.push(call);
        self.records += 1;
        self.bytes += bytes;
    }

    /// Counts records that went no further than `stage`.
    pub fn drop_records(&mut self, stage: &'static str, reason: &'static str, records: u64) {
        if records > 0 {
            *self.dropped.entry((stage, reason)).or_default() += records;
            self.records += 1;
        }
    }

    /// True when it is time to hand on.
    pub fn is_full(&self) -> bool {
        self.records >= BATCH_MESSAGES_MAX || self.bytes >= BATCH_BYTES_MAX
    }

    /// Makes the calls durable, waiting while the server is full.
    pub async fn hand_on(&mut self) {
        let calls = std::mem::take(&mut self.calls);
        (self.records, self.bytes) = (0, 0);
        let count = calls.len() as u64;
        if count > 0
            && (self.is_over || {
                let outcome = self.outlet.hand_over(&self.source, calls, None).await;
                outcome
                    .inspect_err(
                        |error| error!(source = self.source, error = %format!("{error:#}"), "calls dropped"),
                    )
                    .is_err()
            })
        {
            // Later ones would wait as long and in vain.
            self.is_over = true;
            *self.dropped.entry(("journal", "queue_full")).or_default() += count;
        }
        for ((stage, reason), records) in std::mem::take(&mut self.dropped) {
            self.outlet.drop_records(&self.source, stage, reason, records);
        }
    }
}
