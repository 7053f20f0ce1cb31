//! OTLP in JSON (OTLP specification, "JSON Protobuf Encoding"): names in camel case, ids in hex, 64-bit numbers as text
//! or as numbers; unknown names are left out. Lists are walked where they stand, so that memory stays that of one record.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::number::{Id, Number};
use super::record::{LogRecord, Sink, Span};
use super::value::{Any, Attributes, Budget, Unreadable};

/// Either kind of request, and one of metrics, which tell of no calls.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a request")]
struct Request<'a> {
    #[serde(borrow)]
    resource_logs: Option<&'a RawValue>,
    #[serde(borrow)]
    resource_spans: Option<&'a RawValue>,
    resource_metrics: Option<IgnoredAny>,
}

/// `ResourceLogs` or `ResourceSpans`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a resource with its records")]
struct Group<'a> {
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow, alias = "instrumentationLibraryLogs")]
    scope_logs: Option<&'a RawValue>,
    #[serde(borrow, alias = "instrumentationLibrarySpans")]
    scope_spans: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "a resource")]
struct Resource<'a> {
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
}

/// `ScopeLogs` or `ScopeSpans`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a scope with its records")]
struct Scope<'a> {
    #[serde(borrow, alias = "logs")]
    log_records: Option<&'a RawValue>,
    #[serde(borrow)]
    spans: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a log record")]
struct JsonLog<'a> {
    #[serde(default)]
    time_unix_nano: Number,
    #[serde(default)]
    observed_time_unix_nano: Number,
    #[serde(default)]
    trace_id: Id,
    #[serde(default)]
    span_id: Id,
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a span")]
struct JsonSpan<'a> {
    #[serde(default)]
    kind: Number,
    #[serde(default)]
    start_time_unix_nano: Number,
    #[serde(default)]
    end_time_unix_nano: Number,
    #[serde(default)]
    trace_id: Id,
    #[serde(default)]
    span_id: Id,
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
    status: Option<JsonStatus>,
}

#[derive(Deserialize)]
#[serde(expecting = "a status")]
struct JsonStatus {
    #[serde(default)]
    code: Number,
}

#[derive(Deserialize)]
#[serde(expecting = "a key with its value")]
struct KeyValue<'a> {
    #[serde(default)]
    key: String,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// `AnyValue`: one of these is set.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a value with its type")]
struct JsonAny<'a> {
    string_value: Option<String>,
    bool_value: Option<bool>,
    int_value: Option<Number>,
    double_value: Option<Number>,
    bytes_value: Option<String>,
    #[serde(borrow)]
    array_value: Option<Values<'a>>,
    #[serde(borrow)]
    kvlist_value: Option<Values<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a list of values")]
struct Values<'a> {
    #[serde(borrow)]
    values: Option<&'a RawValue>,
}

/// Reads one request: an object that stands for itself.
pub(super) fn request(text: &[u8], sink: &mut Sink<'_>) {
    let request: Request<'_> = match serde_json::from_slice(text) {
        Ok(request) => request,
        Err(error) => return sink.unreadable(&format!("not an OTLP request: {error}").into()),
    };
    if request.resource_metrics.is_some() {
        sink.no_call();
    } else if request.resource_logs.is_none() && request.resource_spans.is_none() {
        return sink.unreadable(&"not an OTLP request: no resourceLogs and no resourceSpans".into());
    }
    for groups in [request.resource_logs, request.resource_spans] {
        parts(groups, sink, group);
    }
}

fn group<'a>(group: &'a RawValue, sink: &mut Sink<'_>) -> Result<(), Unreadable> {
    let group: Group<'a> = parse(group)?;
    sink.set_resource(group.resource.map_or_else(
        || Ok(Attributes::new()),
        |resource| {
            let Resource { attributes } = parse(resource)?;
            pairs(attributes, &mut Budget::new(), 0)
        },
    ));
    for scopes in [group.scope_logs, group.scope_spans] {
        parts(scopes, sink, |scope, sink| {
            let Scope { log_records, spans } = parse(scope)?;
            parts(log_records, sink, |record, sink| {
                sink.log_record(log_record(record));
                Ok(())
            });
            parts(spans, sink, |record, sink| {
                sink.span(span(record));
                Ok(())
            });
            Ok(())
        });
    }
    Ok(())
}

/// Reads each part of a list for itself: one that cannot be read is counted and leaves the others alone.
fn parts<'a>(
    list: Option<&'a RawValue>,
    sink: &mut Sink<'_>,
    read: impl Fn(&'a RawValue, &mut Sink<'_>) -> Result<(), Unreadable>,
) {
    let walked = each(list, |part| {
        if let Err(why) = read(part, sink) {
            sink.unreadable(&why);
        }
        Ok(())
    });
    if let Err(why) = walked {
        sink.unreadable(&why);
    }
}

fn log_record(record: &RawValue) -> Result<LogRecord, Unreadable> {
    let record: JsonLog<'_> = parse(record)?;
    let mut budget = Budget::new();
    Ok(LogRecord {
        time: record.time_unix_nano.nanos(),
        observed: record.observed_time_unix_nano.nanos(),
        attributes: pairs(record.attributes, &mut budget, 0)?,
        body: record.body.map_or(Ok(Any::Empty), |body| any(body, &mut budget, 0))?,
        trace_id: record.trace_id.0,
        span_id: record.span_id.0,
    })
}

