//! Values that are no fixed shapes: what a sign or Chinese text leads to, and what a key alone can tell.

use super::network::plausible;
use super::{Scanner, address, head_of, name};
use crate::data_type::Finder;
use crate::validate::{entropy_bits, is_jwt};

/// Bytes of a password; longer values are something else.
const PASSWORD_BYTES_MAX: usize = 128;
/// A secret of this many bytes or more can be judged by its entropy.
const SECRET_BYTES_MIN: usize = 16;
const SECRET_BYTES_MAX: usize = 512;
/// Bits per byte that words and codes stay below.
const SECRET_ENTROPY_BITS: f32 = 3.0;
/// Bytes behind an announcing word that are looked at.
const ANNOUNCED_BYTES_MAX: usize = 256;
/// Bytes of a token that is looked at.
const JWT_BYTES_MAX: usize = 16 << 10;
/// Bytes of the longest private key block looked for.
const PEM_BYTES_MAX: usize = 16 << 10;

/// Values of password fields that are no passwords.
const NO_PASSWORDS: &[&str] = &[
    "null",
    "none",
    "nil",
    "true",
    "false",
    "undefined",
    "weak",
    "medium",
    "strong",
    "required",
    "optional",
    "string",
    "hidden",
    "secret",
    "redacted",
    "invalid",
    "valid",
    "changed",
    "unchanged",
    "expired",
    "ok",
    "success",
    "n/a",
];

/// First characters of licence plates: provinces, embassies.
const PLATE_REGIONS: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领";

