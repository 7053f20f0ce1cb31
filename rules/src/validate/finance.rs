//! Payment cards (ISO/IEC 7812, issuer ranges of the networks), IBAN (ISO 13616), BIC (ISO 9362).

use super::digits::{luhn, monotone, number};

/// Card networks: first and last prefix of the range, least and most digits of the number.
const RANGES: &[(u32, u32, usize, usize)] = &[
    (62, 62, 16, 19),           // UnionPay
    (81, 81, 16, 19),           // UnionPay
    (60, 60, 19, 19),           // domestic debit cards of China, 19 digits
    (9, 9, 19, 19),             // domestic debit cards of China, older ranges
    (4, 4, 13, 13),             // Visa
    (4, 4, 16, 16),             // Visa
    (4, 4, 19, 19),             // Visa
    (51, 55, 16, 16),           // Mastercard
    (222_100, 272_099, 16, 16), // Mastercard
    (34, 34, 15, 15),           // American Express
    (37, 37, 15, 15),           // American Express
    (3_528, 3_589, 16, 19),     // JCB
    (300, 305, 14, 19),         // Diners Club
    (36, 36, 14, 19),           // Diners Club
    (38, 39, 14, 19),           // Diners Club
    (6_011, 6_011, 16, 19),     // Discover
    (644, 649, 16, 19),         // Discover
    (65, 65, 16, 19),           // Discover, RuPay, Elo
    (2_200, 2_204, 16, 19),     // Mir
    (5_018, 5_018, 13, 19),     // Maestro
    (5_020, 5_020, 13, 19),     // Maestro
    (5_038, 5_038, 13, 19),     // Maestro
    (6_304, 6_304, 13, 19),     // Maestro
    (6_759, 6_763, 13, 19),     // Maestro
];

/// A card number: issuer range, length, Luhn.
pub(super) fn card(_: &str, bare: &[u8]) -> bool {
    if !(13..=19).contains(&bare.len()) || !bare.iter().all(u8::is_ascii_digit) || monotone(bare) {
        return false;
    }
    let in_range = RANGES.iter().any(|&(first, last, least, most)| {
        let width = first.ilog10() as usize + 1;
        (least..=most).contains(&bare.len())
            && number(&bare[..width]).is_some_and(|head| (u64::from(first)..=u64::from(last)).contains(&head))
    });
    in_range && luhn(bare)
}

/// Country and total length of the IBAN registry.
const IBAN_LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NL", 18),
    (b"NO", 15),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"SA", 24),
    (b"SC", 31),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
];

/// The length of IBANs of a country.
fn iban_length(country: &[u8]) -> Option<usize> {
    IBAN_LENGTHS.iter().find(|(code, _)| code.as_slice() == country).map(|(_, len)| *len)
}

/// ISO 13616: country, length, MOD 97-10.
pub(super) fn iban(_: &str, bare: &[u8]) -> bool {
    if bare.len() < 15
        || iban_length(&bare[..2]) != Some(bare.len())
        || !bare[2..4].iter().all(u8::is_ascii_digit)
    {
        return false;
    }
    let rest = bare[4..].iter().chain(&bare[..4]).fold(0_u32, |rest, byte| {
        if byte.is_ascii_digit() {
            (rest * 10 + u32::from(byte - b'0')) % 97
        } else {
            (rest * 100 + u32::from(byte - b'A') + 10) % 97
        }
    });
    rest == 1
}

/// Business identifier code: the country in the middle is one with banks. Shape only, so a key has to vouch.
pub(super) fn swift_bic(_: &str, bare: &[u8]) -> bool {
    const MORE: &[&[u8; 2]] = &[
        b"AR", b"AU", b"BD", b"BN", b"CA", b"CL", b"CN", b"CO", b"HK", b"ID", b"IN", b"JP", b"KE", b"KH",
        b"KR", b"LA", b"LK", b"MA", b"MM", b"MO", b"MX", b"MY", b"NG", b"NP", b"NZ", b"OM", b"PA", b"PE",
        b"PH", b"RU", b"SG", b"TH", b"TW", b"TZ", b"UG", b"US", b"UY", b"UZ", b"VE", b"VN", b"ZA",
    ];
    if !matches!(bare.len(), 8 | 11) || !bare[..6].iter().all(u8::is_ascii_uppercase) {
        return false;
    }
    let country = &bare[4..6];
    iban_length(country).is_some() || MORE.iter().any(|code| code.as_slice() == country)
}

#[cfg(test)]
mod tests {
    use super::super::check as run;

    #[track_caller]
    fn check(name: &str, raw: &str, expect: bool) {
        assert_eq!(run(name, raw), expect, "{name} {raw}");
    }

    #[test]
    fn payment_numbers() {
        check("card", "4111 1111 1111 1111", true);
        check("card", "4111111111111112", false);
        check("card", "1111111111111117", false);
        check("card", "378282246310005", true);
        check("iban", "GB82 WEST 1234 5698 7654 32", true);
        check("iban", "GB82 WEST 1234 5698 7654 33", false);
        check("iban", "DE89370400440532013000", true);
        check("swift-bic", "DEUTDEFF", true);
        check("swift-bic", "ABCDZZFF", false);
    }
}
