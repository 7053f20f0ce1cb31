//! Knowledge in files to matchers in memory: `content/` holds data types, weaknesses, purposes, patterns and
//! lists; a [`Ruleset`] is all of them, parsed, validated and compiled. It is immutable and shared.
//!
//! This crate judges values, names and bodies that it is handed. It knows no calls, no endpoints and no I/O.

mod content;
mod data_type;
pub mod expr;
mod key;
mod lists;
mod mask;
mod matched;
mod pattern;
mod purpose;
mod ruleset;
mod scan;
mod shape;
mod validate;
mod vocabulary;
mod weakness;

pub use content::{ContentError, Text};
pub use data_type::{DataExample, DataTypeRule};
pub use key::Prior;
pub use matched::Match;
pub use pattern::{PatternExample, PatternSet};
pub use purpose::{PurposeExample, PurposeInput, PurposeRule};
pub use ruleset::Ruleset;
pub use vocabulary::Vocabulary;
pub use weakness::{CallField, Detail, EndpointField, Example, Raise, Scope, WeaknessRule, WeaknessText};
