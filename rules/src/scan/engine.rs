//! Everything that a scan looks things up in, compiled once from the data types.

use aho_corasick::{AhoCorasick, MatchKind};

use crate::content::ContentError;
use crate::data_type::{DataTypeRule, Finder};
use crate::key::Lexicon;
use crate::lists::{self, Lists};

/// Runs longer than this are dispatched together.
const RUN_LENGTH_MAX: usize = 72;

/// Compiled data types.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) rules: Vec<DataTypeRule>,
    pub(crate) lists: Lists,
    pub(crate) lexicon: Lexicon,
    /// (rule, shape) by length of the leading run.
    by_length: Vec<Vec<(u8, u8)>>,
    /// (rule, shape) of shapes that begin with a sign.
    pub(super) by_sign: Vec<(u8, u8)>,
    pub(super) prefixes: AhoCorasick,
    pub(super) prefix_rules: Vec<Vec<u8>>,
    /// Length of the shortest prefix.
    pub(super) prefix_value_min: usize,
    pub(super) contexts: AhoCorasick,
    pub(super) context_bits: Vec<u128>,
    finders: Vec<(Finder, u8)>,
}

impl Engine {
    /// Compiles data types.
    pub(crate) fn new(rules: Vec<DataTypeRule>) -> Result<Self, ContentError> {
        let lists = Lists::load()?;
        let lexicon = lexicon(&rules)?;
        let (by_length, by_sign) = dispatch(&rules);
        let mut prefixes: Vec<(&str, Vec<u8>)> = Vec::new();
        let mut contexts: Vec<(&str, u128)> = Vec::new();
        let mut finders = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            for prefix in &rule.prefix {
                match prefixes.iter_mut().find(|(known, _)| known == prefix) {
                    Some((_, users)) => users.push(at as u8),
                    None => prefixes.push((prefix, vec![at as u8])),
                }
            }
            contexts.extend(rule.keys.context.iter().map(|word| (word.as_str(), 1_u128 << at)));
            finders.extend(rule.finder.map(|finder| (finder, at as u8)));
        }
        let build = |words: Vec<&str>, kind: MatchKind, what: &str| {
            AhoCorasick::builder()
                .ascii_case_insensitive(what == "keys.context")
                .match_kind(kind)
                .build(words)
                .map_err(|error| ContentError::new("data", what, error.to_string()))
        };
        Ok(Self {
            prefix_value_min: prefixes.iter().map(|(prefix, _)| prefix.len()).min().unwrap_or(usize::MAX),
            prefixes: build(
                prefixes.iter().map(|(prefix, _)| *prefix).collect(),
                MatchKind::LeftmostLongest,
                "value.prefix",
            )?,
            prefix_rules: prefixes.iter().map(|(_, users)| users.clone()).collect(),
            contexts: build(
                contexts.iter().map(|(word, _)| *word).collect(),
                MatchKind::Standard,
                "keys.context",
            )?,
            context_bits: contexts.iter().map(|(_, bits)| *bits).collect(),
            rules,
            lists,
            lexicon,
            by_length,
            by_sign,
            finders,
        })
    }

    /// Shapes whose leading run may have this length.
    pub(super) fn by_length(&self, length: usize) -> &[(u8, u8)] {
        &self.by_length[length.min(RUN_LENGTH_MAX)]
    }

    /// The rule that a finder serves.
    pub(super) fn finder(&self, finder: Finder) -> Option<usize> {
        self.finders.iter().find(|(known, _)| *known == finder).map(|(_, rule)| usize::from(*rule))
    }

    /// The rule with this name.
    pub(super) fn position(&self, id: &str) -> Option<usize> {
        self.rules.iter().position(|rule| rule.id.as_str() == id)
    }
}

type Dispatch = (Vec<Vec<(u8, u8)>>, Vec<(u8, u8)>);

fn dispatch(rules: &[DataTypeRule]) -> Dispatch {
    let mut by_length = vec![Vec::new(); RUN_LENGTH_MAX + 1];
    let mut by_sign = Vec::new();
    for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.prefix.is_empty()) {
        for (number, value) in rule.shapes.iter().enumerate() {
            let entry = (at as u8, number as u8);
            let (least, most) = value.shape.lead;
            if most == 0 {
                by_sign.push(entry);
                continue;
            }
            for slot in &mut by_length[least.min(RUN_LENGTH_MAX)..=most.min(RUN_LENGTH_MAX)] {
                slot.push(entry);
            }
        }
    }
    (by_length, by_sign)
}

fn lexicon(rules: &[DataTypeRule]) -> Result<Lexicon, ContentError> {
    let mut lexicon = Lexicon::default();
    for (at, rule) in rules.iter().enumerate() {
        for word in &rule.keys.words {
            lexicon.add(word, 1 << at);
        }
        for word in &rule.keys.hints {
            lexicon.add_hint(word, 1 << at);
        }
    }
    for phrase in lists::lines("opaque-keys")? {
        lexicon.add_opaque(phrase);
    }
    for phrase in lists::lines("person-keys")? {
        lexicon.add_person(phrase);
    }
    Ok(lexicon)
}
