//! One HTTP/2 connection of an Envoy (RFC 9113, prior knowledge): a task for each stream, and pings that tell whether
//! the other side is still there, as its streams may be quiet for hours.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::{Ping, PingPong, server};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::debug;

use super::stream;
use crate::limits::{
    ENVOY_CONNECTION_WINDOW_BYTES, ENVOY_HEADER_BYTES_MAX, ENVOY_IDLE_S, ENVOY_STREAM_WINDOW_BYTES,
    ENVOY_STREAMS_MAX,
};
use crate::sources::connections::Place;

/// Time within which a connection must become one of HTTP/2, and a ping be answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Seconds between two pings.
const PING_EVERY_S: u64 = 60;
/// Time that streams have to end when the server stops.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Why a connection is left.
enum End {
    Idle,
    Dead,
}

/// Serves a connection until one of the two sides ends it. `reading`: places of those that read at once.
pub(super) async fn serve(io: TcpStream, place: Place, reading: Arc<Semaphore>) {
    let place = Arc::new(place);
    let connections = &place.connections;
    let mut builder = server::Builder::new();
    builder
        .max_concurrent_streams(ENVOY_STREAMS_MAX)
        .max_header_list_size(ENVOY_HEADER_BYTES_MAX)
        .initial_window_size(ENVOY_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(ENVOY_CONNECTION_WINDOW_BYTES);
    let stopped = connections.outlet.stopped();
    tokio::pin!(stopped);
    let shaken = tokio::select! {
        shaken = timeout(ANSWER_WITHIN, builder.handshake::<_, Bytes>(io)) => shaken,
        () = &mut stopped => return,
    };
    let Ok(Ok(mut connection)) = shaken else {
        debug!(source = connections.source, from = %place.from, "a connection that speaks no HTTP/2");
        return;
    };
    let streams = Arc::new(AtomicUsize::new(0));
    let watch = watch(connection.ping_pong(), Arc::clone(&streams));
    tokio::pin!(watch);
    let mut until: Option<Instant> = None;
    loop {
        let is_leaving = until.is_some();
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    let open = Open::new(&streams);
                    let served = stream::serve(request, respond, (Arc::clone(&place), Arc::clone(&reading)));
                    tokio::spawn(async move {
                        served.await;
                        drop(open);
                    });
                }
                Some(Err(error)) => {
                    debug!(source = connections.source, from = %place.from, error = %error, "a connection broke off");
                    return;
                }
                None => return,
            },
            end = &mut watch, if !is_leaving => match end {
                End::Idle => {
                    connections.count_idle();
                    connection.graceful_shutdown();
                    until = Some(Instant::now() + LAST_WAIT);
                }
                End::Dead => return,
            },
            () = &mut stopped, if !is_leaving => {
                connection.graceful_shutdown();
                until = Some(Instant::now() + LAST_WAIT);
            }
            () = sleep_until(until.unwrap_or_else(Instant::now)), if is_leaving => return,
        }
    }
}

/// A stream, counted while it is open.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(streams: &Arc<AtomicUsize>) -> Self {
        streams.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(streams))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Comes back when there was no stream for long, or a ping was not answered.
async fn watch(pings: Option<PingPong>, streams: Arc<AtomicUsize>) -> End {
    let mut pings = pings.expect("asked once only");
    let mut quiet_s = 0;
    loop {
        sleep(Duration::from_secs(PING_EVERY_S)).await;
        let is_quiet = streams.load(Ordering::Relaxed) == 0;
        quiet_s = if is_quiet { quiet_s + PING_EVERY_S } else { 0 };
        if quiet_s >= ENVOY_IDLE_S {
            return End::Idle;
        }
        if !matches!(timeout(ANSWER_WITHIN, pings.ping(Ping::opaque())).await, Ok(Ok(_))) {
            return End::Dead;
        }
    }
}
