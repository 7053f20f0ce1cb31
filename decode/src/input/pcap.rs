//! Classic capture files (draft-ietf-opsawg-pcap): both byte orders, micro- and nanoseconds, the variant of old
//! Linux kernels with longer record headers (magic a1b2cd34), the swapped lengths of early versions, and AIX.
//! A record that cannot be is not the end: reading goes on at the next place where records follow each other.

use model::limits;

use super::{Packet, Read, Step, u16_at, u32_at};
use crate::out::Out;

const FILE_HEADER: usize = 24;
/// Longest packet that a header may claim to have been sent.
const WIRE_BYTES_MAX: u32 = 16 << 20;
/// How far apart in time records may be for one to vouch for the other.
const NEAR_SECONDS: u32 = 30 * 24 * 3_600;

#[derive(Debug, Clone, Copy)]
struct Layout {
    big: bool,
    nanos: bool,
    record_header: usize,
    link: u16,
    snap: u32,
    /// Early versions had the two lengths the other way round.
    any_order: bool,
}

/// The fields of a record header.
#[derive(Debug, Clone, Copy)]
struct Record {
    seconds: u32,
    fraction: u32,
    captured: u32,
    wire: u32,
}

/// Reads one file; feed it through a [`super::Carry`].
#[derive(Debug, Default)]
pub(crate) struct PcapReader {
    layout: Option<Layout>,
    /// Time of the latest record, seconds.
    latest: Option<u32>,
    /// Between a damaged record and the next good one.
    lost: bool,
    at_end: bool,
}

/// Byte order, nanoseconds and record header length by magic number.
fn magic(head: &[u8]) -> Option<(bool, bool, usize)> {
    Some(match head.get(..4)? {
        [0xa1, 0xb2, 0xc3, 0xd4] => (true, false, 16),
        [0xd4, 0xc3, 0xb2, 0xa1] => (false, false, 16),
        [0xa1, 0xb2, 0x3c, 0x4d] => (true, true, 16),
        [0x4d, 0x3c, 0xb2, 0xa1] => (false, true, 16),
        [0xa1, 0xb2, 0xcd, 0x34] => (true, false, 24),
        [0x34, 0xcd, 0xb2, 0xa1] => (false, false, 24),
        _ => return None,
    })
}

impl Layout {
    fn record(&self, data: &[u8]) -> Option<Record> {
        let head: &[u8; 16] = data.first_chunk()?;
        let field = |at: usize| {
            let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
            if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        let (captured, wire) = (field(8), field(12));
        let (captured, wire) =
            if self.any_order { (captured.min(wire), captured.max(wire)) } else { (captured, wire) };
        Some(Record { seconds: field(0), fraction: field(4), captured, wire })
    }

    /// Nothing about the record is odd.
    fn is_sound(&self, record: &Record, latest: Option<u32>) -> bool {
        record.fraction < if self.nanos { 1_000_000_000 } else { 1_000_000 }
            && record.captured <= record.wire
            && (self.snap == 0 || record.captured <= self.snap)
            && latest.is_none_or(|latest| latest.abs_diff(record.seconds) <= NEAR_SECONDS)
    }
}

impl Record {
    /// It could be a record: what stands after an odd one, or where reading is to start again.
    fn is_possible(&self, near: Option<u32>) -> bool {
        let is_near = near.is_some_and(|seconds| seconds.abs_diff(self.seconds) <= NEAR_SECONDS);
        self.captured as usize <= limits::PACKET_BYTES_MAX
            && self.wire <= WIRE_BYTES_MAX
            && self.fraction < 1_000_000_000
            && (is_near || (self.captured > 0 && self.captured <= self.wire))
    }
}

impl PcapReader {
    /// True when the input starts like a capture file.
    pub(crate) fn probe(head: &[u8]) -> bool {
        magic(head).is_some()
    }

    /// Nothing will follow what is shown from now on.
    pub(crate) fn end(&mut self) {
        self.at_end = true;
    }

