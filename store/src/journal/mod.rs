//! The journal: a write-ahead log of raw calls, sealed, that makes `accept` durable. Rotating files, named
//! by the position of their first call. What is lost to damage is named, what stands behind it stays readable.

mod batches;
mod frame;
mod load;
mod piece;
mod writer;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use model::Call;
use tokio::sync::oneshot;

use self::batches::Batches;
use self::frame::{Damage, FileId, Frame};
use self::load::load;
use self::writer::{Request, Writer};
use crate::files::{create_private_dir, io_error, rename, sync_dir};
use crate::limits::{
    FRAME_BYTES_MAX, PACK_BESIDE_BYTES, PACK_BESIDE_CALLS, PIECE_CALLS_MAX, REPLAY_BYTES_MAX,
};
use crate::{Accepted, BatchId, Position, StoreError};

const SUFFIX: &str = "journal";
/// What was cut off a file is kept beside it, behind a copy of its header.
const TORN: &str = "journal.torn";
/// A file with damage is kept under this name when it is released: another program or key may yet read it.
const DAMAGED: &str = "journal.damaged";

/// One file and what is known of it.
#[derive(Debug, Clone)]
struct JournalFile {
    id: FileId,
    path: PathBuf,
    first: u64,
    end: u64,
    bytes: u64,
    frames: Vec<Frame>,
    damage: Vec<Damage>,
}

impl JournalFile {
    fn new(id: FileId, path: PathBuf, first: u64) -> Self {
        let bytes = frame::FILE_HEADER as u64;
        Self { id, path, first, end: first, bytes, frames: Vec::new(), damage: Vec::new() }
    }

    /// Notes that bytes of the file cannot be read.
    fn lose(&mut self, damage: Damage) {
        let Damage { offset, first, end, bytes } = damage;
        let (path, calls) = (self.path.display(), end.saturating_sub(first));
        tracing::warn!(%path, offset, bytes, first, calls, "damaged journal skipped, its calls are lost");
        self.damage.push(damage);
    }
}

/// What readers and the writing thread share.
struct Shared {
    dir: PathBuf,
    key: [u8; 32],
    /// In order of position; the writer appends to the last one.
    files: Mutex<Vec<JournalFile>>,
    /// Bytes found damaged since the journal was opened.
    damaged: AtomicU64,
    /// Ids of the last batches. Never locked together with `files`.
    batches: Mutex<Batches>,
}

impl Shared {
    fn path(&self, first: u64) -> PathBuf {
        self.dir.join(format!("{first:020}.{SUFFIX}"))
    }
}

/// A frame to be read, with the file that holds it.
struct Want {
    path: PathBuf,
    id: FileId,
    frame: Frame,
}

/// What to do for one read.
struct Plan {
    /// Frames without a gap between them.
    frames: Vec<Want>,
    /// Position of the first call to read; what lies before it is damaged.
    start: u64,
    /// Calls to read from there.
    limit: usize,
}

/// The journal of one data directory.
pub(crate) struct Journal {
    shared: Arc<Shared>,
    sender: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    /// Frames and bytes cut off when the journal was opened.
    torn: (u64, u64),
    /// Position at which it went on when it was opened.
    start: u64,
}

