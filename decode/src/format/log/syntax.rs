//! Format strings of users: nginx's `log_format`, Apache's `LogFormat`, HAProxy's `log-format` and Envoy's format,
//! told apart by how they write variables. A whole directive is accepted too.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;

use super::draft::{Draft, Field};
use super::layout::{Layout, Part};
use super::value::Escape;
use super::{apache, envoy, haproxy, nginx};

/// A format string, compiled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LogFormat(Arc<Layout>);

/// Why a format string or a field map cannot be used, in one line that says what and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFormat {
    pub(crate) what: String,
    /// Character, from 1.
    pub(crate) at: usize,
}

impl fmt::Display for BadFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.what, self.at)
    }
}

impl std::error::Error for BadFormat {}

impl LogFormat {
    pub(crate) fn read(&self, line: &[u8]) -> Option<Draft> {
        self.0.read(line)
    }
}

impl TryFrom<String> for LogFormat {
    type Error = BadFormat;

    fn try_from(given: String) -> Result<Self, BadFormat> {
        given.parse()
    }
}

impl FromStr for LogFormat {
    type Err = BadFormat;

    /// Compiles a format string or a whole directive.
    fn from_str(given: &str) -> Result<Self, BadFormat> {
        let (format, escape) = undress(given.trim());
        let layout = compile(&format, escape, false)?;
        if !layout.has(|field| matches!(field, Field::RequestLine | Field::Target(_) | Field::Path)) {
            let what =
                "the log format has no field for the request ($request, %r, %HU, %REQ(:PATH)%)".to_owned();
            return Err(BadFormat { what, at: 1 });
        }
        Ok(Self(Arc::new(layout)))
    }
}

/// The format string inside a directive of a configuration file, and the escaping it names.
fn undress(given: &str) -> (String, Escape) {
    let Some((directive, rest)) = given.split_once(char::is_whitespace) else {
        return (given.to_owned(), Escape::Slash);
    };
    if directive.eq_ignore_ascii_case("LogFormat") {
        let rest = rest.trim();
        let inner = rest.strip_prefix('"').and_then(|rest| Some(&rest[..rest.rfind('"')?])).unwrap_or(rest);
        return (inner.replace("\\\"", "\"").replace("\\t", "\t"), Escape::Slash);
    }
    if directive == "log-format" {
        return (word(rest.trim_start()), Escape::Hash);
    }
    if directive != "log_format" {
        // A bare string. Quotes that the shell or the configuration file kept are not part of it.
        let escape = match given.split_once(' ') {
            Some(("escape=json", rest)) => return (rest.trim().to_owned(), Escape::Json),
            Some(("escape=none", rest)) => return (rest.trim().to_owned(), Escape::None),
            Some(("escape=default", rest)) => return (rest.trim().to_owned(), Escape::Slash),
            _ => Escape::Slash,
        };
        return (given.replace("\\\"", "\""), escape);
    }
    let mut escape = Escape::Slash;
    let start = rest.find(['\'', '"']).unwrap_or(rest.len());
    for word in rest[..start].split_ascii_whitespace() {
        match word {
            "escape=json" => escape = Escape::Json,
            "escape=none" => escape = Escape::None,
            _ => {}
        }
    }
    (quoted_parts(&rest[start..]), escape)
}

/// A word of HAProxy's configuration (its manual, "Quoting and escaping"), up to its end.
fn word(text: &str) -> String {
    let (mut word, mut quote) = (String::new(), None);
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None, '\'' | '"') => quote = Some(char),
            (None | Some('"'), '\\') => word.extend(chars.next()),
            // What follows is a comment, or another word.
            (None, '#' | ' ' | '\t') => break,
            _ => word.push(char),
        }
    }
    word
}

/// The quoted strings of an nginx directive, joined.
fn quoted_parts(text: &str) -> String {
    let (mut joined, mut quote, mut escaped) = (String::new(), None, false);
    for char in text.chars() {
        match quote {
            Some(_) if escaped => {
                joined.push(char);
                escaped = false;
            }
            Some(_) if char == '\\' => escaped = true,
            Some(open) if char == open => quote = None,
            Some(_) => joined.push(char),
            None if char == '\'' || char == '"' => quote = Some(char),
            None => {}
        }
    }
    joined
}

