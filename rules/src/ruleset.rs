//! All knowledge, compiled. Built once at start-up; an error in any content file is an error here.

use crate::Match;
use crate::content::ContentError;
use crate::data_type::{self, DataTypeRule};
use crate::key::Prior;
use crate::lists::{self, Lists};
use crate::pattern::{self, PatternSet};
use crate::purpose::{self, PurposeInput, PurposeRule};
use crate::scan::{self, Engine};
use crate::vocabulary::Vocabulary;
use crate::weakness::{self, WeaknessRule};

/// Every rule there is: immutable, shared by `Arc`.
#[derive(Debug)]
pub struct Ruleset {
    engine: Engine,
    vocabulary: Vocabulary,
    purposes: Vec<PurposeRule>,
    patterns: Vec<PatternSet>,
    weaknesses: Vec<WeaknessRule>,
    jwt_secrets: Vec<String>,
}

impl Ruleset {
    /// Compiles the content that is built into the binary.
    ///
    /// # Errors
    /// The first content file that cannot be used, with the field.
    pub fn builtin() -> Result<Self, ContentError> {
        let patterns = pattern::load()?;
        let purposes = purpose::load()?;
        let weaknesses = weakness::load(&patterns)?;
        Ok(Self {
            engine: Engine::new(data_type::load()?)?,
            vocabulary: Vocabulary::load()?,
            jwt_secrets: lists::lines("jwt-secrets")?.into_iter().map(str::to_owned).collect(),
            purposes,
            patterns,
            weaknesses,
        })
    }

    /// All data types, sorted by id.
    #[must_use]
    pub fn data_types(&self) -> &[DataTypeRule] {
        &self.engine.rules
    }

    /// The data type of that name.
    #[must_use]
    pub fn data_type(&self, id: &str) -> Option<&DataTypeRule> {
        self.engine
            .rules
            .binary_search_by(|rule| rule.id.as_str().cmp(id))
            .ok()
            .map(|at| &self.engine.rules[at])
    }

    /// What a key says about the value under it: `name` is the last key (or parameter, header, column), `parent` the
    /// key above it or empty. Worth caching per schema path.
    #[must_use]
    pub fn prior(&self, name: &str, parent: &str) -> Prior {
        self.engine.lexicon.prior(name, parent)
    }

    /// Finds sensitive values in one scalar and appends them in order; documents inside the value are read too.
    pub fn scan(&self, prior: Prior, value: &str, out: &mut Vec<Match>) {
        scan::scan(&self.engine, prior, value, out);
    }

    /// The words of web APIs.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Id and confidence (0 to 1) of the business purpose, when one stands out.
    #[must_use]
    pub fn classify_purpose(&self, input: &PurposeInput<'_>) -> Option<(&str, f32)> {
        purpose::classify(&self.purposes, input)
    }

    /// All business purposes, sorted by id.
    #[must_use]
    pub fn purposes(&self) -> &[PurposeRule] {
        &self.purposes
    }

    /// Secrets that tokens are signed with by mistake, most common first.
    #[must_use]
    pub fn weak_jwt_secrets(&self) -> &[String] {
        &self.jwt_secrets
    }

    /// True for a password among those that are tried first.
    #[must_use]
    pub fn is_weak_password(&self, password: &str) -> bool {
        lists::is_weak_password(self.lists(), password)
    }

    /// All weaknesses, sorted by id.
    #[must_use]
    pub fn weaknesses(&self) -> &[WeaknessRule] {
        &self.weaknesses
    }

    /// The weakness of that name.
    #[must_use]
    pub fn weakness(&self, id: &str) -> Option<&WeaknessRule> {
        self.weaknesses.iter().find(|rule| rule.id == id)
    }

    /// The pattern set of that name.
    #[must_use]
    pub fn patterns(&self, set: &str) -> Option<&PatternSet> {
        self.patterns.iter().find(|patterns| patterns.id == set)
    }

    fn lists(&self) -> &Lists {
        &self.engine.lists
    }
}

#[cfg(test)]
mod tests {
    use super::Ruleset;

    #[test]
    fn the_builtin_content_is_valid_and_shareable() {
        fn shareable<T: Send + Sync>(_: &T) {}
        let rules = Ruleset::builtin().unwrap_or_else(|error| panic!("{error}"));
        shareable(&rules);
        assert!(rules.data_types().is_sorted_by_key(|rule| rule.id.clone()));
        for id in ["EMAIL", "CN_MOBILE", "CN_ID_CARD", "BANK_CARD", "JWT", "PASSWORD"] {
            assert!(rules.data_type(id).is_some(), "{id}");
        }
        assert!(rules.weak_jwt_secrets().iter().any(|secret| secret == "random"));
        assert!(rules.data_type("NO_SUCH").is_none() && rules.patterns("no-such").is_none());
    }
}
