//! Cuts pushed slices into units: records of binary files, lines of text. Any split gives the same units.

mod carry;
mod lines;
mod pcap;
mod pcapng;
mod utf16;

pub(crate) use carry::{Carry, Step};
pub(crate) use lines::Lines;
pub(crate) use pcap::PcapReader;
pub(crate) use pcapng::PcapngReader;
pub(crate) use utf16::Encoding;

/// One captured packet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet<'a> {
    /// Capture time, microseconds since the epoch; `i64::MIN` when the file states none.
    pub ts: i64,
    /// Link type as registered for pcap (LINKTYPE_*).
    pub link: u16,
    /// The captured bytes.
    pub data: &'a [u8],
}

/// What a step through a capture file brought.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Read<'a> {
    Nothing,
    Packet(Packet<'a>),
    /// Lines of a TLS key log (the NSS format) from a secrets block.
    Secrets(&'a [u8]),
}

pub(crate) fn u16_at(data: &[u8], at: usize, big: bool) -> Option<u16> {
    let bytes = data.get(at..at + 2)?.try_into().ok()?;
    Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
}

pub(crate) fn u32_at(data: &[u8], at: usize, big: bool) -> Option<u32> {
    let bytes = data.get(at..at + 4)?.try_into().ok()?;
    Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
}
