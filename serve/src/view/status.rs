//! How the instance itself is doing, and what became of pushed calls.

use std::collections::BTreeMap;

use serde::Serialize;
use store::CallLogStats;
use utoipa::ToSchema;

use super::Time;
use crate::state::SourceCounts;

/// That the process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthView {
    /// Always `ok`.
    pub(crate) status: HealthStatus,
    /// Version of Apiarist.
    pub(crate) version: String,
}

/// That the process answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HealthStatus {
    /// It does.
    Ok,
}

/// Size and reach of the call log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogStats {
    /// Calls that can be queried.
    pub(crate) calls: u64,
    /// Segments on disk.
    pub(crate) segments: u64,
    /// Bytes of segments on disk.
    pub(crate) segment_bytes: u64,
    /// Bytes of accepted raw calls not yet released.
    pub(crate) journal_bytes: u64,
    /// Time of the oldest call.
    pub(crate) oldest: Time,
    /// Time of the newest call.
    pub(crate) newest: Time,
}

impl From<CallLogStats> for LogStats {
    fn from(stats: CallLogStats) -> Self {
        Self {
            calls: stats.calls,
            segments: stats.segments,
            segment_bytes: stats.segment_bytes,
            journal_bytes: stats.journal_bytes,
            oldest: stats.oldest.into(),
            newest: stats.newest.into(),
        }
    }
}

/// What became of the calls that came in since the start.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IngestStats {
    /// Calls made durable.
    pub(crate) accepted: u64,
    /// Calls analysed.
    pub(crate) analysed: u64,
    /// Calls durable and not yet analysed.
    pub(crate) waiting: u64,
    /// Calls refused because the queue was full.
    pub(crate) refused: u64,
}

/// How the instance is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusView {
    /// Version of Apiarist.
    pub(crate) version: String,
    /// Seconds since the start.
    pub(crate) uptime_s: u64,
    /// The call log.
    pub(crate) log: LogStats,
    /// Calls that came in.
    pub(crate) ingest: IngestStats,
    /// Ids of detectors that failed and were switched off.
    pub(crate) detectors_off: Vec<String>,
    /// How often each limit was reached, by name.
    pub(crate) limits_reached: BTreeMap<String, u64>,
    /// What became of the records of each source, since the start.
    pub(crate) sources: Vec<SourceView>,
}

/// What became of the records of one source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceView {
    /// Name of the source.
    pub(crate) name: String,
    /// Records handed in; once all is quiet, accepted and dropped ones add up to it.
    pub(crate) received: u64,
    /// Calls made durable.
    pub(crate) accepted: u64,
    /// Records dropped.
    pub(crate) dropped: Vec<DropView>,
    /// The source's own counters, by name.
    pub(crate) counters: BTreeMap<String, u64>,
}

/// Records that went no further than a stage.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DropView {
    /// The stage.
    pub(crate) stage: &'static str,
    /// Why, as a stable code.
    pub(crate) reason: &'static str,
    /// How many.
    pub(crate) records: u64,
}

impl SourceView {
    pub(crate) fn new(name: String, counts: SourceCounts) -> Self {
        let drops = counts.dropped.into_iter();
        let dropped = drops.map(|((stage, reason), records)| DropView { stage, reason, records }).collect();
        let SourceCounts { received, accepted, counters, .. } = counts;
        Self { name, received, accepted, dropped, counters }
    }
}

/// What became of the lines of one push.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IngestResult {
    /// Calls that are durable now.
    pub(crate) accepted: u64,
    /// Lines that are no call records, at most 100 of them.
    pub(crate) rejected: Vec<RejectedLine>,
    /// How many lines were rejected in all.
    pub(crate) rejected_total: u64,
}

/// A line that is no call record.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RejectedLine {
    /// Number of the line, from 1.
    pub(crate) line: u64,
    /// What is wrong with it.
    pub(crate) error: LineError,
    /// Where and why, in English.
    pub(crate) detail: String,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineError {
    /// It is not a JSON object with the fields of a call record.
    NotARecord,
    /// It names neither a request nor a response.
    NoCall,
    /// The compressed body broke off or is larger than allowed from here on.
    Truncated,
}
