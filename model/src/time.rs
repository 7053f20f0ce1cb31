//! Points in time, as calls carry them. No clock is read here: time comes with the traffic.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds since 1970-01-01T00:00:00Z; [`Timestamp::UNKNOWN`] when the input named no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The input carried no time. Sorts before every known time.
    pub const UNKNOWN: Self = Self(i64::MIN);

    /// From whole seconds and the microseconds within that second.
    #[must_use]
    pub const fn from_parts(seconds: i64, micros: u32) -> Self {
        Self(seconds.saturating_mul(1_000_000).saturating_add(micros as i64))
    }

    /// False for [`Timestamp::UNKNOWN`].
    #[must_use]
    pub const fn is_known(self) -> bool {
        self.0 != i64::MIN
    }

    /// Microseconds since the epoch; 0 when unknown.
    #[must_use]
    pub const fn micros(self) -> i64 {
        if self.is_known() { self.0 } else { 0 }
    }

    /// The earlier of two times, ignoring unknown ones.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        match (self.is_known(), other.is_known()) {
            (true, true) => self.min(other),
            (true, false) => self,
            _ => other,
        }
    }

    /// The later of two times; a known time wins over an unknown one.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

/// RFC 3339 in UTC with microseconds: `2026-11-21T10:00:00.123456Z`; empty when unknown.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_micros(self.0) {
            Some(time) if self.is_known() => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
            _ => Ok(()),
        }
    }
}

/// The text was not an RFC 3339 date and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotATime;

impl fmt::Display for NotATime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an RFC 3339 date and time")
    }
}

impl std::error::Error for NotATime {}

/// RFC 3339 with any offset; the empty text is [`Timestamp::UNKNOWN`].
impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        if text.is_empty() {
            return Ok(Self::UNKNOWN);
        }
        DateTime::parse_from_rfc3339(text).map(|time| Self(time.timestamp_micros())).map_err(|_| NotATime)
    }
}

/// Text in formats that people read, microseconds in those that only programs read.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_i64(self.0);
        }
        if self.is_known() { serializer.collect_str(self) } else { serializer.serialize_none() }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        let text = Option::<String>::deserialize(deserializer)?;
        text.as_deref().unwrap_or_default().parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expect: &str) {
        assert_eq!(input.parse::<Timestamp>().expect("a time").to_string(), expect);
    }

    #[test]
    fn offsets_become_utc() {
        check("2026-11-21T18:00:00+08:00", "2026-11-21T10:00:00.000000Z");
        check("2026-11-21T10:00:00.123456Z", "2026-11-21T10:00:00.123456Z");
        check("", "");
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn unknown_never_wins() {
        let known = Timestamp(5);
        assert_eq!(Timestamp::UNKNOWN.earlier(known), known);
        assert_eq!(known.earlier(Timestamp::UNKNOWN), known);
        assert_eq!(known.later(Timestamp::UNKNOWN), known);
    }
}
