//! What a key name says about the value under it. Names are split into words (camel, snake, kebab, Chinese),
//! and the words at the end of the name are looked up: `receiverMobileNo` ends in `mobile`, `mobileBrand` does not.
//! The result is a small `Copy` value, so that callers work it out once per schema path.

use rustc_hash::FxHashMap;

/// Words that may follow the telling ones without changing what the value is.
const TRAILING: &[&str] = &[
    "no",
    "number",
    "num",
    "nbr",
    "nr",
    "value",
    "val",
    "str",
    "string",
    "text",
    "raw",
    "plain",
    "plaintext",
    "clear",
    "full",
    "new",
    "old",
    "original",
    "orig",
    "origin",
    "decrypted",
    "list",
    "arr",
    "array",
    "info",
];
/// Names that say nothing: what stands above them is asked instead.
const HOLLOW: &[&str] = &[
    "value", "val", "text", "content", "data", "item", "raw", "string", "str", "number", "no", "code", "full",
];
/// Endings of Chinese names that do not change what the value is.
const TRAILING_HAN: &[&str] = &["号码", "号", "编号", "信息", "列表"];
/// Words looked at from the end of a name.
const WORDS_MAX: usize = 5;
/// Bytes of a name that are looked at; longer ones are data used as keys.
const NAME_BYTES_MAX: usize = 128;

/// Which data types a key name speaks for (or against). Empty without a telling name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prior {
    /// Bit per data type: the name denotes this type.
    pub(crate) speaks_for: u128,
    /// Bit per data type: the name may denote it (`name`, `userName`); the value has to be typical.
    pub(crate) hints: u128,
    /// The name denotes some other kind of number or code: only strong check digits speak.
    pub(crate) opaque: bool,
    /// The key above denotes a person.
    pub(crate) person: bool,
}

impl Prior {
    /// Knows nothing.
    pub const NONE: Self = Self { speaks_for: 0, hints: 0, opaque: false, person: false };

    /// True when the name said nothing at all.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.speaks_for == 0 && self.hints == 0 && !self.opaque
    }
}

/// What one phrase in the lexicon means.
#[derive(Debug, Clone, Copy, Default)]
struct Meaning {
    speaks_for: u128,
    hints: u128,
    opaque: bool,
    person: bool,
}

/// All phrases of all data types, joined without separators, lower case.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    phrases: FxHashMap<String, Meaning>,
}

impl Lexicon {
    pub(crate) fn add(&mut self, phrase: &str, bit: u128) {
        self.phrases.entry(join(phrase)).or_default().speaks_for |= bit;
    }

    pub(crate) fn add_hint(&mut self, phrase: &str, bit: u128) {
        self.phrases.entry(join(phrase)).or_default().hints |= bit;
    }

    pub(crate) fn add_opaque(&mut self, phrase: &str) {
        self.phrases.entry(join(phrase)).or_default().opaque = true;
    }

    pub(crate) fn add_person(&mut self, phrase: &str) {
        self.phrases.entry(join(phrase)).or_default().person = true;
    }

    /// The prior of a value under `name`, below `parent` (empty at the top).
    pub(crate) fn prior(&self, name: &str, parent: &str) -> Prior {
        let words = split(name);
        let above = split(parent);
        let person = self.any_word_is_person(&above) || self.any_word_is_person(&words);
        let mut meaning = self.meaning(&words);
        let hollow = words.len() <= 1 && words.first().is_none_or(|word| HOLLOW.contains(&word.as_str()));
        if meaning.is_none() && hollow {
            let joined: Vec<String> = above.iter().chain(&words).cloned().collect();
            meaning = self.meaning(&joined).or_else(|| self.meaning(&above));
        }
        let meaning = meaning.unwrap_or_default();
        Prior { speaks_for: meaning.speaks_for, hints: meaning.hints, opaque: meaning.opaque, person }
    }

    fn any_word_is_person(&self, words: &[String]) -> bool {
        words.iter().any(|word| {
            let singular = word.strip_suffix('s').unwrap_or(word);
            [word.as_str(), singular].iter().any(|w| self.phrases.get(*w).is_some_and(|m| m.person))
        })
    }

