//! Cuts one direction into records (RFC 8446 §5.1), over any split and past gaps. After a gap the next record is
//! looked for by its header; such a record is doubtful until whoever takes it could open it.

use super::cipher::Header;
use crate::session::Mark;

const HEADER_BYTES: usize = 5;
/// Content of a record with what TLS 1.2 lets protection add (RFC 5246 §6.2.3).
const RECORD_BYTES_MAX: usize = (16 << 10) + 2_048;

/// A whole record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub header: Header,
    pub payload: &'a [u8],
    /// Of its first byte.
    pub start: Mark,
    /// Position after it.
    pub end: u64,
    /// When its last byte was seen, microseconds.
    pub end_ts: i64,
    /// Bytes missing between the record before and this one.
    pub lost: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Framed,
    /// The header was found by its look.
    Doubtful,
    /// The rest of a record that lost bytes.
    Skip(u64),
    Search,
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Framer {
    state: State,
    /// A record that is not whole.
    rest: Vec<u8>,
    rest_start: Mark,
    /// Position after the last record that was taken; 0 before anything was seen.
    expected: u64,
    /// Position after the last byte seen or lost.
    seen: u64,
    /// Bytes seen that are of no whole record.
    passed: u64,
}

fn header(bytes: &[u8]) -> Option<Header> {
    let [kind, major, minor, high, low, ..] = *bytes else { return None };
    let len = u16::from_be_bytes([high, low]);
    let fits = matches!(kind, 20..=24) && major == 3 && minor <= 4 && usize::from(len) <= RECORD_BYTES_MAX;
    fits.then_some(Header { kind, version: u16::from_be_bytes([major, minor]), len })
}

/// True when bytes in the middle of nowhere look like the start of a record.
fn is_start(bytes: &[u8], anywhere: bool) -> bool {
    header(bytes).is_some_and(|header| match anywhere {
        true => header.kind == 23 && matches!(header.version, 0x0301..=0x0303) && header.len > 8,
        false => (20..=23).contains(&header.kind) && header.version >= 0x0301 && header.len > 0,
    })
}

