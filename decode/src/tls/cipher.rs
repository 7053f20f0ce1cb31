//! Opens protected records under one key: AEAD suites of TLS 1.2 and 1.3, and CBC suites. Which record number and
//! which key apply is the business of `protection`.

use std::fmt;

use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use ccm::Ccm;
use ccm::consts::{U8, U12, U16};
use chacha20poly1305::ChaCha20Poly1305;

use super::cbc::Cbc;
use super::schedule::{self, Derivation, Hidden, Master};
use super::suite::{Bulk, Hash, Suite};

/// Content types of records (RFC 8446 §5.1).
pub(super) mod content {
    pub(in super::super) const CHANGE_CIPHER_SPEC: u8 = 20;
    pub(in super::super) const HANDSHAKE: u8 = 22;
    pub(in super::super) const APPLICATION_DATA: u8 = 23;
}

/// What stands before the payload of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: u8,
    pub version: u16,
    pub len: u16,
}

enum Cipher {
    Aes128Gcm(Box<Aes128Gcm>),
    Aes256Gcm(Box<Aes256Gcm>),
    Aes128Ccm(Box<Ccm<aes::Aes128, U16, U12>>),
    Aes256Ccm(Box<Ccm<aes::Aes256, U16, U12>>),
    Aes128Ccm8(Box<Ccm<aes::Aes128, U8, U12>>),
    Aes256Ccm8(Box<Ccm<aes::Aes256, U8, U12>>),
    ChaCha20Poly1305(Box<ChaCha20Poly1305>),
    Cbc(Box<Cbc>),
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

/// How the nonce is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// The number of the record over the IV; the content type is inside (RFC 8446 §5.2).
    Tls13,
    /// Four bytes of the key block, eight of the record (RFC 5288 §3, RFC 6655 §3).
    Explicit,
    /// The number of the record over the IV (RFC 7905 §2).
    Implicit,
}

/// Opens the records of one direction under one key.
#[derive(Debug)]
pub(super) struct Opener {
    cipher: Cipher,
    iv: Hidden<[u8; 12]>,
    style: Style,
}

fn cipher(bulk: Bulk, key: &[u8]) -> Option<Cipher> {
    fn boxed<C: KeyInit>(key: &[u8]) -> Option<Box<C>> {
        C::new_from_slice(key).ok().map(Box::new)
    }
    Some(match bulk {
        Bulk::Aes128Gcm => Cipher::Aes128Gcm(boxed(key)?),
        Bulk::Aes256Gcm => Cipher::Aes256Gcm(boxed(key)?),
        Bulk::Aes128Ccm => Cipher::Aes128Ccm(boxed(key)?),
        Bulk::Aes256Ccm => Cipher::Aes256Ccm(boxed(key)?),
        Bulk::Aes128Ccm8 => Cipher::Aes128Ccm8(boxed(key)?),
        Bulk::Aes256Ccm8 => Cipher::Aes256Ccm8(boxed(key)?),
        Bulk::ChaCha20Poly1305 => Cipher::ChaCha20Poly1305(boxed(key)?),
        Bulk::Aes128Cbc | Bulk::Aes256Cbc => return None,
    })
}

fn iv_of(bytes: &[u8]) -> Hidden<[u8; 12]> {
    let mut iv = [0; 12];
    iv.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Hidden(iv)
}

/// What the hellos of TLS 1.0 to 1.2 agreed on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agreed<'a> {
    pub suite: Suite,
    pub version: u16,
    pub client_random: &'a [u8; 32],
    pub server_random: &'a [u8; 32],
    pub encrypt_then_mac: bool,
}

impl Agreed<'_> {
    pub(super) const fn derivation(&self) -> Derivation {
        if self.version < 0x0303 { Derivation::Md5Sha1 } else { Derivation::Of(self.suite.derivation()) }
    }
}

impl Opener {
    /// The keys of TLS 1.3 below a traffic secret (RFC 8446 §7.3).
    pub(super) fn tls13(suite: Suite, secret: &[u8]) -> Option<Self> {
        let hash = suite.hash;
        let key = Hidden(schedule::expand_label(hash, secret, "key", suite.bulk.key_len()));
        let iv = iv_of(&schedule::expand_label(hash, secret, "iv", 12));
        Some(Self { cipher: cipher(suite.bulk, &key.0)?, iv, style: Style::Tls13 })
    }

