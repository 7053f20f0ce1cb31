//! Packets through libpcap, for interfaces that are no network cards (`usbmon0`, `nflog:5`, `bluetooth0`) and for
//! filters that ours does not know.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use pcap::{Active, Capture, Error};

use super::system::{has_interface, interface_index};
use super::{Attached, Counters, Frame, LiveError, Options};
use crate::limits::{RING_BLOCK_BYTES, RING_BLOCKS, RING_RETIRE_MS};

/// Time between two looks while nothing comes.
const PAUSE: Duration = Duration::from_millis(5);
/// Packets handed out before the clock is looked at.
const STEP_PACKETS: u64 = 1_024;

/// An interface that is open.
pub(super) struct Handle {
    capture: Capture<Active>,
    link: u16,
    /// The number of the interface, where it is one of the network.
    index: Option<u32>,
    counters: Counters,
    /// As libpcap counts them, in 32 bits.
    last: (u32, u32),
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("link", &self.link).finish_non_exhaustive()
    }
}

impl Handle {
    pub(super) fn open(options: &Options) -> Result<Self, LiveError> {
        let interface = &options.interface;
        if options.threads != 1 {
            let threads = options.threads;
            return Err(LiveError::Threads { interface: interface.clone(), threads, max: 1 });
        }
        let library =
            |error: Error| LiveError::Library { interface: interface.clone(), source: error.into() };
        let inactive = Capture::from_device(interface.as_str()).map_err(library)?;
        let mut capture = inactive
            .snaplen(i32::try_from(options.snaplen).unwrap_or(i32::MAX).min(RING_BLOCK_BYTES as i32))
            .buffer_size((RING_BLOCK_BYTES * RING_BLOCKS) as i32)
            .timeout(RING_RETIRE_MS as i32)
            .promisc(options.promiscuous)
            .open()
            // A wait of its own may not end before a packet comes.
            .and_then(Capture::setnonblock)
            .map_err(library)?;
        if !options.filter.trim().is_empty() {
            capture.filter(&options.filter, true).map_err(library)?;
        }
        let link = u16::try_from(capture.get_datalink().0).unwrap_or(u16::MAX);
        let index = interface_index(interface);
        Ok(Self { capture, link, index, counters: Counters::default(), last: (0, 0) })
    }

    pub(super) fn read(&mut self, timeout: Duration, take: &mut impl FnMut(Frame<'_>)) -> io::Result<u64> {
        let (until, mut count) = (Instant::now() + timeout, 0);
        while count < STEP_PACKETS {
            match self.capture.next_packet() {
                Ok(packet) => {
                    count += 1;
                    // `time_t` and `suseconds_t` are narrower on some systems.
                    #[allow(clippy::useless_conversion)]
                    let (seconds, micros) =
                        (i64::from(packet.header.ts.tv_sec), i64::from(packet.header.ts.tv_usec));
                    take(Frame {
                        ts_us: seconds.saturating_mul(1_000_000).saturating_add(micros),
                        link: self.link,
                        data: packet.data,
                        original: packet.header.len,
                    });
                }
                Err(Error::TimeoutExpired) if count > 0 || Instant::now() >= until => break,
                Err(Error::TimeoutExpired) => thread::sleep(PAUSE),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(count)
    }

    pub(super) fn attach(&self) -> io::Result<Attached> {
        if self.index.is_none_or(has_interface) {
            return Ok(Attached::Still);
        }
        Err(io::Error::other("the interface was removed, and libpcap does not take up another of its name"))
    }

    pub(super) fn counters(&mut self) -> Counters {
        if let Ok(stat) = self.capture.stats() {
            let (packets, drops) = (stat.received, stat.dropped);
            self.counters.packets += u64::from(packets.wrapping_sub(self.last.0));
            self.counters.drops += u64::from(drops.wrapping_sub(self.last.1));
            self.last = (packets, drops);
        }
        self.counters
    }
}
