//! Messages inside a TCP stream of syslog (RFC 6587): counted octets, or a line feed or zero byte behind each. Which,
//! is told from the first message of a connection. What is too long is passed over and counted, the next one read.

use memchr::{memchr, memchr2};

use crate::limits::{MESSAGE_BYTES_MAX, MESSAGE_SPARE_BYTES};

/// Digits of a length: more announce nothing that could ever come.
const LENGTH_DIGITS_MAX: usize = 10;

/// What a stream brought next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A message, never empty.
    Message(&'a [u8]),
    /// A message that is not handed out.
    Lost(Lost),
}

/// Why a message is not handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It is longer than a message may be.
    TooLong,
    /// The stream ended inside it.
    Unfinished,
    /// What waits of all connections takes too much memory.
    NoRoom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a message.
    Start,
    /// In front of so many bytes of a message.
    Counted(u64),
    /// In a message that ends with a trailer; so many bytes of it were searched.
    Line(usize),
    /// So many bytes of a message that is passed over.
    SkipCounted(u64),
    /// The same up to the trailer.
    SkipLine,
}

/// How a connection frames its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Unknown,
    Octets,
    /// Behind each message; `None` before the first one ended.
    Trailer(Option<u8>),
}

/// Takes messages out of the bytes of one connection.
#[derive(Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    state: State,
    framing: Framing,
}

impl Default for Framer {
    fn default() -> Self {
        Self { buffer: Vec::new(), state: State::Start, framing: Framing::Unknown }
    }
}

