//! Opening the files of a journal: what a crash tore off is cut and kept beside, what is damaged is named.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::frame::{self, Damage, FileId, Frame};
use super::{JournalFile, SUFFIX, TORN};
use crate::StoreError;
use crate::files::{io_error, private_file, sync_dir};

/// Cuts a file at `offset`, and keeps what stands behind it in a file beside it.
fn cut(file: &File, path: &Path, offset: u64) -> Result<(), StoreError> {
    let aside = path.with_extension(TORN);
    let copied = private_file().open(&aside).and_then(|mut copy| {
        let mut from = file;
        from.seek(SeekFrom::Start(0))?;
        io::copy(&mut io::Read::take(from, frame::FILE_HEADER as u64), &mut copy)?;
        from.seek(SeekFrom::Start(offset))?;
        io::copy(&mut from, &mut copy)?;
        copy.sync_all()
    });
    copied.map_err(io_error("write", &aside))?;
    aside.parent().map_or(Ok(()), sync_dir)?;
    file.set_len(offset).and_then(|()| file.sync_all()).map_err(io_error("truncate", path))
}

/// All files in order, the torn frame of the last one cut off; with it the frames and bytes that were cut.
pub(crate) fn load(dir: &Path, key: &[u8; 32]) -> Result<(Vec<JournalFile>, (u64, u64)), StoreError> {
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
    let header = frame::read_file_header(key, &file).map_err(io_error("read", path))?;
    let Some((id, _)) = header.filter(|(_, named)| *named == first) else {
        // Without a header nothing can be read. The last file may have been torn while it was made.
        let size = file.metadata().map_err(io_error("read", path))?.len();
        if next.is_none() && size <= frame::FILE_HEADER as u64 {
            *torn = (torn.0 + 1, torn.1 + size);
            return fs::remove_file(path).map(|()| None).map_err(io_error("remove", path));
        }
        let end = next.unwrap_or(first + 1);
        let mut lost = JournalFile::new(FileId::default(), path.to_path_buf(), first);
        (lost.end, lost.bytes) = (end, size);
        lost.lose(Damage { offset: 0, first, end, bytes: size });
        return Ok(Some(lost));
    };
    let mut scan = frame::scan(&file, path, &id, first)?;
    if let (None, Some(last)) = (next, scan.frames.last())
        && frame::open(&frame::cipher(key, &id), &file, last).map_err(io_error("read", path))?.is_none()
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
                cut(&file, path, scan.end_offset)?;
            }
            Some(next) => {
                let (offset, bytes) = (scan.end_offset, scan.torn_bytes);
                scan.damage.push(Damage { offset, first: loaded.end, end: next, bytes });
                loaded.end = next;
            }
        }
    }
    if scan.frames.is_empty() && scan.damage.is_empty() {
        return fs::remove_file(path).map(|()| None).map_err(io_error("remove", path));
    }
    (loaded.bytes, loaded.frames) = (scan.end_offset, scan.frames);
    scan.damage.into_iter().for_each(|damage| loaded.lose(damage));
    Ok(Some(loaded))
}
