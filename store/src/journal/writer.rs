//! The one thread that writes the journal. Batches that wait while an fsync runs go into the next frame
//! together (group commit): a frame is written only after the one before it is durable, so a crash can tear
//! the last frame and no other.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};

use chacha20poly1305::ChaCha20Poly1305;
use tokio::sync::oneshot;

use super::frame::{self, FILE_HEADER, FileId, Frame};
use super::{JournalFile, Shared};
use crate::files::{io_error, private_file, sync_dir};
use crate::limits::{FRAME_BYTES_MAX, FRAME_GROUP_BYTES, JOURNAL_FILE_BYTES};
use crate::{Position, StoreError};

/// A batch that wants to be durable.
pub(crate) struct Request {
    /// Its pieces.
    pub pieces: Vec<u8>,
    /// Calls in them.
    pub count: u32,
    /// Told the position after the batch once it is durable.
    pub reply: oneshot::Sender<Result<Position, StoreError>>,
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
        let before = self.next;
        let count = group.iter().map(|request| request.count).sum();
        let plain: Vec<u8> = group.iter().flat_map(|request| request.pieces.iter().copied()).collect();
        let result = self.mend().and_then(|()| self.write(count, &plain));
        if let Err(error) = &result {
            tracing::error!(error = %error, "journal frame not written");
        }
        let mut position = before;
        for request in group {
            position += u64::from(request.count);
            let answer = match &result {
                Ok(()) => Ok(Position(position)),
                Err(error) => Err(again(error)),
            };
            // A caller that went away does not want the answer; its batch is kept all the same.
            let _ = request.reply.send(answer);
        }
    }

    /// Appends one frame and returns when it is durable.
    fn write(&mut self, count: u32, plain: &[u8]) -> Result<(), StoreError> {
        if count == 0 {
            return Ok(());
        }
        let mut active = match self.active.take() {
            Some(active) if active.len < JOURNAL_FILE_BYTES => active,
            _ => self.create()?,
        };
        let sealed = frame::seal(&active.cipher, &active.id, self.next, count, plain);
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
        let frame =
            Frame { offset, first: self.next, count, len: (len as usize - frame::FRAME_HEADER) as u32 };
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
