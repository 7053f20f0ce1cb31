//! What the log holds at one moment: the segments, the rows that are being sealed, the rows since. Queries
//! take a snapshot; appending and sealing change it under one lock that is never held over I/O.

use std::sync::{Arc, PoisonError, RwLock};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;

use super::encode::seq;
use super::manifest::Manifest;
use super::schema::SCHEMA;
use super::segment::Segment;
use crate::{Position, StoreError};

/// What a query reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// In order of their first time.
    pub segments: Vec<Arc<Segment>>,
    /// Rows in memory.
    pub batches: Vec<RecordBatch>,
}

#[derive(Debug)]
struct Inner {
    manifest: Manifest,
    segments: Vec<Arc<Segment>>,
    /// Rows on their way into a segment.
    sealing: Vec<RecordBatch>,
    /// Rows since.
    tail: Vec<RecordBatch>,
    appended: Position,
    next_seq: u64,
}

/// The changing part of the log.
#[derive(Debug)]
pub(crate) struct State(RwLock<Inner>);

/// What a seal has to write.
pub(crate) struct Sealing {
    pub batches: Vec<RecordBatch>,
    pub covered: u64,
    pub next_seq: u64,
}

impl State {
    pub(crate) fn new(manifest: Manifest, segments: Vec<Arc<Segment>>) -> Self {
        Self(RwLock::new(Inner {
            appended: Position(manifest.covered),
            next_seq: manifest.next_seq,
            manifest,
            segments,
            sealing: Vec::new(),
            tail: Vec::new(),
        }))
    }

    fn read<T>(&self, look: impl FnOnce(&Inner) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn view(&self) -> View {
        self.read(|inner| View {
            segments: inner.segments.clone(),
            batches: inner.sealing.iter().chain(&inner.tail).cloned().collect(),
        })
    }

    pub(crate) fn manifest(&self) -> Manifest {
        self.read(|inner| inner.manifest.clone())
    }

    pub(crate) fn covered(&self) -> Position {
        self.read(|inner| Position(inner.manifest.covered))
    }

    /// Adds rows that stem from the raw calls up to `upto`; their numbers are given here.
    ///
    /// One raw call yields at most one row and rows come in the order of their calls. So of the rows at most
    /// `upto - appended`, the last ones, can be new; the others are there already and are dropped.
    pub(crate) fn append(&self, rows: &RecordBatch, upto: Position) -> Result<(), StoreError> {
        self.write(|inner| {
            let new = upto.0.saturating_sub(inner.appended.0);
            let keep = rows.num_rows().min(usize::try_from(new).unwrap_or(usize::MAX));
            let rows = rows.slice(rows.num_rows() - keep, keep);
            inner.appended = inner.appended.max(upto);
            if keep == 0 {
                return Ok(());
            }
            let mut columns = rows.columns().to_vec();
            columns[0] = seq(inner.next_seq, keep);
            let batch = RecordBatch::try_new(Arc::clone(&SCHEMA), columns).map_err(arrow)?;
            inner.next_seq += keep as u64;
            push(&mut inner.tail, batch)
        })
    }

    /// Takes the rows that a seal shall write; they stay visible. Only one seal at a time.
    pub(crate) fn begin_seal(&self) -> Sealing {
        self.write(|inner| {
            inner.sealing = std::mem::take(&mut inner.tail);
            Sealing { batches: inner.sealing.clone(), covered: inner.appended.0, next_seq: inner.next_seq }
        })
    }

    /// The seal did not work: its rows wait for the next one.
    pub(crate) fn abort_seal(&self) {
        self.write(|inner| {
            let mut tail = std::mem::take(&mut inner.sealing);
            tail.append(&mut inner.tail);
            inner.tail = tail;
        });
    }

    /// A new manifest is durable: shows its segments, and with `sealed` no longer the rows they were made of.
    pub(crate) fn install(&self, manifest: Manifest, segments: Vec<Arc<Segment>>, sealed: bool) {
        self.write(|inner| {
            inner.manifest = manifest;
            inner.segments = segments;
            if sealed {
                inner.sealing = Vec::new();
            }
        });
    }
}

fn arrow(source: datafusion::arrow::error::ArrowError) -> StoreError {
    StoreError::Engine { what: "keeping calls in memory", source: source.into() }
}

/// Adds a batch and merges batches of similar size, so that there are only logarithmically many.
fn push(batches: &mut Vec<RecordBatch>, batch: RecordBatch) -> Result<(), StoreError> {
    batches.push(batch);
    while let [.., first, second] = batches.as_slice()
        && second.num_rows() >= first.num_rows() / 2
    {
        let merged = concat_batches(&SCHEMA, [first, second]).map_err(arrow)?;
        batches.truncate(batches.len() - 2);
        batches.push(merged);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::decode::decode;
    use super::super::encode::encode;
    use super::*;
    use crate::conformance::sample;

    fn rows(range: std::ops::Range<u64>) -> RecordBatch {
        encode(&range.map(sample::logged).collect::<Vec<_>>(), 0).expect("rows")
    }

    /// Appends rows for calls `from..upto` with each pair and checks which calls are kept, in order.
    #[track_caller]
    fn check(appends: &[(u64, u64)], expect: &[u64]) {
        let state = State::new(Manifest::default(), Vec::new());
        for (from, upto) in appends {
            state.append(&rows(*from..*upto), Position(*upto)).expect("appended");
        }
        let kept: Vec<_> =
            state.view().batches.iter().flat_map(|batch| decode(batch).expect("rows")).collect();
        let ids: Vec<_> = kept.iter().map(|(_, row)| row.call.id.clone()).collect();
        assert_eq!(ids, expect.iter().map(|n| sample::logged(*n).call.id).collect::<Vec<_>>());
        assert!(kept.iter().enumerate().all(|(index, (seq, _))| index as u64 == *seq));
    }

    #[test]
    fn what_is_there_already_is_dropped() {
        check(&[(0, 2), (2, 5)], &[0, 1, 2, 3, 4]);
        check(&[(0, 3), (0, 3), (1, 2)], &[0, 1, 2]);
        check(&[(0, 3), (1, 5)], &[0, 1, 2, 3, 4]);
        check(&[(0, 0), (0, 1)], &[0]);
    }

    #[test]
    fn rows_stay_visible_while_sealed_and_when_that_fails() {
        let state = State::new(Manifest::default(), Vec::new());
        let count = |state: &State| state.view().batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        state.append(&rows(0..4), Position(4)).expect("appended");
        let sealing = state.begin_seal();
        assert_eq!((sealing.covered, sealing.next_seq), (4, 4));
        state.append(&rows(4..6), Position(6)).expect("appended");
        assert_eq!(count(&state), 6);
        state.abort_seal();
        assert_eq!(count(&state), 6);
        state.begin_seal();
        state.install(Manifest { covered: 6, ..Manifest::default() }, Vec::new(), true);
        assert_eq!((count(&state), state.covered()), (0, Position(6)));
    }

    #[test]
    fn many_small_appends_make_few_batches() {
        let state = State::new(Manifest::default(), Vec::new());
        for n in 0..200 {
            state.append(&rows(n..n + 1), Position(n + 1)).expect("appended");
        }
        assert!(state.view().batches.len() < 10);
    }
}
