//! What the handlers work on: the stores, the rules, and the binary behind [`Control`]. Built once, cloned
//! per request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use model::{Call, Timestamp};
use store::{BatchId, CallLog, Catalogue, StoreError};
use thiserror::Error;

use crate::assets::{self, Lookup};
use crate::auth::Gate;
use crate::rulebook::RuleBook;

/// What only the binary can do. It implements this over its pipeline.
#[async_trait]
pub trait Control: Send + Sync {
    /// Makes the calls durable and queues them for analysis: all of them or none. Each call has an id and a
    /// time. Returns how many were accepted, for a batch that was accepted before: then.
    async fn ingest(&self, batch: Batch) -> Result<u64, IngestError>;

    /// Reads a document of a foreign format. `source` names the sender.
    fn decode(&self, bytes: &[u8], document: Document, source: &str) -> Decoded;

    /// Counts records that a source handed in, before anything became of them.
    fn received(&self, source: &str, records: u64);

    /// Counts records of a source that went no further than `stage`, and why.
    fn dropped(&self, source: &str, stage: &'static str, reason: &'static str, records: u64);

    /// How the pipeline is doing.
    fn health(&self) -> Health;

    /// The learned OpenAPI 3.1 document of a site; `None` when there is no such site.
    async fn site_openapi(&self, host: &str) -> Result<Option<serde_json::Value>, StoreError>;
}

/// Calls that belong together.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Who handed them in.
    pub source: String,
    /// What the sender calls the batch, so that it can be sent again without being counted again.
    pub id: Option<BatchId>,
    /// The calls.
    pub calls: Vec<Call>,
}

/// What a pushed document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// To be recognised from its content.
    Recognised,
    /// HTTP Archive.
    Har,
    /// `ExportLogsServiceRequest` of OTLP, protobuf or JSON.
    OtlpLogs,
    /// `ExportTraceServiceRequest` of OTLP, protobuf or JSON.
    OtlpSpans,
}

/// What a document held.
#[derive(Debug, Clone, Default)]
pub struct Decoded {
    /// What it was read as; `None` when it was not recognised.
    pub kind: Option<&'static str>,
    /// Its calls.
    pub calls: Vec<Call>,
    /// What could not be read: entry or line, and why; the first of them.
    pub problems: Vec<(u64, String)>,
    /// How many records could not be read.
    pub malformed: u64,
    /// How many records were left out because they tell of no call, by reason.
    pub left_out: BTreeMap<&'static str, u64>,
    /// Some record has no time of its own.
    pub untimed: bool,
}

/// What became of the records of one source, since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Records handed in. Once all is quiet, `received = accepted + dropped`.
    pub received: u64,
    /// Calls made durable.
    pub accepted: u64,
    /// Records dropped, by stage and reason.
    pub dropped: BTreeMap<(&'static str, &'static str), u64>,
    /// The source's own counters, by name.
    pub counters: BTreeMap<String, u64>,
}

/// Why pushed calls were not accepted.
#[derive(Debug, Error)]
pub enum IngestError {
    /// The queue is full; nothing was taken.
    #[error("the queue is full")]
    Busy {
        /// Seconds after which trying again makes sense.
        retry_after_s: u64,
    },
    /// They could not be made durable.
    #[error("pushed calls cannot be kept")]
    Store(#[source] StoreError),
}

/// How the pipeline is doing. Counters run since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Calls made durable.
    pub accepted: u64,
    /// Calls analysed.
    pub analysed: u64,
    /// Calls durable and not yet analysed.
    pub waiting: u64,
    /// Calls refused because the queue was full.
    pub refused: u64,
    /// Ids of detectors that failed and were switched off.
    pub detectors_off: Vec<String>,
    /// How often each limit was reached, by name.
    pub limits_reached: BTreeMap<String, u64>,
    /// What became of the records of each source.
    pub sources: BTreeMap<String, SourceCounts>,
}

/// What the handlers work on.
#[derive(Clone)]
pub struct ServeState {
    pub(crate) log: Arc<dyn CallLog>,
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) rules: Arc<RuleBook>,
    pub(crate) control: Arc<dyn Control>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) assets: Lookup,
    pub(crate) secure_cookies: bool,
}

impl ServeState {
    /// Joins the parts.
    #[must_use]
    pub fn new(
        log: Arc<dyn CallLog>,
        catalogue: Arc<dyn Catalogue>,
        rules: RuleBook,
        control: Arc<dyn Control>,
    ) -> Self {
        Self {
            log,
            catalogue,
            rules: Arc::new(rules),
            control,
            gate: Arc::new(Gate::new()),
            assets: assets::embedded,
            secure_cookies: false,
        }
    }

    /// Marks session cookies `Secure`: for instances that are reached over https only.
    #[must_use]
    pub fn secure_cookies(mut self, secure: bool) -> Self {
        self.secure_cookies = secure;
        self
    }
}

/// The time of day. Only the HTTP side reads it: sessions end, and pushed calls without a time get one.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
