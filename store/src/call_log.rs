//! The call log: every call, in the order of time, durable from the moment it is accepted.
//!
//! A call goes through it twice. `accept` makes the raw call durable and is what a sender's
//! acknowledgement stands on. After analysis `append` keeps the masked call for queries. `seal` writes what
//! was appended into a segment; `release` forgets raw calls that segment and hot state both cover.

use async_trait::async_trait;
use model::{Call, CallId, CandidateReason, EndpointId, LoggedCall, Timestamp, ValueHash};

use crate::StoreError;

/// How far the log of accepted calls has come: counts calls accepted since the store was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position(pub u64);

/// What a sender calls a batch. Whoever sends the same batch again gives the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub [u8; 16]);

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The position after its last call.
    pub position: Position,
    /// Calls that were made durable for it.
    pub calls: u32,
    /// That was done earlier; this time nothing was kept.
    pub repeated: bool,
}

/// Which calls to read. Every field narrows; the default is all calls, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallQuery {
    /// From this time on. With either bound, calls without a time do not match.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Belonging to one of these endpoints or candidates (give aliases too).
    pub endpoints: Vec<EndpointId>,
    /// Of this site.
    pub host: Option<String>,
    /// With this method.
    pub method: Option<String>,
    /// With a status in this inclusive range.
    pub status: Option<(u16, u16)>,
    /// From this address (text form, without port).
    pub client: Option<String>,
    /// By this account.
    pub account: Option<String>,
    /// Carrying this data type, in clear or masked.
    pub data_type: Option<String>,
    /// Carrying this value.
    pub value: Option<ValueHash>,
    /// Evidence for this rule.
    pub rule: Option<String>,
    /// Kept out of the inventory (`Some(true)`), or in it (`Some(false)`).
    pub candidate: Option<bool>,
    /// Kept out for this reason.
    pub reason: Option<CandidateReason>,
    /// Target contains this text (ASCII case ignored); its first 1,000 characters are compared.
    pub text: Option<String>,
    /// Oldest first instead of newest first.
    pub ascending: bool,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return; 0 means only count.
    pub limit: u64,
}

/// Some calls and how many there are in all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallPage {
    /// The calls asked for, by time and then input order; calls without a time count as the oldest. Headers,
    /// bodies and stream messages are left out (empty, `None`, empty); `CallLog::get` has them.
    pub calls: Vec<LoggedCall>,
    /// Calls that match, regardless of offset and limit.
    pub total: u64,
}

/// Calls within one span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Start of the span.
    pub start: Timestamp,
    /// Calls.
    pub calls: u64,
    /// Of them answered with 4xx or 5xx.
    pub errors: u64,
}

/// Size and reach of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallLogStats {
    /// Calls that can be queried.
    pub calls: u64,
    /// Segments.
    pub segments: u64,
    /// Bytes of segments on disk.
    pub segment_bytes: u64,
    /// Bytes of accepted raw calls not yet released.
    pub journal_bytes: u64,
    /// Time of the oldest call.
    pub oldest: Timestamp,
    /// Time of the newest call.
    pub newest: Timestamp,
    /// Of the calls, those that no segment holds yet.
    pub unsealed: u64,
    /// Bytes of memory that they take; `seal` frees them.
    pub unsealed_bytes: u64,
    /// Bytes cut off the journal when it was opened: a batch that a crash tore and nobody was promised.
    pub torn_bytes: u64,
    /// Bytes of accepted raw calls found damaged since the log was opened; the calls in them are lost.
    pub damaged_bytes: u64,
}

/// The append-only log of calls.
#[async_trait]
pub trait CallLog: Send + Sync {
    /// Makes raw calls durable and returns the position after them. When this returns, they survive the end
    /// of the process at any moment.
    async fn accept(&self, batch: &[Call]) -> Result<Position, StoreError>;

    /// As [`CallLog::accept`], once for each id: a batch whose id was accepted before is answered with what was
    /// answered then. Id and calls become durable together. The last 100,000 ids are remembered; a batch without
    /// calls leaves no id.
    async fn accept_once(&self, batch: &[Call], id: BatchId) -> Result<Accepted, StoreError>;

    /// Accepted calls after `from`, at most `limit` of them, with the position after the last one; none at the end.
    /// Used after a restart to analyse again what hot state does not cover. So hot state must never cover more
    /// than segments do: `seal` before saving a hot state, or the calls between the two are in neither.
    ///
    /// A batch never reaches across the position that segments cover, so that `append` of its rows is all or
    /// nothing. What was released is skipped. So is what is damaged: it is logged with file, offset and calls
    /// lost, counted in [`CallLogStats::damaged_bytes`], and never in the middle of a batch: the calls of a batch
    /// are those right before the position that comes with them. With damage at the end there are no calls, and
    /// the position is the one after it.
    async fn accepted(&self, from: Position, limit: usize) -> Result<(Vec<Call>, Position), StoreError>;

    /// The position after the last accepted call, and the position up to which calls are in segments.
    async fn positions(&self) -> Result<(Position, Position), StoreError>;

    /// Keeps analysed calls; they can be queried at once. `upto` is the position after the last raw call that
    /// they stem from, at most one row for each and in their order: an append covers the positions from the last
    /// append (after a restart: from what segments cover) to `upto`. Rows from before that are dropped, so that
    /// repeating is safe. An `upto` that was never accepted is refused.
    async fn append(&self, rows: Vec<LoggedCall>, upto: Position) -> Result<(), StoreError>;

    /// Writes all appended rows into segments and returns the position that segments now cover.
    async fn seal(&self) -> Result<Position, StoreError>;

    /// Forgets accepted raw calls before `upto`, as far as segments cover them.
    async fn release(&self, upto: Position) -> Result<(), StoreError>;

    /// Calls that match, without headers and bodies.
    async fn query(&self, query: &CallQuery) -> Result<CallPage, StoreError>;

    /// One call with everything that is kept of it.
    async fn get(&self, id: &CallId) -> Result<Option<LoggedCall>, StoreError>;

    /// Calls over time: `count` spans of equal length that cover the query's range, or the whole log's; none when
    /// there is no time to cover. Calls without a time are in no span.
    async fn histogram(&self, query: &CallQuery, count: usize) -> Result<Vec<Bucket>, StoreError>;

    /// Drops segments whose calls with a known time are all before `before`; returns how many calls went. Calls
    /// without a time go with the segment they are in; a segment of nothing else stays.
    async fn drop_before(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Size and reach.
    async fn stats(&self) -> Result<CallLogStats, StoreError>;
}
