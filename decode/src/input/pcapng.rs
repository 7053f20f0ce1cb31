//! pcapng files (draft-ietf-opsawg-pcapng): sections of either byte order, several interfaces with their own
//! link type, time resolution and time offset; enhanced, simple and obsolete packet blocks, TLS secrets. Other blocks
//! are skipped; behind a damaged one reading goes on at the next block whose two lengths agree.

use model::limits;

use super::{Packet, Read, Step, u16_at, u32_at};
use crate::out::Out;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET_OBSOLETE: u32 = 2;
const PACKET_SIMPLE: u32 = 3;
const PACKET_ENHANCED: u32 = 6;
const SECRETS: u32 = 10;
/// Registered kinds of blocks that files hold.
const KINDS: [u32; 10] =
    [SECTION, INTERFACE, PACKET_OBSOLETE, PACKET_SIMPLE, 4, 5, PACKET_ENHANCED, SECRETS, 0x0bad, 0x4000_0bad];
/// Secrets of this kind are a TLS key log.
const TLS_KEY_LOG: u32 = 0x544c_534b;
/// A block that claims to be longer is damage.
const BLOCK_BYTES_MAX: usize = 256 << 20;
/// Options of a packet block, on top of the packet.
const OPTION_BYTES_MAX: usize = 64 << 10;

/// Byte order of a section, by its magic.
fn section_order(head: &[u8]) -> Option<bool> {
    match head.get(8..12)? {
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(true),
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(false),
        _ => None,
    }
}

/// Bytes of a block that is looked at as a whole.
fn largest(kind: u32) -> usize {
    if kind == SECRETS { limits::KEY_LOG_BYTES_MAX } else { limits::PACKET_BYTES_MAX + OPTION_BYTES_MAX }
}

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
    /// Between a damaged block and the next good one.
    lost: bool,
    at_end: bool,
}

/// What can be said about the bytes at a place.
enum Block {
    /// A block of this kind and length; all of it is there, if it is not too large.
    Good(u32, usize),
    Need(usize),
    Damaged,
}

