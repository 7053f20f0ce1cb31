//! One segment of a path by itself: what kind of token it is, and how much it looks like a value rather than
//! a name chosen by a programmer.

use rules::Vocabulary;
use serde::{Deserialize, Serialize};

/// Kind of a path segment. All but `Word`, `Slug` and `Version` have the shape of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum TokenKind {
    Integer,
    Decimal,
    Uuid,
    Hash,
    Ulid,
    Prefixed,
    Opaque,
    Date,
    Email,
    Address,
    /// Percent-encoded, not ASCII, or with characters that names in a path do not have.
    Encoded,
    Slug,
    Version,
    Word,
}

impl TokenKind {
    /// An identifier by its shape alone.
    pub const fn is_strong(self) -> bool {
        !matches!(self, Self::Slug | Self::Version | Self::Word)
    }

    /// The name in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Uuid => "uuid",
            Self::Hash => "hash",
            Self::Ulid => "ulid",
            Self::Prefixed => "prefixed-id",
            Self::Opaque => "opaque-id",
            Self::Date => "date",
            Self::Email => "email",
            Self::Address => "address",
            Self::Encoded => "text",
            Self::Slug => "slug",
            Self::Version => "version",
            Self::Word => "word",
        }
    }

    /// Tells the kind of one decoded segment.
    pub fn of(token: &str) -> Self {
        let bytes = token.as_bytes();
        if bytes.is_empty() {
            return Self::Word;
        }
        if bytes.iter().all(u8::is_ascii_digit) {
            return if is_date(token) { Self::Date } else { Self::Integer };
        }
        if is_version(bytes) {
            return Self::Version;
        }
        if is_decimal(bytes) {
            return Self::Decimal;
        }
        if is_uuid(bytes) {
            return Self::Uuid;
        }
        if is_date(token) {
            return Self::Date;
        }
        if token.parse::<std::net::IpAddr>().is_ok() || is_mac(bytes) {
            return Self::Address;
        }
        if is_email(token) {
            return Self::Email;
        }
        if !token.is_ascii()
            || bytes
                .iter()
                .any(|b| matches!(b, b' ' | b'%' | b',' | b';' | b'=' | b'@' | b'|' | b'"' | b'\''))
        {
            return Self::Encoded;
        }
        if is_hash(bytes) {
            return Self::Hash;
        }
        if is_ulid(bytes) {
            return Self::Ulid;
        }
        if is_prefixed(token) {
            return Self::Prefixed;
        }
        if is_opaque(bytes) {
            return Self::Opaque;
        }
        if token.split(['-', '_']).filter(|piece| !piece.is_empty()).count() >= 3 {
            Self::Slug
        } else {
            Self::Word
        }
    }
}

/// `v1`, `v2.1`, `v1beta2`, `V3`.
fn is_version(bytes: &[u8]) -> bool {
    let [b'v' | b'V', b'0'..=b'9', rest @ ..] = bytes else { return false };
    let end = rest.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(rest.len());
    let suffix = &rest[end..];
    bytes.len() <= 10
        && (suffix.is_empty()
            || [&b"alpha"[..], b"beta", b"rc", b"p"].iter().any(|name| {
                suffix.strip_prefix(*name).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
            }))
}

fn is_decimal(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let dots = digits.iter().filter(|b| **b == b'.').count();
    dots <= 1 && digits.len() > dots && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// `2026-11-22`, `20261122`, `2026-11-22T10:00:00Z`, `2026-11`.
fn is_date(token: &str) -> bool {
    let day = token.split(['T', ' ']).next().unwrap_or_default();
    let digits: String = day.chars().filter(char::is_ascii_digit).collect();
    let separated = matches!(day.len(), 7 | 10)
        && day.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => matches!(b, b'-' | b'/' | b'.'),
            _ => b.is_ascii_digit(),
        });
    let plain = day.len() == 8 && digits.len() == 8 && day.len() == token.len();
    if !separated && !plain {
        return false;
    }
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|d| d.parse::<u32>().ok());
    matches!(number(0..4), Some(1900..=2199))
        && matches!(number(4..6), Some(1..=12))
        && number(6..8).is_none_or(|d| (1..=31).contains(&d))
}

