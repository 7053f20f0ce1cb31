//! The user's field map for JSON lines: `method=request.method,target=request.uri,...`.

use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;

use super::draft::Field;
use super::json_keys::Key;
use super::syntax::BadFormat;
use super::value::Unit;

/// Which keys of a JSON line are which field of a call. What it does not name is recognised as usual.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct JsonMap(Arc<[(String, Key)]>);

/// What a mapped value does to the call outranks what is recognised.
const RANK: u8 = 100;

impl JsonMap {
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Key)> {
        self.0.iter().map(|(path, key)| (path.as_str(), key))
    }
}

impl TryFrom<String> for JsonMap {
    type Error = BadFormat;

    fn try_from(given: String) -> Result<Self, BadFormat> {
        given.parse()
    }
}

impl FromStr for JsonMap {
    type Err = BadFormat;

    /// Reads `field=path` pairs separated by commas; the path's keys are joined by dots.
    fn from_str(given: &str) -> Result<Self, BadFormat> {
        let mut fields = Vec::new();
        let mut at = 1;
        for pair in given.split(',') {
            let bad = |what: String| BadFormat { what, at };
            let (name, path) = pair
                .split_once('=')
                .ok_or_else(|| bad(format!("the field map wants field=path, not {:?}", pair.trim())))?;
            let key = key(name.trim()).ok_or_else(|| {
                bad(format!("the field map knows no field {:?}; one of {NAMES}", name.trim()))
            })?;
            if path.trim().is_empty() {
                return Err(bad(format!("the field map names no path for {:?}", name.trim())));
            }
            fields.push((path.trim().to_owned(), key));
            at += pair.chars().count() + 1;
        }
        Ok(Self(fields.into()))
    }
}

/// The names of fields, as in call records where there is one.
const NAMES: &str = "method, target, path, query, host, scheme, protocol, status, ts, client, client_port, server, duration_s, duration_ms, duration_us, duration_ns, request_headers, request_body, request_size, response_headers, response_body, response_size, header.NAME";

fn key(name: &str) -> Option<Key> {
    Some(Key::Field(match name {
        "method" => Field::Method,
        "target" | "url" => Field::Target(RANK),
        "request" => Field::RequestLine,
        "path" => Field::Path,
        "query" => Field::Query,
        "host" => Field::Host(RANK),
        "scheme" => Field::Scheme,
        "protocol" => Field::Protocol,
        "status" => Field::Status(RANK),
        "ts" | "time" => Field::Time(RANK),
        "client" => Field::Client(RANK),
        "client_port" => Field::ClientPort,
        "server" => Field::Server(RANK),
        "duration_s" => Field::Duration(Unit::Seconds, RANK),
        "duration_ms" => Field::Duration(Unit::Millis, RANK),
        "duration_us" => Field::Duration(Unit::Micros, RANK),
        "duration_ns" => Field::Duration(Unit::Nanos, RANK),
        "request_size" => Field::RequestSize,
        "response_size" => Field::ResponseSize,
        "request_headers" => return Some(Key::Headers),
        "response_headers" => return Some(Key::ResponseHeaders),
        "request_body" => return Some(Key::Body),
        "response_body" => return Some(Key::ResponseBody),
        _ => Field::Header(name.strip_prefix("header.")?.to_ascii_lowercase().into()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::log::json;

    #[track_caller]
    fn check(map: &str, line: &str, expect: &str) {
        let map: JsonMap = match map.parse() {
            Ok(map) => map,
            Err(error) => {
                assert!(error.to_string().starts_with(expect), "{error}");
                return;
            }
        };
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let call = json::read(value.as_object().expect("an object"), Some(&map)).map(|it| it.call);
        let json = call.map(|call| serde_json::to_string(&call).expect("json")).unwrap_or_default();
        assert_eq!(json, expect);
    }

    #[test]
    fn maps() {
        check(
            "method=m,target=req.u,status=out.code,duration_ms=took,header.x-id=a.b",
            r#"{"m":"GET","req":{"u":"/a?b"},"out":{"code":200},"took":1.5,"a.b":"7"}"#,
            r#"{"duration_us":1500,"method":"GET","target":"/a?b","request":{"headers":[["x-id","7"]]},"status":200,"response":{"headers":[]}}"#,
        );
        check("method", "", "the field map wants field=path, not \"method\" (at character 1)");
        check("method=m,colour=c", "", "the field map knows no field \"colour\"; one of");
        check("method=", "", "the field map names no path for \"method\" (at character 1)");
    }
}
