//! The embedded call log: a journal for what was accepted, Parquet segments and rows in memory for what can be
//! queried, a manifest that joins them. See `docs/decisions/0002-embedded-stores.md`.
//!
//! What survives a crash: raw calls in the journal, rows in segments that the manifest names. Rows in memory do
//! not; they are made again from the raw calls behind the covered position, which `release` never touches.

mod contains;
mod decode;
mod encode;
mod filter;
mod manifest;
mod prune;
mod query;
mod scan;
mod schema;
mod segment;
mod state;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use model::{Call, CallId, LoggedCall, Timestamp};

use self::manifest::Manifest;
use self::scan::Scanner;
use self::segment::Segment;
use self::state::State;
use crate::files::create_private_dir;
use crate::journal::Journal;
use crate::limits::{MERGE_BYTES, MERGE_ROWS, MERGE_SEGMENTS};
use crate::open::DirLock;
use crate::{Accepted, BatchId, Bucket, CallLog, CallLogStats, CallPage, CallQuery, Position, StoreError};

/// The call log of one data directory.
pub(crate) struct ParquetLog {
    inner: Arc<Inner>,
    scanner: Scanner,
}

struct Inner {
    segments_dir: PathBuf,
    manifest_path: PathBuf,
    journal: Journal,
    state: State,
    /// Held by whoever replaces the manifest.
    sealer: tokio::sync::Mutex<()>,
    /// Keeps other processes out for as long as the log is used.
    _lock: Arc<DirLock>,
}

fn join(source: tokio::task::JoinError) -> StoreError {
    StoreError::Engine { what: "a task of the call log", source: source.into() }
}

impl ParquetLog {
    /// Opens or creates the log in `dir`, and tidies up what a crash left. Blocks.
    pub(crate) fn open(dir: &Path, journal_key: [u8; 32], lock: Arc<DirLock>) -> Result<Self, StoreError> {
        let (segments_dir, manifest_path) = (dir.join("segments"), dir.join("manifest.json"));
        create_private_dir(&segments_dir)?;
        let manifest = Manifest::load(&manifest_path)?;
        segment::remove_strays(&segments_dir, &manifest.segments)?;
        for meta in &manifest.segments {
            let size = std::fs::metadata(segments_dir.join(&meta.file)).map_or(0, |data| data.len());
            if size != meta.bytes {
                return Err(StoreError::Damaged {
                    what: segments_dir.join(&meta.file).display().to_string(),
                    detail: format!("{size} bytes instead of {}", meta.bytes),
                });
            }
        }
        let segments = manifest.segments.iter().map(|meta| Segment::new(&segments_dir, meta.clone()));
        let segments: Vec<Arc<Segment>> = segments.collect();
        let journal = Journal::open(&dir.join("journal"), journal_key, Position(manifest.covered))?;
        let scanner = Scanner::new(&segments_dir)?;
        let state = State::new(manifest, segments);
        let sealer = tokio::sync::Mutex::new(());
        let inner = Inner { segments_dir, manifest_path, journal, state, sealer, _lock: lock };
        Ok(Self { inner: Arc::new(inner), scanner })
    }

    /// Runs `work` on the blocking pool while this call alone may replace the manifest.
    async fn replacing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.inner);
        // The task goes on even if the caller is dropped, so the guard must live in it.
        let task = tokio::spawn(async move {
            let _only = inner.sealer.lock().await;
            let worker = Arc::clone(&inner);
            tokio::task::spawn_blocking(move || work(&worker)).await.map_err(join)?
        });
        task.await.map_err(join)?
    }
}

/// Which of the segments with these rows and bytes to merge now; none when that can wait.
fn mergeable(sizes: &[(u64, u64)]) -> Vec<usize> {
    let (mut small, mut sum, mut full) = (Vec::new(), 0, false);
    for (index, (rows, bytes)) in sizes.iter().enumerate() {
        if *rows >= MERGE_ROWS || *bytes > MERGE_BYTES / 2 {
            continue;
        }
        full = sum + bytes > MERGE_BYTES;
        if full {
            break;
        }
        sum += bytes;
        small.push(index);
    }
    if small.len() >= MERGE_SEGMENTS || (full && small.len() >= 2) { small } else { Vec::new() }
}

