//! A line of JSON to a call, whatever its keys are called: paths of keys are looked up in `json_keys`, or in
//! the user's field map; each value must be what its field holds.

use model::{Call, Headers};
use serde_json::{Map, Value};

use super::draft::{Dated, Draft, Field};
use super::json_dialect::{Dialect, unit_of};
use super::json_keys::{self, Key};
use super::json_map::JsonMap;
use super::value::{self, Escape, Unit};
use super::w3c;

/// Nesting of objects followed.
const DEPTH_MAX: usize = 6;

/// Reads one object; `None` when it records no call.
pub(crate) fn read(object: &Map<String, Value>, map: Option<&JsonMap>) -> Option<Dated> {
    let mut draft = Draft::default();
    if let Some(map) = map {
        for (path, key) in map.fields() {
            if let Some(value) = lookup(object, path) {
                apply(&mut draft, key, value);
            }
        }
    }
    let mut walk = Walk { draft, path: String::new(), unit: unit_of(object), dialect: Dialect::of(object) };
    walk.object(object, 0);
    let dated = walk.draft.finish();
    let call = &dated.call;
    let says_when_or_what = call.ts.is_known() || call.status.is_some();
    let is_request = !call.method.is_empty() && is_target(call);
    // A request line that is none, in what is an access log for the rest.
    let is_broken =
        !call.anomalies.is_empty() && call.status.is_some() && call.ts.is_known() && call.client.is_some();
    ((is_request && says_when_or_what) || is_broken || (map.is_some() && !call.target.is_empty()))
        .then_some(dated)
}

/// Whether the target can be one of a request.
pub(crate) fn is_target(call: &Call) -> bool {
    call.target.starts_with('/')
        || call.target == "*"
        || (call.method == "CONNECT" && !call.target.is_empty())
}

/// The value at a path of keys joined by dots; a key that has dots itself is seen too.
fn lookup<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(at, _)| lookup(object.get(&path[..at])?.as_object()?, &path[at + 1..]))
}

struct Walk {
    draft: Draft,
    path: String,
    unit: Option<Unit>,
    dialect: Dialect,
}

impl Walk {
    fn object(&mut self, object: &Map<String, Value>, depth: usize) {
        for (name, value) in object {
            let len = self.path.len();
            json_keys::push(&mut self.path, name);
            // Suricata names the host so; elsewhere it is the machine that wrote the line.
            if name == "http"
                && let Some(host) = value.get("hostname")
            {
                apply(&mut self.draft, &Key::Field(Field::Host(2)), host);
            }
            // `httpRequest` wraps others, or is the request line.
            if self.path.len() == len
                && value.as_str().is_some_and(|text| value::is_request_line(text.as_bytes()))
            {
                apply(&mut self.draft, &Key::Field(Field::RequestLine), value);
            }
            if !self.known(value) && !self.prefixed(name, value) {
                match value {
                    Value::Object(inner) if depth < DEPTH_MAX => self.object(inner, depth + 1),
                    // Exports that carry each event in a list of one.
                    Value::Array(list) if list.len() == 1 && depth < DEPTH_MAX => {
                        if let Some(inner) = list[0].as_object() {
                            self.object(inner, depth + 1);
                        }
                    }
                    _ => {}
                }
            }
            self.path.truncate(len);
        }
    }

    fn known(&mut self, value: &Value) -> bool {
        match (self.path.as_str(), self.dialect) {
            ("host", Dialect::Logstash) | ("bytessent", Dialect::Nginx) => return true,
            ("requesttime", Dialect::AlibabaCdn) => {
                return apply(&mut self.draft, &Key::Field(Field::Duration(Unit::Millis, 3)), value);
            }
            ("ua" | "referer", Dialect::Akamai) => {
                let Some(text) = value.as_str() else { return false };
                let plain = w3c::percent_decoded(text.replace('+', " ").as_bytes()).into_owned();
                let name = if self.path == "ua" { "user-agent" } else { "referer" };
                return self.draft.set(&Field::Header(name.into()), &plain, Escape::None);
            }
            ("routekey", _) => return self.route(value),
            _ => {}
        }
        if matches!(
            self.path.as_str(),
            "duration" | "latency" | "timetaken" | "responsetime" | "elapsedtime" | "elapsed"
        ) {
            if let Some(unit) = self.unit {
                return apply(&mut self.draft, &Key::Field(Field::Duration(unit, 1)), value);
            }
            return apply(&mut self.draft, &Key::Field(Field::DurationText(1)), value);
        }
        json_keys::find(&self.path).is_some_and(|key| apply(&mut self.draft, key, value))
            // A time in API Gateway's logs, a duration in nginx's.
            || (self.path == "requesttime" && apply(&mut self.draft, &Key::Field(Field::Time(5)), value))
    }

