//! Words that stand as fixed segments in the paths of web APIs, with how typical they are. The template learner
//! asks here whether a segment is part of the API's language or rather a value.

use rustc_hash::FxHashMap;

use crate::content::{self, ContentError};

const FILE: &str = "list/api-words.txt";

/// The API vocabulary: lower-case words with a weight of 1 to 9.
#[derive(Debug)]
pub struct Vocabulary {
    weights: FxHashMap<&'static str, u8>,
}

impl Vocabulary {
    /// Lines are `weight: word word ...`.
    pub(crate) fn load() -> Result<Self, ContentError> {
        let mut weights = FxHashMap::default();
        for (at, line) in content::file(FILE)?.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let field = format!("line {}", at + 1);
            let (weight, words) =
                line.split_once(':').ok_or_else(|| ContentError::new(FILE, &field, "has no weight"))?;
            let weight = match weight.trim().parse::<u8>() {
                Ok(weight @ 1..=9) => weight,
                _ => return Err(ContentError::new(FILE, &field, "the weight is not 1 to 9")),
            };
            for word in words.split_whitespace() {
                if weights.insert(word, weight).is_some() {
                    return Err(ContentError::new(FILE, &field, format!("`{word}` stands twice")));
                }
            }
        }
        Ok(Self { weights })
    }

    /// How typical a lower-case word is for a fixed segment, 1 to 9; 0 when it is unknown.
    #[must_use]
    pub fn weight(&self, word: &str) -> u8 {
        self.weights.get(word).copied().unwrap_or(0)
    }

    /// Words known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// True without any word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Vocabulary;

    #[test]
    fn words_of_apis_are_known_and_values_are_not() {
        let vocabulary = Vocabulary::load().expect("the vocabulary loads");
        assert!((1_500..=2_600).contains(&vocabulary.len()), "{}", vocabulary.len());
        for word in ["users", "login", "orders", "api", "search", "yonghu", "dingdan", "chaxun", "v1"] {
            assert!(vocabulary.weight(word) >= 5, "{word}");
        }
        for word in ["red", "alice", "shanghai", "london", "zhangsan", "monday", "smith"] {
            assert_eq!(vocabulary.weight(word), 0, "{word}");
        }
    }
}