fn is_mac(bytes: &[u8]) -> bool {
    bytes.len() == 17
        && bytes
            .iter()
            .enumerate()
            .all(|(i, b)| if i % 3 == 2 { matches!(b, b':' | b'-') } else { b.is_ascii_hexdigit() })
}

fn is_email(token: &str) -> bool {
    token.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && domain.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && rest.len() >= 2)
    })
}

/// Hexadecimal of 16 or more digits with at least one figure: digests, object ids, trace ids.
fn is_hash(bytes: &[u8]) -> bool {
    bytes.len() >= 16
        && bytes.iter().all(u8::is_ascii_hexdigit)
        && bytes.iter().any(u8::is_ascii_digit)
        && bytes.iter().any(u8::is_ascii_alphabetic)
}

/// Crockford base 32 of 26 characters.
fn is_ulid(bytes: &[u8]) -> bool {
    bytes.len() == 26
        && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && !bytes.iter().any(|b| matches!(b, b'I' | b'L' | b'O' | b'U'))
        && bytes.iter().filter(|b| b.is_ascii_digit()).count() >= 4
}

/// `cus_9s6XKzkNRiz8i3`, `order-000123`: a short word, a separator, an identifier.
fn is_prefixed(token: &str) -> bool {
    let Some((prefix, rest)) = token.split_once(['_', '-', ':']) else { return false };
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    (2..=8).contains(&prefix.len())
        && prefix.bytes().all(|b| b.is_ascii_alphabetic())
        && rest.len() >= 4
        && rest.bytes().all(|b| b.is_ascii_alphanumeric())
        && (digits == rest.len() || (rest.len() >= 8 && digits * 5 >= rest.len()))
}

/// Seven or more letters and figures that change places too often for a word, or with many figures.
fn is_opaque(bytes: &[u8]) -> bool {
    if bytes.len() < 7 || !bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return false;
    }
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let switches =
        bytes.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    let has_upper = bytes.iter().any(u8::is_ascii_uppercase);
    let has_lower = bytes.iter().any(u8::is_ascii_lowercase);
    let mixed_case = has_upper && has_lower && bytes.len() >= 12 && digits >= 1 && !bytes.contains(&b'-');
    digits >= 2 && (switches >= 3 || (digits * 10 >= bytes.len() * 3 && bytes.len() >= 10)) || mixed_case
}

/// Words that name a special member or a function wherever they stand.
const RESERVED: [&str; 46] = [
    "me", "self", "current", "mine", "my", "search", "batch", "count", "bulk", "all", "new", "create",
    "edit", "update", "delete", "remove", "list", "query", "export", "import", "download", "upload", "login",
    "logout", "register", "signup", "signin", "reset", "status", "stats", "summary", "latest", "recent",
    "default", "active", "info", "detail", "details", "config", "settings", "validate", "verify", "check",
    "refresh", "debug", "health",
];

/// Verbs that begin names of functions.
const VERBS: [&str; 32] = [
    "get", "set", "list", "find", "query", "search", "create", "add", "update", "modify", "edit", "delete",
    "remove", "approve", "reject", "cancel", "confirm", "submit", "send", "check", "verify", "validate",
    "export", "import", "upload", "download", "save", "batch", "sync", "do", "is", "has",
];