    /// `GET /users/{id}`, which API Gateway matched: the target where it logs no path.
    fn route(&mut self, value: &Value) -> bool {
        let Some((method, path)) = value.as_str().and_then(|route| route.split_once(' ')) else {
            return false;
        };
        if self.draft.call.method.is_empty() {
            self.draft.set(&Field::Method, method.as_bytes(), Escape::None);
        }
        self.draft.set(&Field::Target(0), path.as_bytes(), Escape::None)
    }

    /// Header fields logged as keys of their own: nginx (`http_user_agent`), Traefik (`request_User-Agent`,
    /// `downstream_Content-Type`), Apache (`X-Forwarded-For` as it is).
    fn prefixed(&mut self, name: &str, value: &Value) -> bool {
        let Some(text) = value.as_str() else { return false };
        let dashed = |rest: &str| rest.replace('_', "-");
        let is_field = |rest: &&str| rest.starts_with(|char: char| char.is_ascii_uppercase());
        let field = if let Some(rest) = name.strip_prefix("request_").filter(is_field) {
            Field::Header(rest.to_owned().into())
        } else if let Some(rest) = name.strip_prefix("downstream_").filter(is_field) {
            Field::ResponseHeader(rest.to_owned().into())
        } else if let Some(rest) = name.strip_prefix("sent_http_").or(name.strip_prefix("upstream_http_")) {
            Field::ResponseHeader(dashed(rest).into())
        } else if let Some(rest) = name.strip_prefix("http_").filter(|rest| is_request_field(rest)) {
            Field::Header(dashed(rest).into())
        } else {
            return false;
        };
        self.draft.set(&field, text.as_bytes(), Escape::None)
    }
}

/// `http_status` and the like are no header fields.
fn is_request_field(rest: &str) -> bool {
    let others = [
        "status",
        "method",
        "version",
        "path",
        "url",
        "uri",
        "code",
        "request",
        "response",
        "verb",
        "protocol",
        "status_code",
        "query",
    ];
    !others.contains(&rest)
}

/// Takes one value over; false when it is not what the key stands for, and something else may be inside.
pub(crate) fn apply(draft: &mut Draft, key: &Key, value: &Value) -> bool {
    match key {
        Key::Field(field) => match value {
            Value::Null => true,
            Value::String(text) => {
                draft.set(as_written(field, text), unquoted(field, text).as_bytes(), Escape::None)
            }
            Value::Number(number) => draft.set(field, number.to_string().as_bytes(), Escape::None),
            Value::Bool(is) => draft.set(field, is.to_string().as_bytes(), Escape::None),
            // One value in a list, as some writers do with header fields.
            Value::Array(list) if list.len() == 1 && !list[0].is_array() && !list[0].is_object() => {
                apply(draft, key, &list[0])
            }
            Value::Array(_) | Value::Object(_) => false,
        },
        Key::Headers => headers(&mut draft.request.headers, value),
        Key::ResponseHeaders => headers(&mut draft.response.headers, value),
        Key::Body => body(&mut draft.request.body, value),
        Key::ResponseBody => body(&mut draft.response.body, value),
    }
}

/// `request` is a request line, or only its method or its target.
fn as_written<'a>(field: &'a Field, text: &str) -> &'a Field {
    match field {
        Field::RequestLine if text.starts_with('/') && !text.contains(' ') => &Field::Target(3),
        Field::RequestLine if value::is_method(text.as_bytes()) => &Field::Method,
        _ => field,
    }
}

/// Without the quotes around a header field that Logstash's patterns keep.
fn unquoted<'a>(field: &Field, text: &'a str) -> &'a str {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|_| matches!(field, Field::Header(_))).unwrap_or(text)
}

