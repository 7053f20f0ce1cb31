//! The text files of the checkout in memory, sorted by path; built and fetched folders are left out.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Folders that hold what was built, fetched or recorded, wherever they are.
const SKIPPED: &[&str] = &[".git", "target", "node_modules", "dist", "corpus", "artifacts", "__pycache__"];
/// Folders at the root that hold what a running instance or a test writes.
const SKIPPED_AT_ROOT: &[&str] = &["data", "out"];

/// Every text file of the checkout.
pub(crate) struct Tree {
    files: Vec<(String, String)>,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect(root, "", &mut files)?;
        files.sort();
        Ok(Self { files })
    }

    /// A tree for tests.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self { files: files.iter().map(own).collect() }
    }

    /// Path relative to the root with `/` between folders, and text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        let at = self.files.binary_search_by(|(name, _)| name.as_str().cmp(path)).ok()?;
        self.files.get(at).map(|(_, text)| text.as_str())
    }

    pub(crate) fn require(&self, path: &str) -> Result<&str> {
        self.get(path).with_context(|| format!("{path} is missing"))
    }

    /// The files below a folder with an ending.
    pub(crate) fn below<'a>(
        &'a self,
        folder: &'a str,
        ending: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.iter().filter(move |(path, _)| path.starts_with(folder) && path.ends_with(ending))
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let skipped = SKIPPED.contains(&name.as_str())
                || (prefix.is_empty() && SKIPPED_AT_ROOT.contains(&name.as_str()));
            if !skipped {
                collect(&entry.path(), &path, files)?;
            }
        } else if kind.is_file() {
            // Another program may remove a file between listing and reading; bytes that are no text are not ours.
            if let Ok(text) = fs::read_to_string(entry.path()) {
                files.push((path, text));
            }
        }
    }
    Ok(())
}
