//! What a key of a JSON log means depends on the tool that wrote the line, which other keys tell.

use serde_json::{Map, Value};

use super::value::Unit;

/// Unit of a bare `duration` (or what else has no unit in its name), by the tool that wrote the line.
pub(super) fn unit_of(object: &Map<String, Value>) -> Option<Unit> {
    let has = |key: &str| object.contains_key(key);
    let name = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let (category, logger) = (name("category"), name("logger"));
    match () {
        // Traefik; Echo.
        () if has("DownstreamStatus") || has("RequestCount") || has("latency_human") => Some(Unit::Nanos),
        // Serilog; Rails (lograge); Logback's access log; Azure App Service.
        () if has("@t") && has("RequestMethod") => Some(Unit::Millis),
        () if has("controller") && has("action") => Some(Unit::Millis),
        () if has("requested_uri") || has("requested_url") || category == "AppServiceHTTPLogs" => {
            Some(Unit::Millis)
        }
        // Caddy; CloudFront; Azure Front Door and Application Gateway.
        () if has("resp_headers")
            || logger.starts_with("http.log")
            || has("bytes_read")
            || has("x-edge-location") =>
        {
            Some(Unit::Seconds)
        }
        () if category.eq_ignore_ascii_case("FrontDoorAccessLog") => Some(Unit::Seconds),
        () if category == "ApplicationGatewayAccessLog" => Some(Unit::Seconds),
        // Envoy; APISIX; pino.
        () if has("response_flags") || has("response_code_details") || has("upstream_cluster") => {
            Some(Unit::Millis)
        }
        () if has("apisix_latency") || has("upstream_latency") || (has("req") && has("res")) => {
            Some(Unit::Millis)
        }
        () => None,
    }
}

/// Tools whose keys mean something else than those of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Usual,
    /// `host` is the machine that Logstash read on.
    Logstash,
    /// `bytes_sent` counts the head too.
    Nginx,
    /// Alibaba Cloud's CDN: `request_time` is in milliseconds.
    AlibabaCdn,
    /// Akamai DataStream: header fields are percent-encoded.
    Akamai,
}

impl Dialect {
    pub(super) fn of(object: &Map<String, Value>) -> Self {
        let has = |key: &str| object.contains_key(key);
        match () {
            () if has("@version") && has("@timestamp") || has("clientip") && has("verb") => Self::Logstash,
            () if has("hit_info") => Self::AlibabaCdn,
            () if has("reqTimeSec") => Self::Akamai,
            () if has("remote_addr") || has("body_bytes_sent") || has("request_time") => Self::Nginx,
            () => Self::Usual,
        }
    }
}
