//! Opens the stores of one data directory: makes it private, keeps other processes out, has the keys ready.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use crate::files::{create_private_dir, io_error, make_private, private_file, replace};
use crate::parquet::ParquetLog;
use crate::sqlite::SqliteCatalogue;
use crate::{CallLog, Catalogue, StoreError};

/// The lock file; the lock ends with the last store that holds this, or with the process.
#[derive(Debug)]
pub(crate) struct DirLock {
    _file: File,
}

impl DirLock {
    fn take(dir: &Path) -> Result<Arc<Self>, StoreError> {
        let path = dir.join("lock");
        let file = private_file().truncate(false).open(&path).map_err(io_error("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Arc::new(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(dir.display().to_string())),
            Err(TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
        }
    }
}

/// Everything that is kept in one data directory.
#[derive(Clone)]
pub struct Store {
    /// Calls.
    pub log: Arc<dyn CallLog>,
    /// What is known.
    pub catalogue: Arc<dyn Catalogue>,
    /// Key for [`model::ValueHash`]; belongs to this installation and never leaves it.
    pub value_key: [u8; 32],
}

impl Store {
    /// Opens the stores in `dir`, which is created with mode 0700, or given it when it is there.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it open, [`StoreError::Damaged`] when a file is not what
    /// was written, [`StoreError::Io`] otherwise.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        let place = dir.to_path_buf();
        let opened = tokio::task::spawn_blocking(move || {
            create_private_dir(&place)?;
            make_private(&place);
            let lock = DirLock::take(&place)?;
            let secret = secret(&place)?;
            let journal_key = blake3::derive_key("apiarist 2026 journal of accepted calls", &secret);
            let value_key = blake3::derive_key("apiarist 2026 hashes of sensitive values", &secret);
            let log = ParquetLog::open(&place, journal_key, Arc::clone(&lock))?;
            Ok((log, lock, value_key))
        });
        let opened: Result<_, StoreError> = opened
            .await
            .map_err(|source| StoreError::Engine { what: "opening the store", source: source.into() })?;
        let (log, lock, value_key) = opened?;
        let catalogue = SqliteCatalogue::open(&dir.join("catalogue.db"), lock).await?;
        Ok(Self { log: Arc::new(log), catalogue: Arc::new(catalogue), value_key })
    }
}

/// 32 random bytes in `secret.key` (mode 0600), made at the first start.
fn secret(dir: &Path) -> Result<[u8; 32], StoreError> {
    let path = dir.join("secret.key");
    match fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|bytes: Vec<u8>| StoreError::Damaged {
            what: path.display().to_string(),
            detail: format!("{} bytes instead of 32", bytes.len()),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret).map_err(|source| StoreError::Engine {
                what: "drawing a secret key",
                source: source.into(),
            })?;
            replace(&path, &secret)?;
            Ok(secret)
        }
        Err(error) => Err(io_error("read", &path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_process_at_a_time_and_the_same_keys_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let place = dir.path().join("data");
        let store = Store::open(&place).await.expect("opens");
        assert!(matches!(Store::open(&place).await, Err(StoreError::Locked(_))));
        let (key, log) = (store.value_key, Arc::clone(&store.log));
        drop(store);
        // The log alone keeps the directory too.
        assert!(matches!(Store::open(&place).await, Err(StoreError::Locked(_))));
        drop(log);
        let again = reopen(&place).await;
        assert_eq!(again.value_key, key);
        assert_ne!(fs::read(place.join("secret.key")).expect("there"), key);
    }

    /// The catalogue closes its connections in the background.
    async fn reopen(place: &Path) -> Store {
        for _ in 0..100 {
            match Store::open(place).await {
                Err(StoreError::Locked(_)) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                other => return other.expect("opens"),
            }
        }
        unreachable!("the lock was not given back")
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn nobody_else_may_look() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a directory");
        let place = dir.path().join("data");
        let store = Store::open(&place).await.expect("opens");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        let check = || {
            assert_eq!(mode(&place), 0o700);
            for name in ["secret.key", "catalogue.db", "catalogue.db-wal", "catalogue.db-shm"] {
                assert_eq!(mode(&place.join(name)), 0o600, "{name}");
            }
        };
        check();
        drop(store);
        // As an earlier version left them.
        let widen = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        widen(&place, 0o755).expect("changed");
        widen(&place.join("catalogue.db"), 0o644).expect("changed");
        let _store = reopen(&place).await;
        check();
    }

    #[tokio::test]
    async fn a_cut_key_is_damage() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("secret.key"), b"short").expect("written");
        assert!(matches!(Store::open(dir.path()).await, Err(StoreError::Damaged { .. })));
    }
}
