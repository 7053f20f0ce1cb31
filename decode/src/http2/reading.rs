//! Cuts one direction into frames (RFC 9113 §4): DATA is passed on as it comes, header blocks are put together,
//! the rest is skipped. After lost bytes it goes on where it must: behind a frame of known length, else at the
//! next segment that begins with a frame.

use model::{Anomaly, limits};

use super::connection::{Http2, Opening};
use super::frame::{self, FrameHeader, HEADER_LEN, PAYLOAD_LEN, PREFACE, flag, kind};
use super::hpack;
use crate::out::Out;
use crate::session::Mark;

/// What the next bytes of a direction are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Unknown: a frame is looked for at the start of each segment.
    Search,
    Frame,
    Data(Data),
    Skip(u64),
}

/// A DATA frame being read (RFC 9113 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Data {
    pub stream: u32,
    /// Bytes of payload to come, padding included.
    left: u32,
    padding: u32,
    /// The length of the padding comes first.
    is_padded: bool,
    ends: bool,
}

/// A header block that is not whole.
#[derive(Debug)]
struct Block {
    opening: Opening,
    bytes: Vec<u8>,
    frames: usize,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Side {
    pub state: State,
    /// A frame, or the header of one, that is not whole.
    buf: Vec<u8>,
    /// Where the frame begins.
    begin: Mark,
    block: Option<Block>,
    pub hpack: hpack::Decoder,
    /// Payload that its frames may have.
    pub max_frame: u32,
    /// Something was read.
    pub begun: bool,
    /// Nothing was lost so far.
    pub whole: bool,
}

impl Side {
    pub(super) fn new(whole: bool) -> Self {
        let mut hpack = hpack::Decoder::new();
        if !whole {
            hpack.forget();
        }
        let state = if whole { State::Frame } else { State::Search };
        let max_frame = PAYLOAD_LEN;
        Self {
            state,
            buf: Vec::new(),
            begin: Mark::default(),
            block: None,
            hpack,
            max_frame,
            begun: false,
            whole,
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.buf.len() + self.hpack.bytes() + self.block.as_ref().map_or(0, |block| block.bytes.len())
    }
}

/// Frames that are looked at as a whole.
fn is_buffered(frame: FrameHeader) -> bool {
    match frame.kind {
        kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION | kind::SETTINGS => {
            frame.len as usize <= limits::HEADER_BYTES_MAX
        }
        kind::RST_STREAM => frame.len == 4,
        _ => false,
    }
}

impl Http2 {
    /// Reads the next piece of a direction; returns the bytes used.
    pub(super) fn step(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) -> usize {
        match self.sides[dir].state {
            State::Search => 0,
            State::Frame => self.frame(dir, mark, bytes, out),
            State::Data(data) => self.data_frame(dir, data, mark, bytes, out),
            State::Skip(left) => {
                let used = left.min(bytes.len() as u64);
                self.sides[dir].state = if used == left { State::Frame } else { State::Skip(left - used) };
                used as usize
            }
        }
    }

    /// Where in this segment framing can go on.
    pub(super) fn resume(&mut self, dir: usize, bytes: &[u8]) -> Option<usize> {
        let max = self.sides[dir].max_frame;
        let highest = self.streams.highest;
        let found = match highest {
            // Before any stream was seen, a single frame is too little to tell.
            0 if frame::is_certain(bytes) || bytes.starts_with(&PREFACE[..HEADER_LEN]) => Some(0),
            0 => None,
            _ => frame::find(bytes, max, |stream| {
                stream <= highest.saturating_add(2 * limits::HTTP2_STREAMS_MAX as u32)
            }),
        };
        if found.is_some() {
            self.sides[dir].state = State::Frame;
        }
        found
    }

