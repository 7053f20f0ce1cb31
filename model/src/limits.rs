//! Every limit, with its unit. What reaches one is counted or marked, never silently cut.

/// Bytes of decoded body kept per message; longer ones are marked `body-truncated`.
pub const BODY_BYTES_MAX: usize = 8 << 20;
/// Bytes of one header block (request line or status line included).
pub const HEADER_BYTES_MAX: usize = 256 << 10;
/// Header fields of one message.
pub const HEADER_FIELDS_MAX: usize = 512;
/// Content codings removed from one body.
pub const CODINGS_MAX: usize = 3;
/// Bytes of body kept from the end of a message that is longer than what is kept.
pub const BODY_TAIL_BYTES_MAX: usize = 256 << 10;
/// Messages kept of one stream (WebSocket, server-sent events).
pub const STREAM_MESSAGES_MAX: usize = 10_000;
/// Bytes of messages kept of one stream.
pub const STREAM_MESSAGE_BYTES_MAX: usize = 8 << 20;
/// Capture time after which the call of a stream is handed out although the stream goes on, microseconds.
pub const STREAM_US_MAX: i64 = 60 * 60 * 1_000_000;
/// Capture time during which the call of a stream holds back later calls, microseconds.
pub const STREAM_ORDER_US: i64 = 10 * 1_000_000;
/// Bytes held out of order per direction of a TCP connection.
pub const REORDER_BYTES_MAX: usize = 4 << 20;
/// Segments per direction set aside because their receiver may not have taken them; more are no forgeries.
pub const DOUBTED_SEGMENTS_MAX: usize = 64;
/// Bytes of one direction that are on their way and go beside the stream (urgent data).
pub const URGENT_BYTES_MAX: usize = 64;
/// Bytes held for all TCP connections of an input together; each of its threads has an equal part.
pub const STREAM_BYTES_MAX: usize = 1 << 30;
/// TCP connections followed at once, of which each thread of an input has its equal part; the longest idle one is closed
/// first.
pub const CONNECTIONS_MAX: usize = 200_000;
/// Requests of one connection that wait for their response.
pub const PIPELINE_MAX: usize = 1_024;
/// Bytes that one message of an RPC protocol may announce; more is taken for another protocol.
pub const RPC_MESSAGE_BYTES_MAX: u64 = 256 << 20;
/// Streams of one HTTP/2 connection followed at once; the oldest is closed first.
pub const HTTP2_STREAMS_MAX: usize = 4_096;
/// Conversations inside each other (tunnels in HTTP/2, what TLS carries) that are looked into.
pub const SESSION_NESTING_MAX: usize = 4;
/// Tunnels (CONNECT) inside one HTTP/2 connection that are looked into.
pub const HTTP2_TUNNELS_MAX: usize = 64;
/// Frames of one HTTP/2 header block.
pub const HTTP2_BLOCK_FRAMES_MAX: usize = 1_024;
/// Bytes of one HPACK table; older entries are unknown.
pub const HPACK_TABLE_BYTES_MAX: usize = 256 << 10;
/// Messages kept of one call.
pub const CALL_MESSAGES_MAX: usize = 10_000;
/// Bytes of bodies of one connection that wait for their response.
pub const PIPELINE_BYTES_MAX: usize = 64 << 20;
/// Times that a connection may change its protocol (CONNECT, Upgrade) before it is left alone.
pub const PROTOCOL_SWITCHES_MAX: usize = 8;
/// Bytes of one line of a log or of call records, and of one entry of a document (HAR, Burp, GoReplay).
pub const LINE_BYTES_MAX: usize = 64 << 20;
/// Characters taken of each name that a sender gives itself: host and program of syslog, node and log of Envoy.
pub const SOURCE_NAME_CHARS_MAX: usize = 255;
/// Senders of one syslog listener whose names are shared between their calls.
pub const SYSLOG_NAMES_MAX: usize = 4_096;
/// Bytes of one message of Envoy's access log service.
pub const ENVOY_MESSAGE_BYTES_MAX: usize = 8 << 20;
/// Bytes of a document that has to be read as a whole (Postman collection).
pub const DOCUMENT_BYTES_MAX: usize = 64 << 20;

/// Nesting followed inside a structured body.
pub const BODY_DEPTH_MAX: usize = 64;
/// Scalars looked at in one body; the rest is not scanned and the call is marked.
pub const BODY_SCALARS_MAX: usize = 200_000;
/// Sensitive values recorded per call.
pub const HITS_MAX: usize = 2_000;
/// Call ids kept as evidence for one fact.
pub const EVIDENCE_MAX: usize = 5;
/// Sample values kept for one parameter.
pub const SAMPLES_MAX: usize = 5;

/// Nodes of the path tree of one site.
pub const SITE_NODES_MAX: usize = 20_000;
/// Sites followed; calls to further ones are candidates.
pub const SITES_MAX: usize = 5_000;
/// Candidates kept per site; the least called go first.
pub const CANDIDATES_MAX: usize = 10_000;
/// Operations told apart behind one template; further ones count as one endpoint.
pub const OPERATIONS_MAX: usize = 500;
/// Bytes of the name of an operation.
pub const OPERATION_BYTES_MAX: usize = 256;
/// Operations of one batch that are looked at.
pub const OPERATIONS_PER_CALL_MAX: usize = 100;
/// Tokens of one GraphQL document; a longer one is not read.
pub const GRAPHQL_TOKENS_MAX: usize = 50_000;
/// Word-like children of one path node before they must be judged.
pub const NODE_WORDS_MAX: usize = 256;
/// Properties of one object schema; beyond it the object is treated as a map.
pub const SCHEMA_PROPERTIES_MAX: usize = 300;
/// Accounts kept; the longest unseen go first.
pub const ACCOUNTS_MAX: usize = 1_000_000;
/// Endpoints listed per account.
pub const ACCOUNT_ENDPOINTS_MAX: usize = 1_000;
/// Sessions (tokens, cookies) tied to accounts; the oldest go first.
pub const SESSIONS_MAX: usize = 1_000_000;
/// JSON Web Tokens per site whose signature is tried against the list of weak secrets.
pub const JWT_TRIES_MAX: usize = 64;
/// Window in which failed logins count together, microseconds.
pub const LOGIN_WINDOW_US: i64 = 5 * 60 * 1_000_000;
/// Clients and accounts followed per login endpoint.
pub const LOGIN_KEYS_MAX: usize = 10_000;

