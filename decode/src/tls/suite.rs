//! Cipher suites that can be decrypted: which cipher and which hash a number stands for (IANA TLS Cipher Suites).

/// The cipher of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bulk {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    ChaCha20Poly1305,
    Aes128Cbc,
    Aes256Cbc,
}

/// The hash that ends the name of a suite: of the MAC with CBC, else of the key derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    /// Only in the key derivation before TLS 1.2.
    Md5,
    Sha1,
    Sha256,
    Sha384,
}

impl Hash {
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// A suite by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suite {
    pub number: u16,
    /// Key exchange; empty in TLS 1.3.
    exchange: &'static str,
    pub bulk: Bulk,
    pub hash: Hash,
}

impl Bulk {
    pub(super) const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Ccm | Self::Aes128Ccm8 | Self::Aes128Cbc => 16,
            _ => 32,
        }
    }

    pub(super) const fn is_cbc(self) -> bool {
        matches!(self, Self::Aes128Cbc | Self::Aes256Cbc)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "AES_128_GCM",
            Self::Aes256Gcm => "AES_256_GCM",
            Self::Aes128Ccm => "AES_128_CCM",
            Self::Aes256Ccm => "AES_256_CCM",
            Self::Aes128Ccm8 => "AES_128_CCM_8",
            Self::Aes256Ccm8 => "AES_256_CCM_8",
            Self::ChaCha20Poly1305 => "CHACHA20_POLY1305",
            Self::Aes128Cbc => "AES_128_CBC",
            Self::Aes256Cbc => "AES_256_CBC",
        }
    }
}

type Row = (&'static str, &'static [(u16, Bulk, Hash)]);

use Bulk::{
    Aes128Cbc, Aes128Ccm, Aes128Ccm8, Aes128Gcm, Aes256Cbc, Aes256Ccm, Aes256Ccm8, Aes256Gcm,
    ChaCha20Poly1305,
};
use Hash::{Md5, Sha1, Sha256, Sha384};

