//! Follows files as they grow and rotate. Looks again when asked, needs nothing from the system but `stat` and `read`.
//!
//! A file is known by device and number (inode), its first bytes and the bytes before the position. Renamed, it is
//! read to its end while the new one starts at 0; cut (copytruncate), it starts at 0 again and the copy is not read
//! twice; packed files are left alone. A missing file is waited for.

mod file;
mod keylog;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::expand;
use crate::limits::{FOLLOWED_FILES_MAX, FORGOTTEN_FILES_MAX, NAMELESS_LOOKS_MAX};
use file::{Followed, Look};

pub use file::Position;
pub use keylog::KeyLog;

/// Tells followed files apart for the life of a [`Follower`]; a file that was cut gets another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u64);

/// What became of a followed file.
#[derive(Debug)]
pub enum Event<'a> {
    /// A file appeared, to be read from this byte on.
    Opened {
        /// Which.
        id: FileId,
        /// Under which name.
        path: &'a Path,
        /// 0, or where an earlier follower stopped.
        from: u64,
        /// What was kept of it, when an earlier follower knew it.
        saved: Option<&'a Position>,
    },
    /// Further bytes.
    Bytes {
        /// Of which file.
        id: FileId,
        /// In any split.
        data: &'a [u8],
    },
    /// There will be no more: it was cut, or removed, or its writer has left it.
    Ended {
        /// Which.
        id: FileId,
        /// Where it stood.
        position: Position,
    },
}

/// Follows the files that some patterns name.
#[derive(Debug)]
pub struct Follower {
    patterns: Vec<String>,
    /// By age: what was there first is read first.
    files: BTreeMap<FileId, Followed>,
    /// Positions of files that are not followed: from before a restart, or cut, or gone.
    forgotten: Vec<Position>,
    next: u64,
    /// Files that could not be followed because too many are.
    pub refused: u64,
}

impl Follower {
    /// `saved`: positions of an earlier follower ([`Self::positions`]).
    #[must_use]
    pub fn new(patterns: &[String], saved: Vec<Position>) -> Self {
        Self { patterns: patterns.to_vec(), files: BTreeMap::new(), forgotten: saved, next: 0, refused: 0 }
    }

    /// Looks once: hands out what is new. Returns the number of bytes; while that is not 0 more may wait.
    pub fn look(&mut self, take: &mut impl FnMut(Event<'_>)) -> u64 {
        let mut read = 0;
        let named = self.named();
        for id in self.files.keys().copied().collect::<Vec<_>>() {
            read += self.look_at(id, &named, take);
        }
        for path in named {
            read += self.take_up(&path, take);
        }
        read
    }

    /// Where each open file stands: at the start of a line.
    #[must_use]
    pub fn positions(&self) -> Vec<(FileId, Position)> {
        self.files.iter().map(|(id, file)| (*id, file.position())).collect()
    }

    /// The files that the patterns name now.
    fn named(&self) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        for pattern in &self.patterns {
            for input in expand(std::slice::from_ref(pattern)).unwrap_or_default() {
                if let crate::Input::File(path) = input
                    && !paths.contains(&path)
                {
                    paths.push(path);
                }
            }
        }
        paths
    }

    fn look_at(&mut self, id: FileId, named: &[PathBuf], take: &mut impl FnMut(Event<'_>)) -> u64 {
        let Some(file) = self.files.get_mut(&id) else { return 0 };
        match file.look(&mut |data| take(Event::Bytes { id, data })) {
            Look::Read(0) if !file.has_name(named) => {
                file.nameless += 1;
                if file.nameless > NAMELESS_LOOKS_MAX {
                    self.end(id, take);
                }
                0
            }
            Look::Read(bytes) => {
                file.nameless = 0;
                bytes
            }
            // What its name stands for now is taken up as another file.
            Look::Cut | Look::Failed => {
                self.end(id, take);
                0
            }
        }
    }

    fn end(&mut self, id: FileId, take: &mut impl FnMut(Event<'_>)) {
        if let Some(file) = self.files.remove(&id) {
            let position = file.position();
            take(Event::Ended { id, position });
            self.forgotten.push(position);
            if self.forgotten.len() > FORGOTTEN_FILES_MAX {
                self.forgotten.remove(0);
            }
        }
    }

    /// Opens a file that is not followed yet.
    fn take_up(&mut self, path: &Path, take: &mut impl FnMut(Event<'_>)) -> u64 {
        let Some(identity) = file::identity(path) else { return 0 };
        match self.files.values_mut().find(|file| file.identity() == identity) {
            // Perhaps under a new name.
            Some(file) => {
                path.clone_into(&mut file.path);
                0
            }
            None => self.open(path, take),
        }
    }

    fn open(&mut self, path: &Path, take: &mut impl FnMut(Event<'_>)) -> u64 {
        if self.files.len() >= FOLLOWED_FILES_MAX {
            self.refused += 1;
            return 0;
        }
        let Some((mut file, same)) = Followed::open(path, &self.forgotten) else { return 0 };
        let id = FileId(self.next);
        self.next += 1;
        let saved = same.map(|at| self.forgotten[at]);
        if let Some(at) = same {
            // A copy of a file that was cut is the end of that story.
            self.forgotten.remove(at);
        }
        take(Event::Opened { id, path, from: file.position().offset, saved: saved.as_ref() });
        let read = match file.look(&mut |data| take(Event::Bytes { id, data })) {
            Look::Read(bytes) => bytes,
            Look::Cut | Look::Failed => 0,
        };
        self.files.insert(id, file);
        read
    }
}

#[cfg(test)]
mod tests;