/// Compiles a format string of any of the four notations.
pub(crate) fn compile(format: &str, escape: Escape, open_end: bool) -> Result<Layout, BadFormat> {
    let is_envoy = format.match_indices('%').any(|(at, _)| {
        let rest = &format[at + 1..];
        let end = rest.find(|char: char| !char.is_ascii_uppercase() && char != '_').unwrap_or(rest.len());
        // `%HPO%HQ` is HAProxy's.
        end >= 3 && &rest[..end] != "HPO" && rest[end..].starts_with(['%', '('])
    });
    let is_nginx = format
        .match_indices('$')
        .any(|(at, _)| format[at + 1..].starts_with(|char: char| char.is_ascii_lowercase() || char == '{'));
    let is_haproxy = escape == Escape::Hash || haproxy::is_own(format);
    let escape = if is_haproxy && !is_envoy && !is_nginx { Escape::Hash } else { escape };
    let parts = match (is_envoy, is_nginx, format.contains('%')) {
        (true, ..) => envoy::parts(format)?,
        (_, true, _) => nginx::parts(format)?,
        // Spaces are escaped where the string stood without quotes.
        (_, _, true) if is_haproxy => haproxy::parts(&format.replace("\\ ", " "))?,
        (_, _, true) => apache::parts(format)?,
        _ => return Err(BadFormat { what: "the log format names no variable".to_owned(), at: 1 }),
    };
    let places: Vec<usize> = parts.iter().map(|(at, _)| *at).collect();
    let parts: Vec<Part> = parts.into_iter().map(|(_, part)| part).collect();
    Layout::new(parts, escape, open_end).map_err(|part| BadFormat {
        what: "two variables of the log format have nothing between them".to_owned(),
        at: places.get(part).map_or(1, |at| at + 1),
    })
}

/// A part of a format string with its place (byte, from 0).
pub(crate) type Placed = (usize, Part);

pub(crate) fn literal(at: usize, text: &str) -> Placed {
    (at, Part::Literal(text.as_bytes().into()))
}

