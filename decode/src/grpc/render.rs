//! One message as text: protobuf becomes JSON, other codecs stay as they are.

use super::{Descriptors, protobuf};

/// What is known about the messages of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codec<'a> {
    pub from_client: bool,
    pub is_proto: bool,
    /// Descriptors, and the full name of the message type.
    pub schema: Option<(&'a Descriptors, &'a str)>,
}

/// The kind of a message and its text.
pub(super) fn message(codec: Codec<'_>, plain: &[u8]) -> (&'static str, Vec<u8>) {
    if codec.is_proto {
        return match protobuf::json(plain, codec.schema) {
            Some(text) => ("protobuf", text.into_bytes()),
            None => ("binary", plain.to_vec()),
        };
    }
    (if std::str::from_utf8(plain).is_ok() { "text" } else { "binary" }, plain.to_vec())
}
