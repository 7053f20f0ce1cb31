//! Numbers issued in China, Hong Kong, Macao and Taiwan: GB 11643-1999 (citizen number), GB 32100-2015 (credit code),
//! GB 11714-1997 (organisation code), mobile number segments.

use super::date;
use super::digits::{all_digits, digit, monotone, weighted};

/// First two digits of GB/T 2260 codes; 81 to 83 are residence permits of Hong Kong, Macao and Taiwan people.
const PROVINCES: &[u8] = &[
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
    61, 62, 63, 64, 65, 71, 81, 82, 83,
];
const ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

fn province(digits: &[u8]) -> bool {
    digits.len() >= 2
        && digits[..2].iter().all(u8::is_ascii_digit)
        && PROVINCES.contains(&((digits[0] - b'0') * 10 + digits[1] - b'0'))
}

/// MOD 11-2 of ISO 7064 over 17 digits and a check character.
fn mod_11_2(bare: &[u8]) -> bool {
    bare.len() == 18
        && weighted(&bare[..17], &ID_WEIGHTS)
            .is_some_and(|sum| b"10X98765432"[(sum % 11) as usize] == bare[17])
}

/// Citizen number: 18 characters with check, or the 15 digits used before 1999.
pub(super) fn id_card(_: &str, bare: &[u8]) -> bool {
    match bare.len() {
        18 => province(bare) && date::is_compact(&bare[6..14]) && mod_11_2(bare),
        15 => all_digits(bare, 15) && province(bare) && date::is_short(&bare[6..12]),
        _ => false,
    }
}

/// Foreigner's permanent residence card of 2023: 9, province, country, birth date, sequence, check.
pub(super) fn foreign_pr(_: &str, bare: &[u8]) -> bool {
    bare.len() == 18
        && bare[0] == b'9'
        && province(&bare[1..])
        && date::is_compact(&bare[6..14])
        && mod_11_2(bare)
}

/// A mobile number in a segment that is assigned to operators, with or without country code.
pub(super) fn mobile(_: &str, bare: &[u8]) -> bool {
    let national = match bare.len() {
        11 => bare,
        13 => &bare[2..],
        15 => &bare[4..],
        _ => return false,
    };
    if !national.iter().all(u8::is_ascii_digit) || national[0] != b'1' || monotone(&national[3..]) {
        return false;
    }
    match national[1] {
        b'3' | b'8' => true,
        b'4' => national[2] >= b'5',
        b'5' | b'9' => national[2] != b'4',
        b'6' => matches!(national[2], b'2' | b'5' | b'6' | b'7'),
        b'7' => national[2] <= b'8',
        _ => false,
    }
}

/// Alphabet of GB 32100-2015: no I, O, S, V, Z.
const USCC_ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const USCC_WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Unified social credit code: both its own check character and that of the organisation code inside.
pub(super) fn uscc(_: &str, bare: &[u8]) -> bool {
    if bare.len() != 18
        || !b"1234579AFGNY".contains(&bare[0])
        || !bare[2..8].iter().all(u8::is_ascii_digit)
        || !(province(&bare[2..]) || bare[2..8] == *b"100000")
    {
        return false;
    }
    let value = |byte: &u8| USCC_ALPHABET.iter().position(|c| c == byte);
    let sum: Option<usize> =
        bare[..17].iter().zip(USCC_WEIGHTS).map(|(byte, weight)| value(byte).map(|v| v * weight)).sum();
    sum.is_some_and(|sum| value(&bare[17]) == Some((31 - sum % 31) % 31)) && org_code("", &bare[8..17])
}

/// Organisation code, 9 characters.
pub(super) fn org_code(_: &str, bare: &[u8]) -> bool {
    if bare.len() != 9 || monotone(bare) {
        return false;
    }
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        _ => u32::from(byte.to_ascii_uppercase().saturating_sub(b'A')) + 10,
    };
    let sum: u32 =
        bare[..8].iter().zip([3, 7, 9, 10, 5, 8, 4, 2]).map(|(byte, weight)| value(*byte) * weight).sum();
    let expect = match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        rest => b'0' + rest as u8,
    };
    bare[8] == expect
}

/// Hong Kong identity card: one or two letters, six digits, check digit or A.
pub(super) fn hk_id(_: &str, bare: &[u8]) -> bool {
    let letters = bare.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    if !(1..=2).contains(&letters) || bare.len() != letters + 7 {
        return false;
    }
    let letter = |byte: u8| u32::from(byte - b'A') + 10;
    let head =
        if letters == 2 { letter(bare[0]) * 9 + letter(bare[1]) * 8 } else { 36 * 9 + letter(bare[0]) * 8 };
    let Some(body) = weighted(&bare[letters..letters + 6], &[7, 6, 5, 4, 3, 2]) else { return false };
    let last = if bare[letters + 6] == b'A' { Some(10) } else { digit(bare[letters + 6]) };
    last.is_some_and(|last| (head + body + last).is_multiple_of(11))
}

/// Identity number of Taiwan, resident certificates included.
pub(super) fn tw_id(_: &str, bare: &[u8]) -> bool {
    /// Values of A to Z as the household registration assigns them.
    const LETTERS: [u32; 26] = [
        10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31,
        33,
    ];
    if bare.len() != 10 || !bare[0].is_ascii_uppercase() || !b"1289".contains(&bare[1]) {
        return false;
    }
    let letter = LETTERS[usize::from(bare[0] - b'A')];
    weighted(&bare[1..], &[8, 7, 6, 5, 4, 3, 2, 1, 1])
        .is_some_and(|sum| (letter / 10 + letter % 10 * 9 + sum).is_multiple_of(10))
}

#[cfg(test)]
mod tests {
    use super::super::check as run;

    #[track_caller]
    fn check(name: &str, raw: &str, expect: bool) {
        assert_eq!(run(name, raw), expect, "{name} {raw}");
    }

    #[test]
    fn check_digits_of_china() {
        check("cn-id-card", "11010519491231002X", true);
        check("cn-id-card", "110105194912310021", false);
        check("cn-id-card", "11010519491331002X", false);
        check("cn-id-card", "990105194912310020", false);
        check("cn-uscc", "91350100M000100Y43", true);
        check("cn-uscc", "91350100M000100Y44", false);
        check("cn-mobile", "13812345678", true);
        check("cn-mobile", "+86 138-1234-5678", true);
        check("cn-mobile", "12812345678", false);
        check("cn-mobile", "13800000000", false);
        check("hk-id", "G123456(A)", true);
        check("hk-id", "G123456(3)", false);
        check("tw-id", "A123456789", true);
        check("tw-id", "A123456788", false);
    }
}
