//! HPACK (RFC 7541) for an observer: header blocks to fields. What refers to a table entry that was never seen
//! is reported as unknown; a wrong value is never made up. Each direction of a connection has one [`Decoder`].

mod decoder;
mod huffman;
mod integer;
mod names;
mod table;

pub(crate) use decoder::{Decoder, Field, is_plausible};
