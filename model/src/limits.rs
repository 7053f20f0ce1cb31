//! Every limit, with its unit. What reaches one is counted or marked, never silently cut.

/// Bytes of decoded body kept per message; longer ones are marked `body-truncated`.
pub const BODY_BYTES_MAX: usize = 8 << 20;
/// Bytes of one header block (request line or status line included).
pub const HEADER_BYTES_MAX: usize = 256 << 10;
/// Header fields of one message.
pub const HEADER_FIELDS_MAX: usize = 512;
/// Content codings removed from one body.
pub const CODINGS_MAX: usize = 3;
/// Bytes held out of order per direction of a TCP connection.
pub const REORDER_BYTES_MAX: usize = 4 << 20;
/// Bytes held for all TCP connections together.
pub const STREAM_BYTES_MAX: usize = 1 << 30;
/// TCP connections followed at once; the longest idle one is closed first.
pub const CONNECTIONS_MAX: usize = 200_000;
/// Requests of one connection that wait for their response.
pub const PIPELINE_MAX: usize = 1_024;
/// Bytes of one line of an access log or of call records.
pub const LINE_BYTES_MAX: usize = 64 << 20;
/// Bytes of a document that has to be read as a whole (HAR).
pub const DOCUMENT_BYTES_MAX: usize = 2 << 30;

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