/// The suites by key exchange.
#[rustfmt::skip]
const SUITES: [Row; 18] = [
    ("", &[
        (0x1301, Aes128Gcm, Sha256), (0x1302, Aes256Gcm, Sha384), (0x1303, ChaCha20Poly1305, Sha256),
        (0x1304, Aes128Ccm, Sha256), (0x1305, Aes128Ccm8, Sha256),
    ]),
    (RSA, &[
        (0x009c, Aes128Gcm, Sha256), (0x009d, Aes256Gcm, Sha384), (0x002f, Aes128Cbc, Sha1), (0x0035, Aes256Cbc, Sha1),
        (0x003c, Aes128Cbc, Sha256), (0x003d, Aes256Cbc, Sha256), (0xc09c, Aes128Ccm, Sha256),
        (0xc09d, Aes256Ccm, Sha256), (0xc0a0, Aes128Ccm8, Sha256), (0xc0a1, Aes256Ccm8, Sha256),
    ]),
    ("ECDHE_RSA", &[
        (0xc02f, Aes128Gcm, Sha256), (0xc030, Aes256Gcm, Sha384), (0xcca8, ChaCha20Poly1305, Sha256),
        (0xc013, Aes128Cbc, Sha1), (0xc014, Aes256Cbc, Sha1), (0xc027, Aes128Cbc, Sha256), (0xc028, Aes256Cbc, Sha384),
    ]),
    ("ECDHE_ECDSA", &[
        (0xc02b, Aes128Gcm, Sha256), (0xc02c, Aes256Gcm, Sha384), (0xcca9, ChaCha20Poly1305, Sha256),
        (0xc009, Aes128Cbc, Sha1), (0xc00a, Aes256Cbc, Sha1), (0xc023, Aes128Cbc, Sha256), (0xc024, Aes256Cbc, Sha384),
        (0xc0ac, Aes128Ccm, Sha256), (0xc0ad, Aes256Ccm, Sha256), (0xc0ae, Aes128Ccm8, Sha256),
        (0xc0af, Aes256Ccm8, Sha256),
    ]),
    ("DHE_RSA", &[
        (0x009e, Aes128Gcm, Sha256), (0x009f, Aes256Gcm, Sha384), (0xccaa, ChaCha20Poly1305, Sha256),
        (0x0033, Aes128Cbc, Sha1), (0x0039, Aes256Cbc, Sha1), (0x0067, Aes128Cbc, Sha256), (0x006b, Aes256Cbc, Sha256),
        (0xc09e, Aes128Ccm, Sha256), (0xc09f, Aes256Ccm, Sha256), (0xc0a2, Aes128Ccm8, Sha256),
        (0xc0a3, Aes256Ccm8, Sha256),
    ]),
    ("DHE_DSS", &[
        (0x00a2, Aes128Gcm, Sha256), (0x00a3, Aes256Gcm, Sha384), (0x0032, Aes128Cbc, Sha1), (0x0038, Aes256Cbc, Sha1),
        (0x0040, Aes128Cbc, Sha256), (0x006a, Aes256Cbc, Sha256),
    ]),
    ("DH_RSA", &[
        (0x00a0, Aes128Gcm, Sha256), (0x00a1, Aes256Gcm, Sha384), (0x0031, Aes128Cbc, Sha1), (0x0037, Aes256Cbc, Sha1),
        (0x003f, Aes128Cbc, Sha256), (0x0069, Aes256Cbc, Sha256),
    ]),
    ("DH_DSS", &[
        (0x00a4, Aes128Gcm, Sha256), (0x00a5, Aes256Gcm, Sha384), (0x0030, Aes128Cbc, Sha1), (0x0036, Aes256Cbc, Sha1),
        (0x003e, Aes128Cbc, Sha256), (0x0068, Aes256Cbc, Sha256),
    ]),
    ("DH_anon", &[
        (0x00a6, Aes128Gcm, Sha256), (0x00a7, Aes256Gcm, Sha384), (0x0034, Aes128Cbc, Sha1), (0x003a, Aes256Cbc, Sha1),
        (0x006c, Aes128Cbc, Sha256), (0x006d, Aes256Cbc, Sha256),
    ]),
    ("ECDH_ECDSA", &[
        (0xc02d, Aes128Gcm, Sha256), (0xc02e, Aes256Gcm, Sha384), (0xc004, Aes128Cbc, Sha1), (0xc005, Aes256Cbc, Sha1),
        (0xc025, Aes128Cbc, Sha256), (0xc026, Aes256Cbc, Sha384),
    ]),
    ("ECDH_RSA", &[
        (0xc031, Aes128Gcm, Sha256), (0xc032, Aes256Gcm, Sha384), (0xc00e, Aes128Cbc, Sha1), (0xc00f, Aes256Cbc, Sha1),
        (0xc029, Aes128Cbc, Sha256), (0xc02a, Aes256Cbc, Sha384),
    ]),
    ("ECDH_anon", &[(0xc018, Aes128Cbc, Sha1), (0xc019, Aes256Cbc, Sha1)]),
    ("PSK", &[
        (0x00a8, Aes128Gcm, Sha256), (0x00a9, Aes256Gcm, Sha384), (0xccab, ChaCha20Poly1305, Sha256),
        (0x008c, Aes128Cbc, Sha1), (0x008d, Aes256Cbc, Sha1), (0x00ae, Aes128Cbc, Sha256), (0x00af, Aes256Cbc, Sha384),
        (0xc0a4, Aes128Ccm, Sha256), (0xc0a5, Aes256Ccm, Sha256), (0xc0a8, Aes128Ccm8, Sha256),
        (0xc0a9, Aes256Ccm8, Sha256),
    ]),
    ("DHE_PSK", &[
        (0x00aa, Aes128Gcm, Sha256), (0x00ab, Aes256Gcm, Sha384), (0xccad, ChaCha20Poly1305, Sha256),
        (0x0090, Aes128Cbc, Sha1), (0x0091, Aes256Cbc, Sha1), (0x00b2, Aes128Cbc, Sha256), (0x00b3, Aes256Cbc, Sha384),
        (0xc0a6, Aes128Ccm, Sha256), (0xc0a7, Aes256Ccm, Sha256),
    ]),
    // The two names of RFC 6655 that turn the words around: PSK_DHE.
    ("PSK_DHE", &[(0xc0aa, Aes128Ccm8, Sha256), (0xc0ab, Aes256Ccm8, Sha256)]),
    ("RSA_PSK", &[
        (0x00ac, Aes128Gcm, Sha256), (0x00ad, Aes256Gcm, Sha384), (0xccae, ChaCha20Poly1305, Sha256),
        (0x0094, Aes128Cbc, Sha1), (0x0095, Aes256Cbc, Sha1), (0x00b6, Aes128Cbc, Sha256), (0x00b7, Aes256Cbc, Sha384),
    ]),
    ("ECDHE_PSK", &[
        (0xccac, ChaCha20Poly1305, Sha256), (0xc035, Aes128Cbc, Sha1), (0xc036, Aes256Cbc, Sha1),
        (0xc037, Aes128Cbc, Sha256), (0xc038, Aes256Cbc, Sha384),
    ]),
    ("ECDHE_PSK", &[
        (0xd001, Aes128Gcm, Sha256), (0xd002, Aes256Gcm, Sha384), (0xd003, Aes128Ccm8, Sha256),
        (0xd005, Aes128Ccm, Sha256),
    ]),
];

