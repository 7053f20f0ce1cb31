//! Writes TLS 1.2 (RFC 5246) with one AEAD suite and secrets that are known, so that tests can put anything inside.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fmt::Write as _;

use aes_gcm::aead::{AeadInPlace as _, KeyInit as _};
use aes_gcm::{Aes128Gcm, Nonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256.
const SUITE: [u8; 2] = [0xc0, 0x2f];

/// One connection.
#[derive(Debug)]
pub struct Tls {
    number: u8,
    keys: [[u8; 16]; 2],
    ivs: [[u8; 4]; 2],
    counts: [u64; 2],
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(key).expect("keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &(payload.len() as u16).to_be_bytes(), payload].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    record(22, &[&[kind][..], &(body.len() as u32).to_be_bytes()[1..], body].concat())
}

impl Tls {
    /// `number` makes its secrets and randoms.
    pub fn new(number: u8) -> Self {
        let (client, server) = ([number; 32], [!number; 32]);
        let seed = [&b"key expansion"[..], &server, &client].concat();
        let (mut a, mut block) = (mac(&[number; 48], &[&seed]), Vec::new());
        while block.len() < 40 {
            block.extend(mac(&[number; 48], &[&a, &seed]));
            a = mac(&[number; 48], &[&a]);
        }
        let key = |at: usize| block[at..at + 16].try_into().expect("sixteen bytes");
        let iv = |at: usize| block[at..at + 4].try_into().expect("four bytes");
        Self { number, keys: [key(0), key(16)], ivs: [iv(32), iv(36)], counts: [0; 2] }
    }

    /// The line of the key log.
    pub fn key_log(&self) -> String {
        let mut line = "CLIENT_RANDOM ".to_owned();
        (0..32).for_each(|_| write!(line, "{:02x}", self.number).expect("a String takes everything"));
        line.push(' ');
        (0..48).for_each(|_| write!(line, "{:02x}", self.number).expect("a String takes everything"));
        line + "\n"
    }

    /// The handshake, by who says it.
    pub fn handshake(&mut self) -> Vec<(bool, Vec<u8>)> {
        let hello = [&[3, 3][..], &[self.number; 32], &[0, 0, 2], &SUITE, &[1, 0]].concat();
        let answer = [&[3, 3][..], &[!self.number; 32], &[0], &SUITE, &[0]].concat();
        let finished = |tls: &mut Self, from_client| {
            let sealed = tls.seal(from_client, 22, &[20, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            [record(20, &[1]), sealed].concat()
        };
        vec![
            (true, message(1, &hello)),
            (false, [message(2, &answer), message(14, &[])].concat()),
            (true, [message(16, &[0]), finished(self, true)].concat()),
            (false, finished(self, false)),
        ]
    }

    /// Application data, as records.
    pub fn data(&mut self, from_client: bool, plain: &[u8]) -> Vec<u8> {
        plain.chunks(16_384).flat_map(|part| self.seal(from_client, 23, part)).collect()
    }

    fn seal(&mut self, from_client: bool, kind: u8, plain: &[u8]) -> Vec<u8> {
        let side = usize::from(!from_client);
        let count = self.counts[side].to_be_bytes();
        self.counts[side] += 1;
        let aad = [&count[..], &[kind, 3, 3], &(plain.len() as u16).to_be_bytes()].concat();
        let nonce = [&self.ivs[side][..], &count].concat();
        let mut sealed = plain.to_vec();
        let cipher = Aes128Gcm::new_from_slice(&self.keys[side]).expect("a key of its length");
        cipher.encrypt_in_place(Nonce::from_slice(&nonce), &aad, &mut sealed).expect("it fits");
        record(kind, &[&count[..], &sealed].concat())
    }
}
