//! A body while it arrives: its first bytes are kept, and its last ones where it is too long; all are counted.

use model::limits;

/// Bytes kept from the start.
const HEAD_BYTES_MAX: usize = limits::BODY_BYTES_MAX - limits::BODY_TAIL_BYTES_MAX;

#[derive(Debug, Default)]
pub(crate) struct Body {
    bytes: Vec<u8>,
    size: u64,
    rare: Option<Box<Rare>>,
    /// Bytes are missing before the end of what arrived.
    pub(crate) has_gap: bool,
    /// More arrived than is kept.
    pub(crate) truncated: bool,
}

/// What few bodies have, apart to keep the others small.
#[derive(Debug, Default)]
struct Rare {
    /// What came after the head of a long body; at most twice the tail that is kept.
    tail: Vec<u8>,
    /// Trailer section as it was sent (RFC 9112 §7.1.2).
    trailer: Vec<u8>,
}

/// Largest allocation made on the word of a `Content-Length`.
const RESERVE_MAX: usize = 256 << 10;

impl Body {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Makes room for an announced length.
    pub(crate) fn reserve(&mut self, len: u64) {
        self.bytes.reserve_exact(len.min(RESERVE_MAX as u64) as usize);
    }

    /// Appends bytes of content. What comes after a gap is counted, not kept: half a document with a hole
    /// reads like another document.
    pub(crate) fn push(&mut self, data: &[u8]) {
        self.size += data.len() as u64;
        if self.has_gap {
            return;
        }
        let room = limits::BODY_BYTES_MAX - self.bytes.len();
        if !self.truncated && data.len() <= room {
            self.bytes.extend_from_slice(data);
            return;
        }
        self.push_tail(data);
    }

    /// Keeps the last bytes of a body that is too long.
    fn push_tail(&mut self, mut data: &[u8]) {
        if !self.truncated {
            self.truncated = true;
            if let Some(room) = HEAD_BYTES_MAX.checked_sub(self.bytes.len()) {
                let (head, rest) = data.split_at(room.min(data.len()));
                self.bytes.extend_from_slice(head);
                data = rest;
            } else {
                self.rare.get_or_insert_default().tail = self.bytes.split_off(HEAD_BYTES_MAX);
            }
        }
        let keep = limits::BODY_TAIL_BYTES_MAX;
        let tail = &mut self.rare.get_or_insert_default().tail;
        if data.len() >= keep {
            tail.clear();
            data = &data[data.len() - keep..];
        } else if tail.len() + data.len() > 2 * keep {
            tail.drain(..tail.len() + data.len() - keep);
        }
        tail.extend_from_slice(data);
    }

    /// Takes a byte of the trailer section. The empty line that ends it costs nothing.
    pub(crate) fn push_trailer(&mut self, byte: u8) {
        if self.rare.is_some() || !matches!(byte, b'\r' | b'\n') {
            self.rare.get_or_insert_default().trailer.push(byte);
        }
    }

    /// The trailer section, as it was sent.
    pub(crate) fn take_trailer(&mut self) -> Vec<u8> {
        self.rare.as_mut().map(|rare| std::mem::take(&mut rare.trailer)).unwrap_or_default()
    }

    /// Counts bytes that were sent but not seen.
    pub(crate) fn gap(&mut self, len: u64) {
        self.size += len;
        self.has_gap = true;
    }

    /// Bytes are missing behind the first `kept` ones.
    pub(crate) fn cut_back(&mut self, kept: usize) {
        self.bytes.truncate(kept);
        self.rare = None;
        self.has_gap = true;
    }

    /// The first bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes held.
    pub(crate) fn held(&self) -> usize {
        self.bytes.len() + self.rare.as_ref().map_or(0, |rare| rare.tail.len() + rare.trailer.len())
    }

    /// The kept bytes: of a body that is too long the first and the last. `is_coded`: the last ones mean
    /// nothing without what came before them.
    pub(crate) fn into_bytes(mut self, is_coded: bool) -> Vec<u8> {
        if let Some(rare) = self.rare.filter(|_| !is_coded && !self.has_gap) {
            let surplus = rare.tail.len().saturating_sub(limits::BODY_TAIL_BYTES_MAX);
            self.bytes.extend_from_slice(&rare.tail[surplus..]);
        }
        self.bytes
    }

    /// Bytes of content on the wire.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(step: usize, len: usize) {
        let all: Vec<u8> = (0..len).map(|at| (at / 1_000) as u8).collect();
        let mut body = Body::new();
        all.chunks(step).for_each(|part| body.push(part));
        assert_eq!((body.truncated, body.size()), (len > limits::BODY_BYTES_MAX, len as u64));
        assert!(body.held() <= limits::BODY_BYTES_MAX + limits::BODY_TAIL_BYTES_MAX);
        let kept = body.into_bytes(false);
        if len <= limits::BODY_BYTES_MAX {
            assert!(kept == all, "{len} in steps of {step}");
            return;
        }
        let tail = &all[len - limits::BODY_TAIL_BYTES_MAX..];
        assert_eq!(kept.len(), limits::BODY_BYTES_MAX);
        assert!(kept[..HEAD_BYTES_MAX] == all[..HEAD_BYTES_MAX] && kept.ends_with(tail));
    }

    #[test]
    fn the_caps_are_exact_and_everything_is_counted() {
        for step in [1_460, 200_000, 3 << 20, 64 << 20] {
            check(step, limits::BODY_BYTES_MAX);
            check(step, limits::BODY_BYTES_MAX + 1);
            check(step, limits::BODY_BYTES_MAX + 300_000);
            check(step, 2 * limits::BODY_BYTES_MAX + 77);
        }
    }

    #[test]
    fn the_tail_of_a_coded_body_is_left_out() {
        let mut body = Body::new();
        body.push(&vec![7; limits::BODY_BYTES_MAX + 1]);
        assert_eq!(body.into_bytes(true).len(), HEAD_BYTES_MAX);
    }
}
