//! One stream: a call of `StreamAccessLogs` (gRPC over HTTP/2). Its messages are decoded as they come, calls handed on
//! before more is let in. Ends with a status, and with the empty answer where the client ended it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use decode::{EnvoyCounts, EnvoyRefusal, EnvoyStream};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;
use tokio::task::{block_in_place, yield_now};
use tokio::time::{Instant, sleep};

use crate::limits::{
    BATCH_MESSAGES_MAX, ENVOY_HELD_BYTES_MAX, ENVOY_LONG_BYTES_MIN, ENVOY_MESSAGE_S, LAST_READS_MAX,
};
use crate::live::wall_clock;
use crate::sources::connections::{Connections, Held, Patience, Place};
use crate::sources::intake::Intake;

/// The one procedure that there is.
const PATH: &str = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";
const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
/// A message without a field, in the framing of gRPC.
const EMPTY_MESSAGE: &[u8] = &[0; 5];

/// How a stream ends (gRPC status codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Ok,
    /// Nobody is there any more.
    Cancelled,
    /// The rest of a message did not come.
    TooSlow,
    TooLong,
    NoRoom,
    Packing,
    Unimplemented,
    Stopping,
}

impl Status {
    const fn code(self) -> &'static str {
        match self {
            Self::Ok => "0",
            Self::Cancelled => "1",
            Self::TooSlow => "4",
            Self::TooLong | Self::NoRoom => "8",
            Self::Packing | Self::Unimplemented => "12",
            Self::Stopping => "14",
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Ok | Self::Cancelled => "",
            Self::TooSlow => "the rest of a message did not come",
            Self::TooLong => "message too long",
            Self::NoRoom => "too much waits",
            Self::Packing => "packing not supported",
            Self::Unimplemented => "only StreamAccessLogs of v3 is served",
            Self::Stopping => "the server is stopping",
        }
    }

    fn fields(self) -> HeaderMap {
        let mut fields = HeaderMap::new();
        fields.insert(GRPC_STATUS, HeaderValue::from_static(self.code()));
        if !self.message().is_empty() {
            fields.insert(GRPC_MESSAGE, HeaderValue::from_static(self.message()));
        }
        fields
    }
}

/// The head of an answer.
fn head(status: StatusCode, fields: HeaderMap) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    response
}

/// The whole answer to what is no call of the procedure.
fn refusal<B>(request: &Request<B>) -> Option<Response<()>> {
    let media = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if request.method() != Method::POST {
        return Some(head(StatusCode::METHOD_NOT_ALLOWED, HeaderMap::new()));
    }
    if !matches!(media.strip_prefix(b"application/grpc"), Some(b"" | b"+proto" | [b';', ..])) {
        return Some(head(StatusCode::UNSUPPORTED_MEDIA_TYPE, HeaderMap::new()));
    }
    (request.uri().path() != PATH).then(|| {
        let mut fields = Status::Unimplemented.fields();
        fields.insert(CONTENT_TYPE, GRPC);
        head(StatusCode::OK, fields)
    })
}

/// Serves a stream to its end. The place of its connection is kept until its calls are handed on.
/// `at_once`: places of streams that read at once.
pub(super) async fn serve(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    (place, at_once): (Arc<Place>, Arc<Semaphore>),
) {
    let connections = &place.connections;
    if let Some(refusal) = refusal(&request) {
        // Errors mean that the other side is gone.
        let _ = respond.send_response(refusal, true);
        return;
    }
    let packing = request.headers().get(GRPC_ENCODING).and_then(|value| value.to_str().ok());
    let mut reading = Reading {
        stream: EnvoyStream::new(place.from, packing.unwrap_or_default()),
        counted: EnvoyCounts::default(),
        intake: Intake::new(&connections.source, &connections.outlet),
        held: Held::new(connections),
        at_once,
    };
    let mut fields = HeaderMap::new();
    fields.insert(CONTENT_TYPE, GRPC);
    fields.insert(GRPC_ACCEPT_ENCODING, HeaderValue::from_static("identity,gzip,deflate"));
    let Ok(send) = respond.send_response(head(StatusCode::OK, fields), false) else { return };
    let status = reading.read(request.into_body(), connections).await;
    end(send, status);
}

/// Sends what ends a stream; errors mean that the other side is gone.
fn end(mut send: SendStream<Bytes>, status: Status) {
    if status == Status::Cancelled {
        return;
    }
    if status == Status::Ok {
        let _ = send.send_data(Bytes::from_static(EMPTY_MESSAGE), false);
    }
    let _ = send.send_trailers(status.fields());
}

struct Reading {
    stream: EnvoyStream,
    /// What was counted of the stream so far.
    counted: EnvoyCounts,
    intake: Intake,
    held: Held,
    at_once: Arc<Semaphore>,
}

