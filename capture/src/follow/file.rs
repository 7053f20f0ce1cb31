//! One followed file: reads on from where it stood, and notices when it is no longer the same.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::limits::{FINGERPRINT_BYTES, FOLLOW_STEP_BYTES};

/// Where FNV-1a starts.
const DIGEST_OF_NOTHING: u64 = 0xcbf2_9ce4_8422_2325;

/// Where reading a file stopped, and by what the file is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Device that holds the file.
    pub device: u64,
    /// Its number there (inode).
    pub inode: u64,
    /// Everything before this byte was read; a line starts here.
    pub offset: u64,
    /// Length of the part at the head that `head` is made of, bytes.
    pub head_bytes: u64,
    /// Digest of the head.
    pub head: u64,
    /// Digest of the bytes just before `offset`.
    pub tail: u64,
}

impl Position {
    /// The same file, to be read again from its beginning.
    #[must_use]
    pub const fn rewound(self) -> Self {
        Self { offset: 0, tail: DIGEST_OF_NOTHING, ..self }
    }
}

/// What came of a look at a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// So many bytes were read.
    Read(u64),
    /// Its content is another one now.
    Cut,
    /// It cannot be read any more.
    Failed,
}

#[derive(Debug)]
pub(super) struct Followed {
    file: File,
    pub(super) path: PathBuf,
    offset: u64,
    /// Kept up with what was read: once the file is cut its content cannot be asked any more.
    position: Position,
    /// Digest of the first bytes, and their number; grows until enough are there.
    head: (u64, u64),
    /// Size and change time at the last look: while they stay nothing is read.
    last: (u64, i64, i64),
    pub(super) nameless: u32,
}

/// Device and number of what a path names now.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    let meta = fs::metadata(path).ok()?;
    meta.is_file().then(|| (meta.dev(), meta.ino()))
}

impl Followed {
    /// Opens a file; `forgotten`: positions that it may have. Returns which of them it has.
    pub(super) fn open(path: &Path, forgotten: &[Position]) -> Option<(Self, Option<usize>)> {
        let file = File::open(path).ok()?;
        let meta = file.metadata().ok()?;
        if !meta.is_file() || is_packed(&file, path) {
            return None;
        }
        let identity = (meta.dev(), meta.ino());
        let same = forgotten.iter().rposition(|position| is_continued(&file, identity, position));
        let offset = same.map_or(0, |at| forgotten[at].offset);
        let head_bytes = (FINGERPRINT_BYTES as u64).min(offset);
        let head = (digest(&file, 0, head_bytes).ok()?, head_bytes);
        let position = position_at(&file, identity, offset);
        let path = path.to_owned();
        Some((Self { file, path, offset, position, head, last: (0, 0, 0), nameless: 0 }, same))
    }

    pub(super) fn identity(&self) -> (u64, u64) {
        (self.position.device, self.position.inode)
    }

    /// True while one of the paths names this file.
    pub(super) fn has_name(&self, paths: &[PathBuf]) -> bool {
        identity(&self.path) == Some(self.identity()) && paths.contains(&self.path)
            || paths.iter().any(|path| identity(path) == Some(self.identity()))
    }

    pub(super) fn position(&self) -> Position {
        Position { head: self.head.0, head_bytes: self.head.1, ..self.position }
    }

    /// Reads what is new, up to a limit.
    pub(super) fn look(&mut self, take: &mut impl FnMut(&[u8])) -> Look {
        let Ok(meta) = self.file.metadata() else { return Look::Failed };
        let now = (meta.size(), meta.mtime(), meta.mtime_nsec());
        if now == self.last && meta.size() == self.offset {
            return Look::Read(0);
        }
        // Cut and grown beyond the position between two looks: the first bytes tell.
        if meta.size() < self.offset || digest(&self.file, 0, self.head.1).ok() != Some(self.head.0) {
            return Look::Cut;
        }
        let mut buffer = vec![0; FOLLOW_STEP_BYTES.min((meta.size() - self.offset) as usize)];
        let len = match self.file.read_at(&mut buffer, self.offset) {
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(_) => return Look::Failed,
        };
        let data = &buffer[..len];
        if let Some(end) = data.iter().rposition(|byte| *byte == b'\n') {
            self.position = position_at(&self.file, self.identity(), self.offset + end as u64 + 1);
        }
        self.offset += len as u64;
        let head_bytes = (FINGERPRINT_BYTES as u64).min(self.offset);
        if head_bytes > self.head.1 {
            self.head = (digest(&self.file, 0, head_bytes).unwrap_or_default(), head_bytes);
        }
        self.last = now;
        if len > 0 {
            take(data);
        }
        Look::Read(len as u64)
    }
}

/// True when an open file is the one that a position belongs to, or a copy of it.
fn is_continued(file: &File, identity: (u64, u64), position: &Position) -> bool {
    let size = file.metadata().map_or(0, |meta| meta.size());
    let is_same = identity == (position.device, position.inode);
    // The same number may be given to another file: content decides. A short head says too little about a copy.
    (is_same || position.head_bytes >= 64)
        && size >= position.offset
        && digest(file, 0, position.head_bytes).ok() == Some(position.head)
        && tail(file, position.offset).ok() == Some(position.tail)
}

fn position_at(file: &File, (device, inode): (u64, u64), offset: u64) -> Position {
    let head_bytes = (FINGERPRINT_BYTES as u64).min(offset);
    let head = digest(file, 0, head_bytes).unwrap_or_default();
    Position { device, inode, offset, head_bytes, head, tail: tail(file, offset).unwrap_or_default() }
}

fn tail(file: &File, end: u64) -> io::Result<u64> {
    let len = (FINGERPRINT_BYTES as u64).min(end);
    digest(file, end - len, len)
}

/// FNV-1a, 64 bits: stable between versions, and no secret depends on it.
fn digest(file: &File, from: u64, len: u64) -> io::Result<u64> {
    let mut bytes = [0; FINGERPRINT_BYTES];
    let bytes = &mut bytes[..(len as usize).min(FINGERPRINT_BYTES)];
    file.read_exact_at(bytes, from)?;
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    Ok(bytes.iter().fold(DIGEST_OF_NOTHING, mix))
}

/// Rotated files are packed later: what is in them was read before.
fn is_packed(file: &File, path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    if ["gz", "zst", "bz2", "xz", "lz4"].iter().any(|packed| ending == *packed) {
        return true;
    }
    let mut head = [0; 4];
    file.read_exact_at(&mut head, 0).is_ok()
        && (head.starts_with(&[0x1f, 0x8b, 8]) || head == [0x28, 0xb5, 0x2f, 0xfd])
}