impl Scanner<'_> {
    /// A type without shapes, judged on a whole value that its key names. `hinted`: the key is vague.
    pub(super) fn finder_whole(&self, finder: Finder, value: &str, hinted: bool) -> bool {
        match finder {
            Finder::Address => address::is_keyed(value),
            Finder::Coordinate => is_coordinate(value),
            Finder::Ethnicity => self.is_ethnicity(value),
            Finder::Name => name::is_name(&self.engine.lists, value, hinted && !self.prior.person),
            Finder::Password => is_password(value),
            Finder::Phone => is_national_phone(value),
            Finder::Secret => is_secret(value),
            // These are recognised wherever they stand; the pass knows the key.
            Finder::ConnectionString
            | Finder::Email
            | Finder::Ip
            | Finder::Jwt
            | Finder::Pem
            | Finder::Plate => false,
        }
    }

    /// A sign that begins or joins something.
    pub(super) fn sign(&mut self, at: usize) {
        match self.bytes[at] {
            b'@' => self.email(at),
            b':' => {
                self.connection(at);
                if self.bytes.get(at + 1) == Some(&b':') {
                    self.ipv6(at);
                }
            }
            b'+' => self.phone(at),
            _ => {
                let engine = self.engine;
                for &(rule, shape) in &engine.by_sign {
                    let shape = &engine.rules[usize::from(rule)].shapes[usize::from(shape)];
                    self.try_shape(usize::from(rule), shape, at);
                }
            }
        }
    }

    /// A run of text beyond ASCII: plates, addresses, names and passwords that words announce.
    pub(super) fn han(&mut self, start: usize, end: usize) {
        self.plates(start, end);
        let engine = self.engine;
        for &(rule, shape) in &engine.by_sign {
            let value = &engine.rules[usize::from(rule)].shapes[usize::from(shape)];
            let first = |at: &usize| self.text.is_char_boundary(*at);
            for at in (start..end).filter(first).collect::<Vec<_>>() {
                self.try_shape(usize::from(rule), value, at);
            }
        }
        // An address goes on over digits and letters; each is parsed from its first run only, and Chinese
        // punctuation parts what stands before it.
        if start == 0 || !self.continues_before(start) {
            self.addresses(start);
        }
        for (at, sign) in self.text[start..end].match_indices(['，', '。', '；', '！', '、', '：']) {
            self.addresses(start + at + sign.len());
        }
    }

    fn continues_before(&self, start: usize) -> bool {
        let before = &self.bytes[..start];
        let joined = before.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
        joined > 0 && start > joined && before[start - joined - 1] >= 0x80
    }

    fn addresses(&mut self, start: usize) {
        let Some(rule) = self.engine.finder(Finder::Address) else { return };
        if let Some((from, to)) = self.text.get(start..).and_then(address::find) {
            let settings = &self.engine.rules[rule];
            let keyed = self.prior.speaks_for >> rule & 1 == 1;
            if !self.prior.opaque {
                let confidence = if keyed { settings.keyed } else { settings.alone };
                self.push(rule, (start + from, start + to), confidence, keyed);
            }
        }
    }

    /// Licence plates (GA 36-2018): region, letter, five places or six for new energy.
    fn plates(&mut self, start: usize, end: usize) {
        let Some(rule) = self.engine.finder(Finder::Plate) else { return };
        // The region character is the last of the run, or a dot stands between letter and number.
        let run = &self.text[start..end];
        let Some((offset, region)) = run.char_indices().next_back() else { return };
        if !PLATE_REGIONS.contains(region) {
            return;
        }
        if let Some(to) = plate_end(self.text, end) {
            let settings = &self.engine.rules[rule];
            let keyed = self.prior.speaks_for >> rule & 1 == 1;
            let confidence = if keyed { settings.keyed } else { settings.alone };
            self.push(rule, (start + offset, to), confidence, keyed);
        }
    }

    /// Names and passwords that a word in running text announces.
    pub(super) fn announced(&mut self) {
        if self.prior.opaque || self.bytes.len() < 8 {
            return;
        }
        let engine = self.engine;
        let names = engine.finder(Finder::Name);
        let passwords = engine.finder(Finder::Password);
        for hit in engine.contexts.find_overlapping_iter(self.bytes) {
            let bits = engine.context_bits[hit.pattern().as_usize()];
            let (from, word) = (hit.end(), hit.start());
            if word > 0
                && self.bytes[word].is_ascii_alphabetic()
                && self.bytes[word - 1].is_ascii_alphanumeric()
            {
                continue;
            }
            for (rule, is_name) in [(names, true), (passwords, false)] {
                let Some(rule) = rule.filter(|rule| bits >> rule & 1 == 1) else { continue };
                let rest = head_of(&self.text[from..], ANNOUNCED_BYTES_MAX);
                let span = if is_name { name::after(&engine.lists, rest) } else { password_after(rest) };
                if let Some((a, b)) = span {
                    let confidence = engine.rules[rule].keyed * super::CONTEXT_FACTOR;
                    self.push(rule, (from + a, from + b), confidence, true);
                }
            }
        }
    }

    /// A token that begins with `eyJ` at `start`.
    pub(super) fn jwt(&mut self, rule: usize, start: usize) {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if start.checked_sub(1).is_some_and(|at| is_part(&self.bytes[at])) {
            return;
        }
        let len = self.bytes[start..].iter().take(JWT_BYTES_MAX).take_while(|byte| is_part(byte)).count();
        // A full stop behind a token in running text is not the third part of it.
        let mut end = start + len;
        while self.bytes[start..end].iter().filter(|byte| **byte == b'.').count() > 2
            && self.bytes[end - 1] == b'.'
        {
            end -= 1;
        }
        if start.checked_sub(1).is_some_and(|at| is_part(&self.bytes[at])) || !is_jwt(&self.text[start..end])
        {
            return;
        }
        let keyed = self.prior.speaks_for >> rule & 1 == 1;
        self.push(rule, (start, end), self.engine.rules[rule].alone, keyed);
    }

    /// A private key block (RFC 7468) that begins at `start`; to the end of the value when it is cut.
    pub(super) fn pem(&mut self, rule: usize, start: usize) {
        let block = head_of(&self.text[start..], PEM_BYTES_MAX);
        let Some(head) = block.get(5..).and_then(|rest| rest.find("-----")).map(|at| &block[..at + 5]) else {
            return;
        };
        if head.len() > 64 || !head.ends_with("PRIVATE KEY") {
            return;
        }
        let tail = block.find("-----END ").and_then(|at| {
            let close = block[at + 9..].find("-----")?;
            Some(at + 9 + close + 5)
        });
        let end = tail.unwrap_or(block.len());
        self.push(rule, (start, start + end), self.engine.rules[rule].alone, false);
    }

    fn is_ethnicity(&self, value: &str) -> bool {
        self.engine.lists.ethnicities.contains(value.trim_end_matches('族'))
    }
}

/// The end of a plate whose region character ends at `at`.
fn plate_end(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let letter = rest.as_bytes().first()?;
    if !letter.is_ascii_uppercase() || matches!(letter, b'I') {
        return None;
    }
    let body = rest[1..].strip_prefix(['·', '•', '.', ' ', '-']).unwrap_or(&rest[1..]);
    let skipped = rest.len() - body.len();
    let len = body.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let places = &body.as_bytes()[..len];
    let fair =
        |byte: &u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'O'));
    if !places.iter().all(fair) || !places.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let special = body[len..].chars().next().filter(|c| "挂学警港澳".contains(*c));
    match (len, special) {
        (4, Some(c)) => Some(at + skipped + 4 + c.len_utf8()),
        (5, _) => Some(at + skipped + 5),
        // New energy: D to K in front, or behind for large vehicles.
        (6, _) if (b'A'..=b'K').contains(&places[0]) || (b'A'..=b'K').contains(&places[5]) => {
            Some(at + skipped + 6)
        }
        _ => None,
    }
}

