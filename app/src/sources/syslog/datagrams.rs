//! Syslog over UDP (RFC 5426): a message in each datagram. The buffer of the socket is the queue; what the kernel
//! drops of it counts as received and dropped.

use std::io::ErrorKind;
use std::time::Duration;

use anyhow::{Context, Result};
use capture::listen::Datagrams;
use tokio::net::UdpSocket;
use tokio::time::{interval, sleep};
use tracing::warn;

use super::Receiver;
use crate::limits::{DATAGRAM_BYTES_MAX, LAST_READS_MAX};
use crate::live::wall_clock;

/// Time between two looks at what the kernel dropped.
const TICK: Duration = Duration::from_secs(1);

/// Takes datagrams until the server stops, and then those that have come in already.
pub(super) async fn take(datagrams: Datagrams, mut receiver: Receiver) -> Result<()> {
    let Datagrams { socket, mut drops, .. } = datagrams;
    let socket = UdpSocket::from_std(socket).context("the socket cannot be used")?;
    let outlet = receiver.intake.outlet.clone();
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    let (mut ticks, stopped) = (interval(TICK), outlet.stopped());
    tokio::pin!(stopped);
    loop {
        let is_last = tokio::select! {
            ready = socket.readable() => {
                ready.context("the socket cannot be read")?;
                false
            }
            _ = ticks.tick() => {
                receiver.intake.lose("buffer_full", drops.look());
                false
            }
            () = &mut stopped => true,
        };
        let rounds = if is_last { LAST_READS_MAX } else { 1 };
        for _ in 0..rounds {
            let is_empty = batch(&socket, &mut buffer, &mut receiver).await;
            if is_last {
                receiver.intake.lose("buffer_full", drops.look());
            }
            receiver.intake.hand_on().await;
            if is_empty {
                break;
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Takes what is there, up to a batch; true when there is no more.
async fn batch(socket: &UdpSocket, buffer: &mut [u8], receiver: &mut Receiver) -> bool {
    while !receiver.intake.is_full() {
        match socket.try_recv_from(buffer) {
            Ok((length, from)) => receiver.message(&buffer[..length], wall_clock(), from.ip()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
            Err(error) => {
                warn!(source = receiver.intake.source, error = %error, "a datagram cannot be read");
                sleep(TICK).await;
                return true;
            }
        }
    }
    false
}