/// How much a word-like token looks like a value (positive) or a name chosen by a programmer (negative).
/// The weights come from a logistic fit on labelled traffic (docs/accuracy.md, discovery).
pub(crate) fn value_likeness(token: &str, vocabulary: &Vocabulary) -> f32 {
    let lower = token.to_lowercase();
    let bare = lower.trim_start_matches(['_', '.', '$', '~']);
    let mut score = 0.0;
    if RESERVED.contains(&bare) {
        score -= 4.0;
    }
    if bare.len() < lower.len() {
        score -= 1.5;
    }
    let weight = vocabulary.weight(bare);
    if weight > 0 {
        score -= 1.5 + 0.5 * f32::from(weight.min(6));
    }
    let pieces = pieces(token);
    if pieces.len() > 1 && pieces.first().is_some_and(|first| VERBS.contains(&first.as_str())) {
        score -= 1.5;
    }
    if bare.len() > 3
        && bare.ends_with('s')
        && !bare.ends_with("ss")
        && bare.bytes().all(|b| b.is_ascii_lowercase())
    {
        score -= 0.7;
    }
    if pieces.len() > 1 {
        let known = pieces.iter().filter(|piece| vocabulary.weight(piece) > 0).count();
        score -= 0.8 * known as f32 / pieces.len() as f32;
    }
    if token.split('-').filter(|piece| !piece.is_empty()).count() >= 3 {
        score += 0.8;
    }
    // Programmers join words like this; people who name things do not.
    if pieces.len() > 1 && token.bytes().all(|b| b.is_ascii_alphabetic()) {
        score -= 1.0;
    }
    if token.bytes().any(|b| b.is_ascii_digit()) {
        score += 1.2;
    }
    if (2..=6).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_uppercase()) {
        score += 0.8;
    }
    if has_extension(token) {
        score += 0.6;
    }
    if weight == 0 && pieces.len() == 1 {
        score += 0.6;
    }
    score
}

fn has_extension(token: &str) -> bool {
    token.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (2..=4).contains(&extension.len())
            && extension.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

/// The lower-case words of a camel, snake or kebab name.
pub(crate) fn pieces(token: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut last_lower = false;
    for c in token.chars() {
        let boundary = !c.is_alphanumeric() || (c.is_uppercase() && last_lower);
        if boundary && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
        }
        if c.is_alphanumeric() {
            piece.extend(c.to_lowercase());
        }
        last_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// English plural to singular, as far as names of parameters need it.
pub(crate) fn singular(word: &str) -> String {
    match word {
        _ if word.len() < 4 || word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") => {
            word.to_owned()
        }
        _ if word.ends_with("ies") => format!("{}y", &word[..word.len() - 3]),
        _ if ["sses", "xes", "ches", "shes", "zes"].iter().any(|end| word.ends_with(end)) => {
            word[..word.len() - 2].to_owned()
        }
        _ if word.ends_with('s') => word[..word.len() - 1].to_owned(),
        _ => word.to_owned(),
    }
}

/// An English plural noun by its ending.
pub(crate) fn is_plural(word: &str) -> bool {
    word.is_ascii() && singular(word) != word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(token: &str, expect: TokenKind) {
        assert_eq!(TokenKind::of(token), expect, "{token}");
    }

    #[test]
    fn identifiers_by_shape() {
        check("42", TokenKind::Integer);
        check("20261122", TokenKind::Date);
        check("2026-11-22", TokenKind::Date);
        check("-33.87", TokenKind::Decimal);
        check("550e8400-e29b-41d4-a716-446655440000", TokenKind::Uuid);
        check("507f1f77bcf86cd799439011", TokenKind::Hash);
        check("01ARZ3NDEKTSV4RRFFQ69G5FAV", TokenKind::Ulid);
        check("cus_9s6XKzkNRiz8i3", TokenKind::Prefixed);
        check("li.wei@example.com", TokenKind::Email);
        check("10.1.2.3", TokenKind::Address);
        check("张三", TokenKind::Encoded);
        check("a8Kd93jfQ2", TokenKind::Opaque);
    }

    #[test]
    fn names_by_shape() {
        check("v1", TokenKind::Version);
        check("v1beta2", TokenKind::Version);
        check("users", TokenKind::Word);
        check("oauth2", TokenKind::Word);
        check("order-items", TokenKind::Word);
        check("deadbeef", TokenKind::Word);
        check("wei5274", TokenKind::Word);
        check("getUserInfoById", TokenKind::Word);
        check("the-art-of-war", TokenKind::Slug);
        check("s3", TokenKind::Word);
    }

    #[test]
    fn plural_and_pieces() {
        assert_eq!(singular("categories"), "category");
        assert_eq!(singular("boxes"), "box");
        assert_eq!(singular("status"), "status");
        assert_eq!(pieces("getUserInfo_by-id2"), ["get", "user", "info", "by", "id2"]);
    }
}
