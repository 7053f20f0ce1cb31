//! WebSocket (RFC 6455) with permessage-deflate (RFC 7692): the frames of both directions become messages of
//! the call that opened the connection. Without its handshake a WebSocket is not guessed.
//!
//! The call is handed out when both ends have closed, when the connection is over, or when it reaches
//! [`model::limits::STREAM_MESSAGES_MAX`], [`model::limits::STREAM_MESSAGE_BYTES_MAX`] or
//! [`model::limits::STREAM_US_MAX`]: then it is marked `messages-truncated` and the rest passes by unread.

mod connection;
mod deflate;
mod frame;
mod inbound;
mod log;

pub(crate) use connection::WebSocket;