impl Inner {
    fn seal(&self) -> Result<Position, StoreError> {
        let sealing = self.state.begin_seal();
        let sealed = self.write_segments(&sealing);
        match sealed {
            Ok((manifest, segments)) => {
                let covered = Position(manifest.covered);
                self.state.install(manifest, segments, true);
                if let Err(error) = self.merge() {
                    // The rows are safe in the small segments; the next seal tries again.
                    tracing::warn!(error = %error, "small segments could not be merged");
                }
                Ok(covered)
            }
            Err(error) => {
                self.state.abort_seal();
                Err(error)
            }
        }
    }

    fn write_segments(&self, sealing: &state::Sealing) -> Result<(Manifest, Vec<Arc<Segment>>), StoreError> {
        let mut manifest = self.state.manifest();
        let mut segments = self.state.view().segments;
        if sealing.batches.is_empty() && manifest.covered == sealing.covered {
            return Ok((manifest, segments));
        }
        segments.extend(self.write_rows(&mut manifest, &sealing.batches)?);
        manifest.covered = sealing.covered;
        manifest.next_seq = sealing.next_seq;
        self.store(manifest, segments)
    }

    /// Writes segments under numbers that the manifest has not given yet.
    fn write_rows(
        &self,
        manifest: &mut Manifest,
        rows: &[RecordBatch],
    ) -> Result<Vec<Arc<Segment>>, StoreError> {
        let written = segment::write(&self.segments_dir, rows, manifest.next_segment)?;
        manifest.next_segment += written.len() as u64;
        Ok(written)
    }

    /// Makes a manifest of these segments durable.
    fn store(
        &self,
        mut manifest: Manifest,
        mut segments: Vec<Arc<Segment>>,
    ) -> Result<(Manifest, Vec<Arc<Segment>>), StoreError> {
        segments.sort_by_key(|segment| (segment.meta.span(), segment.meta.seq));
        manifest.segments = segments.iter().map(|segment| segment.meta.clone()).collect();
        manifest.store(&self.manifest_path)?;
        Ok((manifest, segments))
    }

    /// Frequent seals leave small segments; when enough of them have gathered they become one.
    fn merge(&self) -> Result<(), StoreError> {
        let mut manifest = self.state.manifest();
        let segments = self.state.view().segments;
        let sizes: Vec<(u64, u64)> =
            segments.iter().map(|segment| (segment.meta.rows, segment.meta.bytes)).collect();
        let small: Vec<Arc<Segment>> =
            mergeable(&sizes).into_iter().map(|index| Arc::clone(&segments[index])).collect();
        if small.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::new();
        for segment in &small {
            rows.extend(segment.read()?);
        }
        let gone = |segment: &Arc<Segment>| small.iter().any(|other| other.meta.file == segment.meta.file);
        let mut merged: Vec<Arc<Segment>> =
            segments.iter().filter(|segment| !gone(segment)).cloned().collect();
        merged.extend(self.write_rows(&mut manifest, &rows)?);
        let (manifest, merged) = self.store(manifest, merged)?;
        self.state.install(manifest, merged, false);
        small.iter().for_each(|segment| segment.doom());
        Ok(())
    }

    fn drop_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        let old = |segment: &Arc<Segment>| segment.meta.time.is_some_and(|(_, last)| last < before.0);
        let (gone, kept): (Vec<_>, Vec<_>) = self.state.view().segments.into_iter().partition(old);
        if gone.is_empty() {
            return Ok(0);
        }
        let (manifest, kept) = self.store(self.state.manifest(), kept)?;
        self.state.install(manifest, kept, false);
        gone.iter().for_each(|segment| segment.doom());
        Ok(gone.iter().map(|segment| segment.meta.rows).sum())
    }
}

#[async_trait]
impl CallLog for ParquetLog {
    async fn accept(&self, batch: &[Call]) -> Result<Position, StoreError> {
        self.inner.journal.accept(batch, None).await.map(|accepted| accepted.position)
    }

