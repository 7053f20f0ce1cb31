//! Remote procedure calls in messages that carry an identity: what Dubbo, Thrift, SOFARPC and bRPC have in
//! common. A [`Dialect`] frames and reads messages; [`Framed`] follows both streams, pairs by identity, and
//! knows what to do about gaps.

mod connection;
mod dialect;
mod json;
mod message;

pub(crate) use connection::Framed;
pub(crate) use dialect::{Dialect, Framing, Head, Parsed, Role};
pub(crate) use json::Json;
