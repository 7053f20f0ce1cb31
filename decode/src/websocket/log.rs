//! The messages of one connection so far, within the limits of a call.

use std::borrow::Cow;

use model::{Anomaly, StreamMessage, limits};

use crate::http1::note;

/// Cost of a message on top of its bytes.
const MESSAGE_OVERHEAD: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Log {
    pub messages: Vec<StreamMessage>,
    pub anomalies: Vec<Anomaly>,
    bytes: usize,
    /// No further message is taken.
    pub is_full: bool,
}

impl Log {
    /// Bytes of payload that still fit.
    pub(super) fn room(&self) -> usize {
        limits::STREAM_MESSAGE_BYTES_MAX.saturating_sub(self.bytes)
    }

    pub(super) fn note(&mut self, anomaly: Anomaly) {
        note(&mut self.anomalies, anomaly);
    }

    /// Takes a message, as much of it as fits.
    pub(super) fn push(&mut self, from_client: bool, kind: &'static str, mut body: Vec<u8>) {
        if self.is_full {
            return;
        }
        let is_too_long = body.len() > self.room();
        if is_too_long || self.messages.len() >= limits::STREAM_MESSAGES_MAX {
            self.is_full = true;
            self.note(Anomaly::MESSAGES_TRUNCATED);
            if !is_too_long {
                return;
            }
            body.truncate(self.room());
        }
        self.bytes += body.len();
        self.messages.push(StreamMessage { from_client, kind: Cow::Borrowed(kind), body });
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        self.bytes + self.messages.len() * MESSAGE_OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sizes: &[usize], expect: &[usize], is_full: bool) {
        let mut log = Log::default();
        sizes.iter().for_each(|size| log.push(true, "text", vec![0; *size]));
        let kept: Vec<usize> = log.messages.iter().map(|message| message.body.len()).collect();
        assert_eq!((kept.as_slice(), log.is_full), (expect, is_full));
        assert_eq!(log.anomalies.contains(&Anomaly::MESSAGES_TRUNCATED), is_full);
    }

    #[test]
    fn the_caps() {
        let most = limits::STREAM_MESSAGE_BYTES_MAX;
        check(&[most], &[most], false);
        check(&[most - 1, 2, 1], &[most - 1, 1], true);
        check(&vec![0; limits::STREAM_MESSAGES_MAX + 1], &vec![0; limits::STREAM_MESSAGES_MAX], true);
    }
}
