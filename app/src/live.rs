//! The pipeline as a long-running service. The journal of the call log is its queue: whoever pushes calls makes
//! them durable there, one worker reads them in order, analyses them, and saves what is known. After a crash the
//! worker goes on from the last saved state and reads again what came after it.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use async_trait::async_trait;
use model::{Anomaly, Call, LoggedCall, Message, Timestamp};
use observe::openapi;
use rules::Ruleset;
use serve::{Batch, Control, Decoded, Document, Health, IngestError};
use store::{
    BatchId, CallLog, Catalogue, EndpointQuery, EndpointSort, HotState, Knowledge, Position, Store,
    StoreError,
};
use tokio::sync::{Mutex, Notify, watch};
use tracing::{error, info, warn};

use crate::config::Config;
use crate::pipeline::Pipeline;
use crate::sources::{self, SourceCounters};

/// Calls analysed between two looks at the clock.
const BATCH_CALLS: usize = 1_000;
/// Rows in memory after which a segment is written.
const SEAL_ROWS: u64 = 100_000;
/// Bytes of bodies in memory after which a segment is written.
const SEAL_BYTES: u64 = 256 << 20;
/// Shortest time between two snapshots of the hot state, and how many times its own duration it waits at least.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(20);
const SNAPSHOT_REST: u32 = 20;
/// Seconds after which a sender that was turned away may try again.
const RETRY_AFTER_S: u64 = 2;
/// 2000-01-01, microseconds: calls of before are not believed.
const EARLIEST_US: i64 = 946_684_800_000_000;
/// Longest rest of the worker.
const IDLE: Duration = Duration::from_secs(5);
/// How far a sender's clock may be ahead of ours, microseconds.
const AHEAD_MAX_US: i64 = 24 * 3_600 * 1_000_000;
/// Endpoints read at once for an OpenAPI document.
const DOCUMENT_ENDPOINTS_MAX: u64 = 20_000;

/// The service as the HTTP side sees it.
pub(crate) struct Live {
    log: Arc<dyn CallLog>,
    catalogue: Arc<dyn Catalogue>,
    waiting_max: u64,
    started: Instant,
    wake: Notify,
    counters: Counters,
    /// What became of the records of each source.
    pub sources: SourceCounters,
    limits_reached: Mutex<std::collections::BTreeMap<String, u64>>,
}

#[derive(Default)]
struct Counters {
    accepted: AtomicU64,
    analysed: AtomicU64,
    refused: AtomicU64,
    /// Positions after the last accepted and the last analysed call.
    accepted_to: AtomicU64,
    analysed_to: AtomicU64,
    /// Everything analysed up to here is saved and can be read through the API.
    saved_to: AtomicU64,
}

impl Live {
    pub fn new(store: &Store, config: &Config) -> Self {
        Self {
            log: Arc::clone(&store.log),
            catalogue: Arc::clone(&store.catalogue),
            waiting_max: config.waiting_calls_max,
            started: Instant::now(),
            wake: Notify::new(),
            counters: Counters::default(),
            sources: SourceCounters::default(),
            limits_reached: Mutex::default(),
        }
    }

    /// True when the queue takes so many calls.
    fn has_room(&self, count: u64) -> bool {
        self.waiting() + count <= self.waiting_max.max(count)
    }

    fn waiting(&self) -> u64 {
        let accepted = self.counters.accepted_to.load(Ordering::Relaxed);
        accepted.saturating_sub(self.counters.analysed_to.load(Ordering::Relaxed))
    }

    /// Makes calls durable and counts them then. What is not kept is not counted: it may be offered again.
    pub async fn keep(
        &self,
        source: &str,
        id: Option<BatchId>,
        calls: &mut [Call],
    ) -> Result<u64, IngestError> {
        let count = calls.len() as u64;
        if !self.has_room(count) {
            return Err(IngestError::Busy { retry_after_s: RETRY_AFTER_S });
        }
        let now = wall_clock();
        calls.iter_mut().for_each(|call| correct_time(call, now));
        let position = match id {
            None => self.log.accept(calls).await.map_err(IngestError::Store)?,
            Some(id) => {
                let accepted = self.log.accept_once(calls, id).await.map_err(IngestError::Store)?;
                if accepted.repeated {
                    self.sources.dropped(source, "journal", "repeated_batch", count);
                    return Ok(u64::from(accepted.calls));
                }
                accepted.position
            }
        };
        self.sources.accepted(source, count);
        self.counters.accepted.fetch_add(count, Ordering::Relaxed);
        self.counters.accepted_to.fetch_max(position.0, Ordering::Relaxed);
        self.wake.notify_one();
        Ok(count)
    }

