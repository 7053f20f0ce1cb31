//! Bodies of Dubbo messages. A request names Dubbo's version, the service, its version, the method and the types
//! of its arguments, then come the arguments and the attachments (`DecodeableRpcInvocation`). Arguments
//! become `{"arg0":…,"arg1":…}`, attachments become headers, a result is the value itself, an exception `{"exception":…}`.

use model::{Anomaly, Headers, Rpc};

use super::names::{Names, lines};
use crate::hessian2::Reader;
use crate::rpc::{Json, Parsed};

const HESSIAN2: u8 = 2;
const JSON_LINES: [u8; 2] = [6, 16];
/// Arguments that are read.
const ARGUMENTS_MAX: usize = 255;

/// Reads a request body.
pub(super) fn request(serialization: u8, body: &[u8]) -> Parsed {
    match serialization {
        HESSIAN2 => hessian_request(body),
        id if JSON_LINES.contains(&id) => json_request(body),
        id => other_request(id, body),
    }
}

/// Reads a response body.
pub(super) fn response(serialization: u8, status: u8, body: &[u8]) -> Parsed {
    match serialization {
        HESSIAN2 => hessian_response(status, body),
        id if JSON_LINES.contains(&id) => json_response(status, body),
        _ => Parsed { body: body.to_vec(), ..Parsed::default() },
    }
}

/// The words at the front of every request.
struct Front {
    rpc: Option<Rpc>,
    headers: Headers,
    arguments: usize,
}

impl Front {
    /// Version of Dubbo, service, version of the service, method, types of the arguments.
    fn read(mut next: impl FnMut() -> Option<String>) -> Self {
        let mut headers = Headers::default();
        let mut keep = |name: &str, value: Option<String>| {
            let value = value.unwrap_or_default();
            if !value.is_empty() {
                headers.push(name, &value);
            }
        };
        keep("dubbo-version", next());
        let service = next();
        keep("service-version", next());
        let method = next();
        let types = next().unwrap_or_default();
        keep("parameter-types", Some(types.clone()));
        let rpc = service
            .filter(|service| !service.is_empty())
            .map(|service| Rpc { service, method: method.unwrap_or_default() });
        Self { rpc, headers, arguments: count_types(&types) }
    }
}

fn hessian_request(body: &[u8]) -> Parsed {
    let mut reader = Reader::new(body);
    let front = Front::read(|| reader.text());
    let mut headers = front.headers;
    let mut json = Json::default();
    json.raw("{");
    for index in 0..front.arguments {
        let Some(argument) = reader.json() else { break };
        json.comma(index);
        json.key(&format!("arg{index}"));
        json.raw(&String::from_utf8_lossy(&argument));
    }
    json.raw("}");
    attachments(&mut reader, &mut headers);
    let anomaly = (reader.is_broken() || front.rpc.is_none()).then_some(Anomaly::BAD_ENCODING);
    Parsed { rpc: front.rpc, headers, body: json.into_bytes(), anomaly, status: None }
}

fn attachments(reader: &mut Reader<'_>, headers: &mut Headers) {
    for (name, value) in reader.entries() {
        headers.push(&name.to_ascii_lowercase(), &value);
    }
}

/// Result kinds of `DecodeableRpcResult`: exception, value or null, the upper three with attachments.
fn hessian_response(status: u8, body: &[u8]) -> Parsed {
    let mut reader = Reader::new(body);
    let mut headers = Headers::default();
    if status != 20 {
        let body = reader.json().unwrap_or_default();
        return Parsed { body, ..Parsed::default() };
    }
    let kind = reader.integer();
    let body = match kind {
        Some(0 | 3) => exception(&reader.json().unwrap_or_default()),
        Some(1 | 4) => reader.json().unwrap_or_default(),
        Some(2 | 5) => b"null".to_vec(),
        _ => {
            let anomaly = Some(Anomaly::BAD_ENCODING);
            return Parsed { body: body.to_vec(), anomaly, ..Parsed::default() };
        }
    };
    if matches!(kind, Some(3..=5)) {
        attachments(&mut reader, &mut headers);
    }
    let anomaly = reader.is_broken().then_some(Anomaly::BAD_ENCODING);
    Parsed { headers, body, anomaly, ..Parsed::default() }
}

fn exception(value: &[u8]) -> Vec<u8> {
    let value = if value.is_empty() { b"null" } else { value };
    [b"{\"exception\":".as_slice(), value, b"}"].concat()
}

/// fastjson and gson write each value as JSON on a line of its own.
fn json_request(body: &[u8]) -> Parsed {
    let mut values = lines(body);
    let front = Front::read(|| serde_json::from_slice(values.next()?).ok());
    let mut headers = front.headers;
    let mut json = Json::default();
    json.raw("{");
    for (index, argument) in values.by_ref().take(front.arguments).enumerate() {
        json.comma(index);
        json.key(&format!("arg{index}"));
        json_value(&mut json, argument);
    }
    json.raw("}");
    json_attachments(values.next(), &mut headers);
    let anomaly = front.rpc.is_none().then_some(Anomaly::BAD_ENCODING);
    Parsed { rpc: front.rpc, headers, body: json.into_bytes(), anomaly, status: None }
}

