//! National numbers of the Americas, Asia and Oceania, and device numbers. Schemes with one check digit accept 7 to
//! 10 % of random numbers: their content files ask for a key.

use super::date;
use super::digits::{all_digits, digit, luhn, monotone, verhoeff, weighted};

/// United States social security number (SSA rules since 2011).
pub(super) fn us_ssn(_: &str, bare: &[u8]) -> bool {
    all_digits(bare, 9)
        && !matches!(&bare[..3], b"000" | b"666")
        && bare[0] != b'9'
        && bare[3..5] != *b"00"
        && bare[5..] != *b"0000"
        && bare != b"123456789"
        && bare != b"078051120"
}

/// Canadian social insurance number; 0 is never issued as first digit, 8 neither.
pub(super) fn ca_sin(_: &str, bare: &[u8]) -> bool {
    all_digits(bare, 9) && luhn(bare) && !matches!(bare[0], b'0' | b'8') && !monotone(bare)
}

/// Australian tax file number.
pub(super) fn au_tfn(_: &str, bare: &[u8]) -> bool {
    match bare.len() {
        9 => {
            weighted(bare, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_some_and(|sum| sum % 11 == 0) && !monotone(bare)
        }
        8 => weighted(bare, &[10, 7, 8, 4, 6, 3, 5, 1]).is_some_and(|sum| sum % 11 == 0) && !monotone(bare),
        _ => false,
    }
}

/// Brazilian taxpayer number, two check digits.
pub(super) fn br_cpf(_: &str, bare: &[u8]) -> bool {
    if !all_digits(bare, 11) || monotone(bare) {
        return false;
    }
    let check = |len: u32| {
        let weights: Vec<u32> = (2..=len + 1).rev().collect();
        let sum = weighted(&bare[..len as usize], &weights)?;
        Some(if sum % 11 < 2 { 0 } else { 11 - sum % 11 })
    };
    check(9) == digit(bare[9]) && check(10) == digit(bare[10])
}

/// Indian Aadhaar number: Verhoeff, never beginning with 0 or 1.
pub(super) fn in_aadhaar(_: &str, bare: &[u8]) -> bool {
    all_digits(bare, 12) && bare[0] >= b'2' && verhoeff(bare)
}

/// Japanese individual number.
pub(super) fn jp_mynumber(_: &str, bare: &[u8]) -> bool {
    if !all_digits(bare, 12) || monotone(bare) {
        return false;
    }
    weighted(&bare[..11], &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]).is_some_and(|sum| {
        let expect = if sum % 11 <= 1 { 0 } else { 11 - sum % 11 };
        digit(bare[11]) == Some(expect)
    })
}

/// Korean resident registration number.
pub(super) fn kr_rrn(_: &str, bare: &[u8]) -> bool {
    all_digits(bare, 13)
        && date::is_short(&bare[..6])
        && weighted(&bare[..12], &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])
            .is_some_and(|sum| digit(bare[12]) == Some((11 - sum % 11) % 10))
}

/// Singapore NRIC and FIN (S, T, F, G, M series).
pub(super) fn sg_nric(_: &str, bare: &[u8]) -> bool {
    if bare.len() != 9 {
        return false;
    }
    let Some(sum) = weighted(&bare[1..8], &[2, 7, 6, 5, 4, 3, 2]) else { return false };
    let (offset, letters): (u32, &[u8; 11]) = match bare[0] {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return false,
    };
    let rest = ((sum + offset) % 11) as usize;
    letters[if bare[0] == b'M' { 10 - rest } else { rest }] == bare[8]
}

/// Thai citizen number.
pub(super) fn th_id(_: &str, bare: &[u8]) -> bool {
    all_digits(bare, 13)
        && bare[0] != b'0'
        && weighted(&bare[..12], &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
            .is_some_and(|sum| digit(bare[12]) == Some((11 - sum % 11) % 10))
}

/// International mobile equipment identity: Luhn.
pub(super) fn imei(_: &str, bare: &[u8]) -> bool {
    all_digits(bare, 15) && luhn(bare) && !monotone(bare)
}

/// A hardware address of a device: not all zeros or ones, not a group address.
pub(super) fn mac(_: &str, bare: &[u8]) -> bool {
    if bare.len() != 12 || monotone(bare) || !bare.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    // The lowest bit of the first octet marks group addresses (IEEE 802).
    matches!(bare[1], b'0' | b'2' | b'4' | b'6' | b'8' | b'A' | b'C' | b'E')
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
    fn numbers_of_the_world() {
        check("us-ssn", "536-90-4399", "666-90-4399");
        check("ca-sin", "123-456-782", "123-456-783");
        check("au-tfn", "123 456 782", "123 456 783");
        check("br-cpf", "390.533.447-05", "390.533.447-06");
        check("in-aadhaar", "2341 2341 2346", "2341 2341 2347");
        check("jp-mynumber", "6214 9832 0257", "6214 9832 0258");
        check("kr-rrn", "971013-9019902", "971013-9019903");
        check("sg-nric", "S1234567D", "S1234567E");
        check("th-id", "7100600445638", "7100600445639");
        check("imei", "490154203237518", "490154203237517");
        check("mac", "b0:a1:53:fd:f7:11", "01:00:5e:00:00:01");
    }
}
