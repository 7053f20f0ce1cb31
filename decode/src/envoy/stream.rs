//! The bytes of one stream, in any split, to calls: messages with the prefix of gRPC, packed or not. When bytes came in
//! is told by whoever calls this, who also bounds how many calls there are at once.

use std::net::IpAddr;
use std::sync::Arc;

use model::{Anomaly, Call, Timestamp, limits};

use super::entry::{self, Entry};
use super::message::{Message, Piece};
use crate::grpc::wire::{self, Value};
use crate::http1::{Codings, text};
use crate::id::{call_id, source_name};

/// Bytes in front of a message: whether it is packed, and its length (gRPC over HTTP/2, "Length-Prefixed-Message").
const PREFIX_BYTES: usize = 5;
/// From this length on a message is taken out of the buffer with its memory instead of being copied.
const MOVED_BYTES_MIN: usize = 64 << 10;

/// The entries of a stream and what became of them: `entries = calls + tcp + intermediate + not_a_call + malformed`.
/// The message at which a stream is refused is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EnvoyCounts {
    /// Entries that came, and what stands in their place where none can be read.
    pub entries: u64,
    /// Calls handed out.
    pub calls: u64,
    /// Connections of Envoy's TCP proxy.
    pub tcp: u64,
    /// Entries that Envoy writes while a call still lasts, besides the one at its end.
    pub intermediate: u64,
    /// Entries without method and path: nothing that can be told apart was asked.
    pub not_a_call: u64,
    /// Entries that cannot be read, and messages or lists of entries with what follows in them.
    pub malformed: u64,
}

/// Why a stream is read no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvoyRefusal {
    /// A message is longer than [`limits::ENVOY_MESSAGE_BYTES_MAX`], or becomes so when it is unpacked.
    TooLong,
    /// Messages are packed in a way that is not understood.
    Packing,
}

/// Reads one stream: bytes go in with [`Self::push`], calls come out of [`Self::read`].
#[derive(Debug)]
pub struct EnvoyStream {
    sender: IpAddr,
    packing: String,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were read.
    used: usize,
    /// The message whose entries are being read.
    message: Option<Message>,
    source: Arc<str>,
    number: u64,
    /// Messages that were whole.
    messages: u64,
    counts: EnvoyCounts,
    refusal: Option<EnvoyRefusal>,
}

impl EnvoyStream {
    /// `packing`: value of `grpc-encoding`, empty without one.
    #[must_use]
    pub fn new(sender: IpAddr, packing: &str) -> Self {
        let sender = sender.to_canonical();
        Self {
            sender,
            packing: packing.to_owned(),
            buffer: Vec::new(),
            used: 0,
            message: None,
            source: source_name("envoy", [&sender.to_string(), ""]).into(),
            number: 0,
            messages: 0,
            counts: EnvoyCounts::default(),
            refusal: None,
        }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, data: &[u8]) {
        if self.refusal.is_none() {
            self.buffer.extend_from_slice(data);
        }
    }

    /// Reads what is there, which came in at `arrived`, up to so many messages and entries, or to a message that was
    /// packed, as that takes time. True when it is to be called again.
    #[must_use]
    pub fn read(&mut self, arrived: Timestamp, pieces_max: usize, emit: &mut impl FnMut(Call)) -> bool {
        let mut left = pieces_max;
        while left > 0 {
            if let Some(mut message) = self.message.take() {
                left -= 1;
                if let Some(piece) = message.next() {
                    self.piece(&piece, arrived, emit);
                    self.message = Some(message);
                }
                continue;
            }
            let Some((flags, bytes)) = self.take_message() else { return false };
            left -= if flags == 0 { 1 } else { left };
            self.message = self.unpacked(flags, bytes).map(Message::new);
        }
        true
    }

    /// The next message when it is whole, and its flags.
    fn take_message(&mut self) -> Option<(u8, Vec<u8>)> {
        if self.refusal.is_some() {
            return None;
        }
        if let Some((flags, length)) = self.prefix() {
            if length > limits::ENVOY_MESSAGE_BYTES_MAX {
                self.refuse(EnvoyRefusal::TooLong);
                return None;
            }
            let from = self.used + PREFIX_BYTES;
            if from + length <= self.buffer.len() {
                self.messages += 1;
                return Some((flags, self.cut(from, length)));
            }
        }
        // Streams may be quiet for hours and should not keep the room of their longest message.
        if self.used > 0 {
            self.buffer.drain(..std::mem::take(&mut self.used));
            self.buffer.shrink_to_fit();
        }
        None
    }

    /// The prefix of the next message: its flags and its length.
    fn prefix(&self) -> Option<(u8, usize)> {
        let [flags, length @ ..] = *self.buffer[self.used..].first_chunk::<PREFIX_BYTES>()?;
        Some((flags, u32::from_be_bytes(length) as usize))
    }

    /// Takes a message that is whole out of the buffer.
    fn cut(&mut self, from: usize, length: usize) -> Vec<u8> {
        if length < MOVED_BYTES_MIN {
            self.used = from + length;
            return self.buffer[from..self.used].to_vec();
        }
        let rest = self.buffer.split_off(from + length);
        let mut message = std::mem::replace(&mut self.buffer, rest);
        message.drain(..from);
        self.used = 0;
        message
    }

