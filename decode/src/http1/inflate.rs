//! Removes deflate (RFC 1951) with its envelopes gzip and zlib. A body that is whole and sound, with a checksum
//! that says so, is unpacked by libdeflate in one go; every other one (cut, damaged, several members, raw, too
//! long) by zlib step by step, which keeps what came before the damage. `coding` calls it.
//!
//! Both give the same bytes. Only a stream made by hand can tell them apart: libdeflate reads a few codes that
//! zlib refuses (unused symbols, codes of one symbol), and then the checksum must still be right.

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{DecompressionError, Decompressor};
use memchr::memmem::Finder;
use model::limits;

use super::coding::{End, GROW_MIN};

/// Output that is unpacked in one go into the buffer that is kept, bytes.
const KEPT_BYTES: usize = 1 << 20;
/// A length that the end of a gzip body announces is believed up to this many times the body.
const RATIO_MAX: usize = 64;
/// How a gzip member starts (RFC 1952 §2.3.1).
const MEMBER: [u8; 3] = [0x1f, 0x8b, 8];

/// The decompressors, kept between bodies because setting them up costs more than a small body.
pub(super) struct Inflate {
    steps: Decompress,
    whole: Decompressor,
    /// Output of the latter; empty before its first use.
    kept: Vec<u8>,
    member: Finder<'static>,
}

impl Inflate {
    pub(super) fn new() -> Self {
        Self {
            steps: Decompress::new(false),
            whole: Decompressor::new(),
            kept: Vec::new(),
            member: Finder::new(&MEMBER),
        }
    }

    /// zlib as the standard says, raw as some servers do, and gzip, which browsers accept under this name.
    pub(super) fn deflate(&mut self, body: &[u8]) -> (Vec<u8>, End) {
        if gzip_header(body).is_some() {
            return self.gzip(body);
        }
        match self.zlib_at_once(body) {
            Some(plain) => (plain, End::Whole),
            None => self.deflate_in_steps(body),
        }
    }

    /// One member or several (RFC 1952 §2.2).
    pub(super) fn gzip(&mut self, body: &[u8]) -> (Vec<u8>, End) {
        match self.gzip_at_once(body) {
            Some(plain) => (plain, End::Whole),
            None => self.gzip_in_steps(body),
        }
    }

    fn zlib_at_once(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        // Nothing announces the length: what is not likely to fit is not tried.
        if zlib_header(body).is_empty() || body.len() > KEPT_BYTES / 8 {
            return None;
        }
        self.at_once(KEPT_BYTES, |whole, plain| whole.zlib_decompress(body, plain))
    }

    fn gzip_at_once(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        let (_, size) = body.split_last_chunk()?;
        let size = u32::from_le_bytes(*size) as usize;
        let is_likely = size <= KEPT_BYTES || size / RATIO_MAX <= body.len();
        // Another member may follow the first one, or something that only looks like it.
        if !is_likely || size >= limits::BODY_BYTES_MAX || self.member.find(&body[1..]).is_some() {
            return None;
        }
        self.at_once(size, |whole, plain| whole.gzip_decompress(body, plain))
    }

    /// Output of `size` bytes or fewer; `None` when anything about the body is odd.
    fn at_once(
        &mut self,
        size: usize,
        unpack: impl FnOnce(&mut Decompressor, &mut [u8]) -> Result<usize, DecompressionError>,
    ) -> Option<Vec<u8>> {
        if size > KEPT_BYTES {
            let mut plain = vec![0; size];
            let len = unpack(&mut self.whole, &mut plain).ok()?;
            plain.truncate(len);
            return Some(plain);
        }
        if self.kept.is_empty() {
            self.kept = vec![0; KEPT_BYTES];
        }
        let len = unpack(&mut self.whole, &mut self.kept).ok()?;
        // Whether nothing is all that there is depends on what follows.
        (len > 0).then(|| self.kept[..len].to_vec())
    }

    fn deflate_in_steps(&mut self, body: &[u8]) -> (Vec<u8>, End) {
        let mut plain = Vec::new();
        let header = zlib_header(body);
        let (_, end) = self.raw(&body[header.len()..], &mut plain);
        if plain.is_empty() && !header.is_empty() && matches!(end, End::Broken) {
            let (_, end) = self.raw(body, &mut plain);
            return (plain, end);
        }
        (plain, end)
    }

    fn gzip_in_steps(&mut self, mut body: &[u8]) -> (Vec<u8>, End) {
        let mut plain = Vec::new();
        loop {
            let Some(header) = gzip_header(body) else {
                // Padding after the last member is common and harmless.
                let end = if plain.is_empty() { End::Broken } else { End::Whole };
                return (plain, end);
            };
            let (used, end) = self.raw(&body[header..], &mut plain);
            if !matches!(end, End::Whole) {
                return (plain, end);
            }
            // Checksum and length of the member: 8 bytes.
            body = body.get(header + used + 8..).unwrap_or_default();
            if body.is_empty() {
                return (plain, End::Whole);
            }
        }
    }

