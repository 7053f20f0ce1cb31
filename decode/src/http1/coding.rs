//! Removes content codings (RFC 9110 §8.4.1): gzip (several members), deflate (zlib or raw), br, zstd, and
//! layers of them up to [`limits::CODINGS_MAX`]. Output stops at [`limits::BODY_BYTES_MAX`].

use std::io::Read as _;

use model::{Anomaly, limits};

use super::inflate::Inflate;

/// First growth of the output, bytes.
pub(super) const GROW_MIN: usize = 4 << 10;

/// Largest window of zstd: 8 MiB (RFC 9659).
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How one layer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// Broken or cut: what came before is kept.
    Broken,
    Limit,
}

/// The decompressors that are kept between bodies.
pub(crate) struct Codings {
    inflate: Inflate,
}

impl std::fmt::Debug for Codings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Codings")
    }
}

impl Codings {
    pub(crate) fn new() -> Self {
        Self { inflate: Inflate::new() }
    }

    /// Removes the codings of `names` (in the order in which they were applied) from `body`.
    pub(crate) fn remove(&mut self, names: &[&str], mut body: Vec<u8>) -> (Vec<u8>, Option<Anomaly>) {
        if body.is_empty() {
            return (body, None);
        }
        for (layer, name) in names.iter().rev().enumerate() {
            if layer >= limits::CODINGS_MAX {
                return (body, Some(Anomaly::BAD_ENCODING));
            }
            let Some((plain, end)) = self.layer(name, &body) else {
                return (body, Some(Anomaly::BAD_ENCODING));
            };
            match end {
                End::Whole => body = plain,
                End::Limit => return (plain, Some(Anomaly::DECOMPRESSION_LIMIT)),
                // Nothing came out: the body was not what the header said.
                End::Broken if plain.is_empty() => return (body, Some(Anomaly::BAD_ENCODING)),
                End::Broken => return (plain, Some(Anomaly::BAD_ENCODING)),
            }
        }
        (body, None)
    }

    fn layer(&mut self, name: &str, body: &[u8]) -> Option<(Vec<u8>, End)> {
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            Some(self.inflate.gzip(body))
        } else if name.eq_ignore_ascii_case("deflate") {
            Some(self.inflate.deflate(body))
        } else if name.eq_ignore_ascii_case("br") {
            Some(drain(brotli_decompressor::Decompressor::new(body, GROW_MIN)))
        } else if name.eq_ignore_ascii_case("zstd") {
            Some(zstd_decoder(body).map_or((Vec::new(), End::Broken), drain))
        } else {
            None
        }
    }
}

/// A frame may ask for a window of its own size: no more than browsers grant (RFC 9659).
fn zstd_decoder(body: &[u8]) -> std::io::Result<zstd::stream::read::Decoder<'_, &[u8]>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(decoder)
}

fn drain(reader: impl std::io::Read) -> (Vec<u8>, End) {
    let mut plain = Vec::new();
    let mut reader = reader.take(limits::BODY_BYTES_MAX as u64 + 1);
    let end = match reader.read_to_end(&mut plain) {
        Ok(_) if plain.len() > limits::BODY_BYTES_MAX => End::Limit,
        Ok(_) => End::Whole,
        Err(_) => End::Broken,
    };
    plain.truncate(limits::BODY_BYTES_MAX);
    (plain, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use std::io::Write as _;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).expect("memory");
        encoder.finish().expect("memory")
    }

    #[track_caller]
    fn check(names: &[&str], body: Vec<u8>, expect: &[u8], anomaly: Option<Anomaly>) {
        let mut codings = Codings::new();
        assert_eq!(codings.remove(names, body.clone()), (expect.to_vec(), anomaly.clone()));
        assert_eq!(codings.remove(names, body).1, anomaly, "the decompressor is reusable");
    }

    #[test]
    fn every_coding_and_layers() {
        let text = b"{\"name\":\"\xe7\x8e\x8b\"}".repeat(50);
        let zlib = zlib(&text);
        check(&["gzip"], gzip(&text), &text, None);
        check(&["GZIP"], [gzip(&text), gzip(b"!")].concat(), &[&text[..], b"!"].concat(), None);
        check(&["deflate"], zlib.clone(), &text, None);
        check(&["deflate"], zlib[2..zlib.len() - 4].to_vec(), &text, None);
        check(&["zstd"], zstd::encode_all(&text[..], 1).expect("memory"), &text, None);
        check(&["zstd", "gzip"], gzip(&zstd::encode_all(&text[..], 1).expect("memory")), &text, None);
        // "hello" as an uncompressed brotli meta-block (RFC 7932 §9.2).
        check(&["br"], b"\x0b\x02\x80hello\x03".to_vec(), b"hello", None);
        check(&["gzip"], Vec::new(), b"", None);
        check(&["deflate"], gzip(&text), &text, None);
        check(&["x-gzip"], gzip(&text), &text, None);
        check(&["gzip"], gzip(&text)[..gzip(&text).len() - 5].to_vec(), &text, None);
        let packed = gzip(b"fields");
        let fields =
            [&[0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 0, 3, 0][..], b"abcname\0comment\0", &[9, 9]].concat();
        check(&["gzip"], [fields, packed[10..].to_vec()].concat(), b"fields", None);
    }

    #[test]
    fn broken_cut_and_unknown() {
        let packed = gzip(b"hello hello hello");
        check(&["gzip"], b"plain text".to_vec(), b"plain text", Some(Anomaly::BAD_ENCODING));
        check(&["compress"], packed.clone(), &packed, Some(Anomaly::BAD_ENCODING));
        let mut wide = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
        wide.window_log(27).expect("a setting");
        wide.write_all(b"hello").expect("memory");
        let wide = wide.finish().expect("memory");
        check(&["zstd"], wide.clone(), &wide, Some(Anomaly::BAD_ENCODING));
        check(&["made-up"], packed.clone(), &packed, Some(Anomaly::BAD_ENCODING));
        let (plain, anomaly) = Codings::new().remove(&["gzip"], packed[..packed.len() - 10].to_vec());
        assert!(b"hello hello hello".starts_with(&plain[..]) && anomaly == Some(Anomaly::BAD_ENCODING));
        let four = (0..4).fold(b"x".to_vec(), |data, _| gzip(&data));
        assert_eq!(Codings::new().remove(&["gzip"; 4], four).1, Some(Anomaly::BAD_ENCODING));
    }

    #[test]
    fn bombs_stop_at_the_cap() {
        let zeros = vec![0; limits::BODY_BYTES_MAX + 1];
        for (name, bomb) in
            [("gzip", gzip(&zeros)), ("zstd", zstd::encode_all(&zeros[..], 1).expect("memory"))]
        {
            let (plain, anomaly) = Codings::new().remove(&[name], bomb);
            assert_eq!((plain.len(), anomaly), (limits::BODY_BYTES_MAX, Some(Anomaly::DECOMPRESSION_LIMIT)));
        }
    }
}
