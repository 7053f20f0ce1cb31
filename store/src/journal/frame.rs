//! The bytes of a journal file: file header, sealed frames, and the scan that finds them again.
//!
//! A frame is one fsync: header in clear (so that a reader can hop), content sealed with ChaCha20-Poly1305
//! (RFC 8439) because raw calls hold clear values. The key is derived per file from a random file id and the
//! nonce is the position of the frame's first call, so no pair of key and nonce ever comes twice.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};

use crate::StoreError;
use crate::files::io_error;

const FILE_MAGIC: &[u8; 8] = b"APIJRN01";
const FRAME_MAGIC: &[u8; 4] = b"\xA9FR1";
/// Of a frame with ids of batches in it.
const MARKED_MAGIC: &[u8; 4] = b"\xA9FR2";
/// Magic, file id, first position, checksum.
pub(crate) const FILE_HEADER: usize = 36;
/// Magic, sealed length, first position, calls, checksum.
pub(crate) const FRAME_HEADER: usize = 24;
/// Length of the authentication tag.
const TAG: usize = 16;
/// Bytes looked through at once when searching for the next frame after damage.
const SEARCH_BYTES: usize = 1 << 20;

/// Random name of a file, from which its key is derived.
pub(crate) type FileId = [u8; 16];

/// Where a frame stands and which calls it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Offset of the frame header.
    pub offset: u64,
    /// Position of its first call.
    pub first: u64,
    /// Calls in it, at least 1.
    pub count: u32,
    /// Sealed bytes, tag included.
    pub len: u32,
    /// Ids of batches stand among its pieces.
    pub marked: bool,
}

impl Frame {
    /// Position after its last call.
    pub(crate) fn end(&self) -> u64 {
        self.first.saturating_add(u64::from(self.count))
    }

    /// Offset after its last byte.
    pub(crate) fn end_offset(&self) -> u64 {
        self.offset + (FRAME_HEADER as u64) + u64::from(self.len)
    }
}

/// Bytes between two frames that are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Where they start.
    pub offset: u64,
    /// Position of the first call lost with them.
    pub first: u64,
    /// Position of the first call after them.
    pub end: u64,
    /// How many they are.
    pub bytes: u64,
}

/// What a scan found in a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Frames in order.
    pub frames: Vec<Frame>,
    /// What stands between them.
    pub damage: Vec<Damage>,
    /// Where whole frames end.
    pub end_offset: u64,
    /// Bytes after that: the frame that was being written when the process or the machine stopped.
    pub torn_bytes: u64,
}

fn checksum(id: &FileId, bytes: &[u8]) -> [u8; 4] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(id).update(bytes);
    let hash = hasher.finalize();
    let bytes = hash.as_bytes();
    [bytes[0], bytes[1], bytes[2], bytes[3]]
}

/// The cipher of one file.
pub(crate) fn cipher(journal_key: &[u8; 32], id: &FileId) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(blake3::keyed_hash(journal_key, id).as_bytes().into())
}

fn nonce(first: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&first.to_le_bytes());
    bytes.into()
}

/// The checksum of a file header depends on the key: a journal opened with another key than it was written
/// with shows as damaged, and nothing of it is taken for torn and cut off.
fn header_checksum(key: &[u8; 32], header: &[u8]) -> [u8; 4] {
    let hash = blake3::keyed_hash(key, header);
    let bytes = hash.as_bytes();
    [bytes[0], bytes[1], bytes[2], bytes[3]]
}

/// The first bytes of a file.
pub(crate) fn file_header(key: &[u8; 32], id: &FileId, first: u64) -> [u8; FILE_HEADER] {
    let mut header = [0; FILE_HEADER];
    header[..8].copy_from_slice(FILE_MAGIC);
    header[8..24].copy_from_slice(id);
    header[24..32].copy_from_slice(&first.to_le_bytes());
    let sum = header_checksum(key, &header[..32]);
    header[32..].copy_from_slice(&sum);
    header
}