impl PcapngReader {
    /// True when the input starts with a section header.
    pub(crate) fn probe(head: &[u8]) -> bool {
        head.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) && section_order(head).is_some()
    }

    /// Nothing will follow what is shown from now on.
    pub(crate) fn end(&mut self) {
        self.at_end = true;
    }

    /// Reads one block.
    pub(crate) fn step<'a>(&mut self, data: &'a [u8], at: u64, out: &mut Out) -> (Step, Read<'a>) {
        if self.lost {
            match self.search(data, out) {
                Some(step) => return (step, Read::Nothing),
                None => self.lost = false,
            }
        }
        let (kind, len) = match self.block(data) {
            Block::Good(kind, len) => (kind, len),
            Block::Need(need) => return (Step::Need(need), Read::Nothing),
            Block::Damaged => {
                out.problems.report("capture block that cannot be, left out", at);
                out.stats.resyncs += 1;
                self.lost = true;
                return (self.search(data, out).unwrap_or(Step::Need(0)), Read::Nothing);
            }
        };
        let Some(block) = data.get(..len).filter(|_| len <= largest(kind)) else {
            out.problems.report(format!("capture block of {len} bytes left out"), at);
            out.stats.skipped_bytes += len as u64;
            return (Step::Skip(len as u64), Read::Nothing);
        };
        let read = self.read(kind, &block[8..len - 4]).unwrap_or_else(|| {
            out.problems.report("capture block contradicts itself", at);
            out.stats.skipped_bytes += len as u64;
            Read::Nothing
        });
        (Step::Used(len), read)
    }

    /// Looks at the header of a block and at the length that is repeated at its end.
    fn block(&self, data: &[u8]) -> Block {
        if data.len() < 12 {
            return Block::Need(12);
        }
        let big = if u32_at(data, 0, true) == Some(SECTION) {
            let Some(big) = section_order(data) else { return Block::Damaged };
            big
        } else {
            self.big
        };
        let field = |at| u32_at(data, at, big).unwrap_or_default();
        let (kind, len) = (field(0), field(4) as usize);
        if len < 12 || !len.is_multiple_of(4) || len > BLOCK_BYTES_MAX {
            return Block::Damaged;
        }
        if len > largest(kind) {
            return if KINDS.contains(&kind) { Block::Good(kind, len) } else { Block::Damaged };
        }
        if data.len() < len {
            return Block::Need(len);
        }
        if field(len - 4) as usize == len {
            return Block::Good(kind, len);
        }
        // A wrong length at the end alone is a quirk of the writer, if another block follows.
        match data.get(len..len + 8) {
            Some(next) => {
                let next_len = u32_at(next, 4, big).unwrap_or_default() as usize;
                let next_is_block = (KINDS.contains(&u32_at(next, 0, big).unwrap_or_default()))
                    && next_len >= 12
                    && next_len.is_multiple_of(4)
                    && next_len <= BLOCK_BYTES_MAX;
                if next_is_block { Block::Good(kind, len) } else { Block::Damaged }
            }
            None if self.at_end => Block::Damaged,
            None => Block::Need(len + 8),
        }
    }

    /// Looks for the next block of a known kind whose two lengths agree; `None` when that is here.
    fn search(&self, data: &[u8], out: &mut Out) -> Option<Step> {
        let big = self.big;
        let candidate = |at: usize| {
            let head = data.get(at..at + 12)?;
            let is_section = u32_at(head, 0, true) == Some(SECTION);
            let big = if is_section { section_order(head)? } else { big };
            let (kind, len) = (u32_at(head, 0, big)?, u32_at(head, 4, big)? as usize);
            let is_possible =
                KINDS.contains(&kind) && len >= 12 && len.is_multiple_of(4) && len <= largest(kind);
            is_possible.then_some((kind, len, big))
        };
        if let Some((kind, len, big)) = candidate(0) {
            match u32_at(data, len - 4, big) {
                Some(again) if again as usize == len && self.is_consistent(kind, &data[8..len - 4]) => {
                    return None;
                }
                None if !self.at_end => return Some(Step::Need(len)),
                _ => {}
            }
        }
        let Some(last) = data.len().checked_sub(12) else { return Some(Step::Need(12)) };
        let next = (1..=last).find(|at| candidate(*at).is_some()).unwrap_or(last + 1);
        out.stats.skipped_bytes += next as u64;
        Some(Step::Used(next))
    }

    /// A packet block names an interface that exists, and its packet lies inside.
    fn is_consistent(&self, kind: u32, body: &[u8]) -> bool {
        !matches!(kind, PACKET_OBSOLETE | PACKET_SIMPLE | PACKET_ENHANCED)
            || self.packet(kind, body).is_some()
    }

    fn read<'a>(&mut self, kind: u32, body: &'a [u8]) -> Option<Read<'a>> {
        match kind {
            SECTION => {
                self.big = *body.first()? == 0x1a;
                self.interfaces.clear();
            }
            INTERFACE => self.interface(body)?,
            SECRETS => return self.secrets(body),
            PACKET_OBSOLETE | PACKET_SIMPLE | PACKET_ENHANCED => {
                return self.packet(kind, body).map(Read::Packet);
            }
            _ => {}
        }
        Some(Read::Nothing)
    }

    fn secrets<'a>(&self, body: &'a [u8]) -> Option<Read<'a>> {
        let (kind, len) = (u32_at(body, 0, self.big)?, u32_at(body, 4, self.big)? as usize);
        let secrets = body.get(8..8 + len)?;
        Some(if kind == TLS_KEY_LOG { Read::Secrets(secrets) } else { Read::Nothing })
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
            let data = body.get(4..)?;
            let data = &data[..data.len().min(captured as usize)];
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
        let (seen, out) = read(&file.bytes);
        assert_eq!((seen, out.problems.count), (expect, 1));
    }

    /// Time, link type and bytes of each packet; secrets have no link type.
    fn read(file: &[u8]) -> (Vec<(i64, u16, Vec<u8>)>, Out) {
        let mut results = [1, 7, file.len()].into_iter().map(|chunk| {
            let (mut carry, mut reader, mut out) =
                (Carry::default(), PcapngReader::default(), Out::new("x", 0));
            let mut seen = Vec::new();
            let mut step = |reader: &mut PcapngReader, data: &[u8], at| {
                let (step, read) = reader.step(data, at, &mut out);
                match read {
                    Read::Packet(p) => seen.push((p.ts, p.link, p.data.to_vec())),
                    Read::Secrets(lines) => seen.push((0, 0, lines.to_vec())),
                    Read::Nothing => {}
                }
                step
            };
            file.chunks(chunk).for_each(|part| carry.feed(part, |data, at| step(&mut reader, data, at)));
            reader.end();
            carry.finish(|data, at| step(&mut reader, data, at));
            (seen, out)
        });
        let (seen, out) = results.next().expect("three ways");
        assert!(results.all(|other| (&other.0, other.1.stats) == (&seen, out.stats)), "any split");
        (seen, out)
    }

    #[test]
    fn damage_costs_what_it_touches() {
        for damage in [&[0xff; 332][..], &[0; 332], &[6, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 2, 3, 4]] {
            let mut file = File { bytes: Vec::new(), big: false };
            file.section(false);
            file.interface(1, 6);
            file.packet(0, 1, b"before");
            file.bytes.extend(damage);
            file.packet(0, 2, b"after");
            let (seen, out) = read(&file.bytes);
            assert_eq!(seen, [(1, 1, b"before".to_vec()), (2, 1, b"after".to_vec())], "{damage:02x?}");
            assert_eq!((out.stats.resyncs, out.stats.skipped_bytes), (1, damage.len() as u64));
        }
    }

    #[test]
    fn secrets_and_simple_packets() {
        let mut file = File { bytes: Vec::new(), big: true };
        file.section(true);
        file.interface(1, 6);
        let lines = b"CLIENT_RANDOM 00 11\n";
        let body = [&file.word(TLS_KEY_LOG)[..], &file.word(lines.len() as u32), lines].concat();
        file.block(SECRETS, &body);
        let body = [&file.word(0x1234)[..], &file.word(2), b"no"].concat();
        file.block(SECRETS, &body);
        let body = [&file.word(6)[..], b"simple"].concat();
        file.block(PACKET_SIMPLE, &body);
        let (seen, out) = read(&file.bytes);
        assert_eq!(seen, [(0, 0, lines.to_vec()), (i64::MIN, 1, b"simple".to_vec())]);
        assert_eq!(out.problems.count, 0);
    }
}
