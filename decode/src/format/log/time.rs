//! Points in time as logs write them, told by their shape: the common log format, ISO 8601 with and without a
//! zone (then UTC), seconds and smaller units since the epoch, HAProxy's accept date, HTTP and Java dates.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use model::Timestamp;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time as it is written: what the clock showed, and how far east of UTC that clock is where this is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Microseconds since 1970-01-01T00:00:00 on that clock.
    pub(crate) clock_us: i64,
    pub(crate) east_s: Option<i32>,
}

impl Moment {
    const fn of_utc(time: Timestamp) -> Self {
        Self { clock_us: time.0, east_s: Some(0) }
    }

    /// The point in time; without a zone the clock shows UTC.
    pub(crate) fn time(self) -> Timestamp {
        Timestamp(self.clock_us - i64::from(self.east_s.unwrap_or(0)) * 1_000_000)
    }
}

/// Reads a time of any known shape.
pub(crate) fn any(raw: &str) -> Option<Timestamp> {
    moment(raw).map(Moment::time)
}

/// As [`any`], with what is said about the zone.
pub(crate) fn moment(raw: &str) -> Option<Moment> {
    let raw = raw.trim().trim_matches(['[', ']']);
    match raw.as_bytes() {
        [_, _, b'/', _, _, _, b'/', ..] => common(raw),
        [_, _, _, _, b'-' | b'/', _, _, b'-' | b'/', ..] => iso(raw),
        [b'0'..=b'9', ..] => epoch(raw).map(Moment::of_utc),
        [b'A'..=b'Z', ..] => worded(raw),
        _ => None,
    }
}

/// The number of a month by its first three letters in English.
pub(super) fn month_of(name: &str) -> Option<u32> {
    Some(MONTHS.iter().position(|month| *month == name)? as u32 + 1)
}

fn two(raw: &str, at: usize) -> Option<u32> {
    let bytes = raw.as_bytes().get(at..at + 2)?;
    bytes.iter().all(u8::is_ascii_digit).then(|| u32::from(bytes[0] - b'0') * 10 + u32::from(bytes[1] - b'0'))
}

/// `21/Nov/2026:10:00:00.127 +0800`: fraction and zone may be missing.
fn common(raw: &str) -> Option<Moment> {
    let month = month_of(raw.get(3..6)?)?;
    let year = two(raw, 7)? * 100 + two(raw, 9)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, two(raw, 0)?)?;
    matches!(raw.as_bytes().get(11), Some(b':' | b' ')).then(|| clock(date, raw.get(12..)?))?
}

/// `2026-11-21T10:00:00.5+08:00`; slashes, a space or an underscore are seen too.
fn iso(raw: &str) -> Option<Moment> {
    let year = two(raw, 0)? * 100 + two(raw, 2)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, two(raw, 5)?, two(raw, 8)?)?;
    match raw.as_bytes().get(10) {
        Some(b'T' | b't' | b' ' | b'_' | b':') => clock(date, raw.get(11..)?),
        _ => None,
    }
}

/// Time of day with fraction and zone.
pub(super) fn clock(date: NaiveDate, raw: &str) -> Option<Moment> {
    let (b':', b':') = (*raw.as_bytes().get(2)?, *raw.as_bytes().get(5)?) else { return None };
    // A leap second is the last one of its minute.
    let time = date.and_hms_opt(two(raw, 0)?, two(raw, 3)?, two(raw, 6)?.min(59))?;
    let rest = raw.get(8..)?;
    let (micros, rest) = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => {
            let end = fraction.find(|char: char| !char.is_ascii_digit()).unwrap_or(fraction.len());
            (fraction_micros(&fraction[..end]), &fraction[end..])
        }
        None => (0, rest),
    };
    let clock_us = Timestamp::from_parts(time.and_utc().timestamp(), micros).0;
    let rest = rest.trim();
    Some(Moment { clock_us, east_s: if rest.is_empty() { None } else { Some(zone(rest)?) } })
}

fn fraction_micros(digits: &str) -> u32 {
    digits
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(6)
        .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

/// Seconds east of UTC.
fn zone(raw: &str) -> Option<i32> {
    match raw {
        "Z" | "z" | "UTC" | "GMT" | "UT" => return Some(0),
        "EST" => return Some(-5 * 3_600),
        "EDT" => return Some(-4 * 3_600),
        "PST" => return Some(-8 * 3_600),
        "PDT" => return Some(-7 * 3_600),
        "CET" => return Some(3_600),
        "CEST" => return Some(2 * 3_600),
        "JST" | "KST" => return Some(9 * 3_600),
        _ => {}
    }
    // Java's name of a zone without one.
    let raw = raw.strip_prefix("GMT").unwrap_or(raw);
    let sign = match raw.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let rest = raw[1..].replace(':', "");
    let minutes = if rest.len() == 2 { 0 } else { two(&rest, 2)? };
    let fits = matches!(rest.len(), 2 | 4);
    fits.then_some(sign * (i32::try_from(two(&rest, 0)? * 3_600 + minutes * 60).ok()?))
}

/// Seconds, milliseconds, microseconds or nanoseconds since the epoch, by their number of digits.
fn epoch(raw: &str) -> Option<Timestamp> {
    let (whole, fraction) = raw.split_once('.').unwrap_or((raw, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        // Large numbers come out of some JSON writers as 1.7e9.
        let number: f64 = raw.parse().ok()?;
        return (1e8..1e11).contains(&number).then_some(Timestamp((number * 1e6) as i64));
    }
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        9..=11 => Some(Timestamp::from_parts(number, fraction_micros(fraction))),
        12..=14 => {
            let micros = i64::from(fraction_micros(fraction) / 1_000);
            Some(Timestamp(number.checked_mul(1_000)?.checked_add(micros)?))
        }
        15..=17 => Some(Timestamp(number)),
        18..=19 => Some(Timestamp(number / 1_000)),
        _ => None,
    }
}

/// `Sat, 21 Nov 2026 10:00:00 GMT` (HTTP) and `Sat Nov 21 10:00:00 UTC 2026` (Java). Zone names that mean
/// several zones (CST) leave the time unknown.
fn worded(raw: &str) -> Option<Moment> {
    if let Ok(time) = DateTime::parse_from_rfc2822(raw) {
        return Some(Moment::of_utc(Timestamp(time.timestamp_micros())));
    }
    let words: Vec<&str> = raw.split_ascii_whitespace().collect();
    // As Kibana shows it.
    if let [month, day, year, "@", time] = words.as_slice() {
        let (day, year) = (day.trim_end_matches(',').parse().ok()?, year.parse().ok()?);
        return clock(NaiveDate::from_ymd_opt(year, month_of(month)?, day)?, time);
    }
    let [_, month, day, time, middle @ .., year] = words.as_slice() else { return None };
    let month = month_of(month)?;
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month, day.parse().ok()?)?;
    match middle {
        [] => clock(date, time),
        [zone] => clock(date, &format!("{time} {zone}")),
        _ => None,
    }
}

