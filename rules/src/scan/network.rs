//! Network identifiers with their own grammars: e-mail addresses (RFC 5321 in the forms that occur), IP addresses,
//! connection strings with a password, telephone numbers in international form (ITU-T E.164).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{STRONG, Scanner, head_of};
use crate::data_type::Finder;

/// Endings that look like top-level domains and are file names.
const FILE_ENDINGS: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "svg", "ico", "bmp", "css", "js", "mjs", "ts", "map", "json", "xml",
    "html", "htm", "pdf", "txt", "zip", "gz", "mp3", "mp4", "woff", "woff2", "ttf",
];
/// Bytes of a dotted quad.
const IPV4_BYTES_MAX: usize = 15;
/// Bytes of a connection string that are read.
const CONNECTION_BYTES_MAX: usize = 2_048;
/// Schemes whose URLs carry credentials of a service.
const CONNECTION_SCHEMES: &[&str] = &[
    "mysql",
    "mariadb",
    "postgres",
    "postgresql",
    "redis",
    "rediss",
    "mongodb",
    "mongodb+srv",
    "amqp",
    "amqps",
    "jdbc:mysql",
    "jdbc:postgresql",
    "jdbc:oracle",
    "jdbc:sqlserver",
    "sqlserver",
    "mssql",
    "oracle",
    "ftp",
    "sftp",
    "ldap",
    "ldaps",
    "clickhouse",
    "kafka",
    "smtp",
    "smtps",
    "nats",
    "mqtt",
];
/// Country calling codes and the least and most digits that follow.
const CALLING_CODES: &[(&str, usize, usize)] = &[
    ("1", 10, 10),
    ("7", 10, 10),
    ("20", 8, 10),
    ("27", 9, 9),
    ("30", 10, 10),
    ("31", 9, 9),
    ("32", 8, 9),
    ("33", 9, 9),
    ("34", 9, 9),
    ("36", 8, 9),
    ("39", 8, 11),
    ("40", 9, 9),
    ("41", 9, 9),
    ("43", 7, 13),
    ("44", 9, 10),
    ("45", 8, 8),
    ("46", 7, 10),
    ("47", 8, 8),
    ("48", 9, 9),
    ("49", 6, 11),
    ("51", 8, 9),
    ("52", 10, 10),
    ("53", 8, 8),
    ("54", 10, 11),
    ("55", 10, 11),
    ("56", 9, 9),
    ("57", 10, 10),
    ("58", 10, 10),
    ("60", 8, 10),
    ("61", 9, 9),
    ("62", 8, 12),
    ("63", 8, 10),
    ("64", 8, 10),
    ("65", 8, 8),
    ("66", 8, 9),
    ("81", 9, 10),
    ("82", 8, 10),
    ("84", 9, 10),
    ("86", 10, 11),
    ("90", 10, 10),
    ("91", 10, 10),
    ("92", 9, 10),
    ("93", 9, 9),
    ("94", 9, 9),
    ("95", 7, 10),
    ("98", 10, 10),
    ("212", 9, 9),
    ("213", 8, 9),
    ("216", 8, 8),
    ("234", 8, 10),
    ("254", 9, 9),
    ("351", 9, 9),
    ("352", 6, 9),
    ("353", 7, 9),
    ("354", 7, 7),
    ("356", 8, 8),
    ("357", 8, 8),
    ("358", 5, 12),
    ("359", 8, 9),
    ("370", 8, 8),
    ("371", 8, 8),
    ("372", 7, 8),
    ("380", 9, 9),
    ("381", 8, 9),
    ("385", 8, 9),
    ("386", 8, 8),
    ("420", 9, 9),
    ("421", 9, 9),
    ("852", 8, 8),
    ("853", 8, 8),
    ("855", 8, 9),
    ("856", 8, 10),
    ("880", 8, 10),
    ("886", 8, 9),
    ("960", 7, 7),
    ("961", 7, 8),
    ("962", 8, 9),
    ("965", 8, 8),
    ("966", 8, 9),
    ("968", 8, 8),
    ("971", 8, 9),
    ("972", 8, 9),
    ("973", 8, 8),
    ("974", 8, 8),
    ("977", 8, 10),
    ("992", 9, 9),
    ("995", 9, 9),
    ("996", 9, 9),
    ("998", 9, 9),
];

const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-')
}

