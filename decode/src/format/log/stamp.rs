//! Times that lack something: the year and the zone in headers of syslog (RFC 3164 §4.1.2), the zone in some logs.
//! What is missing is found from a time that is near, as the message arrives soon after it was written.

use chrono::{DateTime, Datelike as _, NaiveDate};
use model::Timestamp;

use super::time::{self, Moment};

/// A year that has every day, for dates without one.
const LEAP_YEAR: i32 = 2_000;
/// So many years away there is one with the 29th of February, but around 2100.
const LEAP_YEARS: i32 = 4;
/// How far a sender's clock may be ahead, microseconds: less than half of what lies between most zones.
const AHEAD_US: i64 = 10 * 60 * 1_000_000;
/// The zones of whole hours, hours east of UTC.
const ZONES_H: std::ops::RangeInclusive<i32> = -12..=14;
/// The others that are in force somewhere at some time of the year (IANA time zone database), minutes east of UTC.
const ZONES_BETWEEN_MIN: [i32; 13] = [-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825];
/// A message that is older than this is not believed to have been on its way, microseconds.
const LATE_US: i64 = 3_600 * 1_000_000;

/// The time of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    Whole(Moment),
    /// In [`LEAP_YEAR`], because the year is not said.
    Yearless(Moment),
}

impl Stamp {
    /// Reads `Nov  1 10:00:00` with the year before or behind the time of day, or without, and ISO 8601. Returns
    /// what follows, too.
    pub(crate) fn read(text: &str) -> Option<(Self, &str)> {
        match text.as_bytes() {
            [b'A'..=b'Z', ..] => worded(text),
            [b'0'..=b'9', _, _, _, b'-', ..] => iso(text),
            _ => None,
        }
    }

    /// The time where the stamp says all of it.
    pub(crate) fn moment(self) -> Option<Moment> {
        match self {
            Self::Whole(moment) => Some(moment),
            Self::Yearless(_) => None,
        }
    }

    /// The time with year and zone, for a message that came in at `arrived`.
    pub(crate) fn near(self, arrived: Timestamp) -> Moment {
        match self {
            Self::Whole(moment) => near(moment, arrived),
            Self::Yearless(moment) => near(with_year(moment, arrived), arrived),
        }
    }
}

fn worded(text: &str) -> Option<(Stamp, &str)> {
    let month = time::month_of(text.get(..3)?)?;
    let (day, rest) = word(text[3..].strip_prefix(' ')?.trim_start())?;
    let (mut year, mut rest) = year(rest).map_or((None, rest), |(year, rest)| (Some(year), rest));
    let (clock, after) = word(rest)?;
    rest = after;
    if year.is_none()
        && let Some((behind, after)) = self::year(rest)
    {
        (year, rest) = (Some(behind), after);
    }
    let date = NaiveDate::from_ymd_opt(year.unwrap_or(LEAP_YEAR), month, day.parse().ok()?)?;
    let moment = time::clock(date, clock.trim_end_matches(':'))?;
    Some((if year.is_some() { Stamp::Whole(moment) } else { Stamp::Yearless(moment) }, rest))
}

fn iso(text: &str) -> Option<(Stamp, &str)> {
    let (first, rest) = word(text)?;
    // Date and time of day may be two words.
    let (moment, rest) = match time::moment(first) {
        Some(moment) => (moment, rest),
        None => {
            let (clock, rest) = word(rest)?;
            (time::moment(&format!("{first} {clock}"))?, rest)
        }
    };
    Some((Stamp::Whole(moment), rest))
}

/// The first word, and what follows the spaces behind it.
fn word(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (!word.is_empty()).then(|| (word, rest.trim_start_matches(' ')))
}

fn year(text: &str) -> Option<(i32, &str)> {
    let (word, rest) = word(text)?;
    let is_year = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    is_year.then(|| Some((word.parse().ok()?, rest)))?
}

/// In the year that brings it nearest to `arrived`.
fn with_year(moment: Moment, arrived: Timestamp) -> Moment {
    let in_year = |year: i32| {
        let date = DateTime::from_timestamp_micros(moment.clock_us)?.with_year(year)?;
        Some(date.timestamp_micros())
    };
    let now = DateTime::from_timestamp_micros(arrived.micros()).map_or(LEAP_YEAR, |time| time.year());
    let distance = |clock_us: &i64| clock_us.abs_diff(arrived.micros());
    let clock_us = (now - LEAP_YEARS..=now + LEAP_YEARS).filter_map(in_year).min_by_key(distance);
    Moment { clock_us: clock_us.unwrap_or(moment.clock_us), ..moment }
}

