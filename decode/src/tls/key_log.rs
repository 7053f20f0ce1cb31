//! Lines of a key log, the format of `SSLKEYLOGFILE` (draft-ietf-tls-keylogfile): a label, what the secret belongs
//! to, and the secret, in hexadecimal. Lines come in any split, as the file grows.

use std::fmt;

use model::limits;

use super::hello::Random;
use super::schedule::{Hidden, Master};

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// `CLIENT_RANDOM`: a master secret of TLS 1.0 to 1.2.
    Master { client_random: Random, master: Master },
    /// `RSA`: a premaster secret, by the first bytes of its encrypted form.
    Premaster { encrypted: [u8; 8], premaster: Hidden<Vec<u8>> },
    /// A traffic secret of TLS 1.3.
    Traffic { client_random: Random, side: usize, stage: usize, secret: Hidden<Vec<u8>> },
}

/// Cuts pushed slices into lines.
#[derive(Clone, Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
    /// The line is too long: what follows up to its end is left out.
    skipping: bool,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.rest.len())
    }
}

impl Lines {
    pub(super) fn feed(&mut self, text: &[u8], mut take: impl FnMut(Entry)) {
        for part in text.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let is_whole = part.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r'));
            if self.rest.len() + part.len() > limits::TLS_KEY_LINE_BYTES_MAX {
                self.skipping = true;
            }
            if !self.skipping {
                self.rest.extend_from_slice(part);
            }
            if is_whole {
                if !self.skipping
                    && let Some(entry) = entry(&self.rest)
                {
                    take(entry);
                }
                self.rest.clear();
                self.skipping = false;
            }
        }
    }
}

fn entry(line: &[u8]) -> Option<Entry> {
    let line = std::str::from_utf8(line).ok()?;
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let mut words = line.split_ascii_whitespace();
    let label = words.next()?.to_ascii_uppercase();
    let (owner, secret) = (hex(words.next()?)?, hex(words.next()?)?);
    if label == "RSA" {
        let premaster = (secret.len() == 48).then_some(Hidden(secret))?;
        return Some(Entry::Premaster { encrypted: owner.try_into().ok()?, premaster });
    }
    let client_random: Random = owner.try_into().ok()?;
    if label == "CLIENT_RANDOM" {
        return Some(Entry::Master { client_random, master: Hidden(secret.try_into().ok()?) });
    }
    let (side, stage) = match label.as_str() {
        "CLIENT_EARLY_TRAFFIC_SECRET" => (0, 0),
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => (0, 1),
        "SERVER_HANDSHAKE_TRAFFIC_SECRET" => (1, 1),
        "CLIENT_TRAFFIC_SECRET_0" => (0, 2),
        "SERVER_TRAFFIC_SECRET_0" => (1, 2),
        _ => return None,
    };
    matches!(secret.len(), 32 | 48).then_some(Entry::Traffic {
        client_random,
        side,
        stage,
        secret: Hidden(secret),
    })
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some((digit(&pair[0])? << 4 | digit(&pair[1])?) as u8))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: usize) {
        for step in [1, 7, text.len()] {
            let (mut lines, mut count) = (Lines::default(), 0);
            text.as_bytes().chunks(step).for_each(|part| lines.feed(part, |_| count += 1));
            assert_eq!(count, expect, "{text}");
        }
    }

    #[test]
    fn lines_in_any_form() {
        let (random, master, secret) = ("0A".repeat(32), "0b".repeat(48), "0C".repeat(32));
        check(&format!("# comment\r\nCLIENT_RANDOM {random} {master}\r\n\r\n"), 1);
        check(&format!("client_random {random}  {master}\nSERVER_TRAFFIC_SECRET_0 {random} {secret}\n"), 2);
        check(&format!("RSA 0102030405060708 {master}\nEXPORTER_SECRET {random} {secret}\n"), 1);
        check(&format!("CLIENT_RANDOM {random} {master}"), 0);
        check(
            &format!("CLIENT_RANDOM {random} {}\nCLIENT_RANDOM xx {master}\nCLIENT_RANDOM\n", &master[2..]),
            0,
        );
        check(&format!("{} {random}\nCLIENT_RANDOM {random} {master}\n", "X".repeat(9_000)), 1);
    }
}
