//! One pass over one scalar value: runs of letters and digits are cut out by a class table and dispatched on their
//! length to the shapes that begin so; `@`, `:`, `+`, Chinese text and known prefixes lead to small parsers.
//! The key prior arbitrates, one match per span remains. Stateless: everything compiled lives in [`Engine`].

mod address;
mod engine;
mod finders;
mod masked;
mod name;
mod nested;
mod network;
mod normal;
mod resolve;

pub(crate) use engine::Engine;

use crate::data_type::Finder;
use crate::validate::{self, BARE_MAX};
use crate::{Match, Prior};

/// Nested documents (JSON in a string, forms, base64) are followed this deep.
const NESTING_MAX: u8 = 3;
/// Bytes between a context word and the value that it announces.
const CONTEXT_GAP_BYTES_MAX: usize = 24;
/// Bytes before a value that are searched for context words.
const CONTEXT_BYTES_MAX: usize = 72;
/// A context word speaks a little less clearly than a key.
const CONTEXT_FACTOR: f32 = 0.95;
/// Values looked at before overlaps are settled.
const FOUND_MAX: usize = 4 * model::limits::HITS_MAX;
/// Letters alone say nothing below this length; from it on they may be a key.
const LETTERS_BYTES_MIN: usize = 16;
/// At or above this confidence a type fires under any key.
const STRONG: f32 = 0.95;

/// Classes of bytes, as bits.
mod class {
    pub(super) const DIGIT: u8 = 1;
    pub(super) const UPPER: u8 = 2;
    pub(super) const LOWER: u8 = 4;
    pub(super) const HIGH: u8 = 8;
    /// Leads to a micro-parser or a shape that begins with it.
    pub(super) const SIGN: u8 = 16;
    pub(super) const MASK: u8 = 32;
    pub(super) const ALNUM: u8 = DIGIT | UPPER | LOWER;
}

/// The class of every byte.
static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => class::DIGIT,
            b'A'..=b'Z' => class::UPPER,
            b'a'..=b'z' => class::LOWER,
            b'*' | b'#' => class::MASK,
            b'@' | b':' | b'+' | b'(' | b'$' | b'{' | b'-' => class::SIGN,
            128..=255 => class::HIGH,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// A value found, before overlaps are resolved.
#[derive(Debug, Clone, Copy)]
struct Found {
    rule: u8,
    masked: bool,
    keyed: bool,
    start: usize,
    end: usize,
    confidence: f32,
}

/// The scan of one value.
struct Scanner<'a> {
    engine: &'a Engine,
    prior: Prior,
    text: &'a str,
    bytes: &'a [u8],
    found: Vec<Found>,
}

/// Scans one scalar value and appends what it holds.
pub(crate) fn scan(engine: &Engine, prior: Prior, value: &str, out: &mut Vec<Match>) {
    scan_nested(engine, prior, value, NESTING_MAX, out);
}

fn scan_nested(engine: &Engine, prior: Prior, value: &str, depth: u8, out: &mut Vec<Match>) {
    let classes = value.bytes().fold(0, |classes, byte| classes | CLASS[usize::from(byte)]);
    let telling = classes & (class::DIGIT | class::HIGH | class::SIGN | class::MASK) != 0;
    if prior.is_empty() && !telling && value.len() < LETTERS_BYTES_MIN {
        return;
    }
    if depth > 0 && nested::scan(engine, value, depth, out) {
        return;
    }
    if let Some(normal) = normal::narrow(value) {
        let from = out.len();
        scan_flat(engine, prior, &normal.text, out);
        for found in &mut out[from..] {
            (found.start, found.end) = (normal.origin(found.start), normal.origin(found.end));
        }
        return;
    }
    scan_flat(engine, prior, value, out);
}

