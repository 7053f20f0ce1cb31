//! What bodies look like: a mergeable summary of all JSON values seen at one place, and its rendering as
//! JSON Schema 2020-12. Values themselves are not kept, except short repeated ones that may be an enumeration.

use std::collections::BTreeMap;

use model::DataType;
use model::limits::SCHEMA_PROPERTIES_MAX;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::body::{Item, Kind, Tape};
use crate::site::TokenKind;

/// Distinct short texts kept to tell an enumeration.
const ENUM_MAX: usize = 12;
/// Observations before an enumeration is claimed.
const ENUM_CALLS_MIN: u64 = 50;
/// Observations before a property counts as required (rule of three: missing in at most 3/n of all).
const REQUIRED_CALLS_MIN: u64 = 3;
/// Identifier-like keys of one object above which it is a map.
const MAP_KEYS_MIN: usize = 3;
/// Places described for one body; what lies deep is forgotten beyond it.
const PLACES_MAX: usize = 5_000;
/// Values of one body above which they are counted before they are learned.
const BODY_VALUES_MAX: usize = 100;
/// Learned bodies between two counts.
const COUNT_EVERY: u64 = 64;
/// Levels that stay when too many places were described.
const PRUNED_DEPTH: usize = 2;
/// Bytes of a property name; a longer one is an entry of a map.
const NAME_BYTES_MAX: usize = 128;
/// Elements of one array whose shape is learned; the others are like them.
const ELEMENTS_MAX: u32 = 30;

/// Data types recognised at positions of a tape.
pub(crate) type Types = FxHashMap<u32, DataType>;

/// Summary of the values at one place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shape {
    count: u64,
    nulls: u64,
    bools: u64,
    integers: u64,
    numbers: u64,
    strings: u64,
    objects: u64,
    arrays: u64,
    /// An integer beyond 2^53, which JavaScript cannot hold.
    unsafe_integer: bool,
    formats: BTreeMap<Format, u64>,
    /// Repeated short texts with their counts; emptied when there are too many.
    texts: Option<BTreeMap<Box<str>, u64>>,
    properties: BTreeMap<Box<str>, Shape>,
    /// Values under keys that are identifiers.
    entries: Option<Box<Shape>>,
    items: Option<Box<Shape>>,
    types: BTreeMap<DataType, u64>,
}

/// Formats of strings (JSON Schema 2020-12, format vocabulary).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Format {
    DateTime,
    Date,
    Uuid,
    Email,
    Uri,
}

impl Format {
    fn of(text: &str) -> Option<Self> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Some(Self::Uri);
        }
        match TokenKind::of(text) {
            TokenKind::Uuid => Some(Self::Uuid),
            TokenKind::Email => Some(Self::Email),
            TokenKind::Date if text.len() == 10 => Some(Self::Date),
            TokenKind::Date
                if text.len() >= 19 && text.contains('T') && text.parse::<model::Timestamp>().is_ok() =>
            {
                Some(Self::DateTime)
            }
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::DateTime => "date-time",
            Self::Date => "date",
            Self::Uuid => "uuid",
            Self::Email => "email",
            Self::Uri => "uri",
        }
    }
}

impl Shape {
    /// Learns every top value of a tape. `types` names the sensitive ones by position.
    pub fn learn(&mut self, tape: &Tape, types: &Types) {
        let mut at = 0;
        while let Some(item) = tape.items.get(at as usize) {
            self.learn_item(tape, item, at, types);
            at = item.end;
        }
        let is_large = tape.items.len() > BODY_VALUES_MAX || self.count.is_multiple_of(COUNT_EVERY);
        if is_large && self.places() > PLACES_MAX {
            self.prune(PRUNED_DEPTH);
        }
    }

    /// Places described at and below this one.
    fn places(&self) -> usize {
        let below = self.properties.values().chain(self.entries.as_deref()).chain(self.items.as_deref());
        1 + below.map(Self::places).sum::<usize>()
    }

    /// Forgets what lies deeper than `depth`: keys without end taught nothing there.
    fn prune(&mut self, depth: usize) {
        if depth == 0 {
            self.properties.clear();
            self.entries = None;
            self.items = None;
            return;
        }
        let below =
            self.properties.values_mut().chain(self.entries.as_deref_mut()).chain(self.items.as_deref_mut());
        below.for_each(|shape| shape.prune(depth - 1));
    }

    fn learn_item(&mut self, tape: &Tape, item: &Item, position: u32, types: &Types) {
        self.count += 1;
        match item.kind {
            Kind::Null => self.nulls += 1,
            Kind::Bool => self.bools += 1,
            Kind::Number => self.numbers += 1,
            Kind::Integer => {
                self.integers += 1;
                self.unsafe_integer |= tape.value(item).trim_start_matches('-').len() > 15;
            }
            Kind::String => self.learn_text(tape.value(item), types.contains_key(&position)),
            Kind::Object => self.learn_object(tape, item, position, types),
            Kind::Array => self.learn_array(tape, item, position, types),
        }
        if let Some(data_type) = types.get(&position) {
            *self.types.entry(data_type.clone()).or_default() += 1;
        }
    }

