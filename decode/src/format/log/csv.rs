//! Logs exported as tables (RFC 4180), or written as such (Zeek): a line of names tells the columns, which are read
//! like the keys of JSON lines. Tables of raw lines, as Splunk and CloudWatch export them, too.

use serde_json::{Map, Value};

use super::draft::Field;
use super::json_keys::{self, Key};
use super::noise;
use crate::http1::text;

/// Columns of a table, and bytes of a name.
const COLUMNS_MAX: usize = 256;
const NAME_BYTES_MAX: usize = 64;

/// The columns of a table.
#[derive(Debug, Clone)]
pub(crate) struct Csv {
    separator: u8,
    names: Vec<String>,
}

impl Csv {
    /// The columns that a line names, when they can be those of a log.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        if line.len() > COLUMNS_MAX * NAME_BYTES_MAX {
            return None;
        }
        b",;\t".iter().filter(|separator| line.contains(separator)).find_map(|separator| {
            let names = values(line, *separator)?;
            let csv = Self { separator: *separator, names };
            csv.is_log().then_some(csv)
        })
    }

    fn is_log(&self) -> bool {
        let is_name = |name: &String| !name.is_empty() && name.len() <= NAME_BYTES_MAX;
        if self.names.len() < 2 || !self.names.iter().all(is_name) {
            return false;
        }
        let fields: Vec<&Field> = self.names.iter().filter_map(|name| field(name)).collect();
        let has = |test: fn(&Field) -> bool| fields.iter().any(|field| test(field));
        let is_timed = has(|field| matches!(field, Field::Time(_) | Field::Date));
        let is_from_somebody = is_timed || has(|field| matches!(field, Field::Client(_)));
        let is_line = is_timed || self.names.iter().any(|name| name == "_time");
        let is_request = has(|field| matches!(field, Field::Method | Field::RequestLine))
            && has(|field| matches!(field, Field::Target(_) | Field::Path | Field::RequestLine))
            && has(|field| matches!(field, Field::Status(_)));
        (is_request && is_from_somebody)
            || (is_line && self.names.iter().any(|name| noise::LINE_KEYS.contains(&&**name)))
    }

    /// A row as an object; `None` for a line that has not as many values as there are names.
    pub(crate) fn row(&self, line: &[u8]) -> Option<Value> {
        let values = values(line, self.separator).filter(|values| values.len() == self.names.len())?;
        let pairs = self.names.iter().cloned().zip(values).filter(|(_, value)| !value.is_empty());
        Some(Value::Object(pairs.map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>()))
    }
}

fn field(name: &str) -> Option<&'static Field> {
    let mut path = String::new();
    json_keys::push(&mut path, name);
    match json_keys::find(&path)? {
        Key::Field(field) => Some(field),
        _ => None,
    }
}

/// The values of a line; `None` when quotes are not closed or there are too many.
fn values(line: &[u8], separator: u8) -> Option<Vec<String>> {
    let (mut values, mut rest) = (Vec::new(), line);
    loop {
        let value = if let Some(inner) = rest.strip_prefix(b"\"") {
            let mut at = 0;
            loop {
                at += memchr::memchr(b'"', inner.get(at..)?)?;
                if inner.get(at + 1) != Some(&b'"') {
                    break;
                }
                at += 2;
            }
            rest = &inner[at + 1..];
            text(&inner[..at]).replace("\"\"", "\"")
        } else {
            let end = memchr::memchr(separator, rest).unwrap_or(rest.len());
            let value = text(&rest[..end]).trim().to_owned();
            rest = &rest[end..];
            value
        };
        values.push(value);
        match rest.split_first() {
            None => return Some(values),
            Some((next, after)) if *next == separator && values.len() < COLUMNS_MAX => rest = after,
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &str, row: &str, expect: &str) {
        let row = Csv::of(names.as_bytes()).and_then(|csv| csv.row(row.as_bytes()));
        assert_eq!(row.map(|row| row.to_string()).unwrap_or_default(), expect, "{names}");
    }

    #[test]
    fn tables() {
        check(
            "time,client_ip,method,path,status,user_agent",
            r#"2026-11-21T10:00:00Z,10.0.0.7,GET,/x,200,"a ""b"", c""#,
            r#"{"client_ip":"10.0.0.7","method":"GET","path":"/x","status":"200","time":"2026-11-21T10:00:00Z","user_agent":"a \"b\", c"}"#,
        );
        check("\"_time\";\"_raw\"", "1795255200;\"a;b\"", r#"{"_raw":"a;b","_time":"1795255200"}"#);
        check("@timestamp,@message", "1,2,3", "");
    }

    #[test]
    fn other_tables() {
        check("id,method,path,status", "1,GET,/a,200", "");
        check("time,name,message2", "1,2,3", "");
        check("a sentence, with commas, and a method", "", "");
    }
}
