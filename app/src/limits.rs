//! Limits of what the server listens for, with their units.

/// TCP connections of syslog at once to one address; further ones are refused.
pub(crate) const SYSLOG_CONNECTIONS_MAX: u32 = 1_024;
/// TCP connections of syslog at once from one sender to one address; further ones are refused.
pub(crate) const SYSLOG_PEER_CONNECTIONS_MAX: u32 = 128;
/// Seconds after which a TCP connection of syslog that sent nothing is closed.
pub(crate) const SYSLOG_IDLE_S: u64 = 3_600;
/// Seconds that the rest of a message that has begun is waited for on a TCP connection of syslog; then it is closed.
pub(crate) const SYSLOG_MESSAGE_S: u64 = 60;
/// Bytes of messages that have begun, of all TCP connections of syslog to one address; what goes beyond is dropped.
pub(crate) const SYSLOG_HELD_BYTES_MAX: usize = 64 << 20;
/// Reads of TCP connections of syslog that wait to be decoded; then nobody reads on.
pub(crate) const SYSLOG_READS_MAX: usize = 32;
/// Bytes of one read of a TCP connection of syslog.
pub(crate) const SYSLOG_READ_BYTES: usize = 16 << 10;
/// Bytes of one datagram.
pub(crate) const DATAGRAM_BYTES_MAX: usize = 64 << 10;
/// Messages that a listener hands on at once.
pub(crate) const BATCH_MESSAGES_MAX: usize = 1_000;
/// Bytes of messages after which it hands them on.
pub(crate) const BATCH_BYTES_MAX: usize = 4 << 20;
/// Batches and reads that are still taken of what has come in when the server stops.
pub(crate) const LAST_READS_MAX: usize = 64;
/// HTTP/2 connections of Envoys at once to one address; further ones are refused.
pub(crate) const ENVOY_CONNECTIONS_MAX: u32 = 256;
/// The same from one Envoy, or from all of a machine.
pub(crate) const ENVOY_PEER_CONNECTIONS_MAX: u32 = 64;
/// Streams of one of them: an Envoy opens a connection for each worker thread, and in it a stream for each log name.
pub(crate) const ENVOY_STREAMS_MAX: u32 = 16;
/// Bytes that a stream may send before they are decoded.
pub(crate) const ENVOY_STREAM_WINDOW_BYTES: u32 = 256 << 10;
/// The same of all streams of a connection.
pub(crate) const ENVOY_CONNECTION_WINDOW_BYTES: u32 = 512 << 10;
/// Bytes of the header fields that open a stream.
pub(crate) const ENVOY_HEADER_BYTES_MAX: u32 = 16 << 10;
/// Bytes of memory for messages that have begun or wait, of all streams to one address; a stream that would go beyond is
/// ended before more of it is taken.
pub(crate) const ENVOY_HELD_BYTES_MAX: usize = 64 << 20;
/// Streams to one address whose messages are unpacked, read and handed on at once; the others wait, and their senders.
pub(crate) const ENVOY_READ_AT_ONCE: usize = 4;
/// Bytes of a message from which on reading it must not hold up the tasks of its thread.
pub(crate) const ENVOY_LONG_BYTES_MIN: usize = 64 << 10;
/// Seconds after which a connection without a stream is closed.
pub(crate) const ENVOY_IDLE_S: u64 = 300;
/// Seconds that the rest of a message that has begun is waited for; then its stream is ended.
pub(crate) const ENVOY_MESSAGE_S: u64 = 60;
