//! Plain word lists: one entry a line, `#` begins a comment. Whoever needs a list asks for it by file name.

use rustc_hash::FxHashSet;

use crate::content::{self, ContentError};

/// The entries of `content/list/<name>.txt` in file order.
pub(crate) fn lines(name: &str) -> Result<Vec<&'static str>, ContentError> {
    let path = format!("list/{name}.txt");
    let entries: Vec<&str> = content::file(&path)?
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    if entries.is_empty() {
        return Err(ContentError::new(&path, "file", "has no entries"));
    }
    Ok(entries)
}

/// Entries separated by any white space, for lists of single words or characters.
pub(crate) fn words(name: &str) -> Result<FxHashSet<&'static str>, ContentError> {
    Ok(lines(name)?.into_iter().flat_map(str::split_whitespace).collect())
}

/// Lists that value checks and detectors read.
#[derive(Debug)]
pub(crate) struct Lists {
    /// Chinese surnames, one or two characters.
    pub(crate) surnames: FxHashSet<&'static str>,
    /// Characters common in Chinese given names.
    pub(crate) given: FxHashSet<&'static str>,
    /// Given names in Latin letters, lower case.
    pub(crate) first_names: FxHashSet<&'static str>,
    /// Words that are no names although a person key stands above them.
    pub(crate) no_names: FxHashSet<&'static str>,
    /// The ethnic groups of China, without `族`.
    pub(crate) ethnicities: FxHashSet<&'static str>,
    /// Passwords that are tried first, lower case.
    pub(crate) weak_passwords: FxHashSet<&'static str>,
}

impl Lists {
    pub(crate) fn load() -> Result<Self, ContentError> {
        Ok(Self {
            surnames: words("surnames")?,
            given: words("given-characters")?,
            first_names: words("first-names")?,
            no_names: words("no-names")?,
            ethnicities: words("ethnicities")?,
            weak_passwords: lines("weak-passwords")?.into_iter().collect(),
        })
    }
}

/// Keyboard walks and sequences that are weak at any length from 4 on.
const WALKS: &[&str] = &[
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
];

/// True for a password that an attacker tries in the first thousand: listed, too short, one repeated character,
/// a walk over the keyboard, or a listed word with digits behind it.
pub(crate) fn is_weak_password(lists: &Lists, password: &str) -> bool {
    let lower = password.to_lowercase();
    let first = lower.chars().next();
    if lower.chars().count() < 6 || lists.weak_passwords.contains(lower.as_str()) {
        return true;
    }
    if lower.chars().all(|c| Some(c) == first) || WALKS.iter().any(|walk| walk.contains(&lower)) {
        return true;
    }
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit() || "!@#.".contains(c));
    let tail = lower.len() - stem.len();
    stem.len() >= 4 && tail <= 4 && lists.weak_passwords.contains(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(password: &str, expect: bool) {
        let lists = Lists::load().expect("lists load");
        assert_eq!(is_weak_password(&lists, password), expect, "{password}");
    }

    #[test]
    fn weak_passwords() {
        for weak in
            ["123456", "Password1", "admin@123", "aaaaaaaa", "qwerty", "abc", "admin2024", "woaini1314"]
        {
            check(weak, true);
        }
        for fair in ["w1j8zElmgerZF3m", "sjz3ImU&aWV", "correct horse battery"] {
            check(fair, false);
        }
    }
}
