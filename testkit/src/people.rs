//! Invented people. Their numbers pass the checks that real numbers pass (region, date, check digit, Luhn),
//! their e-mail addresses end in domains reserved for examples (RFC 2606).

use crate::Rng;
use crate::names::{DISTRICTS, EN_FAMILY, EN_GIVEN, EN_STREETS, ZH_FAMILY, ZH_GIVEN};

/// The language a person's name and address are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// An invented person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Position in the population, from 0.
    pub index: usize,
    /// Language of name and address.
    pub language: Language,
    /// Full name as the person writes it.
    pub name: String,
    /// Login name: ASCII, unique within the population.
    pub login: String,
    /// E-mail address at an example domain.
    pub email: String,
    /// Chinese mobile number, 11 digits.
    pub mobile: String,
    /// Chinese resident identity number (GB 11643-1999), 18 characters.
    pub resident_id: String,
    /// Bank card number with a valid Luhn digit.
    pub card: String,
    /// Date of birth, `1990-03-07`, the one in the identity number.
    pub birth: String,
    /// Postal address.
    pub address: String,
    /// City of the address.
    pub city: String,
    /// Password; different per person, not on lists of weak ones.
    pub password: String,
}

impl Person {
    /// The person at `index` of the population that `rng` stands for; two of three are Chinese.
    #[must_use]
    pub fn at(rng: &Rng, index: usize) -> Self {
        let language = if index % 3 == 2 { Language::En } else { Language::Zh };
        Self::speaking(language, rng, index)
    }

    /// As [`Person::at`], with the language chosen.
    #[must_use]
    pub fn speaking(language: Language, rng: &Rng, index: usize) -> Self {
        let mut rng = rng.fork(&format!("person {index}"));
        let home = &DISTRICTS[rng.below(DISTRICTS.len() as u64) as usize];
        let (name, stem) = match language {
            Language::Zh => {
                let (family, given) = (rng.pick(ZH_FAMILY), rng.pick(ZH_GIVEN));
                (format!("{}{}", family.0, given.0), format!("{}{}", family.1, given.1))
            }
            Language::En => {
                let (given, family) = (rng.pick(EN_GIVEN), rng.pick(EN_FAMILY));
                (format!("{given} {family}"), format!("{}.{}", given, family).to_ascii_lowercase())
            }
        };
        let (address, city) = match language {
            Language::Zh => {
                let (number, house, room) =
                    (rng.between(1, 280), rng.between(1, 12), rng.between(1, 6) * 100 + rng.between(1, 4));
                let place = format!("{}{}{}", home.city, home.name, home.street);
                (format!("{place}{number}号{house}号楼{room}室"), home.city.to_owned())
            }
            Language::En => {
                let (street, town) = rng.pick(EN_STREETS);
                (format!("{} {street}, {town}", rng.between(2, 190)), town.to_owned())
            }
        };
        let login = format!("{stem}{index:02}");
        let domain = rng.pick(&["example.com", "example.org", "example.net"]);
        let birth = (rng.between(1958, 2004), rng.between(1, 12), rng.between(1, 28));
        Self {
            index,
            language,
            email: format!("{login}@{domain}"),
            mobile: mobile(&mut rng),
            resident_id: resident_id(&mut rng, home.code, birth),
            card: card(&mut rng),
            birth: format!("{:04}-{:02}-{:02}", birth.0, birth.1, birth.2),
            password: format!("{}{}#{}", rng.pick(&["Tq", "Vk", "Rw", "Zh"]), rng.hex(7), rng.digits(2)),
            name,
            login,
            address,
            city,
        }
    }

    /// The mobile number as screens show it, `138****5678`.
    #[must_use]
    pub fn masked_mobile(&self) -> String {
        mask_middle(&self.mobile, 3, 4)
    }

    /// The identity number as screens show it, `110101********851X`.
    #[must_use]
    pub fn masked_id(&self) -> String {
        mask_middle(&self.resident_id, 6, 4)
    }

