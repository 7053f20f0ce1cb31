//! Protobuf as JSON. Without descriptors the keys are field numbers, and what a length-delimited field holds is
//! judged from its bytes: text, a message, small numbers, else base64. With descriptors both are known.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::limits;

use super::descriptors::{Descriptors, FieldType, MessageType};
use super::wire::{self, Value};

type Schema<'a> = Option<(&'a Descriptors, &'a MessageType)>;

/// A message as JSON; `None` when it is none, or larger than what is kept. `schema`: descriptors and the full
/// name of its type.
pub(super) fn json(bytes: &[u8], schema: Option<(&Descriptors, &str)>) -> Option<String> {
    let schema = schema.and_then(|(all, name)| Some((all, all.message(name)?)));
    let mut writer =
        Writer { text: String::with_capacity(bytes.len() * 2 + 2), scalars: limits::BODY_SCALARS_MAX };
    writer.message(bytes, schema, limits::BODY_DEPTH_MAX)?;
    Some(writer.text)
}

struct Writer {
    text: String,
    /// Values that may still be written.
    scalars: usize,
}

impl Writer {
    fn message(&mut self, bytes: &[u8], schema: Schema<'_>, depth: usize) -> Option<()> {
        let mut fields: BTreeMap<u32, Vec<Value<'_>>> = BTreeMap::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (number, value, after) = wire::field(rest)?;
            rest = after;
            self.scalars = self.scalars.checked_sub(1)?;
            fields.entry(number).or_default().push(value);
        }
        self.text.push('{');
        for (at, (number, values)) in fields.iter().enumerate() {
            let field = schema.and_then(|(_, message)| message.fields.get(number));
            let comma = if at > 0 { "," } else { "" };
            match field {
                Some(field) => {
                    self.text.push_str(comma);
                    self.string(&field.name);
                    self.text.push(':');
                }
                None => write!(self.text, "{comma}\"{number}\":").ok()?,
            }
            let kind = field.map(|field| &field.kind);
            let is_list = values.len() > 1 || field.is_some_and(|field| field.repeated);
            self.values(values, is_list, schema.map(|(all, _)| (all, kind)), depth)?;
        }
        self.text.push('}');
        (self.text.len() <= limits::BODY_BYTES_MAX).then_some(())
    }

    fn values(
        &mut self,
        values: &[Value<'_>],
        is_list: bool,
        schema: Option<(&Descriptors, Option<&FieldType>)>,
        depth: usize,
    ) -> Option<()> {
        if is_list {
            self.text.push('[');
        }
        let mut first = true;
        for value in values {
            if !std::mem::take(&mut first) {
                self.text.push(',');
            }
            match schema {
                Some((all, Some(kind))) => self.typed(*value, all, kind, is_list, depth)?,
                _ => self.guessed(*value, depth)?,
            }
        }
        if is_list {
            self.text.push(']');
        }
        Some(())
    }

    /// A value of a field that is described.
    fn typed(
        &mut self,
        value: Value<'_>,
        all: &Descriptors,
        kind: &FieldType,
        is_list: bool,
        depth: usize,
    ) -> Option<()> {
        match (value, kind) {
            (Value::Bytes(bytes), FieldType::Message(name)) => {
                let schema = all.message(name).map(|message| (all, message));
                let nested = schema.filter(|_| depth > 0 && wire::is_message(bytes));
                match nested {
                    Some(schema) => self.message(bytes, Some(schema), depth - 1),
                    None => self.guessed(value, depth),
                }
            }
            (Value::Bytes(bytes), FieldType::Text) => match std::str::from_utf8(bytes) {
                Ok(text) => {
                    self.string(text);
                    Some(())
                }
                Err(_) => self.base64(bytes),
            },
            (Value::Bytes(bytes), FieldType::Bytes) => self.base64(bytes),
            (Value::Bytes(bytes), kind) if is_list => self.packed(bytes, kind),
            (Value::Varint(number), FieldType::Bool) => write!(self.text, "{}", number != 0).ok(),
            (Value::Varint(number), FieldType::Signed) => write!(self.text, "{}", number as i64).ok(),
            (Value::Varint(number), FieldType::ZigZag) => {
                write!(self.text, "{}", (number >> 1) as i64 ^ -((number & 1) as i64)).ok()
            }
            (Value::Varint(number), FieldType::Enum(name)) => match all.value(name, number as i64 as i32) {
                Some(name) => {
                    self.string(name);
                    Some(())
                }
                None => write!(self.text, "{}", number as i64).ok(),
            },
            (Value::Varint(number), _) => write!(self.text, "{number}").ok(),
            (Value::Fixed64(bits), FieldType::Float) => self.float(f64::from_bits(bits)),
            (Value::Fixed32(bits), FieldType::Float) => self.float(f64::from(f32::from_bits(bits))),
            (Value::Fixed64(bits), FieldType::Signed) => write!(self.text, "{}", bits as i64).ok(),
            (Value::Fixed32(bits), FieldType::Signed) => write!(self.text, "{}", bits as i32).ok(),
            (Value::Fixed64(bits), _) => write!(self.text, "{bits}").ok(),
            (Value::Fixed32(bits), _) => write!(self.text, "{bits}").ok(),
            (value, _) => self.guessed(value, depth),
        }
    }

    /// Packed numbers of a described field, inside the brackets of its list.
    fn packed(&mut self, mut bytes: &[u8], kind: &FieldType) -> Option<()> {
        let nobody = Descriptors::default();
        let mut first = true;
        while !bytes.is_empty() {
            let (value, rest) = match kind {
                FieldType::Float | FieldType::Fixed64 if bytes.len().is_multiple_of(8) => {
                    let (value, rest) = bytes.split_first_chunk()?;
                    (Value::Fixed64(u64::from_le_bytes(*value)), rest)
                }
                FieldType::Float | FieldType::Fixed32 => {
                    let (value, rest) = bytes.split_first_chunk()?;
                    (Value::Fixed32(u32::from_le_bytes(*value)), rest)
                }
                _ => wire::varint(bytes).map(|(value, rest)| (Value::Varint(value), rest))?,
            };
            self.scalars = self.scalars.checked_sub(1)?;
            if !std::mem::take(&mut first) {
                self.text.push(',');
            }
            self.typed(value, &nobody, kind, false, 0)?;
            bytes = rest;
        }
        Some(())
    }

    /// A value of which only the bytes are known.
    fn guessed(&mut self, value: Value<'_>, depth: usize) -> Option<()> {
        match value {
            // Negative numbers of int32 and int64 take all ten bytes.
            Value::Varint(number) if number > i64::MAX as u64 => write!(self.text, "{}", number as i64).ok(),
            Value::Varint(number) => write!(self.text, "{number}").ok(),
            Value::Fixed64(bits) if is_likely(f64::from_bits(bits)) => self.float(f64::from_bits(bits)),
            Value::Fixed64(bits) => write!(self.text, "{bits}").ok(),
            Value::Fixed32(bits) if is_likely(f64::from(f32::from_bits(bits))) => {
                write!(self.text, "{}", f32::from_bits(bits)).ok()
            }
            Value::Fixed32(bits) => write!(self.text, "{bits}").ok(),
            Value::Bytes(bytes) => self.length_delimited(bytes, depth),
        }
    }

    fn length_delimited(&mut self, bytes: &[u8], depth: usize) -> Option<()> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| is_text(text));
        // A line break at the start of a text is rarer than a message whose first field is a text: both are 0x0a.
        let is_message = depth > 0
            && !bytes.is_empty()
            && (text.is_none() || bytes[0] == b'\n')
            && wire::is_message(bytes);
        if is_message {
            return self.message(bytes, None, depth - 1);
        }
        if let Some(text) = text {
            self.string(text);
            return Some(());
        }
        // Packed numbers are small as a rule, random bytes are not.
        let large = bytes.iter().filter(|byte| **byte >= 0x80).count();
        if bytes.len() > 1 && large * 4 <= bytes.len() && bytes.last().is_some_and(|last| *last < 0x80) {
            self.text.push('[');
            self.packed(bytes, &FieldType::Unsigned)?;
            self.text.push(']');
            return Some(());
        }
        self.base64(bytes)
    }

    fn base64(&mut self, bytes: &[u8]) -> Option<()> {
        self.text.push('"');
        STANDARD.encode_string(bytes, &mut self.text);
        self.text.push('"');
        Some(())
    }

    fn float(&mut self, number: f64) -> Option<()> {
        match number.is_finite() {
            true => write!(self.text, "{number}").ok(),
            false => write!(self.text, "\"{number}\"").ok(),
        }
    }

    fn string(&mut self, text: &str) {
        // A string always has a JSON form.
        self.text.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

fn is_text(text: &str) -> bool {
    text.chars().all(|letter| !letter.is_control() || matches!(letter, '\t' | '\n' | '\r'))
}

/// Numbers that people store; the bits of an integer look like no such number.
fn is_likely(number: f64) -> bool {
    number == 0.0 || (number.is_finite() && (1e-9..1e15).contains(&number.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: Option<&str>) {
        assert_eq!(json(bytes, None).as_deref(), expect, "{bytes:x?}");
    }

    #[test]
    fn messages_without_descriptors() {
        check(b"", Some("{}"));
        check(b"\x0a\x04milk\x12\x02\x08\x05", Some(r#"{"1":"milk","2":{"1":5}}"#));
        check(b"\x0a\x01a\x0a\x01b", Some(r#"{"1":["a","b"]}"#));
        check(b"\x0a\x05\x0a\x03a@b", Some(r#"{"1":{"1":"a@b"}}"#));
        check("\x0a\x06张三".as_bytes(), Some(r#"{"1":"张三"}"#));
        check(b"\x0a\x00", Some(r#"{"1":""}"#));
        check(&[0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f], Some(r#"{"1":1.5}"#));
        check(&[0x09, 7, 0, 0, 0, 0, 0, 0, 0], Some(r#"{"1":7}"#));
        check(&[0x22, 6, 3, 0x8e, 2, 4, 5, 6], Some(r#"{"4":[3,270,4,5,6]}"#));
        check(&[0x0a, 4, 0xff, 0xfe, 0xfd, 0xfc], Some(r#"{"1":"//79/A=="}"#));
        check(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Some(r#"{"1":-1}"#));
    }

    #[test]
    fn what_is_no_message() {
        check(b"hello, world", None);
        check(&[0x0a, 9, 1], None);
        check(&[0], None);
    }

    #[test]
    fn nesting_has_a_limit() {
        let mut bytes = vec![0x08, 1];
        for _ in 0..100 {
            let mut outer = vec![0x0a];
            let mut len = bytes.len();
            while len >= 0x80 {
                outer.push(len as u8 | 0x80);
                len >>= 7;
            }
            outer.push(len as u8);
            outer.extend(&bytes);
            bytes = outer;
        }
        let text = json(&bytes, None).expect("JSON");
        assert!(text.matches('{').count() <= limits::BODY_DEPTH_MAX + 1);
    }
}
