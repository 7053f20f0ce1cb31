//! The manifest: the one file that says which segments belong to the log, and up to which position of the
//! journal they reach. Replacing it is the moment at which a seal, a merge or a drop has happened.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::files::{io_error, replace};

/// The version this code writes; a greater one is refused.
const VERSION: u32 = 1;

/// What the log consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub version: u32,
    /// Raw calls before this position are in segments.
    pub covered: u64,
    /// Number of the next row.
    pub next_seq: u64,
    /// Number of the next segment file.
    pub next_segment: u64,
    /// In order of their first time.
    pub segments: Vec<SegmentMeta>,
}

/// One segment as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentMeta {
    /// File name within `segments/`.
    pub file: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// Rows without a time.
    pub timeless: u64,
    /// Microseconds of the earliest and latest known time; absent when no row has one.
    pub time: Option<(i64, i64)>,
    /// Smallest and largest row number.
    pub seq: (u64, u64),
}

impl SegmentMeta {
    /// Earliest and latest key of order; rows without a time come first.
    pub(crate) fn span(&self) -> (i64, i64) {
        let first = if self.timeless > 0 { None } else { self.time.map(|(first, _)| first) };
        (first.unwrap_or(i64::MIN), self.time.map_or(i64::MIN, |(_, last)| last))
    }
}

impl Default for Manifest {
    fn default() -> Self {
        Self { version: VERSION, covered: 0, next_seq: 0, next_segment: 0, segments: Vec::new() }
    }
}

impl Manifest {
    /// Reads it; the empty one when there is none yet.
    pub(crate) fn load(path: &Path) -> Result<Self, StoreError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(io_error("read", path)(error)),
        };
        let damaged = |detail: String| StoreError::Damaged { what: path.display().to_string(), detail };
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if manifest.version > VERSION {
            return Err(damaged(format!("version {} is newer than this program", manifest.version)));
        }
        Ok(manifest)
    }

    /// Replaces it durably.
    pub(crate) fn store(&self, path: &Path) -> Result<(), StoreError> {
        let json = serde_json::to_vec_pretty(self)
            .map_err(|source| StoreError::Engine { what: "writing the manifest", source: source.into() })?;
        replace(path, &json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_and_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("manifest.json");
        assert_eq!(Manifest::load(&path).expect("none yet"), Manifest::default());
        let meta = SegmentMeta {
            file: "a.parquet".into(),
            bytes: 1,
            rows: 2,
            timeless: 1,
            time: Some((3, 4)),
            seq: (0, 1),
        };
        assert_eq!(meta.span(), (i64::MIN, 4));
        let manifest = Manifest { covered: 9, segments: vec![meta], ..Manifest::default() };
        manifest.store(&path).expect("stored");
        assert_eq!(Manifest::load(&path).expect("loaded"), manifest);
        for bad in ["{", r#"{"version":9,"covered":0,"next_seq":0,"next_segment":0,"segments":[]}"#] {
            fs::write(&path, bad).expect("written");
            assert!(Manifest::load(&path).is_err());
        }
    }
}