    /// Reads a frame header, and the frame with it when it is one that is buffered.
    fn frame(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) -> usize {
        let side = &mut self.sides[dir];
        let have = side.buf.len();
        if have == 0 {
            side.begin = mark;
            if let Some(header) = FrameHeader::read(bytes) {
                let end = HEADER_LEN + header.len as usize;
                if is_buffered(header) && bytes.len() >= end {
                    self.whole_frame(dir, header, &bytes[HEADER_LEN..end], mark, out);
                    return end;
                }
                if !is_buffered(header) {
                    self.open_frame(dir, header, &bytes[..HEADER_LEN], mark, out);
                    return HEADER_LEN;
                }
            }
        }
        let header = if have < HEADER_LEN { None } else { FrameHeader::read(&side.buf) };
        let need = header.map_or(HEADER_LEN, |header| HEADER_LEN + header.len as usize) - have;
        let used = need.min(bytes.len());
        side.buf.extend_from_slice(&bytes[..used]);
        let Some(header) = FrameHeader::read(&side.buf) else { return used };
        if !is_buffered(header) || side.buf.len() >= HEADER_LEN + header.len as usize {
            let frame = std::mem::take(&mut side.buf);
            match is_buffered(header) {
                true => self.whole_frame(dir, header, &frame[HEADER_LEN..], mark, out),
                false => self.open_frame(dir, header, &frame, mark, out),
            }
        }
        used
    }

    /// A frame begins that is not buffered.
    fn open_frame(&mut self, dir: usize, frame: FrameHeader, bytes: &[u8], mark: Mark, out: &mut Out) {
        self.sides[dir].begun = true;
        if bytes == &PREFACE[..HEADER_LEN] {
            self.preface(dir);
            self.sides[dir].state = State::Skip((PREFACE.len() - HEADER_LEN) as u64);
            return;
        }
        self.cut_block(dir, Anomaly::BAD_HEAD, out);
        if matches!(frame.kind, kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION) {
            // Larger than any block that is kept: what it inserts into the table is not known.
            self.sides[dir].hpack.forget();
            out.stats.unplaced_bytes += u64::from(frame.len);
        }
        self.sides[dir].state = State::Frame;
        if frame.kind != kind::DATA {
            if frame.len > 0 {
                self.sides[dir].state = State::Skip(u64::from(frame.len));
            }
            return;
        }
        let is_padded = frame.has(flag::PADDED) && frame.len > 0;
        let ends = frame.has(flag::END_STREAM);
        let data = Data { stream: frame.stream, left: frame.len, padding: 0, is_padded, ends };
        self.go_on(dir, data, mark.ts, out);
    }

    /// Reads on in a DATA frame, or ends it.
    fn go_on(&mut self, dir: usize, data: Data, ts: i64, out: &mut Out) {
        if data.left > 0 {
            self.sides[dir].state = State::Data(data);
            return;
        }
        self.sides[dir].state = State::Frame;
        if data.ends {
            self.finish(dir, data.stream, ts, out);
        }
    }

    fn data_frame(&mut self, dir: usize, mut data: Data, mark: Mark, bytes: &[u8], out: &mut Out) -> usize {
        if data.is_padded {
            data.is_padded = false;
            data.left -= 1;
            // Padding longer than the frame is an error of the connection (RFC 9113 §6.1).
            data.padding = u32::from(bytes[0]).min(data.left);
            self.go_on(dir, data, mark.ts, out);
            return 1;
        }
        let content = (data.left - data.padding).min(bytes.len() as u32);
        if content > 0 {
            self.content(dir, data.stream, mark, &bytes[..content as usize], out);
        }
        let used =
            if content < data.left - data.padding { content } else { data.left.min(bytes.len() as u32) };
        data.left -= used;
        data.padding = data.padding.min(data.left);
        self.go_on(dir, data, mark.ts, out);
        used as usize
    }

    /// A frame that was buffered is whole.
    fn whole_frame(&mut self, dir: usize, frame: FrameHeader, payload: &[u8], mark: Mark, out: &mut Out) {
        self.sides[dir].begun = true;
        if frame.kind != kind::CONTINUATION {
            self.cut_block(dir, Anomaly::BAD_HEAD, out);
        }
        match frame.kind {
            kind::HEADERS | kind::PUSH_PROMISE => self.block_begins(dir, frame, payload, true, out),
            kind::CONTINUATION => self.block_continues(dir, frame, payload, out),
            kind::SETTINGS if !frame.has(flag::ACK) => self.settings(dir, payload),
            kind::RST_STREAM => {
                let code = payload.try_into().map_or(0, u32::from_be_bytes);
                self.reset(dir, frame.stream, code, mark, out);
            }
            _ => {}
        }
    }

