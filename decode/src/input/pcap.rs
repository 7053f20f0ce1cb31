//! Classic capture files (draft-ietf-opsawg-pcap): both byte orders, micro- and nanoseconds, and the
//! variant of old Linux kernels with longer record headers (magic a1b2cd34).

use model::limits;

use super::{Packet, Step, u32_at};
use crate::stats::Problems;

const FILE_HEADER: usize = 24;

#[derive(Debug, Clone, Copy)]
struct Layout {
    big: bool,
    nanos: bool,
    record_header: usize,
    link: u16,
}

/// Reads one file; feed it through a [`super::Carry`].
#[derive(Debug, Default)]
pub(crate) struct PcapReader {
    layout: Option<Layout>,
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

impl PcapReader {
    /// True when the input starts like a capture file.
    pub(crate) fn probe(head: &[u8]) -> bool {
        magic(head).is_some()
    }

    /// Reads one record.
    pub(crate) fn step<'a>(
        &mut self,
        data: &'a [u8],
        at: u64,
        problems: &mut Problems,
    ) -> (Step, Option<Packet<'a>>) {
        let Some(layout) = self.layout else { return (self.file_header(data, at, problems), None) };
        if data.len() < layout.record_header {
            return (Step::Need(layout.record_header), None);
        }
        let field = |at| u32_at(data, at, layout.big).unwrap_or_default();
        let (seconds, fraction, captured) = (field(0), field(4), field(8) as usize);
        if captured > limits::PACKET_BYTES_MAX {
            problems.report(format!("capture record of {captured} bytes is impossible, reading stops"), at);
            return (Step::Stop, None);
        }
        let end = layout.record_header + captured;
        let Some(bytes) = data.get(layout.record_header..end) else { return (Step::Need(end), None) };
        let micros = if layout.nanos { fraction / 1_000 } else { fraction };
        let ts = i64::from(seconds) * 1_000_000 + i64::from(micros);
        (Step::Used(end), Some(Packet { ts, link: layout.link, data: bytes }))
    }

    fn file_header(&mut self, data: &[u8], at: u64, problems: &mut Problems) -> Step {
        if data.len() < FILE_HEADER {
            return Step::Need(FILE_HEADER);
        }
        let Some((big, nanos, record_header)) = magic(data) else {
            problems.report("not a capture file", at);
            return Step::Stop;
        };
        // The upper half of the field carries FCS flags.
        let link = u32_at(data, 20, big).unwrap_or_default() as u16;
        self.layout = Some(Layout { big, nanos, record_header, link });
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
        let (mut carry, mut reader, mut problems) =
            (Carry::default(), PcapReader::default(), Problems::default());
        let mut seen = Vec::new();
        for byte in &file {
            carry.feed(&[*byte], |data, at| {
                let (step, packet) = reader.step(data, at, &mut problems);
                seen.extend(packet.map(|p| (p.ts, p.link, p.data.to_vec())));
                step
            });
        }
        assert_eq!((seen, problems.count), (vec![(expect_ts, 113, b"abc".to_vec())], 0));
    }

    #[test]
    fn byte_orders_and_resolutions() {
        check(false, false, 5, 7_000_005);
        check(true, false, 5, 7_000_005);
        check(false, true, 5_999, 7_000_005);
        check(true, true, 5_999, 7_000_005);
    }

    #[test]
    fn an_impossible_length_stops_with_a_problem() {
        let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1];
        file.extend([0; 20]);
        file.extend([0xff; 16]);
        let (mut reader, mut problems) = (PcapReader::default(), Problems::default());
        assert_eq!(reader.step(&file, 0, &mut problems).0, Step::Used(24));
        assert_eq!(reader.step(&file[24..], 24, &mut problems).0, Step::Stop);
        assert_eq!(problems.list()[0].at, 24);
    }
}
