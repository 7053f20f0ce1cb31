//! Thrift structs as JSON text without their schema: fields stand under their numbers, as `{"1":…,"2":…}`.
//! Bytes that are text become text, others base64. Where reading stops, everything open is closed.

use model::limits::BODY_DEPTH_MAX;

use super::wire::{Lack, Read, Type, Wire};
use crate::rpc::Json;

/// A struct as JSON, and whether it was read to its end.
pub(super) fn to_json(wire: Wire, bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut reader = Reader { wire, rest: bytes, json: Json::default(), depth: 0 };
    let whole = reader.structure().is_ok();
    (reader.json.into_bytes(), whole)
}

struct Reader<'a> {
    wire: Wire,
    rest: &'a [u8],
    json: Json,
    depth: usize,
}

type Done = Result<(), Lack>;

impl<'a> Reader<'a> {
    fn take<T>(&mut self, read: Read<T>) -> Result<T, Lack> {
        let (value, len) = read?;
        self.rest = self.rest.get(len..).unwrap_or_default();
        Ok(value)
    }

    fn slice(&mut self, len: usize) -> (&'a [u8], Done) {
        let part = &self.rest[..len.min(self.rest.len())];
        self.rest = &self.rest[part.len()..];
        (part, if part.len() == len { Ok(()) } else { Err(Lack::More) })
    }

    /// A container: its brackets are closed whatever happens inside.
    fn inside(&mut self, brackets: [&str; 2], read: impl FnOnce(&mut Self) -> Done) -> Done {
        self.json.raw(brackets[0]);
        self.depth += 1;
        let full = self.depth > BODY_DEPTH_MAX || self.json.is_full();
        let done = if full { Err(Lack::Bad) } else { read(self) };
        self.depth -= 1;
        self.json.raw(brackets[1]);
        done
    }

    fn structure(&mut self) -> Done {
        self.inside(["{", "}"], |this| {
            let mut last = 0;
            for index in 0.. {
                let (field, id) = this.take(this.wire.field(this.rest, last))?;
                if field == Type::Stop {
                    break;
                }
                last = id;
                this.json.comma(index);
                this.json.raw("\"");
                this.json.show(id);
                this.json.raw("\":");
                this.value(field)?;
            }
            Ok(())
        })
    }

    fn list(&mut self) -> Done {
        self.inside(["[", "]"], |this| {
            let (element, count) = this.take(this.wire.list(this.rest))?;
            for index in 0..count {
                if this.rest.is_empty() || this.json.is_full() {
                    return Err(Lack::More);
                }
                this.json.comma(index as usize);
                this.value(element)?;
            }
            Ok(())
        })
    }

    fn map(&mut self) -> Done {
        self.inside(["{", "}"], |this| {
            let ([key, value], count) = this.take(this.wire.map(this.rest))?;
            for index in 0..count {
                if this.rest.is_empty() || this.json.is_full() {
                    return Err(Lack::More);
                }
                this.json.comma(index as usize);
                let from = this.json.len();
                let read = this.value(key);
                this.json.quote_since(from);
                this.json.raw(":");
                match read {
                    Ok(()) => this.value(value)?,
                    Err(lack) => {
                        this.json.raw("null");
                        return Err(lack);
                    }
                }
            }
            Ok(())
        })
    }

    /// One value; something is written in any case.
    fn value(&mut self, of: Type) -> Done {
        match of {
            Type::Struct => return self.structure(),
            Type::List => return self.list(),
            Type::Map => return self.map(),
            _ => {}
        }
        let before = self.json.len();
        let done = self.scalar(of);
        if self.json.len() == before {
            self.json.raw("null");
        }
        done
    }

    fn scalar(&mut self, of: Type) -> Done {
        match of {
            Type::True | Type::False => self.json.show(of == Type::True),
            Type::Bool => {
                let value = self.take(self.wire.whole(Type::Byte, self.rest))?;
                self.json.show(value == 1);
            }
            Type::Double => {
                let value = self.take(self.wire.double(self.rest))?;
                self.json.float(value);
            }
            Type::Binary => {
                let len = self.take(self.wire.length(self.rest))?;
                let (value, done) = self.slice(len);
                self.json.bytes(value);
                return done;
            }
            Type::Uuid => {
                let (value, done) = self.slice(16);
                let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
                self.json.string(&hex);
                return done;
            }
            _ => {
                let value = self.take(self.wire.whole(of, self.rest))?;
                self.json.show(value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wire: Wire, bytes: &[u8], expect: &str) {
        let (json, whole) = to_json(wire, bytes);
        serde_json::from_slice::<serde_json::Value>(&json).expect("valid JSON");
        assert_eq!(format!("{}{}", String::from_utf8_lossy(&json), if whole { "" } else { "!" }), expect);
    }

    #[test]
    fn binary() {
        check(Wire::Binary, b"\0", "{}");
        check(Wire::Binary, b"\x0b\0\x01\0\0\0\x02hi\x08\0\x02\xff\xff\xff\xff\0", r#"{"1":"hi","2":-1}"#);
        check(Wire::Binary, b"\x0d\0\x02\x08\x0c\0\0\0\x01\0\0\0\x07\0\0", r#"{"2":{"7":{}}}"#);
        check(Wire::Binary, b"\x0f\0\x03\x02\0\0\0\x02\x01\0\0", r#"{"3":[true,false]}"#);
        check(
            Wire::Binary,
            b"\x04\0\x01\x3f\xf8\0\0\0\0\0\0\x0a\0\x02\0\0\0\0\0\0\0\x05\0",
            r#"{"1":1.5,"2":5}"#,
        );
        check(Wire::Binary, b"\x0b\0\x01\0\0\0\x05hi", r#"{"1":"hi"}!"#);
        check(Wire::Binary, b"\x08\0\x01\0", r#"{"1":null}!"#);
        check(Wire::Binary, b"\x0d\0\x01\x08\x08\0\0\0\x01\0", r#"{"1":{"null":null}}!"#);
        check(Wire::Binary, b"\x0f\0\x01\x03\xff\xff\xff\xff", r#"{"1":[]}!"#);
    }

    #[test]
    fn compact() {
        check(Wire::Compact, b"\x18\x02hi\x15\x01\0", r#"{"1":"hi","2":-1}"#);
        check(Wire::Compact, b"\x11\x12\x05\x14\x0e\0", r#"{"1":true,"2":false,"10":7}"#);
        check(Wire::Compact, b"\x19\x21\x01\x02\x1b\0\0", r#"{"1":[true,false],"2":{}}"#);
        check(Wire::Compact, b"\x1b\x01\x8c\x01a\x15\x0e\0\0", r#"{"1":{"a":{"1":7}}}"#);
        check(Wire::Compact, b"\x17\0\0\0\0\0\0\xf8\x3f\0", r#"{"1":1.5}"#);
        check(Wire::Compact, &[0x1c; 200], &format!("{}{}!", r#"{"1":"#.repeat(64) + "{", "}".repeat(65)));
    }
}