fn body(slot: &mut Option<Vec<u8>>, value: &Value) -> bool {
    *slot = match value {
        Value::Null => return true,
        // Elastic's schema describes a body by an object.
        Value::Object(fields) if fields.keys().all(|key| matches!(key.as_str(), "content" | "bytes")) => {
            return false;
        }
        Value::String(text) => Some(text.clone().into_bytes()),
        other => serde_json::to_vec(other).ok(),
    };
    true
}

/// Fields as an object of values or lists of values, or as a list of pairs or of `name` and `value`.
fn headers(headers: &mut Headers, value: &Value) -> bool {
    let mut push = |name: &str, value: &Value| match value {
        Value::String(text) => push_capped(headers, name, text),
        Value::Array(list) => {
            list.iter().filter_map(Value::as_str).for_each(|text| push_capped(headers, name, text))
        }
        Value::Number(number) => push_capped(headers, name, &number.to_string()),
        _ => {}
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| push(name, value)),
        Value::Array(list) => {
            for field in list {
                let key = |names: [&str; 2]| names.into_iter().find_map(|name| field.get(name));
                match (field.as_array().map(Vec::as_slice), key(["name", "key"]), field.get("value")) {
                    (Some([Value::String(name), value]), ..) => push(name, value),
                    (_, Some(Value::String(name)), Some(value)) => push(name, value),
                    _ => {}
                }
            }
        }
        _ => return false,
    }
    true
}