    /// Waits until everything accepted so far can be read through the API.
    pub async fn caught_up(&self) {
        let target = self.counters.accepted_to.load(Ordering::Relaxed);
        while self.counters.saved_to.load(Ordering::Relaxed) < target {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[async_trait]
impl Control for Live {
    async fn ingest(&self, batch: Batch) -> Result<u64, IngestError> {
        let Batch { source, id, mut calls } = batch;
        let outcome = self.keep(&source, id, &mut calls).await;
        if let Err(IngestError::Busy { .. }) = outcome {
            let count = calls.len() as u64;
            self.counters.refused.fetch_add(count, Ordering::Relaxed);
            self.sources.dropped(&source, "journal", "queue_full", count);
        }
        outcome
    }

    fn decode(&self, bytes: &[u8], document: Document, source: &str) -> Decoded {
        sources::decode(bytes, document, source)
    }

    fn received(&self, source: &str, records: u64) {
        self.sources.received(source, records);
    }

    fn dropped(&self, source: &str, stage: &'static str, reason: &'static str, records: u64) {
        self.sources.dropped(source, stage, reason, records);
    }

    fn health(&self) -> Health {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Health {
            uptime_s: self.started.elapsed().as_secs(),
            accepted: read(&self.counters.accepted),
            analysed: read(&self.counters.analysed),
            waiting: self.waiting(),
            refused: read(&self.counters.refused),
            detectors_off: Vec::new(),
            sources: self.sources.all(),
            limits_reached: self.limits_reached.try_lock().map(|limits| limits.clone()).unwrap_or_default(),
        }
    }

    async fn site_openapi(&self, host: &str) -> Result<Option<serde_json::Value>, StoreError> {
        site_document(self.catalogue.as_ref(), host).await
    }
}

/// The learned OpenAPI document of a site; `None` when nothing is known of it.
pub(crate) async fn site_document(
    catalogue: &dyn Catalogue,
    host: &str,
) -> Result<Option<serde_json::Value>, StoreError> {
    let query = EndpointQuery {
        host: Some(host.to_owned()),
        sort: EndpointSort::Template,
        ascending: true,
        limit: DOCUMENT_ENDPOINTS_MAX,
        ..EndpointQuery::default()
    };
    let endpoints = catalogue.endpoints(&query).await?.rows;
    Ok((!endpoints.is_empty()).then(|| openapi::document(host, &endpoints)))
}

/// The one that reads the journal, analyses, and saves.
pub(crate) struct Worker {
    live: Arc<Live>,
    pipeline: Pipeline,
    at: Position,
    rows_in_memory: u64,
    bytes_in_memory: u64,
    next_snapshot: Instant,
    unsaved: bool,
    /// What had changed was not saved: then all of it has to be.
    is_behind: bool,
    save_every: Duration,
    keep_days: u32,
    newest: Timestamp,
}

impl Worker {
    /// Takes up the last saved state.
    pub async fn start(
        live: Arc<Live>,
        rules: &Arc<Ruleset>,
        value_key: [u8; 32],
        config: &Config,
    ) -> Result<Self> {
        let mut pipeline = Pipeline::new(rules, value_key);
        let mut at = Position(0);
        if let Some(hot) = live.catalogue.hot_state().await.context("cannot read the saved state")? {
            match pipeline.restore(&hot.bytes) {
                Ok(()) => at = hot.position,
                Err(error) => {
                    warn!(error = %format!("{error:#}"), "the saved state cannot be taken up; learning starts anew");
                    pipeline = Pipeline::new(rules, value_key);
                }
            }
        }
        let (accepted, sealed) = live.log.positions().await.context("cannot read the call log")?;
        if at > sealed {
            warn!(
                calls = at.0 - sealed.0,
                "the saved state is ahead of the segments; these calls cannot be listed"
            );
        }
        live.counters.accepted_to.store(accepted.0, Ordering::Relaxed);
        live.counters.analysed_to.store(at.0, Ordering::Relaxed);
        live.counters.saved_to.store(at.0, Ordering::Relaxed);
        if accepted > at {
            info!(calls = accepted.0 - at.0, "analysing calls accepted before the last stop");
        }
        let now = Instant::now();
        Ok(Self {
            live,
            pipeline,
            at,
            rows_in_memory: 0,
            bytes_in_memory: 0,
            next_snapshot: now,
            unsaved: false,
            is_behind: false,
            save_every: Duration::from_secs(config.save_every_s.max(1)),
            keep_days: config.keep_days,
            newest: Timestamp::UNKNOWN,
        })
    }

    /// Works until `stop` says so, then saves everything.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<()> {
        let mut last_save = Instant::now();
        let mut is_failing = false;
        loop {
            // What cannot be saved waits in memory up to a point, then in the journal, then with the senders.
            let rests = is_failing && self.is_full();
            let idle = rests || !self.step().await?;
            let is_due = match is_failing {
                true => last_save.elapsed() >= IDLE,
                false => last_save.elapsed() >= self.save_every || idle || self.is_full(),
            };
            if self.unsaved && is_due {
                let outcome = self.save(false).await;
                if let Err(error) = &outcome {
                    error!(error = %format!("{error:#}"), "what is known cannot be saved; it is tried again");
                } else if is_failing {
                    info!("what is known is saved again");
                }
                is_failing = outcome.is_err();
                last_save = Instant::now();
            }
            if *stop.borrow() {
                // What is accepted stays in the journal; there is no need to analyse it now.
                return self.save(true).await;
            }
            if idle {
                tokio::select! {
                    () = self.live.wake.notified() => {}
                    _ = stop.changed() => {}
                    () = tokio::time::sleep(IDLE) => {}
                }
            }
        }
    }

    /// Analyses one batch; false when there is none.
    async fn step(&mut self) -> Result<bool> {
        let (calls, upto) =
            self.live.log.accepted(self.at, BATCH_CALLS).await.context("cannot read accepted calls")?;
        if calls.is_empty() {
            // Nothing readable was left before `upto`; what was damaged there has been counted by the log.
            if upto > self.at {
                self.at = upto;
                self.live.counters.analysed_to.store(upto.0, Ordering::Relaxed);
            }
            return Ok(false);
        }
        let count = calls.len() as u64;
        let pipeline = &mut self.pipeline;
        let rows: Vec<LoggedCall> =
            tokio::task::block_in_place(|| calls.iter().map(|call| pipeline.process(call)).collect());
        self.bytes_in_memory += rows.iter().map(|row| body_bytes(&row.call)).sum::<u64>();
        self.newest = calls.iter().map(|call| call.ts).fold(self.newest, Timestamp::later);
        self.live.log.append(rows, upto).await.context("cannot keep analysed calls")?;
        self.at = upto;
        self.rows_in_memory += count;
        self.unsaved = true;
        self.live.counters.analysed.fetch_add(count, Ordering::Relaxed);
        self.live.counters.analysed_to.store(upto.0, Ordering::Relaxed);
        Ok(true)
    }

    /// Saves what is known. Segments and hot state follow in their own rhythm, or at once when `all`.
    ///
    /// Segments come first: a restart goes on from the hot state, so every call before it must be in a segment.
    async fn save(&mut self, all: bool) -> Result<()> {
        let snapshot_due = all || Instant::now() >= self.next_snapshot;
        if snapshot_due || self.is_full() {
            self.live.log.seal().await.context("cannot write a segment")?;
            self.rows_in_memory = 0;
            self.bytes_in_memory = 0;
        }
        let pipeline = &mut self.pipeline;
        let changed_only = !std::mem::replace(&mut self.is_behind, true);
        let mut knowledge = Knowledge::from(tokio::task::block_in_place(|| pipeline.picture(changed_only)));
        if snapshot_due {
            let begun = Instant::now();
            let bytes = tokio::task::block_in_place(|| self.pipeline.snapshot())?;
            knowledge.hot_state = Some(HotState { position: self.at, bytes });
            self.next_snapshot = Instant::now() + SNAPSHOT_EVERY.max(begun.elapsed() * SNAPSHOT_REST);
        }
        self.live.catalogue.save(&knowledge).await.context("cannot save what is known")?;
        self.is_behind = false;
        self.live.counters.saved_to.store(self.at.0, Ordering::Relaxed);
        *self.live.limits_reached.lock().await = self.pipeline.limits_reached();
        self.unsaved = false;
        if snapshot_due {
            self.live.log.release(self.at).await.context("cannot shorten the journal")?;
            self.drop_old_calls().await?;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.rows_in_memory >= SEAL_ROWS || self.bytes_in_memory >= SEAL_BYTES
    }

    async fn drop_old_calls(&self) -> Result<()> {
        if self.keep_days == 0 || !self.newest.is_known() {
            return Ok(());
        }
        // Senders' clocks may be ahead; ours decides what is old.
        let newest = self.newest.min(wall_clock());
        let before = Timestamp(newest.0 - i64::from(self.keep_days) * 86_400 * 1_000_000);
        let dropped = self.live.log.drop_before(before).await.context("cannot drop old calls")?;
        if dropped > 0 {
            info!(calls = dropped, "dropped calls older than keep_days");
        }
        Ok(())
    }
}

fn body_bytes(call: &Call) -> u64 {
    [&call.request, &call.response]
        .into_iter()
        .flatten()
        .map(Message::body)
        .map(|body| body.len() as u64)
        .sum()
}

/// A sender's clock can be wrong; one such call must not stretch every chart over centuries.
fn correct_time(call: &mut Call, now: Timestamp) {
    if call.ts.0 < EARLIEST_US || call.ts.0 > now.0 + AHEAD_MAX_US {
        call.ts = now;
        call.anomalies.push(Anomaly(Cow::Borrowed("implausible-time")));
    }
}

/// The time of day of this machine.
pub(crate) fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
