//! Opens an input and hands out its bytes slice by slice, unpacked, in constant memory.

use std::fs::File;
use std::io::{self, BufRead, Read as _};

use crate::packed::unpack;
use crate::{Error, Input};

/// The bytes of an opened input.
pub struct Bytes {
    reader: Box<dyn BufRead + Send>,
    name: String,
    /// Bytes of the last slice, to be consumed before the next.
    shown: usize,
    delivered: u64,
    problem: Option<String>,
    size: Option<u64>,
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bytes")
            .field("name", &self.name)
            .field("delivered", &self.delivered)
            .finish_non_exhaustive()
    }
}

/// Opens an input.
///
/// # Errors
/// The file does not exist, is a directory, or its first bytes cannot be read.
pub fn open(input: &Input) -> Result<Bytes, Error> {
    let (shown, opened) = match input {
        Input::Stdin => ("-".to_owned(), unpack(io::stdin()).map(|reader| (reader, None))),
        Input::File(path) => (path.display().to_string(), open_file(path)),
    };
    let (reader, size) = opened.map_err(|error| Error::unreadable(shown.clone(), error))?;
    Ok(Bytes { reader, name: shown, shown: 0, delivered: 0, problem: None, size })
}

type Opened = (Box<dyn BufRead + Send>, Option<u64>);

fn open_file(path: &std::path::Path) -> io::Result<Opened> {
    let file = File::open(path)?;
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    Ok((unpack(file)?, meta.is_file().then_some(meta.len())))
}

impl Bytes {
    /// The next slice; `None` at the end. A packed input that is cut or broken ends early, see
    /// [`Self::problem`].
    ///
    /// # Errors
    /// The device or pipe fails.
    pub fn next_slice(&mut self) -> Result<Option<&[u8]>, Error> {
        self.reader.consume(self.shown);
        self.shown = 0;
        if self.problem.is_some() {
            return Ok(None);
        }
        match fill(self.reader.as_mut()) {
            Ok(len) => self.shown = len,
            Err(error) => self.broken(error)?,
        }
        if self.shown == 0 {
            return Ok(None);
        }
        self.delivered += self.shown as u64;
        let slice = self.reader.fill_buf().map_err(|error| Error::unreadable(self.name.clone(), error))?;
        Ok(Some(slice))
    }

    /// Adds up to `max` bytes to `block`, less only at the end; none once there are no more. For those who keep the
    /// bytes: it saves a copy.
    ///
    /// # Errors
    /// The device or pipe fails.
    pub fn read_block(&mut self, block: &mut Vec<u8>, max: usize) -> Result<(), Error> {
        self.reader.consume(self.shown);
        self.shown = 0;
        if self.problem.is_some() {
            return Ok(());
        }
        let before = block.len();
        block.reserve(max);
        let outcome = self.reader.as_mut().take(max as u64).read_to_end(block);
        self.delivered += (block.len() - before) as u64;
        match outcome {
            Err(error) => self.broken(error),
            Ok(_) => Ok(()),
        }
    }

    /// Notes that the packing is broken; other errors are of the device.
    fn broken(&mut self, error: io::Error) -> Result<(), Error> {
        if !is_broken_packing(&error) {
            return Err(Error::unreadable(self.name.clone(), error));
        }
        self.problem = Some(format!("the packed data is cut or broken after {} bytes", self.delivered));
        Ok(())
    }

    /// What the next slice begins with, without taking it; `None` at the end. An error of a packed input shows
    /// with the slice.
    ///
    /// # Errors
    /// The device or pipe fails.
    pub fn peek(&mut self) -> Result<Option<&[u8]>, Error> {
        self.reader.consume(self.shown);
        self.shown = 0;
        match fill(self.reader.as_mut()) {
            Ok(0) => Ok(None),
            Ok(_) => {
                self.reader.fill_buf().map(Some).map_err(|error| Error::unreadable(self.name.clone(), error))
            }
            Err(error) if is_broken_packing(&error) => Ok(None),
            Err(error) => Err(Error::unreadable(self.name.clone(), error)),
        }
    }

    /// What went wrong with the packing, when something did: one line for a person.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Size of the file on disk in bytes, for a progress display; `None` for pipes.
    #[must_use]
    pub fn file_size(&self) -> Option<u64> {
        self.size
    }
}

fn fill(reader: &mut dyn BufRead) -> io::Result<usize> {
    loop {
        match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map(<[u8]>::len),
        }
    }
}

/// Errors of the unpackers, as against errors of the device.
fn is_broken_packing(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | InvalidData | InvalidInput | Other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn read(path: &std::path::Path) -> (Vec<u8>, Option<String>) {
        let mut bytes = open(&Input::File(path.to_owned())).expect("the file exists");
        let mut all = Vec::new();
        while let Some(slice) = bytes.next_slice().expect("readable") {
            all.extend_from_slice(slice);
        }
        let mut in_blocks = open(&Input::File(path.to_owned())).expect("the file exists");
        let (mut blocks, mut block) = (Vec::new(), Vec::new());
        while {
            block.clear();
            in_blocks.read_block(&mut block, 70_000).expect("readable");
            !block.is_empty()
        } {
            blocks.extend_from_slice(&block);
        }
        // Compared without printing megabytes.
        assert!(blocks == all && in_blocks.problem() == bytes.problem(), "{}", path.display());
        assert!(bytes.next_slice().expect("readable").is_none(), "the end stays the end");
        (all, bytes.problem().map(str::to_owned))
    }

    #[test]
    fn plain_packed_and_cut_files() {
        let dir = tempfile::tempdir().expect("a folder");
        let data: Vec<u8> =
            (0..300_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&data).expect("memory");
        let packed = encoder.finish().expect("memory");
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).expect("a file");
            path
        };
        assert_eq!(read(&write("plain", &data)), (data.clone(), None));
        assert_eq!(read(&write("whole.gz", &packed)), (data.clone(), None));
        for (name, packed) in
            [("cut.gz", &packed[..packed.len() / 2]), ("tail.gz", &[&packed[..], b"garbage"].concat())]
        {
            let (found, problem) = read(&write(name, packed));
            assert!(found.len() > 100_000 && data.starts_with(&found), "{name}: {}", found.len());
            assert!(problem.is_some() || found == data, "{name}");
        }
        let cut = zstd::encode_all(&data[..], 1).expect("memory");
        let (found, problem) = read(&write("cut.zst", &cut[..cut.len() / 2]));
        assert!(!found.is_empty() && data.starts_with(&found) && problem.is_some());
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = open(&Input::File(dir.path().join("missing"))).expect_err("no such file");
        assert!(error.to_string().contains("missing"));
        assert!(open(&Input::File(dir.path().to_owned())).is_err());
    }
}
