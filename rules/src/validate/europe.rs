//! National numbers of Europe.

use super::digits::{all_digits, digit, monotone, number, weighted};

/// German tax identification number (ISO 7064 MOD 11,10): one digit appears twice or thrice among the first ten.
pub(super) fn de_tax_id(_: &str, bare: &[u8]) -> bool {
    if !all_digits(bare, 11) || bare[0] == b'0' {
        return false;
    }
    let mut counts = [0_u8; 10];
    for byte in &bare[..10] {
        counts[usize::from(byte - b'0')] += 1;
    }
    if counts.iter().filter(|count| **count > 1).count() != 1 || counts.iter().any(|count| *count > 3) {
        return false;
    }
    let product = bare[..10].iter().fold(10, |product, byte| {
        let sum = (u32::from(byte - b'0') + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    digit(bare[10]) == Some((11 - product) % 10)
}

/// Spanish DNI, and NIE with X, Y or Z in front.
pub(super) fn es_dni(_: &str, bare: &[u8]) -> bool {
    if bare.len() != 9 {
        return false;
    }
    let mut digits = [0; 8];
    digits.copy_from_slice(&bare[..8]);
    digits[0] = match bare[0] {
        b'X' => b'0',
        b'Y' => b'1',
        b'Z' => b'2',
        other => other,
    };
    number(&digits).is_some_and(|n| b"TRWAGMYFPDXBNJZSQVHLCKE"[(n % 23) as usize] == bare[8])
}

/// French social security number; Corsica's 2A and 2B count as 19 and 18.
pub(super) fn fr_nir(_: &str, bare: &[u8]) -> bool {
    if bare.len() != 15 || !matches!(bare[0], b'1' | b'2' | b'3' | b'4' | b'7' | b'8') {
        return false;
    }
    let mut digits = [0; 13];
    digits.copy_from_slice(&bare[..13]);
    match &bare[5..7] {
        b"2A" => digits[5..7].copy_from_slice(b"19"),
        b"2B" => digits[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    let month = number(&digits[3..5]).unwrap_or(0);
    let plausible = (1..=12).contains(&month) || (20..=42).contains(&month) || month >= 50;
    match (number(&digits), number(&bare[13..])) {
        (Some(body), Some(key)) => plausible && key == 97 - body % 97,
        _ => false,
    }
}

/// Italian fiscal code.
pub(super) fn it_cf(_: &str, bare: &[u8]) -> bool {
    /// Values of 0-9 (same as A-J) and A-Z at odd places.
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    const MONTHS: &[u8] = b"ABCDEHLMPRST";
    if bare.len() != 16 || !bare[..6].iter().all(u8::is_ascii_uppercase) || !MONTHS.contains(&bare[8]) {
        return false;
    }
    // People of equal codes are told apart by letters in place of digits (omocodia).
    let number_place = |byte: u8| byte.is_ascii_digit() || b"LMNPQRSTUV".contains(&byte);
    if ![6, 7, 9, 10, 12, 13, 14].iter().all(|at| number_place(bare[*at])) {
        return false;
    }
    let sum: u32 = bare[..15]
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            let value = if byte.is_ascii_digit() { byte - b'0' } else { byte.saturating_sub(b'A').min(25) };
            if at % 2 == 0 { ODD[usize::from(value)] } else { u32::from(value) }
        })
        .sum();
    bare[15] == b'A' + (sum % 26) as u8
}

/// Polish PESEL: the century is added to the month.
pub(super) fn pl_pesel(_: &str, bare: &[u8]) -> bool {
    if !all_digits(bare, 11) {
        return false;
    }
    let Some(month) = number(&bare[2..4]) else { return false };
    let day = number(&bare[4..6]).unwrap_or(0);
    matches!(month % 20, 1..=12)
        && (1..=31).contains(&day)
        && weighted(bare, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_some_and(|sum| sum % 10 == 0)
        && !monotone(bare)
}

/// National health service number of the United Kingdom.
pub(super) fn uk_nhs(_: &str, bare: &[u8]) -> bool {
    all_digits(bare, 10)
        && !monotone(bare)
        && weighted(&bare[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]).is_some_and(|sum| {
            let expect = (11 - sum % 11) % 11;
            expect != 10 && digit(bare[9]) == Some(expect)
        })
}

/// National insurance number of the United Kingdom: prefix rules, no check digit.
pub(super) fn uk_nino(_: &str, bare: &[u8]) -> bool {
    bare.len() == 9
        && bare[..2].iter().all(u8::is_ascii_uppercase)
        && !b"DFIQUV".contains(&bare[0])
        && !b"DFIOQUV".contains(&bare[1])
        && !matches!(&bare[..2], b"BG" | b"GB" | b"NK" | b"KN" | b"TN" | b"NT" | b"ZZ")
        && bare[2..8].iter().all(u8::is_ascii_digit)
        && (b'A'..=b'D').contains(&bare[8])
}

#[cfg(test)]
mod tests {
    use super::super::check as run;

    #[track_caller]
    fn check(name: &str, good: &str, bad: &str) {
        assert!(run(name, good), "{name} {good}");
        assert!(!run(name, bad), "{name} {bad}");
    }

    #[test]
    fn numbers_of_europe() {
        check("de-tax-id", "36574261809", "36574261890");
        check("es-dni", "54362315K", "54362315Z");
        check("es-dni", "X2482300W", "X2482300A");
        check("fr-nir", "295109912611193", "295109912611199");
        check("it-cf", "RCCMNL83S18D969H", "RCCMNL83S18D969");
        check("pl-pesel", "44051401359", "44051401358");
        check("uk-nhs", "943-476-5870", "943-476-5871");
        check("uk-nino", "AB123456C", "QQ123456C");
    }
}
