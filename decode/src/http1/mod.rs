//! HTTP/1.x out of two byte streams with gaps: heads, body framing, pairing, content codings.
//! What happens to a message when bytes are missing is decided here; which bytes are missing, in `tcp`.

mod body;
mod chunked;
mod coding;
mod connection;
mod events;
mod exchange;
mod framing;
mod head;
mod inflate;
mod lenient;
mod pairing;
mod reading;
mod recognise;
mod recorded;
mod stream;

pub(crate) use body::Body;
pub(crate) use coding::Codings;
pub(crate) use connection::Http1;
pub(crate) use exchange::{Exchange, Progress, normal_host, server_host, split_target};
pub(crate) use framing::note;
pub(crate) use head::{target_text, text};
pub(crate) use recorded::read_recorded;