    fn learn_text(&mut self, text: &str, sensitive: bool) {
        self.strings += 1;
        if let Some(format) = Format::of(text) {
            *self.formats.entry(format).or_default() += 1;
        }
        let texts = if self.strings == 1 {
            self.texts.insert(BTreeMap::new())
        } else {
            let Some(texts) = &mut self.texts else { return };
            texts
        };
        let may_be_enum = !sensitive && !text.is_empty() && text.len() <= 40 && !text.contains(' ');
        if may_be_enum && (texts.len() < ENUM_MAX || texts.contains_key(text)) {
            *texts.entry(text.into()).or_default() += 1;
        } else {
            self.texts = None;
        }
    }

    fn learn_object(&mut self, tape: &Tape, item: &Item, position: u32, types: &Types) {
        self.objects += 1;
        let mut at = position + 1;
        while at < item.end {
            let member = &tape.items[at as usize];
            let key = tape.key(member);
            let is_name = !TokenKind::of(key).is_strong() || key.starts_with(['@', '#', '$']);
            let is_entry = !is_name || key.len() > NAME_BYTES_MAX;
            let shape = if is_entry
                || self.properties.len() >= SCHEMA_PROPERTIES_MAX && !self.properties.contains_key(key)
            {
                self.entries.get_or_insert_default()
            } else {
                self.properties.entry(key.into()).or_default()
            };
            shape.learn_item(tape, member, at, types);
            at = member.end;
        }
    }

    fn learn_array(&mut self, tape: &Tape, item: &Item, position: u32, types: &Types) {
        self.arrays += 1;
        let mut at = position + 1;
        while at < item.end {
            let element = &tape.items[at as usize];
            let next = element.end;
            if element.index < ELEMENTS_MAX {
                self.items.get_or_insert_default().learn_item(tape, element, at, types);
            }
            at = next;
        }
    }

    /// Adds everything that another one has seen.
    pub fn merge(&mut self, other: Self) {
        self.texts = match (self.texts.take(), other.texts) {
            (Some(mut mine), Some(theirs)) if self.strings > 0 && other.strings > 0 => {
                for (text, count) in theirs {
                    *mine.entry(text).or_default() += count;
                }
                (mine.len() <= ENUM_MAX).then_some(mine)
            }
            (mine, theirs) if self.strings == 0 || other.strings == 0 => mine.or(theirs),
            _ => None,
        };
        self.count += other.count;
        self.nulls += other.nulls;
        self.bools += other.bools;
        self.integers += other.integers;
        self.numbers += other.numbers;
        self.strings += other.strings;
        self.objects += other.objects;
        self.arrays += other.arrays;
        self.unsafe_integer |= other.unsafe_integer;
        for (format, count) in other.formats {
            *self.formats.entry(format).or_default() += count;
        }
        for (data_type, count) in other.types {
            *self.types.entry(data_type).or_default() += count;
        }
        for (key, shape) in other.properties {
            self.properties.entry(key).or_default().merge(shape);
        }
        merge_box(&mut self.entries, other.entries);
        merge_box(&mut self.items, other.items);
    }

    /// Names of the properties, nested ones joined with dots, down to `depth` levels; arrays add no level.
    pub fn keys(&self, depth: usize, prefix: &str, out: &mut Vec<String>) {
        if let Some(items) = &self.items {
            items.keys(depth, prefix, out);
        }
        for (key, shape) in &self.properties {
            let name = if prefix.is_empty() { key.to_string() } else { format!("{prefix}.{key}") };
            if depth > 1 {
                shape.keys(depth - 1, &name, out);
            }
            out.push(name);
        }
    }

    /// JSON Schema (2020-12) of what was seen. Presence below 100 % shows as `x-presence`, sensitive data as
    /// `x-sensitive-type`.
    pub fn render(&self) -> Value {
        let mut schema = Map::new();
        let mut kinds: Vec<&str> = Vec::new();
        for (name, count) in [
            ("object", self.objects),
            ("array", self.arrays),
            ("string", self.strings),
            ("boolean", self.bools),
        ] {
            if count > 0 {
                kinds.push(name);
            }
        }
        if self.numbers > 0 {
            kinds.push("number");
        } else if self.integers > 0 {
            kinds.push("integer");
        }
        if self.nulls > 0 {
            kinds.push("null");
        }
        match kinds.as_slice() {
            [] => {}
            [kind] => drop(schema.insert("type".into(), json!(kind))),
            kinds => drop(schema.insert("type".into(), json!(kinds))),
        }
        self.render_text(&mut schema);
        if self.unsafe_integer {
            schema.insert("x-unsafe-integer".into(), json!(true));
        }
        if self.objects > 0 {
            self.render_object(&mut schema);
        }
        if self.arrays > 0 {
            schema.insert("items".into(), self.items.as_ref().map_or(json!({}), |items| items.render()));
        }
        if let Some((data_type, _)) = self.types.iter().max_by_key(|(_, count)| **count) {
            schema.insert("x-sensitive-type".into(), json!(data_type));
        }
        Value::Object(schema)
    }

