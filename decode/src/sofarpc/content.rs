//! Contents of SOFARPC messages in its own Hessian: the draft of Hessian 2.0 that its library never left. `O`
//! defines a class, `o` begins an object, lists have a type behind `t` and a length behind `l` or `n`, maps and lists
//! end with `z`. Numbers, strings and the rest are as in Hessian 2.0, where the codes do not collide.

use model::limits::BODY_DEPTH_MAX;

use crate::rpc::Json;

const HESSIAN: u8 = 1;

/// Arguments as `{"arg0":…}`; content of another codec as it was sent. False when it could not be read to its end.
pub(super) fn request(codec: u8, content: &[u8]) -> (Vec<u8>, bool) {
    if codec != HESSIAN {
        return (content.to_vec(), true);
    }
    let mut reader = Reader::new(content);
    // The request itself (`SofaRequest`): names and properties, which the header has said already.
    let mut whole = reader.value();
    reader.json = Json::default();
    reader.json.raw("{");
    let mut index = 0;
    while whole && reader.at < content.len() {
        reader.json.comma(index);
        reader.json.key(&format!("arg{index}"));
        whole = reader.value();
        index += 1;
    }
    reader.json.raw("}");
    (reader.json.into_bytes(), whole)
}

/// The response object (`SofaResponse`), as JSON.
pub(super) fn response(codec: u8, content: &[u8]) -> (Vec<u8>, bool) {
    if codec != HESSIAN {
        return (content.to_vec(), true);
    }
    let mut reader = Reader::new(content);
    let whole = content.is_empty() || reader.value();
    (reader.json.into_bytes(), whole)
}

