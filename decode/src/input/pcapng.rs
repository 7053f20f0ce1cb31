//! pcapng files (draft-ietf-opsawg-pcapng): sections of either byte order, several interfaces with their own
//! link type, time resolution and time offset; enhanced, simple and obsolete packet blocks. Other blocks are skipped.

use model::limits;

use super::{Packet, Step, u16_at, u32_at};
use crate::stats::Problems;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET_OBSOLETE: u32 = 2;
const PACKET_SIMPLE: u32 = 3;
const PACKET_ENHANCED: u32 = 6;
/// Options of a packet block, on top of the packet.
const OPTION_BYTES_MAX: usize = 64 << 10;

#[derive(Debug, Clone, Copy)]
struct Interface {
    link: u16,
    snap: u32,
    /// Ticks per second.
    ticks: u64,
    offset_us: i64,
}

/// Reads one file; feed it through a [`super::Carry`].
#[derive(Debug, Default)]
pub(crate) struct PcapngReader {
    big: bool,
    interfaces: Vec<Interface>,
}

impl PcapngReader {
    /// True when the input starts with a section header.
    pub(crate) fn probe(head: &[u8]) -> bool {
        head.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a])
            && matches!(head.get(8..12), Some([0x1a, 0x2b, 0x3c, 0x4d] | [0x4d, 0x3c, 0x2b, 0x1a]))
    }

    /// Reads one block.
    pub(crate) fn step<'a>(
        &mut self,
        data: &'a [u8],
        at: u64,
        problems: &mut Problems,
    ) -> (Step, Option<Packet<'a>>) {
        if data.len() < 12 {
            return (Step::Need(12), None);
        }
        // The section type reads the same in both byte orders.
        let is_section = u32_at(data, 0, true) == Some(SECTION);
        if is_section {
            self.big = data[8..12] == [0x1a, 0x2b, 0x3c, 0x4d];
        }
        let kind = u32_at(data, 0, self.big).unwrap_or_default();
        let len = u32_at(data, 4, self.big).unwrap_or_default() as usize;
        if len < 12 || !len.is_multiple_of(4) {
            problems.report(format!("capture block of {len} bytes is impossible, reading stops"), at);
            return (Step::Stop, None);
        }
        let wanted =
            is_section || matches!(kind, INTERFACE | PACKET_OBSOLETE | PACKET_SIMPLE | PACKET_ENHANCED);
        if !wanted {
            return (Step::Skip(len as u64), None);
        }
        if len > limits::PACKET_BYTES_MAX + OPTION_BYTES_MAX {
            problems.report(format!("capture block of {len} bytes left out"), at);
            return (Step::Skip(len as u64), None);
        }
        let Some(block) = data.get(..len) else { return (Step::Need(len), None) };
        let body = &block[8..len - 4];
        let mut packet = None;
        let fine = match kind {
            _ if is_section => {
                self.interfaces.clear();
                true
            }
            INTERFACE => self.interface(body).is_some(),
            _ => {
                packet = self.packet(kind, body);
                packet.is_some()
            }
        };
        if !fine {
            problems.report("capture block contradicts itself", at);
        }
        (Step::Used(len), packet)
    }

    fn interface(&mut self, body: &[u8]) -> Option<()> {
        if self.interfaces.len() >= limits::INTERFACES_MAX {
            return None;
        }
        let mut interface = Interface {
            link: u16_at(body, 0, self.big)?,
            snap: u32_at(body, 4, self.big)?,
            ticks: 1_000_000,
            offset_us: 0,
        };
        let mut options = &body[8..];
        while let (Some(code), Some(len)) = (u16_at(options, 0, self.big), u16_at(options, 2, self.big)) {
            let len = len as usize;
            let Some(value) = options.get(4..4 + len) else { break };
            match (code, value) {
                (0, _) => break,
                (9, [resolution, ..]) => interface.ticks = ticks(*resolution),
                (14, value) if value.len() == 8 => {
                    let bytes = value.try_into().ok()?;
                    let seconds =
                        if self.big { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) };
                    interface.offset_us = seconds.saturating_mul(1_000_000);
                }
                _ => {}
            }
            options = options.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
        }
        self.interfaces.push(interface);
        Some(())
    }

    fn packet<'a>(&self, kind: u32, body: &'a [u8]) -> Option<Packet<'a>> {
        if kind == PACKET_SIMPLE {
            let interface = self.interfaces.first()?;
            let wire = u32_at(body, 0, self.big)?;
            let captured = if interface.snap == 0 { wire } else { wire.min(interface.snap) };
            let data = body.get(4..4 + captured as usize)?;
            return Some(Packet { ts: i64::MIN, link: interface.link, data });
        }
        let index = match kind {
            PACKET_OBSOLETE => u16_at(body, 0, self.big)? as usize,
            _ => u32_at(body, 0, self.big)? as usize,
        };
        let interface = self.interfaces.get(index)?;
        let time = u64::from(u32_at(body, 4, self.big)?) << 32 | u64::from(u32_at(body, 8, self.big)?);
        let captured = u32_at(body, 12, self.big)? as usize;
        let data = body.get(20..20 + captured)?;
        let micros = u128::from(time) * 1_000_000 / u128::from(interface.ticks);
        let ts = i64::try_from(micros).unwrap_or(i64::MAX).saturating_add(interface.offset_us);
        Some(Packet { ts, link: interface.link, data })
    }
}

