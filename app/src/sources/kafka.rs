//! Topics of Kafka as a source. Each record is an input of its own: call records, lines of a log, a HAR document.
//! Offsets are committed once the calls are in the journal, so calls arrive at least once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use capture::kafka::{Options, Record, Topics};
use decode::{Decoder, Kind, Stats};
use model::{Call, Timestamp};
use tracing::{error, info, warn};

use super::counters::losses;
use super::{Opened, Outlet, kind_named};

/// The consumer group unless one is named.
const GROUP: &str = "apiarist";
/// Longest wait for records, and so for the end.
const WAIT: Duration = Duration::from_millis(200);
/// Pause after the brokers have failed.
const RETRY: Duration = Duration::from_secs(1);
/// Lines about brokers that wait.
const LINES_MAX: usize = 16;
/// Time after which further lines about brokers are written.
const LINES_EVERY: Duration = Duration::from_secs(30);

/// Topics that are not read yet.
pub(super) struct Kafka {
    name: String,
    options: Options,
    kind: Option<Kind>,
}

impl Kafka {
    /// Nothing is connected before the privileges are gone.
    pub fn open(
        brokers: &str,
        topics: &[String],
        group: Option<&str>,
        format: Option<&str>,
        settings: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let name = format!("kafka:{}", topics.join(","));
        let options = Options {
            brokers: brokers.to_owned(),
            topics: topics.to_vec(),
            group: group.unwrap_or(GROUP).to_owned(),
            settings: settings.clone(),
        };
        Ok(Self { kind: kind_named(&name, format)?, name, options })
    }
}

impl Opened for Kafka {
    fn name(&self) -> &str {
        &self.name
    }

    fn start(self: Box<Self>, outlet: Outlet) -> Result<JoinHandle<()>> {
        let Self { name, options, kind } = *self;
        let topics = Topics::open(&options).with_context(|| format!("source {name}"))?;
        info!(name, brokers = options.brokers, group = options.group, "reading");
        let reading = Reading {
            name,
            topics,
            kind,
            stats: Stats::default(),
            records: 0,
            failures: 0,
            next_lines: Instant::now(),
            lines: BTreeSet::new(),
        };
        let thread = thread::Builder::new().name("kafka".to_owned());
        thread.spawn(move || reading.run(&outlet)).context("cannot start a thread")
    }
}

struct Reading {
    name: String,
    topics: Topics,
    kind: Option<Kind>,
    stats: Stats,
    records: u64,
    failures: u64,
    /// Lines about brokers, and when they may be written.
    lines: BTreeSet<String>,
    next_lines: Instant,
}

/// What one look at the topics gave.
#[derive(Default)]
struct Batch {
    calls: Vec<Call>,
    records: u64,
    /// Calls in them, records and entries that are none.
    received: u64,
    /// Records that are nothing known, and records with nothing in them.
    unknown: u64,
    empty: u64,
    stats: Stats,
}

impl Batch {
    /// Reads one record. The same record gives the same calls, ids included.
    fn add(&mut self, kind: Option<Kind>, record: &Record<'_>) {
        let Record { topic, partition, offset, ts_us, payload } = *record;
        self.records += 1;
        let before = self.calls.len();
        let place = format!("{topic}/{partition}@{offset}");
        let source: Arc<str> = format!("kafka:{topic}").into();
        let mut take = |mut call: Call| {
            // A call record may name another source; all else is of this topic.
            if *call.source == *place {
                call.source = Arc::clone(&source);
            }
            if !call.ts.is_known() {
                call.ts = ts_us.map_or(Timestamp::UNKNOWN, Timestamp);
            }
            self.calls.push(call);
        };
        let mut decoder = Decoder::new(&place, kind);
        // A record without a value deletes its key in compacted topics.
        decoder.push(payload.unwrap_or_default(), &mut take);
        let outcome = decoder.finish(&mut take);
        let calls = (self.calls.len() - before) as u64;
        let lost: u64 = losses(&outcome.stats).iter().map(|(_, records)| records).sum();
        self.received += (calls + lost).max(1);
        if calls + lost == 0 {
            let is_unknown = outcome.kind == Kind::Unknown && payload.is_some_and(|bytes| !bytes.is_empty());
            *(if is_unknown { &mut self.unknown } else { &mut self.empty }) += 1;
        }
        self.stats.add(&outcome.stats);
    }
}

