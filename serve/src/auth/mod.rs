//! Who may come in: passwords, sessions, tokens, and the brake on guessing.
//! What each role may do is not here but in `access.rs`.

pub(crate) mod first_run;
pub(crate) mod password;
pub(crate) mod secret;
pub(crate) mod session;
pub(crate) mod throttle;

use std::sync::{Arc, Mutex};

use tokio::sync::{RwLock, Semaphore};

use crate::limits;

/// Shared state of authentication: lives as long as the server.
pub(crate) struct Gate {
    /// Limits passwords hashed at once.
    pub(crate) hashing: Semaphore,
    /// Limits passwords hashed or waiting.
    pub(crate) hash_queue: Semaphore,
    /// Limits pushes worked on at once.
    pub(crate) pushes: Semaphore,
    /// Limits mirrored requests that are on their way to the journal.
    pub(crate) mirrored: Arc<Semaphore>,
    /// Failed logins.
    pub(crate) failures: Mutex<throttle::Failures>,
    /// Held for writing while a session is renewed, for reading while one is looked up.
    pub(crate) renewal: RwLock<()>,
    /// Held while users change, so that the last administrator stays.
    pub(crate) users: tokio::sync::Mutex<()>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self {
            hashing: Semaphore::new(limits::HASHES_PARALLEL_MAX),
            hash_queue: Semaphore::new(limits::HASHES_WAITING_MAX),
            mirrored: Arc::new(Semaphore::new(limits::MIRRORED_PARALLEL_MAX)),
            pushes: Semaphore::new(limits::INGEST_PARALLEL_MAX),
            failures: Mutex::default(),
            renewal: RwLock::new(()),
            users: tokio::sync::Mutex::new(()),
        }
    }
}