struct Class {
    name: String,
    fields: Vec<String>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    json: Json,
    classes: Vec<Class>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, json: Json::default(), classes: Vec::new(), depth: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let array = self.bytes.get(self.at..self.at + N)?.try_into().ok();
        self.at += N;
        array
    }

    /// Takes a code when it is the next byte.
    fn takes(&mut self, code: u8) -> bool {
        let is_next = self.peek() == Some(code);
        self.at += usize::from(is_next);
        is_next
    }

    /// Writes the next value, or `null` for what cannot be read; false in that case.
    fn value(&mut self) -> bool {
        let before = self.json.len();
        let read = self.depth <= BODY_DEPTH_MAX && !self.json.is_full() && self.any().is_some();
        if self.json.len() == before {
            self.json.raw("null");
        }
        read
    }

    fn any(&mut self) -> Option<()> {
        while self.takes(b'O') {
            let (name, count) = (self.raw_text()?, self.whole()?);
            let mut fields = Vec::new();
            for _ in 0..count {
                fields.push(self.text()?);
            }
            self.classes.push(Class { name, fields });
        }
        let code = self.peek()?;
        if matches!(code, 0x00..=0x1f | b'S' | b's') {
            let text = self.text()?;
            self.json.string(&text);
            return Some(());
        }
        self.depth += 1;
        let read = match code {
            b'o' => self.object(),
            b'M' => self.map(),
            b'V' => self.list(),
            _ => self.scalar(code),
        };
        self.depth -= 1;
        read
    }

    /// An object: the number of its class, then the values of its fields.
    fn object(&mut self) -> Option<()> {
        self.at += 1;
        let class = usize::try_from(self.whole()?).ok().filter(|class| *class < self.classes.len())?;
        self.json.raw("{");
        self.json.key("$class");
        self.json.string(&self.classes[class].name);
        let mut whole = true;
        for field in 0..self.classes[class].fields.len() {
            if !whole || self.peek().is_none() || self.json.is_full() {
                whole = false;
                break;
            }
            self.json.raw(",");
            self.json.key(&self.classes[class].fields[field]);
            whole = self.value();
        }
        self.json.raw("}");
        whole.then_some(())
    }

    /// The type of a list or map, where it is stated: text, or the number of an earlier one.
    fn type_name(&mut self) -> Option<()> {
        if self.takes(b't') {
            let len = u16::from_be_bytes(self.array()?);
            self.at += usize::from(len);
        } else if self.takes(b'T') {
            self.whole()?;
        }
        Some(())
    }

    fn map(&mut self) -> Option<()> {
        self.at += 1;
        self.type_name()?;
        self.json.raw("{");
        let (mut index, mut whole) = (0, true);
        while whole && !self.takes(b'z') {
            if self.peek().is_none() {
                whole = false;
                break;
            }
            self.json.comma(index);
            let from = self.json.len();
            whole = self.value();
            self.json.quote_since(from);
            self.json.raw(":");
            whole = self.value() && whole;
            index += 1;
        }
        self.json.raw("}");
        whole.then_some(())
    }

    fn list(&mut self) -> Option<()> {
        self.at += 1;
        self.type_name()?;
        if self.takes(b'n') {
            self.byte()?;
        } else if self.takes(b'l') {
            self.array::<4>()?;
        }
        self.json.raw("[");
        let (mut index, mut whole) = (0, true);
        while whole && !self.takes(b'z') {
            if self.peek().is_none() {
                whole = false;
                break;
            }
            self.json.comma(index);
            whole = self.value();
            index += 1;
        }
        self.json.raw("]");
        whole.then_some(())
    }

    fn scalar(&mut self, code: u8) -> Option<()> {
        match code {
            b'N' | b'T' | b'F' => {
                self.at += 1;
                self.json.raw(if code == b'N' {
                    "null"
                } else if code == b'T' {
                    "true"
                } else {
                    "false"
                });
            }
            b'D' => {
                self.at += 1;
                let value = f64::from_be_bytes(self.array()?);
                self.json.float(value);
            }
            0x67..=0x6c => self.small_double(code)?,
            b'd' => {
                self.at += 1;
                let millis = i64::from_be_bytes(self.array()?);
                self.json.date(millis);
            }
            b'B' | b'b' | 0x20..=0x2f => {
                let value = self.binary()?;
                self.json.base64(&value);
            }
            b'R' | b'J' | b'K' => {
                self.at += 1;
                let index = match code {
                    b'R' => u32::from_be_bytes(self.array()?),
                    b'J' => u32::from(self.byte()?),
                    _ => u32::from(u16::from_be_bytes(self.array()?)),
                };
                self.json.raw("{\"$ref\":");
                self.json.show(index);
                self.json.raw("}");
            }
            _ => {
                let value = self.whole()?;
                self.json.show(value);
            }
        }
        Some(())
    }

    /// Doubles that need few bytes.
    fn small_double(&mut self, code: u8) -> Option<()> {
        self.at += 1;
        let value = match code {
            0x67 => 0.0,
            0x68 => 1.0,
            0x69 => f64::from(i8::from_be_bytes(self.array()?)),
            0x6a => f64::from(i16::from_be_bytes(self.array()?)),
            0x6b => f64::from(i32::from_be_bytes(self.array()?)) / 1_000.0,
            _ => return None,
        };
        self.json.float(value);
        Some(())
    }

    fn whole(&mut self) -> Option<i64> {
        let code = self.byte()?;
        let from = |base: u8| i64::from(code) - i64::from(base);
        Some(match code {
            0x80..=0xbf => from(0x90),
            0xc0..=0xcf => from(0xc8) << 8 | i64::from(self.byte()?),
            0xd0..=0xd7 => from(0xd4) << 16 | i64::from(u16::from_be_bytes(self.array()?)),
            b'I' | b'w' => i64::from(i32::from_be_bytes(self.array()?)),
            0xd8..=0xef => from(0xe0),
            0xf0..=0xff => from(0xf8) << 8 | i64::from(self.byte()?),
            0x38..=0x3f => from(0x3c) << 16 | i64::from(u16::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return None,
        })
    }

    /// Text that has only its length before it.
    fn raw_text(&mut self) -> Option<String> {
        let len = usize::try_from(self.whole()?).ok()?;
        self.units(len)
    }

    /// A string, chunked (`s`) or not.
    fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let code = self.byte()?;
            let len = match code {
                0x00..=0x1f => usize::from(code),
                b'S' | b's' => usize::from(u16::from_be_bytes(self.array()?)),
                _ => return None,
            };
            text.push_str(&self.units(len)?);
            if code != b's' {
                return Some(text);
            }
        }
    }

    /// Characters, counted as UTF-16 code units.
    fn units(&mut self, len: usize) -> Option<String> {
        let mut units = Vec::new();
        while units.len() < len {
            let lead = self.byte()?;
            let follow = match lead {
                0x00..=0x7f => 0,
                0xc0..=0xdf => 1,
                0xe0..=0xef => 2,
                _ => return None,
            };
            let mut code = u16::from(lead) & [0x7f, 0x1f, 0x0f][follow];
            for _ in 0..follow {
                code = code << 6 | u16::from(self.byte()? & 0x3f);
            }
            units.push(code);
        }
        Some(String::from_utf16_lossy(&units))
    }

    fn binary(&mut self) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        loop {
            let code = self.byte()?;
            let len = match code {
                0x20..=0x2f => usize::from(code - 0x20),
                b'B' | b'b' => usize::from(u16::from_be_bytes(self.array()?)),
                _ => return None,
            };
            value.extend_from_slice(self.bytes.get(self.at..self.at + len)?);
            self.at += len;
            if code != b'b' {
                return Some(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content: &[u8], expect: &str) {
        let (json, whole) = response(HESSIAN, content);
        serde_json::from_slice::<serde_json::Value>(&json).expect("valid JSON");
        assert_eq!(format!("{}{}", String::from_utf8_lossy(&json), if whole { "" } else { "!" }), expect);
    }

    #[test]
    fn values() {
        check(b"O\x93a.C\x92\x04name\x03ageo\x90\x02aa\xcb\xe7", r#"{"$class":"a.C","name":"aa","age":999}"#);
        check(b"M\x01a\x91\x01bNz", r#"{"a":1,"b":null}"#);
        check(b"Vt\0\x07[stringn\x01\x03xyzz", r#"["xyz"]"#);
        check(b"S\0\x02hi", "\"hi\"");
        check(b"d\x00\x00\x00\xd0\x4b\x92\x84\xb8", "\"1998-05-08T09:51:31Z\"");
        check(b"M\x01a", r#"{"a":null}!"#);
        check(b"o\x95", "null!");
        check(&[b'V'; 200], &format!("{}null{}!", "[".repeat(65), "]".repeat(65)));
    }

    #[test]
    fn arguments_follow_the_request() {
        let (json, whole) = request(HESSIAN, b"O\x91R\x91\x01ao\x90N\x02hi\x91");
        assert_eq!((String::from_utf8_lossy(&json).as_ref(), whole), (r#"{"arg0":"hi","arg1":1}"#, true));
        assert_eq!(request(11, b"\x08\x01"), (b"\x08\x01".to_vec(), true));
    }
}
