//! HTTP/1.x out of two byte streams with gaps: heads, body framing, pairing, content codings.
//! What happens to a message when bytes are missing is decided here; which bytes are missing, in `tcp`.

mod body;
mod chunked;
mod coding;
mod connection;
mod exchange;
mod framing;
mod head;
mod pairing;
mod reading;
mod recognise;
mod recorded;

pub(crate) use coding::Codings;
pub(crate) use connection::Http1;
pub(crate) use exchange::{normal_host, split_target};
pub(crate) use head::{target_text, text};
pub(crate) use recorded::read_recorded;

/// Where and when a slice of a stream was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mark {
    /// Position of the first byte in its direction, extended to 64 bits.
    pub seq: u64,
    /// Position up to which the sender had read the other direction; 0 when not stated.
    pub ack: u64,
    /// Capture time, microseconds.
    pub ts: i64,
}