impl Reading {
    async fn read(&mut self, mut body: RecvStream, connections: &Connections) -> Status {
        let stopped = connections.outlet.stopped();
        tokio::pin!(stopped);
        let (mut last_reads, mut patience) = (0, Patience::new(ENVOY_MESSAGE_S));
        let status = loop {
            let is_inside = self.stream.held() > 0;
            let begun = Instant::now();
            let data = tokio::select! {
                biased;
                // What has come in before the end is still taken.
                data = body.data(), if last_reads < LAST_READS_MAX => data,
                () = &mut stopped => break Status::Stopping,
                () = sleep(patience.left()), if is_inside => {
                    connections.count_slow();
                    break Status::TooSlow;
                }
            };
            patience.waited(begun.elapsed(), !is_inside);
            let data = match data {
                Some(Ok(data)) => data,
                Some(Err(_)) => break Status::Cancelled,
                None => break Status::Ok,
            };
            last_reads += usize::from(connections.outlet.is_stopping());
            let messages = self.stream.messages();
            if let Some(status) = self.take(&data).await {
                break status;
            }
            patience.waited(Duration::ZERO, self.stream.messages() > messages);
            // Only now may as much follow.
            if body.flow_control().release_capacity(data.len()).is_err() {
                break Status::Cancelled;
            }
        };
        if self.stream.held() > 0 && status != Status::NoRoom {
            self.intake.lose("unfinished", 1);
        }
        self.intake.hand_on().await;
        status
    }

    /// Takes the next bytes; how the stream ends when it cannot go on.
    async fn take(&mut self, data: &[u8]) -> Option<Status> {
        // Before anything is kept: what was let in already is bounded by the windows of HTTP/2.
        if !self.held.try_set(self.stream.held_after(data.len()), ENVOY_HELD_BYTES_MAX) {
            self.intake.lose("no_room", 1);
            return Some(Status::NoRoom);
        }
        self.stream.push(data);
        if self.stream.is_ready() {
            self.read_ready().await;
        }
        self.held.set(self.stream.held());
        let (status, stage, reason) = match self.stream.refusal()? {
            EnvoyRefusal::TooLong => (Status::TooLong, "receive", "too_long"),
            EnvoyRefusal::Packing => (Status::Packing, "decode", "malformed"),
        };
        self.intake.receive(1);
        self.intake.drop_records(stage, reason, 1);
        Some(status)
    }

    /// Reads messages that are whole and hands on what is in them.
    async fn read_ready(&mut self) {
        let arrived = wall_clock();
        // What a message is unpacked to and the calls in it are bounded by the places. The semaphore is never closed.
        let at_once = Arc::clone(&self.at_once);
        let _place = at_once.acquire().await;
        let mut is_more = true;
        while is_more {
            let Self { stream, intake, .. } = self;
            let is_long = stream.is_packed() || stream.held() >= ENVOY_LONG_BYTES_MIN;
            let mut read = || stream.read(arrived, BATCH_MESSAGES_MAX, &mut |call| intake.call(call, 0));
            is_more = if is_long { block_in_place(read) } else { read() };
            self.count();
            self.held.set(self.stream.held().max(self.held.bytes()));
            self.intake.hand_on().await;
            yield_now().await;
        }
    }

    /// Counts entries since the last time, and which of them were no calls.
    fn count(&mut self) {
        let now = self.stream.counts();
        let before = std::mem::replace(&mut self.counted, now);
        self.intake.receive(now.entries - before.entries);
        for (reason, records) in [
            ("tcp", now.tcp - before.tcp),
            ("intermediate", now.intermediate - before.intermediate),
            ("not_a_call", now.not_a_call - before.not_a_call),
            ("malformed", now.malformed - before.malformed),
        ] {
            self.intake.drop_records("decode", reason, records);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, media: &str, path: &str, expect: Option<(u16, Option<&str>)>) {
        let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, media).body(());
        let found = refusal(&request.expect("a request"));
        let status = found.as_ref().map(|response| {
            let grpc = response.headers().get(GRPC_STATUS).map(|value| value.to_str().expect("text"));
            (response.status().as_u16(), grpc)
        });
        assert_eq!(status, expect, "{method} {media} {path}");
    }

    #[test]
    fn only_the_procedure_is_served() {
        check("POST", "application/grpc", PATH, None);
        check("POST", "application/grpc+proto", PATH, None);
        check("POST", "application/grpc;x=y", PATH, None);
        check("GET", "application/grpc", PATH, Some((405, None)));
        check("POST", "application/grpc-web", PATH, Some((415, None)));
        check("POST", "application/json", PATH, Some((415, None)));
        check("POST", "application/grpc", "/grpc.health.v1.Health/Check", Some((200, Some("12"))));
    }
}
