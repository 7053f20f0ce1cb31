//! The kernel's own way: a ring of blocks in shared memory for each thread. The order of the steps matters: no packet
//! is taken before every thread has joined, or some would be seen twice.

use std::io;
use std::time::Duration;

use super::filter::{Filter, Link, NOTHING};
use super::system::{self, Socket};
use super::{Attached, Counters, Frame, LiveError, Options, block};
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
    /// Shares its interface with other rings.
    is_shared: bool,
    promiscuous: bool,
    /// What the interface is (ARPHRD_*): the filter is made for it.
    hardware: u16,
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
        let mut ring = one(options)?;
        hardware = ring.bind(index).map_err(|(what, error)| failed(options, what, error))?;
        ring.hardware = hardware;
        if ring.is_shared {
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
    let (is_shared, promiscuous) = (options.threads > 1, options.promiscuous);
    Ok(Ring { memory, socket, next: 0, counters: Counters::default(), is_shared, promiscuous, hardware: 0 })
}

fn failed(options: &Options, what: &'static str, source: io::Error) -> LiveError {
    let interface = options.interface.clone();
    match source.kind() {
        io::ErrorKind::PermissionDenied => LiveError::NotAllowed { interface },
        _ => LiveError::System { interface, what, source },
    }
}

impl Ring {
    /// Takes the packets of an interface, 0 for all, and returns its hardware type; or what cannot be done.
    fn bind(&self, index: u32) -> Result<u16, (&'static str, io::Error)> {
        let hardware = self.socket.bind(index).map_err(|error| ("cannot be bound", error))?;
        if index != 0 && self.promiscuous && !block::is_loopback(hardware) {
            self.socket.promiscuous(index).map_err(|error| ("cannot be made promiscuous", error))?;
        }
        Ok(hardware)
    }

    /// See [`super::Ring::attach`]. The kernel binds a socket of a group no second time (packet(7), `PACKET_FANOUT`).
    pub(super) fn attach(&self, name: &str) -> io::Result<Attached> {
        if self.socket.bound_to()? >= 0 {
            return Ok(Attached::Still);
        }
        if self.is_shared {
            return Err(io::Error::other(
                "the interface was removed, and several threads cannot take up another of its name",
            ));
        }
        let Some(index) = system::interface_index(name) else { return Ok(Attached::Missing) };
        match self.bind(index) {
            Ok(hardware) if hardware == self.hardware => Ok(Attached::Again),
            Ok(_) => {
                Err(io::Error::other("the interface was removed, and another kind of interface has its name"))
            }
            // Removed again already.
            Err((_, error)) if error.raw_os_error() == Some(libc::ENODEV) => Ok(Attached::Missing),
            Err((_, error)) => Err(error),
        }
    }

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
