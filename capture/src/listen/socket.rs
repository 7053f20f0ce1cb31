//! Sockets that are opened before privileges are given up: an address may be below port 1024.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd;

use super::KernelDrops;
use crate::limits::DATAGRAM_BUFFER_BYTES;
use crate::live;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// A port that belongs to the system.
    #[error(
        "{address}: a port below 1024 needs root, or once `setcap cap_net_bind_service+ep` on the binary"
    )]
    NotAllowed {
        /// As given.
        address: SocketAddr,
    },
    /// The system refuses: somebody else listens there, or the address is none of this machine.
    #[error("{address}: cannot listen")]
    System {
        /// As given.
        address: SocketAddr,
        /// The reason.
        #[source]
        source: io::Error,
    },
}

impl ListenError {
    fn of(address: SocketAddr) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::PermissionDenied => Self::NotAllowed { address },
            _ => Self::System { address, source },
        }
    }
}

/// A socket for datagrams.
#[derive(Debug)]
pub struct Datagrams {
    /// Does not block.
    pub socket: UdpSocket,
    /// What the kernel drops of it.
    pub drops: KernelDrops,
    /// Bytes of its buffer, as the kernel counts them.
    pub buffer_bytes: u32,
}

/// Listens for datagrams. As root its buffer may be larger than the limit of the system (`net.core.rmem_max`).
///
/// # Errors
/// See [`ListenError`].
pub fn datagrams(address: SocketAddr) -> Result<Datagrams, ListenError> {
    let open = || {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        let buffer_bytes = live::receive_buffer(socket.as_fd(), DATAGRAM_BUFFER_BYTES)?;
        let drops = KernelDrops::of(&socket, address)?;
        Ok(Datagrams { socket, drops, buffer_bytes })
    };
    open().map_err(ListenError::of(address))
}

/// Listens for connections; accepting does not block.
///
/// # Errors
/// See [`ListenError`].
pub fn connections(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let open = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    open().map_err(ListenError::of(address))
}

/// Has the kernel ask now and then whether the other side of a quiet connection is still there.
///
/// # Errors
/// The system refuses.
pub fn keep_alive(connection: &impl AsFd) -> io::Result<()> {
    live::keep_alive(connection.as_fd())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_what_it_dropped() {
        let mut datagrams = datagrams("127.0.0.1:0".parse().expect("an address")).expect("a socket");
        let address = datagrams.socket.local_addr().expect("bound");
        let sender = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let mut sent = 0_u64;
        let deadline = 10 * DATAGRAM_BUFFER_BYTES as u64 / 60_000;
        while sent < deadline {
            sent += u64::from(sender.send_to(&[0; 60_000], address).is_ok());
        }
        let (mut received, mut buffer) = (0_u64, [0; 60_000]);
        while datagrams.socket.recv_from(&mut buffer).is_ok() {
            received += 1;
        }
        let dropped = datagrams.drops.look();
        assert_eq!((received + dropped, datagrams.drops.look()), (sent, 0), "{received} received");
        assert!(dropped > 0 && datagrams.buffer_bytes > 0);
    }

    #[test]
    fn an_address_that_is_taken_is_named() {
        let first = connections("127.0.0.1:0".parse().expect("an address")).expect("a listener");
        let address = first.local_addr().expect("bound");
        let error = connections(address).expect_err("taken");
        assert_eq!(error.to_string(), format!("{address}: cannot listen"));
    }
}
