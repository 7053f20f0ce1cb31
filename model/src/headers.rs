//! Header fields of one message: order and duplicates kept, names lower case, one allocation for all text.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Header fields in wire order (RFC 9110 §5). Names are stored lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    text: String,
    /// End of the name and end of the value in `text`, per field.
    ends: Vec<(u32, u32)>,
}

impl Headers {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: String::new(), ends: Vec::new() }
    }

    /// No fields yet, but room for `fields` of them with `text_bytes` of names and values together.
    #[must_use]
    pub fn with_capacity(text_bytes: usize, fields: usize) -> Self {
        Self { text: String::with_capacity(text_bytes), ends: Vec::with_capacity(fields) }
    }

    /// Fields as they were sent; `None` when a name or a value is no UTF-8.
    pub fn from_bytes<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Option<Self> {
        let (mut bytes, mut count) = (0, 0);
        for (name, value) in fields.clone() {
            bytes += name.len() + value.len();
            count += 1;
        }
        let (mut text, mut ends) = (Vec::with_capacity(bytes), Vec::with_capacity(count));
        for (name, value) in fields {
            let start = text.len();
            text.extend_from_slice(name);
            text[start..].make_ascii_lowercase();
            let name_end = text.len() as u32;
            text.extend_from_slice(value);
            ends.push((name_end, text.len() as u32));
        }
        // All of them are looked at in one go; then no character may reach from one into the next.
        let text = String::from_utf8(text).ok()?;
        let is_apart = |end: u32| text.is_char_boundary(end as usize);
        ends.iter().all(|(name, value)| is_apart(*name) && is_apart(*value)).then_some(Self { text, ends })
    }

    /// Appends a field; the name is lower-cased (ASCII).
    pub fn push(&mut self, name: &str, value: &str) {
        let start = self.text.len();
        self.text.push_str(name);
        self.text[start..].make_ascii_lowercase();
        let name_end = self.text.len();
        self.text.push_str(value);
        // Header blocks are capped far below 4 GiB (`limits::HEADER_BYTES_MAX`).
        self.ends.push((name_end as u32, self.text.len() as u32));
    }

    /// The fields in order, as (lower-case name, value).
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |&(name_end, value_end)| {
            let (name_end, value_end) = (name_end as usize, value_end as usize);
            let field = (&self.text[start..name_end], &self.text[name_end..value_end]);
            start = value_end;
            field
        })
    }

    /// The first value under a lower-case name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// All values under a lower-case name.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let mut start = 0;
        self.ends.iter().filter_map(move |&(name_end, value_end)| {
            let own = start..name_end as usize;
            start = value_end as usize;
            // The length tells most names apart without a look at the text.
            (own.len() == name.len() && self.text.as_bytes()[own.clone()] == *name.as_bytes())
                .then(|| &self.text[own.end..start])
        })
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True without any field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut headers = Self::new();
        for (name, value) in fields {
            headers.push(name.as_ref(), value.as_ref());
        }
        headers
    }
}

/// `[["name","value"],…]`
impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        for field in self.iter() {
            seq.serialize_element(&field)?;
        }
        seq.end()
    }
}

/// Reads `[["name","value"],…]`; an object `{"name":"value"}` is accepted too.
impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Wire {
            Pairs(Vec<(String, String)>),
            Map(std::collections::BTreeMap<String, String>),
        }
        Ok(match Wire::deserialize(deserializer)? {
            Wire::Pairs(pairs) => pairs.into_iter().collect(),
            Wire::Map(map) => map.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Headers;

    #[test]
    fn order_duplicates_and_case() {
        let headers: Headers =
            [("Set-Cookie", "a=1"), ("X-Id", "7"), ("set-cookie", "b=2")].into_iter().collect();
        assert_eq!(headers.get_all("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(
            serde_json::to_string(&headers).expect("json"),
            r#"[["set-cookie","a=1"],["x-id","7"],["set-cookie","b=2"]]"#
        );
        let back: Headers = serde_json::from_str(r#"{"X-Id":"7"}"#).expect("headers");
        assert_eq!((back.get("x-id"), back.get("x-ie"), back.get("x-i")), (Some("7"), None, None));
    }

    #[test]
    fn bytes_are_text_field_by_field() {
        let read = |fields: &[(&[u8], &[u8])]| Headers::from_bytes(fields.iter().copied());
        let headers = read(&[(b"X-Id", b"7"), (b"B", "\u{e9}".as_bytes()), (b"c", b"")]).expect("text");
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("x-id", "7"), ("b", "\u{e9}"), ("c", "")]);
        assert_eq!(read(&[(b"a", b"\xc3"), (b"b", b"x")]), None);
        // Only together they are text.
        assert_eq!(read(&[(b"a", b"\xc3"), (b"\xa9", b"x")]), None);
        assert_eq!(read(&[(b"\xc3", b"\xa9")]), None);
    }
}
