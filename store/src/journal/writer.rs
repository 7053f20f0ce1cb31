//! The one thread that writes the journal. Batches that wait while an fsync runs go into the next frame
//! together (group commit): a frame is written only after the one before it is durable, so a crash can tear
//! the last frame and no other.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};

use chacha20poly1305::ChaCha20Poly1305;
use tokio::sync::oneshot;

use super::batches::Batch;
use super::frame::{self, FILE_HEADER, FileId, Frame};
use super::{JournalFile, Shared};
use crate::files::{io_error, private_file, sync_dir};
use crate::limits::{FRAME_BYTES_MAX, FRAME_GROUP_BYTES, JOURNAL_FILE_BYTES};
use crate::{Accepted, BatchId, Position, StoreError};

/// A batch that wants to be durable.
pub(crate) struct Request {
    /// Its pieces.
    pub pieces: Vec<u8>,
    /// Calls in them.
    pub count: u32,
    /// What the sender calls it; the pieces end with a mark of it.
    pub id: Option<BatchId>,
    /// Told once the batch is durable.
    pub reply: oneshot::Sender<Result<Accepted, StoreError>>,
}

/// The file being written.
struct Active {
    file: File,
    path: PathBuf,
    id: FileId,
    cipher: ChaCha20Poly1305,
    /// Bytes that are durable.
    len: u64,
}

/// State of the thread.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    next: u64,
    active: Option<Active>,
    /// What follows the durable bytes of the active file is unknown.
    broken: bool,
}

impl Writer {
    /// A writer that goes on at `next`, in a new file.
    pub(crate) fn new(shared: Arc<Shared>, next: u64) -> Self {
        Self { shared, next, active: None, broken: false }
    }

    /// Serves requests until all senders are gone.
    pub(crate) fn run(mut self, requests: &Receiver<Request>) {
        let mut held = None;
        while let Some(first) = held.take().or_else(|| requests.recv().ok()) {
            let mut bytes = first.pieces.len();
            let mut group = vec![first];
            while bytes < FRAME_GROUP_BYTES {
                let Ok(request) = requests.try_recv() else { break };
                if bytes + request.pieces.len() > FRAME_BYTES_MAX {
                    held = Some(request);
                    break;
                }
                bytes += request.pieces.len();
                group.push(request);
            }
            self.commit(group);
        }
    }

    fn commit(&mut self, group: Vec<Request>) {
        let (fresh, repeated) = self.sort_out(group);
        let before = self.next;
        let count = fresh.iter().map(|request| request.count).sum();
        let marked = fresh.iter().any(|request| request.id.is_some());
        let plain: Vec<u8> = fresh.iter().flat_map(|request| request.pieces.iter().copied()).collect();
        let result = self.mend().and_then(|()| self.write((count, marked), &plain));
        if let Err(error) = &result {
            tracing::error!(error = %error, "journal frame not written");
        }
        let mut position = before;
        let mut batches = self.shared.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answers = Vec::with_capacity(fresh.len());
        for Request { count, id, reply, .. } in fresh {
            position += u64::from(count);
            if let (Ok(()), Some(id)) = (&result, id) {
                batches.add(Batch { id, end: position, calls: count });
            }
            answers.push((reply, Accepted { position: Position(position), calls: count, repeated: false }));
        }
        batches.write();
        for (reply, accepted) in answers {
            // A caller that went away does not want the answer; its batch is kept all the same.
            let _ = reply.send(result.as_ref().map(|()| accepted).map_err(again));
        }
        for Request { id, reply, .. } in repeated {
            let known = id.and_then(|id| batches.get(id)).map(|batch| batch.accepted());
            let closed = || StoreError::Engine { what: "accepting calls", source: "not written".into() };
            let failed = || result.as_ref().err().map_or_else(closed, again);
            let _ = reply.send(known.ok_or_else(failed));
        }
    }

    /// Requests to be written, and those whose batch is known or stands before them in the group.
    fn sort_out(&self, group: Vec<Request>) -> (Vec<Request>, Vec<Request>) {
        let batches = self.shared.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = HashSet::new();
        group
            .into_iter()
            .partition(|request| request.id.is_none_or(|id| batches.get(id).is_none() && seen.insert(id)))
    }

    /// Appends one frame and returns when it is durable.
    fn write(&mut self, (count, marked): (u32, bool), plain: &[u8]) -> Result<(), StoreError> {
        if count == 0 {
            return Ok(());
        }
        let mut active = match self.active.take() {
            Some(active) if active.len < JOURNAL_FILE_BYTES => active,
            _ => self.create()?,
        };
        let sealed = frame::seal(&active.cipher, &active.id, (self.next, count, marked), plain);
        let written = match &sealed {
            Some(bytes) => active.file.write_all(bytes).and_then(|()| active.file.sync_data()),
            None => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        };
        let (offset, path) = (active.len, active.path.clone());
        let len = sealed.map_or(0, |bytes| bytes.len() as u64);
        match &written {
            Ok(()) => active.len += len,
            Err(_) => self.broken = true,
        }
        self.active = Some(active);
        written.map_err(io_error("write", &path))?;
        let len = (len as usize - frame::FRAME_HEADER) as u32;
        let frame = Frame { offset, first: self.next, count, len, marked };
        self.next = frame.end();
        let mut files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.last_mut() {
            file.frames.push(frame);
            file.bytes = frame.end_offset();
            file.end = frame.end();
        }
        Ok(())
    }

    fn create(&self) -> Result<Active, StoreError> {
        let mut id = FileId::default();
        getrandom::fill(&mut id).map_err(|source| StoreError::Engine {
            what: "drawing a random file id",
            source: source.into(),
        })?;
        let path = self.shared.path(self.next);
        let header = frame::file_header(&self.shared.key, &id, self.next);
        let made = private_file().open(&path).and_then(|mut file| {
            file.write_all(&header)?;
            file.sync_all()?;
            Ok(file)
        });
        let file = made.map_err(io_error("create", &path))?;
        sync_dir(&self.shared.dir)?;
        let entry = JournalFile::new(id, path.clone(), self.next);
        let mut files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        // An earlier attempt may have left the same, empty file.
        files.retain(|file| file.path != path);
        files.push(entry);
        let cipher = frame::cipher(&self.shared.key, &id);
        Ok(Active { file, path, id, cipher, len: FILE_HEADER as u64 })
    }

    /// After a failed write or fsync nobody knows what is on disk. What was not acknowledged is cut off, and the
    /// next frame goes to a new file. While even cutting fails, nothing is accepted.
    fn mend(&mut self) -> Result<(), StoreError> {
        if let (true, Some(active)) = (self.broken, &self.active) {
            let cut = active.file.set_len(active.len).and_then(|()| active.file.sync_all());
            cut.map_err(io_error("truncate", &active.path))?;
            self.active = None;
        }
        self.broken = false;
        Ok(())
    }
}

/// The same failure for another caller.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Io { action, path, source } => StoreError::Io {
            action,
            path: path.clone(),
            source: io::Error::new(source.kind(), source.to_string()),
        },
        other => StoreError::Engine { what: "accepting calls", source: other.to_string().into() },
    }
}
