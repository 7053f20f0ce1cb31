//! Values of OTLP (`AnyValue`): what attributes and bodies hold, the same from both encodings.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// Values inside each other that are followed.
pub(super) const DEPTH_MAX: usize = 24;

/// Why a record or a request could not be read.
pub(super) type Unreadable = Cow<'static, str>;

/// Attributes in the order in which they were sent.
pub(super) type Attributes = Vec<(String, Any)>;

/// One value.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Any {
    /// It was left unset.
    #[default]
    Empty,
    Text(String),
    Bytes(Vec<u8>),
    Bool(bool),
    Int(i64),
    Double(f64),
    List(Vec<Any>),
    Map(Attributes),
}

impl Any {
    /// The value as a log would write it; `None` for lists and maps of several.
    pub(super) fn scalar(&self) -> Option<Cow<'_, [u8]>> {
        let written = |text: String| Cow::Owned(text.into_bytes());
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text.as_bytes())),
            Self::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
            Self::Bool(is) => Some(written(is.to_string())),
            Self::Int(number) => Some(written(number.to_string())),
            Self::Double(number) => Some(written(number.to_string())),
            Self::List(list) if list.len() == 1 => list[0].scalar(),
            Self::Empty | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The bytes of a body: text and bytes as they are, anything else as JSON.
    pub(super) fn content(&self) -> Option<Vec<u8>> {
        match self {
            Self::Empty => None,
            Self::Text(text) => Some(text.clone().into_bytes()),
            Self::Bytes(bytes) => Some(bytes.clone()),
            other => Some(other.to_json().to_string().into_bytes()),
        }
    }

    /// The value as JSON; bytes that are no text are base64.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Empty => Value::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => text.into(),
                Err(_) => STANDARD.encode(bytes).into(),
            },
            Self::Bool(is) => (*is).into(),
            Self::Int(number) => (*number).into(),
            Self::Double(number) => (*number).into(),
            Self::List(list) => list.iter().map(Self::to_json).collect(),
            Self::Map(pairs) => Value::Object(object(pairs)),
        }
    }
}

/// Attributes as a JSON object.
pub(super) fn object(pairs: &[(String, Any)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| (name.clone(), value.to_json())).collect()
}

/// How many values of one record may still be read.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Budget {
    pub(super) const fn new() -> Self {
        Self(model::limits::OTLP_VALUES_MAX)
    }

    /// Takes one value that is `depth` values deep.
    pub(super) fn spend(&mut self, depth: usize) -> Result<(), Unreadable> {
        if depth > DEPTH_MAX {
            return Err(format!("values nested deeper than {DEPTH_MAX}").into());
        }
        let limit = || format!("more than {} values", model::limits::OTLP_VALUES_MAX);
        self.0 = self.0.checked_sub(1).ok_or_else(limit)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: Any, scalar: Option<&str>, json: &str) {
        assert_eq!(value.scalar().as_deref(), scalar.map(str::as_bytes));
        assert_eq!(value.to_json().to_string(), json);
    }

    #[test]
    fn values_as_text_and_as_json() {
        let text = |text: &str| Any::Text(text.into());
        check(Any::Empty, None, "null");
        check(text("a\"b"), Some("a\"b"), r#""a\"b""#);
        check(Any::Int(-7), Some("-7"), "-7");
        check(Any::Double(1.5), Some("1.5"), "1.5");
        check(Any::Bool(true), Some("true"), "true");
        check(Any::Bytes(b"hi".to_vec()), Some("hi"), r#""hi""#);
        assert_eq!(Any::Bytes(vec![0xff]).to_json(), "/w==");
        check(Any::List(vec![text("a")]), Some("a"), r#"["a"]"#);
        check(Any::List(vec![text("a"), Any::Int(1)]), None, r#"["a",1]"#);
        check(Any::Map(vec![("k".into(), Any::Double(f64::NAN))]), None, r#"{"k":null}"#);
        assert_eq!(Any::Map(Vec::new()).content().as_deref(), Some(&b"{}"[..]));
    }
}
