//! Builds small captures: connections with handshake, segments and acknowledgements, as frames that a test
//! can lose, swap and double before they become a file.

#![allow(dead_code, reason = "each test file uses a part of it")]

/// Bytes per segment, unless a test wants others.
const MSS: usize = 500;

/// One captured frame.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Microseconds.
    pub ts: u64,
    pub bytes: Vec<u8>,
    /// It carries payload.
    pub has_data: bool,
}

/// A connection of which both ends are known.
#[derive(Debug)]
pub struct Conversation<'a> {
    frames: &'a mut Vec<Frame>,
    client: ([u8; 4], u16),
    server: ([u8; 4], u16),
    client_seq: u32,
    server_seq: u32,
    pub clock: u64,
    /// Bytes per segment.
    pub mss: usize,
}

impl<'a> Conversation<'a> {
    /// Opens a connection at `clock` microseconds.
    pub fn open(frames: &'a mut Vec<Frame>, port: u16, clock: u64) -> Self {
        let mut it = Self::joined(frames, port, clock);
        it.emit(true, 2, b"", 0);
        it.client_seq = it.client_seq.wrapping_add(1);
        it.emit(false, 0x12, b"", 0);
        it.server_seq = it.server_seq.wrapping_add(1);
        it.emit(true, 0x10, b"", 0);
        it
    }

    /// A connection that was open before the capture began.
    pub fn joined(frames: &'a mut Vec<Frame>, port: u16, clock: u64) -> Self {
        // Close to the wrap of the sequence numbers, so that every longer test crosses it.
        let second = (clock / 1_000_000 % 1_000) as u32;
        let (client_seq, server_seq) =
            (u32::MAX - 2_000 - u32::from(port) % 777 - second, u32::MAX - 5_000 - second);
        Self {
            frames,
            client: ([10, 0, 0, 7], port),
            server: ([10, 0, 0, 2], 8_080),
            client_seq,
            server_seq,
            clock,
            mss: MSS,
        }
    }

    pub fn request(&mut self, data: &[u8]) {
        self.send(true, data);
    }

    pub fn response(&mut self, data: &[u8]) {
        self.send(false, data);
    }

    fn send(&mut self, from_client: bool, data: &[u8]) {
        for part in data.chunks(self.mss) {
            self.emit(from_client, 0x18, part, 0);
            let seq = if from_client { &mut self.client_seq } else { &mut self.server_seq };
            *seq = seq.wrapping_add(part.len() as u32);
            self.emit(!from_client, 0x10, b"", 0);
        }
    }

    /// Sends again the last `len` bytes of the client with other content.
    pub fn overlap(&mut self, data: &[u8]) {
        self.emit(true, 0x18, data, data.len() as u32);
    }

    pub fn close(&mut self) {
        self.emit(true, 0x11, b"", 0);
        self.client_seq = self.client_seq.wrapping_add(1);
        self.emit(false, 0x11, b"", 0);
        self.server_seq = self.server_seq.wrapping_add(1);
        self.emit(true, 0x10, b"", 0);
    }

    /// One segment as it stands, `shift` bytes from where it should be; what follows is not moved by it.
    pub fn segment(&mut self, from_client: bool, flags: u8, payload: &[u8], shift: i32) {
        self.emit(from_client, flags, payload, (-shift) as u32);
    }

    /// What the next segment of a side has to skip: bytes of a segment made by hand.
    pub fn skip(&mut self, from_client: bool, len: u32) {
        let seq = if from_client { &mut self.client_seq } else { &mut self.server_seq };
        *seq = seq.wrapping_add(len);
    }

    fn emit(&mut self, from_client: bool, flags: u8, payload: &[u8], back: u32) {
        self.clock += 50;
        let (src, dst) = if from_client { (self.client, self.server) } else { (self.server, self.client) };
        let (seq, ack) =
            if from_client { (self.client_seq, self.server_seq) } else { (self.server_seq, self.client_seq) };
        let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
        bytes.extend([0x45, 0]);
        bytes.extend((40 + payload.len() as u16).to_be_bytes());
        bytes.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        bytes.extend([src.0, dst.0].concat());
        bytes.extend([src.1.to_be_bytes(), dst.1.to_be_bytes()].concat());
        bytes.extend(seq.wrapping_sub(back).to_be_bytes());
        bytes.extend(if flags & 0x10 != 0 { ack } else { 0 }.to_be_bytes());
        bytes.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        bytes.extend(payload);
        self.frames.push(Frame { ts: self.clock, bytes, has_data: !payload.is_empty() });
    }
}

/// The frames as a capture file.
pub fn pcap(frames: &[Frame]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        file.extend(word.to_le_bytes());
    }
    for frame in frames {
        let len = frame.bytes.len() as u32;
        for word in [(frame.ts / 1_000_000) as u32, (frame.ts % 1_000_000) as u32, len, len] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&frame.bytes);
    }
    file
}

/// A small generator of pseudo-random numbers, so that tests repeat exactly.
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Many keep-alive connections with numbered exchanges: request and response name the same number in a
/// field, which shows whether they were paired right. Bodies are framed in different ways.
pub fn numbered(connections: u16, exchanges: u32, seed: u64) -> Vec<Frame> {
    let (mut dice, mut number) = (Dice(seed), 0);
    let mut all = Vec::new();
    for connection in 0..connections {
        let mut frames = Vec::new();
        let begin = 1_700_000_000_000_000 + u64::from(connection) * 3_000;
        let mut talk = Conversation::open(&mut frames, 20_000 + connection, begin);
        for _ in 0..exchanges {
            number += 1;
            let body = vec![b'a' + (number % 26) as u8; dice.below(1_800) as usize];
            let request = match dice.below(3) {
                0 => format!("GET /n/{number} HTTP/1.1\r\nHost: a.example\r\nX-Number: {number}\r\n\r\n").into_bytes(),
                _ => [
                    format!("POST /n/{number} HTTP/1.1\r\nHost: a.example\r\nX-Number: {number}\r\nContent-Length: {}\r\n\r\n", body.len())
                        .as_bytes(),
                    &body,
                ]
                .concat(),
            };
            talk.request(&request);
            let head = format!("HTTP/1.1 200 OK\r\nX-Number: {number}\r\n");
            let response = match dice.below(3) {
                0 => [
                    head.as_bytes(),
                    format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len() + 1).as_bytes(),
                    &body,
                    b"!\r\n0\r\n\r\n",
                ]
                .concat(),
                _ => [head.as_bytes(), format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), &body]
                    .concat(),
            };
            talk.response(&response);
            talk.clock += dice.below(2_000);
        }
        if dice.below(2) == 0 {
            talk.close();
        }
        all.extend(frames);
    }
    all.sort_by_key(|frame| frame.ts);
    all
}