    fn render_text(&self, schema: &mut Map<String, Value>) {
        if self.strings == 0 {
            return;
        }
        if let Some((format, _)) = self.formats.iter().find(|(_, count)| **count == self.strings) {
            schema.insert("format".into(), json!(format.as_str()));
        }
        if let Some(texts) = &self.texts {
            let repeated = texts.values().all(|count| *count >= 2);
            let few = texts.len() as f64 / self.strings as f64 <= 0.05;
            if self.strings >= ENUM_CALLS_MIN
                && repeated
                && few
                && self.types.is_empty()
                && self.formats.is_empty()
            {
                let mut values: Vec<Value> = texts.keys().map(|text| json!(text)).collect();
                if self.nulls > 0 {
                    values.push(Value::Null);
                }
                let other = self.count - self.strings - self.nulls;
                if other == 0 {
                    schema.insert("enum".into(), Value::Array(values));
                }
            }
        }
    }

    fn render_object(&self, schema: &mut Map<String, Value>) {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (key, shape) in &self.properties {
            let mut rendered = shape.render();
            if shape.count >= self.objects && self.objects >= REQUIRED_CALLS_MIN {
                required.push(json!(key));
            } else if let (Value::Object(members), true) = (&mut rendered, shape.count < self.objects) {
                members.insert("x-presence".into(), json!(format!("{}/{}", shape.count, self.objects)));
            }
            properties.insert(key.to_string(), rendered);
        }
        if let Some(entries) = &self.entries {
            let is_map = entries.count as usize >= MAP_KEYS_MIN || self.properties.is_empty();
            schema.insert("additionalProperties".into(), if is_map { entries.render() } else { json!(true) });
        }
        if !properties.is_empty() {
            schema.insert("properties".into(), Value::Object(properties));
        }
        if !required.is_empty() {
            schema.insert("required".into(), Value::Array(required));
        }
    }
}

fn merge_box(mine: &mut Option<Box<Shape>>, theirs: Option<Box<Shape>>) {
    if let Some(theirs) = theirs {
        mine.get_or_insert_default().merge(*theirs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(bodies: &[&str]) -> Shape {
        let mut shape = Shape::default();
        for body in bodies {
            let message = model::Message { body: Some(body.as_bytes().to_vec()), ..Default::default() };
            let mut tape = Tape::default();
            crate::body::read(&message, &mut tape);
            shape.learn(&tape, &Types::default());
        }
        shape
    }

    #[test]
    fn types_presence_and_formats() {
        let shape = learn(&[
            r#"{"id":1,"mail":"a@example.com","tags":["x"]}"#,
            r#"{"id":2.5,"mail":"b@example.com","tags":[]}"#,
            r#"{"id":3,"mail":"c@example.com","tags":null,"note":"hi"}"#,
        ]);
        assert_eq!(
            shape.render(),
            json!({
                "type": "object",
                "properties": {
                    "id": {"type": "number"},
                    "mail": {"type": "string", "format": "email"},
                    "note": {"type": "string", "x-presence": "1/3"},
                    "tags": {"type": ["array", "null"], "items": {"type": "string"}},
                },
                "required": ["id", "mail", "tags"],
            })
        );
    }

    #[test]
    fn identifier_keys_make_a_map() {
        let shape = learn(&[r#"{"10021":{"n":1},"10022":{"n":2},"10023":{"n":3}}"#]);
        assert_eq!(
            shape.render(),
            json!({"type": "object", "additionalProperties": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}})
        );
    }

    #[test]
    fn merging_equals_learning_together() {
        let bodies = [r#"{"a":"x","b":[1]}"#, r#"{"a":"y","b":["z"]}"#, r#"[{"a":1}]"#, r#"{"a":"x"}"#];
        let mut left = learn(&bodies[..2]);
        left.merge(learn(&bodies[2..]));
        assert_eq!(left.render(), learn(&bodies).render());
        assert_eq!(left, learn(&bodies));
    }

    #[test]
    fn repeated_words_become_an_enumeration() {
        let bodies: Vec<&str> =
            (0..60).map(|i| if i % 2 == 0 { r#"{"s":"PAID"}"# } else { r#"{"s":"OPEN"}"# }).collect();
        let rendered = learn(&bodies).render();
        assert_eq!(rendered["properties"]["s"]["enum"], json!(["OPEN", "PAID"]));
    }
}