    fn unpacked(&mut self, flags: u8, message: Vec<u8>) -> Option<Vec<u8>> {
        match (flags, self.packing.as_str()) {
            (0, _) => Some(message),
            (1, "gzip" | "deflate") => {
                // Not kept: streams are quiet for hours, and a decompressor takes more than all else of them.
                let (plain, anomaly) = Codings::new().remove(&[&self.packing], message);
                match anomaly {
                    None => return Some(plain),
                    Some(limit) if limit == Anomaly::DECOMPRESSION_LIMIT => {
                        self.refuse(EnvoyRefusal::TooLong)
                    }
                    Some(_) => {
                        self.counts.entries += 1;
                        self.counts.malformed += 1;
                    }
                }
                None
            }
            _ => {
                self.refuse(EnvoyRefusal::Packing);
                None
            }
        }
    }

    fn refuse(&mut self, refusal: EnvoyRefusal) {
        self.refusal = Some(refusal);
        self.buffer = Vec::new();
        self.used = 0;
    }

    fn piece(&mut self, piece: &Piece<'_>, arrived: Timestamp, emit: &mut impl FnMut(Call)) {
        self.counts.entries += u64::from(!matches!(piece, Piece::Identifier(_)));
        match piece {
            Piece::Identifier(identifier) => self.identify(identifier),
            Piece::Http(entry) => self.entry(entry, arrived, emit),
            Piece::Tcp => self.counts.tcp += 1,
            Piece::Broken => self.counts.malformed += 1,
        }
    }

    fn identify(&mut self, identifier: &[u8]) {
        let node = field(identifier, 1).unwrap_or_default();
        // Identity of the node, else its cluster.
        let node = field(node, 1).or_else(|| field(node, 2)).map(text);
        let node = node.unwrap_or_else(|| self.sender.to_string().into());
        let log = text(field(identifier, 2).unwrap_or_default());
        self.source = source_name("envoy", [&node, &log]).into();
    }

    fn entry(&mut self, entry: &[u8], arrived: Timestamp, emit: &mut impl FnMut(Call)) {
        self.number += 1;
        let mut call = match entry::read(entry) {
            Entry::Call(call) => call,
            Entry::Intermediate => {
                self.counts.intermediate += 1;
                return;
            }
            Entry::NotACall => {
                self.counts.not_a_call += 1;
                return;
            }
            Entry::Malformed => {
                self.counts.malformed += 1;
                return;
            }
        };
        if !call.ts.is_known() {
            call.ts = arrived;
        }
        call.source = Arc::clone(&self.source);
        let mut origin = arrived.0.to_le_bytes().to_vec();
        origin.extend_from_slice(entry);
        call.id = call_id(&self.source, call.ts, &origin, self.number);
        self.counts.calls += 1;
        emit(*call);
    }

    /// Messages that were whole so far.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// What came of the entries so far.
    #[must_use]
    pub fn counts(&self) -> EnvoyCounts {
        self.counts
    }

    /// Set once nothing more can be read.
    #[must_use]
    pub fn refusal(&self) -> Option<EnvoyRefusal> {
        self.refusal
    }

    /// True when [`Self::read`] has something to do: a message is whole, or too long.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let is_whole = |(_, length): (u8, usize)| {
            length > limits::ENVOY_MESSAGE_BYTES_MAX || self.used + PREFIX_BYTES + length <= self.buffer.len()
        };
        self.message.is_some() || self.prefix().is_some_and(is_whole)
    }

    /// True when messages may be packed: reading one may take long.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        !self.packing.is_empty()
    }

    /// Bytes of memory that are held: for messages that are not whole or not read yet, and of the one being read.
    #[must_use]
    pub fn held(&self) -> usize {
        self.buffer.capacity() + self.message.as_ref().map_or(0, Message::held)
    }

    /// What [`Self::held`] will be after a [`Self::push`] of so many bytes.
    #[must_use]
    pub fn held_after(&self, more: usize) -> usize {
        let (length, capacity) = (self.buffer.len() + more, self.buffer.capacity());
        // A vector that grows doubles.
        let grown = if length > capacity { length.max(2 * capacity) } else { capacity };
        self.held() - capacity + grown
    }
}

