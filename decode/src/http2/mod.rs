//! HTTP/2 (RFC 9113) out of two byte streams with gaps. [`connection`] keeps the streams and hands out calls,
//! `reading` cuts each direction into frames, [`hpack`] reads header blocks. A stream number ties a request to
//! its response, so a pair is certain even after losses; what was lost is absent.

mod connection;
mod frame;
mod head;
mod hpack;
mod reading;
mod streams;
mod tunnels;

pub(crate) use connection::Http2;
pub(crate) use frame::{PREFACE, is_certain, is_server_preface};