impl Scanner<'_> {
    /// An e-mail address around the `@` at `at`.
    pub(super) fn email(&mut self, at: usize) {
        let Some(rule) = self.engine.finder(Finder::Email) else { return };
        let Some((start, end)) = email_span(self.bytes, at) else { return };
        let keyed = self.prior.speaks_for >> rule & 1 == 1;
        let confidence = if keyed { self.engine.rules[rule].keyed } else { self.engine.rules[rule].alone };
        self.push(rule, (start, end), confidence, keyed);
    }

    /// A dotted quad that begins at `start`.
    pub(super) fn ipv4(&mut self, start: usize) {
        let mut end = start;
        let stop = self.bytes.len().min(start + IPV4_BYTES_MAX + 1);
        while end < stop && (self.bytes[end].is_ascii_digit() || self.bytes[end] == b'.') {
            end += 1;
        }
        if self.bytes[end - 1] == b'.' {
            end -= 1;
        }
        if self.text[start..end].parse::<Ipv4Addr>().is_ok() {
            self.ip(start, end);
        }
    }

    /// Groups of hexadecimal digits and colons that begin at `start`.
    pub(super) fn ipv6(&mut self, start: usize) {
        let len = self.bytes[start..]
            .iter()
            .take(46)
            .take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
            .count();
        let end = start + self.text[start..start + len].trim_end_matches(['.', ':']).len();
        let colons = self.bytes[start..end].iter().filter(|byte| **byte == b':').count();
        if colons >= 2 && self.text[start..end].parse::<Ipv6Addr>().is_ok() {
            self.ip(start, end);
        }
    }

    fn ip(&mut self, start: usize, end: usize) {
        let Some(rule) = self.engine.finder(Finder::Ip) else { return };
        let keyed = self.prior.speaks_for >> rule & 1 == 1;
        let before = start.checked_sub(1).map_or(b' ', |at| self.bytes[at]);
        let joined = matches!(before, b'.' | b':' | b'-' | b'_' | b'v' | b'V') && !keyed;
        let version = self.prior.opaque || ends_in_version(&self.text[..start]);
        if joined || (version && !keyed) || !self.bounded(start, end) || !is_host(&self.text[start..end]) {
            return;
        }
        let confidence = if keyed { self.engine.rules[rule].keyed } else { self.engine.rules[rule].alone };
        self.push(rule, (start, end), confidence, keyed);
    }

    /// `scheme://user:password@host` or a JDBC string with a password, around the colon at `at`.
    pub(super) fn connection(&mut self, at: usize) {
        let Some(rule) = self.engine.finder(Finder::ConnectionString) else { return };
        if !self.text[at..].starts_with("://") {
            return;
        }
        let head = &self.text[..at];
        let Some(scheme) = CONNECTION_SCHEMES.iter().filter(|s| head.ends_with(**s)).max_by_key(|s| s.len())
        else {
            return;
        };
        let start = at - scheme.len();
        let rest = head_of(&self.text[at..], CONNECTION_BYTES_MAX);
        let end =
            at + rest.find(|c: char| c.is_whitespace() || "\"'<>，。`".contains(c)).unwrap_or(rest.len());
        let end = start + self.text[start..end].trim_end_matches(['.', ',', ';', ')']).len();
        if has_password(&self.text[(at + 3).min(end)..end]) {
            self.push(rule, (start, end), self.engine.rules[rule].alone, false);
        }
    }

    /// A number in international form that begins with the `+` at `at`.
    pub(super) fn phone(&mut self, at: usize) {
        let Some((end, digits)) = international(self.bytes, at) else { return };
        let bare = digits.as_bytes();
        let mobile = self.engine.position("CN_MOBILE");
        let is_mobile =
            digits.starts_with("86") && crate::validate::by_name("cn-mobile").is_some_and(|c| c("", bare));
        let rule = match mobile {
            Some(rule) if is_mobile => rule,
            _ => match self.engine.finder(Finder::Phone) {
                Some(rule) if plausible(&digits) => rule,
                _ => return,
            },
        };
        let keyed = self.prior.speaks_for >> rule & 1 == 1;
        let before = at.checked_sub(1).map_or(b' ', |at| self.bytes[at]);
        let settings = &self.engine.rules[rule];
        if before.is_ascii_alphanumeric() || (self.prior.opaque && settings.alone < STRONG) {
            return;
        }
        self.push(rule, (at, end), if keyed { settings.keyed } else { settings.alone }, keyed);
    }
}