/// The key exchange in which the client encrypts the premaster secret to the key of the server.
const RSA: &str = "RSA";

/// The registered name of a suite; its number where it is not one of those below.
pub(crate) fn suite_name(number: u16) -> String {
    Suite::find(number).map_or_else(|| format!("0x{number:04x}"), Suite::name)
}

impl Suite {
    /// The suite, when its records can be decrypted.
    pub(super) fn find(number: u16) -> Option<Self> {
        SUITES.iter().find_map(|(exchange, rows)| {
            let (number, bulk, hash) = *rows.iter().find(|row| row.0 == number)?;
            Some(Self { number, exchange, bulk, hash })
        })
    }

    pub(super) fn is_static_rsa(self) -> bool {
        self.exchange == RSA
    }

    /// The hash of the key derivation (RFC 5246 §5: SHA-256 unless the suite says more).
    pub(super) const fn derivation(self) -> Hash {
        match self.hash {
            Sha384 => Sha384,
            Md5 | Sha1 | Sha256 => Sha256,
        }
    }

    /// The registered name.
    pub(super) fn name(self) -> String {
        let hash = match self.hash {
            Md5 => "_MD5",
            Sha1 => "_SHA",
            // RFC 6655 and RFC 7251 name no hash.
            Sha256 if matches!(self.number, 0xc09c..=0xc0af) => "",
            Sha256 => "_SHA256",
            Sha384 => "_SHA384",
        };
        let bulk = self.bulk.as_str();
        match self.exchange {
            "" => format!("TLS_{bulk}{hash}"),
            exchange => format!("TLS_{exchange}_WITH_{bulk}{hash}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: u16, expect: &str) {
        assert_eq!(Suite::find(number).map(Suite::name).unwrap_or_default(), expect);
    }

    #[test]
    fn names_are_the_registered_ones() {
        check(0x1303, "TLS_CHACHA20_POLY1305_SHA256");
        check(0x1305, "TLS_AES_128_CCM_8_SHA256");
        check(0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        check(0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA");
        check(0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8");
        check(0xd005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256");
        check(0x0005, "");
    }

    #[test]
    fn no_number_stands_twice() {
        let mut numbers: Vec<u16> = SUITES.iter().flat_map(|row| row.1.iter().map(|row| row.0)).collect();
        numbers.sort_unstable();
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }
}