/// A degree with three decimals or more, or a pair of them.
fn is_coordinate(value: &str) -> bool {
    let degree = |part: &str| {
        let part = part.trim();
        let decimals = part.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        decimals >= 3
            && part.len() <= 24
            && part.parse::<f64>().is_ok_and(|d| (-180.0..=180.0).contains(&d) && d != 0.0)
    };
    match value.split_once(',') {
        Some((a, b)) => degree(a) && degree(b),
        None => degree(value),
    }
}

fn is_password(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_text = value.matches(' ').count() >= 2 || !value.is_ascii();
    let masked = value.chars().all(|c| "*•●×xX█.".contains(c));
    (1..=PASSWORD_BYTES_MAX).contains(&value.len())
        && !is_text
        && !masked
        && !NO_PASSWORDS.contains(&lower.as_str())
        && !lower.starts_with("http://")
        && !lower.starts_with("https://")
        && !is_hash(value)
}

/// Hexadecimal digests and crypt strings are hashes of passwords, another type.
fn is_hash(value: &str) -> bool {
    let hex = matches!(value.len(), 32 | 40 | 64 | 128) && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex || (value.starts_with('$') && value.matches('$').count() >= 3)
}

/// `: value` or `=value` right behind the word password, with a digit or sign in it.
fn password_after(rest: &str) -> Option<(usize, usize)> {
    let value = rest.trim_start_matches([' ', '"', '\'']);
    let value = value.strip_prefix([':', '=', '：', '是', '为'])?.trim_start_matches([' ', '"', '\'']);
    let len = value
        .find(|c: char| c.is_whitespace() || !c.is_ascii() || "\"',;&<>".contains(c))
        .unwrap_or(value.len());
    let word = value[..len].trim_end_matches('.');
    let start = rest.len() - value.len();
    let telling = word.bytes().any(|byte| !byte.is_ascii_alphabetic());
    (word.len() >= 4 && telling && is_password(word)).then_some((start, start + word.len()))
}

fn is_secret(value: &str) -> bool {
    (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=.~:".contains(&byte))
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && !value.contains("://")
        && !is_jwt(value)
        && entropy_bits(value) >= SECRET_ENTROPY_BITS
}

/// A number as people write it, under a key that says telephone.
fn is_national_phone(value: &str) -> bool {
    let signs = value.bytes().all(|byte| byte.is_ascii_digit() || b" -().+/".contains(&byte));
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    if !signs || !(7..=15).contains(&digits.len()) || digits.bytes().all(|byte| byte == digits.as_bytes()[0])
    {
        return false;
    }
    !value.starts_with('+') || plausible(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passwords_are() {
        for good in ["hunter2", "p@ss w0rd", "1"] {
            assert!(is_password(good), "{good}");
        }
        for bad in ["", "******", "null", "Password is required here", "5f4dcc3b5aa765d61d8327deb882cf99"] {
            assert!(!is_password(bad), "{bad}");
        }
        assert_eq!(password_after(": Tr0ub4dor next"), Some((2, 11)));
        assert_eq!(password_after(" reset link"), None);
        assert_eq!(password_after(": required"), None);
    }

    #[test]
    fn what_secrets_are() {
        assert!(is_secret("7zSSbIEQjp9n5h5rUIV3OSaKpBAwKBTj"));
        assert!(
            !is_secret("aaaaaaaaaaaaaaaaaaaa1")
                && !is_secret("short1")
                && !is_secret("https://example.com/1")
        );
    }

    #[test]
    fn plates_end_where_they_end() {
        assert_eq!(plate_end("A12345", 0), Some(6));
        assert_eq!(plate_end("A·12345", 0), Some(8));
        assert_eq!(plate_end("AD12345", 0), Some(7));
        assert_eq!(plate_end("A1234学", 0), Some(8));
        assert_eq!(plate_end("ABCDEF", 0), None);
    }

    #[test]
    fn coordinates_need_decimals() {
        assert!(is_coordinate("43.075123") && is_coordinate("39.9042, 116.4074") && !is_coordinate("43.1"));
        assert!(!is_coordinate("243.075123") && !is_coordinate("abc.defg"));
    }
}
