//! Ids of accepted batches, so that a batch sent again is not kept again. An id is durable with its calls: it is a
//! mark in their frame. This file of fixed records remembers it when the frame is long released; what a crash
//! left out of the file is read from the frames again.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::JournalFile;
use super::frame;
use super::piece;
use crate::files::{io_error, replace};
use crate::limits::BATCH_IDS_MAX;
use crate::{Accepted, BatchId, Position, StoreError};

const NAME: &str = "batches";
const MAGIC: &[u8; 8] = b"APIBAT01";
/// Id, position after it, calls, checksum.
const RECORD: usize = 32;

/// One accepted batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Batch {
    pub id: BatchId,
    /// Position after its last call.
    pub end: u64,
    pub calls: u32,
}

impl Batch {
    /// The answer to whoever sends it again.
    pub(crate) fn accepted(self) -> Accepted {
        Accepted { position: Position(self.end), calls: self.calls, repeated: true }
    }

    fn record(self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes[..16].copy_from_slice(&self.id.0);
        bytes[16..24].copy_from_slice(&self.end.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.calls.to_le_bytes());
        let sum = blake3::hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&sum.as_bytes()[..4]);
        bytes
    }

    /// `None` when the bytes are not what [`Batch::record`] made.
    fn read(bytes: &[u8; RECORD]) -> Option<Self> {
        let batch = Self {
            id: BatchId(bytes[..16].try_into().ok()?),
            end: u64::from_le_bytes(bytes[16..24].try_into().ok()?),
            calls: u32::from_le_bytes(bytes[24..28].try_into().ok()?),
        };
        (batch.record() == *bytes).then_some(batch)
    }
}

/// The last batches with an id, in memory and on disk.
pub(crate) struct Batches {
    path: PathBuf,
    known: HashMap<BatchId, Batch>,
    /// In order of acceptance.
    order: VecDeque<BatchId>,
    /// Added, not yet written.
    unwritten: Vec<u8>,
    /// Records in the file.
    in_file: usize,
    /// Nobody knows what the end of the file holds: it is to be written anew.
    stale: bool,
    /// Written since the last fsync.
    unsynced: bool,
}

/// Reads the ids, from the file and from frames that the file does not cover.
pub(crate) fn recover(dir: &Path, key: &[u8; 32], files: &[JournalFile]) -> Result<Batches, StoreError> {
    let mut batches = Batches::load(dir)?;
    let covered = batches.order.back().and_then(|id| batches.get(*id)).map_or(0, |batch| batch.end);
    for journal in files {
        let wanted = |frame: &&frame::Frame| frame.marked && frame.end() > covered;
        let mut frames = journal.frames.iter().filter(wanted).peekable();
        if frames.peek().is_none() {
            continue;
        }
        let failed = || io_error("read", &journal.path);
        let file = File::open(&journal.path).map_err(failed())?;
        let cipher = frame::cipher(key, &journal.id);
        for frame in frames {
            // A damaged frame is told when its calls are read.
            let plain = frame::open(&cipher, &file, frame).map_err(failed())?.unwrap_or_default();
            for (id, calls, upto) in piece::marks(&plain) {
                batches.add(Batch { id, end: frame.first + upto, calls });
            }
        }
    }
    batches.write();
    Ok(batches)
}

