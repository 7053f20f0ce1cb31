//! The kernel's own way: a ring of blocks in shared memory for each thread. The order of the steps matters: no packet
//! is taken before every thread has joined, or some would be seen twice.

use std::io;
use std::time::Duration;

use super::filter::{Filter, Link, NOTHING};
use super::system::{self, Socket};
use super::{Counters, Frame, LiveError, Options, block};
use crate::limits::{LIVE_THREADS_MAX, RING_BLOCK_BYTES, RING_BLOCKS, RING_RETIRE_MS};

/// The name that stands for all interfaces.
const ANY: &str = "any";

/// The packets of one thread.
#[derive(Debug)]
pub(super) struct Ring {
    memory: system::Ring,
    socket: Socket,
    next: usize,
    counters: Counters,
}

/// Opens an interface: one ring per thread. Both directions of a TCP connection go to the same ring; of packets in a
/// tunnel the outer addresses decide. A full ring loses its packets, counted, rather than hand them to a thread
/// that knows nothing of their connections.
///
/// # Errors
/// See [`LiveError`].
pub(super) fn open(options: &Options) -> Result<Vec<Ring>, LiveError> {
    let interface = &options.interface;
    if options.threads == 0 || options.threads > LIVE_THREADS_MAX {
        let (threads, max) = (options.threads, LIVE_THREADS_MAX);
        return Err(LiveError::Threads { interface: interface.clone(), threads, max });
    }
    let index = if interface == ANY { Some(0) } else { system::interface_index(interface) };
    let Some(index) = index else {
        let names = system::interface_names().into_iter().chain([ANY.to_owned()]).collect();
        return Err(LiveError::NoInterface { interface: interface.clone(), names });
    };
    let filter = Filter::parse(&options.filter).map_err(LiveError::Filter)?;
    let mut rings = Vec::new();
    let (mut group, mut hardware) = (None, 0);
    for _ in 0..options.threads {
        let ring = one(options)?;
        let bound = ring.socket.bind(index);
        hardware = bound.map_err(|error| failed(options, "cannot be bound", error))?;
        if index != 0 && options.promiscuous && !block::is_loopback(hardware) {
            let promiscuous = ring.socket.promiscuous(index);
            promiscuous.map_err(|error| failed(options, "cannot be made promiscuous", error))?;
        }
        if options.threads > 1 {
            let joined = ring.socket.fan_out(group);
            group = Some(joined.map_err(|error| failed(options, "cannot be shared by threads", error))?);
        }
        rings.push(ring);
    }
    let link = match index {
        0 => Link::Any,
        _ if block::is_loopback(hardware) => Link::Loopback,
        _ if block::is_ethernet(hardware) => Link::Ethernet,
        _ => Link::Any,
    };
    let program = Filter::program(filter.as_ref(), link, options.snaplen);
    let program = program.map_err(LiveError::Filter)?;
    for ring in &rings {
        let attached = ring.socket.attach(&program);
        attached.map_err(|error| failed(options, "the kernel does not take the filter", error))?;
    }
    Ok(rings)
}

/// A ring that takes nothing yet.
fn one(options: &Options) -> Result<Ring, LiveError> {
    let socket = Socket::open().map_err(|error| failed(options, "cannot be opened", error))?;
    socket.attach(&NOTHING).map_err(|error| failed(options, "the kernel does not take a filter", error))?;
    if options.hardware_time {
        let set =
            socket.set_packet(libc::PACKET_TIMESTAMP, libc::SOF_TIMESTAMPING_RAW_HARDWARE as libc::c_int);
        set.map_err(|error| failed(options, "gives no hardware times", error))?;
    }
    let memory = system::Ring::new(&socket, RING_BLOCK_BYTES, RING_BLOCKS, RING_RETIRE_MS)
        .map_err(|error| failed(options, "no memory for the ring", error))?;
    Ok(Ring { memory, socket, next: 0, counters: Counters::default() })
}

fn failed(options: &Options, what: &'static str, source: io::Error) -> LiveError {
    let interface = options.interface.clone();
    match source.kind() {
        io::ErrorKind::PermissionDenied => LiveError::NotAllowed { interface },
        _ => LiveError::System { interface, what, source },
    }
}

impl Ring {
    /// Hands out the packets of the next block; waits up to `timeout` for one. Returns the number of packets, 0 when
    /// there were none. A block comes when it is full or 50 ms old.
    ///
    /// # Errors
    /// The interface went down or away.
    pub(super) fn read(&mut self, timeout: Duration, take: &mut impl FnMut(Frame<'_>)) -> io::Result<u64> {
        if self.memory.block(self.next).is_none() {
            self.socket.wait(timeout)?;
        }
        let Some(bytes) = self.memory.block(self.next) else { return Ok(0) };
        let count = block::read(bytes, take);
        self.memory.release(self.next);
        self.next = (self.next + 1) % self.memory.blocks();
        Ok(count)
    }

    /// What the kernel counted since the ring was opened.
    pub(super) fn counters(&mut self) -> Counters {
        // The kernel starts again from zero after each question.
        if let Ok([packets, drops, freezes]) = self.socket.statistics() {
            self.counters.packets += u64::from(packets);
            self.counters.drops += u64::from(drops);
            self.counters.freezes += u64::from(freezes);
        }
        self.counters
    }
}