/// With a zone: of those by which it is at most ten minutes after `reference` and less than an hour before it, the one
/// that brings it nearest; UTC when there is none such, because it is older.
pub(crate) fn near(moment: Moment, reference: Timestamp) -> Moment {
    if moment.east_s.is_some() {
        return moment;
    }
    let zones = ZONES_H.map(|hours| hours * 3_600).chain(ZONES_BETWEEN_MIN.map(|minutes| minutes * 60));
    let late_us = |east_s: &i32| {
        let time_us = moment.clock_us.saturating_sub(i64::from(*east_s) * 1_000_000);
        reference.micros().saturating_sub(time_us)
    };
    let likely = zones.filter(|east_s| (-AHEAD_US..LATE_US).contains(&late_us(east_s)));
    Moment { east_s: Some(likely.min_by_key(|east_s| late_us(east_s).abs()).unwrap_or(0)), ..moment }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stamp at the head of `text`, for a message that arrives at `arrived`; the rest after a bar.
    #[track_caller]
    fn check(text: &str, arrived: &str, expect: &str) {
        let arrived = arrived.parse().expect("a time");
        let found = Stamp::read(text).map(|(stamp, rest)| {
            let moment = stamp.near(arrived);
            format!("{} {:+}|{rest}", moment.time(), moment.east_s.unwrap_or(0))
        });
        assert_eq!(found.unwrap_or_default(), expect, "{text}");
    }

    const NOON: &str = "2026-11-21T12:00:00Z";

    #[test]
    fn shapes() {
        check("Nov 21 11:59:59 host x", NOON, "2026-11-21T11:59:59.000000Z +0|host x");
        check("Nov  1 12:00:00 h", "2026-11-01T12:00:01Z", "2026-11-01T12:00:00.000000Z +0|h");
        check("Nov 1 12:00:00.25 h", "2026-11-01T12:00:01Z", "2026-11-01T12:00:00.250000Z +0|h");
        check("Nov 21 2026 12:00:00: h", NOON, "2026-11-21T12:00:00.000000Z +0|h");
        check("Nov 21 12:00:00 2026 h", NOON, "2026-11-21T12:00:00.000000Z +0|h");
        check("2026-11-21T20:00:00.5+08:00 h", NOON, "2026-11-21T12:00:00.500000Z +28800|h");
        check("2026-11-21 20:00:00 h", NOON, "2026-11-21T12:00:00.000000Z +28800|h");
        check("Nov 21 12:00:00", NOON, "2026-11-21T12:00:00.000000Z +0|");
    }

    #[test]
    fn the_zone_is_found_and_the_year() {
        check("Nov 21 20:00:00 h", "2026-11-21T12:13:59Z", "2026-11-21T12:00:00.000000Z +28800|h");
        check("Nov 21 20:00:59 h", NOON, "2026-11-21T12:00:59.000000Z +28800|h");
        check("Nov 21 17:45:00 h", "2026-11-21T12:00:03Z", "2026-11-21T12:00:00.000000Z +20700|h");
        // Twenty minutes on its way: no zone is that far from a whole hour.
        check("Nov 21 11:40:00 h", NOON, "2026-11-21T11:40:00.000000Z +0|h");
        check("Nov 21 12:02:00 h", NOON, "2026-11-21T12:02:00.000000Z +0|h");
        check("Nov 21 19:40:00 h", NOON, "2026-11-21T11:40:00.000000Z +28800|h");
        check("Nov 21 04:00:00 h", "2026-11-21T12:00:03Z", "2026-11-21T12:00:00.000000Z -28800|h");
        check("Dec 31 23:59:59 h", "2027-01-01T00:00:01Z", "2026-12-31T23:59:59.000000Z +0|h");
        check("Jan  1 07:00:00 h", "2026-12-31T23:00:01Z", "2026-12-31T23:00:00.000000Z +28800|h");
        check("Feb 29 10:00:00 h", NOON, "2028-02-29T10:00:00.000000Z +0|h");
        check("Feb 29 10:00:00 h", "2028-02-29T10:00:00Z", "2028-02-29T10:00:00.000000Z +0|h");
        // Older than any zone explains.
        check("Nov 19 10:00:00 h", NOON, "2026-11-19T10:00:00.000000Z +0|h");
    }

    #[test]
    fn what_is_no_stamp() {
        for text in
            ["", "Nov", "Nov 21", "Nov 31 10:00:00 h", "Foo 21 10:00:00", "Nov 21 10:00", "2026-11-21"]
        {
            check(text, NOON, "");
        }
        check("10.0.0.7 - - [21/Nov/2026:10:00:00 +0000]", NOON, "");
    }
}
