//! Layouts that servers, proxies and clouds write without being told a format: recognised line by line. The
//! common log format and its relatives are read by `clf`, which forgives more.

use std::sync::LazyLock;

use model::Call;

use super::draft::{Dated, Draft, Field};
use super::layout::Layout;
use super::syntax::compile;
use super::value::{Escape, Unit};

/// Format strings, in any of the notations that users may give; more fields may follow each.
const FORMATS: [&str; 14] = [
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
];

/// NPMplus writes the user agent last and without quotes: it is the rest of the line.
const NPMPLUS: &str = "[$time_local] $host $remote_addr $request_time \"$request\" $status $body_bytes_sent $bytes_sent $http_referer $http_user_agent";

static LAYOUTS: LazyLock<Vec<Layout>> = LazyLock::new(|| {
    let open = FORMATS.iter().filter_map(|format| compile(format, Escape::Slash, true).ok());
    let closed = compile(NPMPLUS, Escape::Slash, false).ok();
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
        "gin_duration" => Field::DurationText(1),
        "squid_elapsed_ms" => Field::Duration(Unit::Millis, 1),
        _ => return None,
    })
}

/// Reads a line of one of the layouts; `last` is the one that fitted before.
pub(crate) fn read(line: &[u8], last: &mut usize) -> Option<Dated> {
    let certain = |layout: &Layout| layout.read(line).map(Draft::finish).filter(|it| is_certain(&it.call));
    let layouts = &*LAYOUTS;
    if let Some(call) = layouts.get(*last).and_then(certain) {
        return Some(call);
    }
    layouts.iter().enumerate().find_map(|(at, layout)| {
        let dated = certain(layout)?;
        *last = at;
        Some(dated)
    })
}

/// Without a format from the user, a line must say when it was and what came of the request, or at least be a
/// whole request line of somebody with its answer.
fn is_certain(call: &Call) -> bool {
    let is_request = !call.method.is_empty() && call.client.is_some() && !call.protocol.is_empty();
    (call.ts.is_known() && (!call.target.is_empty() || call.status.is_some()))
        || (is_request && call.status.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        let call = read(line.as_bytes(), &mut 0).map(|it| it.call);
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
        assert_eq!(LAYOUTS.len(), FORMATS.len() + 1);
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
    fn other_text() {
        check("", "");
        check("Nov 21 10:00:00 host kernel: [12345.678901] usb 1-1: new device", "");
        check("10.0.0.7:3331 [21/Nov/2026:10:00:00.655] fe/1: SSL handshake failure", "");
        check("2026-11-21T10:00:00Z INFO a b c d e f g h i j k", "");
    }
}