    /// Raw deflate (RFC 1951); returns the input bytes used.
    fn raw(&mut self, input: &[u8], plain: &mut Vec<u8>) -> (usize, End) {
        self.steps.reset(false);
        loop {
            let used = self.steps.total_in() as usize;
            if plain.len() >= limits::BODY_BYTES_MAX {
                return (used, End::Limit);
            }
            if plain.len() == plain.capacity() {
                let more = plain.capacity().max(input.len().saturating_mul(3)).max(GROW_MIN);
                plain.reserve_exact(more.min(limits::BODY_BYTES_MAX - plain.len()));
            }
            let before = (used, plain.len());
            let status = self.steps.decompress_vec(&input[used..], plain, FlushDecompress::None);
            let used = self.steps.total_in() as usize;
            plain.truncate(limits::BODY_BYTES_MAX);
            match status {
                Ok(Status::StreamEnd) => return (used, End::Whole),
                Ok(_) if (used, plain.len()) != before => {}
                _ => return (used, End::Broken),
            }
        }
    }
}

/// The two bytes that tell zlib (RFC 1950) from raw deflate; empty for the latter.
fn zlib_header(body: &[u8]) -> &[u8] {
    match body {
        [cmf, flags, ..]
            if cmf & 0x0f == 8
                && cmf >> 4 <= 7
                && (u16::from(*cmf) << 8 | u16::from(*flags)).is_multiple_of(31) =>
        {
            &body[..2]
        }
        _ => &[],
    }
}

