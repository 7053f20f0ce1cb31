//! The texts of the rules as the API answers them. The only file that knows the `rules` crate.

use crate::view::rule::{RuleList, WeaknessView};

/// Everything that is looked for, with texts in both languages, ready to be sent.
#[derive(Debug, Clone, Default)]
pub struct RuleBook {
    list: RuleList,
}

impl RuleBook {
    pub(crate) fn list(&self) -> &RuleList {
        &self.list
    }

    /// The weakness with an id.
    pub(crate) fn weakness(&self, id: &str) -> Option<&WeaknessView> {
        self.list.weaknesses.iter().find(|weakness| weakness.id == id)
    }
}
