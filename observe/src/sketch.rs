//! Small mergeable summaries: how many distinct values, how response times are spread.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Distinct values kept exactly before the sketch takes over.
const EXACT_MAX: usize = 128;
/// Registers of the sketch: 2^10, standard error 1.04/√1024 = 3.3 %.
const PRECISION: u32 = 10;

/// Distinct 64-bit hashes: exact up to 128, then HyperLogLog (Flajolet et al. 2007) with 1,024 registers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Distinct {
    Exact(Vec<u64>),
    Sketch(Vec<u8>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl Distinct {
    /// Adds a hash; true when it is certainly new.
    pub fn add(&mut self, hash: u64) -> bool {
        match self {
            Self::Exact(hashes) => match hashes.binary_search(&hash) {
                Ok(_) => false,
                Err(at) => {
                    hashes.insert(at, hash);
                    if hashes.len() > EXACT_MAX {
                        self.condense();
                    }
                    true
                }
            },
            Self::Sketch(registers) => {
                set_register(registers, hash);
                false
            }
        }
    }

    fn condense(&mut self) {
        if let Self::Exact(hashes) = self {
            let mut registers = vec![0; 1 << PRECISION];
            for hash in hashes {
                set_register(&mut registers, *hash);
            }
            *self = Self::Sketch(registers);
        }
    }

    /// The number of distinct hashes (an estimate above 128).
    pub fn count(&self) -> u64 {
        match self {
            Self::Exact(hashes) => hashes.len() as u64,
            Self::Sketch(registers) => estimate(registers),
        }
    }

    /// Adds everything that another one has seen.
    pub fn merge(&mut self, mut other: Self) {
        if matches!(self, Self::Sketch(_)) {
            other.condense();
        }
        match (&mut *self, other) {
            (_, Self::Exact(hashes)) => {
                for hash in hashes {
                    self.add(hash);
                }
            }
            (Self::Exact(_), Self::Sketch(registers)) => {
                self.condense();
                self.merge(Self::Sketch(registers));
            }
            (Self::Sketch(mine), Self::Sketch(theirs)) => {
                for (mine, theirs) in mine.iter_mut().zip(theirs) {
                    *mine = (*mine).max(theirs);
                }
            }
        }
    }
}

fn set_register(registers: &mut [u8], hash: u64) {
    let index = (hash >> (64 - PRECISION)) as usize;
    let rank = ((hash << PRECISION) | (1 << (PRECISION - 1))).leading_zeros() as u8 + 1;
    registers[index] = registers[index].max(rank);
}

fn estimate(registers: &[u8]) -> u64 {
    let m = registers.len() as f64;
    let harmonic: f64 = registers.iter().map(|rank| 2f64.powi(-i32::from(*rank))).sum();
    let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / harmonic;
    let empty = registers.iter().filter(|rank| **rank == 0).count();
    let corrected = if raw <= 2.5 * m && empty > 0 { m * (m / empty as f64).ln() } else { raw };
    corrected.round() as u64
}

/// Response times in logarithmic buckets of 1/16 octave: quantiles within 2.2 % of the true value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spread {
    buckets: BTreeMap<u16, u64>,
    max: u64,
}

impl Spread {
    /// Adds one value.
    pub fn add(&mut self, value: u64) {
        let bucket = ((value as f64 + 1.0).log2() * 16.0) as u16;
        *self.buckets.entry(bucket).or_default() += 1;
        self.max = self.max.max(value);
    }

    /// The value below which a share `q` (0 to 1) of all values lies.
    pub fn quantile(&self, q: f64) -> u64 {
        let total: u64 = self.buckets.values().sum();
        let rank = (q * total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            if seen >= rank {
                return ((2f64.powf((f64::from(*bucket) + 0.5) / 16.0) - 1.0) as u64).min(self.max);
            }
        }
        self.max
    }

    /// The largest value.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// True when nothing was added.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Adds everything that another one has seen.
    pub fn merge(&mut self, other: Self) {
        for (bucket, count) in other.buckets {
            *self.buckets.entry(bucket).or_default() += count;
        }
        self.max = self.max.max(other.max);
    }
}

/// 64-bit hash of a text, the same on every machine and in every run.
pub(crate) fn hash_of(text: &str) -> u64 {
    let bytes = blake3::hash(text.as_bytes());
    u64::from_le_bytes(bytes.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_counts_within_its_error() {
        for n in [0_u64, 5, 128, 129, 1_000, 50_000] {
            let mut one = Distinct::default();
            let (mut left, mut right) = (Distinct::default(), Distinct::default());
            for i in 0..n {
                let hash = hash_of(&i.to_string());
                one.add(hash);
                one.add(hash);
                if i % 3 == 0 {
                    left.add(hash)
                } else {
                    right.add(hash)
                };
            }
            left.merge(right);
            assert_eq!(left.count(), one.count());
            let error = (one.count() as f64 - n as f64).abs() / (n as f64).max(1.0);
            assert!(error < 0.1, "{n} counted as {}", one.count());
        }
    }

    #[test]
    fn quantiles_are_close() {
        let mut spread = Spread::default();
        for value in 1..=10_000 {
            spread.add(value);
        }
        for (q, expect) in [(0.5, 5_000.0), (0.95, 9_500.0), (0.99, 9_900.0)] {
            let got = spread.quantile(q) as f64;
            assert!((got - expect).abs() / expect < 0.03, "{q}: {got}");
        }
        assert_eq!(spread.max(), 10_000);
    }
}