/// A line that is no JSON is told as text.
fn json_value(json: &mut Json, line: &[u8]) {
    match std::str::from_utf8(line) {
        Ok(text) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => json.raw(text),
        _ => json.bytes(line),
    }
}

fn json_attachments(line: Option<&[u8]>, headers: &mut Headers) {
    let map = line.and_then(|line| serde_json::from_slice::<serde_json::Map<_, _>>(line).ok());
    for (name, value) in map.unwrap_or_default() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        headers.push(&name.to_ascii_lowercase(), &value);
    }
}

fn json_response(status: u8, body: &[u8]) -> Parsed {
    let mut values = lines(body);
    if status != 20 {
        return Parsed { body: values.next().unwrap_or_default().to_vec(), ..Parsed::default() };
    }
    let kind = values.next().and_then(|line| serde_json::from_slice::<u8>(line).ok());
    let body = match kind {
        Some(0 | 3) => exception(values.next().unwrap_or_default()),
        Some(1 | 4) => values.next().unwrap_or_default().to_vec(),
        Some(2 | 5) => b"null".to_vec(),
        _ => {
            let anomaly = Some(Anomaly::BAD_ENCODING);
            return Parsed { body: body.to_vec(), anomaly, ..Parsed::default() };
        }
    };
    let mut headers = Headers::default();
    if matches!(kind, Some(3..=5)) {
        json_attachments(values.next(), &mut headers);
    }
    Parsed { headers, body, ..Parsed::default() }
}

/// Serializations of which only the words at the front are read; the arguments stay as they were sent.
fn other_request(serialization: u8, body: &[u8]) -> Parsed {
    let mut names = Names::new(serialization, body);
    let front = Front::read(|| names.next());
    if front.rpc.is_none() {
        return Parsed { body: body.to_vec(), ..Parsed::default() };
    }
    Parsed { rpc: front.rpc, headers: front.headers, body: names.rest().to_vec(), ..Parsed::default() }
}

/// Types in a method descriptor without brackets: `Ljava/lang/String;[IZ` are three (JVM specification §4.3.2).
fn count_types(descriptor: &str) -> usize {
    let mut count = 0;
    let mut rest = descriptor.trim_start_matches('[');
    while let Some(first) = rest.chars().next() {
        let end = match first {
            'L' => rest.find(';').map_or(rest.len(), |end| end + 1),
            first => first.len_utf8(),
        };
        rest = rest[end..].trim_start_matches('[');
        count += 1;
    }
    count.min(ARGUMENTS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(parsed: &Parsed) -> String {
        let rpc =
            parsed.rpc.as_ref().map(|rpc| format!("{}/{} ", rpc.service, rpc.method)).unwrap_or_default();
        let headers: Vec<String> =
            parsed.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mark = if parsed.anomaly.is_some() { "!" } else { "" };
        format!("{rpc}{} {}{mark}", headers.join(","), String::from_utf8_lossy(&parsed.body))
    }

    #[track_caller]
    fn check(parsed: &Parsed, expect: &str) {
        assert_eq!(show(parsed), expect);
    }

    const FRONT: &[u8] = b"\x052.0.2\x05a.Svc\x050.0.0\x03add";

    #[test]
    fn requests() {
        let all = [FRONT, b"\x03I[Z\x91T", b"H\x05Token\x01xZ"].concat();
        let front = "a.Svc/add dubbo-version=2.0.2,service-version=0.0.0,parameter-types=I[Z";
        check(&request(2, &all), &format!(r#"{front},token=x {{"arg0":1,"arg1":true}}"#));
        check(&request(2, &all[..FRONT.len() + 5]), &format!(r#"{front} {{"arg0":1}}"#));
        check(&request(2, b"\xff"), " {}!");
        let fastjson = b"\"2.0.2\"\n\"a.Svc\"\n\"0.0.0\"\n\"add\"\n\"I[Z\"\r\n1\n[true]\n{\"Token\":\"x\"}\n";
        check(&request(6, fastjson), &format!(r#"{front},token=x {{"arg0":1,"arg1":[true]}}"#));
        check(&request(7, b"abc"), " abc");
    }

    #[test]
    fn responses() {
        check(&response(2, 20, b"\x91\x02ok"), " \"ok\"");
        check(&response(2, 20, b"\x94\x02okH\x01aNZ"), "a=null \"ok\"");
        check(&response(2, 20, b"\x92"), " null");
        check(&response(2, 20, b"\x90\x04oops"), " {\"exception\":\"oops\"}");
        check(&response(2, 40, b"\x04oops"), " \"oops\"");
        check(&response(2, 20, b"\x9f"), " \u{fffd}!");
        check(&response(6, 20, b"4\n{\"a\":1}\n{\"t\":\"x\"}\n"), "t=x {\"a\":1}");
        check(&response(8, 20, b"\x03"), " \u{3}");
    }

    #[test]
    fn descriptors() {
        for (types, count) in
            [("", 0), ("I", 1), ("Ljava/lang/String;", 1), ("[[ILa/B;[La/C;D", 4), ("La/B", 1), ("[", 0)]
        {
            assert_eq!(count_types(types), count, "{types}");
        }
    }
}