/// Fills `bytes` from `offset` on; false when the file ends before. Any other failure of reading says nothing of
/// what is in the file, and is an error.
fn fill(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<bool> {
    match file.read_exact_at(bytes, offset) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads what [`file_header`] wrote; `None` when it is not that.
pub(crate) fn read_file_header(key: &[u8; 32], file: &File) -> io::Result<Option<(FileId, u64)>> {
    let mut header = [0; FILE_HEADER];
    if !fill(file, &mut header, 0)? {
        return Ok(None);
    }
    let id: FileId = header[8..24].try_into().expect("16 bytes");
    let whole = header[..8] == FILE_MAGIC[..] && header[32..] == header_checksum(key, &header[..32]);
    Ok(whole.then(|| (id, u64::from_le_bytes(header[24..32].try_into().expect("8 bytes")))))
}

/// Header and sealed content of a frame, ready to be written; `None` when it is too long for one.
pub(crate) fn seal(
    cipher: &ChaCha20Poly1305,
    id: &FileId,
    (first, count, marked): (u64, u32, bool),
    plain: &[u8],
) -> Option<Vec<u8>> {
    let len = u32::try_from(plain.len() + TAG).ok()?;
    let mut header = [0; FRAME_HEADER];
    header[..4].copy_from_slice(if marked { MARKED_MAGIC } else { FRAME_MAGIC });
    header[4..8].copy_from_slice(&len.to_le_bytes());
    header[8..16].copy_from_slice(&first.to_le_bytes());
    header[16..20].copy_from_slice(&count.to_le_bytes());
    let sum = checksum(id, &header[..20]);
    header[20..].copy_from_slice(&sum);
    let sealed = cipher.encrypt(&nonce(first), Payload { msg: plain, aad: &header }).ok()?;
    let mut bytes = header.to_vec();
    bytes.extend_from_slice(&sealed);
    Some(bytes)
}

/// The content of a frame; `None` when it is not what was sealed.
pub(crate) fn open(cipher: &ChaCha20Poly1305, file: &File, frame: &Frame) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; FRAME_HEADER + frame.len as usize];
    if !fill(file, &mut bytes, frame.offset)? {
        return Ok(None);
    }
    let (header, sealed) = bytes.split_at(FRAME_HEADER);
    Ok(cipher.decrypt(&nonce(frame.first), Payload { msg: sealed, aad: header }).ok())
}

fn parse(id: &FileId, header: &[u8], offset: u64, size: u64) -> Option<Frame> {
    let word = |range: std::ops::Range<usize>| {
        header[range].try_into().map(u32::from_le_bytes).expect("a range of four bytes")
    };
    let marked = header[..4] == MARKED_MAGIC[..];
    if !(marked || header[..4] == FRAME_MAGIC[..]) || header[20..24] != checksum(id, &header[..20]) {
        return None;
    }
    let first = u64::from_le_bytes(header[8..16].try_into().expect("8 bytes"));
    let frame = Frame { offset, first, count: word(16..20), len: word(4..8), marked };
    (frame.count > 0 && frame.end_offset() <= size).then_some(frame)
}

/// Finds the frames of a file from their headers. Only what follows the last whole frame is called torn; bytes
/// that are no frame but have one behind them are damage, and reading goes on behind them.
pub(crate) fn scan(file: &File, path: &Path, id: &FileId, first: u64) -> Result<Scan, StoreError> {
    let size = file.metadata().map_err(io_error("read", path))?.len();
    let mut found = Scan { end_offset: FILE_HEADER as u64, ..Scan::default() };
    let mut position = first;
    while found.end_offset + (FRAME_HEADER as u64) <= size {
        let mut header = [0; FRAME_HEADER];
        file.read_exact_at(&mut header, found.end_offset).map_err(io_error("read", path))?;
        let here = parse(id, &header, found.end_offset, size).filter(|frame| frame.first == position);
        let frame = match here {
            Some(frame) => frame,
            None => match search(file, path, id, (found.end_offset + 1, size, position))? {
                Some(frame) => {
                    let offset = found.end_offset;
                    let bytes = frame.offset - offset;
                    found.damage.push(Damage { offset, first: position, end: frame.first, bytes });
                    frame
                }
                None => break,
            },
        };
        position = frame.end();
        found.end_offset = frame.end_offset();
        found.frames.push(frame);
    }
    found.torn_bytes = size - found.end_offset;
    Ok(found)
}