fn push_capped(headers: &mut Headers, name: &str, value: &str) {
    if headers.len() < model::limits::HEADER_FIELDS_MAX && !name.is_empty() && !name.starts_with(':') {
        headers.push(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        let value: Value = serde_json::from_str(line).expect("JSON");
        let call = read(value.as_object().expect("an object"), None).map(|it| it.call);
        let json = call.map(|call| serde_json::to_string(&call).expect("json")).unwrap_or_default();
        assert_eq!(json, expect, "{line}");
    }

    #[test]
    fn tools() {
        // Caddy.
        check(
            r#"{"level":"info","ts":1795255200.5,"request":{"remote_ip":"10.0.0.7","remote_port":"4711","client_ip":"10.0.0.7","proto":"HTTP/2.0","method":"GET","host":"A.example","uri":"/a?b","headers":{"Accept":["*/*"]}},"duration":0.25,"size":7,"status":200,"resp_headers":{"Server":["Caddy"]}}"#,
            r#"{"ts":"2026-11-21T10:00:00.500000Z","duration_us":250000,"client":"10.0.0.7:4711","protocol":"http/2","method":"GET","host":"a.example","target":"/a?b","request":{"headers":[["accept","*/*"]]},"status":200,"response":{"headers":[["server","Caddy"]],"body_size":7}}"#,
        );
        // Elastic Common Schema.
        check(
            r#"{"@timestamp":"2026-11-21T10:00:00Z","http":{"request":{"method":"POST","body":{"content":"{}"}},"response":{"status_code":201,"body":{"bytes":3}},"version":"1.1"},"url":{"domain":"a.example","path":"/a","query":"b=1","scheme":"https"},"source":{"ip":"10.0.0.7","port":9},"event":{"duration":5000000},"user_agent":{"original":"curl"}}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":5000,"client":"10.0.0.7:9","scheme":"https","protocol":"http/1.1","method":"POST","host":"a.example","target":"/a?b=1","request":{"headers":[["user-agent","curl"]],"body":"{}"},"status":201,"response":{"headers":[],"body_size":3}}"#,
        );
        // Google Cloud load balancer.
        check(
            r#"{"httpRequest":{"requestMethod":"GET","requestUrl":"https://a.example/x?y","status":404,"responseSize":"9","userAgent":"curl","remoteIp":"10.0.0.7","latency":"0.013s"},"timestamp":"2026-11-21T10:00:00.1Z","severity":"WARNING"}"#,
            r#"{"ts":"2026-11-21T10:00:00.100000Z","duration_us":13000,"client":"10.0.0.7","scheme":"https","method":"GET","host":"a.example","target":"/x?y","request":{"headers":[["user-agent","curl"]]},"status":404,"response":{"headers":[]}}"#,
        );
        // Kong's http-log.
        check(
            r#"{"started_at":1795255200123,"client_ip":"10.0.0.7","latencies":{"request":12,"proxy":3},"request":{"method":"GET","uri":"/k?v","url":"http://a.example:80/k","headers":{"host":"a.example"},"size":"100"},"response":{"status":200,"headers":{"content-type":"text/plain"},"size":"50"}}"#,
            r#"{"ts":"2026-11-21T10:00:00.123000Z","duration_us":12000,"client":"10.0.0.7","scheme":"http","method":"GET","host":"a.example","target":"/k?v","request":{"headers":[["host","a.example"]]},"status":200,"response":{"headers":[["content-type","text/plain"]]}}"#,
        );
        // Cloudflare Logpush.
        check(
            r#"{"ClientIP":"10.0.0.7","ClientRequestHost":"a.example","ClientRequestMethod":"GET","ClientRequestURI":"/c?d","ClientRequestProtocol":"HTTP/2","EdgeResponseStatus":200,"EdgeStartTimestamp":1795255200000000000,"ClientRequestUserAgent":"curl"}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","client":"10.0.0.7","protocol":"http/2","method":"GET","host":"a.example","target":"/c?d","request":{"headers":[["user-agent","curl"]]},"status":200,"response":{"headers":[]}}"#,
        );
        // nginx, escape=json.
        check(
            r#"{"time_local":"21/Nov/2026:10:00:00 +0000","remote_addr":"10.0.0.7","request":"GET /n HTTP/1.1","status":"200","request_time":"0.005","http_user_agent":"curl","upstream_addr":""}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":5000,"client":"10.0.0.7","protocol":"http/1.1","method":"GET","target":"/n","request":{"headers":[["user-agent","curl"]]},"status":200,"response":{"headers":[]}}"#,
        );
    }

    #[test]
    fn more_tools() {
        // pino.
        check(
            r#"{"level":30,"time":1795255200000,"req":{"method":"GET","url":"/p","headers":{"host":"a.example"},"remoteAddress":"::ffff:10.0.0.7","remotePort":9},"res":{"statusCode":200,"headers":{"etag":"1"}},"responseTime":12,"msg":"request completed"}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":12000,"client":"10.0.0.7:9","method":"GET","host":"a.example","target":"/p","request":{"headers":[["host","a.example"]]},"status":200,"response":{"headers":[["etag","1"]]}}"#,
        );
        // Suricata.
        check(
            r#"{"timestamp":"2026-11-21T10:00:00.000001+0000","event_type":"http","src_ip":"10.0.0.7","src_port":9,"dest_ip":"10.0.0.2","dest_port":80,"http":{"hostname":"a.example","url":"/s","http_user_agent":"curl","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":5}}"#,
            r#"{"ts":"2026-11-21T10:00:00.000001Z","client":"10.0.0.7:9","server":"10.0.0.2:80","protocol":"http/1.1","method":"GET","host":"a.example","target":"/s","request":{"headers":[["user-agent","curl"]]},"status":200,"response":{"headers":[]}}"#,
        );
        // API Gateway.
        check(
            r#"{"requestId":"x","ip":"10.0.0.7","requestTime":"21/Nov/2026:10:00:00 +0000","httpMethod":"GET","path":"/g","status":"200","protocol":"HTTP/1.1","responseLength":"5"}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","client":"10.0.0.7","protocol":"http/1.1","method":"GET","target":"/g","request":{"headers":[]},"status":200,"response":{"headers":[],"body_size":5}}"#,
        );
        // AWS WAF.
        check(
            r#"{"timestamp":1795255200000,"action":"ALLOW","httpRequest":{"clientIp":"10.0.0.7","headers":[{"name":"Host","value":"a.example"}],"uri":"/w","args":"q=1","httpVersion":"HTTP/1.1","httpMethod":"GET"}}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","client":"10.0.0.7","protocol":"http/1.1","method":"GET","host":"a.example","target":"/w?q=1","request":{"headers":[["host","a.example"]]}}"#,
        );
    }

    #[test]
    fn dialects() {
        // nginx: the request line outranks `uri`, and `bytes_sent` is no body size.
        check(
            r#"{"time":"2026-11-21T10:00:00Z","remote_addr":"10.0.0.7","request":"GET /n?x=1 HTTP/1.1","uri":"/n","status":"200","body_bytes_sent":"5","bytes_sent":"300","ssl_protocol":"TLSv1.3"}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","client":"10.0.0.7","scheme":"https","protocol":"http/1.1","method":"GET","target":"/n?x=1","request":{"headers":[]},"status":200,"response":{"headers":[],"body_size":5}}"#,
        );
        // Logstash's patterns for Apache.
        check(
            r#"{"@timestamp":"2026-11-21T10:00:00Z","@version":"1","clientip":"10.0.0.7","verb":"GET","request":"/l?x","response":"404","agent":"\"curl\"","host":"collector"}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","client":"10.0.0.7","method":"GET","target":"/l?x","request":{"headers":[["user-agent","curl"]]},"status":404,"response":{"headers":[]}}"#,
        );
        // HAProxy, as many configure it.
        check(
            r#"{"accept_date":1795255200123,"http_request":"GET /h?y HTTP/2.0","http_status_code":200}"#,
            r#"{"ts":"2026-11-21T10:00:00.123000Z","protocol":"http/2","method":"GET","target":"/h?y","request":{"headers":[]},"status":200,"response":{"headers":[]}}"#,
        );
        // Fastly; Akamai; Alibaba Cloud's CDN.
        check(
            r#"{"client_ip":"10.0.0.7","request":"POST","host":"a.example","url":"/f","status":200,"time_elapsed":1234}"#,
            r#"{"duration_us":1234,"client":"10.0.0.7","method":"POST","host":"a.example","target":"/f","request":{"headers":[]},"status":200,"response":{"headers":[]}}"#,
        );
        check(
            r#"{"reqTimeSec":"1795255200.5","cliIP":"10.0.0.7","statusCode":"206","proto":"HTTPS","reqHost":"a.example","reqMethod":"GET","reqPath":"/a","queryStr":"b=c","UA":"Mozilla%2F5.0+%28X%29","turnAroundTimeMSec":"11","transferTimeMSec":"2"}"#,
            r#"{"ts":"2026-11-21T10:00:00.500000Z","duration_us":13000,"client":"10.0.0.7","scheme":"https","method":"GET","host":"a.example","target":"/a?b=c","request":{"headers":[["user-agent","Mozilla/5.0 (X)"]]},"status":206,"response":{"headers":[]}}"#,
        );
        check(
            r#"{"unixtime":"1795255200","client_ip":"10.0.0.7","domain":"a.example","hit_info":"HIT","method":"GET","uri":"/c","uri_param":"v=1","return_code":"200","request_time":"12"}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":12000,"client":"10.0.0.7","method":"GET","host":"a.example","target":"/c?v=1","request":{"headers":[]},"status":200,"response":{"headers":[]}}"#,
        );
        // Kong adds the port on which it listens; API Gateway logs what it matched.
        check(
            r#"{"started_at":1795255200123,"client_ip":"10.0.0.7","request":{"method":"GET","url":"http://a.example:8000/k","headers":{"host":"a.example"}},"response":{"status":200}}"#,
            r#"{"ts":"2026-11-21T10:00:00.123000Z","client":"10.0.0.7","scheme":"http","method":"GET","host":"a.example","target":"/k","request":{"headers":[["host","a.example"]]},"status":200,"response":{"headers":[]}}"#,
        );
        check(
            r#"{"ip":"10.0.0.7","requestTime":"21/Nov/2026:10:00:00 +0000","httpMethod":"GET","routeKey":"GET /p/{id}","status":"200"}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","client":"10.0.0.7","method":"GET","target":"/p/{id}","request":{"headers":[]},"status":200,"response":{"headers":[]}}"#,
        );
    }

    #[test]
    fn what_is_no_call() {
        check(r#"{"level":"info","msg":"started","ts":1795255200.5}"#, "");
        check(
            r#"{"id":7,"method":"card","path":"M 0 0","status":"paid","created":"2026-11-21T10:00:00Z"}"#,
            "",
        );
        check(r#"{"method":"GET","path":"/only"}"#, "");
        check(r#"{"jsonrpc":"2.0","method":"eth_call","params":[],"id":1}"#, "");
        check(r#"{"url":"https://a.example/","title":"x","status":200}"#, "");
    }
}