/// Length of the header of a gzip member (RFC 1952 §2.3).
fn gzip_header(body: &[u8]) -> Option<usize> {
    let rest = body.strip_prefix(&MEMBER)?;
    let flags = *rest.first()?;
    let mut len = 10;
    if flags & 4 != 0 {
        len += 2 + usize::from(crate::input::u16_at(body, len, false)?);
    }
    for text in [8, 16] {
        if flags & text != 0 {
            len += memchr::memchr(0, body.get(len..)?)? + 1;
        }
    }
    if flags & 2 != 0 {
        len += 2;
    }
    (len <= body.len()).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;
    use std::io::Write as _;

    /// Names, a comment, an extra field and a checksum of the header.
    const FULL_HEADER: &[u8] = b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x03\0abcname\0comment\0\x09\x09";

    fn gzip(data: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(data).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zlib(data: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(data).expect("memory");
        encoder.finish().expect("memory")
    }

    fn raw(data: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(data).expect("memory");
        encoder.finish().expect("memory")
    }

    /// Both ways agree about a body under either name, and neither takes more memory than a body may; returns
    /// whether the quick one took it.
    #[track_caller]
    fn is_quick(inflate: &mut Inflate, body: &[u8]) -> bool {
        let at_once = [inflate.gzip_at_once(body), inflate.zlib_at_once(body)];
        let in_steps = [inflate.gzip_in_steps(body), inflate.deflate_in_steps(body)];
        for (at_once, in_steps) in at_once.iter().zip(&in_steps) {
            if let Some(plain) = at_once {
                assert!(in_steps.0 == *plain && in_steps.1 == End::Whole, "{} bytes", body.len());
                assert!(plain.capacity() <= (body.len() * RATIO_MAX).max(KEPT_BYTES));
            }
            assert!(in_steps.0.capacity() <= limits::BODY_BYTES_MAX);
        }
        assert!(inflate.gzip(body) == in_steps[0], "{} bytes", body.len());
        let deflate = &in_steps[usize::from(gzip_header(body).is_none())];
        assert!(inflate.deflate(body) == *deflate, "{} bytes", body.len());
        assert!(inflate.kept.len() <= KEPT_BYTES);
        at_once.iter().any(Option::is_some)
    }

    #[track_caller]
    fn check(body: &[u8], expect: bool) {
        assert_eq!(is_quick(&mut Inflate::new(), body), expect);
    }

    #[test]
    fn what_is_whole_and_sound_is_quick() {
        let text = b"{\"name\":\"\xe7\x8e\x8b\"}".repeat(99);
        for level in [0, 1, 6, 9] {
            check(&gzip(&text, level), true);
            check(&zlib(&text, level), true);
            check(&raw(&text, level), false);
        }
        let body = gzip(&text, 6);
        check(&[FULL_HEADER, &body[10..]].concat(), true);
        check(&body[..body.len() - 1], false);
        check(&[&body[..], &[0; 9]].concat(), true);
        check(&[&body[..], b"trailing"].concat(), false);
        check(&[&body[..], &body].concat(), false);
        check(&gzip(b"", 6), false);
        check(&zlib(b"", 6), false);
        for len in [0, 1, 2, 3, 4, 9, 10, 17] {
            check(&body[..len], false);
        }
    }

    #[test]
    fn what_is_announced_is_not_believed() {
        let zeros = |len: usize| gzip(&vec![0; len], 9);
        let random: Vec<u8> =
            (0..=u32::from(u16::MAX)).flat_map(|n| n.wrapping_mul(n | 1).to_le_bytes()).collect();
        let long = gzip(&random.repeat(7), 1);
        check(&long, true);
        check(&zeros(KEPT_BYTES), true);
        // A thousand times its size: not allocated on the word of the body.
        check(&zeros(KEPT_BYTES + 1), false);
        check(&zeros(limits::BODY_BYTES_MAX), false);
        check(&zlib(&vec![0; KEPT_BYTES], 9), true);
        check(&zlib(&vec![0; KEPT_BYTES + 1], 9), false);
        for announced in [0, 5, (random.len() * 7 + 1) as u32, u32::MAX] {
            let mut body = long.clone();
            let at = body.len() - 4;
            body[at..].copy_from_slice(&announced.to_le_bytes());
            check(&body, false);
        }
    }

    /// A stream made by hand: a code of the fixed table that stands for nothing, a checksum that is right.
    #[test]
    fn what_only_one_of_them_reads() {
        let body = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x1c\x03\0\x56\xfa\xc2\x34\x03\x01\0\0";
        let mut inflate = Inflate::new();
        assert_eq!(inflate.gzip_in_steps(body), (b"a".to_vec(), End::Broken));
        assert_eq!(inflate.gzip(body), (vec![b'a'; 259], End::Whole));
    }

    fn content() -> impl Strategy<Value = Vec<u8>> {
        let words: [&[u8]; 6] =
            [b"{\"id\":", b"1234", b",", b"\x1f\x8b\x08", b"\xe7\x8e\x8b", b"\0\0\0\0\0\0\0"];
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..3_000),
            prop::collection::vec(0..words.len(), 0..3_000)
                .prop_map(move |picks| picks.into_iter().flat_map(|pick| words[pick].to_vec()).collect()),
        ]
    }

    fn body() -> impl Strategy<Value = Vec<u8>> {
        let wrap = |(data, level, envelope, rest): (Vec<u8>, u32, usize, Vec<u8>)| match envelope {
            0 => gzip(&data, level),
            1 => [gzip(&data, level), rest].concat(),
            2 => [gzip(&data, level), gzip(&rest, level)].concat(),
            3 => [FULL_HEADER, &gzip(&data, level)[10..]].concat(),
            4 => zlib(&data, level),
            5 => [zlib(&data, level), rest].concat(),
            6 => raw(&data, level),
            7 => [&MEMBER[..], &rest].concat(),
            // What follows ends in a length that is believed, or in the right one.
            8 => [gzip(&data, level), rest, vec![0; 4]].concat(),
            9 => [gzip(&data, level), rest, (data.len() as u32).to_le_bytes().to_vec()].concat(),
            10 => [gzip(&data, level), gzip(b"", level), rest].concat(),
            _ => rest,
        };
        let rest = prop::collection::vec(any::<u8>(), 0..40);
        (content(), 0_u32..10, 0_usize..12, rest).prop_map(wrap)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// One after the other: nothing of a body is left over for the next.
        #[test]
        fn both_ways_agree(
            bodies in prop::collection::vec((body(), 0..4, any::<prop::sample::Index>(), 0..8), 1..4),
        ) {
            let mut inflate = Inflate::new();
            for (mut body, damage, at, bit) in bodies {
                let len = body.len();
                match damage {
                    1 if len > 0 => body[at.index(len)] ^= 1_u8 << bit,
                    2 if len > 8 => body[len - 1 - at.index(8)] ^= 1_u8 << bit,
                    3 if len > 0 => body.truncate(at.index(len)),
                    _ => {}
                }
                is_quick(&mut inflate, &body);
            }
        }

        /// A damaged stream whose checksum was made to fit: where zlib refuses it, it read no other bytes before.
        #[test]
        fn what_is_made_to_fit_reads_the_same(
            data in content(), level in 0_u32..10, at: prop::sample::Index, bit in 0..8,
        ) {
            let mut stream = raw(&data, level);
            let at = at.index(stream.len().min(200));
            stream[at] ^= 1_u8 << bit;
            let mut plain = vec![0; KEPT_BYTES];
            if let Ok(len) = Decompressor::new().deflate_decompress(&stream, &mut plain) {
                plain.truncate(len);
                let mut sum = flate2::Crc::new();
                sum.update(&plain);
                let envelope = [&FULL_HEADER[..3], &[0; 7], &stream].concat();
                let body = [&envelope[..], &sum.sum().to_le_bytes(), &sum.amount().to_le_bytes()].concat();
                let mut inflate = Inflate::new();
                let (at_once, (in_steps, end)) = (inflate.gzip_at_once(&body), inflate.gzip_in_steps(&body));
                let Some(at_once) = at_once else { return Ok(()) };
                prop_assert!(at_once.starts_with(&in_steps));
                prop_assert!(end == End::Broken || at_once == in_steps);
            }
        }
    }
}