impl Framer {
    /// Takes the next bytes; `take` gets every message that is complete.
    pub fn feed(&mut self, data: &[u8], take: &mut dyn FnMut(Piece<'_>)) {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.extend_from_slice(data);
        let mut at = 0;
        while let Some(used) = self.step(&buffer[at..], take) {
            at += used;
        }
        buffer.drain(..at);
        if buffer.capacity() > MESSAGE_SPARE_BYTES && buffer.len() < MESSAGE_SPARE_BYTES / 2 {
            buffer.shrink_to(MESSAGE_SPARE_BYTES);
        }
        self.buffer = buffer;
    }

    /// One step over `rest`: how many bytes are done with. `None` when more are needed.
    fn step(&mut self, rest: &[u8], take: &mut dyn FnMut(Piece<'_>)) -> Option<usize> {
        if rest.is_empty() {
            return None;
        }
        match self.state {
            State::Start => self.start(rest, take),
            State::Counted(length) => {
                let length = usize::try_from(length).ok().filter(|length| *length <= rest.len())?;
                take(Piece::Message(&rest[..length]));
                self.state = State::Start;
                Some(length)
            }
            State::Line(searched) => self.line(rest, searched, take),
            State::SkipCounted(left) => {
                let used = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                let left = left - used as u64;
                self.state = if left == 0 { State::Start } else { State::SkipCounted(left) };
                Some(used)
            }
            State::SkipLine => {
                let end = self.trailer(rest);
                self.state = if end.is_some() { State::Start } else { State::SkipLine };
                Some(end.map_or(rest.len(), |end| end + 1))
            }
        }
    }

    fn start(&mut self, rest: &[u8], take: &mut dyn FnMut(Piece<'_>)) -> Option<usize> {
        // Between messages; also behind counted ones of senders that add a trailer all the same.
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r' | 0 | b' ')).count();
        if blank > 0 {
            return Some(blank);
        }
        let counted = if matches!(self.framing, Framing::Trailer(_)) { Some(None) } else { length(rest) };
        match counted? {
            Some((length, used)) => {
                self.framing = Framing::Octets;
                self.state = if length <= MESSAGE_BYTES_MAX as u64 {
                    State::Counted(length)
                } else {
                    take(Piece::Lost(Lost::TooLong));
                    State::SkipCounted(length)
                };
                Some(used)
            }
            None => {
                // A length that is none costs one message: the next one may be counted again.
                if self.framing == Framing::Unknown {
                    self.framing = Framing::Trailer(None);
                }
                self.state = State::Line(0);
                Some(0)
            }
        }
    }

    fn line(&mut self, rest: &[u8], searched: usize, take: &mut dyn FnMut(Piece<'_>)) -> Option<usize> {
        let end = self.trailer(&rest[searched..]).map(|end| searched + end);
        let length = end.unwrap_or(rest.len());
        if length > MESSAGE_BYTES_MAX {
            take(Piece::Lost(Lost::TooLong));
            self.state = if end.is_some() { State::Start } else { State::SkipLine };
            return Some(end.map_or(length, |end| end + 1));
        }
        let Some(end) = end else {
            self.state = State::Line(length);
            return None;
        };
        take(Piece::Message(rest[..end].trim_ascii_end()));
        self.state = State::Start;
        Some(end + 1)
    }

    /// Where the trailer stands. The first one of a connection tells which it is: with zero bytes, messages may have
    /// several lines.
    fn trailer(&mut self, bytes: &[u8]) -> Option<usize> {
        match &mut self.framing {
            Framing::Trailer(Some(byte)) => memchr(*byte, bytes),
            Framing::Trailer(unknown) => {
                let end = memchr2(b'\n', 0, bytes);
                *unknown = end.map(|end| bytes[end]);
                end
            }
            _ => memchr2(b'\n', 0, bytes),
        }
    }

    /// Bytes that wait for the rest of their message.
    #[must_use]
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    /// True while a message has begun and not ended, also one that is passed over.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.state != State::Start || !self.buffer.is_empty()
    }

    /// Lets go of the message that has begun: its bytes are dropped as they come.
    pub fn give_up(&mut self, take: &mut dyn FnMut(Piece<'_>)) {
        self.state = match self.state {
            State::Counted(length) => State::SkipCounted(length - self.buffer.len() as u64),
            State::Line(_) => State::SkipLine,
            _ => return,
        };
        self.buffer = Vec::new();
        take(Piece::Lost(Lost::NoRoom));
    }

    /// The stream ended. A last message without its trailer is complete when the sender closed (`closed`).
    pub fn finish(self, closed: bool, take: &mut dyn FnMut(Piece<'_>)) {
        let is_line = match self.state {
            State::Line(_) => true,
            _ => self.state == State::Start && self.framing != Framing::Octets,
        };
        match self.buffer.trim_ascii() {
            [] if !matches!(self.state, State::Counted(_)) => {}
            message if is_line && closed => take(Piece::Message(message)),
            _ => take(Piece::Lost(Lost::Unfinished)),
        }
    }
}

/// The length in front of a counted message, which begins with its priority, and the bytes that the length takes;
/// `Some(None)` where there is none, `None` where more bytes must tell.
fn length(rest: &[u8]) -> Option<Option<(u64, usize)>> {
    let digits = rest.iter().take(LENGTH_DIGITS_MAX).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || rest[0] == b'0' {
        return Some(None);
    }
    match rest.get(digits..digits + 2) {
        Some(b" <") => {
            let text = std::str::from_utf8(&rest[..digits]).ok();
            Some(text.and_then(|text| text.parse().ok()).map(|length| (length, digits + 1)))
        }
        None if matches!(&rest[digits..], [] | [b' ']) => None,
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(slices: &[&[u8]], closed: bool) -> Vec<String> {
        let (mut framer, mut found) = (Framer::default(), Vec::new());
        let mut take = |piece: Piece<'_>| {
            found.push(match piece {
                Piece::Message(message) => String::from_utf8_lossy(message).into_owned(),
                Piece::Lost(lost) => format!("{lost:?}"),
            });
        };
        for slice in slices {
            framer.feed(slice, &mut take);
        }
        framer.finish(closed, &mut take);
        found
    }

    /// What a stream brings, whole and byte by byte.
    #[track_caller]
    fn check(stream: &[u8], expect: &[&str]) {
        assert_eq!(pieces(&[stream], true), expect);
        assert_eq!(pieces(&stream.chunks(1).collect::<Vec<_>>(), true), expect, "byte by byte");
    }

    #[test]
    fn trailers() {
        check(b"<1>a\n<1>b\r\n\n<1>c", &["<1>a", "<1>b", "<1>c"]);
        check(b"<1>a\nb\0<1>c\n", &["<1>a", "b\0<1>c"]);
        check(b"<1>a\0<1>b\nb\0", &["<1>a", "<1>b\nb"]);
        check(b"10.0.0.7 - - x\n12 <x\n", &["10.0.0.7 - - x", "12 <x"]);
        check(b"", &[]);
        check(b"\n\r\n", &[]);
    }

    #[test]
    fn octets() {
        check(b"4 <1>a6 <1>b\nc", &["<1>a", "<1>b\nc"]);
        check(b"4 <1>a\n4 <1>b\n", &["<1>a", "<1>b"]);
        check(b"4 <1>a9 <1>b", &["<1>a", "Unfinished"]);
        check(b"4 <1>a9 ", &["<1>a", "Unfinished"]);
        check(b"9", &["9"]);
        // One message that is not counted, or counted wrongly, costs no other.
        check(b"4 <1>a<1>b\n4 <1>c", &["<1>a", "<1>b", "<1>c"]);
        check(b"3 <1>a\n4 <1>c", &["<1>", "a", "<1>c"]);
        check(b"04 <1>a\n", &["04 <1>a"]);
    }

    #[test]
    fn what_is_too_long_is_passed_over() {
        let long = "x".repeat(MESSAGE_BYTES_MAX);
        let stream = format!("{long}\n{long}x\n<1>a\n");
        let slices: Vec<&[u8]> = stream.as_bytes().chunks(10_000).collect();
        assert_eq!(pieces(&slices, true), [&long, "TooLong", "<1>a"]);
        let stream = format!("{} <1>{long}4 <1>a99999999999 <1>b", long.len() + 3);
        let slices: Vec<&[u8]> = stream.as_bytes().chunks(10_000).collect();
        assert_eq!(pieces(&slices, true), ["TooLong", "<1>a", "99999999999 <1>b"]);
        assert_eq!(pieces(&[b"9999999999 <1>b"], true), ["TooLong"]);
    }

    #[test]
    fn a_message_is_given_up() {
        for (start, rest, expect) in [
            ("9 <1>a", "bcdef4 <1>b", "<1>b"),
            ("<1>abc", "def\n<1>b\n", "<1>b"),
            ("10 ", "<1>abcdefg4 <1>b", "<1>abcdefg"),
        ] {
            let (mut framer, mut found) = (Framer::default(), Vec::new());
            framer.feed(start.as_bytes(), &mut |_| panic!("nothing yet"));
            framer.give_up(&mut |piece| assert_eq!(piece, Piece::Lost(Lost::NoRoom)));
            framer.feed(rest.as_bytes(), &mut |piece| {
                if let Piece::Message(message) = piece {
                    found.push(String::from_utf8_lossy(message).into_owned());
                }
            });
            assert_eq!(found.first().map(String::as_str), Some(expect), "{start}");
        }
    }

    #[test]
    fn the_end_of_the_server_leaves_nothing_half_read() {
        assert_eq!(pieces(&[b"<1>a\n<1>b"], false), ["<1>a", "Unfinished"]);
        assert_eq!(pieces(&[b"<1>a\n"], false), ["<1>a"]);
    }
}
