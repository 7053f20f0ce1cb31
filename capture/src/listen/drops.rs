//! Datagrams that the kernel dropped because the buffer of their socket was full: a column of `/proc/net/udp`.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;

/// Counts what the kernel dropped of one socket.
#[derive(Debug)]
pub struct KernelDrops {
    table: &'static str,
    inode: u64,
    /// As of the last look.
    seen: u64,
}

impl KernelDrops {
    pub(super) fn of(socket: &UdpSocket, address: SocketAddr) -> io::Result<Self> {
        // Asked now: who the process is may change, and with it whether it may look here.
        let inode = std::fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd()))?.ino();
        let table = if address.is_ipv6() { "/proc/net/udp6" } else { "/proc/net/udp" };
        Ok(Self { table, inode, seen: 0 })
    }

    /// Datagrams dropped since the last look; none when the kernel does not tell.
    pub fn look(&mut self) -> u64 {
        let table = std::fs::read_to_string(self.table).unwrap_or_default();
        // A 32-bit counter in older kernels: one that ran over is taken as it stands.
        let now = dropped(&table, self.inode).unwrap_or(self.seen);
        let since = now.checked_sub(self.seen).unwrap_or(now);
        self.seen = now;
        since
    }
}

/// The last column of the line of a socket (`sl local rem st queues tr retrnsmt uid timeout inode ref pointer drops`).
fn dropped(table: &str, inode: u64) -> Option<u64> {
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(9);
        let is_it = columns.next()?.parse::<u64>() == Ok(inode);
        is_it.then(|| columns.nth(2)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(inode: u64, expect: Option<u64>) {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n  \
                     77: 0100007F:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 42\n  \
                     78: 0100007F:0203 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0\n  79: cut\n";
        assert_eq!(dropped(table, inode), expect);
    }

    #[test]
    fn the_line_of_the_socket() {
        check(4711, Some(42));
        check(4712, Some(0));
        check(2, None);
    }
}
