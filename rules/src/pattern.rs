//! Named sets of text patterns (error pages, management paths): literals found by one automaton, each alone enough
//! or the door to a regular expression. Content files describe them, expressions and detectors use them by name.

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::content::{self, ContentError, Text};

/// Bytes of a text that are searched; error pages say what they are early.
const TEXT_BYTES_MAX: usize = 256 << 10;
/// Bytes that a compiled expression may take.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// A set of patterns.
#[derive(Debug)]
pub struct PatternSet {
    /// Name of the set.
    pub id: String,
    /// Name for people.
    pub text: Text,
    literals: AhoCorasick,
    /// Pattern of each literal.
    owners: Vec<usize>,
    patterns: Vec<Pattern>,
    /// Texts that hold a pattern.
    pub positive: Vec<PatternExample>,
    /// Texts that look like it.
    pub negative: Vec<String>,
}

#[derive(Debug)]
struct Pattern {
    id: String,
    text: Text,
    regex: Option<Regex>,
}

/// An example in a content file: it is one test.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternExample {
    /// The pattern that it holds.
    pub id: String,
    /// The text.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    text: Text,
    pattern: Vec<FilePattern>,
    positive: Vec<PatternExample>,
    negative: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePattern {
    id: String,
    text: Text,
    /// Any of these has to occur, in any case.
    literals: Vec<String>,
    /// And then this, multi-line, in any case; without it the literal is enough.
    regex: Option<String>,
}

impl PatternSet {
    /// Id of the first pattern, in the order of the file, that occurs in the text.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<&str> {
        let text = &text[..text.len().min(TEXT_BYTES_MAX)];
        let mut seen = 0_u128;
        for hit in self.literals.find_overlapping_iter(text) {
            seen |= 1 << self.owners[hit.pattern().as_usize()];
        }
        while seen != 0 {
            let at = seen.trailing_zeros() as usize;
            seen &= seen - 1;
            let pattern = &self.patterns[at];
            if pattern.regex.as_ref().is_none_or(|regex| regex.is_match(text)) {
                return Some(&pattern.id);
            }
        }
        None
    }

    /// Name for people of one pattern.
    #[must_use]
    pub fn pattern_text(&self, id: &str) -> Option<&Text> {
        self.patterns.iter().find(|pattern| pattern.id == id).map(|pattern| &pattern.text)
    }
}

/// Reads all sets, sorted by id.
pub(crate) fn load() -> Result<Vec<PatternSet>, ContentError> {
    content::folder("pattern", ".toml").map(|(file, text)| compile(file, text)).collect()
}

fn compile(path: &str, text: &str) -> Result<PatternSet, ContentError> {
    let file: File = content::parse(path, text)?;
    content::check_id(path, &file.id)?;
    file.text.validate(path, "text")?;
    let fail = |field: &str, reason: String| Err(ContentError::new(path, field, reason));
    if file.positive.len() < 3 || file.negative.len() < 3 {
        return fail("positive", "at least 3 positives and 3 near misses are needed".into());
    }
    if file.pattern.is_empty() || file.pattern.len() > 128 {
        return fail("pattern", "1 to 128 patterns work".into());
    }
    let (mut literals, mut owners, mut patterns) = (Vec::new(), Vec::new(), Vec::new());
    for pattern in file.pattern {
        pattern.text.validate(path, &format!("pattern.{}.text", pattern.id))?;
        if pattern.literals.is_empty() || pattern.literals.iter().any(|literal| literal.len() < 3) {
            return fail("pattern.literals", format!("`{}` needs literals of 3 bytes or more", pattern.id));
        }
        owners.extend(std::iter::repeat_n(patterns.len(), pattern.literals.len()));
        literals.extend(pattern.literals);
        let regex = match &pattern.regex {
            None => None,
            Some(regex) => Some(
                RegexBuilder::new(regex)
                    .case_insensitive(true)
                    .multi_line(true)
                    .unicode(false)
                    .size_limit(REGEX_BYTES_MAX)
                    .build()
                    .map_err(|error| ContentError::new(path, "pattern.regex", error.to_string()))?,
            ),
        };
        patterns.push(Pattern { id: pattern.id, text: pattern.text, regex });
    }
    let literals = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(&literals)
        .map_err(|error| ContentError::new(path, "pattern.literals", error.to_string()))?;
    Ok(PatternSet {
        id: file.id,
        text: file.text,
        literals,
        owners,
        patterns,
        positive: file.positive,
        negative: file.negative,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_example_of_every_set() {
        let sets = super::load().expect("the sets load");
        let mut wrong = Vec::new();
        for set in &sets {
            for example in &set.positive {
                let found = set.find(example.text.as_bytes());
                if found != Some(&example.id) {
                    wrong.push(format!("{}: {} found as {found:?}: {}", set.id, example.id, example.text));
                }
            }
            for example in &set.negative {
                if let Some(found) = set.find(example.as_bytes()) {
                    wrong.push(format!("{}: false alarm {found}: {example}", set.id));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
