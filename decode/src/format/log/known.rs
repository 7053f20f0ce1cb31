//! Layouts that servers, proxies and clouds write without being told a format: recognised line by line. The
//! common log format and its relatives are read by `clf`, which forgives more.

use std::sync::LazyLock;

use model::Call;

use super::draft::{Dated, Draft, Field};
use super::layout::Layout;
use super::syntax::compile;
use super::value::{Escape, Unit};

/// Format strings, in any of the notations that users may give; more fields may follow each.
const FORMATS: [&str; 30] = [
    // Apache APISIX.
    r#"$remote_addr - $remote_user [$time_local] $http_host "$request" $status $body_bytes_sent $request_time "$http_referer" "$http_user_agent" $upstream_addr $upstream_status $upstream_response_time"#,
    // Nginx Proxy Manager, proxied and standard.
    r#"[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $proxy] "$http_user_agent" "$http_referer""#,
    r#"[$time_local] $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] "$http_user_agent" "$http_referer""#,
    // Envoy, and Istio's with more fields.
    r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%""#,
    r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%"#,
    // Zoraxy.
    "$date $clock [$time_iso8601] [router:$router] [origin:$host] [client: $remote_addr] [useragent: $http_user_agent] $request_method $request_uri $status",
    // Gin, Uvicorn.
    r#"[GIN] $log_date - $log_clock | $status | $gin_duration | $remote_addr | $request_method "$request_uri""#,
    r#"$remote_addr - "$request" $status"#,
    // Squid's native format.
    "$msec $squid_elapsed_ms $remote_addr $squid_code/$status $squid_bytes $request_method $request_uri $remote_user $squid_hierarchy/$squid_peer $squid_type",
    // HAProxy's `option httplog`; `httpslog` adds fields behind.
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r",
    // AWS: application and classic load balancer, S3.
    r#"$aws_type $time_iso8601 $aws_name $remote_addr $upstream_addr $aws_seconds $aws_seconds $aws_seconds $status $upstream_status $aws_received $aws_sent "$request" "$http_user_agent" $ssl_cipher $ssl_protocol $aws_target_group "$aws_trace" "$aws_domain" "$aws_certificate" $aws_rule $aws_creation_time "$aws_actions""#,
    r#"$time_iso8601 $aws_name $remote_addr $upstream_addr $aws_seconds $aws_seconds $aws_seconds $status $upstream_status $aws_received $aws_sent "$request" "$http_user_agent" $ssl_cipher $ssl_protocol"#,
    r#"$aws_owner $aws_bucket [$time_local] $remote_addr $aws_requester $aws_id $aws_operation $aws_key "$request" $status $aws_error $body_bytes_sent $aws_size $aws_total_ms $aws_turnaround "$http_referer" "$http_user_agent" $aws_version $aws_host_id $aws_signature $ssl_cipher $aws_authentication $http_host $ssl_protocol"#,
    // The same before host names and ciphers were logged.
    r#"$aws_owner $aws_bucket [$time_local] $remote_addr $aws_requester $aws_id $aws_operation $aws_key "$request" $status $aws_error $body_bytes_sent $aws_size $aws_total_ms $aws_turnaround "$http_referer" "$http_user_agent" $aws_version"#,
    // Huawei Cloud's load balancer; Alibaba Cloud's CDN.
    r#"$msec $huawei_topic [$time_iso8601] $huawei_version $remote_addr $status "$request" $request_length $bytes_sent $body_bytes_sent $request_time "$upstream_status" "$upstream_connect_time" "$upstream_header_time" "$upstream_response_time" "$upstream_addr" "$http_user_agent" "$http_referer" "$http_x_forwarded_for""#,
    r#"[$time_local] $remote_addr $cdn_proxy $elapsed_ms "$http_referer" "$request" $status $cdn_request $cdn_response $cdn_hit "$http_user_agent" "$cdn_type""#,
    // PHP-FPM without and with a user; PHP's development server.
    r#"$remote_addr -  $time_local "$request" $status"#,
    r#"$remote_addr - $remote_user $time_local "$request" $status"#,
    "[$time_local] $remote_addr [$status]: $request_method $request_uri",
    // uWSGI; Tornado and Jupyter.
    "[pid: $uwsgi_pid] $remote_addr ($remote_user) {$uwsgi_vars} [$time_local] $request_method $request_uri => generated $body_bytes_sent bytes in $elapsed_ms msecs ($server_protocol $status)",
    "$status $request_method $request_uri ($remote_addr) $go_duration",
    // ASP.NET Core: Serilog, and the host itself.
    "HTTP $request_method $request_uri responded $status in $elapsed_ms ms",
    "Request finished $server_protocol $request_method $request_uri - $status $asp_size $asp_type $go_duration",
    // Fiber; chi.
    "$log_clock | $status | $go_duration | $remote_addr | $request_method | $request_uri | $fiber_error",
    r#""$request" from $remote_addr - $status $chi_bytes in $go_duration"#,
    r#"$log_date $log_clock [$chi_id] "$request" from $remote_addr - $status $chi_bytes in $go_duration"#,
    r#"$log_date $log_clock "$request" from $remote_addr - $status $chi_bytes in $go_duration"#,
    // Express's morgan: short, tiny, dev.
    "$remote_addr $remote_user $request_method $request_uri $server_protocol $status $body_bytes_sent - $elapsed_ms ms",
    "$request_method $request_uri $status $body_bytes_sent - $elapsed_ms ms",
    "$request_method $request_uri $status $elapsed_ms ms - $body_bytes_sent",
];

