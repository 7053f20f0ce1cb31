//! What can go wrong while keeping things, and whether trying again helps.

use thiserror::Error;

/// A failure of a store, with the whole chain of causes.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Reading or writing `path` failed.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried: `read`, `write`, `create`, ...
        action: &'static str,
        /// Where.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A stored file or row is damaged.
    #[error("{what} is damaged: {detail}")]
    Damaged {
        /// Which file or row.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The engine behind the store refused.
    #[error("{what} failed")]
    Engine {
        /// What was asked of it.
        what: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another row already has this name.
    #[error("{0} already exists")]
    Exists(String),
    /// The caller asks for what the store does not do.
    #[error("{0} is refused")]
    Refused(String),
    /// The data directory belongs to a running process.
    #[error("{0} is in use by another process")]
    Locked(String),
}
