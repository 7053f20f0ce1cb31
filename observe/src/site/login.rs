//! Logins at one endpoint: how many fail in a row, by client and against one account, and whether anything
//! slows the caller down.

use std::collections::BTreeMap;

use model::limits::{EVIDENCE_MAX, LOGIN_KEYS_MAX, LOGIN_WINDOW_US};
use model::{CallId, LoginPressure, Timestamp};
use serde::{Deserialize, Serialize};

/// How one login ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeded,
    Failed,
    /// The caller was asked to slow down, or the account was locked.
    Throttled,
}

/// Failed logins per client and per account within a sliding window.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct LoginWatch {
    rows: BTreeMap<u64, Row>,
    worst: Row,
    throttled: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Row {
    start: Timestamp,
    failures: u32,
    evidence: Vec<CallId>,
}

impl LoginWatch {
    /// Adds one login under each of `keys` (hashes of client and account).
    pub fn learn(&mut self, keys: &[u64], ts: Timestamp, id: &CallId, outcome: Outcome) {
        match outcome {
            Outcome::Throttled => self.throttled = true,
            Outcome::Succeeded => {}
            Outcome::Failed => {
                for key in keys {
                    self.fail(*key, ts, id);
                }
            }
        }
    }

    fn fail(&mut self, key: u64, ts: Timestamp, id: &CallId) {
        if self.rows.len() >= LOGIN_KEYS_MAX && !self.rows.contains_key(&key) {
            let oldest = self.rows.iter().min_by_key(|(_, row)| row.start).map(|(key, _)| *key);
            oldest.map(|key| self.rows.remove(&key));
        }
        let row = self.rows.entry(key).or_default();
        if row.failures == 0 || ts.micros() - row.start.micros() > LOGIN_WINDOW_US {
            *row = Row { start: ts, failures: 0, evidence: Vec::new() };
        }
        row.failures += 1;
        if row.evidence.len() < EVIDENCE_MAX {
            row.evidence.push(id.clone());
        }
        if row.failures > self.worst.failures {
            self.worst.clone_from(row);
        }
    }

    /// Adds everything that another one has seen.
    pub fn merge(&mut self, other: Self) {
        self.throttled |= other.throttled;
        if other.worst.failures > self.worst.failures {
            self.worst = other.worst;
        }
        for (key, row) in other.rows {
            let mine = self.rows.entry(key).or_default();
            if row.start > mine.start {
                *mine = row;
            }
        }
    }

    /// The worst row so far.
    pub fn pressure(&self) -> LoginPressure {
        LoginPressure {
            failures_max: self.worst.failures,
            throttled: self.throttled,
            evidence: self.worst.evidence.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_count_within_the_window_only() {
        let mut watch = LoginWatch::default();
        for i in 0..30 {
            let ts = Timestamp(i * LOGIN_WINDOW_US / 10);
            watch.learn(&[1], ts, &CallId::new(i.to_string()), Outcome::Failed);
        }
        let pressure = watch.pressure();
        assert_eq!(pressure.failures_max, 11);
        assert_eq!(pressure.evidence.len(), EVIDENCE_MAX);
        assert!(!pressure.throttled);
    }

    #[test]
    fn another_client_starts_its_own_row() {
        let mut watch = LoginWatch::default();
        for key in 0..40 {
            watch.learn(&[key], Timestamp(0), &CallId::new("x"), Outcome::Failed);
        }
        assert_eq!(watch.pressure().failures_max, 1);
        watch.learn(&[1], Timestamp(0), &CallId::new("x"), Outcome::Throttled);
        assert!(watch.pressure().throttled);
    }
}