pub(crate) fn field(at: usize, field: Field) -> Placed {
    (at, Part::Field(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, line: &str, expect: &str) {
        let call = match format.parse::<LogFormat>() {
            Ok(format) => format.read(line.as_bytes()).map(|draft| draft.finish().call),
            Err(error) => {
                assert_eq!(error.to_string(), expect, "{format}");
                return;
            }
        };
        let json = call.map(|call| serde_json::to_string(&call).expect("json")).unwrap_or_default();
        assert_eq!(json, expect, "{format}");
    }

    #[test]
    fn nginx_formats() {
        check(
            r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" rt=$request_time uct="$upstream_connect_time""#,
            r#"10.0.0.7 - lin yue [21/Nov/2026:10:00:00 +0000] "GET /a\x22b HTTP/1.1" 200 5 "-" rt=0.012 uct="0.1, 0.2""#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":12000,"client":"10.0.0.7","protocol":"http/1.1","method":"GET","target":"/a\"b","request":{"headers":[]},"status":200,"response":{"headers":[],"body_size":5}}"#,
        );
        check(
            "log_format j escape=json '{\"t\":\"$time_iso8601\",' '\"m\":\"$request_method\",\"u\":\"$scheme://$host$request_uri\",\"s\":$status,\"ua\":\"$http_user_agent\",\"b\":\"$request_body\"}';",
            r#"{"t":"2026-11-21T10:00:00+00:00","m":"POST","u":"https://a.example/x?y","s":201,"ua":"a \"b\"","b":"{\"k\":1}"}"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","scheme":"https","method":"POST","host":"a.example","target":"/x?y","request":{"headers":[["user-agent","a \"b\""]],"body":"{\"k\":1}"},"status":201,"response":{"headers":[]}}"#,
        );
        check(
            "$remote_addr:$remote_port|$msec|$request_method $uri$is_args$args|$status|$upstream_response_time|$upstream_addr",
            "2001:db8::1:4711|1795255200.123|GET /a?b=1|404|0.1, 0.2|10.0.0.1:80, 10.0.0.2:80",
            r#"{"ts":"2026-11-21T10:00:00.123000Z","duration_us":300000,"client":"[2001:db8::1]:4711","server":"10.0.0.2:80","method":"GET","target":"/a?b=1","request":{"headers":[]},"status":404,"response":{"headers":[]}}"#,
        );
    }

    #[test]
    fn apache_formats() {
        check(
            r#"LogFormat "%v:%p %h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %D %{Content-Type}o" x"#,
            r#"a.example:443 10.0.0.7 - - [21/Nov/2026:10:00:00 +0000] "GET /q\"x\\y HTTP/2.0" 200 - "-" "curl" 1834 text/html"#,
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":1834,"client":"10.0.0.7","protocol":"http/2","method":"GET","host":"a.example","target":"/q\"x\\y","request":{"headers":[["user-agent","curl"]]},"status":200,"response":{"headers":[["content-type","text/html"]]}}"#,
        );
        check(
            "%a %{%Y-%m-%d %H:%M:%S}t %m %U%q %H %s %I %O %T",
            "10.0.0.7 2026-11-21 10:00:00 PUT /a?b HTTP/1.1 204 100 200 2",
            r#"{"ts":"2026-11-21T10:00:00.000000Z","duration_us":2000000,"client":"10.0.0.7","protocol":"http/1.1","method":"PUT","target":"/a?b","request":{"headers":[]},"status":204,"response":{"headers":[]}}"#,
        );
    }

    #[test]
    fn envoy_formats() {
        check(
            r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %DURATION% %DOWNSTREAM_REMOTE_ADDRESS% "%REQ(:AUTHORITY)%" %RESP(SERVER)%"#,
            r#"[2026-11-21T10:00:00.310Z] "POST /api HTTP/2" 204 226 10.0.0.7:1234 "a.example" envoy"#,
            r#"{"ts":"2026-11-21T10:00:00.310000Z","duration_us":226000,"client":"10.0.0.7:1234","protocol":"http/2","method":"POST","host":"a.example","target":"/api","request":{"headers":[]},"status":204,"response":{"headers":[["server","envoy"]]}}"#,
        );
    }

    /// Lines as HAProxy 2.6 wrote them.
    #[test]
    fn haproxy_formats() {
        let http = r#"log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r""#;
        check(
            http,
            r#"127.0.0.1:33488 [25/Nov/2026:13:38:08.766] a be/s1 0/0/0/1/1 200 122 - - ---- 1/1/0/0/0 0/0 "GET /orders?n=1 HTTP/1.1""#,
            r#"{"ts":"2026-11-25T13:38:08.766000Z","duration_us":1000,"client":"127.0.0.1:33488","protocol":"http/1.1","method":"GET","target":"/orders?n=1","request":{"headers":[]},"status":200,"response":{"headers":[]}}"#,
        );
        check(
            http,
            r#"127.0.0.1:41232 [25/Nov/2026:13:38:08.807] b be/s1 0/0/0/2/2 404 129 - - ---- 1/1/0/0/0 0/0 {shop.example.com|odd #22agent#22 #7Bx#7Cy#7D} {BaseHTTP/0.6} "POST /missing/%22x HTTP/1.1""#,
            r#"{"ts":"2026-11-25T13:38:08.807000Z","duration_us":2000,"client":"127.0.0.1:41232","protocol":"http/1.1","method":"POST","host":"shop.example.com","target":"/missing/%22x","request":{"headers":[]},"status":404,"response":{"headers":[]}}"#,
        );
        check(
            r#"%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl"#,
            r#"127.0.0.1 - - [25/Nov/2026:13:38:08 +0000] "GET /orders?n=3 HTTP/1.1" 200 122 "" "" 32790 847 "c" "be" "s1" 0 0 1 1 2 ---- 1 1 0 0 0 0 0 "" "" "shop.example.com" "" "#,
            r#"{"ts":"2026-11-25T13:38:08.000000Z","duration_us":2000,"client":"127.0.0.1:32790","protocol":"http/1.1","method":"GET","target":"/orders?n=3","request":{"headers":[]},"status":200,"response":{"headers":[]}}"#,
        );
        check(
            r#"log-format '{"t":"%Tl","m":"%HM","u":"%HU","s":%ST,"d":%Ta,"ci":"%ci","host":"%[req.hdr(host),json(utf8s)]"}'"#,
            r#"{"t":"25/Nov/2026:13:38:08 +0000","m":"GET","u":"/orders?n=4","s":200,"d":1,"ci":"127.0.0.1","host":"shop.example.com"}"#,
            r#"{"ts":"2026-11-25T13:38:08.000000Z","duration_us":1000,"client":"127.0.0.1","method":"GET","host":"shop.example.com","target":"/orders?n=4","request":{"headers":[]},"status":200,"response":{"headers":[]}}"#,
        );
        check(
            r#"%ci:%cp [%trg] %HM %HP%HQ %HV %ST %Ta %U %B %si:%sp %sslv "%[capture.req.hdr(0)]" %{+Q}[req.hdr(User-Agent)] %ID %H %pid"#,
            r#"127.0.0.1:50564 [25/Nov/2026:13:38:08 +0000] POST /missing/%22x HTTP/1.1 404 0 168 129 127.0.0.1:18500 - "127.0.0.1:18505" "curl/7.88.1" 7F000001:C584_7F000001:4849_6B06E4C0_0009:04A5 vm 1189"#,
            r#"{"ts":"2026-11-25T13:38:08.000000Z","duration_us":0,"client":"127.0.0.1:50564","server":"127.0.0.1:18500","protocol":"http/1.1","method":"POST","target":"/missing/%22x","request":{"headers":[["user-agent","curl/7.88.1"]]},"status":404,"response":{"headers":[]}}"#,
        );
        check(
            r"log-format %ci\ %Ts.%ms\ %ST\ %{+Q}r\ %{+Q}CC\ %{+Q}[var(txn.none)]\ %[var(txn.none)]\ end # a comment",
            r#"127.0.0.1 1795613888.942 200 "GET /orders?n=6&#E4 HTTP/1.1" "" "" - end"#,
            r#"{"ts":"2026-11-25T13:38:08.942000Z","client":"127.0.0.1","protocol":"http/1.1","method":"GET","target":"/orders?n=6&%E4","request":{"headers":[]},"status":200,"response":{"headers":[]}}"#,
        );
        check(
            r"%{+X}o\ %ci:%cp\ %Ts\ %ST\ %HM\ %HU\ %{-X}Ts",
            "7F000001:9196 6B06E4C0 200 GET /orders?n=7 1795613888",
            r#"{"ts":"2026-11-25T13:38:08.000000Z","method":"GET","target":"/orders?n=7","request":{"headers":[]},"status":200,"response":{"headers":[]}}"#,
        );
        let plain = r#"{"client":"10.0.0.7","target":"/x"}"#;
        check("%ci %hr %hs %HU", "10.0.0.7 /x", plain);
        check("%ci %hr %hs %HU", "10.0.0.7 {a|b} {c d} /x", plain);
        check("%ci %HU %yy", "", "unknown variable %yy of the log format (at character 9)");
        check("%ci %HU %[src", "", "a bracket of the log format is not closed (at character 9)");
        let json = "the log format is written as JSON or CBOR, which has no layout (at character 1)";
        check("%{+json}o %(client)ci %HU", "", json);
    }

    #[test]
    fn what_is_wrong_with_a_format() {
        check("hello", "", "the log format names no variable (at character 1)");
        check("%h %Y", "", "unknown directive %Y of the log format (at character 4)");
        check(
            "$remote_addr $status",
            "",
            "the log format has no field for the request ($request, %r, %HU, %REQ(:PATH)%) (at character 1)",
        );
        check(
            "$request$status",
            "",
            "two variables of the log format have nothing between them (at character 9)",
        );
        check("%{Referer %r", "", "a brace of the log format is not closed (at character 1)");
    }

    #[test]
    fn lines_of_another_layout() {
        let format = r#"$remote_addr [$time_local] "$request" $status"#;
        check(format, "nonsense", "");
        check(format, r#"10.0.0.7 [yesterday] "GET / HTTP/1.1" 200"#, "");
        check(format, r#"10.0.0.7 [21/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" ok"#, "");
        check(format, r#"10.0.0.7 [21/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 more"#, "");
    }
}
