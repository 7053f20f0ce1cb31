//! Postman collections (v2.0, v2.1): each saved example is a call, a request without examples is one without a
//! response. Nobody sent them, so they are marked `documented`; variables stay as `{{name}}`.

use model::{Anomaly, Call, Headers, Message, limits};
use serde_json::Value;

use super::har_entry;
use crate::out::Out;

/// Folders in folders that are followed.
const DEPTH_MAX: usize = 32;

/// Reads one collection, which has to be there as a whole.
#[derive(Debug, Default)]
pub(crate) struct Postman {
    held: Vec<u8>,
    too_long: bool,
}

impl Postman {
    /// Takes the next bytes of the document.
    pub(crate) fn feed(&mut self, data: &[u8]) {
        if self.too_long || self.held.len() + data.len() > limits::DOCUMENT_BYTES_MAX {
            self.too_long = true;
            self.held = Vec::new();
            return;
        }
        self.held.extend_from_slice(data);
    }

    /// The document ended.
    pub(crate) fn finish(&mut self, out: &mut Out) {
        if self.too_long {
            out.problems.report(format!("collection longer than {} bytes", limits::DOCUMENT_BYTES_MAX), 0);
            return;
        }
        let text = self.held.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.held);
        let document: Value = match serde_json::from_slice(text) {
            Ok(document) => document,
            Err(error) => {
                out.problems.report(format!("the Postman collection cannot be read: {error}"), 0);
                return;
            }
        };
        let root = document.get("collection").unwrap_or(&document);
        items(root, 0, out);
    }
}

fn items(folder: &Value, depth: usize, out: &mut Out) {
    for item in folder.get("item").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
        if item.get("item").is_some() && depth < DEPTH_MAX {
            items(item, depth + 1, out);
        }
        let Some(request) = item.get("request") else { continue };
        let examples = item.get("response").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if examples.is_empty() {
            emit(request, None, out);
        }
        for example in examples {
            emit(example.get("originalRequest").unwrap_or(request), Some(example), out);
        }
    }
}

fn emit(request: &Value, example: Option<&Value>, out: &mut Out) {
    let call = read(request).map(|mut call| {
        if let Some(example) = example {
            call.status = example
                .get("code")
                .and_then(Value::as_u64)
                .and_then(|code| u16::try_from(code).ok().filter(|code| (100..1_000).contains(code)));
            let headers = headers(example.get("header"));
            let body = example.get("body").and_then(Value::as_str).map(|body| body.as_bytes().to_vec());
            call.response = call.status.map(|_| Message { headers, body, body_size: None });
        }
        call.anomalies.push(Anomaly::DOCUMENTED);
        call
    });
    super::entry(call, "not a request of a Postman collection", &mut 0, out);
}

fn read(request: &Value) -> Option<Call> {
    // The short form is a URL alone.
    let url = request.get("url").unwrap_or(request);
    let raw = url.as_str().or_else(|| url.get("raw")?.as_str()).map(str::to_owned).or_else(|| joined(url))?;
    let method = request.get("method").and_then(Value::as_str).unwrap_or("GET").to_ascii_uppercase();
    let mut headers = headers(request.get("header"));
    let mut call = Call { method, ..Call::default() };
    match raw.split_once("://") {
        // The host is often a variable, which holds the scheme too.
        None if !raw.starts_with('/') => {
            let (host, target) = raw.split_at(raw.find('/').unwrap_or(raw.len()));
            call.host = host.to_owned();
            call.target = if target.is_empty() { "/".to_owned() } else { target.to_owned() };
        }
        _ => har_entry::set_target(&mut call, &raw, &headers),
    }
    let body = body(request.get("body"), &mut headers);
    call.request = Some(Message { headers, body, body_size: None });
    Some(call)
}

/// The URL of its parts, where the whole is not kept.
fn joined(url: &Value) -> Option<String> {
    let list = |name: &str, by: &str| -> Option<String> {
        match url.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Array(parts) => Some(parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(by)),
            _ => None,
        }
    };
    let protocol = url.get("protocol").and_then(Value::as_str).map(|protocol| format!("{protocol}://"));
    let path = list("path", "/").unwrap_or_default();
    Some(format!("{}{}/{}", protocol.unwrap_or_default(), list("host", ".")?, path.trim_start_matches('/')))
}

/// Fields as a list of `key` and `value`, those that are switched off left out; or as lines of text.
fn headers(value: Option<&Value>) -> Headers {
    let mut headers = Headers::new();
    let mut push = |name: &str, value: &str| {
        if !name.is_empty() && headers.len() < limits::HEADER_FIELDS_MAX {
            headers.push(name, value);
        }
    };
    match value {
        Some(Value::Array(list)) => {
            for field in list.iter().filter(|field| field.get("disabled") != Some(&Value::Bool(true))) {
                let text = |name| field.get(name).and_then(Value::as_str).unwrap_or_default();
                push(text("key"), text("value"));
            }
        }
        Some(Value::String(lines)) => {
            for (name, value) in lines.lines().filter_map(|line| line.split_once(':')) {
                push(name.trim(), value.trim());
            }
        }
        _ => {}
    }
    headers
}

fn body(body: Option<&Value>, headers: &mut Headers) -> Option<Vec<u8>> {
    let body = body.filter(|body| body.is_object())?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let (text, media_type) = match text("mode")? {
        "raw" => {
            let language = body.pointer("/options/raw/language").and_then(Value::as_str);
            (text("raw")?.to_owned(), if language == Some("json") { "application/json" } else { "" })
        }
        "urlencoded" => {
            (har_entry::form(body.get("urlencoded")?, "key"), "application/x-www-form-urlencoded")
        }
        "graphql" => {
            let graphql = body.get("graphql")?;
            // Variables are kept as text.
            let variables = graphql.get("variables").and_then(Value::as_str).unwrap_or_default();
            let variables = serde_json::from_str(variables).unwrap_or(Value::Null);
            let query = graphql.get("query").cloned().unwrap_or_default();
            (serde_json::json!({ "query": query, "variables": variables }).to_string(), "application/json")
        }
        _ => return None,
    };
    har_entry::note_media_type(headers, media_type);
    Some(text.into_bytes())
}
