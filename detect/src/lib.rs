//! Calls and profiles to findings. Each weakness is a content file; this crate supplies the facts that its conditions
//! name, remembers which calls were evidence, and words the findings.
//!
//! It changes no traffic, keeps no values (only counts, types and call ids) and reads no clock.

mod call_facts;
mod detector;
mod endpoint_facts;
mod findings;
#[cfg(test)]
mod fixture;
mod jwt;
mod mark;
mod wording;

pub use detector::Detector;
pub use mark::StateError;
