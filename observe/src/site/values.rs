//! The values of one parameter: kinds, how many, their range, and whether they can be counted through.

use std::collections::BTreeMap;

use model::limits::{EVIDENCE_MAX, SAMPLES_MAX};
use model::{Call, CallId, Enumerable, Secret};
use serde::{Deserialize, Serialize};

use super::term::{Term, extend_evidence, extend_samples};
use super::token::TokenKind;
use crate::sketch::{Distinct, hash_of};

/// Distinct successful values before an identifier counts as enumerable.
const DISTINCT_MIN: u64 = 5;
/// Digits above which a number is no counter: snowflake ids, timestamps in milliseconds, phone and card numbers.
const COUNTER_DIGITS_MAX: usize = 10;
/// Values asked for in vain before names count as guessed.
const MISSES_MIN: u64 = 3;

/// Summary of the values of one parameter. The values themselves are not kept; samples are masked by the caller.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Values {
    pub calls: u64,
    pub kinds: BTreeMap<TokenKind, u64>,
    distinct: Distinct,
    hit: Distinct,
    missed: Distinct,
    min: u64,
    max: u64,
    samples: Vec<String>,
    evidence: Vec<CallId>,
}

impl Values {
    /// Adds the value of one call. `sample` is how it may be shown; `None` shows the value itself.
    pub fn learn(&mut self, value: &str, call: &Call, sample: Option<String>) {
        self.calls += 1;
        let kind = TokenKind::of(value);
        *self.kinds.entry(kind).or_default() += 1;
        let hash = hash_of(value);
        let is_new = self.distinct.add(hash);
        if call.succeeded() {
            let is_new_hit = self.hit.add(hash);
            if is_new_hit && self.evidence.len() < EVIDENCE_MAX {
                self.evidence.push(call.id.clone());
            }
            self.widen(kind, value);
        } else if matches!(call.status, Some(404 | 410)) {
            self.missed.add(hash);
        }
        if is_new && self.samples.len() < SAMPLES_MAX {
            self.samples.push(sample.unwrap_or_else(|| value.chars().take(64).collect()));
        }
    }

    /// Adds a value that had been a literal until now, with what was learned from the calls made to it.
    pub fn absorb(&mut self, value: &str, term: &Term) {
        self.calls += term.calls;
        let kind = TokenKind::of(value);
        *self.kinds.entry(kind).or_default() += term.calls;
        let hash = hash_of(value);
        let is_new = self.distinct.add(hash);
        if term.succeeded() > 0 {
            let is_new_hit = self.hit.add(hash);
            if is_new_hit && self.evidence.len() < EVIDENCE_MAX {
                self.evidence.extend(term.evidence().into_iter().next());
            }
            self.widen(kind, value);
        } else if term.statuses.keys().any(|status| matches!(status, 404 | 410)) {
            self.missed.add(hash);
        }
        if is_new && self.samples.len() < SAMPLES_MAX {
            let is_short = value.len() < 8 || !kind.is_strong();
            self.samples.push(if is_short { value.to_owned() } else { Secret::new(value).mask(2, 2) });
        }
    }

    fn widen(&mut self, kind: TokenKind, value: &str) {
        if let (TokenKind::Integer, Ok(number)) = (kind, value.parse::<u64>()) {
            self.min = if self.max == 0 { number } else { self.min.min(number) };
            self.max = self.max.max(number);
        }
    }

    /// Adds everything that another one has seen.
    pub fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.distinct.merge(other.distinct);
        self.hit.merge(other.hit);
        self.missed.merge(other.missed);
        if other.max > 0 {
            self.min = if self.max == 0 { other.min } else { self.min.min(other.min) };
            self.max = self.max.max(other.max);
        }
        extend_samples(&mut self.samples, other.samples);
        extend_evidence(&mut self.evidence, other.evidence);
    }

    /// The most frequent kind.
    pub fn kind(&self) -> TokenKind {
        self.kinds.iter().max_by_key(|(_, count)| **count).map_or(TokenKind::Word, |(kind, _)| *kind)
    }

    /// Share of values that are words, 0 to 1.
    pub fn wordy_share(&self) -> f32 {
        let wordy: u64 =
            self.kinds.iter().filter(|(kind, _)| !kind.is_strong()).map(|(_, count)| count).sum();
        wordy as f32 / self.calls.max(1) as f32
    }

    /// Distinct values.
    pub fn distinct(&self) -> u64 {
        self.distinct.count()
    }

    /// A few values as they may be shown.
    pub fn samples(&self) -> &[String] {
        &self.samples
    }

    /// Whether the values can be walked through: numbers by counting, names by guessing (when the answers
    /// tell which names exist).
    pub fn enumerable(&self, param: &str) -> Option<Enumerable> {
        let hits = self.hit.count();
        if hits < DISTINCT_MIN {
            return None;
        }
        let kind = self.kind();
        let density = match kind {
            TokenKind::Integer if self.max > 0 => {
                let is_counter = self.max.to_string().len() <= COUNTER_DIGITS_MAX;
                let range = self.max - self.min + 1;
                if !is_counter {
                    return None;
                }
                (hits as f32 / range as f32).min(1.0)
            }
            TokenKind::Word | TokenKind::Slug if self.missed.count() >= MISSES_MIN => 0.0,
            _ => return None,
        };
        Some(Enumerable {
            param: param.to_owned(),
            kind: kind.as_str().to_owned(),
            distinct: hits,
            density,
            evidence: self.evidence.clone(),
        })
    }
}