    async fn accept_once(&self, batch: &[Call], id: BatchId) -> Result<Accepted, StoreError> {
        self.inner.journal.accept(batch, Some(id)).await
    }

    async fn accepted(&self, from: Position, limit: usize) -> Result<(Vec<Call>, Position), StoreError> {
        let covered = self.inner.state.covered();
        let from = from.max(self.inner.journal.oldest());
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.journal.read(from, limit, covered)).await.map_err(join)?
    }

    async fn positions(&self) -> Result<(Position, Position), StoreError> {
        Ok((self.inner.journal.end(), self.inner.state.covered()))
    }

    async fn append(&self, rows: Vec<LoggedCall>, upto: Position) -> Result<(), StoreError> {
        let end = self.inner.journal.end();
        if upto > end {
            let what = format!("appending up to {} when {} calls were accepted", upto.0, end.0);
            return Err(StoreError::Refused(what));
        }
        self.inner.state.append(&encode::encode(&rows, 0)?, upto)
    }

    async fn seal(&self) -> Result<Position, StoreError> {
        self.replacing(Inner::seal).await
    }

    async fn release(&self, upto: Position) -> Result<(), StoreError> {
        // Rows behind the covered position exist nowhere else.
        let upto = upto.min(self.inner.state.covered());
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.journal.release(upto)).await.map_err(join)?
    }

    async fn query(&self, query: &CallQuery) -> Result<CallPage, StoreError> {
        self.scanner.query(self.inner.state.view(), query).await
    }

    async fn get(&self, id: &CallId) -> Result<Option<LoggedCall>, StoreError> {
        self.scanner.get(self.inner.state.view(), id).await
    }

    async fn histogram(&self, query: &CallQuery, count: usize) -> Result<Vec<Bucket>, StoreError> {
        self.scanner.histogram(self.inner.state.view(), query, count).await
    }

    async fn drop_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.replacing(move |inner| inner.drop_before(before)).await
    }

    async fn stats(&self) -> Result<CallLogStats, StoreError> {
        let view = self.inner.state.view();
        let reach = self.scanner.reach(&view)?;
        let in_memory: usize = view.batches.iter().map(|batch| batch.num_rows()).sum();
        let in_segments: u64 = view.segments.iter().map(|segment| segment.meta.rows).sum();
        Ok(CallLogStats {
            calls: in_segments + in_memory as u64,
            segments: view.segments.len() as u64,
            segment_bytes: view.segments.iter().map(|segment| segment.meta.bytes).sum(),
            journal_bytes: self.inner.journal.bytes(),
            oldest: reach.map_or(Timestamp::UNKNOWN, |(oldest, _)| Timestamp(oldest)),
            newest: reach.map_or(Timestamp::UNKNOWN, |(_, newest)| Timestamp(newest)),
            unsealed: in_memory as u64,
            unsealed_bytes: view.batches.iter().map(|batch| batch.get_array_memory_size() as u64).sum(),
            torn_bytes: self.inner.journal.torn().1,
            damaged_bytes: self.inner.journal.damaged(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sizes: &[(u64, u64)], expect: std::ops::Range<usize>) {
        assert_eq!(mergeable(sizes), expect.collect::<Vec<_>>());
    }

    #[test]
    fn small_segments_are_merged_when_many_or_heavy() {
        let mib = 1 << 20;
        check(&[(10, 1_000); 15], 0..0);
        check(&[(10, 1_000); 16], 0..16);
        check(&[(MERGE_ROWS, 1_000); 20], 0..0);
        // Few and heavy: 128 MiB are reached long before there are sixteen.
        check(&[(10, 30 * mib); 4], 0..0);
        check(&[(10, 30 * mib); 5], 0..4);
        check(&[(10, 64 * mib); 3], 0..2);
        // What is large already starves nobody and is not written again.
        check(&[(10, 65 * mib); 20], 0..0);
        check(&[(10, 200 * mib), (10, 65 * mib), (10, 60 * mib), (10, 60 * mib), (10, 60 * mib)], 2..4);
    }
}
