//! Writes and reads capture files in their variants.

#![allow(dead_code, reason = "each test file uses a part of it")]

use super::traffic::Frame;

/// How a capture file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    pub big: bool,
    pub nanos: bool,
    /// The record header of old Linux kernels.
    pub modified: bool,
}

impl Variant {
    fn words(self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| if self.big { word.to_be_bytes() } else { word.to_le_bytes() }).collect()
    }

    fn halves(self, halves: [u16; 2]) -> [u8; 4] {
        let [a, b] = halves.map(|half| if self.big { half.to_be_bytes() } else { half.to_le_bytes() });
        [a[0], a[1], b[0], b[1]]
    }
}

pub const PLAIN: Variant = Variant { big: false, nanos: false, modified: false };

/// A classic capture file; each frame is cut after `snap` bytes.
pub fn pcap(frames: &[Frame], link: u16, variant: Variant, snap: usize) -> Vec<u8> {
    let magic = match (variant.modified, variant.nanos) {
        (true, _) => 0xa1b2_cd34,
        (_, true) => 0xa1b2_3c4d,
        _ => 0xa1b2_c3d4,
    };
    let mut file = variant.words(&[magic]);
    file.extend(variant.halves([2, 4]));
    file.extend(variant.words(&[0, 0, snap as u32, u32::from(link)]));
    for frame in frames {
        let (seconds, micros) = ((frame.ts / 1_000_000) as u32, (frame.ts % 1_000_000) as u32);
        let captured = frame.bytes.len().min(snap);
        let fraction = if variant.nanos { micros * 1_000 } else { micros };
        file.extend(variant.words(&[seconds, fraction, captured as u32, frame.bytes.len() as u32]));
        if variant.modified {
            file.extend([7; 8]);
        }
        file.extend(&frame.bytes[..captured]);
    }
    file
}

fn block(file: &mut Vec<u8>, variant: Variant, kind: u32, body: &[u8]) {
    let len = 12 + body.len().next_multiple_of(4);
    file.extend(variant.words(&[kind, len as u32]));
    file.extend(body);
    file.extend(vec![0; body.len().next_multiple_of(4) - body.len()]);
    file.extend(variant.words(&[len as u32]));
}

/// A pcapng file with a section per half of the frames, in both byte orders, and two interfaces of other link
/// types and clocks in each that the frames do not come from.
pub fn pcapng(frames: &[Frame], link: u16) -> Vec<u8> {
    let mut file = Vec::new();
    for (big, part) in [false, true].into_iter().zip(frames.chunks(frames.len().div_ceil(2).max(1))) {
        let variant = Variant { big, ..PLAIN };
        let section =
            [variant.words(&[0x1a2b_3c4d]), variant.halves([1, 0]).to_vec(), vec![0xff; 8]].concat();
        block(&mut file, variant, 0x0a0d_0d0a, &section);
        for (link, resolution) in [(147, 6), (link, 9), (149, 0x80 | 10)] {
            let mut interface = variant.halves([link, 0]).to_vec();
            interface.extend(variant.words(&[0]));
            interface.extend(variant.halves([9, 1]));
            interface.extend([resolution, 0, 0, 0]);
            block(&mut file, variant, 1, &interface);
        }
        block(&mut file, variant, 5, &[0; 12]);
        for frame in part {
            let (nanos, len) = (frame.ts * 1_000, frame.bytes.len() as u32);
            let mut body = variant.words(&[1, (nanos >> 32) as u32, nanos as u32, len, len]);
            body.extend(&frame.bytes);
            block(&mut file, variant, 6, &body);
        }
    }
    file
}

/// A pcapng file of Ethernet with a block of TLS secrets in front of the packet of a number.
pub fn pcapng_with_secrets(frames: &[Frame], secrets: &[u8], at: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let section = [PLAIN.words(&[0x1a2b_3c4d]), PLAIN.halves([1, 0]).to_vec(), vec![0xff; 8]].concat();
    block(&mut file, PLAIN, 0x0a0d_0d0a, &section);
    block(&mut file, PLAIN, 1, &[&PLAIN.halves([1, 0])[..], &[0; 4]].concat());
    let secrets = [PLAIN.words(&[0x544c_534b, secrets.len() as u32]), secrets.to_vec()].concat();
    for (number, frame) in frames.iter().enumerate() {
        if number == at {
            block(&mut file, PLAIN, 10, &secrets);
        }
        let len = frame.bytes.len() as u32;
        let mut body = PLAIN.words(&[0, (frame.ts >> 32) as u32, frame.ts as u32, len, len]);
        body.extend(&frame.bytes);
        block(&mut file, PLAIN, 6, &body);
    }
    if at >= frames.len() {
        block(&mut file, PLAIN, 10, &secrets);
    }
    file
}

/// The frames of a classic little-endian file of Ethernet.
pub fn read(file: &[u8]) -> Vec<Frame> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((word(0), word(20)), (0xa1b2_c3d4, 1), "a plain file of Ethernet");
    let (mut frames, mut at) = (Vec::new(), 24);
    while at + 16 <= file.len() {
        let bytes = file[at + 16..at + 16 + word(at + 8) as usize].to_vec();
        let ts = u64::from(word(at)) * 1_000_000 + u64::from(word(at + 4));
        at += 16 + bytes.len();
        frames.push(Frame { ts, bytes, has_data: true });
    }
    frames
}
