//! Sees through gzip and Zstandard by content, also when one is packed in the other. A packed file that is
//! cut or broken gives what could be unpacked.

use std::io::{self, BufRead, BufReader, Read};

/// Layers of packing that are seen through.
const LAYERS_MAX: usize = 3;
/// Bytes read at a time: few enough that they are still in the cache of the core when they are decoded.
const BUFFER: usize = 64 << 10;

/// A stream with its packing removed.
pub(crate) fn unpack(reader: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut reader: Box<dyn BufRead + Send> =
        Box::new(BufReader::with_capacity(BUFFER, Reunited::new(reader)?));
    for _ in 0..LAYERS_MAX {
        let head = reader.fill_buf()?;
        let unpacked: Box<dyn Read + Send> = match head {
            [0x1f, 0x8b, 8, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
            // A frame, or a frame that may be skipped (RFC 8878 §3.1).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Box::new(zstd::stream::read::Decoder::with_buffer(reader)?)
            }
            _ => return Ok(reader),
        };
        reader = Box::new(BufReader::with_capacity(BUFFER, Reunited::new(unpacked)?));
    }
    Ok(reader)
}

/// A reader whose first bytes come in one piece, however the pipe behind it delivers them.
struct Reunited<R> {
    head: io::Cursor<Vec<u8>>,
    rest: R,
    /// An error after the first bytes: reported once they are read.
    error: Option<io::Error>,
}

impl<R: Read> Reunited<R> {
    fn new(mut rest: R) -> io::Result<Self> {
        let mut head = Vec::new();
        let error = rest.by_ref().take(4).read_to_end(&mut head).err();
        Ok(Self { head: io::Cursor::new(head), rest, error })
    }
}

impl<R: Read> Read for Reunited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.head.read(buffer)?;
        if len > 0 || buffer.is_empty() {
            return Ok(len);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.rest.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write as _;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).expect("memory");
        encoder.finish().expect("memory")
    }

    #[track_caller]
    fn check(packed: Vec<u8>, expect: &[u8]) {
        let mut plain = Vec::new();
        unpack(io::Cursor::new(packed)).expect("readable").read_to_end(&mut plain).expect("whole");
        assert_eq!(plain, expect);
    }

    #[test]
    fn by_content_in_layers_and_members() {
        let zstd = |data: &[u8]| zstd::encode_all(data, 1).expect("memory");
        check(b"plain".to_vec(), b"plain");
        check(Vec::new(), b"");
        check(gzip(b"abc"), b"abc");
        check([gzip(b"abc"), gzip(b"def")].concat(), b"abcdef");
        check([zstd(b"abc"), zstd(b"def")].concat(), b"abcdef");
        check(gzip(&zstd(b"abc")), b"abc");
        check(vec![0x1f, 0x8b], &[0x1f, 0x8b]);
    }

    #[test]
    fn a_cut_tail_gives_what_came_before() {
        let data: Vec<u8> =
            (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let packed = gzip(&data);
        let mut reader = unpack(io::Cursor::new(packed[..packed.len() / 2].to_vec())).expect("readable");
        let mut plain = Vec::new();
        assert!(reader.read_to_end(&mut plain).is_err(), "the cut is told");
        assert!(plain.len() > 100_000 && data.starts_with(&plain));
    }
}
