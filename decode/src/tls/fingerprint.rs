//! Fingerprints of a ClientHello: JA3 (an MD5 over what it offers, in order) and JA4 (the TLS client part only:
//! counts in clear, then hashes of sorted ciphers and of sorted extensions with signature algorithms).

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::hello::{ClientHello, extension};

/// Values reserved to keep servers tolerant (RFC 8701).
const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

fn real(values: &[u16]) -> impl Iterator<Item = u16> + '_ {
    values.iter().copied().filter(|value| !is_grease(*value))
}

fn join(values: impl Iterator<Item = String>, separator: &str) -> String {
    values.collect::<Vec<_>>().join(separator)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// MD5 over `version,ciphers,extensions,groups,point formats` in decimal.
pub(super) fn ja3(hello: &ClientHello) -> String {
    hex(&Md5::digest(ja3_text(hello)))
}

fn ja3_text(hello: &ClientHello) -> String {
    let list = |values: &[u16]| join(real(values).map(|value| value.to_string()), "-");
    let formats = join(hello.point_formats.iter().map(u8::to_string), "-");
    format!(
        "{},{},{},{},{formats}",
        hello.version,
        list(&hello.ciphers),
        list(&hello.extensions),
        list(&hello.groups)
    )
}

/// JA4 of a client over TCP.
pub(super) fn ja4(hello: &ClientHello) -> String {
    let version = real(&hello.versions).max().unwrap_or(hello.version);
    let version = match version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    };
    let name = if hello.extensions.contains(&extension::SERVER_NAME) { 'd' } else { 'i' };
    let ciphers = hex_list(real(&hello.ciphers), true);
    let counted = |values: &[u16]| real(values).count().min(99);
    let unordered =
        real(&hello.extensions).filter(|it| *it != extension::SERVER_NAME && *it != extension::ALPN);
    let extensions = hex_list(unordered, true);
    let signatures = hex_list(real(&hello.signatures), false);
    let offered = match (extensions.is_empty(), signatures.is_empty()) {
        (_, true) => extensions,
        (_, false) => format!("{extensions}_{signatures}"),
    };
    format!(
        "t{version}{name}{:02}{:02}{}_{}_{}",
        counted(&hello.ciphers),
        counted(&hello.extensions),
        alpn(hello.alpn.first().map_or(&[], Vec::as_slice)),
        short_hash(&ciphers),
        short_hash(&offered)
    )
}

fn hex_list(values: impl Iterator<Item = u16>, sorted: bool) -> String {
    let mut values: Vec<u16> = values.collect();
    if sorted {
        values.sort_unstable();
    }
    join(values.into_iter().map(|value| format!("{value:04x}")), ",")
}

/// First and last character of the first protocol offered; of its hexadecimal form when they are no letters or
/// digits.
fn alpn(first: &[u8]) -> String {
    match first {
        [] => "00".to_owned(),
        [start, .., end] if start.is_ascii_alphanumeric() && end.is_ascii_alphanumeric() => {
            format!("{}{}", char::from(*start), char::from(*end))
        }
        [one] if one.is_ascii_alphanumeric() => format!("{0}{0}", char::from(*one)),
        other => {
            let text = hex(other);
            format!("{}{}", &text[..1], &text[text.len() - 1..])
        }
    }
}

fn short_hash(text: &str) -> String {
    if text.is_empty() {
        return "0".repeat(12);
    }
    let mut hash = hex(&Sha256::digest(text));
    hash.truncate(12);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser() -> ClientHello {
        ClientHello {
            version: 0x0303,
            ciphers: vec![
                0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
                0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
            ],
            extensions: vec![
                0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023,
                0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
            ],
            alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            signatures: vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
            versions: vec![0x7a7a, 0x0304, 0x0303],
            ..ClientHello::default()
        }
    }

    #[test]
    fn the_example_of_the_ja4_description() {
        assert_eq!(ja4(&browser()), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn little_offered_gives_zeros() {
        let hello = ClientHello { version: 0x0301, ..ClientHello::default() };
        assert_eq!(ja4(&hello), "t10i000000_000000000000_000000000000");
        assert_eq!(alpn(b"\xab"), "ab");
        assert_eq!(alpn(b"\xabcd\x30"), "a0");
    }

    #[test]
    fn the_examples_of_the_ja3_description() {
        let first = ClientHello {
            version: 769,
            ciphers: vec![47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
            extensions: vec![0, 10, 11],
            groups: vec![23, 24, 25],
            point_formats: vec![0],
            ..ClientHello::default()
        };
        assert_eq!(ja3(&first), "ada70206e40642a3e4461f35503241d5");
        let second = ClientHello {
            version: 769,
            ciphers: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99],
            ..ClientHello::default()
        };
        assert_eq!(ja3(&second), "de350869b8c85de67a350c8d186f11e6");
    }
}