    /// The keys of one direction of TLS 1.0 to 1.2 (RFC 5246 §6.3).
    pub(super) fn legacy(agreed: &Agreed<'_>, master: &Master, from_client: bool) -> Option<Self> {
        let bulk = agreed.suite.bulk;
        let (mac_len, key_len) = (if bulk.is_cbc() { agreed.suite.hash.len() } else { 0 }, bulk.key_len());
        let iv_len = match bulk {
            Bulk::ChaCha20Poly1305 => 12,
            _ if bulk.is_cbc() => 16,
            _ => 4,
        };
        let len = 2 * (mac_len + key_len + iv_len);
        let block =
            schedule::key_block(agreed.derivation(), master, agreed.server_random, agreed.client_random, len);
        let own = usize::from(!from_client);
        let part = |before: usize, len: usize| &block.0[before + own * len..before + (own + 1) * len];
        let (mac_key, key, iv) =
            (part(0, mac_len), part(2 * mac_len, key_len), part(2 * (mac_len + key_len), iv_len));
        let cipher = match bulk.is_cbc() {
            true => Cipher::Cbc(Box::new(Cbc {
                bulk,
                hash: agreed.suite.hash,
                key: Hidden(key.to_vec()),
                mac_key: Hidden(mac_key.to_vec()),
                chain: if agreed.version < 0x0302 { iv.try_into().ok() } else { None },
                encrypt_then_mac: agreed.encrypt_then_mac,
            })),
            false => cipher(bulk, key)?,
        };
        let style = if bulk == Bulk::ChaCha20Poly1305 { Style::Implicit } else { Style::Explicit };
        Some(Self { cipher, iv: iv_of(iv), style })
    }

    /// Bytes that protection adds to the content of a record, where that is fixed.
    pub(super) fn overhead(&self) -> Option<u64> {
        let tag = match self.cipher {
            Cipher::Cbc(_) => return None,
            Cipher::Aes128Ccm8(_) | Cipher::Aes256Ccm8(_) => 8,
            _ => 16,
        };
        Some(match self.style {
            Style::Tls13 => tag + 1,
            Style::Explicit => tag + 8,
            Style::Implicit => tag,
        })
    }

    /// A record was passed by without being opened.
    pub(super) fn pass(&mut self, payload: &[u8]) {
        if let Cipher::Cbc(cbc) = &mut self.cipher {
            cbc.pass(payload);
        }
    }

    /// Opens a record as number `seq`; the content goes to `plain`, its type is returned. `None` when it is not
    /// the record of that number under this key.
    pub(super) fn open(
        &mut self,
        seq: u64,
        header: Header,
        payload: &[u8],
        plain: &mut Vec<u8>,
    ) -> Option<u8> {
        if let Cipher::Cbc(cbc) = &mut self.cipher {
            return cbc.open(seq, header, payload, plain).map(|()| header.kind);
        }
        let mut nonce = self.iv.0;
        let mut sealed = payload;
        if self.style == Style::Explicit {
            let (explicit, rest) = payload.split_at_checked(8)?;
            nonce[4..].copy_from_slice(explicit);
            sealed = rest;
        } else {
            nonce[4..].iter_mut().zip(seq.to_be_bytes()).for_each(|(byte, number)| *byte ^= number);
        }
        let [high, low] = header.version.to_be_bytes();
        let mut aad = [0; 13];
        let aad = if self.style == Style::Tls13 {
            let len = header.len.to_be_bytes();
            aad[..5].copy_from_slice(&[header.kind, high, low, len[0], len[1]]);
            &aad[..5]
        } else {
            let tag_len = self.overhead()? - if self.style == Style::Explicit { 8 } else { 0 };
            let len = sealed.len().checked_sub(tag_len as usize)?;
            aad[..8].copy_from_slice(&seq.to_be_bytes());
            aad[8..11].copy_from_slice(&[header.kind, high, low]);
            aad[11..].copy_from_slice(&(len as u16).to_be_bytes());
            &aad[..]
        };
        plain.clear();
        plain.extend_from_slice(sealed);
        self.unseal(&nonce, aad, plain)?;
        if self.style != Style::Tls13 {
            return Some(header.kind);
        }
        // The type is the last byte that is not padding (RFC 8446 §5.4).
        let end = plain.iter().rposition(|byte| *byte != 0)?;
        let kind = plain[end];
        plain.truncate(end);
        Some(kind)
    }

    fn unseal(&self, nonce: &[u8; 12], aad: &[u8], bytes: &mut Vec<u8>) -> Option<()> {
        fn run<C: AeadInPlace<NonceSize = U12>>(
            cipher: &C,
            nonce: &[u8; 12],
            aad: &[u8],
            bytes: &mut Vec<u8>,
        ) -> Option<()> {
            cipher.decrypt_in_place(nonce.into(), aad, bytes).ok()
        }
        match &self.cipher {
            Cipher::Aes128Gcm(cipher) => run(&**cipher, nonce, aad, bytes),
            Cipher::Aes256Gcm(cipher) => run(&**cipher, nonce, aad, bytes),
            Cipher::Aes128Ccm(cipher) => run(&**cipher, nonce, aad, bytes),
            Cipher::Aes256Ccm(cipher) => run(&**cipher, nonce, aad, bytes),
            Cipher::Aes128Ccm8(cipher) => run(&**cipher, nonce, aad, bytes),
            Cipher::Aes256Ccm8(cipher) => run(&**cipher, nonce, aad, bytes),
            Cipher::ChaCha20Poly1305(cipher) => run(&**cipher, nonce, aad, bytes),
            Cipher::Cbc(_) => None,
        }
    }
}

/// The secret after a KeyUpdate (RFC 8446 §7.2).
pub(super) fn updated(hash: Hash, secret: &[u8]) -> Vec<u8> {
    schedule::expand_label(hash, secret, "traffic upd", hash.len())
}
