//! One entry of a HAR document to a call. Producers leave out and mistype much: a field that is not what it
//! should be counts as absent. Bodies in HAR are decoded already.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Anomaly, Call, Headers, Message, Peer, Scheme, StreamMessage, Timestamp};
use serde_json::Value;

use crate::http1::normal_host;

/// Reads one entry; an error when it is no object with a request.
pub(crate) fn read_entry(json: &[u8]) -> Result<Call, String> {
    let entry: Value = match serde_json::from_slice(json) {
        Ok(entry) => entry,
        // Some producers write single bytes above ASCII.
        Err(_) => serde_json::from_str(&String::from_utf8_lossy(json)).map_err(|error| error.to_string())?,
    };
    let request = entry.get("request").filter(|request| request.is_object()).ok_or("no request")?;
    let mut call = Call {
        ts: time(text(&entry, "startedDateTime")),
        duration_us: micros(entry.get("time")),
        method: text(request, "method").to_ascii_uppercase(),
        protocol: protocol(text(request, "httpVersion")).into(),
        server: text(&entry, "serverIPAddress").parse::<Peer>().ok(),
        ..Call::default()
    };
    let headers = headers(request);
    set_target(&mut call, text(request, "url"), &headers);
    let query = form(request.get("queryString").unwrap_or(&Value::Null), "name");
    if !query.is_empty() && call.target.starts_with('/') && !text(request, "url").contains('?') {
        // Clients that were to send it, not browsers, keep it out of the URL.
        call.target = format!("{}?{query}", call.target);
    }
    call.request = Some(request_message(request, headers));
    let response = entry.get("response").filter(|response| response.is_object());
    call.status = response.and_then(|response| number(response, "status")).and_then(|status| {
        let status = u16::try_from(status).ok()?;
        (100..1_000).contains(&status).then_some(status)
    });
    if let Some(response) = response.filter(|_| call.status.is_some()) {
        call.response = Some(response_message(response, &mut call.anomalies));
    }
    call.messages = messages(&entry, &mut call.anomalies);
    Ok(call)
}

/// Messages of a WebSocket as Chrome records them (`_webSocketMessages`); binary ones are in base64.
fn messages(entry: &Value, anomalies: &mut Vec<Anomaly>) -> Vec<StreamMessage> {
    let list =
        entry.get("_webSocketMessages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut message = |message: &Value| {
        let data = message.get("data").and_then(Value::as_str)?;
        let is_binary = number(message, "opcode") == Some(2);
        let binary = is_binary.then(|| STANDARD.decode(data));
        if matches!(binary, Some(Err(_))) && !anomalies.contains(&Anomaly::BAD_ENCODING) {
            anomalies.push(Anomaly::BAD_ENCODING);
        }
        let body = binary.and_then(Result::ok).unwrap_or_else(|| data.as_bytes().to_vec());
        let from_client = match text(message, "type") {
            "send" => true,
            "receive" => false,
            _ => return None,
        };
        Some(StreamMessage { from_client, kind: if is_binary { "binary" } else { "text" }.into(), body })
    };
    list.iter().filter_map(&mut message).collect()
}

/// Scheme, host and target of a URL.
pub(crate) fn set_target(call: &mut Call, url: &str, headers: &Headers) {
    let Some((scheme, rest)) = url.split_once("://") else {
        call.host = headers.get("host").map(normal_host).unwrap_or_default();
        call.target = url.to_owned();
        if !url.starts_with('/') {
            call.anomalies.push(Anomaly::BAD_HEAD);
        }
        return;
    };
    call.scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => Some(Scheme::Http),
        "https" | "wss" => Some(Scheme::Https),
        // Asked of the browser itself.
        _ if scheme.starts_with("blob:") || scheme.ends_with("-extension") || scheme == "file" => {
            call.target = url.to_owned();
            call.anomalies.push(Anomaly::BAD_HEAD);
            return;
        }
        _ => None,
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    call.host = normal_host(authority);
    call.target = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
}

