//! OTLP in protobuf: the few messages and fields that say something about calls (`opentelemetry/proto/*/v1`). A known
//! field of another wire type is passed over, as every protobuf reader does.

use super::record::{LogRecord, Sink, Span};
use super::value::{Any, Attributes, Budget, Unreadable};
use crate::grpc::wire::{self, Value, fields};

/// What the messages of a request are: the same shape, under other names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Logs,
    Spans,
}

/// Shows every field of a message.
fn message<'a>(
    mut bytes: &'a [u8],
    mut take: impl FnMut(u32, Value<'a>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    while !bytes.is_empty() {
        let (number, value, rest) =
            wire::field(bytes).ok_or("a protobuf message that breaks off or is none")?;
        take(number, value)?;
        bytes = rest;
    }
    Ok(())
}

/// Reads each part of a message, the field of this number, for itself; where the message breaks off is counted.
fn parts(bytes: &[u8], field: u32, sink: &mut Sink<'_>, mut read: impl FnMut(&[u8], &mut Sink<'_>)) {
    let walked = message(bytes, |number, value| {
        match value {
            Value::Bytes(part) if number == field => read(part, sink),
            _ => {}
        }
        Ok(())
    });
    if let Err(why) = walked {
        sink.unreadable(&why);
    }
}

/// `ExportLogsServiceRequest` or `ExportTraceServiceRequest`: what every request of a file is.
pub(super) fn request(bytes: &[u8], signal: Signal, sink: &mut Sink<'_>) {
    parts(bytes, 1, sink, |part, sink| group(part, signal, sink));
}

/// `ResourceLogs` or `ResourceSpans`: a resource, and scopes with the records.
pub(super) fn group(bytes: &[u8], signal: Signal, sink: &mut Sink<'_>) {
    let resource = fields(bytes).find_map(|(number, value)| match value {
        Value::Bytes(bytes) if number == 1 => Some(pairs(bytes, 1)),
        _ => None,
    });
    sink.set_resource(resource.unwrap_or_else(|| Ok(Attributes::new())));
    parts(bytes, 2, sink, |part, sink| scope(part, signal, sink));
}

/// `ScopeLogs` or `ScopeSpans`.
fn scope(bytes: &[u8], signal: Signal, sink: &mut Sink<'_>) {
    parts(bytes, 2, sink, |part, sink| match signal {
        Signal::Logs => sink.log_record(log_record(part)),
        Signal::Spans => sink.span(span(part)),
    });
}

fn log_record(bytes: &[u8]) -> Result<LogRecord, Unreadable> {
    let (mut record, mut budget) = (LogRecord::default(), Budget::new());
    message(bytes, |number, value| {
        match (number, value) {
            (1, Value::Fixed64(nanos)) => record.time = nanos,
            (5, Value::Bytes(bytes)) => record.body = any(bytes, &mut budget, 0)?,
            (6, Value::Bytes(bytes)) => record.attributes.push(pair(bytes, &mut budget, 0)?),
            (9, Value::Bytes(bytes)) => record.trace_id = bytes.to_vec(),
            (10, Value::Bytes(bytes)) => record.span_id = bytes.to_vec(),
            (11, Value::Fixed64(nanos)) => record.observed = nanos,
            _ => {}
        }
        Ok(())
    })?;
    Ok(record)
}

fn span(bytes: &[u8]) -> Result<Span, Unreadable> {
    let (mut span, mut budget) = (Span::default(), Budget::new());
    message(bytes, |number, value| {
        match (number, value) {
            (1, Value::Bytes(bytes)) => span.trace_id = bytes.to_vec(),
            (2, Value::Bytes(bytes)) => span.span_id = bytes.to_vec(),
            (6, Value::Varint(kind)) => span.kind = kind,
            (7, Value::Fixed64(nanos)) => span.start = nanos,
            (8, Value::Fixed64(nanos)) => span.end = nanos,
            (9, Value::Bytes(bytes)) => span.attributes.push(pair(bytes, &mut budget, 0)?),
            (15, Value::Bytes(bytes)) => span.failed = status(bytes) == Some(Span::ERROR),
            _ => {}
        }
        Ok(())
    })?;
    Ok(span)
}

/// The code of a `Status`.
fn status(bytes: &[u8]) -> Option<u64> {
    fields(bytes).find_map(|(number, value)| match value {
        Value::Varint(code) if number == 3 => Some(code),
        _ => None,
    })
}

/// A repeated field of `KeyValue`s: the attributes of a resource, the pairs of a list.
fn pairs(bytes: &[u8], field: u32) -> Result<Attributes, Unreadable> {
    pairs_within(bytes, field, &mut Budget::new(), 0)
}

fn pairs_within(
    bytes: &[u8],
    field: u32,
    budget: &mut Budget,
    depth: usize,
) -> Result<Attributes, Unreadable> {
    let mut list = Attributes::new();
    message(bytes, |number, value| {
        match value {
            Value::Bytes(bytes) if number == field => list.push(pair(bytes, budget, depth)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(list)
}

/// `KeyValue`.
fn pair(bytes: &[u8], budget: &mut Budget, depth: usize) -> Result<(String, Any), Unreadable> {
    budget.spend(depth)?;
    let (mut key, mut held) = (String::new(), Any::Empty);
    message(bytes, |number, value| {
        match (number, value) {
            (1, Value::Bytes(bytes)) => key = String::from_utf8_lossy(bytes).into_owned(),
            (2, Value::Bytes(bytes)) => held = any(bytes, budget, depth)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((key, held))
}

/// `AnyValue`: of several fields the last one counts.
fn any(bytes: &[u8], budget: &mut Budget, depth: usize) -> Result<Any, Unreadable> {
    budget.spend(depth)?;
    let mut held = Any::Empty;
    message(bytes, |number, value| {
        held = match (number, value) {
            (1, Value::Bytes(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => Any::Text(text.to_owned()),
                Err(_) => Any::Bytes(bytes.to_vec()),
            },
            (2, Value::Varint(is)) => Any::Bool(is != 0),
            (3, Value::Varint(number)) => Any::Int(number.cast_signed()),
            (4, Value::Fixed64(bits)) => Any::Double(f64::from_bits(bits)),
            (5, Value::Bytes(bytes)) => Any::List(list(bytes, budget, depth + 1)?),
            (6, Value::Bytes(bytes)) => Any::Map(pairs_within(bytes, 1, budget, depth + 1)?),
            (7, Value::Bytes(bytes)) => Any::Bytes(bytes.to_vec()),
            _ => std::mem::take(&mut held),
        };
        Ok(())
    })?;
    Ok(held)
}

/// `ArrayValue`.
fn list(bytes: &[u8], budget: &mut Budget, depth: usize) -> Result<Vec<Any>, Unreadable> {
    let mut list = Vec::new();
    message(bytes, |number, value| {
        match value {
            Value::Bytes(bytes) if number == 1 => list.push(any(bytes, budget, depth)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(list)
}
