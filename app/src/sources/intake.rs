//! What a listener has taken in and not handed on yet: calls on their way to the outlet, and records that are none
//! with the reason. Records are counted as received where they come in, and apart from that what becomes of each.

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
    received: u64,
    dropped: BTreeMap<(&'static str, &'static str), u64>,
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
            received: 0,
            dropped: BTreeMap::new(),
        }
    }

    /// Counts records that have come in. Each must become a call or be dropped.
    pub fn receive(&mut self, records: u64) {
        self.received += records;
    }

    /// Takes a call that came in so many bytes.
    pub fn call(&mut self, call: Call, bytes: usize) {
        self.calls.push(call);
        self.records += 1;
        self.bytes += bytes;
    }

    /// Counts records that came in and went no further than `stage`.
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

    /// Counts records of which nothing more is known than that they were lost.
    pub fn lose(&mut self, reason: &'static str, records: u64) {
        self.receive(records);
        self.drop_records("receive", reason, records);
    }

    /// Makes the calls durable, waiting while the server is full.
    pub async fn hand_on(&mut self) {
        let (calls, received) = (std::mem::take(&mut self.calls), std::mem::take(&mut self.received));
        (self.records, self.bytes) = (0, 0);
        if received > 0 {
            self.outlet.counters().received(&self.source, received);
        }
        for ((stage, reason), records) in std::mem::take(&mut self.dropped) {
            self.outlet.counters().dropped(&self.source, stage, reason, records);
        }
        let count = calls.len() as u64;
        if count > 0
            && let Err(error) = self.outlet.hand_over(&self.source, calls, None).await
        {
            error!(source = self.source, calls = count, error = %format!("{error:#}"), "calls dropped");
        }
    }
}
