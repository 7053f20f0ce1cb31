//! A day of an invented organisation: a bank's mobile gateway, a shop, an internal administration and a
//! partner interface of old, with people who use them, noise around them, and weaknesses planted in them.
//!
//! `apiarist demo` shows it, tests measure against its [`Truth`]. Same `end` and `seed`, same calls.

mod admin;
mod ask;
mod bank;
mod noise;
mod partner;
mod scene;
mod shop;
mod shop_orders;
mod truth;

use std::collections::BTreeMap;

use model::{Call, CallId, Timestamp};

pub use truth::{Operation, Truth, Weakness};

use crate::Rng;
use scene::{Label, Scene};

/// The `source` of every demonstration call.
pub const SOURCE: &str = "demo";

/// Length of the demonstration, microseconds.
pub(crate) const WINDOW_US: i64 = 24 * 3_600 * 1_000_000;

/// Calls of one day with what is known about them.
#[derive(Debug, Clone)]
pub struct Demo {
    /// About 20,000 calls, ordered by time, all within the 24 hours before `end`.
    pub calls: Vec<Call>,
    /// For each call the operation it belongs to, as index into `truth.operations`; `None` for noise.
    pub labels: Vec<Option<usize>>,
    /// What a product should find.
    pub truth: Truth,
}

/// The calls of the 24 hours before `end`, ordered by time. Ids are stable and sort by time.
pub fn calls(end: Timestamp, seed: u64) -> impl Iterator<Item = Call> {
    generate(end, seed).calls.into_iter()
}

/// As [`calls`], with the operation of each call and the truth about the whole.
#[must_use]
pub fn generate(end: Timestamp, seed: u64) -> Demo {
    let mut scene = Scene::new(end, Rng::new(seed));
    bank::play(&mut scene);
    shop::play(&mut scene);
    admin::play(&mut scene);
    partner::play(&mut scene);
    noise::play(&mut scene);
    finish(scene.into_takes(), end)
}

fn finish(mut takes: Vec<(Call, Option<Label>)>, end: Timestamp) -> Demo {
    takes.retain(|(call, _)| call.ts <= end && call.ts.0 > end.0 - WINDOW_US);
    takes.sort_by_key(|(call, _)| call.ts);
    let mut operations: BTreeMap<Label, u64> = BTreeMap::new();
    for label in takes.iter().filter_map(|(_, label)| label.as_ref()) {
        *operations.entry(label.clone()).or_default() += 1;
    }
    let position: BTreeMap<Label, usize> = operations.keys().cloned().zip(0..).collect();
    let mut calls = Vec::with_capacity(takes.len());
    let mut labels = Vec::with_capacity(takes.len());
    for (index, (mut call, label)) in takes.into_iter().enumerate() {
        call.id = CallId::new(format!("{:012x}-{index:05x}", call.ts.micros() / 1_000));
        calls.push(call);
        labels.push(label.and_then(|label| position.get(&label).copied()));
    }
    let operations = operations.into_iter().map(|(label, calls)| label.into_operation(calls)).collect();
    Demo { calls, labels, truth: Truth { operations, weaknesses: truth::WEAKNESSES } }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn day() -> Demo {
        generate(Timestamp::from_parts(1_795_600_800, 0), 1)
    }

    #[test]
    fn a_day_has_the_promised_size_and_order() {
        let demo = day();
        assert!((16_000..26_000).contains(&demo.calls.len()), "{} calls", demo.calls.len());
        assert!(
            (55..90).contains(&demo.truth.operations.len()),
            "{} operations",
            demo.truth.operations.len()
        );
        assert!(demo.calls.is_sorted_by_key(|call| call.ts));
        let ids: BTreeSet<&str> = demo.calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(ids.len(), demo.calls.len());
        assert!(demo.calls.iter().all(|call| call.client.is_some() && call.server.is_some()));
        let counted: u64 = demo.truth.operations.iter().map(|operation| operation.calls).sum();
        assert_eq!(counted, demo.labels.iter().flatten().count() as u64);
    }

    #[test]
    fn the_same_seed_gives_the_same_day() {
        let (one, two) = (day(), day());
        assert_eq!(one.calls, two.calls);
        assert_ne!(one.calls, generate(Timestamp::from_parts(1_795_600_800, 0), 2).calls);
    }

    #[test]
    fn each_planted_weakness_lies_on_an_operation_that_was_called_with_success() {
        let demo = day();
        for weakness in demo.truth.weaknesses {
            let at = demo.truth.operations.iter().position(|operation| weakness.is_on(operation));
            let at = at.unwrap_or_else(|| panic!("{weakness:?} lies on no operation"));
            let answered =
                |(call, label): (&Call, &Option<usize>)| *label == Some(at) && call.status.is_some();
            assert!(demo.calls.iter().zip(&demo.labels).any(answered), "{weakness:?}");
        }
    }

    #[test]
    fn each_operation_of_the_truth_succeeds_at_least_once() {
        let demo = day();
        let mut confirmed = vec![false; demo.truth.operations.len()];
        for (call, label) in demo.calls.iter().zip(&demo.labels) {
            if let (Some(at), true) = (label, call.succeeded()) {
                confirmed[*at] = true;
            }
        }
        let missing: Vec<_> = demo.truth.operations.iter().zip(confirmed).filter(|(_, ok)| !ok).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