fn scan_flat(engine: &Engine, prior: Prior, text: &str, out: &mut Vec<Match>) {
    let mut scanner = Scanner { engine, prior, text, bytes: text.as_bytes(), found: Vec::new() };
    scanner.masked();
    scanner.whole();
    scanner.prefixes();
    scanner.announced();
    scanner.pass();
    resolve::resolve(scanner, out);
}

impl Scanner<'_> {
    /// Types that the key names are tried on the value as a whole.
    fn whole(&mut self) {
        let mut bits = self.prior.speaks_for | self.prior.hints;
        let trimmed = self.text.trim();
        if trimmed.is_empty() {
            return;
        }
        let start = self.text.len() - self.text.trim_start().len();
        while bits != 0 {
            let at = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let rule = &self.engine.rules[at];
            let hinted = self.prior.speaks_for >> at & 1 == 0;
            let fits = match rule.finder {
                Some(finder) => self.finder_whole(finder, trimmed, hinted),
                None => {
                    rule.shapes.iter().any(|s| s.shape.is_whole(trimmed.as_bytes()))
                        && self.check(at, trimmed)
                }
            };
            if fits {
                let confidence = if hinted { rule.keyed * CONTEXT_FACTOR } else { rule.keyed };
                // Any type that proves itself is more specific than `a secret`.
                let specific = rule.finder != Some(Finder::Secret);
                self.push(at, (start, start + trimmed.len()), confidence, specific);
            }
        }
    }

    /// The one pass.
    fn pass(&mut self) {
        let mut at = 0;
        while at < self.bytes.len() {
            let class = CLASS[usize::from(self.bytes[at])];
            if class & class::ALNUM != 0 {
                let mut mask = 0;
                let mut end = at;
                while end < self.bytes.len() && CLASS[usize::from(self.bytes[end])] & class::ALNUM != 0 {
                    mask |= CLASS[usize::from(self.bytes[end])];
                    end += 1;
                }
                self.run(at, end, mask);
                at = end;
            } else if class == class::HIGH {
                let mut end = at;
                while end < self.bytes.len() && self.bytes[end] >= 0x80 {
                    end += 1;
                }
                self.han(at, end);
                at = end;
            } else {
                if class == class::SIGN {
                    self.sign(at);
                }
                at += 1;
            }
        }
    }

    /// A maximal run of letters and digits: shapes by length, then dotted and colon forms.
    fn run(&mut self, start: usize, end: usize, mask: u8) {
        let engine = self.engine;
        for &(rule, shape) in engine.by_length(end - start) {
            let rule_at = usize::from(rule);
            let shape = &engine.rules[rule_at].shapes[usize::from(shape)];
            if (mask & class::LOWER != 0 && !shape.shape.lead_lower)
                || (mask & class::UPPER != 0 && !shape.shape.lead_upper)
            {
                continue;
            }
            self.try_shape(rule_at, shape, start);
        }
        let next = self.bytes.get(end).copied().unwrap_or(0);
        match next {
            b'.' if end - start <= 3 && mask == class::DIGIT => self.ipv4(start),
            b':' if end - start <= 4 => self.ipv6(start),
            _ => {}
        }
    }

    fn try_shape(&mut self, rule_at: usize, shape: &crate::data_type::ValueShape, start: usize) {
        let Some(end) = shape.shape.match_at(self.bytes, start) else { return };
        if !self.bounded(start, end) || self.bytes.get(end).is_some_and(|next| shape.shape.would_take(*next))
        {
            return;
        }
        let rule = &self.engine.rules[rule_at];
        let bit = 1_u128 << rule_at;
        let (confidence, keyed) = if self.prior.speaks_for & bit != 0 {
            (rule.keyed, true)
        } else if shape.alone && rule.alone > 0.0 && (!self.prior.opaque || rule.alone >= STRONG) {
            (rule.alone, false)
        } else if !self.prior.opaque && self.context(start) & bit != 0 {
            (rule.keyed * CONTEXT_FACTOR, true)
        } else {
            return;
        };
        // Runs are cut at ASCII bytes, so the borders are those of characters.
        if self.text.get(start..end).is_some_and(|value| self.check(rule_at, value)) {
            self.push(rule_at, (start, end), confidence, keyed);
        }
    }

    /// Known prefixes of keys and tokens.
    fn prefixes(&mut self) {
        let engine = self.engine;
        if self.bytes.len() < engine.prefix_value_min {
            return;
        }
        for hit in engine.prefixes.find_iter(self.bytes) {
            for &rule in &engine.prefix_rules[hit.pattern().as_usize()] {
                let rule_at = usize::from(rule);
                match engine.rules[rule_at].finder {
                    Some(Finder::Jwt) => self.jwt(rule_at, hit.start()),
                    Some(Finder::Pem) => self.pem(rule_at, hit.start()),
                    _ => {
                        for shape in &engine.rules[rule_at].shapes {
                            self.try_shape(rule_at, shape, hit.start());
                        }
                    }
                }
            }
        }
    }

    /// Types announced by words shortly before `at`, with nothing but connecting words between.
    fn context(&self, at: usize) -> u128 {
        let mut from = at.saturating_sub(CONTEXT_BYTES_MAX);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let window = &self.bytes[from..at];
        let mut best = (0, 0_u128);
        for hit in self.engine.contexts.find_overlapping_iter(window) {
            let gap = &window[hit.end()..];
            let clean = gap.len() <= CONTEXT_GAP_BYTES_MAX && !gap.iter().any(u8::is_ascii_digit);
            let begins_word = hit.start() == 0
                || !window[hit.start()].is_ascii_alphabetic()
                || !window[hit.start() - 1].is_ascii_alphanumeric();
            if clean && begins_word {
                // The nearest word wins, among words that end at the same place all count.
                let bits = self.engine.context_bits[hit.pattern().as_usize()];
                best = if hit.end() > best.0 { (hit.end(), bits) } else { (best.0, best.1 | bits) };
            }
        }
        best.1
    }

    /// The value is not part of something longer: a UUID, a file name, a decimal, a path of words.
    fn bounded(&self, start: usize, end: usize) -> bool {
        let joins = |at: Option<usize>, beyond: Option<usize>| {
            let byte = |at: Option<usize>| at.and_then(|at| self.bytes.get(at)).copied().unwrap_or(b' ');
            let (near, far) = (byte(at), byte(beyond));
            match near {
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => true,
                b'-' | b'_' | b'+' => far.is_ascii_alphanumeric(),
                b'.' => far.is_ascii_alphanumeric(),
                b'@' => far.is_ascii_alphanumeric(),
                _ => false,
            }
        };
        // A shape that begins or ends with a sign brings its own border.
        let before = start.checked_sub(1).filter(|_| self.bytes[start].is_ascii_alphanumeric());
        let after = Some(end).filter(|_| self.bytes[end - 1].is_ascii_alphanumeric());
        !joins(before, start.checked_sub(2)) && !joins(after, Some(end + 1))
    }

    fn check(&self, rule_at: usize, raw: &str) -> bool {
        let Some(check) = self.engine.rules[rule_at].check else { return true };
        let mut buffer = [0; BARE_MAX];
        check(raw, validate::bare(raw, &mut buffer))
    }

    /// Remembers a value; far more of them than are reported at most are not settled one by one.
    fn push(&mut self, rule_at: usize, span: (usize, usize), confidence: f32, keyed: bool) {
        if self.found.len() >= FOUND_MAX {
            return;
        }
        // At most `TYPES_MAX` rules exist, so the index fits.
        let rule = rule_at as u8;
        self.found.push(Found { rule, masked: false, keyed, start: span.0, end: span.1, confidence });
    }
}

/// At most the first `bytes_max` bytes, cut between characters. Keeps what looks ahead linear on hostile text.
fn head_of(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
