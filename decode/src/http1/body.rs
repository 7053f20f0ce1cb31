//! A body while it arrives: the first bytes are kept, all are counted.

use model::limits;

#[derive(Debug, Default)]
pub(crate) struct Body {
    bytes: Vec<u8>,
    size: u64,
    /// Bytes are missing before the end of what arrived.
    pub(crate) has_gap: bool,
    /// More arrived than is kept.
    pub(crate) truncated: bool,
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
        if self.has_gap || self.truncated {
            return;
        }
        let room = limits::BODY_BYTES_MAX - self.bytes.len();
        self.truncated = data.len() > room;
        self.bytes.extend_from_slice(&data[..data.len().min(room)]);
    }

    /// Counts bytes that were sent but not seen.
    pub(crate) fn gap(&mut self, len: u64) {
        self.size += len;
        self.has_gap = true;
    }

    /// Bytes are missing behind the first `kept` ones.
    pub(crate) fn cut_back(&mut self, kept: usize) {
        self.bytes.truncate(kept);
        self.has_gap = true;
    }

    /// Bytes kept.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The kept bytes.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
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

    #[test]
    fn the_cap_is_exact_and_everything_is_counted() {
        let mut body = Body::new();
        let block = vec![7; 3 << 20];
        (0..4).for_each(|_| body.push(&block));
        assert!(body.truncated && !body.has_gap);
        assert_eq!((body.bytes().len(), body.size()), (limits::BODY_BYTES_MAX, 12 << 20));
    }
}
