//! permessage-deflate (RFC 7692): what the handshake agreed on, and the decompression of messages.
//! Window bits need no attention: a window of 32 KiB reads what was made with a smaller one.

use flate2::{Decompress, FlushDecompress, Status};
use model::{Anomaly, Headers};

/// What the sender took off the end of each message (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// First growth of the output, bytes.
const GROW_MIN: usize = 1 << 10;
/// Memory of a decompressor, bytes, about.
const STATE_BYTES: usize = 48 << 10;

/// Decompresses the messages of one direction.
#[derive(Debug)]
pub(super) struct Inflater {
    inflate: Option<Box<Decompress>>,
    /// A message refers to the ones before it.
    keeps_context: bool,
    /// A message that later ones may refer to was not seen whole.
    lost: bool,
}

/// What the response of the handshake agreed on, for messages of client and server; `None`: no compression.
pub(super) fn agreed(response: &Headers) -> Option<[Inflater; 2]> {
    let offers = response.get_all("sec-websocket-extensions").flat_map(|value| value.split(','));
    for offer in offers {
        let mut parts = offer.split(';').map(|part| part.split('=').next().unwrap_or_default().trim());
        if !parts.next().is_some_and(|name| name.eq_ignore_ascii_case("permessage-deflate")) {
            continue;
        }
        let mut keeps = [true; 2];
        for part in parts {
            keeps[0] &= !part.eq_ignore_ascii_case("client_no_context_takeover");
            keeps[1] &= !part.eq_ignore_ascii_case("server_no_context_takeover");
        }
        return Some(keeps.map(|keeps_context| Inflater { inflate: None, keeps_context, lost: false }));
    }
    None
}

impl Inflater {
    /// A compressed message was not seen whole.
    pub(super) fn lose(&mut self) {
        self.lost |= self.keeps_context;
        self.inflate = None;
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.inflate.as_ref().map_or(0, |_| STATE_BYTES)
    }

    /// Decompresses a message into at most `room` bytes; what cannot be read stays as it is.
    pub(super) fn message(&mut self, payload: Vec<u8>, room: usize) -> (Vec<u8>, Option<Anomaly>) {
        if self.lost {
            return (payload, Some(Anomaly::BAD_ENCODING));
        }
        let inflate = self.inflate.get_or_insert_with(|| Box::new(Decompress::new(false)));
        let mut plain = Vec::new();
        let mut anomaly = None;
        for input in [&payload[..], &TAIL[..]] {
            anomaly = run(inflate, input, &mut plain, room);
            if anomaly.is_some() {
                break;
            }
        }
        if anomaly.is_some() {
            self.lose();
            return (if plain.is_empty() { payload } else { plain }, anomaly);
        }
        if !self.keeps_context {
            inflate.reset(false);
        }
        (plain, None)
    }
}

fn run(inflate: &mut Decompress, mut input: &[u8], plain: &mut Vec<u8>, room: usize) -> Option<Anomaly> {
    loop {
        if plain.len() == plain.capacity() {
            // One byte more than fits tells a full message from one that is too long.
            if plain.len() > room {
                plain.truncate(room);
                return Some(Anomaly::DECOMPRESSION_LIMIT);
            }
            let more = plain.capacity().max(input.len().saturating_mul(3)).max(GROW_MIN);
            plain.reserve_exact(more.min(room + 1 - plain.len()));
        }
        let (consumed, produced) = (inflate.total_in(), plain.len());
        let status = inflate.decompress_vec(input, plain, FlushDecompress::Sync);
        let used = (inflate.total_in() - consumed) as usize;
        input = input.get(used..).unwrap_or_default();
        match status {
            Ok(Status::StreamEnd) => {
                // A last block (RFC 7692 §7.2.3.5); what follows starts anew.
                inflate.reset(false);
                if input.is_empty() {
                    return None;
                }
            }
            Ok(_) if plain.len() == plain.capacity() => {}
            Ok(_) if input.is_empty() => return None,
            Ok(_) if used > 0 || plain.len() > produced => {}
            _ => return Some(Anomaly::BAD_ENCODING),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};

    fn inflater(value: &str) -> Inflater {
        let headers: Headers = [("Sec-WebSocket-Extensions", value)].into_iter().collect();
        let [_, server] = agreed(&headers).expect("compression");
        server
    }

    fn packed(deflate: &mut Compress, text: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(text.len() + 100);
        deflate.compress_vec(text, &mut data, FlushCompress::Sync).expect("memory");
        assert!(data.ends_with(&TAIL));
        data.truncate(data.len() - TAIL.len());
        data
    }

    #[track_caller]
    fn check(inflater: &mut Inflater, payload: &[u8], room: usize, expect: &[u8], anomaly: Option<Anomaly>) {
        assert_eq!(inflater.message(payload.to_vec(), room), (expect.to_vec(), anomaly));
    }

    #[test]
    fn the_examples_of_the_standard() {
        // RFC 7692 §7.2.3.2: the second message refers to the first.
        let mut with = inflater("permessage-deflate; server_max_window_bits=10");
        check(&mut with, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 99, b"Hello", None);
        check(&mut with, &[0xf2, 0x00, 0x11, 0x00, 0x00], 99, b"Hello", None);
        let mut without = inflater("permessage-deflate; server_no_context_takeover");
        let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        check(&mut without, &first, 99, b"Hello", None);
        check(&mut without, &first, 99, b"Hello", None);
        // §7.2.3.3 and §7.2.3.4: a stored block; a block with the final bit.
        let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
        check(&mut without, &stored, 99, b"Hello", None);
        check(&mut without, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], 99, b"Hello", None);
        assert!(agreed(&Headers::new()).is_none());
    }

    #[test]
    fn caps_and_lost_context() {
        let mut deflate = Compress::new(Compression::fast(), false);
        let zeros = packed(&mut deflate, &[b'0'; 100_000]);
        let next = packed(&mut deflate, b"next");
        let mut exact = inflater("permessage-deflate");
        check(&mut exact, &zeros, 100_000, &[b'0'; 100_000], None);
        check(&mut exact, &next, 4, b"next", None);
        let mut small = inflater("permessage-deflate");
        check(&mut small, &zeros, 99_999, &[b'0'; 99_999], Some(Anomaly::DECOMPRESSION_LIMIT));
        check(&mut small, &next, 100, &next, Some(Anomaly::BAD_ENCODING));
        let mut bad = inflater("x, PERMESSAGE-deflate;server_no_context_takeover");
        check(&mut bad, b"\xff\xff", 100, b"\xff\xff", Some(Anomaly::BAD_ENCODING));
        check(&mut bad, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 99, b"Hello", None);
    }
}
