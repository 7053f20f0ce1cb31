//! From secrets to keys: the pseudorandom functions of TLS 1.0 to 1.2 (RFC 2246 §5, RFC 5246 §5) and the part of
//! the TLS 1.3 key schedule below the traffic secrets (RFC 8446 §7.3).

use std::fmt;

use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384};

use super::suite::Hash;

/// Key material: it cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hidden<T>(pub T);

impl<T> fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

/// The master secret of TLS 1.0 to 1.2.
pub(super) type Master = Hidden<[u8; 48]>;

/// What keys are derived by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Derivation {
    /// TLS 1.0 and 1.1.
    Md5Sha1,
    /// TLS 1.2.
    Of(Hash),
}

fn mac<M: Mac + hmac::digest::KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <M as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// HMAC over the parts, one after another.
pub(super) fn hmac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    match hash {
        Hash::Md5 => mac::<Hmac<Md5>>(key, parts),
        Hash::Sha1 => mac::<Hmac<Sha1>>(key, parts),
        Hash::Sha256 => mac::<Hmac<Sha256>>(key, parts),
        Hash::Sha384 => mac::<Hmac<Sha384>>(key, parts),
    }
}

/// `P_hash` of RFC 5246 §5.
fn p_hash(hash: Hash, secret: &[u8], seed: &[&[u8]], len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len + hash.len());
    let mut a = hmac(hash, secret, seed);
    while out.len() < len {
        let parts: Vec<&[u8]> = std::iter::once(a.as_slice()).chain(seed.iter().copied()).collect();
        out.extend(hmac(hash, secret, &parts));
        a = hmac(hash, secret, &[&a]);
    }
    out.truncate(len);
    out
}

/// The pseudorandom function; `seed` starts with the label.
fn prf(derivation: Derivation, secret: &[u8], seed: &[&[u8]], len: usize) -> Vec<u8> {
    match derivation {
        Derivation::Of(hash) => p_hash(hash, secret, seed, len),
        Derivation::Md5Sha1 => {
            // The halves share the middle byte of an odd length.
            let half = secret.len().div_ceil(2);
            let md5 = p_hash(Hash::Md5, &secret[..half], seed, len);
            let sha1 = p_hash(Hash::Sha1, &secret[secret.len() - half..], seed, len);
            md5.iter().zip(&sha1).map(|(a, b)| a ^ b).collect()
        }
    }
}

/// The master secret of a premaster secret; `seed`: both randoms.
pub(super) fn master(derivation: Derivation, premaster: &[u8], seed: &[&[u8]; 2]) -> Master {
    to_master(prf(derivation, premaster, &[b"master secret", seed[0], seed[1]], 48))
}

/// The same, bound to the handshake (RFC 7627 §4); `transcript`: its messages up to the ClientKeyExchange.
pub(super) fn extended_master(derivation: Derivation, premaster: &[u8], transcript: &[u8]) -> Master {
    let hash = match derivation {
        Derivation::Of(Hash::Sha384) => Sha384::digest(transcript).to_vec(),
        Derivation::Of(_) => Sha256::digest(transcript).to_vec(),
        Derivation::Md5Sha1 => [&Md5::digest(transcript)[..], &Sha1::digest(transcript)[..]].concat(),
    };
    to_master(prf(derivation, premaster, &[b"extended master secret", &hash], 48))
}

fn to_master(bytes: Vec<u8>) -> Master {
    let mut master = [0; 48];
    master.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    Hidden(master)
}

/// The block that keys are cut from (RFC 5246 §6.3).
pub(super) fn key_block(
    derivation: Derivation,
    master: &Master,
    server_random: &[u8],
    client_random: &[u8],
    len: usize,
) -> Hidden<Vec<u8>> {
    Hidden(prf(derivation, &master.0, &[b"key expansion", server_random, client_random], len))
}

/// HKDF-Expand-Label without context (RFC 8446 §7.1).
pub(super) fn expand_label(hash: Hash, secret: &[u8], label: &str, len: usize) -> Vec<u8> {
    let mut info = (len as u16).to_be_bytes().to_vec();
    info.push((6 + label.len()) as u8);
    info.extend(b"tls13 ");
    info.extend(label.as_bytes());
    info.push(0);
    let mut out: Vec<u8> = Vec::with_capacity(len + hash.len());
    let mut block: Vec<u8> = Vec::new();
    let mut count = 1_u8;
    while out.len() < len {
        block = hmac(hash, secret, &[&block, &info, &[count]]);
        out.extend(&block);
        count = count.wrapping_add(1);
    }
    out.truncate(len);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| {
                u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal")
            })
            .collect()
    }

    #[track_caller]
    fn check(secret: &str, label: &str, expect: &str) {
        let expect = bytes(expect);
        assert_eq!(expand_label(Hash::Sha256, &bytes(secret), label, expect.len()), expect, "{label}");
    }

    /// The simple 1-RTT handshake of RFC 8448 §3.
    #[test]
    fn keys_of_the_published_trace() {
        let server = "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38";
        check(server, "key", "3fce516009c21727d0f2e4e86ee403bc");
        check(server, "iv", "5d313eb2671276ee13000b30");
        let application = "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";
        check(application, "key", "9f02283b6c9c07efc26bb9f2ac92e356");
        check(application, "iv", "cf782b88dd83549aadf1e984");
    }

    #[test]
    fn the_function_of_tls12_as_published() {
        let secret = bytes("9bbe436ba940f017b17652849a71db35");
        let seed = bytes("a0ba9f936cda311827a6f796ffd5198c");
        let expect = bytes(
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af
             0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701
             87347b66",
        );
        let found = prf(Derivation::Of(Hash::Sha256), &secret, &[b"test label", &seed], expect.len());
        assert_eq!(found, expect);
    }
}