/// The same, with nothing behind: the last field is the rest of the line.
const CLOSED: [&str; 3] = [
    // NPMplus, whose user agent has no quotes.
    "[$time_local] $host $remote_addr $request_time \"$request\" $status $body_bytes_sent $bytes_sent $http_referer $http_user_agent",
    // Apache's `ssl_request_log`.
    r#"[$time_local] $remote_addr $ssl_protocol $ssl_cipher "$request" $body_bytes_sent"#,
    // Rails: the answer stands in another line.
    r#"Started $request_method "$request_uri" for $remote_addr at $time_local"#,
];

static LAYOUTS: LazyLock<Vec<Layout>> = LazyLock::new(|| {
    let open = FORMATS.iter().filter_map(|format| compile(format, Escape::Slash, true).ok());
    let closed = CLOSED.iter().filter_map(|format| compile(format, Escape::Slash, false).ok());
    open.chain(closed).collect()
});

/// Variables of these layouts that are no variables of nginx.
pub(crate) fn variable(name: &str) -> Option<Field> {
    Some(match name {
        "aws_seconds" => Field::DurationPart(Unit::Seconds),
        "aws_total_ms" => Field::Duration(Unit::Millis, 1),
        "aws_creation_time" => Field::Time(9),
        "aws_domain" => Field::Host(1),
        "log_date" => Field::Date,
        "log_clock" => Field::Clock,
        "gin_duration" | "go_duration" => Field::DurationText(1),
        "squid_elapsed_ms" | "elapsed_ms" => Field::Duration(Unit::Millis, 1),
        _ => return None,
    })
}

/// The layouts that a line can be of, a bit each, wherever in it they begin: most lines that are no calls are of none.
pub(crate) fn candidates(line: &[u8]) -> u64 {
    let fits = LAYOUTS.iter().map(|layout| memchr::memmem::find(line, layout.longest_literal()).is_some());
    fits.enumerate().fold(0, |bits, (at, fits)| bits | (u64::from(fits) << at))
}

/// Reads a line of one of the layouts; `last` is the one that fitted before, `among` gives the candidates.
pub(crate) fn read(line: &[u8], last: &mut usize, among: impl FnOnce() -> u64) -> Option<Dated> {
    let certain = |layout: &Layout| layout.read(line).map(Draft::finish).filter(|it| is_certain(&it.call));
    let layouts = &*LAYOUTS;
    if let Some(call) = layouts.get(*last).and_then(certain) {
        return Some(call);
    }
    let among = among();
    layouts.iter().enumerate().filter(|(at, _)| among >> at & 1 == 1).find_map(|(at, layout)| {
        let dated = certain(layout)?;
        *last = at;
        Some(dated)
    })
}