    /// The card number as screens show it, `6222 **** 0123` without spaces.
    #[must_use]
    pub fn masked_card(&self) -> String {
        mask_middle(&self.card, 4, 4)
    }
}

/// Keeps `head` and `tail` characters of ASCII text, the rest becomes `*`.
#[must_use]
pub fn mask_middle(text: &str, head: usize, tail: usize) -> String {
    let last = text.chars().count().saturating_sub(tail);
    text.chars().enumerate().map(|(i, c)| if i < head || i >= last { c } else { '*' }).collect()
}

/// The check character of a resident identity number (GB 11643-1999, ISO 7064 MOD 11-2) for its first
/// 17 digits; `None` when `head` is not 17 digits.
#[must_use]
pub fn resident_check(head: &str) -> Option<char> {
    if head.len() != 17 || !head.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // The weight of position i (from the left) is 2^(17-i) mod 11.
    let sum: u32 = head.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * ((1 << (17 - i)) % 11)).sum();
    Some(char::from(b"10X98765432"[(sum % 11) as usize]))
}

/// The Luhn digit (ISO/IEC 7812-1 annex B) that completes `head`; `None` when `head` is not all digits.
#[must_use]
pub fn luhn_digit(head: &str) -> Option<char> {
    let mut sum = 0;
    for (i, c) in head.chars().rev().enumerate() {
        let digit = c.to_digit(10)?;
        let twice = if i % 2 == 0 { digit * 2 } else { digit };
        sum += twice / 10 + twice % 10;
    }
    char::from_digit((10 - sum % 10) % 10, 10)
}

fn mobile(rng: &mut Rng) -> String {
    let prefix =
        rng.pick(&["130", "135", "136", "138", "139", "150", "158", "176", "182", "186", "188", "199"]);
    format!("{prefix}{}", rng.digits(8))
}

fn resident_id(rng: &mut Rng, region: &str, (year, month, day): (i64, i64, i64)) -> String {
    let head = format!("{region}{year:04}{month:02}{day:02}{}", rng.digits(3));
    let check = resident_check(&head).expect("6 + 8 + 3 digits");
    format!("{head}{check}")
}

fn card(rng: &mut Rng) -> String {
    let (prefix, len) =
        rng.pick(&[("622202", 19), ("622848", 19), ("621700", 19), ("622588", 16), ("436742", 16)]);
    let head = format!("{prefix}{}", rng.digits(len - prefix.len() - 1));
    let check = luhn_digit(&head).expect("digits only");
    format!("{head}{check}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[track_caller]
    fn check(head: &str, expect: Option<char>) {
        assert_eq!(if head.len() == 17 { resident_check(head) } else { luhn_digit(head) }, expect);
    }

    #[test]
    fn check_digits_of_published_examples() {
        // The example of GB 11643-1999 annex A, and of ISO/IEC 7812-1.
        check("11010519491231002", Some('X'));
        check("7992739871", Some('3'));
        check("1101051949123100a", None);
        check("79a", None);
    }

    #[test]
    fn people_are_stable_and_told_apart() {
        let rng = Rng::new(1);
        let crowd: Vec<Person> = (0..500).map(|i| Person::at(&rng, i)).collect();
        assert_eq!(crowd[7], Person::at(&Rng::new(1), 7));
        let logins: BTreeSet<&str> = crowd.iter().map(|p| p.login.as_str()).collect();
        assert_eq!(logins.len(), crowd.len());
        for person in &crowd {
            let (head, last) = person.resident_id.split_at(17);
            assert_eq!(resident_check(head).map(String::from).as_deref(), Some(last));
            let (head, last) = person.card.split_at(person.card.len() - 1);
            assert_eq!(luhn_digit(head).map(String::from).as_deref(), Some(last));
            assert_eq!(person.mobile.len(), 11);
        }
        assert_eq!(mask_middle("13812345678", 3, 4), "138****5678");
    }
}
