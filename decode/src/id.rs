//! Identities of calls: 26 characters of Crockford base32, 48 bits of milliseconds and 80 bits of a hash.
//! They sort by time, and the same input gives the same id.

use model::{CallId, Timestamp, limits};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Where a call stands inside its source: connection (or 0) and position in it.
pub(crate) fn call_id(source: &str, ts: Timestamp, origin: &[u8], index: u64) -> CallId {
    let hash = blake3::hash(&[source.as_bytes(), &[0], origin, &index.to_le_bytes()].concat());
    let millis = (ts.micros().max(0) / 1_000) as u128 & 0xffff_ffff_ffff;
    let mut tail = [0_u8; 16];
    tail[6..].copy_from_slice(&hash.as_bytes()[..10]);
    let mut bits = millis << 80 | u128::from_be_bytes(tail);
    let mut text = [0_u8; 26];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    CallId::new(std::str::from_utf8(&text).expect("the alphabet is ASCII"))
}

/// The source `kind:A/B` of calls whose sender names itself: printable ASCII, cut, an empty second part left out.
pub(crate) fn source_name(kind: &str, parts: [&str; 2]) -> String {
    let mut name = format!("{kind}:");
    for (at, part) in parts.into_iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let printable = part.chars().filter(char::is_ascii_graphic).take(limits::SOURCE_NAME_CHARS_MAX);
        name.extend((at > 0).then_some('/').into_iter().chain(printable));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_sortable_and_distinct() {
        let id = |us, index| call_id("a.pcap", Timestamp(us), b"10.0.0.1:1", index).as_str().to_owned();
        assert_eq!(id(1_700_000_000_000_000, 0), id(1_700_000_000_000_000, 0));
        assert_eq!(id(1_700_000_000_000_000, 0).len(), 26);
        assert_ne!(id(1_700_000_000_000_000, 0), id(1_700_000_000_000_000, 1));
        assert!(id(1_700_000_000_000_000, 9) < id(1_700_000_000_001_000, 0));
        assert_eq!(call_id("a", Timestamp::UNKNOWN, b"", 0).as_str().len(), 26);
    }
}