    /// Reads one record.
    pub(crate) fn step<'a>(&mut self, data: &'a [u8], at: u64, out: &mut Out) -> (Step, Read<'a>) {
        let Some(layout) = self.layout else { return (self.file_header(data, at, out), Read::Nothing) };
        if self.lost
            && let Some(step) = self.search(layout, data, out)
        {
            return (step, Read::Nothing);
        }
        let Some(record) = layout.record(data).filter(|_| data.len() >= layout.record_header) else {
            return (Step::Need(layout.record_header), Read::Nothing);
        };
        let len = layout.record_header + record.captured as usize;
        let is_sound =
            layout.is_sound(&record, self.latest) && record.captured as usize <= limits::PACKET_BYTES_MAX;
        if !is_sound && let Some(step) = self.doubt(layout, &record, data, at, out) {
            return (step, Read::Nothing);
        }
        let Some(bytes) = data.get(layout.record_header..len) else {
            return (Step::Need(len), Read::Nothing);
        };
        self.latest = Some(record.seconds);
        let micros = if layout.nanos { record.fraction / 1_000 } else { record.fraction };
        let ts = i64::from(record.seconds) * 1_000_000 + i64::from(micros);
        (Step::Used(len), Read::Packet(Packet { ts, link: layout.link, data: bytes }))
    }

    /// What to do instead of reading an odd record; `None` when it can be read after all.
    #[cold]
    fn doubt(
        &mut self,
        layout: Layout,
        record: &Record,
        data: &[u8],
        at: u64,
        out: &mut Out,
    ) -> Option<Step> {
        let len = layout.record_header + record.captured as usize;
        let is_record = record.captured as usize <= limits::PACKET_BYTES_MAX
            && match self.vouched(layout, record, len, data) {
                Ok(is_record) => is_record,
                Err(need) => return Some(Step::Need(need)),
            };
        if is_record {
            return None;
        }
        let captured = record.captured;
        out.problems.report(format!("capture record of {captured} bytes is impossible, left out"), at);
        out.stats.resyncs += 1;
        self.lost = true;
        self.search(layout, data, out)
    }

    /// Whether an odd record of `len` bytes is one, by what follows it; `Err` with the bytes needed to tell.
    fn vouched(&self, layout: Layout, record: &Record, len: usize, data: &[u8]) -> Result<bool, usize> {
        let near = Some(record.seconds);
        // Zeros would vouch for each other.
        if record.captured == 0 && !layout.is_sound(record, self.latest) {
            return Ok(false);
        }
        match data.get(len..).and_then(|next| layout.record(next)) {
            Some(next) => Ok(next.is_possible(near) || next.is_possible(self.latest)),
            None if self.at_end => Ok(data.len() == len),
            None => Err(len + layout.record_header),
        }
    }

    /// Looks for the next place where one possible record follows another; `None` when that is here.
    #[cold]
    fn search(&mut self, layout: Layout, data: &[u8], out: &mut Out) -> Option<Step> {
        let candidate = |at: usize| {
            let record = layout.record(data.get(at..at + layout.record_header)?)?;
            let is_near = self.latest.is_none_or(|latest| latest.abs_diff(record.seconds) <= NEAR_SECONDS);
            (is_near && record.captured > 0 && record.captured <= record.wire && record.is_possible(None))
                .then_some(record)
        };
        if let Some(record) = candidate(0) {
            match self.vouched(layout, &record, layout.record_header + record.captured as usize, data) {
                Ok(true) => {
                    self.lost = false;
                    return None;
                }
                Ok(false) => {}
                Err(need) => return Some(Step::Need(need)),
            }
        }
        let Some(last) = data.len().checked_sub(layout.record_header) else {
            return Some(Step::Need(layout.record_header));
        };
        let next = (1..=last).find(|at| candidate(*at).is_some()).unwrap_or(last + 1);
        out.stats.skipped_bytes += next as u64;
        Some(Step::Used(next))
    }