impl Journal {
    /// Opens the journal in `dir`. `covered` is where positions go on when no file tells more.
    pub(crate) fn open(dir: &Path, key: [u8; 32], covered: Position) -> Result<Self, StoreError> {
        create_private_dir(dir)?;
        let (files, torn) = load(dir, &key)?;
        let next = files.last().map_or(0, |file| file.end).max(covered.0);
        let damaged = files.iter().flat_map(|file| &file.damage).map(|damage| damage.bytes).sum();
        let batches = Mutex::new(batches::recover(dir, &key, &files)?);
        let (files, damaged) = (Mutex::new(files), AtomicU64::new(damaged));
        let shared = Arc::new(Shared { dir: dir.to_path_buf(), key, files, damaged, batches });
        let (sender, requests) = channel();
        let writer = Writer::new(Arc::clone(&shared), next);
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer.run(&requests))
            .map_err(io_error("start the writer of", dir))?;
        Ok(Self { shared, sender: Some(sender), thread: Some(thread), torn, start: next })
    }

    /// Makes a batch durable, once when it has an id.
    pub(crate) async fn accept(&self, batch: &[Call], id: Option<BatchId>) -> Result<Accepted, StoreError> {
        let gone = || StoreError::Engine { what: "accepting calls", source: "the journal is closed".into() };
        let count = u32::try_from(batch.len())
            .map_err(|_| StoreError::Refused("a batch of more than 4294967295 calls".into()))?;
        let mut pieces = pack(batch).await?;
        let id = id.filter(|_| count > 0);
        pieces.extend(id.map(|id| piece::mark(id, count)).unwrap_or_default());
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or_else(gone)?;
        sender.send(Request { pieces, count, id, reply }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Reads calls after `from` from disk, at most `limit` and not across `border`. What is damaged is skipped, but
    /// never within one read: its calls are those right before the position that it returns. Blocks.
    pub(crate) fn read(
        &self,
        from: Position,
        limit: usize,
        border: Position,
    ) -> Result<(Vec<Call>, Position), StoreError> {
        let mut from = from.0;
        'again: loop {
            let plan = self.plan(from, limit, border.0);
            let (mut calls, mut position) = (Vec::new(), plan.start);
            for want in &plan.frames {
                let skip = position.saturating_sub(want.frame.first) as usize;
                match self.unseal(want, skip, plan.limit - calls.len()) {
                    Ok(Some(more)) => {
                        position = want.frame.first + (skip + more.len()) as u64;
                        calls.extend(more);
                    }
                    Ok(None) => {
                        self.lose(want);
                        if calls.is_empty() {
                            from = want.frame.end();
                            continue 'again;
                        }
                        break;
                    }
                    Err(error) if calls.is_empty() => return Err(error),
                    Err(_) => break,
                }
            }
            let surplus = calls.len().saturating_sub(plan.limit);
            calls.truncate(plan.limit);
            return Ok((calls, Position(position - surplus as u64)));
        }
    }

    /// The calls of a frame after the first `skip`, at least `enough` or all; `None` when it is damaged.
    fn unseal(&self, want: &Want, skip: usize, enough: usize) -> Result<Option<Vec<Call>>, StoreError> {
        let file = File::open(&want.path).map_err(io_error("read", &want.path))?;
        let cipher = frame::cipher(&self.shared.key, &want.id);
        let plain = frame::open(&cipher, &file, &want.frame).map_err(io_error("read", &want.path))?;
        let here = (want.frame.count as usize).saturating_sub(skip);
        let calls = plain.and_then(|plain| piece::unpack(&plain, skip, enough));
        Ok(calls.filter(|calls| (enough.min(here)..=here).contains(&calls.len())))
    }

    /// Notes that a frame is damaged, so that it is met only once.
    fn lose(&self, want: &Want) {
        let mut files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = files.iter_mut().find(|file| file.path == want.path) else { return };
        let Some(index) = file.frames.iter().position(|frame| *frame == want.frame) else { return };
        let frame = file.frames.remove(index);
        let bytes = frame.end_offset() - frame.offset;
        file.lose(Damage { offset: frame.offset, first: frame.first, end: frame.end(), bytes });
        self.shared.damaged.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The frames that hold `limit` calls from the first readable one at or after `from`, up to the next damage and
    /// not across `border`.
    fn plan(&self, from: u64, limit: usize, border: u64) -> Plan {
        let files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut plan = Plan { frames: Vec::new(), start: from, limit };
        let (mut at, mut left, mut bytes) = (from, limit as u64, 0);
        let start = files.partition_point(|file| file.end <= from);
        for file in &files[start..] {
            let skip = file.frames.partition_point(|frame| frame.end() <= at);
            for frame in &file.frames[skip..] {
                if plan.frames.is_empty() {
                    plan.start = at.max(frame.first);
                    at = plan.start;
                    if let Some(before @ 1..) = border.checked_sub(at) {
                        plan.limit = limit.min(usize::try_from(before).unwrap_or(usize::MAX));
                    }
                    left = plan.limit as u64;
                }
                if left == 0 || bytes >= REPLAY_BYTES_MAX || frame.first > at {
                    return plan;
                }
                left = left.saturating_sub(frame.end() - at);
                at = frame.end();
                bytes += frame.len as usize;
                plan.frames.push(Want { path: file.path.clone(), id: file.id, frame: *frame });
            }
            if file.end > at {
                if !plan.frames.is_empty() {
                    return plan;
                }
                at = file.end;
                plan.start = at;
            }
        }
        plan
    }

    /// The position after the last durable call.
    pub(crate) fn end(&self) -> Position {
        let files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        Position(files.last().map_or(self.start, |file| file.end.max(self.start)))
    }

    /// The position of the first call that was not released.
    pub(crate) fn oldest(&self) -> Position {
        let files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        Position(files.first().map_or(self.start, |file| file.first))
    }

    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        let files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().map(|file| file.bytes).sum()
    }

    /// Frames and bytes that were torn by a crash and cut off when the journal was opened.
    pub(crate) fn torn(&self) -> (u64, u64) {
        self.torn
    }

    /// Bytes found damaged since the journal was opened.
    pub(crate) fn damaged(&self) -> u64 {
        self.shared.damaged.load(Ordering::Relaxed)
    }

    /// Deletes files that hold only calls before `upto` (damaged ones are put aside); never the last one, which may be being written.
    pub(crate) fn release(&self, upto: Position) -> Result<(), StoreError> {
        // Ids must be durable elsewhere before the frames that hold them go.
        self.shared.batches.lock().unwrap_or_else(PoisonError::into_inner).sync()?;
        let gone: Vec<JournalFile> = {
            let mut files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
            let keep = files.partition_point(|file| file.end <= upto.0).min(files.len().saturating_sub(1));
            files.drain(..keep).collect()
        };
        for JournalFile { path, damage, .. } in &gone {
            if damage.is_empty() {
                fs::remove_file(path).map_err(io_error("remove", path))?;
            } else {
                rename(path, &path.with_extension(DAMAGED))?;
            }
        }
        if gone.is_empty() { Ok(()) } else { sync_dir(&self.shared.dir) }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Packs a batch, a large one beside the request threads.
async fn pack(batch: &[Call]) -> Result<Vec<u8>, StoreError> {
    if batch.len() <= PACK_BESIDE_CALLS && piece::weight(batch) <= PACK_BESIDE_BYTES {
        return piece::pack(batch);
    }
    let mut bytes = Vec::new();
    // Piece by piece, so that no more than one is there twice.
    for calls in batch.chunks(PIECE_CALLS_MAX) {
        let calls = calls.to_vec();
        let packed = tokio::task::spawn_blocking(move || piece::pack(&calls)).await;
        let packed = packed
            .map_err(|source| StoreError::Engine { what: "packing calls", source: source.into() })??;
        if bytes.len() + packed.len() > FRAME_BYTES_MAX {
            return Err(piece::too_large());
        }
        bytes.extend_from_slice(&packed);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
