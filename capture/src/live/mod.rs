//! Packets of a network interface as they pass, on Linux: a ring in memory shared with the kernel for each thread,
//! both directions of a connection in the same one; or through libpcap. What packets mean is the business of `decode`.

mod block;
mod engine;
mod filter;
#[cfg_attr(not(feature = "pcap"), path = "no_pcap.rs")]
mod pcap;
mod privileges;
mod ring;
mod system;

pub use engine::{Attached, Counters, Engine, Options, Ring, open};
pub use filter::{Filter, FilterError};
pub use privileges::{Become, drop_privileges, is_root};
pub(crate) use system::{keep_alive, receive_buffer};

/// One step of a filter: an instruction of the classic BPF machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub code: u16,
    pub jt: u8,
    pub jf: u8,
    pub k: u32,
}

/// One packet.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// When it passed, microseconds since the epoch.
    pub ts_us: i64,
    /// Link type as registered for pcap (LINKTYPE_*): 1 Ethernet, 101 raw IP.
    pub link: u16,
    /// The bytes kept, VLAN tag included.
    pub data: &'a [u8],
    /// Bytes that it had on the wire.
    pub original: u32,
}

/// Why an interface cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The right to capture is missing.
    #[error(
        "{interface}: capturing needs the capability CAP_NET_RAW: run as root, or once `setcap cap_net_raw+ep` on the binary"
    )]
    NotAllowed {
        /// As given.
        interface: String,
    },
    /// There is no such interface.
    #[error("{interface}: no such interface; there are: {}", names.join(", "))]
    NoInterface {
        /// As given.
        interface: String,
        /// Those that exist, `any` among them.
        names: Vec<String>,
    },
    /// The filter cannot be understood.
    #[error("filter: {0}")]
    Filter(FilterError),
    /// The number of threads is out of range.
    #[error("{interface}: {threads} threads; from 1 to {max} can share an interface")]
    Threads {
        /// As given.
        interface: String,
        /// As given.
        threads: usize,
        /// The most.
        max: usize,
    },
    /// There is no such way of capturing.
    #[error("\"{name}\" is no engine; there are: ring, pcap")]
    NoEngine {
        /// As given.
        name: String,
    },
    /// libpcap is asked for and was not built in.
    #[error("{interface}: this build has no libpcap; build with `--features pcap`")]
    NoLibrary {
        /// As given.
        interface: String,
    },
    /// libpcap refuses.
    #[error("{interface}: libpcap refuses")]
    Library {
        /// As given.
        interface: String,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system refuses.
    #[error("{interface}: {what}")]
    System {
        /// As given.
        interface: String,
        /// What was tried.
        what: &'static str,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
}