/// The address around an `@`: what may stand before it, labels behind it, a top-level domain of letters.
pub(super) fn email_span(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let local = bytes[..at].iter().rev().take(64).take_while(|byte| is_local(**byte)).count();
    let mut start = at - local;
    while start < at && !bytes[start].is_ascii_alphanumeric() && bytes[start] != b'_' {
        start += 1;
    }
    if start == at
        || bytes[at - 1] == b'.'
        || (start > 0 && matches!(bytes[start - 1], b'/' | b'@' | b':' | b'*'))
    {
        return None;
    }
    let domain = bytes[at + 1..]
        .iter()
        .take(254)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        .count();
    let text = std::str::from_utf8(&bytes[at + 1..at + 1 + domain]).ok()?.trim_end_matches(['.', '-']);
    let end = at + 1 + text.len();
    let (host, top) = text.rsplit_once('.')?;
    let labels =
        host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let is_top = (2..=18).contains(&top.len())
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !FILE_ENDINGS.contains(&top.to_ascii_lowercase().as_str());
    // `git@host.tld:path` names a repository.
    let repository = bytes.get(end) == Some(&b':') && bytes[start..at] == *b"git";
    (labels && is_top && !repository && bytes.get(end) != Some(&b'@')).then_some((start, end))
}

/// An address of a host that means somebody: not the own machine, not everybody.
fn is_host(text: &str) -> bool {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_broadcast() || ip.octets()[0] == 0)
        }
        Ok(IpAddr::V6(ip)) => !(ip.is_loopback() || ip.is_unspecified()),
        Err(_) => false,
    }
}

fn ends_in_version(text: &str) -> bool {
    let text = text.trim_end_matches([' ', ':', '=', '/', 'v', 'V']);
    let tail = text.char_indices().rev().nth(7).map_or(text, |(at, _)| &text[at..]).to_ascii_lowercase();
    ["version", "ver", "build", "release", "chrome", "版本", "版本号"].iter().any(|word| tail.ends_with(word))
}

fn has_password(rest: &str) -> bool {
    let real = |password: &str| {
        !password.is_empty() && !password.starts_with(['*', '$', '{', '<']) && !password.ends_with("**")
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let in_authority =
        authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).is_some_and(|(_, p)| real(p));
    let in_parameter = ["password=", "pwd="].iter().any(|key| {
        rest.to_ascii_lowercase()
            .find(key)
            .is_some_and(|at| real(rest[at + key.len()..].split(['&', ';']).next().unwrap_or_default()))
    });
    in_authority || in_parameter
}

/// End and digits of `+` and 7 to 15 digits in groups.
fn international(bytes: &[u8], at: usize) -> Option<(usize, String)> {
    let mut digits = String::new();
    let (mut end, mut cursor) = (at + 1, at + 1);
    while cursor < bytes.len() && digits.len() <= 15 {
        match bytes[cursor] {
            byte @ b'0'..=b'9' => {
                digits.push(char::from(byte));
                end = cursor + 1;
            }
            b' ' | b'-' | b'(' | b')' | b'.' if cursor > at + 1 && cursor - end < 2 => {}
            byte if byte.is_ascii_alphabetic() && cursor == end => return None,
            _ => break,
        }
        cursor += 1;
    }
    (7..=15).contains(&digits.len()).then_some((end, digits))
}

/// The country exists and its numbers are that long.
pub(super) fn plausible(digits: &str) -> bool {
    (1..=3).any(|len| {
        CALLING_CODES.iter().any(|(code, least, most)| {
            code.len() == len && digits.starts_with(code) && (*least..=*most).contains(&(digits.len() - len))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        let at = text.find('@').expect("an at sign");
        assert_eq!(email_span(text.as_bytes(), at).map(|(start, end)| &text[start..end]), expect, "{text}");
    }

    #[test]
    fn mail_addresses_and_what_looks_like_them() {
        check("write to a.b+c@mail.example.com.", Some("a.b+c@mail.example.com"));
        check("邮箱zhang@qq.com，谢谢", Some("zhang@qq.com"));
        check("icon@2x.png", None);
        check("@types/node@1.2.3", None);
        check("pkg@1.2.3", None);
        check("user@host", None);
        check("git@example.com:team/repo", None);
    }

    #[test]
    fn international_numbers() {
        assert_eq!(international(b"+81 90-6983-3279 x", 0).expect("a number").1, "819069833279");
        assert!(plausible("819069833279") && plausible("17543990965") && !plausible("9991234567"));
        assert!(international(b"+12", 0).is_none());
    }

    #[test]
    fn passwords_in_connection_strings() {
        assert!(has_password("u:secret@10.0.0.1:3306/db") && has_password("h/db?user=u&password=x"));
        assert!(!has_password("u@10.0.0.1/db") && !has_password("u:***@h/db") && !has_password("h:80/@x"));
    }
}
