//! Tokens and keys: JSON Web Tokens (RFC 7519), Bitcoin addresses, and how random a string looks.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Bytes of a token header that are decoded.
const HEADER_BYTES_MAX: usize = 4_096;

/// Three base64url parts, the first a JSON object with `alg` (RFC 7515 §4.1.1). The signature may be empty.
pub(crate) fn is_jwt(token: &str) -> bool {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let decoded = |part: &str| {
        (part.len() <= HEADER_BYTES_MAX)
            .then(|| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok())
            .flatten()
    };
    decoded(header).is_some_and(|json| {
        let text = String::from_utf8_lossy(&json);
        text.trim_start().starts_with('{') && text.contains("\"alg\"")
    }) && !claims.is_empty()
}

pub(super) fn jwt(raw: &str, _: &[u8]) -> bool {
    is_jwt(raw)
}

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Bitcoin address: Base58Check (P2PKH, P2SH) or bech32/bech32m (BIP 173, BIP 350).
pub(super) fn btc_address(raw: &str, _: &[u8]) -> bool {
    if raw.starts_with("bc1") { bech32(raw) } else { base58_check(raw.as_bytes()) }
}

fn base58_check(text: &[u8]) -> bool {
    if !(26..=35).contains(&text.len()) {
        return false;
    }
    // 25 bytes, big-endian: version, 20 bytes of hash, 4 of checksum.
    let mut bytes = [0_u8; 25];
    for byte in text {
        let Some(mut carry) = BASE58.iter().position(|c| c == byte) else { return false };
        for slot in bytes.iter_mut().rev() {
            carry += usize::from(*slot) * 58;
            *slot = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let digest = Sha256::digest(Sha256::digest(&bytes[..21]));
    matches!(bytes[0], 0 | 5) && digest[..4] == bytes[21..]
}

fn bech32(text: &str) -> bool {
    const ALPHABET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut check: u32 = 1;
    let mut feed = |value: u32| {
        let top = check >> 25;
        check = (check & 0x01ff_ffff) << 5 ^ value;
        for (at, term) in GENERATOR.iter().enumerate() {
            if top >> at & 1 == 1 {
                check ^= term;
            }
        }
    };
    // The human-readable part `bc`, expanded: high bits, zero, low bits.
    for value in [3, 3, 0, 2, 3] {
        feed(value);
    }
    for byte in text.bytes().skip(3) {
        let Some(value) = ALPHABET.iter().position(|c| *c == byte) else { return false };
        feed(value as u32);
    }
    (14..=90).contains(&text.len()) && matches!(check, 1 | 0x2bc8_30a3)
}

/// Upper case, lower case and digits together: keys are drawn so, words are not.
pub(super) fn mixed_case(raw: &str, _: &[u8]) -> bool {
    let has = |test: fn(&u8) -> bool| raw.as_bytes().iter().any(test);
    has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit)
}

/// Shannon entropy of the bytes of a text, in bits per byte.
pub(crate) fn entropy_bits(text: &str) -> f32 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let len = text.len().max(1) as f32;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = *count as f32 / len;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::check as run;
    use super::*;

    #[track_caller]
    fn check(name: &str, raw: &str, expect: bool) {
        assert_eq!(run(name, raw), expect, "{name} {raw}");
    }

    #[test]
    fn tokens_and_addresses() {
        check("jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", true);
        check("jwt", "eyJmb28iOiJub25lIn0.eyJzdWIiOiIxIn0.abc", false);
        check("jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0", false);
        check("btc-address", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", true);
        check("btc-address", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", false);
        check("btc-address", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", true);
        check("btc-address", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", false);
        check("mixed-case", "aB3", true);
        check("mixed-case", "ab3", false);
    }

    #[test]
    fn random_strings_have_more_entropy_than_words() {
        assert!(entropy_bits("7zSSbIEQjp9n5h5rUIV3OSaKpBAwKBTj") > 4.0);
        assert!(entropy_bits("aaaaaaaaaaaaaaaa") < 0.1);
        assert!(entropy_bits("") == 0.0);
    }
}
