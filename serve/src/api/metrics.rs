//! Counters for Prometheus, in its text format 0.0.4. A session or a machine token reads them; names of sources
//! are labels, values from traffic never are.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName};

use crate::error::ApiError;
use crate::state::{Health, ServeState, SourceCounts};

const TEXT: [(HeaderName, &str); 1] = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];

/// What came in, what was dropped and why, as Prometheus reads it.
#[utoipa::path(get, path = "/metrics", tag = "status", operation_id = "get_metrics",
    responses((status = 200, description = "Text format 0.0.4.", body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(
    State(state): State<ServeState>,
) -> Result<([(HeaderName, &'static str); 1], String), ApiError> {
    let log = state.log.stats().await?;
    let mut text = render(&state.control.health());
    for (name, help, value) in [
        ("apiarist_log_calls", "Calls that can be queried.", log.calls),
        ("apiarist_journal_bytes", "Bytes of accepted calls not yet released.", log.journal_bytes),
        ("apiarist_journal_damaged_bytes", "Bytes of accepted calls found damaged.", log.damaged_bytes),
    ] {
        family(&mut text, (name, "gauge", help), [(String::new(), value)]);
    }
    Ok((TEXT, text))
}

/// One metric with all its samples; none at all without samples.
fn family(
    text: &mut String,
    (name, kind, help): (&str, &str, &str),
    samples: impl IntoIterator<Item = (String, u64)>,
) {
    let mut samples = samples.into_iter().peekable();
    if samples.peek().is_some() {
        // Writing to a string never fails.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }
    for (labels, value) in samples {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

/// Labels in braces; values are escaped as the format asks.
fn labels(pairs: &[(&str, &str)]) -> String {
    let escape = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

fn render(health: &Health) -> String {
    let mut text = String::new();
    for (name, kind, help, value) in [
        ("apiarist_uptime_seconds", "gauge", "Seconds since the start.", health.uptime_s),
        ("apiarist_calls_analysed_total", "counter", "Calls analysed.", health.analysed),
        ("apiarist_calls_waiting", "gauge", "Calls durable and not yet analysed.", health.waiting),
        ("apiarist_calls_refused_total", "counter", "Calls refused by a full queue.", health.refused),
    ] {
        family(&mut text, (name, kind, help), [(String::new(), value)]);
    }
    let by_source = |count: fn(&SourceCounts) -> u64| {
        let sources = health.sources.iter();
        sources.map(move |(name, counts)| (labels(&[("source", name)]), count(counts)))
    };
    let received = ("apiarist_records_received_total", "counter", "Records handed in.");
    family(&mut text, received, by_source(|counts| counts.received));
    let accepted = ("apiarist_calls_accepted_total", "counter", "Calls made durable.");
    family(&mut text, accepted, by_source(|counts| counts.accepted));
    let drops = health.sources.iter().flat_map(|(name, counts)| {
        counts.dropped.iter().map(move |((stage, reason), records)| {
            (labels(&[("source", name), ("stage", stage), ("reason", reason)]), *records)
        })
    });
    family(&mut text, ("apiarist_dropped_total", "counter", "Records dropped, by stage and reason."), drops);
    let counters = health.sources.iter().flat_map(|(name, counts)| {
        let counters = counts.counters.iter();
        counters.map(move |(counter, value)| (labels(&[("source", name), ("counter", counter)]), *value))
    });
    family(&mut text, ("apiarist_source_counter", "gauge", "Counters of the source itself."), counters);
    let limits = health.limits_reached.iter().map(|(limit, times)| (labels(&[("limit", limit)]), *times));
    family(&mut text, ("apiarist_limits_reached_total", "counter", "How often a limit was reached."), limits);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_drop_is_a_sample_with_escaped_labels() {
        let dropped = [(("ingest", "malformed"), 3)].into();
        let counts = SourceCounts { received: 5, accepted: 2, dropped, ..SourceCounts::default() };
        let sources = [("push:\"a\\b\"\n".to_owned(), counts)].into();
        let text = render(&Health { sources, ..Health::default() });
        let line = r#"apiarist_dropped_total{source="push:\"a\\b\"\n",stage="ingest",reason="malformed"} 3"#;
        assert!(text.lines().any(|found| found == line), "{text}");
        assert!(text.contains("# TYPE apiarist_dropped_total counter\n"), "{text}");
        assert!(!text.contains("apiarist_source_counter"), "{text}");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (_, value) = line.rsplit_once(' ').expect("a sample");
            assert!(value.parse::<u64>().is_ok(), "{line}");
        }
    }
}
