//! JSON records that do not stand one on a line: printed over several lines, in a list, or inside the answer of a
//! search (Elasticsearch, CloudWatch, Loki, Azure, `gcloud`). What is cut out here is read like a line.

use model::limits;
use serde_json::Value;

/// Nesting beyond which nothing is looked for.
const DEPTH_MAX: usize = 100;

/// Where a scan stands inside JSON.
#[derive(Debug, Default)]
struct Scan {
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// True for a byte that is structure, no part of a string.
    fn is_structure(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = self.in_string,
            b'"' => self.in_string = !self.in_string,
            _ => return !self.in_string,
        }
        false
    }
}

/// Puts together the objects at the top of a document, or in the list at its top, that go over several lines.
#[derive(Debug, Default)]
pub(crate) struct Document {
    scan: Scan,
    unit: Vec<u8>,
    /// Nesting inside the object.
    depth: usize,
    is_list: bool,
    is_too_long: bool,
}

impl Document {
    /// True for a line with which such a document begins: it opens an object and goes on in the next one.
    pub(crate) fn opens(line: &[u8]) -> bool {
        let object = line.strip_prefix(b"[").map_or(line, <[u8]>::trim_ascii_start);
        if !object.starts_with(b"{") || !matches!(line.last(), Some(b'{' | b'[' | b',')) {
            return false;
        }
        // Of objects on lines of their own that a list separates, each is complete.
        let mut scan = Scan::default();
        let depth =
            object.iter().filter(|byte| scan.is_structure(**byte)).fold(0_i64, |depth, byte| match byte {
                b'{' | b'[' => depth + 1,
                b'}' | b']' => depth - 1,
                _ => depth,
            });
        depth > 0
    }

    /// True while an object is not complete.
    pub(crate) fn is_inside(&self) -> bool {
        self.depth > 0
    }

    /// True when this line belongs to the document.
    pub(crate) fn goes_on(&self, line: &[u8]) -> bool {
        self.is_inside() || (self.is_list && matches!(line.first(), Some(b'{' | b'[' | b']' | b',')))
    }

    /// Takes a line; hands on objects that are complete with it, `None` for one that is too long.
    pub(crate) fn feed(&mut self, line: &[u8], mut take: impl FnMut(Option<&[u8]>)) {
        for byte in line {
            let is_structure = self.scan.is_structure(*byte);
            if self.depth == 0 {
                match byte {
                    b'[' => self.is_list = true,
                    b']' => self.is_list = false,
                    b'{' => self.depth = 1,
                    _ => {}
                }
                if self.depth > 0 {
                    self.keep(*byte);
                }
                continue;
            }
            self.keep(*byte);
            match byte {
                b'{' | b'[' if is_structure => self.depth += 1,
                b'}' | b']' if is_structure => self.depth -= 1,
                _ => {}
            }
            if self.depth == 0 {
                take(Some(&self.unit[..]).filter(|_| !self.is_too_long));
                self.unit.clear();
                self.is_too_long = false;
            }
        }
        if self.depth > 0 {
            self.keep(b'\n');
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.unit.len() < limits::LINE_BYTES_MAX {
            self.unit.push(byte);
        } else {
            self.is_too_long = true;
        }
    }
}

/// The objects that stand directly in the outermost lists of a document.
pub(crate) fn records(text: &[u8]) -> Vec<&[u8]> {
    let (mut records, mut open, mut scan) = (Vec::new(), Vec::new(), Scan::default());
    let mut record: Option<(usize, usize)> = None;
    for (at, byte) in text.iter().enumerate() {
        if !scan.is_structure(*byte) {
            continue;
        }
        match byte {
            b'{' | b'[' => {
                if *byte == b'{' && record.is_none() && open.last() == Some(&b'[') {
                    record = Some((at, open.len()));
                }
                open.push(*byte);
                if open.len() > DEPTH_MAX {
                    return records;
                }
            }
            b'}' | b']' => {
                open.pop();
                if let Some((start, _)) = record.filter(|(_, depth)| *depth == open.len()) {
                    records.push(&text[start..=at]);
                    record = None;
                }
            }
            _ => {}
        }
    }
    records
}

/// The lines of one of Loki's streams: pairs of a time and a line.
pub(crate) fn stream(record: &[u8]) -> Vec<String> {
    let record: Option<Value> = serde_json::from_slice(record).ok();
    let values = record.as_ref().and_then(|record| record.get("values")?.as_array());
    let line = |pair: &Value| Some(pair.get(1)?.as_str()?.to_owned());
    values.map(|values| values.iter().filter_map(line).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let (mut document, mut seen) = (Document::default(), Vec::new());
        for line in text.lines() {
            document.feed(line.trim().as_bytes(), |unit| {
                seen.push(String::from_utf8_lossy(unit.unwrap_or_default()).replace('\n', ""));
            });
        }
        assert_eq!(seen, expect);
    }

    #[test]
    fn over_several_lines() {
        check(
            "{\n \"a\": {\n  \"b\": \"}\\\"{\"\n }\n}\n{\n\"c\":1}",
            &["{\"a\": {\"b\": \"}\\\"{\"}}", "{\"c\":1}"],
        );
        check("[{\n\"a\":[1]\n},\n{\"b\":2\n}]\n", &["{\"a\":[1]}", "{\"b\":2}"]);
        check("{\n\"a\":\n", &[]);
        assert!(Document::opens(b"{") && Document::opens(b"[{\"a\":1,") && Document::opens(b"{\"hits\":["));
        assert!(!Document::opens(b"[") && !Document::opens(b"{\"a\":1},") && !Document::opens(b"[x] a,"));
    }

    #[test]
    fn lists() {
        let of = |text: &'static str| -> Vec<&str> {
            records(text.as_bytes())
                .into_iter()
                .filter_map(|record| std::str::from_utf8(record).ok())
                .collect()
        };
        assert_eq!(
            of(r#"{"hits":{"hits":[{"a":[{"b":1}]},{"c":"]}"}]},"x":[1]}"#),
            [r#"{"a":[{"b":1}]}"#, r#"{"c":"]}"}"#]
        );
        assert_eq!(of(r#"[{"a":1},{"b":"#), [r#"{"a":1}"#]);
        assert!(of(r#"{"a":{"b":1}}"#).is_empty());
        assert_eq!(stream(br#"{"values":[["1","a"],["2"]]}"#), ["a"]);
    }
}
