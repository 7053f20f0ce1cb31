//! Passive TLS (RFC 5246, RFC 8446): records are put together from both streams, decrypted where the keys are
//! known, and handed to a session inside. Without keys a connection stays closed; what its hellos say is reported.
//! Secrets come from key logs, blocks of capture files and RSA keys ([`Keys`]); `session` calls [`Tls`].

mod cbc;
mod cipher;
mod connection;
mod fingerprint;
mod framer;
mod handshake;
mod hello;
mod inside;
mod key_log;
mod keys;
mod parked;
mod protection;
mod read;
mod schedule;
mod suite;
mod waiting;

pub(crate) use connection::Tls;
pub use keys::{Keys, NotAnRsaKey};
pub(crate) use parked::{Parked, finish_parked, retry_parked};
pub(crate) use suite::suite_name;
