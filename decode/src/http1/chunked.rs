//! The chunked transfer coding (RFC 9112 §7.1), byte by byte where it must, slice by slice where it can.
//! Extensions are read over, trailer
//! fields kept as they were sent.

use memchr::memchr;
use model::limits;

use super::body::Body;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Hexadecimal digits so far, and their number.
    Size(u64, u8),
    /// After the size: extension, up to the line end.
    Extension(u64),
    Data(u64),
    /// The line end after the data.
    DataEnd,
    /// Trailer fields; bytes in the current line.
    Trailer(usize),
}

/// Where the coding stands after a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    Done,
    /// Not a chunk: the body ends here.
    Bad,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunks {
    phase: Phase,
    /// Bytes of extensions and trailers so far.
    extra: usize,
    /// The byte before is a carriage return.
    after_cr: bool,
    /// Something breaks the grammar, but no reader could misread it.
    is_odd: bool,
}

/// Most digits of a size, leading zeros included.
const DIGITS_MAX: u8 = 64;
/// Digits that a size needs at most.
const DIGITS_USUAL: u8 = 16;

impl Chunks {
    pub(crate) fn new() -> Self {
        Self { phase: Phase::Size(0, 0), extra: 0, after_cr: false, is_odd: false }
    }

    /// True when something so far breaks RFC 9112 §7.1.
    pub(crate) fn is_odd(&self) -> bool {
        self.is_odd
    }

    /// Bytes of data left in the current chunk: a gap inside them does not lose the framing.
    pub(crate) fn data_left(&self) -> u64 {
        if let Phase::Data(left) = self.phase { left } else { 0 }
    }

    /// Leaves out `len` bytes of the current chunk; at most [`Self::data_left`].
    pub(crate) fn skip(&mut self, len: u64) {
        if let Phase::Data(left) = self.phase {
            self.phase = if left <= len { Phase::DataEnd } else { Phase::Data(left - len) };
        }
    }

    /// Appends the data of the slice to `body`; returns the bytes used.
    pub(crate) fn feed(&mut self, data: &[u8], body: &mut Body) -> (usize, Progress) {
        let mut at = 0;
        while at < data.len() {
            match self.phase {
                Phase::Data(left) => {
                    let here = left.min((data.len() - at) as u64) as usize;
                    body.push(&data[at..at + here]);
                    at += here;
                    self.skip(here as u64);
                }
                Phase::Extension(size) => {
                    let end = memchr(b'\n', &data[at..]);
                    let used = end.map_or(data.len() - at, |end| end + 1);
                    self.line_ends(&data[at..at + used]);
                    at += used;
                    self.extra += used;
                    if end.is_some() {
                        self.phase = if size == 0 { Phase::Trailer(0) } else { Phase::Data(size) };
                    }
                }
                _ => match self.byte(data[at], body) {
                    Progress::Bad => return (at, Progress::Bad),
                    Progress::Done => return (at + 1, Progress::Done),
                    Progress::More => at += 1,
                },
            }
            if self.extra > limits::HEADER_BYTES_MAX {
                return (at, Progress::Bad);
            }
        }
        (at, Progress::More)
    }

    /// Looks for carriage returns and line feeds that stand alone.
    fn line_ends(&mut self, line: &[u8]) {
        for byte in line {
            self.is_odd |= self.after_cr != (*byte == b'\n');
            self.after_cr = *byte == b'\r';
        }
    }