impl Framer {
    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.rest.len()
    }

    /// Bytes seen that will be of no whole record, once nothing more comes.
    pub(super) fn passed(&self) -> u64 {
        self.passed + self.rest.len() as u64
    }

    /// Bytes seen or lost behind the last record that was taken.
    pub(super) fn lost(&self) -> u64 {
        if self.expected == 0 { 0 } else { self.seen.saturating_sub(self.expected) }
    }

    /// The next bytes. `take` says whether a record is believable.
    pub(super) fn feed(&mut self, mark: Mark, bytes: &[u8], mut take: impl FnMut(Record<'_>) -> bool) {
        if self.expected == 0 {
            self.expected = mark.seq;
        }
        self.seen = mark.seq + bytes.len() as u64;
        let mut joined = std::mem::take(&mut self.rest);
        let (whole, mut start) = match joined.is_empty() {
            true => (bytes, mark),
            false => {
                joined.extend_from_slice(bytes);
                (joined.as_slice(), self.rest_start)
            }
        };
        let mut at = 0;
        while at < whole.len() {
            let view = &whole[at..];
            let used = self.step(view, start, mark, &mut take);
            if used == 0 {
                break;
            }
            at += used;
            let seq = start.seq + used as u64;
            start = if seq >= mark.seq { Mark { seq, ..mark } } else { Mark { seq, ..start } };
        }
        self.rest_start = start;
        self.rest = match (joined.is_empty(), at) {
            (true, _) => bytes[at..].to_vec(),
            (false, _) => {
                joined.drain(..at);
                joined
            }
        };
    }

    /// Takes one record or passes bytes by; 0 when more are needed.
    fn step(
        &mut self,
        view: &[u8],
        start: Mark,
        now: Mark,
        take: &mut impl FnMut(Record<'_>) -> bool,
    ) -> usize {
        match self.state {
            State::Skip(left) => {
                let used = left.min(view.len() as u64);
                self.passed += used;
                self.state = if used == left { State::Framed } else { State::Skip(left - used) };
                used as usize
            }
            State::Search => {
                let is_segment = start.seq == now.seq;
                let found = (0..view.len().saturating_sub(HEADER_BYTES - 1))
                    .find(|at| is_start(&view[*at..], *at > 0 || !is_segment));
                self.state = if found.is_some() { State::Doubtful } else { State::Search };
                let skipped = found.unwrap_or(view.len());
                self.passed += skipped as u64;
                // A header at the very start is looked at in this step.
                if skipped == 0 { self.record(view, start, now, take) } else { skipped }
            }
            State::Framed | State::Doubtful => self.record(view, start, now, take),
        }
    }

    fn record(
        &mut self,
        view: &[u8],
        start: Mark,
        now: Mark,
        take: &mut impl FnMut(Record<'_>) -> bool,
    ) -> usize {
        if view.len() < HEADER_BYTES {
            return 0;
        }
        let Some(header) = header(view) else {
            self.state = State::Search;
            self.passed += 1;
            return 1;
        };
        let len = HEADER_BYTES + usize::from(header.len);
        let Some(record) = view.get(..len) else { return 0 };
        let end = start.seq + len as u64;
        let is_believed = take(Record {
            header,
            payload: &record[HEADER_BYTES..],
            start,
            end,
            end_ts: now.ts,
            lost: start.seq.saturating_sub(self.expected),
        });
        if self.state == State::Doubtful && !is_believed {
            self.state = State::Search;
            self.passed += 1;
            return 1;
        }
        self.state = State::Framed;
        if is_believed {
            self.expected = end;
        }
        len
    }

    /// `len` bytes from position `at` will never be seen.
    pub(super) fn gap(&mut self, at: u64, len: u64) {
        if self.expected == 0 {
            self.expected = at;
        }
        self.seen = at + len;
        let left = match self.state {
            State::Framed => header(&self.rest).map(|header| {
                (HEADER_BYTES + usize::from(header.len)).saturating_sub(self.rest.len()) as u64
            }),
            State::Skip(left) => Some(left),
            State::Doubtful | State::Search => None,
        };
        self.passed += std::mem::take(&mut self.rest).len() as u64;
        self.state = match left {
            Some(left) if len < left => State::Skip(left - len),
            Some(left) if len == left => State::Framed,
            _ => State::Search,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Piece<'a> {
        Seen(&'a [u8]),
        Lost(u64),
    }
    use Piece::{Lost, Seen};

    /// Payload and missing bytes before it of each record; payloads that start with `!` are not believed.
    #[track_caller]
    fn check(pieces: &[Piece<'_>], expect: &[(&[u8], u64)]) {
        for step in [1, 3, 1_000] {
            let (mut framer, mut at, mut found) = (Framer::default(), 100, Vec::new());
            for piece in pieces {
                match piece {
                    Lost(len) => {
                        framer.gap(at, *len);
                        at += len;
                    }
                    // What is found by its look has to stand in one segment.
                    Seen(bytes) => {
                        let step = if framer.state == State::Search { 1_000 } else { step };
                        for part in bytes.chunks(step) {
                            framer.feed(Mark { seq: at, ack: 0, ts: 0 }, part, |record| {
                                let believed = !record.payload.starts_with(b"!");
                                if believed {
                                    found.push((record.payload.to_vec(), record.lost));
                                }
                                assert_eq!(record.end - record.start.seq, 5 + record.payload.len() as u64);
                                believed
                            });
                            at += part.len() as u64;
                        }
                    }
                }
            }
            let whole: usize = found.iter().map(|(payload, _)| HEADER_BYTES + payload.len()).sum();
            let seen: usize =
                pieces.iter().map(|piece| if let Seen(bytes) = piece { bytes.len() } else { 0 }).sum();
            assert_eq!(
                whole as u64 + framer.passed(),
                seen as u64,
                "every byte is in a record or was passed"
            );
            let found: Vec<(&[u8], u64)> =
                found.iter().map(|(payload, lost)| (payload.as_slice(), *lost)).collect();
            assert_eq!(found, expect, "in steps of {step}");
        }
    }

    fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
        [&[kind, 3, 3, 0, payload.len() as u8], payload].concat()
    }

    #[test]
    fn records_over_any_split() {
        let stream = [record(22, b"hello"), record(20, b""), record(23, b"data")].concat();
        check(&[Seen(&stream)], &[(b"hello", 0), (b"", 0), (b"data", 0)]);
    }

    #[test]
    fn a_gap_inside_a_record_keeps_the_framing() {
        let (one, two) = (record(23, b"0123456789"), record(22, b"next"));
        check(&[Seen(&one[..7]), Lost(3), Seen(&one[10..]), Seen(&two)], &[(b"next", 15)]);
        check(&[Seen(&one[..7]), Lost(8), Seen(&two)], &[(b"next", 15)]);
    }

    #[test]
    fn after_a_longer_gap_a_header_is_looked_for() {
        let (one, two) = (record(23, b"0123456789"), record(23, b"long enough"));
        let noise = [b"tail".to_vec(), record(23, b"!not believed"), two.clone()].concat();
        check(&[Seen(&one[..7]), Lost(40), Seen(&noise)], &[(b"long enough", 47 + 4 + 18)]);
        check(&[Seen(&one), Lost(15), Seen(&record(22, b"strict"))], &[(b"0123456789", 0), (b"strict", 15)]);
        check(&[Seen(b"no record at all, nothing to see")], &[]);
    }
}
