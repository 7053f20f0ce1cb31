//! From what a person names (files, patterns, directories, `-`) to the inputs to read, in a stable order.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::glob::{fits, is_pattern};

/// One input to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Input {
    /// Name for call records: the file name without directory, `-` for standard input.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        }
    }
}

/// The inputs that the arguments name. Directories are searched in depth, hidden files left out; what a
/// pattern or a directory gives is sorted by name; a file named twice is read once.
///
/// # Errors
/// A pattern or directory without a file, a directory that cannot be listed. Whether a file exists is
/// learned by opening it.
pub fn expand(arguments: &[String]) -> Result<Vec<Input>, Error> {
    let mut inputs = Vec::new();
    for argument in arguments {
        let path = Path::new(argument);
        let found = if argument == "-" {
            vec![Input::Stdin]
        } else if path.is_dir() {
            let mut files = Vec::new();
            walk(path, &mut files)?;
            files.into_iter().map(Input::File).collect()
        } else if is_pattern(argument) && !path.exists() {
            matching(path)?.into_iter().map(Input::File).collect()
        } else {
            vec![Input::File(path.to_owned())]
        };
        if found.is_empty() {
            return Err(Error::NoFile { name: argument.clone() });
        }
        for input in found {
            if !inputs.contains(&input) {
                inputs.push(input);
            }
        }
    }
    Ok(inputs)
}

/// Entries of a directory, sorted by name.
fn list(dir: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let shown = || dir.display().to_string();
    let dir_or_here = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let entries = std::fs::read_dir(dir_or_here).map_err(|error| Error::unreadable(shown(), error))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Error::unreadable(shown(), error))?;
        names.push((entry.file_name().to_string_lossy().into_owned(), dir.join(entry.file_name())));
    }
    names.sort();
    Ok(names)
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    for (name, path) in list(dir)? {
        // A link to a directory could lead back up.
        let is_link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
        if name.starts_with('.') || (is_link && path.is_dir()) {
            continue;
        }
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// Files that fit a pattern, component by component.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = vec![PathBuf::new()];
    let components: Vec<_> = pattern.components().collect();
    for (index, component) in components.iter().enumerate() {
        let text = component.as_os_str().to_string_lossy();
        let is_last = index + 1 == components.len();
        let mut next = Vec::new();
        for base in found {
            if text == "**" {
                next.push(base.clone());
                let mut files = Vec::new();
                walk(&base, &mut files)?;
                let parents = files.iter().flat_map(|file| file.ancestors().skip(1));
                next.extend(
                    parents
                        .filter(|parent| parent.starts_with(&base) && **parent != base)
                        .map(Path::to_owned),
                );
            } else if is_pattern(&text) {
                let names = list(&base)?.into_iter().filter(|(name, _)| fits(&text, name));
                next.extend(names.map(|(_, path)| path).filter(|path| is_last || path.is_dir()));
            } else {
                let path = base.join(component);
                if path.exists() {
                    next.push(path);
                }
            }
        }
        next.sort();
        next.dedup();
        found = next;
    }
    found.retain(|path| path.is_file());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dir: &Path, argument: &str, expect: &[&str]) {
        let argument = dir.join(argument).display().to_string();
        let found: Vec<String> = match expand(&[argument.clone(), argument]) {
            Ok(inputs) => inputs.iter().map(Input::name).collect(),
            Err(Error::NoFile { .. }) => Vec::new(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(found, expect);
    }

    #[test]
    fn files_patterns_and_directories() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["b.pcap", "a.pcap", "c.har", ".hidden", "sub/d.pcap", "sub/deep/e.pcap"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, name).expect("a file");
        }
        let dir = dir.path();
        check(dir, "", &["a.pcap", "b.pcap", "c.har", "d.pcap", "e.pcap"]);
        check(dir, "*.pcap", &["a.pcap", "b.pcap"]);
        check(dir, "s*/*.pcap", &["d.pcap"]);
        check(dir, "**/*.pcap", &["a.pcap", "b.pcap", "d.pcap", "e.pcap"]);
        check(dir, "c.har", &["c.har"]);
        check(dir, "missing.har", &["missing.har"]);
        check(dir, "*.png", &[]);
        assert_eq!(expand(&["-".to_owned()]).expect("stdin"), [Input::Stdin]);
    }
}
