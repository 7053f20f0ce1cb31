//! Addresses that others send to: datagrams with a large buffer and the count of those that the kernel lost,
//! connections, and the messages inside a stream of syslog. What a message means is the business of `decode`.

mod drops;
mod framing;
mod socket;

pub use drops::KernelDrops;
pub use framing::{Framer, Lost, Piece};
pub use socket::{Datagrams, ListenError, connections, datagrams, keep_alive};