fn request_message(request: &Value, mut headers: Headers) -> Message {
    let post = request.get("postData").filter(|post| post.is_object());
    let size = number(request, "bodySize").and_then(|size| u64::try_from(size).ok());
    let Some(post) = post else {
        let body = (size == Some(0)).then(Vec::new);
        return Message { headers, body, body_size: size };
    };
    note_media_type(&mut headers, text(post, "mimeType"));
    let params = params(post);
    let body = match post.get("text").and_then(Value::as_str) {
        Some(text) if !text.is_empty() || params.is_empty() => Some(text.as_bytes().to_vec()),
        _ if !params.is_empty() || size == Some(0) => Some(params.into_bytes()),
        // Kept in a file of its own, or not at all.
        _ => None,
    };
    let body_size = size.filter(|size| *size > 0).or(body.as_ref().map(|body| body.len() as u64));
    Message { headers, body, body_size }
}

fn response_message(response: &Value, anomalies: &mut Vec<Anomaly>) -> Message {
    let mut headers = headers(response);
    let content = response.get("content").unwrap_or(&Value::Null);
    note_media_type(&mut headers, text(content, "mimeType"));
    let size = |value: &Value, name| number(value, name).and_then(|size| u64::try_from(size).ok());
    let body = match content.get("text").and_then(Value::as_str) {
        Some(text) if self::text(content, "encoding").eq_ignore_ascii_case("base64") => {
            let packed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            Some(STANDARD.decode(&packed).unwrap_or_else(|_| {
                anomalies.push(Anomaly::BAD_ENCODING);
                text.as_bytes().to_vec()
            }))
        }
        Some(text) => Some(text.as_bytes().to_vec()),
        None => (size(content, "size") == Some(0)).then(Vec::new),
    };
    let transferred = size(response, "_transferSize").zip(size(response, "headersSize"));
    let on_wire =
        size(response, "bodySize").filter(|size| *size > 0 || body.as_ref().is_none_or(Vec::is_empty));
    let body_size = on_wire
        .or(transferred.and_then(|(all, headers)| all.checked_sub(headers)).filter(|size| *size > 0))
        .or(size(content, "size"))
        .or(body.as_ref().map(|body| body.len() as u64));
    Message { headers, body, body_size }
}

/// The media type is recorded beside the fields too; some producers keep only that.
pub(crate) fn note_media_type(headers: &mut Headers, media_type: &str) {
    if headers.get("content-type").is_none() && media_type.contains('/') {
        headers.push("content-type", media_type);
    }
}