/// The next frame header from an offset on whose position is not before the given one.
fn search(
    file: &File,
    path: &Path,
    id: &FileId,
    (mut offset, size, position): (u64, u64, u64),
) -> Result<Option<Frame>, StoreError> {
    let mut window = vec![0; SEARCH_BYTES];
    while offset + (FRAME_HEADER as u64) <= size {
        let len = (size - offset).min(SEARCH_BYTES as u64) as usize;
        file.read_exact_at(&mut window[..len], offset).map_err(io_error("read", path))?;
        let last = len - FRAME_HEADER;
        for at in 0..=last {
            let header = &window[at..at + FRAME_HEADER];
            if let Some(frame) = parse(id, header, offset + at as u64, size)
                && frame.first >= position
            {
                return Ok(Some(frame));
            }
        }
        offset += last as u64 + 1;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const ID: FileId = [9; 16];

    /// A file with frames of 2, 3 and 1 calls, changed by `spoil`, and what the scan says of it.
    fn check(spoil: impl FnOnce(&mut Vec<u8>), expect: (&[u64], usize, bool)) {
        let cipher = cipher(&KEY, &ID);
        let mut bytes = file_header(&KEY, &ID, 10).to_vec();
        for (first, count) in [(10, 2), (12, 3), (15, 1)] {
            bytes.extend(
                seal(&cipher, &ID, (first, count, first == 12), b"some plain content").expect("short"),
            );
        }
        spoil(&mut bytes);
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x");
        std::fs::write(&path, &bytes).expect("written");
        let file = File::open(&path).expect("there");
        let found = scan(&file, &path, &ID, 10).expect("readable");
        let firsts: Vec<u64> = found.frames.iter().map(|frame| frame.first).collect();
        assert_eq!((firsts.as_slice(), found.damage.len(), found.torn_bytes > 0), expect);
        for frame in &found.frames {
            let plain = open(&cipher, &file, frame).expect("read");
            assert_eq!(plain.as_deref(), Some(&b"some plain content"[..]));
        }
    }

    #[test]
    fn whole_torn_and_damaged_files() {
        check(|_| {}, (&[10, 12, 15], 0, false));
        check(|bytes| bytes.truncate(bytes.len() - 1), (&[10, 12], 0, true));
        check(|bytes| bytes[FILE_HEADER + 5] ^= 1, (&[12, 15], 1, false));
        check(|bytes| bytes.extend([0; 100]), (&[10, 12, 15], 0, true));
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let cipher = cipher(&KEY, &ID);
        let sealed = seal(&cipher, &ID, (4, 1, false), b"clear value").expect("short");
        assert!(!sealed.windows(5).any(|bytes| bytes == b"clear"));
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x");
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone();
            bytes[at] ^= 0x10;
            std::fs::write(&path, &bytes).expect("written");
            let len = (sealed.len() - FRAME_HEADER) as u32;
            let frame = Frame { offset: 0, first: 4, count: 1, len, marked: false };
            let plain = open(&cipher, &File::open(&path).expect("there"), &frame).expect("read");
            assert_eq!(plain, None, "byte {at}");
        }
    }

    #[test]
    fn a_failing_read_is_neither_torn_nor_damaged() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x");
        std::fs::write(&path, [0; 100]).expect("written");
        // Open for writing only: every read fails.
        let file = File::options().write(true).open(&path).expect("there");
        let frame = Frame { offset: 0, first: 0, count: 1, len: 20, marked: false };
        assert!(open(&cipher(&KEY, &ID), &file, &frame).is_err());
        assert!(read_file_header(&KEY, &file).is_err());
    }
}