fn span(span: &RawValue) -> Result<Span, Unreadable> {
    let span: JsonSpan<'_> = parse(span)?;
    Ok(Span {
        kind: span.kind.one_of(&["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]),
        start: span.start_time_unix_nano.nanos(),
        end: span.end_time_unix_nano.nanos(),
        attributes: pairs(span.attributes, &mut Budget::new(), 0)?,
        failed: span.status.map(|status| status.code.one_of(&["UNSET", "OK", "ERROR"])) == Some(Span::ERROR),
        trace_id: span.trace_id.0,
        span_id: span.span_id.0,
    })
}

fn pairs(list: Option<&RawValue>, budget: &mut Budget, depth: usize) -> Result<Attributes, Unreadable> {
    let mut pairs = Attributes::new();
    each(list, |pair| {
        budget.spend(depth)?;
        let KeyValue { key, value } = parse(pair)?;
        pairs.push((key, value.map_or(Ok(Any::Empty), |value| any(value, budget, depth))?));
        Ok(())
    })?;
    Ok(pairs)
}

fn any(value: &RawValue, budget: &mut Budget, depth: usize) -> Result<Any, Unreadable> {
    budget.spend(depth)?;
    // An unset value may be written as null.
    let Some(value) = parse::<Option<JsonAny<'_>>>(value)? else { return Ok(Any::Empty) };
    if let Some(list) = value.array_value {
        let mut values = Vec::new();
        each(list.values, |value| {
            values.push(any(value, budget, depth + 1)?);
            Ok(())
        })?;
        return Ok(Any::List(values));
    }
    if let Some(list) = value.kvlist_value {
        return Ok(Any::Map(pairs(list.values, budget, depth + 1)?));
    }
    let text = value.string_value.map(Any::Text);
    let number = value.int_value.map(|number| match number {
        // What is no number after all stays as it is.
        Number::Text(text) => text.parse().map_or(Any::Text(text), Any::Int),
        number => Any::Int(number.int()),
    });
    let double = value.double_value.map(|number| Any::Double(number.double()));
    let bytes = value.bytes_value.map(|text| match STANDARD.decode(&text) {
        Ok(bytes) => Any::Bytes(bytes),
        Err(_) => Any::Text(text),
    });
    Ok(text.or(number).or(double).or(value.bool_value.map(Any::Bool)).or(bytes).unwrap_or_default())
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Unreadable> {
    serde_json::from_str(raw.get()).map_err(|error| format!("not OTLP: {error}").into())
}

/// Shows each element of a list, absent and null ones too; stops at the first error of `take`.
fn each<'a>(
    list: Option<&'a RawValue>,
    take: impl FnMut(&'a RawValue) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    struct Each<F>(F);
    impl<'de, F: FnMut(&'de RawValue) -> Result<(), Unreadable>> Visitor<'de> for Each<F> {
        type Value = Result<(), Unreadable>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Ok(()))
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut outcome = Ok(());
            while let Some(element) = list.next_element()? {
                if outcome.is_ok() {
                    outcome = self.0(element);
                }
            }
            Ok(outcome)
        }
    }
    let Some(list) = list else { return Ok(()) };
    let mut list = serde_json::Deserializer::from_str(list.get());
    list.deserialize_any(Each(take)).unwrap_or_else(|error| Err(format!("not OTLP: {error}").into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expect: Result<Any, &str>) {
        let raw: &RawValue = serde_json::from_str(json).expect("JSON");
        let value = any(raw, &mut Budget::new(), 0);
        match (value, expect) {
            (Err(why), Err(expect)) => assert!(why.contains(expect), "{why}"),
            (value, expect) => assert_eq!(value, expect.map_err(Into::into)),
        }
    }

    #[test]
    fn values() {
        let text = |text: &str| Any::Text(text.into());
        check(r#"{"stringValue":"a\u0041\n","unknown":[1]}"#, Ok(text("aA\n")));
        check(r#"{"intValue":"-7"}"#, Ok(Any::Int(-7)));
        check(r#"{"intValue":7}"#, Ok(Any::Int(7)));
        check(r#"{"intValue":"seven"}"#, Ok(text("seven")));
        check(r#"{"doubleValue":1}"#, Ok(Any::Double(1.0)));
        check(r#"{"doubleValue":"Infinity"}"#, Ok(Any::Double(f64::INFINITY)));
        check(r#"{"boolValue":false}"#, Ok(Any::Bool(false)));
        check(r#"{"bytesValue":"aGk="}"#, Ok(Any::Bytes(b"hi".to_vec())));
        check(
            r#"{"arrayValue":{"values":[{"intValue":1},{},null]}}"#,
            Ok(Any::List(vec![Any::Int(1), Any::Empty, Any::Empty])),
        );
        check(r#"{"arrayValue":{}}"#, Ok(Any::List(Vec::new())));
        check(
            r#"{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}},{"key":"n"}]}}"#,
            Ok(Any::Map(vec![("k".into(), text("v")), ("n".into(), Any::Empty)])),
        );
        check("{}", Ok(Any::Empty));
    }

    #[test]
    fn what_is_no_value() {
        check("7", Err("expected a value with its type"));
        check(r#"{"stringValue":7}"#, Err("expected a string"));
        let many = vec!["{}"; model::limits::OTLP_VALUES_MAX].join(",");
        check(&format!(r#"{{"arrayValue":{{"values":[{many}]}}}}"#), Err("more than 10000 values"));
        let (open, close) = (r#"{"arrayValue":{"values":["#.repeat(500), "]}}".repeat(500));
        check(&format!("{open}{close}"), Err("nested deeper"));
    }
}
