//! The journal: a write-ahead log of raw calls, sealed, that makes `accept` durable. Rotating files, named
//! by the position of their first call. What is lost to damage is named, what stands behind it stays readable.

mod frame;
mod piece;
mod writer;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use model::Call;
use tokio::sync::oneshot;

use self::frame::{Damage, FileId, Frame};
use self::writer::{Request, Writer};
use crate::files::{create_private_dir, io_error, sync_dir};
use crate::limits::REPLAY_BYTES_MAX;
use crate::{Position, StoreError};

const SUFFIX: &str = "journal";

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
}

/// What readers and the writing thread share.
struct Shared {
    dir: PathBuf,
    key: [u8; 32],
    /// In order of position; the writer appends to the last one.
    files: Mutex<Vec<JournalFile>>,
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
    frames: Vec<Want>,
    /// Damage that ends this read.
    damage: Option<(PathBuf, Damage)>,
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
        let shared = Arc::new(Shared { dir: dir.to_path_buf(), key, files: Mutex::new(files) });
        let (sender, requests) = channel();
        let writer = Writer::new(Arc::clone(&shared), next);
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer.run(&requests))
            .map_err(io_error("start the writer of", dir))?;
        Ok(Self { shared, sender: Some(sender), thread: Some(thread), torn, start: next })
    }

    /// Makes a batch durable; returns the position after it.
    pub(crate) async fn accept(&self, batch: &[Call]) -> Result<Position, StoreError> {
        let gone = || StoreError::Engine { what: "accepting calls", source: "the journal is closed".into() };
        let count = u32::try_from(batch.len())
            .map_err(|_| StoreError::Refused("a batch of more than 4294967295 calls".into()))?;
        let pieces = piece::pack(batch)?;
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or_else(gone)?;
        sender.send(Request { pieces, count, reply }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Reads calls after `from` from disk, at most `limit`. Blocks.
    pub(crate) fn read(&self, from: Position, limit: usize) -> Result<(Vec<Call>, Position), StoreError> {
        let plan = self.plan(from.0, limit as u64);
        let (mut calls, mut position) = (Vec::new(), from.0);
        for want in &plan.frames {
            let skip = position.saturating_sub(want.frame.first) as usize;
            match self.unseal(want, skip, limit - calls.len()) {
                Ok(more) => {
                    position = want.frame.first + (skip + more.len()) as u64;
                    calls.extend(more);
                }
                Err(error) if calls.is_empty() => return Err(error),
                Err(_) => return Ok((calls, Position(position))),
            }
        }
        let surplus = calls.len().saturating_sub(limit);
        calls.truncate(limit);
        match plan.damage {
            Some((path, damage)) if calls.is_empty() && limit > 0 => Err(damaged(&path, &damage)),
            _ => Ok((calls, Position(position - surplus as u64))),
        }
    }

    fn unseal(&self, want: &Want, skip: usize, enough: usize) -> Result<Vec<Call>, StoreError> {
        let file = File::open(&want.path).map_err(io_error("read", &want.path))?;
        let cipher = frame::cipher(&self.shared.key, &want.id);
        frame::open(&cipher, &file, &want.frame)
            .and_then(|plain| piece::unpack(&plain, skip, enough))
            .ok_or_else(|| {
                let Frame { offset, first, .. } = want.frame;
                damaged(&want.path, &Damage { offset, first, end: want.frame.end() })
            })
    }

    /// The frames that hold `limit` calls from `from` on, up to the first damage.
    fn plan(&self, from: u64, limit: u64) -> Plan {
        let files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut plan = Plan { frames: Vec::new(), damage: None };
        let (mut calls, mut bytes) = (0, 0);
        let start = files.partition_point(|file| file.end <= from);
        for file in &files[start..] {
            let skip = file.frames.partition_point(|frame| frame.end() <= from);
            let mut damage = file.damage.iter().filter(|damage| damage.end > from).peekable();
            for frame in &file.frames[skip..] {
                if calls >= limit || bytes >= REPLAY_BYTES_MAX {
                    return plan;
                }
                if let Some(bad) = damage.next_if(|bad| bad.first < frame.first) {
                    plan.damage = Some((file.path.clone(), *bad));
                    return plan;
                }
                calls += frame.end() - frame.first.max(from);
                bytes += frame.len as usize;
                plan.frames.push(Want { path: file.path.clone(), id: file.id, frame: *frame });
            }
            if let Some(bad) = damage.next()
                && calls < limit
            {
                plan.damage = Some((file.path.clone(), *bad));
                return plan;
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

    /// Deletes files that hold only calls before `upto`; never the last one, which may be being written.
    pub(crate) fn release(&self, upto: Position) -> Result<(), StoreError> {
        let gone: Vec<PathBuf> = {
            let mut files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
            let keep = files.partition_point(|file| file.end <= upto.0).min(files.len().saturating_sub(1));
            files.drain(..keep).map(|file| file.path).collect()
        };
        for path in &gone {
            fs::remove_file(path).map_err(io_error("remove", path))?;
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

fn damaged(path: &Path, damage: &Damage) -> StoreError {
    let Damage { offset, first, end } = damage;
    StoreError::Damaged {
        what: format!("{} at offset {offset}", path.display()),
        detail: format!("calls {first} to {end} cannot be read; reading can go on at {end}"),
    }
}

/// All files in order, the torn frame of the last one cut off; with it the frames and bytes that were cut.
fn load(dir: &Path, key: &[u8; 32]) -> Result<(Vec<JournalFile>, (u64, u64)), StoreError> {
    let mut names: Vec<(u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("read", dir))? {
        let path = entry.map_err(io_error("read", dir))?.path();
        if path.extension().is_some_and(|suffix| suffix == SUFFIX)
            && let Some(first) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok())
        {
            names.push((first, path));
        }
    }
    names.sort();
    let (mut files, mut torn) = (Vec::<JournalFile>::new(), (0, 0));
    for (index, (first, path)) in names.iter().enumerate() {
        let next = names.get(index + 1).map(|(next, _)| *next);
        if let Some(file) = load_file(path, *first, next, &mut torn, key)? {
            files.push(file);
        }
    }
    Ok((files, torn))
}

/// One file; `None` when it holds no call and was removed. `next` is the first position of the file after it.
fn load_file(
    path: &Path,
    first: u64,
    next: Option<u64>,
    torn: &mut (u64, u64),
    key: &[u8; 32],
) -> Result<Option<JournalFile>, StoreError> {
    let file = File::options().read(true).write(true).open(path).map_err(io_error("read", path))?;
    let Some((id, _)) = frame::read_file_header(key, &file).filter(|(_, named)| *named == first) else {
        // Without a header nothing can be read. The last file may have been torn while it was made.
        let size = file.metadata().map_err(io_error("read", path))?.len();
        if next.is_none() && size <= frame::FILE_HEADER as u64 {
            *torn = (torn.0 + 1, torn.1 + size);
            return fs::remove_file(path).map(|()| None).map_err(io_error("remove", path));
        }
        let end = next.unwrap_or(first + 1);
        let mut lost = JournalFile::new(FileId::default(), path.to_path_buf(), first);
        (lost.end, lost.bytes) = (end, size);
        lost.damage.push(Damage { offset: 0, first, end });
        return Ok(Some(lost));
    };
    let mut scan = frame::scan(&file, path, &id, first)?;
    if let (None, Some(last)) = (next, scan.frames.last())
        && frame::open(&frame::cipher(key, &id), &file, last).is_none()
    {
        scan.torn_bytes += scan.end_offset - last.offset;
        scan.end_offset = last.offset;
        scan.frames.pop();
    }
    let mut loaded = JournalFile::new(id, path.to_path_buf(), first);
    loaded.end = scan.frames.last().map_or(first, Frame::end);
    if scan.torn_bytes > 0 {
        match next {
            None => {
                *torn = (torn.0 + 1, torn.1 + scan.torn_bytes);
                tracing::warn!(path = %path.display(), bytes = scan.torn_bytes, "torn journal frame cut off");
                file.set_len(scan.end_offset)
                    .and_then(|()| file.sync_all())
                    .map_err(io_error("truncate", path))?;
            }
            Some(next) => {
                scan.damage.push(Damage { offset: scan.end_offset, first: loaded.end, end: next });
                loaded.end = next;
            }
        }
    }
    if scan.frames.is_empty() && scan.damage.is_empty() {
        return fs::remove_file(path).map(|()| None).map_err(io_error("remove", path));
    }
    (loaded.bytes, loaded.frames, loaded.damage) = (scan.end_offset, scan.frames, scan.damage);
    Ok(Some(loaded))
}

#[cfg(test)]
mod tests;