/// Ticks per second of `if_tsresol`: a negative power of ten, or of two with the top bit set.
fn ticks(resolution: u8) -> u64 {
    let power = u32::from(resolution & 0x7f);
    if resolution & 0x80 == 0 { 10_u64.pow(power.min(19)) } else { 1 << power.min(63) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Carry;

    struct File {
        bytes: Vec<u8>,
        big: bool,
    }

    impl File {
        fn word(&self, value: u32) -> [u8; 4] {
            if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
        }

        fn half(&self, value: u16) -> [u8; 2] {
            if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
        }

        fn block(&mut self, kind: u32, body: &[u8]) {
            let len = (12 + body.len().next_multiple_of(4)) as u32;
            self.bytes.extend([self.word(kind), self.word(len)].concat());
            self.bytes.extend(body);
            self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
            self.bytes.extend(self.word(len));
        }

        fn section(&mut self, big: bool) {
            self.big = big;
            let body = [&self.word(0x1a2b_3c4d)[..], &[0; 4], &[0xff; 8]].concat();
            self.block(SECTION, &body);
        }

        fn interface(&mut self, link: u16, resolution: u8) {
            let mut body = [&self.half(link)[..], &[0, 0], &self.word(0)].concat();
            body.extend([&self.half(9)[..], &self.half(1), &[resolution, 0, 0, 0]].concat());
            self.block(INTERFACE, &body);
        }

        fn packet(&mut self, interface: u32, time: u64, data: &[u8]) {
            let len = data.len() as u32;
            let words = [interface, (time >> 32) as u32, time as u32, len, len];
            let mut body: Vec<u8> = words.iter().flat_map(|value| self.word(*value)).collect();
            body.extend(data);
            self.block(PACKET_ENHANCED, &body);
        }
    }

    #[test]
    fn interfaces_resolutions_and_both_byte_orders() {
        let mut file = File { bytes: Vec::new(), big: false };
        file.section(false);
        file.interface(1, 9);
        file.interface(101, 0x80 | 10);
        file.block(0x0000_0bad, &[7; 40]);
        file.packet(0, 2_000_000_500, b"nano");
        file.packet(1, 1_536, b"binary");
        file.packet(9, 1, b"no such interface");
        file.section(true);
        file.interface(276, 6);
        file.packet(0, 3_000_001, b"big");
        let expect = vec![
            (2_000_000, 1, b"nano".to_vec()),
            (1_500_000, 101, b"binary".to_vec()),
            (3_000_001, 276, b"big".to_vec()),
        ];
        for chunk in [1, 7, file.bytes.len()] {
            let (mut carry, mut reader) = (Carry::default(), PcapngReader::default());
            let (mut seen, mut problems) = (Vec::new(), Problems::default());
            for part in file.bytes.chunks(chunk) {
                carry.feed(part, |data, at| {
                    let (step, packet) = reader.step(data, at, &mut problems);
                    seen.extend(packet.map(|p| (p.ts, p.link, p.data.to_vec())));
                    step
                });
            }
            assert_eq!((&seen, problems.count), (&expect, 1), "chunks of {chunk}");
        }
    }
}