impl Batches {
    fn load(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(NAME);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(io_error("read", &path))?,
        };
        let (known, order) = (HashMap::new(), VecDeque::new());
        let mut batches =
            Self { path, known, order, unwritten: Vec::new(), in_file: 0, stale: false, unsynced: true };
        let records = bytes.strip_prefix(MAGIC).unwrap_or_default();
        let (records, rest) = records.as_chunks::<RECORD>();
        let whole: Vec<Batch> = records.iter().map_while(Batch::read).collect();
        batches.in_file = whole.len();
        batches.stale = whole.len() < records.len() || !rest.is_empty() || bytes.is_empty();
        whole.into_iter().for_each(|batch| batches.add(batch));
        batches.unwritten.clear();
        Ok(batches)
    }

    /// The batch of this id, when it is among the last.
    pub(crate) fn get(&self, id: BatchId) -> Option<Batch> {
        self.known.get(&id).copied()
    }

    /// Remembers a batch, and forgets the oldest when there are too many. `write` follows.
    pub(crate) fn add(&mut self, batch: Batch) {
        if self.known.insert(batch.id, batch).is_some() {
            return;
        }
        self.order.push_back(batch.id);
        self.unwritten.extend(batch.record());
        if self.order.len() > BATCH_IDS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// Appends what was added. The calls are durable already, so a failure is not the sender's: it is logged, and
    /// mended by [`Batches::sync`] before the frames go.
    pub(crate) fn write(&mut self) {
        if self.unwritten.is_empty() {
            return;
        }
        let records = std::mem::take(&mut self.unwritten);
        self.in_file += records.len() / RECORD;
        self.unsynced = true;
        if self.stale || self.in_file > 2 * BATCH_IDS_MAX {
            self.stale = true;
            if let Err(error) = self.rewrite() {
                tracing::warn!(error = %error, "ids of batches not written, trying again later");
            }
            return;
        }
        let appended = File::options().append(true).open(&self.path);
        if let Err(error) = appended.and_then(|mut file| file.write_all(&records)) {
            tracing::warn!(path = %self.path.display(), %error, "ids of batches not written, trying again later");
            self.stale = true;
        }
    }

    fn rewrite(&mut self) -> Result<(), StoreError> {
        let known = self.order.iter().filter_map(|id| self.known.get(id));
        let bytes: Vec<u8> = MAGIC.iter().copied().chain(known.flat_map(|batch| batch.record())).collect();
        replace(&self.path, &bytes)?;
        (self.in_file, self.stale, self.unsynced) = (self.order.len(), false, false);
        Ok(())
    }

    /// Makes the file durable as it stands.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        if self.order.is_empty() {
            return Ok(());
        }
        if self.stale {
            return self.rewrite();
        }
        if self.unsynced {
            let synced = File::open(&self.path).and_then(|file| file.sync_all());
            synced.map_err(io_error("sync", &self.path))?;
            self.unsynced = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(number: u64) -> Batch {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_le_bytes());
        Batch { id: BatchId(id), end: number, calls: 1 }
    }

    /// Writes two ids, spoils the file, and says which are found again.
    #[track_caller]
    fn check(spoil: impl FnOnce(&mut Vec<u8>), expect: [bool; 2]) {
        let dir = tempfile::tempdir().expect("a directory");
        let mut batches = Batches::load(dir.path()).expect("none");
        [1, 2].map(batch).into_iter().for_each(|batch| batches.add(batch));
        batches.write();
        let path = dir.path().join(NAME);
        let mut bytes = fs::read(&path).expect("written");
        spoil(&mut bytes);
        fs::write(&path, bytes).expect("written");
        let mut again = Batches::load(dir.path()).expect("read");
        assert_eq!([1, 2].map(|number| again.get(batch(number).id).is_some()), expect);
        again.add(batch(3));
        again.write();
        again.sync().expect("synced");
        let last = Batches::load(dir.path()).expect("read");
        assert_eq!(last.get(batch(3).id), Some(batch(3)));
    }

    #[test]
    fn what_is_whole_is_read() {
        check(|_| {}, [true, true]);
        check(|bytes| bytes.truncate(bytes.len() - 1), [true, false]);
        check(|bytes| bytes[8] ^= 1, [false, false]);
        check(Vec::clear, [false, false]);
    }

    #[test]
    fn the_oldest_are_forgotten_and_the_file_stays_bounded() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut batches = Batches::load(dir.path()).expect("none");
        let max = BATCH_IDS_MAX as u64;
        for number in 0..2 * max + 5 {
            batches.add(batch(number));
            if number % 1_000 == 0 {
                batches.write();
            }
        }
        batches.write();
        assert_eq!((batches.get(batch(max).id), batches.order.len()), (None, BATCH_IDS_MAX));
        let size = fs::metadata(dir.path().join(NAME)).expect("there").len();
        assert!(size <= (2 * max + 1_000) * RECORD as u64, "{size}");
    }
}