/// The fields; pseudo-fields of HTTP/2 (`:path`) are no fields.
fn headers(message: &Value) -> Headers {
    let list = message.get("headers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut headers = Headers::new();
    for field in list.iter().take(model::limits::HEADER_FIELDS_MAX) {
        let (name, value) = (text(field, "name"), text(field, "value"));
        if !name.is_empty() && !name.starts_with(':') {
            headers.push(name, value);
        }
    }
    headers
}

/// `params` of a form, encoded again (WHATWG URL, application/x-www-form-urlencoded).
fn params(post: &Value) -> String {
    form(post.get("params").unwrap_or(&Value::Null), "name")
}

/// A list of objects with a `value` and a name of this key, as a form.
pub(crate) fn form(list: &Value, name: &str) -> String {
    let mut form = String::new();
    for param in list.as_array().map(Vec::as_slice).unwrap_or_default() {
        if !form.is_empty() {
            form.push('&');
        }
        encode(text(param, name), &mut form);
        form.push('=');
        encode(text(param, "value"), &mut form);
    }
    form
}

fn encode(text: &str, form: &mut String) {
    for byte in text.bytes() {
        match byte {
            b' ' => form.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) => form.push(byte as char),
            // Already encoded by most producers; a percent sign stays one.
            b'%' => form.push('%'),
            _ => form.push_str(&format!("%{byte:02X}")),
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, name: &str) -> Option<i64> {
    let value = value.get(name)?;
    let as_text = || value.as_str().and_then(|text| text.parse().ok());
    value.as_i64().or_else(|| value.as_f64().map(|number| number as i64)).or_else(as_text)
}

/// Milliseconds, possibly with a fraction.
fn micros(value: Option<&Value>) -> Option<u64> {
    let millis = value?.as_f64()?;
    (millis >= 0.0 && millis.is_finite()).then_some((millis * 1_000.0).round() as u64)
}

/// ISO 8601; offsets without a colon are seen too.
fn time(text: &str) -> Timestamp {
    let parsed = text.parse::<Timestamp>().or_else(|_| {
        let at = text.len().saturating_sub(2);
        match text.is_char_boundary(at) {
            true => format!("{}:{}", &text[..at], &text[at..]).parse(),
            false => Ok(Timestamp::UNKNOWN),
        }
    });
    parsed.unwrap_or(Timestamp::UNKNOWN)
}

fn protocol(version: &str) -> &'static str {
    match version.to_ascii_lowercase().as_str() {
        "http/1.0" => "http/1.0",
        "http/1.1" => "http/1.1",
        "http/2" | "http/2.0" | "h2" | "h2c" => "http/2",
        "http/3" | "http/3.0" | "h3" => "http/3",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expect: &str) {
        let call = read_entry(json.as_bytes()).expect("an entry");
        assert_eq!(serde_json::to_string(&call).expect("json"), expect);
    }

    #[test]
    fn a_complete_entry() {
        check(
            r#"{"startedDateTime":"2026-11-21T18:00:00.5+0800","time":12.5,"serverIPAddress":"10.0.0.2",
                "request":{"method":"post","url":"https://u@A.example:8443/x?y=1#z","httpVersion":"h2","bodySize":-1,
                  "headers":[{"name":":path","value":"/x"},{"name":"Cookie","value":"a=1"}],
                  "postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a b","value":"c&d"}]}},
                "response":{"status":200,"headers":[],"bodySize":7,"content":{"mimeType":"text/plain","text":"aGk=","encoding":"base64","size":2}}}"#,
            r#"{"ts":"2026-11-21T10:00:00.500000Z","duration_us":12500,"server":"10.0.0.2","scheme":"https","protocol":"http/2","method":"POST","host":"a.example:8443","target":"/x?y=1","request":{"headers":[["cookie","a=1"],["content-type","application/x-www-form-urlencoded"]],"body":"a+b=c%26d","body_size":9},"status":200,"response":{"headers":[["content-type","text/plain"]],"body":"hi","body_size":7}}"#,
        );
    }

    #[test]
    fn urls_of_tools() {
        check(
            r#"{"request":{"method":"GET","url":"https://a.example/x","queryString":[{"name":"a","value":"b c"}]}}"#,
            r#"{"scheme":"https","method":"GET","host":"a.example","target":"/x?a=b+c","request":{"headers":[]}}"#,
        );
        check(
            r#"{"request":{"method":"GET","url":"chrome-extension://abc/x.js"}}"#,
            r#"{"method":"GET","target":"chrome-extension://abc/x.js","request":{"headers":[]},"anomalies":["bad-head"]}"#,
        );
    }

    #[test]
    fn what_is_missing_stays_unknown() {
        check(
            r#"{"request":{"method":"GET","url":"http://a.example"},"response":{"status":0,"content":{}}}"#,
            r#"{"scheme":"http","method":"GET","host":"a.example","target":"/","request":{"headers":[]}}"#,
        );
        check(
            r#"{"time":-1,"request":{"method":"CUSTOM","url":"nonsense","headers":null}}"#,
            r#"{"method":"CUSTOM","target":"nonsense","request":{"headers":[]},"anomalies":["bad-head"]}"#,
        );
        assert!(read_entry(b"[]").is_err());
    }
}