    fn byte(&mut self, byte: u8, body: &mut Body) -> Progress {
        let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
        match self.phase {
            Phase::Size(size, digits) => match (byte as char).to_digit(16) {
                Some(digit) if digits < DIGITS_MAX && size >> 60 == 0 => {
                    self.is_odd |= digits >= DIGITS_USUAL;
                    self.phase = Phase::Size(size << 4 | u64::from(digit), digits + 1);
                }
                None if digits > 0 && byte == b'\n' => {
                    self.is_odd = true;
                    self.phase = if size == 0 { Phase::Trailer(0) } else { Phase::Data(size) };
                }
                None if digits > 0 && matches!(byte, b';' | b'\r' | b' ' | b'\t') => {
                    self.is_odd |= matches!(byte, b' ' | b'\t');
                    self.phase = Phase::Extension(size);
                }
                _ => return Progress::Bad,
            },
            Phase::DataEnd => match byte {
                b'\r' if !after_cr => {}
                b'\n' => {
                    self.is_odd |= !after_cr;
                    self.phase = Phase::Size(0, 0);
                }
                _ => return Progress::Bad,
            },
            Phase::Trailer(len) => {
                self.extra += 1;
                self.is_odd |= byte == b'\n' && !after_cr;
                body.push_trailer(byte);
                match byte {
                    b'\n' if len == 0 => return Progress::Done,
                    b'\n' => self.phase = Phase::Trailer(0),
                    b'\r' => {}
                    _ => self.phase = Phase::Trailer(len + 1),
                }
            }
            Phase::Data(_) | Phase::Extension(_) => {}
        }
        Progress::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expect: &str, progress: Progress, rest: &str) {
        for size in [input.len(), 1, 3] {
            let (mut chunks, mut body) = (Chunks::new(), Body::new());
            let (mut used, mut end) = (0, Progress::More);
            for part in input.as_bytes().chunks(size) {
                let (here, progress) = chunks.feed(part, &mut body);
                used += here;
                end = progress;
                if progress != Progress::More {
                    break;
                }
            }
            assert_eq!((body.bytes(), end), (expect.as_bytes(), progress), "{input:?} in steps of {size}");
            assert_eq!(&input[used..], rest);
        }
    }

    #[test]
    fn extensions_trailers_and_what_follows() {
        check("3\r\nabc\r\n0\r\n\r\nGET", "abc", Progress::Done, "GET");
        check(
            "3;x=\"y\"\r\nabc\r\n000a \r\n0123456789\r\n0\r\nX: 1\r\nY: 2\r\n\r\n",
            "abc0123456789",
            Progress::Done,
            "",
        );
        check("3\nabc\n0\n\n", "abc", Progress::Done, "");
        check("5\r\nab", "ab", Progress::More, "");
    }

    #[test]
    fn what_is_odd_over_any_split() {
        let odd = ["3\nabc\r\n", "3 \r\nabc", "3;a\nabc", "3;a\rb\r\nabc", "3\r\nabc\n", "0\r\n\n"];
        let plain = ["3\r\nabc\r\n", "3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n", "0003\r\n"];
        for (input, expect) in odd.map(|it| (it, true)).into_iter().chain(plain.map(|it| (it, false))) {
            for size in 1..=input.len() {
                let (mut chunks, mut body) = (Chunks::new(), Body::new());
                input.as_bytes().chunks(size).for_each(|part| {
                    chunks.feed(part, &mut body);
                });
                assert_eq!(chunks.is_odd(), expect, "{input:?} in steps of {size}");
            }
        }
    }

    #[test]
    fn broken_sizes() {
        check("x\r\n", "", Progress::Bad, "x\r\n");
        check("2\r\nabc", "ab", Progress::Bad, "c");
        check("fffffffffffffffff\r\n", "", Progress::Bad, "f\r\n");
        check("00000000000000000002\r\nab", "ab", Progress::More, "");
        check("0x2\r\nab", "", Progress::Bad, "x2\r\nab");
        check("\r\n", "", Progress::Bad, "\r\n");
    }

    #[test]
    fn a_gap_inside_a_chunk_keeps_the_framing() {
        let (mut chunks, mut body) = (Chunks::new(), Body::new());
        chunks.feed(b"8\r\nab", &mut body);
        assert_eq!(chunks.data_left(), 6);
        chunks.skip(4);
        body.gap(4);
        assert_eq!(chunks.feed(b"gh\r\n0\r\n\r\n", &mut body), (9, Progress::Done));
        assert_eq!((body.bytes(), body.size()), (&b"ab"[..], 8));
    }
}
