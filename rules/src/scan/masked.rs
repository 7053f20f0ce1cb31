//! Values that came masked: `138****1234`, `张*`, `z***@qq.com`. They are reported as masked with the type that the
//! key or the visible parts tell, and nothing inside them is taken for a raw value.

use super::{CLASS, FOUND_MAX, Found, Scanner, class};
use crate::data_type::Finder;

/// Mask characters in use.
const MASKS: &[char] = &['*', '•', '●', '×', '#', '█', '＊', 'x', 'X'];

/// Characters of a masked value on either side of its mask.
const TOKEN_CHARS_MAX: usize = 64;

impl Scanner<'_> {
    /// Finds masked values.
    pub(super) fn masked(&mut self) {
        let plain = self.bytes.iter().all(|b| CLASS[usize::from(*b)] & (class::MASK | class::HIGH) == 0);
        if plain && !has_letter_mask(self.bytes) {
            return;
        }
        let trimmed = self.text.trim();
        let start = self.text.len() - self.text.trim_start().len();
        if let Some(rule) = self.keyed_mask(trimmed) {
            self.push_masked(rule, start, start + trimmed.len());
            return;
        }
        let mut at = 0;
        while let Some((from, to)) = mask_run(self.text, at) {
            at = to;
            let (left, right) = (token_start(self.text, from), token_end(self.text, to));
            if let Some(rule) = self.unkeyed_mask(left, right) {
                self.push_masked(rule, left, right);
            }
        }
    }

    fn push_masked(&mut self, rule: usize, start: usize, end: usize) {
        if self.found.len() >= FOUND_MAX {
            return;
        }
        let confidence = self.engine.rules[rule].keyed;
        self.found.push(Found { rule: rule as u8, masked: true, keyed: true, start, end, confidence });
    }

    /// The key names a type and the value is masked: of several types the one whose length fits, then the rank.
    fn keyed_mask(&self, value: &str) -> Option<usize> {
        let bits = self.prior.speaks_for | self.prior.hints;
        if bits == 0 {
            return None;
        }
        let one = value.chars().filter(|c| MASKS[..6].contains(c)).count();
        let run = mask_run(value, 0).is_some();
        let mut rules: Vec<usize> = (0..self.engine.rules.len()).filter(|at| bits >> at & 1 == 1).collect();
        rules.sort_by_key(|at| std::cmp::Reverse(self.engine.rules[*at].rank));
        let words = value.split_whitespace().count();
        rules.into_iter().find(|at| {
            let rule = &self.engine.rules[*at];
            match rule.finder {
                // One hidden character is a whole given name.
                Some(Finder::Name) => {
                    one >= 1 && value.chars().count() <= 24 && words <= 4 && !value.contains('@')
                }
                Some(Finder::Address) => run,
                Some(Finder::Email) => run && value.contains('@'),
                // A password may hold any sign: only a row of nothing else is a mask.
                _ if rule.secret => run && value.chars().all(|c| MASKS[..7].contains(&c)),
                _ if rule.id.as_str() == "CN_MOBILE" => run && value.chars().count() == 11,
                _ => run && words <= 2,
            }
        })
    }

    /// No key: only forms that cannot be anything else.
    fn unkeyed_mask(&self, start: usize, end: usize) -> Option<usize> {
        let token = &self.text[start..end];
        if let Some((_, domain)) = token.split_once('@') {
            return self.engine.finder(Finder::Email).filter(|_| domain.contains('.'));
        }
        let count = token.chars().count();
        let digits = token.chars().filter(|c| !MASKS.contains(c)).all(|c| c.is_ascii_digit());
        let head = token.chars().take_while(char::is_ascii_digit).count();
        let tail = token.chars().rev().take_while(char::is_ascii_digit).count();
        let id = match count {
            11 if digits && head >= 2 && tail >= 2 && token.starts_with('1') => "CN_MOBILE",
            18 if digits && head >= 1 && tail >= 1 && !token.starts_with("62") => "CN_ID_CARD",
            16..=19 if digits && head >= 4 && tail >= 3 => "BANK_CARD",
            _ => return None,
        };
        self.engine.position(id)
    }
}

/// `138xxxx1234`: letters mask only between digits.
fn has_letter_mask(bytes: &[u8]) -> bool {
    bytes.windows(4).any(|w| w[0].is_ascii_digit() && w[1..].iter().all(|b| matches!(b, b'x' | b'X')))
}

/// The next row of at least two equal mask characters.
fn mask_run(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut run: Option<(usize, usize, char)> = None;
    for (at, c) in text[from..].char_indices().map(|(at, c)| (at + from, c)) {
        run = match run {
            Some((start, _, mask)) if mask == c => Some((start, at + c.len_utf8(), mask)),
            Some((start, end, mask)) if long_enough(text, start, end, mask) => return Some((start, end)),
            _ if MASKS.contains(&c) => Some((at, at + c.len_utf8(), c)),
            _ => None,
        };
    }
    run.filter(|(start, end, mask)| long_enough(text, *start, *end, *mask))
        .map(|(start, end, _)| (start, end))
}

fn long_enough(text: &str, start: usize, end: usize, mask: char) -> bool {
    let count = (end - start) / mask.len_utf8();
    if matches!(mask, 'x' | 'X') {
        return count >= 3 && start > 0 && text.as_bytes()[start - 1].is_ascii_digit();
    }
    count >= 2
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || MASKS.contains(&c) || "@._".contains(c)
}

fn token_start(text: &str, at: usize) -> usize {
    text[..at]
        .char_indices()
        .rev()
        .take(TOKEN_CHARS_MAX)
        .take_while(|(_, c)| is_token(*c))
        .last()
        .map_or(at, |(start, _)| start)
}

fn token_end(text: &str, at: usize) -> usize {
    let len: usize =
        text[at..].chars().take(TOKEN_CHARS_MAX).take_while(|c| is_token(*c)).map(char::len_utf8).sum();
    at + text[at..at + len].trim_end_matches('.').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_mask_characters() {
        assert_eq!(mask_run("138****5678", 0), Some((3, 7)));
        assert_eq!(mask_run("138xxxx5678", 0), Some((3, 7)));
        assert_eq!(mask_run("Maxxx", 0), None);
        assert_eq!(mask_run("a*b", 0), None);
        assert_eq!(mask_run("张●●", 0), Some((3, 9)));
    }
}