/// A time in the notation of `strftime` (Apache's `%{...}t`); without a zone it is UTC.
pub(crate) fn formatted(raw: &str, format: &str) -> Option<Moment> {
    let known = match format {
        "sec" | "begin:sec" | "end:sec" | "msec" | "begin:msec" | "end:msec" | "usec" | "begin:usec"
        | "end:usec" | "" | "begin" | "end" => return moment(raw),
        _ => format.trim_start_matches("begin:").trim_start_matches("end:"),
    };
    if let Ok(time) = DateTime::parse_from_str(raw, known) {
        return Some(Moment::of_utc(Timestamp(time.timestamp_micros())));
    }
    let time = NaiveDateTime::parse_from_str(raw, known).ok()?;
    Some(Moment { clock_us: time.and_utc().timestamp_micros(), east_s: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expect: &str) {
        assert_eq!(any(raw).map(|time| time.to_string()).unwrap_or_default(), expect, "{raw}");
    }

    #[test]
    fn shapes() {
        check("21/Nov/2026:18:00:00 +0800", "2026-11-21T10:00:00.000000Z");
        check("21/Nov/2026 10:00:00", "2026-11-21T10:00:00.000000Z");
        check("14/Jan/2015:12:48:57.127", "2015-01-14T12:48:57.127000Z");
        check("2026-11-21T10:00:00.123456789Z", "2026-11-21T10:00:00.123456Z");
        check("2026-11-21T18:00:00,5+08:00", "2026-11-21T10:00:00.500000Z");
        check("2026-11-21 10:00:00", "2026-11-21T10:00:00.000000Z");
        check("2026/11/21 10:00:00 +0100", "2026-11-21T09:00:00.000000Z");
        check("1795255200", "2026-11-21T10:00:00.000000Z");
        check("1795255200.25", "2026-11-21T10:00:00.250000Z");
        check("1795255200250", "2026-11-21T10:00:00.250000Z");
        check("1795255200250001", "2026-11-21T10:00:00.250001Z");
        check("1795255200250001999", "2026-11-21T10:00:00.250001Z");
        check("Sat, 21 Nov 2026 10:00:00 GMT", "2026-11-21T10:00:00.000000Z");
        check("Nov 21, 2026 @ 10:00:00.500", "2026-11-21T10:00:00.500000Z");
        check("Sat Nov 21 18:00:00 GMT+08:00 2026", "2026-11-21T10:00:00.000000Z");
        check("Sat Nov 21 10:00:00 CET 2026", "2026-11-21T09:00:00.000000Z");
    }

    #[test]
    fn zones() {
        let east = |raw| moment(raw).map(|moment| moment.east_s);
        assert_eq!(east("21/Nov/2026:18:00:00 +0800"), Some(Some(8 * 3_600)));
        assert_eq!(east("14/Jan/2015:12:48:57.127"), Some(None));
        assert_eq!(east("2026-11-21T10:00:00Z"), Some(Some(0)));
        assert_eq!(east("1795255200"), Some(Some(0)));
        assert_eq!(east("2026-11-21T10:00:00 somewhere"), None);
    }

    #[test]
    fn what_is_no_time() {
        for raw in [
            "",
            "-",
            "32/Nov/2026:18:00:00 +0800",
            "2026-13-01T00:00:00Z",
            "12",
            "Sat Nov 21 10:00:00 CST 2026",
        ] {
            check(raw, "");
        }
        check("2026-11-21", "");
        check("21/\u{4e2d}/2026", "");
    }

    #[test]
    fn by_format() {
        let time = |raw, format| formatted(raw, format).map(|it| it.time().to_string()).unwrap_or_default();
        assert_eq!(time("2026-11-21 10:00:00", "%Y-%m-%d %H:%M:%S"), "2026-11-21T10:00:00.000000Z");
        assert_eq!(time("1795255200250", "msec"), "2026-11-21T10:00:00.250000Z");
        assert_eq!(time("21.11.2026 11:00:00 +0100", "%d.%m.%Y %H:%M:%S %z"), "2026-11-21T10:00:00.000000Z");
    }
}