/// Bytes of body kept per message in the call log.
pub const LOGGED_BODY_BYTES_MAX: usize = 64 << 10;

/// Bytes looked at to recognise the kind of an input.
pub const PROBE_BYTES_MAX: usize = 64 << 10;
/// Bytes of one packet in a capture file.
pub const PACKET_BYTES_MAX: usize = 1 << 20;
/// Interfaces described by one section of a pcapng file.
pub const INTERFACES_MAX: usize = 4_096;
/// Tunnels inside each other, and tags, labels and extension headers in a row, followed inside one packet.
pub const LINK_NESTING_MAX: usize = 8;
/// Fragmented IP datagrams that wait for their missing pieces or were just rebuilt; the oldest go first.
pub const DATAGRAMS_MAX: usize = 4_096;
/// Bytes of the pieces that wait.
pub const FRAGMENT_BYTES_MAX: usize = 16 << 20;
/// Capture time after which a fragmented datagram is given up, microseconds (RFC 8200 §4.5 has 60 s).
pub const FRAGMENT_US_MAX: i64 = 30_000_000;
/// Capture time within which a packet that equals another is its second copy, microseconds.
pub const DUPLICATE_US_MAX: i64 = 50_000;
/// Bytes of TLS key logs taken from the secrets blocks of a capture file.
pub const KEY_LOG_BYTES_MAX: usize = 16 << 20;
/// Packets of a connection seen after a missing segment was acknowledged, before it is given up as lost.
pub const HOLD_PACKETS_MAX: u32 = 64;
/// Capture time after a missing segment was acknowledged, before it is given up as lost, microseconds.
pub const HOLD_US_MAX: i64 = 200_000;
/// The same for a missing segment that nobody acknowledged: a retransmission may still come.
pub const HOLD_UNACKED_US_MAX: i64 = 30_000_000;
/// Bytes by which a sequence number may be ahead or behind and still belong to the connection.
pub const SEQUENCE_WINDOW: u64 = 64 << 20;
/// Capture time without a packet after which a connection is closed, microseconds.
pub const CONNECTION_IDLE_US: i64 = 15 * 60 * 1_000_000;
/// Closed connections remembered, so that stray packets do not open them again.
pub const CLOSED_CONNECTIONS_MAX: usize = 4_096;
/// Completed calls that wait for an earlier request to complete, so that output is in order of request start.
pub const ORDER_CALLS_MAX: usize = 65_536;
/// Bytes of bodies that wait for the same reason.
pub const ORDER_BYTES_MAX: usize = 20 << 20;
/// Attributes and values inside them read of one log record or span of OTLP; one with more is not read.
pub const OTLP_VALUES_MAX: usize = 10_000;
/// Requests of a GoReplay file that wait for their response; the oldest go first.
pub const REPLAY_PENDING_MAX: usize = 10_000;
/// Time that a completed call of live traffic waits for an earlier request, microseconds.
pub const LIVE_ORDER_US: i64 = 2 * 1_000_000;
/// Bytes of calls that wait between the capture of an interface and whoever takes them; what does not fit is dropped.
pub const LIVE_CALLS_BYTES_MAX: usize = 64 << 20;
/// Problems of one input that are described; further ones are only counted.
pub const PROBLEMS_MAX: usize = 100;
/// Secrets of TLS connections kept from key logs, by kind; the oldest go first.
pub const TLS_SECRETS_MAX: usize = 200_000;
/// Bytes of one line of a key log.
pub const TLS_KEY_LINE_BYTES_MAX: usize = 4_096;
/// RSA keys that TLS connections are decrypted with.
pub const RSA_KEYS_MAX: usize = 64;
/// TLS sessions remembered because they may be resumed; the oldest go first.
pub const TLS_SESSIONS_MAX: usize = 10_000;
/// Bytes of one TLS handshake message that are held; longer ones are passed by.
pub const TLS_HANDSHAKE_BYTES_MAX: usize = 128 << 10;
/// Bytes of encrypted records of one TLS connection that wait for their keys.
pub const TLS_HELD_BYTES_MAX: usize = 1 << 20;
/// The same of all TLS connections of an input.
pub const TLS_HELD_TOTAL_BYTES_MAX: usize = 64 << 20;
/// TLS connections that ended and wait for their keys; the oldest go first.
pub const TLS_PARKED_MAX: usize = 4_096;
/// Records that may be missing after a gap and still leave the next one readable.
pub const TLS_RESYNC_RECORDS_MAX: u64 = 64;
/// Places remembered per direction at which encrypted and decrypted positions correspond.
pub const TLS_POSITIONS_MAX: usize = 1_024;
/// Bytes of a key of a map that is itself a structure (Hessian, Thrift), before it is shortened.
pub const RPC_KEY_BYTES_MAX: usize = 4 << 10;
