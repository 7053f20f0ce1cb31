//! Dates inside values: birth dates of identity numbers, birthdays. The Gregorian calendar, years 1900 to 2100.

use super::digits::number;

/// Years a living person may have been born in, and the latest that a value may name.
const YEARS: std::ops::RangeInclusive<u32> = 1900..=2100;

/// A real day.
pub(crate) fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    YEARS.contains(&year) && (1..=days).contains(&day)
}

/// `YYYYMMDD`.
pub(crate) fn is_compact(digits: &[u8]) -> bool {
    digits.len() == 8
        && number(digits)
            .is_some_and(|n| is_date((n / 10_000) as u32, (n / 100 % 100) as u32, (n % 100) as u32))
}

/// `YYMMDD`, in any century.
pub(crate) fn is_short(digits: &[u8]) -> bool {
    digits.len() == 6
        && number(digits).is_some_and(|n| {
            let (year, month, day) = ((n / 10_000) as u32, (n / 100 % 100) as u32, (n % 100) as u32);
            is_date(1900 + year, month, day) || is_date(2000 + year, month, day)
        })
}

/// A day written with the year first or last, any separators; a time behind it does not matter.
pub(super) fn past_date(raw: &str, _: &[u8]) -> bool {
    let mut parts = [0_u32; 3];
    let mut lens = [0_usize; 3];
    let mut groups = raw.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    for at in 0..3 {
        let Some(group) = groups.next() else {
            return at == 1 && lens[0] == 8 && raw.len() >= 8 && is_compact(&raw.as_bytes()[..8]);
        };
        lens[at] = group.len();
        parts[at] = group.parse().unwrap_or(0);
    }
    match lens {
        [4, 1..=2, 1..=2] => is_date(parts[0], parts[1], parts[2]),
        [1..=2, 1..=2, 4] => is_date(parts[2], parts[1], parts[0]) || is_date(parts[2], parts[0], parts[1]),
        [8, ..] => is_compact(raw.as_bytes().get(..8).unwrap_or_default()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::check as run;

    #[track_caller]
    fn check(raw: &str, expect: bool) {
        assert_eq!(run("date", raw), expect, "{raw}");
    }

    #[test]
    fn days_that_exist() {
        for good in ["1998-01-06", "1954/4/21", "19661211", "2000年2月29日", "29.02.2000", "12/31/1999"] {
            check(good, true);
        }
        for bad in ["1998-13-41", "1900-02-29", "20261301", "123", "", "1998-01"] {
            check(bad, false);
        }
    }
}
