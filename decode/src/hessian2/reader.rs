//! Values of Hessian 2.0, one after the other. A reader that meets what it cannot read stops for good; what it
//! has written until then is valid JSON.

use model::limits::BODY_DEPTH_MAX;

use crate::rpc::Json;

/// Name of the member that holds the class of an object.
const CLASS: &str = "$class";

/// Reads values off a slice.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    pub(super) json: Json,
    types: Vec<String>,
    classes: Vec<Class>,
    /// Lists, maps and objects seen.
    containers: u64,
    depth: usize,
    is_broken: bool,
}

#[derive(Debug)]
struct Class {
    name: String,
    fields: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            json: Json::default(),
            types: Vec::new(),
            classes: Vec::new(),
            containers: 0,
            depth: 0,
            is_broken: false,
        }
    }

    /// The next value as JSON text; `None` at the end. See [`Self::is_broken`] for what became of it.
    pub(crate) fn json(&mut self) -> Option<Vec<u8>> {
        self.peek()?;
        self.value();
        Some(std::mem::take(&mut self.json).into_bytes())
    }

    /// The next value as a whole number; `None` when it is none.
    pub(crate) fn integer(&mut self) -> Option<i64> {
        let text = self.json()?;
        std::str::from_utf8(&text).ok()?.parse().ok()
    }

    /// The entries of a map with text keys, strings unquoted and other values as JSON; empty when the next value
    /// is no map.
    pub(crate) fn entries(&mut self) -> Vec<(String, String)> {
        let mut entries = Vec::new();
        match self.peek() {
            Some(b'H') => self.skip(1),
            Some(b'M') => {
                self.skip(1);
                self.type_name();
            }
            _ => return entries,
        }
        self.containers += 1;
        while !self.ends() {
            let key = self.json().unwrap_or_default();
            let value = self.json().unwrap_or_default();
            if self.is_broken {
                break;
            }
            entries.push((unquoted(&key), unquoted(&value)));
        }
        entries
    }

    /// Something could not be read: nothing more will be.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    pub(super) fn broken(&mut self) -> bool {
        self.is_broken = true;
        false
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied().filter(|_| !self.is_broken)
    }

    pub(super) fn skip(&mut self, len: usize) {
        self.at += len;
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let array = self.bytes.get(self.at..self.at + N)?.try_into().ok();
        self.at += N;
        array
    }

    /// The next `len` bytes, or as many as there are.
    pub(super) fn slice(&mut self, len: usize) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let part = &rest[..len.min(rest.len())];
        self.at += part.len();
        part
    }

    /// Writes the next value; false when it could not be read to its end.
    fn value(&mut self) -> bool {
        if self.json.is_full() || self.depth > BODY_DEPTH_MAX {
            return self.broken();
        }
        while self.peek() == Some(b'C') {
            self.skip(1);
            if !self.class() {
                return false;
            }
        }
        let Some(code) = self.peek() else { return self.broken() };
        if matches!(code, 0x00..=0x1f | 0x30..=0x33 | b'R' | b'S') {
            let text = self.text();
            self.json.string(&text.unwrap_or_default());
            return !self.is_broken;
        }
        if matches!(code, 0x20..=0x2f | 0x34..=0x37 | b'A' | b'B') {
            let bytes = self.binary();
            self.json.base64(&bytes.unwrap_or_default());
            return !self.is_broken;
        }
        self.skip(1);
        self.depth += 1;
        let read = match code {
            b'U' => self.type_name().is_some() && self.list(None),
            b'V' => self.type_name().is_some() && self.fixed_list(),
            b'W' => self.list(None),
            b'X' => self.fixed_list(),
            0x70..=0x77 => self.type_name().is_some() && self.list(Some(u64::from(code & 7))),
            0x78..=0x7f => self.list(Some(u64::from(code & 7))),
            b'H' => self.map(None),
            b'M' => self.type_name().is_some_and(|name| self.map(Some(name))),
            b'O' => self.whole().is_some_and(|class| self.object(class)),
            0x60..=0x6f => self.object(i64::from(code & 15)),
            b'Q' => self.reference(),
            _ => self.scalar(code).is_some(),
        };
        self.depth -= 1;
        if !read && !self.is_broken {
            self.json.raw("null");
            self.broken();
        }
        !self.is_broken
    }

    /// The name of a type, or the number of one that was named before (§4.11).
    fn type_name(&mut self) -> Option<String> {
        if let Some(name) = self.text() {
            self.types.push(name.clone());
            return Some(name);
        }
        let index = self.whole()?;
        self.types.get(usize::try_from(index).ok()?).cloned()
    }

    /// A class definition (§4.8.1): its name and the names of its fields.
    fn class(&mut self) -> bool {
        let (Some(name), Some(count)) = (self.text(), self.whole()) else { return self.broken() };
        let mut fields = Vec::new();
        for _ in 0..count {
            let Some(field) = self.text() else { return self.broken() };
            fields.push(field);
        }
        self.classes.push(Class { name, fields });
        !self.is_broken
    }

    /// The end mark of a list or map without length.
    fn ends(&mut self) -> bool {
        let ends = self.peek().is_none_or(|code| code == b'Z');
        if ends && self.byte() != Some(b'Z') {
            self.broken();
        }
        ends
    }

    fn fixed_list(&mut self) -> bool {
        let len = self.whole().and_then(|len| u64::try_from(len).ok());
        len.is_some() && self.list(len)
    }

    /// Elements up to the length, or to the end mark.
    fn list(&mut self, len: Option<u64>) -> bool {
        self.containers += 1;
        self.json.raw("[");
        let mut index = 0;
        while len.map_or_else(|| !self.ends(), |len| index < len) {
            if self.peek().is_none() {
                self.broken();
                break;
            }
            self.json.comma(usize::from(index > 0));
            if !self.value() {
                break;
            }
            index += 1;
        }
        self.json.raw("]");
        !self.is_broken
    }

    fn map(&mut self, class: Option<String>) -> bool {
        self.containers += 1;
        self.json.raw("{");
        let class = class.filter(|class| !class.is_empty() && !class.starts_with("java.util."));
        if let Some(class) = &class {
            self.json.key(CLASS);
            self.json.string(class);
        }
        let mut index = usize::from(class.is_some());
        while !self.ends() {
            self.json.comma(index);
            let from = self.json.len();
            let read = self.value();
            self.json.quote_since(from);
            self.json.raw(":");
            if !read || self.peek().is_none() {
                self.json.raw("null");
                self.broken();
                break;
            }
            if !self.value() {
                break;
            }
            index += 1;
        }
        self.json.raw("}");
        !self.is_broken
    }

    fn object(&mut self, class: i64) -> bool {
        let Some(class) = usize::try_from(class).ok().filter(|class| *class < self.classes.len()) else {
            return false;
        };
        self.containers += 1;
        self.json.raw("{");
        self.json.key(CLASS);
        self.json.string(&self.classes[class].name);
        for field in 0..self.classes[class].fields.len() {
            if self.peek().is_none() || self.json.is_full() {
                self.broken();
                break;
            }
            self.json.raw(",");
            self.json.key(&self.classes[class].fields[field]);
            if !self.value() {
                break;
            }
        }
        self.json.raw("}");
        !self.is_broken
    }

    fn reference(&mut self) -> bool {
        let Some(index) = self.whole().filter(|index| (0..self.containers as i64).contains(index)) else {
            return false;
        };
        self.json.raw("{\"$ref\":");
        self.json.show(index);
        self.json.raw("}");
        true
    }
}

