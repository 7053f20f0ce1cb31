//! A file or a request of OTLP, in whichever encoding it is: JSON objects, a protobuf message, or messages with their
//! length in front, as the collector's file exporter writes them.

use model::{Call, limits};

use super::json;
use super::objects::{Objects, Piece};
use super::proto::{self, Signal};
use super::record::Sink;
use crate::format::log::{Log, Options};
use crate::grpc::wire;
use crate::input::{Carry, Step};
use crate::out::Out;

/// Bytes after which the encoding is certain.
const OPENING_BYTES: usize = 64;

/// Reads one input.
#[derive(Debug)]
pub(crate) struct Otlp {
    /// What protobuf messages are, which do not say it themselves.
    signal: Signal,
    encoding: Encoding,
    /// Reads bodies that are lines of a log.
    log: Log,
}

#[derive(Debug)]
enum Encoding {
    /// Not known yet: the bytes so far.
    Unknown(Vec<u8>),
    Json(Objects),
    Message(Carry),
    Messages(Carry),
}

impl Otlp {
    pub(crate) fn new(signal: Signal, options: Options) -> Self {
        Self { signal, encoding: Encoding::Unknown(Vec::new()), log: Log::new(options) }
    }

    /// True when every line stands for itself.
    pub(crate) fn is_lines(&self) -> bool {
        matches!(self.encoding, Encoding::Json(_))
    }

    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, data: &[u8], out: &mut Out, emit: &mut dyn FnMut(Call)) {
        if let Encoding::Unknown(head) = &mut self.encoding {
            head.extend_from_slice(data);
            let Some(encoding) = encoding(head, false) else { return };
            let Encoding::Unknown(head) = std::mem::replace(&mut self.encoding, encoding) else { return };
            return self.read(&head, out, emit);
        }
        self.read(data, out, emit);
    }

    /// The input ended.
    pub(crate) fn finish(&mut self, out: &mut Out, emit: &mut dyn FnMut(Call)) {
        if let Encoding::Unknown(head) = &mut self.encoding {
            let head = std::mem::take(head);
            let Some(encoding) = encoding(&head, true) else { return };
            self.encoding = encoding;
            self.read(&head, out, emit);
        }
        let sink = &mut Sink::new(&mut self.log, out, emit);
        match &mut self.encoding {
            Encoding::Unknown(_) => {}
            Encoding::Json(objects) => objects.finish(&mut |piece| object(piece, sink)),
            Encoding::Message(carry) | Encoding::Messages(carry) => {
                if carry.rest() > 0 || carry.is_skipping() {
                    sink.unreadable(&"the request breaks off".into());
                }
            }
        }
    }

    fn read(&mut self, data: &[u8], out: &mut Out, emit: &mut dyn FnMut(Call)) {
        let signal = self.signal;
        let sink = &mut Sink::new(&mut self.log, out, emit);
        match &mut self.encoding {
            Encoding::Unknown(_) => {}
            Encoding::Json(objects) => objects.feed(data, &mut |piece| object(piece, sink)),
            Encoding::Message(carry) => carry.feed(data, |data, _| field(data, signal, sink)),
            Encoding::Messages(carry) => carry.feed(data, |data, _| message(data, signal, sink)),
        }
    }
}

/// The encoding as soon as it is certain; `None` when nothing came at all, too.
fn encoding(head: &[u8], whole: bool) -> Option<Encoding> {
    match head.first()? {
        // No field has the number 0: four bytes of length.
        0..=4 => Some(Encoding::Messages(Carry::default())),
        // Field 1 as bytes, or the end of an empty line before a JSON object.
        b'\n' => {
            let text = head.trim_ascii_start();
            let key = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
            let expect = b"\"resource";
            match key {
                Some(key) if key.starts_with(expect) => Some(Encoding::Json(Objects::default())),
                Some(key) if expect.starts_with(key) && !whole && head.len() < OPENING_BYTES => None,
                None if text.is_empty() && !whole && head.len() < OPENING_BYTES => None,
                _ => Some(Encoding::Message(Carry::default())),
            }
        }
        b'{' | b'[' | b' ' | b'\t' | b'\r' | 0xef => Some(Encoding::Json(Objects::default())),
        _ => Some(Encoding::Message(Carry::default())),
    }
}

fn object(piece: Piece<'_>, sink: &mut Sink<'_>) {
    match piece {
        Piece::Object(text) => json::request(text, sink),
        Piece::Broken => sink.unreadable(&"not an OTLP request, or one that was cut".into()),
        Piece::TooLong => too_long(sink),
    }
}

fn too_long(sink: &mut Sink<'_>) {
    sink.unreadable(&format!("longer than {} bytes", limits::LINE_BYTES_MAX).into());
}

/// One field of a request: a resource with its records is read as soon as it is whole.
fn field(data: &[u8], signal: Signal, sink: &mut Sink<'_>) -> Step {
    let Some((tag, after)) = wire::varint(data) else { return more(data, 0, sink) };
    if tag & 7 != 2 {
        return match wire::field(data) {
            Some((_, _, rest)) => Step::Used(data.len() - rest.len()),
            None if matches!(tag & 7, 0 | 1 | 5) => more(data, data.len() - after.len(), sink),
            None => broken(sink),
        };
    }
    let Some((len, after)) = wire::varint(after) else { return more(data, data.len() - after.len(), sink) };
    let head = data.len() - after.len();
    if len > limits::LINE_BYTES_MAX as u64 {
        too_long(sink);
        return Step::Skip(len.saturating_add(head as u64));
    }
    let Some(bytes) = after.get(..len as usize) else { return Step::Need(head + len as usize) };
    match wire::field(data) {
        Some((1, ..)) => proto::group(bytes, signal, sink),
        Some(_) => {}
        None => return broken(sink),
    }
    Step::Used(head + bytes.len())
}

/// A number has ten bytes at most: with more of them here it is none.
fn more(data: &[u8], from: usize, sink: &mut Sink<'_>) -> Step {
    if data.len() >= from + 10 { broken(sink) } else { Step::Need(data.len() + 1) }
}

fn broken(sink: &mut Sink<'_>) -> Step {
    sink.unreadable(&"neither a JSON object nor a protobuf message of OTLP".into());
    Step::Stop
}

/// One message behind its length, four bytes in network order.
fn message(data: &[u8], signal: Signal, sink: &mut Sink<'_>) -> Step {
    let Some((len, after)) = data.split_first_chunk() else { return Step::Need(4) };
    let len = u32::from_be_bytes(*len) as usize;
    if len > limits::LINE_BYTES_MAX {
        too_long(sink);
        return Step::Skip(4 + len as u64);
    }
    let Some(bytes) = after.get(..len) else { return Step::Need(4 + len) };
    proto::request(bytes, signal, sink);
    Step::Used(4 + len)
}