impl Reading {
    fn run(mut self, outlet: &Outlet) {
        while !outlet.is_stopping() {
            let mut batch = Batch::default();
            let Self { topics, kind, .. } = &mut self;
            let read = topics.read(WAIT, &mut |record| batch.add(*kind, &record));
            let failure = read.err().map(anyhow::Error::from);
            if let Some(error) = &failure {
                self.failures += 1;
                self.tell(format!("records are waited for: {error:#}"));
            }
            for told in self.topics.told() {
                self.tell(told);
            }
            self.write_lines();
            // What came before a failure counts as read.
            if !self.hand_on(batch, outlet) {
                return;
            }
            let counters = [("kafka_records", self.records), ("kafka_failures", self.failures)];
            outlet.counters().set(&self.name, counters.into_iter().chain(self.stats.counters()));
            if failure.is_some() && !outlet.is_stopping() {
                thread::sleep(RETRY);
            }
        }
    }

    /// Notes a line about brokers that cannot be reached or refuse: it is tried again all the time.
    fn tell(&mut self, what: String) {
        if self.lines.len() < LINES_MAX {
            self.lines.insert(what);
        }
    }

    /// Writes what was noted, each line once, at once the first time and then from time to time.
    fn write_lines(&mut self) {
        if self.lines.is_empty() || Instant::now() < self.next_lines {
            return;
        }
        self.next_lines = Instant::now() + LINES_EVERY;
        for line in std::mem::take(&mut self.lines) {
            warn!(source = self.name, "{line}");
        }
    }

    /// Makes the calls safe, then commits; false when the server takes no more.
    fn hand_on(&mut self, batch: Batch, outlet: &Outlet) -> bool {
        let Batch { calls, records, received, unknown, empty, stats } = batch;
        self.records += records;
        self.stats.add(&stats);
        outlet.counters().received(&self.name, received);
        for (reason, records) in losses(&stats).into_iter().chain([("unknown", unknown), ("empty", empty)]) {
            outlet.counters().dropped(&self.name, "decode", reason, records);
        }
        if !calls.is_empty()
            && let Err(error) = outlet.deliver(&self.name, calls, None)
        {
            error!(source = self.name, error = %format!("{error:#}"), "the last records come again at the next start");
            return false;
        }
        if let Err(error) = self.topics.commit().map_err(anyhow::Error::from) {
            self.failures += 1;
            self.tell(format!("records may be read again: {error:#}"));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(batch: &mut Batch, offset: i64, payload: Option<&str>) {
        let record = Record {
            topic: "calls",
            partition: 3,
            offset,
            ts_us: Some(1_800_000_000_000_000),
            payload: payload.map(str::as_bytes),
        };
        batch.add(None, &record);
    }

    #[test]
    fn a_record_gives_the_same_calls_each_time_and_another_one_others() {
        let line = "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 1";
        let record = r#"{"id":"x","source":"gateway","method":"GET","target":"/b"}"#;
        let mut batch = Batch::default();
        let comment =
            "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time cs-method\n";
        let no_spans = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}"#;
        let records =
            [(7, line), (7, line), (8, line), (9, record), (10, "nonsense"), (11, ""), (12, comment)];
        for (offset, payload) in records.into_iter().chain([(13, no_spans)]) {
            add(&mut batch, offset, Some(payload));
        }
        add(&mut batch, 14, None);
        let ids: Vec<&str> = batch.calls.iter().map(|call| call.id.as_str()).collect();
        assert!(ids[0] == ids[1] && ids[1] != ids[2] && ids[3] == "x", "{ids:?}");
        let sources: Vec<&str> = batch.calls.iter().map(|call| call.source.as_ref()).collect();
        assert_eq!(sources, ["kafka:calls", "kafka:calls", "kafka:calls", "gateway"]);
        assert_eq!(batch.calls[3].ts, Timestamp(1_800_000_000_000_000));
        assert_eq!((batch.records, batch.unknown, batch.empty), (9, 1, 4));
        assert_eq!(batch.received, 4 + batch.unknown + batch.empty);
    }
}
