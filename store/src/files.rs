//! The few file operations that durability stands on: write beside and rename, fsync of a directory,
//! errors with the path. Called by the journal, the segments and `open`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::StoreError;

/// Wraps an I/O error with what was tried and where.
pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.display().to_string();
    move |source| StoreError::Io { action, path, source }
}

/// Makes names created, renamed or removed in `dir` durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io_error("sync", dir))
}

/// Creates a directory (and its parents) that only its owner may enter.
pub(crate) fn create_private_dir(dir: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(io_error("create", dir))
}

/// Takes from everybody but the owner what they may do with a file or directory that is there already.
/// Where the place does not allow that (a volume of another owner), it is said and left.
pub(crate) fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let narrowed = fs::metadata(path).and_then(|data| {
            let mode = data.permissions().mode() & 0o7777;
            if mode & 0o077 == 0 {
                return Ok(());
            }
            fs::set_permissions(path, fs::Permissions::from_mode(mode & !0o077))
        });
        match narrowed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), error = %error, "others may be able to read this");
            }
            _ => {}
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Options that create a file which only its owner may read.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Replaces `path` so that after a crash either the old or the new content is there, whole.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let beside = path.with_extension("tmp");
    let written = private_file().open(&beside).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    written.map_err(io_error("write", &beside))?;
    rename(&beside, path)
}

/// Renames within one directory, durably.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(io_error("rename", from))?;
    to.parent().map_or(Ok(()), sync_dir)
}