fn unquoted(json: &[u8]) -> String {
    serde_json::from_slice::<String>(json).unwrap_or_else(|_| String::from_utf8_lossy(json).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: &str) {
        let mut reader = Reader::new(bytes);
        let json = reader.json().unwrap_or_default();
        serde_json::from_slice::<serde_json::Value>(&json).expect("valid JSON");
        let mark = if reader.is_broken() { "!" } else { "" };
        assert_eq!(format!("{}{mark}", String::from_utf8_lossy(&json)), expect);
    }

    #[test]
    fn maps_that_are_keys_of_maps_stay_small() {
        for depth in [1, 8, 60, 1_000] {
            let bytes = [vec![b'H'; depth], vec![b'N'; depth], vec![b'Z'; depth]].concat();
            let mut reader = Reader::new(&bytes);
            let json = reader.json().unwrap_or_default();
            serde_json::from_slice::<serde_json::Value>(&json).expect("valid JSON");
            assert!(json.len() < 10 * model::limits::RPC_KEY_BYTES_MAX, "{} bytes", json.len());
        }
    }

    #[test]
    fn numbers() {
        check(b"N", "null");
        check(b"T", "true");
        check(&[0x90], "0");
        check(&[0x80], "-16");
        check(&[0xc0, 0x00], "-2048");
        check(&[0xc7, 0x00], "-256");
        check(&[0xd0, 0, 0], "-262144");
        check(&[0xd7, 0xff, 0xff], "262143");
        check(b"I\x80\x00\x00\x00", "-2147483648");
        check(&[0xe0], "0");
        check(&[0xf0, 0], "-2048");
        check(&[0x38, 0, 0], "-262144");
        check(&[0x59, 0xff, 0xff, 0xff, 0xff], "-1");
        check(b"L\x7f\xff\xff\xff\xff\xff\xff\xff", "9223372036854775807");
        check(&[0x5b], "0.0");
        check(&[0x5d, 0x80], "-128.0");
        check(&[0x5e, 0x7f, 0xff], "32767.0");
        check(&[0x5f, 0, 0, 0x2f, 0xda], "12.25");
        check(b"D\x40\x28\x80\x00\x00\x00\x00\x00", "12.25");
    }

    #[test]
    fn dates_and_bytes() {
        check(b"\x4a\x00\x00\x00\xd0\x4b\x92\x84\xb8", "\"1998-05-08T09:51:31Z\"");
        check(b"\x4b\x00\xe3\x83\x8f", "\"1998-05-08T09:51:00Z\"");
        check(b"\x23\x01\x02\x03", "\"AQID\"");
        check(b"\x34\x02\x01\x02", "\"AQI=\"");
        check(b"A\x00\x01\x01B\x00\x01\x02", "\"AQI=\"");
    }

    #[test]
    fn strings_count_code_units() {
        check(b"\x05hello", "\"hello\"");
        check(b"\x01\xc3\x83", "\"\u{c3}\"");
        check("\u{2}中国".as_bytes(), "\"中国\"");
        check(b"\x30\x02hi", "\"hi\"");
        check(b"R\x00\x02heS\x00\x03llo", "\"hello\"");
        // A pair written as two halves, also over two chunks, and as four bytes of UTF-8.
        check(b"\x02\xed\xa0\xbd\xed\xb8\x80", "\"\u{1f600}\"");
        check(b"R\x00\x01\xed\xa0\xbdS\x00\x01\xed\xb8\x80", "\"\u{1f600}\"");
        check("\u{2}\u{1f600}".as_bytes(), "\"\u{1f600}\"");
        check(b"\x05hel", "\"hel\"!");
    }

    #[test]
    fn lists_and_maps() {
        check(b"\x57\x90\x91Z", "[0,1]");
        check(b"\x58\x92\x90\x91", "[0,1]");
        check(b"\x7a\x90\x91", "[0,1]");
        check(b"V\x04[int\x92\x90\x91", "[0,1]");
        check(b"\x7a\x72\x04[int\x90\x91\x71\x90\x92", "[[0,1],[2]]");
        check(b"U\x04[int\x90Z", "[0]");
        check(b"H\x91\x03fee\x01aNZ", r#"{"1":"fee","a":null}"#);
        check(b"M\x05a.CarH\x01aNZ\x91Z", r#"{"$class":"a.Car","{\"a\":null}":1}"#);
        check(b"M\x11java.util.HashMapZ", "{}");
        check(b"\x57\x90\x91", "[0,1]!");
        check(b"H\x01a", r#"{"a":null}!"#);
        check(b"H\x01a\x42", r#"{"a":""}!"#);
    }

    #[test]
    fn objects_and_references() {
        let car = b"C\x0bexample.Car\x92\x05color\x05modelO\x90\x03red\x08corvette";
        check(car, r#"{"$class":"example.Car","color":"red","model":"corvette"}"#);
        let list = b"\x7aC\x03Car\x91\x01a\x60\x91\x60\x92";
        check(list, r#"[{"$class":"Car","a":1},{"$class":"Car","a":2}]"#);
        let ring = b"C\x04List\x92\x04head\x04tail\x60\x91\x51\x90";
        check(ring, r#"{"$class":"List","head":1,"tail":{"$ref":0}}"#);
        check(b"\x61", "null!");
        check(b"\x51\x95", "null!");
        check(b"C\x03Car\x92\x01a\x01b\x60\x91", r#"{"$class":"Car","a":1}!"#);
    }

    #[test]
    fn hostile_nesting_and_growth_end() {
        check(&[0x57; 4_000], &format!("{}{}!", "[".repeat(65), "]".repeat(65)));
        let mut bomb = b"C\x30\xff".to_vec();
        bomb.extend([b'x'; 255]);
        bomb.extend([0x90, b'W']);
        bomb.extend(vec![0x60; 1 << 20]);
        let mut reader = Reader::new(&bomb);
        let len = reader.json().unwrap_or_default().len();
        assert!(reader.is_broken() && len < model::limits::BODY_BYTES_MAX + 1_024, "{len}");
    }
}