    /// The longest phrase at the end of the words, first as they stand, then without trailing ones.
    fn meaning(&self, words: &[String]) -> Option<Meaning> {
        let mut end = words.len();
        loop {
            if let Some(meaning) = self.at_end(&words[..end]) {
                return Some(meaning);
            }
            if end < 2 || !is_trailing(&words[end - 1]) {
                return None;
            }
            end -= 1;
        }
    }

    fn at_end(&self, words: &[String]) -> Option<Meaning> {
        let last = words.last()?;
        if !last.is_ascii() {
            return self.han(last);
        }
        for start in words.len().saturating_sub(WORDS_MAX)..words.len() {
            let joined = words[start..].concat();
            let undigited = joined.trim_end_matches(|c: char| c.is_ascii_digit());
            let singular = undigited.strip_suffix('s').unwrap_or(undigited);
            for form in [joined.as_str(), undigited, singular] {
                if let Some(meaning) = self.phrases.get(form).filter(|meaning| meaning.denotes()) {
                    return Some(*meaning);
                }
            }
        }
        None
    }

    /// Chinese is not spaced: every ending of the name is tried, longest first.
    fn han(&self, name: &str) -> Option<Meaning> {
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let bare = TRAILING_HAN.iter().find_map(|ending| name.strip_suffix(ending));
        [Some(name), bare].into_iter().flatten().find_map(|form| {
            form.char_indices().find_map(|(at, _)| {
                self.phrases.get(&form[at..]).filter(|meaning| meaning.denotes()).copied()
            })
        })
    }
}

impl Meaning {
    /// Being a word for a person says nothing about the value itself.
    const fn denotes(&self) -> bool {
        self.speaks_for != 0 || self.hints != 0 || self.opaque
    }
}

fn is_trailing(word: &str) -> bool {
    TRAILING.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A phrase as it is looked up: words joined, lower case.
fn join(phrase: &str) -> String {
    split(phrase).concat()
}

/// The words of a name, lower case: `IDCardNo` is id, card, no; `收货人手机` is one word.
pub(crate) fn split(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let cut = (0..=NAME_BYTES_MAX.min(name.len())).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    let mut chars = name[..cut].chars().peekable();
    while let Some(c) = chars.next() {
        let lower_follows = chars.peek().is_some_and(char::is_ascii_lowercase);
        let boundary = (c.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && lower_follows)))
            || c.is_ascii() != before.is_ascii();
        let separator = c.is_ascii() && !c.is_ascii_alphanumeric();
        if (boundary || separator) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if !separator {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expect: &[&str]) {
        assert_eq!(split(name), expect);
    }

    #[test]
    fn names_are_split_into_words() {
        check("receiverMobileNo", &["receiver", "mobile", "no"]);
        check("IDCardNo", &["id", "card", "no"]);
        check("userID", &["user", "id"]);
        check("id_card-no", &["id", "card", "no"]);
        check("收货人手机", &["收货人手机"]);
        check("user姓名2", &["user", "姓名", "2"]);
        check("", &[]);
    }

    #[track_caller]
    fn check_prior(name: &str, parent: &str, expect: u128) {
        let mut lexicon = Lexicon::default();
        lexicon.add("mobile", 1);
        lexicon.add("手机", 1);
        lexicon.add("id card", 2);
        lexicon.add_opaque("order");
        assert_eq!(lexicon.prior(name, parent).speaks_for, expect, "{parent}/{name}");
    }

    #[test]
    fn the_end_of_a_name_decides() {
        check_prior("receiverMobileNo", "", 1);
        check_prior("mobiles", "", 1);
        check_prior("mobile2", "", 1);
        check_prior("mobileBrand", "", 0);
        check_prior("ID_CARD", "", 2);
        check_prior("idcard", "", 2);
        check_prior("idCardStatus", "", 0);
        check_prior("联系人手机号码", "", 1);
        check_prior("value", "mobile", 1);
        check_prior("price", "mobile", 0);
    }
}
