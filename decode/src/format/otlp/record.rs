//! Log records and spans → calls, the same from both encodings. What tells of no call of one's own APIs is counted.

use model::{Call, Message, Timestamp};

use super::attributes::{Lookup, describe};
use super::value::{Any, Attributes, Unreadable, object};
use crate::format::log::{Dated, Log, Moment, is_target, near};
use crate::out::Out;

/// `LogRecord`.
#[derive(Debug, Default)]
pub(super) struct LogRecord {
    /// When it happened and when it was seen, nanoseconds since the epoch; 0 is unknown.
    pub time: u64,
    pub observed: u64,
    pub attributes: Attributes,
    pub body: Any,
    pub trace_id: Vec<u8>,
    pub span_id: Vec<u8>,
}

/// `Span`.
#[derive(Debug, Default)]
pub(super) struct Span {
    pub kind: u64,
    /// Nanoseconds since the epoch.
    pub start: u64,
    pub end: u64,
    pub attributes: Attributes,
    /// It ended with an error.
    pub failed: bool,
    pub trace_id: Vec<u8>,
    pub span_id: Vec<u8>,
}

impl Span {
    /// `SPAN_KIND_SERVER`, `SPAN_KIND_CLIENT`.
    const SERVER: u64 = 2;
    const CLIENT: u64 = 3;
    /// `STATUS_CODE_ERROR`.
    pub const ERROR: u64 = 2;
}

/// Where records go to.
pub(super) struct Sink<'a> {
    pub log: &'a mut Log,
    pub out: &'a mut Out,
    pub emit: &'a mut dyn FnMut(Call),
    /// What the resource says about every call that comes from it.
    around: Call,
}

impl<'a> Sink<'a> {
    pub fn new(log: &'a mut Log, out: &'a mut Out, emit: &'a mut dyn FnMut(Call)) -> Self {
        Self { log, out, emit, around: Call::default() }
    }

    /// What the records that follow come from.
    pub fn set_resource(&mut self, resource: Result<Attributes, Unreadable>) {
        let resource = resource.unwrap_or_else(|why| {
            // The records stand for themselves.
            self.out.problems.report(format!("a resource was left out: {why}"), self.out.stats.entries + 1);
            Attributes::new()
        });
        self.around = describe(Lookup(&resource));
    }

    /// Something that should have been a record, or should have held some.
    pub fn unreadable(&mut self, why: &Unreadable) {
        self.out.stats.entries += 1;
        self.out.stats.malformed_entries += 1;
        self.out.problems.report(why.as_ref(), self.out.stats.entries);
    }

    /// A record that tells of no call.
    pub fn no_call(&mut self) {
        self.out.stats.entries += 1;
        self.out.stats.no_call_entries += 1;
    }

    pub fn log_record(&mut self, record: Result<LogRecord, Unreadable>) {
        let record = match record {
            Ok(record) => record,
            Err(why) => return self.unreadable(&why),
        };
        let own = if record.time == 0 { record.observed } else { record.time };
        self.out.stats.untimed_entries += u64::from(own == 0);
        let Some(mut call) = call_of(&record, self.log) else { return self.no_call() };
        if !call.ts.is_known() {
            call.ts = time(own);
        }
        self.out.stats.entries += 1;
        let index = self.out.stats.entries;
        self.hand_on(call, (&record.trace_id, &record.span_id), index);
    }

    pub fn span(&mut self, span: Result<Span, Unreadable>) {
        let span = match span {
            Ok(span) => span,
            Err(why) => return self.unreadable(&why),
        };
        match span.kind {
            Span::SERVER => {}
            Span::CLIENT => {
                self.out.stats.entries += 1;
                self.out.stats.client_spans += 1;
                return;
            }
            _ => return self.no_call(),
        }
        let mut call = describe(Lookup(&span.attributes));
        let is_request = !call.method.is_empty() && is_target(&call);
        if !is_request && call.rpc.is_none() {
            return self.no_call();
        }
        call.ts = time(span.start);
        call.duration_us =
            (span.start > 0).then(|| span.end.checked_sub(span.start)).flatten().map(|ns| ns / 1_000);
        if !span.failed {
            succeed(&mut call);
        }
        self.out.stats.entries += 1;
        // A span is known by its id, in whichever request it comes.
        let index = if span.span_id.is_empty() { self.out.stats.entries } else { 0 };
        self.hand_on(call, (&span.trace_id, &span.span_id), index);
    }

    fn hand_on(&mut self, mut call: Call, (trace_id, span_id): (&[u8], &[u8]), index: u64) {
        let out = &mut *self.out;
        complete(&mut call, &self.around);
        call.source = out.source.clone();
        call.id = crate::id::call_id(&out.source, call.ts, &[b"otlp", trace_id, span_id].concat(), index);
        // A record without a time keeps its place.
        let ts = if call.ts.is_known() { call.ts.0 } else { out.order.now() };
        out.order.advance(ts);
        let ticket = out.order.open(ts);
        out.close(ticket, call);
        out.order.release(&mut self.emit);
    }
}

/// Microseconds since the epoch.
fn time(nanos: u64) -> Timestamp {
    match i64::try_from(nanos / 1_000) {
        Ok(micros) if micros > 0 => Timestamp(micros),
        _ => Timestamp::UNKNOWN,
    }
}

/// The call that a log record tells of: by the semantic conventions, else by its body as a line of a log, else by
/// attributes of other names, as parsers of collectors make them.
///
/// Attributes of the request alone are no call: loggers add them to everything that is logged while it is handled.
fn call_of(record: &LogRecord, log: &mut Log) -> Option<Call> {
    let described = describe(Lookup(&record.attributes));
    if !described.method.is_empty() && is_target(&described) && described.status.is_some() {
        return Some(described);
    }
    let told = match &record.body {
        Any::Map(pairs) => log.one_object(&object(pairs).into()),
        other => other.scalar().and_then(|line| log.one_line(&line)),
    };
    let told = told.or_else(|| {
        let dated = log.one_object(&object(&record.attributes).into());
        dated.filter(|dated| dated.call.status.is_some())
    });
    told.map(|Dated { mut call, is_local }| {
        // The time of the record is made of the same line, or when it was written; when it was seen may be long after.
        if is_local && record.time > 0 {
            call.ts = near(Moment { clock_us: call.ts.0, east_s: None }, time(record.time)).time();
        }
        complete(&mut call, &described);
        call
    })
}

/// Takes what a call lacks from what is known around it.
fn complete(call: &mut Call, around: &Call) {
    call.client = call.client.or(around.client);
    call.server = call.server.or(around.server);
    call.scheme = call.scheme.or(around.scheme);
    if call.host.is_empty() {
        call.host.clone_from(&around.host);
    }
    if call.protocol.is_empty() {
        call.protocol.clone_from(&around.protocol);
    }
}

/// A procedure that ended without an error: the status with which its protocol says so, where it has one of its own.
fn succeed(call: &mut Call) {
    let status = match call.protocol.as_ref() {
        "dubbo" => Some(20),
        "sofarpc" | "brpc" => Some(0),
        "thrift" => None,
        _ => return,
    };
    call.status = call.status.or(status);
    call.response.get_or_insert_with(Message::default);
}