    fn file_header(&mut self, data: &[u8], at: u64, out: &mut Out) -> Step {
        if data.len() < FILE_HEADER {
            return Step::Need(FILE_HEADER);
        }
        let Some((big, nanos, record_header)) = magic(data) else {
            out.problems.report("not a capture file", at);
            return Step::Stop;
        };
        let version = (u16_at(data, 4, big), u16_at(data, 6, big));
        // The upper half of the field carries FCS flags.
        let link = u32_at(data, 20, big).unwrap_or_default() as u16;
        let snap = u32_at(data, 16, big).unwrap_or_default();
        let mut layout = Layout { big, nanos, record_header, link, snap, any_order: false };
        match (version, link) {
            // AIX writes its own interface types and nanoseconds.
            ((Some(2), Some(2)), 6) => (layout.link, layout.nanos) = (1, true),
            ((Some(2), Some(2)), 24) => (layout.link, layout.nanos) = (0, true),
            ((Some(2), Some(1..=3)) | (Some(543), _), _) => layout.any_order = true,
            _ => {}
        }
        self.layout = Some(layout);
        Step::Used(FILE_HEADER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Carry;

    #[track_caller]
    fn check(big: bool, nanos: bool, fraction: u32, expect_ts: i64) {
        let word = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let magic = if nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        let mut file = Vec::new();
        for value in [magic, 0, 0, 0, 65535, 113, 7, fraction, 3, 3] {
            file.extend(word(value));
        }
        file.extend(b"abc");
        let (seen, out) = read(&file);
        assert_eq!((seen, out.problems.count), (vec![(expect_ts, 113, b"abc".to_vec())], 0));
    }

    /// Time, link type and bytes of each packet.
    fn read(file: &[u8]) -> (Vec<(i64, u16, Vec<u8>)>, Out) {
        let mut results = [1, 7, file.len()].into_iter().map(|chunk| {
            let (mut carry, mut reader, mut out) =
                (Carry::default(), PcapReader::default(), Out::new("x", 0));
            let mut seen = Vec::new();
            let mut step = |reader: &mut PcapReader, data: &[u8], at| {
                let (step, read) = reader.step(data, at, &mut out);
                if let Read::Packet(p) = read {
                    seen.push((p.ts, p.link, p.data.to_vec()));
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

    fn record(seconds: u32, captured: u32, wire: u32, bytes: &[u8]) -> Vec<u8> {
        let words = [seconds, 5, captured, wire];
        [&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>()[..], bytes].concat()
    }

    #[test]
    fn byte_orders_and_resolutions() {
        check(false, false, 5, 7_000_005);
        check(true, false, 5, 7_000_005);
        check(false, true, 5_999, 7_000_005);
        check(true, true, 5_999, 7_000_005);
    }

    const HEADER: [u8; 24] =
        [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];

    #[test]
    fn damage_costs_what_it_touches() {
        let good = |second: u32| record(1_700_000_000 + second, 40, 40, &[second as u8; 40]);
        let damages: [Vec<u8>; 5] = [
            record(1_700_000_001, u32::MAX, u32::MAX, &[7; 40]),
            record(1_700_000_001, 30_000, 40, &[7; 40]),
            vec![0xff; 333],
            vec![0; 333],
            good(1)[..30].to_vec(),
        ];
        for damage in damages {
            let file = [&HEADER[..], &good(0), &damage, &good(2), &good(3)].concat();
            let (seen, out) = read(&file);
            let firsts: Vec<u8> = seen.iter().map(|packet| packet.2[0]).collect();
            assert!(
                matches!(firsts[..], [0, .., 2, 3] | [0, 1, 3]),
                "{firsts:?} after {:02x?}",
                &damage[..16]
            );
            assert!(out.stats.resyncs <= 1);
        }
    }

    #[test]
    fn odd_records_that_are_consistent_are_read() {
        let odd = [
            &HEADER[..],
            &record(5, 4, 2, b"long"),
            &record(4_000_000_000, 2, 2, b"ab"),
            &record(7, 2, 2, b"cd"),
            &record(8, 0, 0, b""),
        ];
        let (seen, out) = read(&odd.concat());
        assert_eq!((seen.len(), out.stats.resyncs, out.problems.count), (4, 0, 0));
        let mut early = HEADER;
        early[6] = 2;
        let (seen, _) = read(&[&early[..], &record(5, 9, 4, b"abcd")].concat());
        assert_eq!(seen, [(5_000_005, 1, b"abcd".to_vec())]);
        early[20] = 6;
        let (seen, _) = read(&[&early[..], &record(5, 4, 9, b"abcd")].concat());
        assert_eq!(seen, [(5_000_000, 1, b"abcd".to_vec())]);
    }
}
