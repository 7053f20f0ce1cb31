//! What an RPC protocol has to say about its bytes.

use std::fmt::Debug;

use model::{Anomaly, Headers, Rpc};

/// What stands at the start of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Message(Head),
    /// More bytes will tell.
    Short,
    No,
}

/// What is known of a message before it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes of the whole message.
    pub len: u64,
    /// Bytes of it that precede the body.
    pub overhead: u64,
    /// Identity by which request and response find each other.
    pub id: u64,
    pub role: Role,
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Request {
        /// No response will come.
        one_way: bool,
    },
    Response,
    /// Keeps the connection alive.
    Heartbeat,
}

/// What was read out of one message.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// The procedure, where the message names it.
    pub rpc: Option<Rpc>,
    /// Status code as the protocol states it.
    pub status: Option<u16>,
    /// Metadata beside the arguments.
    pub headers: Headers,
    /// Arguments or result, as JSON where they can be read, else as sent.
    pub body: Vec<u8>,
    /// What was wrong with it.
    pub anomaly: Option<Anomaly>,
}

/// An RPC protocol.
pub(crate) trait Dialect: Debug + Default + Send {
    /// Its name in [`model::Call::protocol`].
    const PROTOCOL: &'static str;
    /// Bytes after which a message that is still not framed is none.
    const HEAD_BYTES_MAX: usize;

    /// Identities are used again while others wait, so that they prove nothing after a loss.
    const IDS_REPEAT: bool = false;

    /// What stands at the start of `bytes` of a direction; `strict`: nothing is known about where they stand in
    /// the stream. Asked again with more bytes after [`Framing::Short`].
    fn frame(&mut self, dir: usize, bytes: &[u8], strict: bool) -> Framing;

    /// The bytes asked about will not be continued.
    fn forget(&mut self, _dir: usize) {}

    /// What can be told of a message that breaks off before it was framed.
    fn cut(&self, _bytes: &[u8]) -> Option<Head> {
        None
    }

    /// Reads a request, or as much of it as was seen.
    fn request(&mut self, bytes: &[u8]) -> Parsed;

    /// Reads a response, or as much of it as was seen.
    fn response(&mut self, bytes: &[u8]) -> Parsed;
}
