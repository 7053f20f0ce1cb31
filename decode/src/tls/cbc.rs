//! Records of CBC suites with HMAC: the MAC inside (RFC 5246 §6.2.3.2) or outside the encryption (RFC 7366), an
//! explicit IV or, in TLS 1.0, the last block of the record before.

use aes::cipher::{BlockDecrypt, KeyInit};
use aes::{Aes128, Aes256, Block};

use super::cipher::Header;
use super::schedule::{Hidden, hmac};
use super::suite::{Bulk, Hash};

const BLOCK: usize = 16;

/// Decrypts the records of one direction.
#[derive(Debug)]
pub(super) struct Cbc {
    pub bulk: Bulk,
    pub hash: Hash,
    pub key: Hidden<Vec<u8>>,
    pub mac_key: Hidden<Vec<u8>>,
    /// TLS 1.0: the last block seen.
    pub chain: Option<[u8; BLOCK]>,
    pub encrypt_then_mac: bool,
}

impl Cbc {
    /// Decrypts a record into `plain`; `None` when it is not the record number `seq` under this key.
    pub(super) fn open(
        &mut self,
        seq: u64,
        header: Header,
        payload: &[u8],
        plain: &mut Vec<u8>,
    ) -> Option<()> {
        let mac_len = self.hash.len();
        let sealed = match self.encrypt_then_mac {
            true => {
                let (sealed, mac) = payload.split_at_checked(payload.len().checked_sub(mac_len)?)?;
                self.is_mac(seq, header, sealed, mac).then_some(sealed)?
            }
            false => payload,
        };
        let (iv, blocks) = match self.chain {
            Some(chain) => (chain, sealed),
            None => {
                let (iv, blocks) = sealed.split_at_checked(BLOCK)?;
                (iv.try_into().ok()?, blocks)
            }
        };
        plain.clear();
        plain.extend_from_slice(blocks);
        self.decrypt(&iv, plain)?;
        let padding = usize::from(*plain.last()?) + 1;
        let content = plain.len().checked_sub(padding)?;
        if plain[content..].iter().any(|byte| usize::from(*byte) + 1 != padding) {
            return None;
        }
        plain.truncate(content);
        if !self.encrypt_then_mac {
            let content = plain.len().checked_sub(mac_len)?;
            let mac = plain.split_off(content);
            self.is_mac(seq, header, plain, &mac).then_some(())?;
        }
        self.pass(payload);
        Some(())
    }

    /// A record was passed by: its last block is the IV of the next one in TLS 1.0.
    pub(super) fn pass(&mut self, payload: &[u8]) {
        let mac_len = if self.encrypt_then_mac { self.hash.len() } else { 0 };
        let sealed = payload.get(..payload.len().saturating_sub(mac_len)).unwrap_or_default();
        if let (Some(chain), Some(last)) = (&mut self.chain, sealed.last_chunk()) {
            *chain = *last;
        }
    }

    fn decrypt(&self, iv: &[u8; BLOCK], bytes: &mut [u8]) -> Option<()> {
        match self.bulk.key_len() {
            16 => unchain(&Aes128::new_from_slice(&self.key.0).ok()?, iv, bytes),
            _ => unchain(&Aes256::new_from_slice(&self.key.0).ok()?, iv, bytes),
        }
    }

    fn is_mac(&self, seq: u64, header: Header, content: &[u8], mac: &[u8]) -> bool {
        let [high, low] = header.version.to_be_bytes();
        let len = (content.len() as u16).to_be_bytes();
        let head = [header.kind, high, low, len[0], len[1]];
        hmac(self.hash, &self.mac_key.0, &[&seq.to_be_bytes(), &head, content]) == mac
    }
}

/// Cipher block chaining, undone from the end: the block before is needed as it was sent. `None` when the last
/// block is cut.
fn unchain(
    cipher: &impl BlockDecrypt<BlockSize = aes::cipher::consts::U16>,
    iv: &[u8; BLOCK],
    bytes: &mut [u8],
) -> Option<()> {
    if !bytes.len().is_multiple_of(BLOCK) {
        return None;
    }
    for at in (0..bytes.len()).step_by(BLOCK).rev() {
        let (before, rest) = bytes.split_at_mut(at);
        let (block, _) = rest.split_at_mut(BLOCK);
        cipher.decrypt_block(Block::from_mut_slice(block));
        let previous = before.last_chunk().unwrap_or(iv);
        block.iter_mut().zip(previous).for_each(|(byte, mask)| *byte ^= mask);
    }
    Some(())
}
