//! What became of the records of each source since the start: received, accepted, dropped at which stage and why,
//! and what the source itself counts. Whoever takes traffic in fills it; the API and `/metrics` read it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use decode::Stats;
use serve::SourceCounts;

/// Sources that are counted each for itself.
const SOURCES_MAX: usize = 1_000;
/// The name under which all further ones are counted together.
const FURTHER: &str = "further";

/// The counters of all sources.
#[derive(Default)]
pub(crate) struct SourceCounters(Mutex<BTreeMap<String, SourceCounts>>);

impl SourceCounters {
    fn change(&self, source: &str, change: impl FnOnce(&mut SourceCounts)) {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = sources.len() < SOURCES_MAX || sources.contains_key(source);
        change(sources.entry(if known { source } else { FURTHER }.to_owned()).or_default());
    }

    /// Counts records that the source handed in.
    pub fn received(&self, source: &str, records: u64) {
        self.change(source, |counts| counts.received += records);
    }

    /// Counts calls of the source that are durable.
    pub fn accepted(&self, source: &str, calls: u64) {
        self.change(source, |counts| counts.accepted += calls);
    }

    /// Counts records of the source that went no further than `stage`; what none was lost for is not listed.
    pub fn dropped(&self, source: &str, stage: &'static str, reason: &'static str, records: u64) {
        if records == 0 {
            return;
        }
        self.change(source, |counts| *counts.dropped.entry((stage, reason)).or_default() += records);
    }

    /// Counts batches of the source that were offered again, as the server was full or its store failed.
    pub fn retried(&self, source: &str, batches: u64) {
        self.change(source, |counts| *counts.counters.entry("retries".to_owned()).or_default() += batches);
    }

    /// Notes how far counters of the source itself have come: of its decoder, of the kernel.
    pub fn set<'a>(&self, source: &str, counters: impl IntoIterator<Item = (&'a str, u64)>) {
        self.change(source, |counts| {
            for (name, value) in counters {
                counts.counters.insert(name.to_owned(), value);
            }
        });
    }

    /// All of them.
    pub fn all(&self) -> BTreeMap<String, SourceCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Records that a decoder of lines or documents made no call of, with the reason.
pub(super) fn losses(stats: &Stats) -> [(&'static str, u64); 2] {
    [
        ("malformed", stats.malformed_lines + stats.malformed_entries),
        ("not_a_call", stats.no_call_entries + stats.client_spans),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_bounded_and_nothing_goes_uncounted() {
        let counters = SourceCounters::default();
        for number in 0..SOURCES_MAX + 5 {
            counters.received(&format!("push:{number}"), 2);
            counters.accepted(&format!("push:{number}"), 1);
            counters.dropped(&format!("push:{number}"), "ingest", "malformed", 1);
        }
        let all = counters.all();
        assert_eq!((all.len(), all[FURTHER].received), (SOURCES_MAX + 1, 10));
        assert!(
            all.values()
                .all(|counts| { counts.received == counts.accepted + counts.dropped.values().sum::<u64>() })
        );
    }

    /// The console shows a counter under its code where it has no words for it.
    #[test]
    fn counters_of_decoders_have_words_in_both_languages() {
        for words in [
            include_str!("../../../console/src/i18n/en/codes.json"),
            include_str!("../../../console/src/i18n/zh/codes.json"),
        ] {
            let words: BTreeMap<String, String> = serde_json::from_str(words).expect("a catalogue");
            let missing = Stats::default().counters().into_iter().map(|(name, _)| name);
            let missing: Vec<_> =
                missing.filter(|name| !words.contains_key(&format!("counter.{name}"))).collect();
            assert_eq!(missing, [""; 0]);
        }
    }
}
