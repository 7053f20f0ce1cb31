//! The brake on guessing passwords: failed logins by name and by address, in a bounded table, with time passed
//! in. A success clears the name but not the address.

use std::collections::HashMap;
use std::net::IpAddr;

use model::Timestamp;

use crate::limits::{FAILURE_KEYS_MAX, FAILURES_PER_ADDRESS_MAX, FAILURES_PER_NAME_MAX, FAILURES_WINDOW_S};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(String),
    /// IPv6 by its /64: a host owns all of it.
    Address(IpAddr),
}

impl Key {
    fn limit(&self) -> u32 {
        match self {
            Self::Name(_) => FAILURES_PER_NAME_MAX,
            Self::Address(_) => FAILURES_PER_ADDRESS_MAX,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Count {
    first: Timestamp,
    failures: u32,
}

/// Failed logins within the window.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    counts: HashMap<Key, Count>,
}

fn keys(name: &str, address: Option<IpAddr>) -> Vec<Key> {
    let network = address.map(|address| match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    });
    let mut keys = vec![Key::Name(name.to_lowercase())];
    keys.extend(network.map(Key::Address));
    keys
}

const WINDOW_US: i64 = FAILURES_WINDOW_S * 1_000_000;

impl Failures {
    /// Counts an attempt before its password is looked at, so that attempts at the same time count too.
    /// `Err` holds the seconds to wait: there were too many.
    pub(crate) fn attempt(&mut self, name: &str, address: Option<IpAddr>, now: Timestamp) -> Result<(), u64> {
        let keys = keys(name, address);
        for key in &keys {
            if let Some(count) = self.counts.get(key) {
                let left_us = count.first.0.saturating_add(WINDOW_US).saturating_sub(now.0);
                if left_us > 0 && count.failures >= key.limit() {
                    return Err(left_us.unsigned_abs().div_ceil(1_000_000));
                }
            }
        }
        for key in keys {
            self.make_room(now);
            let count = self.counts.entry(key).or_insert(Count { first: now, failures: 0 });
            if now.0.saturating_sub(count.first.0) >= WINDOW_US {
                *count = Count { first: now, failures: 0 };
            }
            count.failures += 1;
        }
        Ok(())
    }

    /// The attempt was right after all: forgets the name and takes one off the address.
    pub(crate) fn succeeded(&mut self, name: &str, address: Option<IpAddr>) {
        for key in keys(name, address) {
            match (&key, self.counts.get_mut(&key)) {
                (Key::Address(_), Some(count)) => count.failures = count.failures.saturating_sub(1),
                _ => drop(self.counts.remove(&key)),
            }
        }
    }

    /// Keeps the table bounded: drops what is over, then the older half.
    fn make_room(&mut self, now: Timestamp) {
        if self.counts.len() < FAILURE_KEYS_MAX {
            return;
        }
        self.counts.retain(|_, count| now.0.saturating_sub(count.first.0) < WINDOW_US);
        if self.counts.len() >= FAILURE_KEYS_MAX {
            let mut times: Vec<Timestamp> = self.counts.values().map(|count| count.first).collect();
            times.sort_unstable();
            let median = times[times.len() / 2];
            self.counts.retain(|_, count| count.first > median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn a_name_is_locked_for_the_rest_of_the_window_from_any_address() {
        let mut failures = Failures::default();
        for n in 0..FAILURES_PER_NAME_MAX {
            let address = IpAddr::from([10, 0, 0, n as u8]);
            assert_eq!(failures.attempt("Admin", Some(address), at(i64::from(n))), Ok(()));
        }
        let other = Some(IpAddr::from([192, 0, 2, 1]));
        assert_eq!(failures.attempt("admin", other, at(100)), Err(200));
        assert_eq!(failures.attempt("zhou", other, at(100)), Ok(()));
        assert_eq!(failures.attempt("admin", other, at(300)), Ok(()));
    }

    #[test]
    fn an_address_is_locked_over_all_names_and_an_ipv6_host_is_one_address() {
        let mut failures = Failures::default();
        for n in 0..FAILURES_PER_ADDRESS_MAX {
            let address = format!("2001:db8::{n:x}").parse().expect("an address");
            assert_eq!(failures.attempt(&format!("user{n}"), Some(address), at(0)), Ok(()));
        }
        let address = "2001:db8::ffff".parse().expect("an address");
        assert!(failures.attempt("another", Some(address), at(1)).is_err());
        let network = "2001:db8:0:1::1".parse().expect("an address");
        assert!(failures.attempt("another", Some(network), at(1)).is_ok());
    }

    #[test]
    fn success_clears_the_name() {
        let mut failures = Failures::default();
        for _ in 0..FAILURES_PER_NAME_MAX * 2 {
            assert_eq!(failures.attempt("zhou", None, at(0)), Ok(()));
            failures.succeeded("zhou", None);
        }
    }

    #[test]
    fn the_table_stays_bounded() {
        let mut failures = Failures::default();
        for n in 0..FAILURE_KEYS_MAX as i64 * 2 {
            assert_eq!(failures.attempt(&format!("user{n}"), None, Timestamp(n)), Ok(()));
        }
        assert!(failures.counts.len() <= FAILURE_KEYS_MAX);
    }
}
