//! Check digits and other proofs that a value is what its shape suggests. One file per family, one line per check
//! in [`CHECKS`]. Content files name them.

mod china;
pub(crate) mod date;
mod digits;
mod europe;
mod finance;
mod token;
mod vehicle;
mod world;

pub(crate) use token::{entropy_bits, is_jwt};

/// Judges a value: as it stands, and bare (letters and digits only, upper case; empty when longer than 64).
pub(crate) type Check = fn(raw: &str, bare: &[u8]) -> bool;

/// Every check, by the name that content files use.
const CHECKS: &[(&str, Check)] = &[
    ("au-tfn", world::au_tfn),
    ("br-cpf", world::br_cpf),
    ("btc-address", token::btc_address),
    ("ca-sin", world::ca_sin),
    ("card", finance::card),
    ("cn-foreign-pr", china::foreign_pr),
    ("cn-id-card", china::id_card),
    ("cn-mobile", china::mobile),
    ("cn-org-code", china::org_code),
    ("cn-uscc", china::uscc),
    ("date", date::past_date),
    ("de-tax-id", europe::de_tax_id),
    ("es-dni", europe::es_dni),
    ("fr-nir", europe::fr_nir),
    ("has-digit", digits::has_digit),
    ("hk-id", china::hk_id),
    ("iban", finance::iban),
    ("imei", world::imei),
    ("in-aadhaar", world::in_aadhaar),
    ("it-cf", europe::it_cf),
    ("jp-mynumber", world::jp_mynumber),
    ("jwt", token::jwt),
    ("kr-rrn", world::kr_rrn),
    ("luhn", digits::luhn_check),
    ("mac", world::mac),
    ("mixed-case", token::mixed_case),
    ("pl-pesel", europe::pl_pesel),
    ("sg-nric", world::sg_nric),
    ("swift-bic", finance::swift_bic),
    ("th-id", world::th_id),
    ("tw-id", china::tw_id),
    ("uk-nhs", europe::uk_nhs),
    ("uk-nino", europe::uk_nino),
    ("us-ssn", world::us_ssn),
    ("vin", vehicle::vin),
];

/// The check of that name.
pub(crate) fn by_name(name: &str) -> Option<Check> {
    CHECKS.iter().find(|(known, _)| *known == name).map(|(_, check)| *check)
}

/// Longest value whose bare form is made.
pub(crate) const BARE_MAX: usize = 64;

/// Letters and digits of `raw`, upper case, in `buffer`; empty when there are more than 64.
pub(crate) fn bare<'b>(raw: &str, buffer: &'b mut [u8; BARE_MAX]) -> &'b [u8] {
    let mut len = 0;
    for byte in raw.bytes().filter(u8::is_ascii_alphanumeric) {
        if len == BARE_MAX {
            return &[];
        }
        buffer[len] = byte.to_ascii_uppercase();
        len += 1;
    }
    &buffer[..len]
}

#[cfg(test)]
pub(crate) fn check(name: &str, raw: &str) -> bool {
    let mut buffer = [0; BARE_MAX];
    by_name(name).expect("a known check")(raw, bare(raw, &mut buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unknown_ones_are_none() {
        assert!(CHECKS.is_sorted_by_key(|(name, _)| *name));
        assert!(by_name("no-such-check").is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_check_panics(raw in "\\PC{0,70}", digits in "[0-9A-Za-z -]{0,40}") {
            let mut buffer = [0; BARE_MAX];
            for (_, check) in CHECKS {
                check(&raw, bare(&raw, &mut buffer));
                check(&digits, bare(&digits, &mut buffer));
            }
        }
    }
}
