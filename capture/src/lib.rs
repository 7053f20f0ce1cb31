//! Where bytes come from: files, globs, directories, standard input, files that grow, network interfaces, addresses
//! that others send to, topics of Kafka. Owns input and output; what the bytes mean is the business of `decode`.
//!
//! ```no_run
//! for input in capture::expand(&["traffic/*.pcap.gz".to_owned()])? {
//!     let mut bytes = capture::open(&input)?;
//!     while let Some(slice) = bytes.next_slice()? {
//!         println!("{} more bytes of {}", slice.len(), input.name());
//!     }
//! }
//! # Ok::<(), capture::Error>(())
//! ```

mod broadcast;
mod expand;
#[cfg(unix)]
mod follow;
mod glob;
#[cfg(feature = "kafka")]
pub mod kafka;
mod limits;
#[cfg(target_os = "linux")]
pub mod listen;
#[cfg(target_os = "linux")]
pub mod live;
mod packed;
mod source;

pub use broadcast::{Broadcast, Reader};
pub use expand::{Input, expand};
#[cfg(unix)]
pub use follow::{Event, FileId, Follower, KeyLog, Position};
pub use source::{Bytes, open};

/// Why an input cannot be read: always names the input.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened or read.
    #[error("{name}: cannot be read")]
    Unreadable {
        /// The input as given.
        name: String,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// A pattern or directory with no file in it.
    #[error("{name}: no file found")]
    NoFile {
        /// The pattern or directory as given.
        name: String,
    },
}

impl Error {
    pub(crate) fn unreadable(name: impl Into<String>, source: std::io::Error) -> Self {
        Self::Unreadable { name: name.into(), source }
    }
}
