//! Numbers and identities in OTLP/JSON, in all ways in which they are written.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

/// A number as a number or as text; names of enumerations are text too.
#[derive(Debug, Default)]
pub(super) enum Number {
    #[default]
    Unset,
    Unsigned(u64),
    Signed(i64),
    Double(f64),
    Text(String),
}

impl Number {
    pub(super) fn int(&self) -> i64 {
        match self {
            Self::Unset => 0,
            Self::Unsigned(number) => number.cast_signed(),
            Self::Signed(number) => *number,
            Self::Double(number) => *number as i64,
            Self::Text(text) => text.parse().unwrap_or_default(),
        }
    }

    /// Nanoseconds since the epoch; 0 is unknown.
    pub(super) fn nanos(&self) -> u64 {
        match self {
            Self::Unsigned(number) => *number,
            Self::Text(text) => text.parse().unwrap_or_default(),
            other => u64::try_from(other.int()).unwrap_or_default(),
        }
    }

    pub(super) fn double(&self) -> f64 {
        match self {
            Self::Double(number) => *number,
            Self::Text(text) => text.parse().unwrap_or(f64::NAN),
            other => other.int() as f64,
        }
    }

    /// The number of a value of an enumeration, which some write by its name, with the enumeration in front.
    pub(super) fn one_of(&self, names: &[&str]) -> u64 {
        let Self::Text(text) = self else { return self.nanos() };
        let text = text.to_ascii_uppercase();
        let named = names.iter().position(|name| text.rsplit('_').next() == Some(name));
        named.map_or_else(|| self.nanos(), |at| at as u64)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or one as text")
            }

            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number::Unsigned(number))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number::Signed(number))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
                Ok(Number::Double(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                Ok(Number::Text(text.to_owned()))
            }

            fn visit_unit<E>(self) -> Result<Number, E> {
                Ok(Number::Unset)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// An identity in hex; what is none is unknown.
#[derive(Debug, Default)]
pub(super) struct Id(pub Vec<u8>);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        let digits: Option<Vec<u8>> = text.chars().map(|char| Some(char.to_digit(16)? as u8)).collect();
        let pairs = digits.filter(|digits| digits.len().is_multiple_of(2)).unwrap_or_default();
        Ok(Self(pairs.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names() {
        let number = |json: &str| serde_json::from_str::<Number>(json).expect("a number");
        assert_eq!(number("\"1795255200000000001\"").nanos(), 1_795_255_200_000_000_001);
        assert_eq!(number("1795255200000000001").nanos(), 1_795_255_200_000_000_001);
        assert_eq!((number("-1").nanos(), number("\"x\"").nanos(), number("null").nanos()), (0, 0, 0));
        let kinds = ["UNSPECIFIED", "INTERNAL", "SERVER"];
        assert_eq!(
            ["\"SPAN_KIND_SERVER\"", "\"Server\"", "2", "\"2\""].map(|kind| number(kind).one_of(&kinds)),
            [2; 4]
        );
        let id = |json: &str| serde_json::from_str::<Id>(json).expect("an id").0;
        assert_eq!(id("\"5B8eff\""), [0x5b, 0x8e, 0xff]);
        assert_eq!((id("\"xyz\""), id("null")), (Vec::new(), Vec::new()));
    }
}
