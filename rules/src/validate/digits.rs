//! Arithmetic that several schemes share: digit values, weighted sums, Luhn (ISO/IEC 7812-1 annex B), Verhoeff.

/// The value of an ASCII digit.
pub(super) const fn digit(byte: u8) -> Option<u32> {
    if byte.is_ascii_digit() { Some((byte - b'0') as u32) } else { None }
}

/// All bytes are digits and there are `len` of them.
pub(super) fn all_digits(bytes: &[u8], len: usize) -> bool {
    bytes.len() == len && bytes.iter().all(u8::is_ascii_digit)
}

/// Sum of digit times weight; `None` when a byte is no digit or the lengths differ.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> Option<u32> {
    if digits.len() != weights.len() {
        return None;
    }
    digits.iter().zip(weights).map(|(byte, weight)| digit(*byte).map(|value| value * weight)).sum()
}

/// A number as it stands in digits; `None` when it is none or too long.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, byte| digit(*byte).map(|value| sum * 10 + u64::from(value)))
}

/// A run of one digit is a placeholder, not a number that was issued.
pub(super) fn monotone(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair[0] == pair[1])
}

/// ISO/IEC 7812-1 annex B.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let mut sum = 0;
    for (at, byte) in digits.iter().rev().enumerate() {
        let Some(mut value) = digit(*byte) else { return false };
        if at % 2 == 1 {
            value *= 2;
            if value > 9 {
                value -= 9;
            }
        }
        sum += value;
    }
    !digits.is_empty() && sum % 10 == 0
}

pub(super) fn luhn_check(_: &str, bare: &[u8]) -> bool {
    luhn(bare) && !monotone(bare)
}

pub(super) fn has_digit(_: &str, bare: &[u8]) -> bool {
    bare.iter().any(u8::is_ascii_digit)
}

/// Multiplication in the dihedral group of order 10.
const VERHOEFF_MULTIPLY: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
const VERHOEFF_PERMUTE: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/// Verhoeff's check over decimal digits.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    let mut state = 0;
    for (at, byte) in digits.iter().rev().enumerate() {
        let Some(value) = digit(*byte) else { return false };
        state = VERHOEFF_MULTIPLY[state][VERHOEFF_PERMUTE[at % 8][value as usize] as usize] as usize;
    }
    !digits.is_empty() && state == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(digits: &str, expect: (bool, bool)) {
        assert_eq!((luhn(digits.as_bytes()), verhoeff(digits.as_bytes())), expect, "{digits}");
    }

    #[test]
    fn published_vectors() {
        check("79927398713", (true, false));
        check("79927398710", (false, false));
        check("2363", (false, true));
        check("", (false, false));
        check("12a", (false, false));
    }
}
