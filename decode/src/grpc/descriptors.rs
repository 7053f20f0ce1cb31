//! Names for protobuf fields out of a `FileDescriptorSet` (`protoc --descriptor_set_out --include_imports`).
//! Only what is needed to name methods, fields and enum values is read.

use std::collections::{BTreeMap, HashMap};

use super::wire::{Value, fields};

/// Services, messages and enums by their full name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Descriptors {
    methods: HashMap<String, Method>,
    messages: HashMap<String, MessageType>,
    enums: HashMap<String, BTreeMap<i32, String>>,
}

/// The message types of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Method {
    pub input: String,
    pub output: String,
}

/// The fields of a message by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MessageType {
    pub fields: HashMap<u32, FieldName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldName {
    pub name: String,
    pub kind: FieldType,
    pub repeated: bool,
}

/// How the wire is to be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FieldType {
    Float,
    Signed,
    Unsigned,
    ZigZag,
    Fixed64,
    Fixed32,
    Bool,
    Text,
    Bytes,
    Message(String),
    Enum(String),
}

impl Descriptors {
    /// Reads a `FileDescriptorSet`; parts that cannot be read are left out.
    #[must_use]
    pub fn read(set: &[u8]) -> Self {
        let mut all = Self::default();
        all.add(set);
        all
    }

    /// Adds a `FileDescriptorSet`; returns how many message types it describes at the top level.
    pub fn add(&mut self, set: &[u8]) -> usize {
        let mut count = 0;
        for (_, file) in nested(set, 1) {
            let package = text(file, 2);
            for (_, message) in nested(file, 4) {
                count += 1;
                self.add_message(package, message, 32);
            }
            nested(file, 5).for_each(|(_, values)| self.add_enum(package, values));
            for (_, service) in nested(file, 6) {
                let service_name = full_name(package, text(service, 1));
                for (_, method) in nested(service, 2) {
                    let name = |number| text(method, number).trim_start_matches('.').to_owned();
                    let types = Method { input: name(2), output: name(3) };
                    self.methods.insert(format!("{service_name}/{}", text(method, 1)), types);
                }
            }
        }
        count
    }

    /// True when nothing was described.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn method(&self, service: &str, method: &str) -> Option<&Method> {
        self.methods.get(&format!("{service}/{method}"))
    }

    pub(super) fn message(&self, name: &str) -> Option<&MessageType> {
        self.messages.get(name)
    }

    pub(super) fn value(&self, name: &str, number: i32) -> Option<&str> {
        self.enums.get(name)?.get(&number).map(String::as_str)
    }

    fn add_message(&mut self, scope: &str, message: &[u8], depth: usize) {
        let name = full_name(scope, text(message, 1));
        let mut kind = MessageType::default();
        for (_, field) in nested(message, 2) {
            let number = u32::try_from(number(field, 3)).unwrap_or_default();
            let type_name = text(field, 6).trim_start_matches('.');
            let name = text(field, 1).to_owned();
            let repeated = self::number(field, 4) == 3;
            kind.fields.insert(
                number,
                FieldName { name, kind: field_type(self::number(field, 5), type_name), repeated },
            );
        }
        if depth > 0 {
            nested(message, 3).for_each(|(_, inner)| self.add_message(&name, inner, depth - 1));
        }
        nested(message, 4).for_each(|(_, values)| self.add_enum(&name, values));
        self.messages.insert(name, kind);
    }

    fn add_enum(&mut self, scope: &str, values: &[u8]) {
        let names = nested(values, 2).map(|(_, value)| (number(value, 2) as i32, text(value, 1).to_owned()));
        self.enums.insert(full_name(scope, text(values, 1)), names.collect());
    }
}

/// `FieldDescriptorProto.Type`.
fn field_type(kind: u64, type_name: &str) -> FieldType {
    match kind {
        1 | 2 => FieldType::Float,
        3 | 5 | 15 | 16 => FieldType::Signed,
        6 => FieldType::Fixed64,
        7 => FieldType::Fixed32,
        8 => FieldType::Bool,
        9 => FieldType::Text,
        11 => FieldType::Message(type_name.to_owned()),
        12 => FieldType::Bytes,
        14 => FieldType::Enum(type_name.to_owned()),
        17 | 18 => FieldType::ZigZag,
        _ => FieldType::Unsigned,
    }
}

fn full_name(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

fn nested(bytes: &[u8], number: u32) -> impl Iterator<Item = (u32, &[u8])> {
    fields(bytes).filter_map(move |(found, value)| match value {
        Value::Bytes(bytes) if found == number => Some((found, bytes)),
        _ => None,
    })
}

fn text(bytes: &[u8], number: u32) -> &str {
    let found = nested(bytes, number).last().map(|(_, text)| text).unwrap_or_default();
    std::str::from_utf8(found).unwrap_or_default()
}

fn number(bytes: &[u8], number: u32) -> u64 {
    let values = fields(bytes).filter(|(found, _)| *found == number);
    values.fold(0, |last, (_, value)| if let Value::Varint(number) = value { number } else { last })
}

#[cfg(test)]
mod tests {
    use super::super::protobuf::json;
    use super::*;

    /// A length-delimited field.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, content.len() as u8][..], content].concat()
    }

    fn shop() -> Descriptors {
        let name = |text: &str| field(1, text.as_bytes());
        let scalar = |text: &str, number: u8, label: u8, kind: u8| {
            field(2, &[name(text), vec![0x18, number, 0x20, label, 0x28, kind]].concat())
        };
        let typed = |text: &str, number: u8, kind: u8, of: &str| {
            field(2, &[name(text), vec![0x18, number, 0x20, 1, 0x28, kind], field(6, of.as_bytes())].concat())
        };
        let size = field(5, &[name("Size"), field(2, &[name("LARGE"), vec![0x10, 2]].concat())].concat());
        let item = field(4, &[name("Item"), scalar("title", 1, 1, 9), scalar("prices", 2, 3, 5)].concat());
        let cart = [
            name("Cart"),
            typed("item", 1, 11, ".shop.Item"),
            typed("size", 2, 14, ".shop.Size"),
            scalar("delta", 3, 1, 17),
        ];
        let add = field(2, &[name("Add"), field(2, b".shop.Cart"), field(3, b".shop.Item")].concat());
        let service = field(6, &[name("Shop"), add].concat());
        let file = [field(2, b"shop"), item, field(4, &cart.concat()), size, service].concat();
        let mut set = vec![0x0a, file.len() as u8 | 0x80, (file.len() >> 7) as u8];
        set.extend(file);
        Descriptors::read(&set)
    }

    #[test]
    fn names_instead_of_numbers() {
        let all = shop();
        let method = all.method("shop.Shop", "Add").expect("the method");
        assert_eq!((method.input.as_str(), method.output.as_str()), ("shop.Cart", "shop.Item"));
        let message = b"\x0a\x0b\x0a\x04milk\x12\x03\x05\xac\x02\x10\x02\x18\x03\x48\x01";
        let text = json(message, Some((&all, "shop.Cart")));
        assert_eq!(
            text.as_deref(),
            Some(r#"{"item":{"title":"milk","prices":[5,300]},"size":"LARGE","delta":-2,"9":1}"#)
        );
    }

    #[test]
    fn any_bytes_are_read() {
        assert!(Descriptors::read(b"no descriptors at all").is_empty());
        assert!(Descriptors::read(&[0x0a, 0xff, 0xff]).is_empty());
    }
}
