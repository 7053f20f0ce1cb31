//! What is captured and who reads the packets: the kernel's ring, or libpcap where that is asked for.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use super::{Frame, LiveError, pcap, ring};
use crate::limits::RING_BLOCK_BYTES;

/// What reads the packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// A ring in memory shared with the kernel, for each thread.
    #[default]
    Ring,
    /// libpcap: slower and on one thread, but it knows more kinds of devices and the whole language of filters. Needs
    /// the feature `pcap`.
    Pcap,
}

impl FromStr for Engine {
    type Err = LiveError;

    fn from_str(text: &str) -> Result<Self, LiveError> {
        match text {
            "ring" => Ok(Self::Ring),
            "pcap" => Ok(Self::Pcap),
            _ => Err(LiveError::NoEngine { name: text.to_owned() }),
        }
    }
}

/// What to capture.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of the interface, `any` for all.
    pub interface: String,
    /// What reads the packets.
    pub engine: Engine,
    /// Which packets, in the language of tcpdump; empty for all.
    pub filter: String,
    /// Bytes kept of a packet.
    pub snaplen: u32,
    /// Rings that share the packets, each for a thread of its own.
    pub threads: usize,
    /// Packets for other machines too.
    pub promiscuous: bool,
    /// Times of the network card, where it gives any.
    pub hardware_time: bool,
}

impl Options {
    /// Whole packets of an interface, on one thread.
    #[must_use]
    pub fn new(interface: &str) -> Self {
        Self {
            interface: interface.to_owned(),
            engine: Engine::default(),
            filter: String::new(),
            snaplen: RING_BLOCK_BYTES as u32,
            threads: 1,
            promiscuous: true,
            hardware_time: false,
        }
    }
}

/// What the kernel counted for one ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Packets that passed the filter, dropped ones included.
    pub packets: u64,
    /// Packets dropped because the ring was full.
    pub drops: u64,
    /// Times that the ring was full.
    pub freezes: u64,
}

/// Whether the interface is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// The one that was opened.
    Still,
    /// It was removed, and there is none of its name.
    Missing,
    /// It was removed; another of its name is read from now on.
    Again,
}

/// The packets of one thread.
#[derive(Debug)]
pub struct Ring {
    reader: Reader,
    interface: String,
}

#[derive(Debug)]
enum Reader {
    Kernel(ring::Ring),
    Library(Box<pcap::Handle>),
}

/// Opens an interface: a ring for each thread, which share the packets so that both directions of a connection go
/// to the same one.
///
/// # Errors
/// See [`LiveError`].
pub fn open(options: &Options) -> Result<Vec<Ring>, LiveError> {
    let readers: Vec<Reader> = match options.engine {
        Engine::Ring => ring::open(options)?.into_iter().map(Reader::Kernel).collect(),
        Engine::Pcap => vec![Reader::Library(Box::new(pcap::Handle::open(options)?))],
    };
    let ring = |reader| Ring { reader, interface: options.interface.clone() };
    Ok(readers.into_iter().map(ring).collect())
}

impl Ring {
    /// Hands out packets that are there; waits up to `timeout` for some. Returns their number, 0 when there were
    /// none. A packet waits in the kernel for others at most 50 ms.
    ///
    /// # Errors
    /// The interface went down or away.
    pub fn read(&mut self, timeout: Duration, take: &mut impl FnMut(Frame<'_>)) -> io::Result<u64> {
        match &mut self.reader {
            Reader::Kernel(ring) => ring.read(timeout, take),
            Reader::Library(handle) => handle.read(timeout, take),
        }
    }

    /// Looks whether the interface is still there; takes up another that has its name now. That needs no privileges.
    ///
    /// # Errors
    /// It was removed, and there will be no packets again: libpcap and several rings do not let go of it.
    pub fn attach(&mut self) -> io::Result<Attached> {
        match &mut self.reader {
            Reader::Kernel(ring) => ring.attach(&self.interface),
            Reader::Library(handle) => handle.attach(),
        }
    }

    /// What the kernel counted since the ring was opened.
    pub fn counters(&mut self) -> Counters {
        match &mut self.reader {
            Reader::Kernel(ring) => ring.counters(),
            Reader::Library(handle) => handle.counters(),
        }
    }
}
