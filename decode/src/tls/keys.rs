//! The secrets that are known: lines of key logs, RSA keys, and master secrets of sessions that may be resumed.
//! Nothing of them can be printed. The newest are kept when there are too many.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use model::limits;
use rsa::RsaPrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;

use super::hello::Random;
use super::key_log::{Entry, Lines};
use super::schedule::{Hidden, Master};

/// The secrets of one connection by TLS 1.3.
#[derive(Debug, Clone, Default)]
pub(super) struct Traffic {
    /// By direction (client, server) and stage (early data, handshake, application data).
    pub secrets: [[Option<Hidden<Vec<u8>>>; 3]; 2],
}

/// The text is no unencrypted RSA key in PEM form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnRsaKey;

/// A map of bounded size; the oldest entry goes first.
#[derive(Debug, Clone)]
struct Recent<K, V> {
    map: BTreeMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Ord + Clone, V> Recent<K, V> {
    const fn new() -> Self {
        Self { map: BTreeMap::new(), order: VecDeque::new() }
    }

    /// Makes room for the key; true when another one had to go.
    fn admit(&mut self, key: &K, max: usize) -> bool {
        if self.map.contains_key(key) {
            return false;
        }
        self.order.push_back(key.clone());
        let full = self.order.len() > max;
        if full && let Some(oldest) = self.order.pop_front() {
            self.map.remove(&oldest);
        }
        full
    }
}

/// The secrets known so far, by what they belong to.
///
/// ```
/// let mut keys = decode::Keys::default();
/// assert_eq!(keys.add_key_log(b"# a comment\nnot a secret\n"), 0);
/// ```
#[derive(Debug, Clone)]
pub struct Keys {
    lines: Lines,
    masters: Recent<Random, Master>,
    traffic: Recent<Random, Traffic>,
    premasters: Recent<[u8; 8], Hidden<Vec<u8>>>,
    sessions: Recent<Vec<u8>, Master>,
    rsa: Vec<Arc<Hidden<RsaPrivateKey>>>,
    /// Grows when something was added.
    generation: u64,
    /// Secrets that made room for newer ones.
    pub(crate) dropped: u64,
    /// Bytes of records that wait for their keys, of all connections.
    pub(super) held: usize,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            lines: Lines::default(),
            masters: Recent::new(),
            traffic: Recent::new(),
            premasters: Recent::new(),
            sessions: Recent::new(),
            rsa: Vec::new(),
            generation: 0,
            dropped: 0,
            held: 0,
        }
    }
}

impl Keys {
    /// Adds lines of a key log (the format of `SSLKEYLOGFILE`); a line may be continued by the next call. Returns
    /// how many secrets were read; other lines are left out.
    pub fn add_key_log(&mut self, text: &[u8]) -> usize {
        let mut lines = std::mem::take(&mut self.lines);
        let mut count = 0;
        lines.feed(text, |entry| {
            count += 1;
            self.add(entry);
        });
        self.lines = lines;
        count
    }

    fn add(&mut self, entry: Entry) {
        self.generation += 1;
        let full = match entry {
            Entry::Master { client_random, master } => {
                let full = self.masters.admit(&client_random, limits::TLS_SECRETS_MAX);
                self.masters.map.insert(client_random, master);
                full
            }
            Entry::Premaster { encrypted, premaster } => {
                let full = self.premasters.admit(&encrypted, limits::TLS_SECRETS_MAX);
                self.premasters.map.insert(encrypted, premaster);
                full
            }
            Entry::Traffic { client_random, side, stage, secret } => {
                let full = self.traffic.admit(&client_random, limits::TLS_SECRETS_MAX);
                let known = self.traffic.map.entry(client_random).or_default();
                known.secrets[side][stage] = Some(secret);
                full
            }
        };
        self.dropped += u64::from(full);
    }

    /// Adds the private key of a server, for suites in which the client encrypts its secret to that key: PKCS #1 or
    /// PKCS #8, PEM, not encrypted.
    ///
    /// # Errors
    /// The text is no such key, or [`limits::RSA_KEYS_MAX`] are known already.
    pub fn add_rsa_key(&mut self, pem: &str) -> Result<(), NotAnRsaKey> {
        let key = RsaPrivateKey::from_pkcs8_pem(pem)
            .or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem).map_err(|_| NotAnRsaKey))
            .map_err(|_| NotAnRsaKey)?;
        if self.rsa.len() >= limits::RSA_KEYS_MAX {
            return Err(NotAnRsaKey);
        }
        self.rsa.push(Arc::new(Hidden(key)));
        self.generation += 1;
        Ok(())
    }

    /// True when private keys or premaster secrets (`RSA` lines) are known: a session that is resumed can then be
    /// read only by who has read the connection that made it.
    #[must_use]
    pub fn need_whole_capture(&self) -> bool {
        !self.rsa.is_empty() || !self.premasters.map.is_empty()
    }

    /// True when nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.generation == 0
    }

    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn master(&self, client_random: &Random) -> Option<&Master> {
        self.masters.map.get(client_random)
    }

    pub(super) fn traffic(&self, client_random: &Random) -> Option<&Traffic> {
        self.traffic.map.get(client_random)
    }

    /// The premaster secret of an encrypted one. `certificate`: bytes that hold the public key, when seen.
    pub(super) fn premaster(&self, encrypted: &[u8], certificate: Option<&[u8]>) -> Option<Hidden<Vec<u8>>> {
        if let Some(known) = encrypted.first_chunk().and_then(|start| self.premasters.map.get(start)) {
            return Some(known.clone());
        }
        let fits = |key: &&Arc<Hidden<RsaPrivateKey>>| {
            let modulus = key.0.n().to_bytes_be();
            modulus.len() == encrypted.len()
                && certificate.is_none_or(|bytes| memchr::memmem::find(bytes, &modulus).is_some())
        };
        self.rsa.iter().filter(fits).find_map(|key| {
            let premaster = key.0.decrypt(rsa::Pkcs1v15Encrypt, encrypted).ok()?;
            (premaster.len() == 48).then_some(Hidden(premaster))
        })
    }

    /// Remembers a session that may be resumed under this id or ticket.
    pub(super) fn remember(&mut self, session: &[u8], master: &Master) {
        if session.is_empty() {
            return;
        }
        let session = session_key(session);
        self.sessions.admit(&session, limits::TLS_SESSIONS_MAX);
        self.sessions.map.insert(session, master.clone());
    }

    pub(super) fn session(&self, session: &[u8]) -> Option<&Master> {
        self.sessions.map.get(&session_key(session))
    }
}

/// Tickets are long: their hash is kept.
fn session_key(session: &[u8]) -> Vec<u8> {
    if session.len() <= 32 { session.to_vec() } else { blake3::hash(session).as_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_secret_goes_first() {
        let mut recent: Recent<u8, u8> = Recent::new();
        for key in [1, 2, 1, 3] {
            recent.admit(&key, 2);
            recent.map.insert(key, key);
        }
        assert_eq!(recent.map.keys().copied().collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn secrets_are_not_printed() {
        let mut keys = Keys::default();
        let line = format!("CLIENT_RANDOM {} {}\n", "ab".repeat(32), "cd".repeat(48));
        assert_eq!(keys.add_key_log(line.as_bytes()), 1);
        let text = format!("{keys:?}");
        assert!(text.contains("hidden") && !text.contains("205"), "{text}");
        assert_eq!(keys.add_rsa_key("-----BEGIN NOTHING-----"), Err(NotAnRsaKey));
    }
}
