//! Embeds every file of `content/` into the binary: writes a table of path and text for `content.rs`.
//! Reads nothing but that folder; the files are parsed and validated when a rule set is built.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../content");
    println_directive(&root);
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut table = String::from("[\n");
    for file in &files {
        println_directive(file);
        let name = file.strip_prefix(&root).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        writeln!(table, "    ({name:?}, include_str!({:?})),", file.to_string_lossy())
            .map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?).join("content.rs");
    fs::write(out, table)
}

/// Content is `.toml` and `.txt`; anything else (notes, editor files) stays out.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println_directive(&path);
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "toml" || ext == "txt") {
            files.push(path);
        }
    }
    Ok(())
}

/// Build scripts speak to Cargo through standard output.
#[allow(clippy::print_stdout)]
fn println_directive(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}
