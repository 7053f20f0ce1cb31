//! How the records of one direction are protected at the moment, and which of the keys opens the next one. A record
//! that does not open under the current key is tried under the next ones: handshake messages that were lost or that
//! nobody has the key of then cost nothing but themselves.

use model::limits;

use super::cipher::{Header, Opener, updated};
use super::keys::Traffic;
use super::schedule::Hidden;
use super::suite::Suite;

/// Index of the stage of application data; early data and the handshake are before.
const APPLICATION: usize = 2;
pub(super) const EARLY: usize = 0;
pub(super) const HANDSHAKE: usize = 1;

#[derive(Debug, Default)]
pub(super) enum Protection {
    /// In clear.
    #[default]
    None,
    /// Protected by TLS 1.0 to 1.2 with keys that are not known.
    Unknown,
    Legacy(Box<Keyed>),
    Tls13(Box<Stages>),
    /// Nothing of this direction will be read.
    Closed,
}

/// A key and how many records it has opened.
#[derive(Debug)]
pub(super) struct Keyed {
    opener: Opener,
    seq: u64,
}

/// The stages of one direction of TLS 1.3, each as its secret becomes known.
#[derive(Debug)]
pub(super) struct Stages {
    suite: Suite,
    stages: [Option<(Hidden<Vec<u8>>, Keyed)>; 3],
    current: usize,
}

/// A record that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    pub kind: u8,
    /// Records of the same key that were lost before it; `None` when that cannot be told.
    pub skipped: Option<u64>,
    /// Bytes that protection added to each of those.
    pub overhead: Option<u64>,
}

/// How many records at most may be in a gap of this many bytes.
fn window(lost: u64) -> u64 {
    // A header and the shortest tag.
    if lost == 0 { 0 } else { (lost / 13 + 1).min(limits::TLS_RESYNC_RECORDS_MAX) }
}

impl Keyed {
    pub(super) fn new(opener: Opener) -> Self {
        Self { opener, seq: 0 }
    }

    fn open(&mut self, header: Header, payload: &[u8], lost: u64, plain: &mut Vec<u8>) -> Option<Opened> {
        for skipped in 0..=window(lost) {
            if let Some(kind) = self.opener.open(self.seq + skipped, header, payload, plain) {
                self.seq += skipped + 1;
                return Some(Opened { kind, skipped: Some(skipped), overhead: self.opener.overhead() });
            }
        }
        None
    }
}

impl Stages {
    pub(super) fn new(suite: Suite) -> Self {
        Self { suite, stages: [None, None, None], current: HANDSHAKE }
    }

    /// Takes over secrets that are known now. Early data only when the client offered it.
    pub(super) fn learn(&mut self, traffic: &Traffic, side: usize, early: bool) {
        for (index, secret) in traffic.secrets[side].iter().enumerate() {
            if self.stages[index].is_some() || (index == EARLY && !early) {
                continue;
            }
            let Some(secret) = secret.as_ref().filter(|secret| secret.0.len() == self.suite.hash.len())
            else {
                continue;
            };
            self.stages[index] = self.stage(secret.clone());
            if index == EARLY && self.stages[index].is_some() && self.current == HANDSHAKE {
                self.current = EARLY;
            }
        }
    }

    fn stage(&self, secret: Hidden<Vec<u8>>) -> Option<(Hidden<Vec<u8>>, Keyed)> {
        let opener = Opener::tls13(self.suite, &secret.0)?;
        Some((secret, Keyed::new(opener)))
    }

    /// The server took no early data.
    pub(super) fn refuse_early(&mut self) {
        self.stages[EARLY] = None;
        self.current = self.current.max(HANDSHAKE);
    }

    pub(super) const fn has(&self, stage: usize) -> bool {
        self.stages[stage].is_some()
    }

    pub(super) const fn is_application(&self) -> bool {
        self.current == APPLICATION
    }

    /// True when a key that is not known yet may open what none of the known ones opens.
    pub(super) const fn may_learn(&self) -> bool {
        self.stages[APPLICATION].is_none()
    }

    fn open(&mut self, header: Header, payload: &[u8], lost: u64, plain: &mut Vec<u8>) -> Option<Opened> {
        for index in self.current..self.stages.len() {
            let Some((_, keyed)) = &mut self.stages[index] else { continue };
            if let Some(mut opened) = keyed.open(header, payload, lost, plain) {
                if index != self.current {
                    opened.skipped = opened.skipped.filter(|_| lost == 0);
                    self.current = index;
                }
                return Some(opened);
            }
        }
        // KeyUpdate (RFC 8446 §4.6.3): the key that follows.
        let (secret, keyed) = self.stages[APPLICATION].as_ref().filter(|_| self.current == APPLICATION)?;
        if keyed.seq == 0 {
            return None;
        }
        let (secret, mut keyed) = self.stage(Hidden(updated(self.suite.hash, &secret.0)))?;
        let mut opened = keyed.open(header, payload, lost, plain)?;
        opened.skipped = opened.skipped.filter(|_| lost == 0);
        self.stages[APPLICATION] = Some((secret, keyed));
        Some(opened)
    }
}

impl Protection {
    /// Opens a record before which `lost` bytes are missing. `None` when no key does.
    pub(super) fn open(
        &mut self,
        header: Header,
        payload: &[u8],
        lost: u64,
        plain: &mut Vec<u8>,
    ) -> Option<Opened> {
        match self {
            Self::Legacy(keyed) => {
                let opened = keyed.open(header, payload, lost, plain);
                if opened.is_none() {
                    keyed.opener.pass(payload);
                }
                opened
            }
            Self::Tls13(stages) => stages.open(header, payload, lost, plain),
            Self::None | Self::Unknown | Self::Closed => None,
        }
    }
}
