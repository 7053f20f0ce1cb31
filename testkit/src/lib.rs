//! What tests and the demonstration are fed with: builders for calls, a runner for golden files,
//! invented people whose numbers carry valid check digits, and a day of traffic with planted weaknesses.
//!
//! Everything is deterministic from a seed. Nothing here is used while real traffic is analysed.

mod builder;
pub mod demo;
pub mod golden;
pub mod jwt;
mod names;
mod people;
mod rng;

pub use builder::{CallBuilder, call};
pub use people::{Language, Person, luhn_digit, mask_middle, resident_check};
pub use rng::Rng;