/// Without a format from the user, a line must say when it was and what came of the request, or at least be a
/// whole request line of somebody, or a request that took some time, with its answer.
fn is_certain(call: &Call) -> bool {
    let is_request = !call.method.is_empty() && call.client.is_some() && !call.protocol.is_empty();
    let is_timed = !call.method.is_empty() && call.target.starts_with('/') && call.duration_us.is_some();
    let is_something = !call.method.is_empty() || !call.anomalies.is_empty() || call.status.is_some();
    (call.ts.is_known() && is_something && (!call.target.is_empty() || call.status.is_some()))
        || ((is_request || is_timed) && call.status.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        let call = read(line.as_bytes(), &mut 0, || candidates(line.as_bytes())).map(|it| it.call);
        let shown = call.map(|call| {
            let part = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            [
                part(call.client.map(|client| client.to_string())),
                call.method.clone(),
                call.host.clone(),
                call.target.clone(),
                part(call.status.map(|status| status.to_string())),
                part(call.duration_us.map(|us| us.to_string())),
                call.ts.to_string(),
            ]
            .join("|")
        });
        assert_eq!(shown.unwrap_or_default(), expect, "{line}");
    }

    #[test]
    fn every_format_compiles() {
        assert_eq!(LAYOUTS.len(), FORMATS.len() + CLOSED.len());
        assert!(LAYOUTS.len() <= u64::BITS as usize, "a bit each");
    }

    #[test]
    fn layouts() {
        check(
            r#"10.0.0.7 - - [21/Nov/2026:10:00:00 +0000] a.example "GET /x HTTP/1.1" 200 5 0.012 "-" "curl" 10.0.0.1:80 200 0.011 "http://a.example""#,
            "10.0.0.7|GET|a.example|/x|200|12000|2026-11-21T10:00:00.000000Z",
        );
        check(
            r#"10.0.0.7:3331 [21/Nov/2026:10:00:00.655] fe be/s1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {a.example|curl "x"} {} "GET /i HTTP/1.1" 0/0000000000000000/0/0/0"#,
            "10.0.0.7:3331|GET|a.example|/i|200|109000|2026-11-21T10:00:00.655000Z",
        );
        check(
            "1795255200.779    180 10.0.0.7 TCP_MISS/200 411 GET http://a.example/b?c - DIRECT/10.0.0.2 text/html",
            "10.0.0.7|GET|a.example|/b?c|200|180000|2026-11-21T10:00:00.779000Z",
        );
        check(
            r#"[GIN] 2026/11/21 - 10:00:00 | 200 |     1.234ms |        10.0.0.7 | GET      "/gin""#,
            "10.0.0.7|GET||/gin|200|1234|2026-11-21T10:00:00.000000Z",
        );
        check(r#"10.0.0.7:5123 - "GET /uvicorn HTTP/1.1" 200 OK"#, "10.0.0.7:5123|GET||/uvicorn|200|-|");
        check(
            r#"2026-11-21T10:00:00.5Z my-lb 10.0.0.7:2817 10.0.0.1:80 0.001 0.002 0.003 200 200 0 29 "GET http://a.example:80/ HTTP/1.1" "curl" - -"#,
            "10.0.0.7:2817|GET|a.example|/|200|6000|2026-11-21T10:00:00.500000Z",
        );
        check(
            r#"79a5 bucket [21/Nov/2026:10:00:00 +0000] 10.0.0.7 79a5 3E57 REST.GET.OBJECT k.txt "GET /k.txt?x HTTP/1.1" 200 - 113 113 7 6 "-" "S3Console/0.4" - s9lz SigV4 ECDHE AuthHeader bucket.s3.example TLSv1.2 - -"#,
            "10.0.0.7|GET|bucket.s3.example|/k.txt?x|200|7000|2026-11-21T10:00:00.000000Z",
        );
    }

    #[test]
    fn development_servers() {
        check("GET /tiny?x 200 13 - 1.234 ms", "-|GET||/tiny?x|200|1234|");
        check("POST /dev 404 0.834 ms - -", "-|POST||/dev|404|834|");
        check("::1 - GET /short HTTP/1.1 200 13 - 2.345 ms", "::1|GET||/short|200|2345|");
        check(
            r#"127.0.0.1 -  21/Nov/2026:18:00:00 +0800 "GET /index.php" 200"#,
            "127.0.0.1|GET||/index.php|200|-|2026-11-21T10:00:00.000000Z",
        );
        check(
            "[Sat Nov 21 10:00:00 2026] 127.0.0.1:52600 [200]: GET /php?x",
            "127.0.0.1:52600|GET||/php?x|200|-|2026-11-21T10:00:00.000000Z",
        );
        check(
            "[pid: 12|app: 0|req: 1/1] 10.0.0.7 () {44 vars in 720 bytes} [Sat Nov 21 10:00:00 2026] GET /u?x=1 => generated 13 bytes in 5 msecs (HTTP/1.1 200) 2 headers in 79 bytes",
            "10.0.0.7|GET||/u?x=1|200|5000|2026-11-21T10:00:00.000000Z",
        );
        check("HTTP GET /serilog responded 200 in 12.3456 ms", "-|GET||/serilog|200|12346|");
        check(
            "Request finished HTTP/2 GET https://a.example/asp?x - 200 - application/json;+charset=utf-8 4.5ms",
            "-|GET|a.example|/asp?x|200|4500|",
        );
        check("200 GET /tornado (127.0.0.1) 1.23ms", "127.0.0.1|GET||/tornado|200|1230|");
        check(
            r#"Started GET "/rails?x" for 127.0.0.1 at 2026-11-21 18:00:00 +0800"#,
            "127.0.0.1|GET||/rails?x|-|-|2026-11-21T10:00:00.000000Z",
        );
        check("10:00:00 | 200 |   43.5us | 10.0.0.7 | GET | /fiber | -", "10.0.0.7|GET||/fiber|200|44|");
        check(
            r#"2026/11/21 10:00:00 [h/a-1] "GET http://a.example/chi HTTP/1.1" from 10.0.0.7:5 - 200 12B in 2m1.5s"#,
            "10.0.0.7:5|GET|a.example|/chi|200|121500000|2026-11-21T10:00:00.000000Z",
        );
    }

    #[test]
    fn clouds_and_proxies() {
        check(
            r#"[21/Nov/2026:18:00:00 +0800] 10.0.0.7 - 15 "-" "GET http://a.example/cdn?a" 200 191 2830 MISS "curl/8" "text/html""#,
            "10.0.0.7|GET|a.example|/cdn?a|200|15000|2026-11-21T10:00:00.000000Z",
        );
        check(
            r#"[21/Nov/2026:18:00:00 +0800] 10.0.0.7 TLSv1.2 ECDHE "GET /ssl HTTP/1.1" 512"#,
            "10.0.0.7|GET||/ssl|-|-|2026-11-21T10:00:00.000000Z",
        );
        // No request was read: of Envoy's and CLB's connections, of Squid's.
        check(
            r#"[2026-11-21T10:00:00.310Z] "- - -" 0 UH - - "-" 0 0 0 - "-" "-" "-" "-" "-" - - 10.0.0.2:443 10.0.0.7:4 - -"#,
            "",
        );
        check(
            r#"2026-11-21T10:00:00Z lb 10.0.0.7:2817 10.0.0.1:80 0.1 0.1 0.1 - - 57 502 "- - - " "-" - -"#,
            "",
        );
        check(
            "1795255200.123 0 10.0.0.7 NONE/000 0 NONE error:transaction-end-before-headers - HIER_NONE/- -",
            "",
        );
        check(
            "1795255200.000 0 10.0.0.7 NONE/400 9 NONE error:invalid-request - HIER_NONE/- text/html",
            "10.0.0.7|||error:invalid-request|400|0|2026-11-21T10:00:00.000000Z",
        );
    }

    #[test]
    fn other_text() {
        check("", "");
        check("Nov 21 10:00:00 host kernel: [12345.678901] usb 1-1: new device", "");
        check("10.0.0.7:3331 [21/Nov/2026:10:00:00.655] fe/1: SSL handshake failure", "");
        check("2026-11-21T10:00:00Z INFO a b c d e f g h i j k", "");
    }
}