    fn block_begins(&mut self, dir: usize, frame: FrameHeader, payload: &[u8], whole: bool, out: &mut Out) {
        let side = &mut self.sides[dir];
        let Some(block) = frame::block_of(frame, payload, whole) else {
            side.hpack.forget();
            out.stats.unplaced_bytes += payload.len() as u64;
            return;
        };
        let promised = match frame.kind {
            kind::PUSH_PROMISE => {
                let at = usize::from(frame.has(flag::PADDED));
                let id = payload.get(at..at + 4).and_then(|id| id.try_into().ok());
                Some(id.map_or(0, u32::from_be_bytes) & 0x7fff_ffff)
            }
            _ => None,
        };
        let ends = promised.is_none() && frame.has(flag::END_STREAM);
        let opening = Opening { stream: frame.stream, promised, ends, begin: side.begin, cut: None };
        if whole && frame.has(flag::END_HEADERS) {
            self.block_ends(dir, opening, block, out);
        } else {
            side.block = Some(Block { opening, bytes: block.to_vec(), frames: 1 });
        }
    }

    fn block_continues(&mut self, dir: usize, frame: FrameHeader, payload: &[u8], out: &mut Out) {
        let side = &mut self.sides[dir];
        let Some(mut block) = side.block.take_if(|block| block.opening.stream == frame.stream) else {
            // Its beginning was lost, and with it what it inserts into the table.
            self.cut_block(dir, Anomaly::BAD_HEAD, out);
            self.sides[dir].hpack.forget();
            out.stats.unplaced_bytes += payload.len() as u64;
            return;
        };
        block.frames += 1;
        let fits = block.bytes.len() + payload.len() <= limits::HEADER_BYTES_MAX
            && block.frames <= limits::HTTP2_BLOCK_FRAMES_MAX;
        if !fits {
            side.block = Some(block);
            self.cut_block(dir, Anomaly::BAD_HEAD, out);
            out.stats.unplaced_bytes += payload.len() as u64;
            return;
        }
        block.bytes.extend_from_slice(payload);
        if frame.has(flag::END_HEADERS) {
            self.block_ends(dir, block.opening, &block.bytes, out);
        } else {
            side.block = Some(block);
        }
    }

    /// A block has no end: what was read of it still tells something, but the table is not known any more.
    pub(super) fn cut_block(&mut self, dir: usize, anomaly: Anomaly, out: &mut Out) {
        if let Some(Block { mut opening, bytes, .. }) = self.sides[dir].block.take() {
            opening.cut = Some(anomaly);
            self.block_ends(dir, opening, &bytes, out);
            self.sides[dir].hpack.forget();
        }
    }

    /// Bytes are missing.
    pub(super) fn lost(&mut self, dir: usize, len: u64, out: &mut Out) {
        let (whole_left, data) = match self.sides[dir].state {
            State::Search => (0, None),
            State::Skip(left) => (left, None),
            State::Data(data) => (u64::from(data.left), Some(data)),
            State::Frame => (self.cut_frame(dir, Anomaly::GAP, out), None),
        };
        if let Some(mut data) = data {
            let part = len.min(whole_left) as u32;
            let content = part.min(data.left - data.padding);
            self.lost_content(dir, data.stream, u64::from(content), out);
            data.left -= part;
            data.is_padded = false;
            data.padding = data.padding.min(data.left);
            self.go_on(dir, data, i64::MIN, out);
        }
        if len < whole_left {
            if data.is_none() {
                self.sides[dir].state = State::Skip(whole_left - len);
            }
        } else if len == whole_left && len > 0 {
            self.sides[dir].state = State::Frame;
        } else {
            self.cut_block(dir, Anomaly::GAP, out);
            self.lose(dir, out);
        }
        self.sides[dir].begun = true;
    }

    /// The frame in the buffer has a hole or no end; returns the bytes that it still had to come.
    pub(super) fn cut_frame(&mut self, dir: usize, anomaly: Anomaly, out: &mut Out) -> u64 {
        let buf = std::mem::take(&mut self.sides[dir].buf);
        let Some(header) = FrameHeader::read(&buf) else { return 0 };
        let payload = &buf[HEADER_LEN..];
        match header.kind {
            kind::HEADERS | kind::PUSH_PROMISE => {
                self.block_begins(dir, header, payload, false, out);
                self.cut_block(dir, anomaly, out);
                self.sides[dir].hpack.forget();
            }
            kind::CONTINUATION => {
                self.cut_block(dir, anomaly, out);
                self.sides[dir].hpack.forget();
            }
            _ => {}
        }
        u64::from(header.len) - payload.len() as u64
    }
}