/// The first field of this number that has content.
fn field(message: &[u8], wanted: u32) -> Option<&[u8]> {
    wire::fields(message).find_map(|(number, value)| match value {
        Value::Bytes(bytes) if number == wanted && !bytes.is_empty() => Some(bytes),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    /// Sources and targets of the calls of a stream, at once, piece by piece and byte by byte; then its counts.
    #[track_caller]
    fn check(
        packing: &str,
        stream: &[u8],
        calls: &[&str],
        counts: EnvoyCounts,
        refusal: Option<EnvoyRefusal>,
    ) {
        for (step, pieces_max) in [(stream.len().max(1), 1_000), (stream.len().max(1), 1), (1, 2)] {
            let mut reader = EnvoyStream::new([10, 0, 0, 9].into(), packing);
            let mut found = Vec::new();
            for piece in stream.chunks(step) {
                let expect = reader.held_after(piece.len());
                reader.push(piece);
                assert!(reader.held() <= expect.max(8));
                let mut emit =
                    |call: Call| found.push(format!("{} {} {}", call.source, call.target, call.ts.0));
                while reader.read(Timestamp(7), pieces_max, &mut emit) {}
            }
            assert_eq!(found, calls);
            assert_eq!((reader.counts(), reader.refusal(), reader.held()), (counts, refusal, 0));
        }
    }

    fn framed(flags: u8, message: &[u8]) -> Vec<u8> {
        [&[flags][..], &(message.len() as u32).to_be_bytes(), message].concat()
    }

    fn http(entries: &[Vec<u8>]) -> Vec<u8> {
        sample::bytes(2, &entries.iter().map(|entry| sample::bytes(1, entry)).collect::<Vec<_>>().concat())
    }

    const NONE: EnvoyCounts =
        EnvoyCounts { entries: 0, calls: 0, tcp: 0, intermediate: 0, not_a_call: 0, malformed: 0 };

    #[test]
    fn entries_of_a_stream() {
        let identifier =
            |node: &[u8]| sample::bytes(1, &[sample::bytes(1, node), sample::bytes(2, b"web")].concat());
        let by_id = identifier(&[sample::bytes(1, b"front-1"), sample::bytes(2, b"front")].concat());
        let first = framed(0, &[by_id, http(&[sample::call("/a"), sample::call("/b")])].concat());
        let second = framed(0, &http(&[sample::call("/c"), sample::intermediate(), Vec::new()]));
        let tcp = framed(0, &sample::bytes(3, &[sample::bytes(1, b""), sample::bytes(1, b"")].concat()));
        check(
            "",
            &[first, second, tcp].concat(),
            &["envoy:front-1/web /a 7", "envoy:front-1/web /b 7", "envoy:front-1/web /c 7"],
            EnvoyCounts { entries: 7, calls: 3, tcp: 2, intermediate: 1, not_a_call: 1, malformed: 0 },
            None,
        );
        let by_cluster = [identifier(&sample::bytes(2, b"fr\nont")), http(&[sample::call("/a")])].concat();
        check(
            "",
            &framed(0, &by_cluster),
            &["envoy:front/web /a 7"],
            EnvoyCounts { entries: 1, calls: 1, ..NONE },
            None,
        );
        let bare = framed(0, &http(&[sample::call("/a")]));
        check(
            "identity",
            &bare,
            &["envoy:10.0.0.9 /a 7"],
            EnvoyCounts { entries: 1, calls: 1, ..NONE },
            None,
        );
        check("", &[], &[], NONE, None);
    }

    #[test]
    fn packed_messages() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, &http(&[sample::call("/a")])).expect("memory");
        let packed = framed(1, &gzip.finish().expect("memory"));
        check("gzip", &packed, &["envoy:10.0.0.9 /a 7"], EnvoyCounts { entries: 1, calls: 1, ..NONE }, None);
        let once = EnvoyCounts { entries: 1, malformed: 1, ..NONE };
        check("gzip", &framed(1, b"no gzip"), &[], once, None);
        check("snappy", &packed, &[], NONE, Some(EnvoyRefusal::Packing));
        check("", &packed, &[], NONE, Some(EnvoyRefusal::Packing));
    }

    #[test]
    fn all_memory_of_a_stream_is_told() {
        let mut reader = EnvoyStream::new([10, 0, 0, 9].into(), "gzip");
        // Many small entries, so that reading stops inside the message.
        let plain = http(&vec![sample::call("/a"); 20_000]);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, &plain).expect("memory");
        let packed = framed(1, &gzip.finish().expect("memory"));
        reader.push(&packed[..packed.len() - 1]);
        assert!(!reader.is_ready() && reader.held() >= packed.len() - 1);
        reader.push(&packed[packed.len() - 1..]);
        assert!(reader.is_ready());
        assert!(reader.read(Timestamp(7), 10, &mut |_| {}));
        assert!(reader.is_ready() && reader.held() >= plain.len(), "{} of {}", reader.held(), plain.len());
        while reader.read(Timestamp(7), 1_000, &mut |_| {}) {}
        assert_eq!((reader.held(), reader.counts().calls), (0, 20_000));
        // A long one is not copied: there is never room for two.
        let long = framed(0, &plain);
        reader.push(&long);
        let before = reader.held();
        assert!(reader.read(Timestamp(7), 10, &mut |_| {}));
        assert!(reader.held() <= before);
    }

    #[test]
    fn what_cannot_be_read() {
        let once = EnvoyCounts { entries: 1, malformed: 1, ..NONE };
        check("", &framed(0, b"\x12\x09\x0a"), &[], once, None);
        check("", &framed(0, &http(&[b"\x0a\x09".to_vec()])), &[], once, None);
        check("", b"\0\xff\xff\xff\xff<html>", &[], NONE, Some(EnvoyRefusal::TooLong));
        check("", b"\x09\0\0\0\0", &[], NONE, Some(EnvoyRefusal::Packing));
    }
}
