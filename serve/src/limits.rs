//! Every limit of the HTTP side, with its unit. What reaches one is answered with an error that names it.

/// Rows of one page.
pub(crate) const PAGE_ROWS_MAX: u64 = 500;
/// Rows of one page when the request names no number.
pub(crate) const PAGE_ROWS: u64 = 50;
/// Characters of a search text, name or other query parameter.
pub(crate) const PARAM_CHARS_MAX: usize = 1_024;
/// Spans of one histogram.
pub(crate) const BUCKETS_MAX: usize = 500;
/// Endpoints read for the data map.
pub(crate) const MAP_ENDPOINTS_MAX: u64 = 20_000;
/// Decisions listed with a finding.
pub(crate) const DECISIONS_SHOWN: u64 = 50;
/// Endpoints listed with an account.
pub(crate) const ACCOUNT_ENDPOINTS_SHOWN: usize = 200;

/// Bytes of a request body other than pushed calls.
pub(crate) const BODY_BYTES_MAX: usize = 64 << 10;
/// Bytes of pushed calls as sent.
pub(crate) const INGEST_BYTES_MAX: usize = 64 << 20;
/// Bytes of pushed calls after decompression.
pub(crate) const INGEST_DECODED_BYTES_MAX: usize = 256 << 20;
/// Bytes of a request of OTLP after decompression.
pub(crate) const OTLP_DECODED_BYTES_MAX: usize = 64 << 20;
/// Memory that a zstd frame may ask for, as a power of two (8 MiB, what RFC 8878 §3.1.1.1.2 recommends).
pub(crate) const INGEST_ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Seconds that a push may take to arrive; it holds one of the places below.
pub(crate) const INGEST_ARRIVAL_S: u64 = 120;
/// Seconds that the body of a push that is not taken is read for.
pub(crate) const DISCARD_S: u64 = 10;
/// Pushes worked on at once; further ones are answered `busy`.
pub(crate) const INGEST_PARALLEL_MAX: usize = 4;
/// Characters of a batch id.
pub(crate) const BATCH_ID_CHARS_MAX: usize = 256;
/// Mirrored requests on their way to the journal; further ones are dropped and counted.
pub(crate) const MIRRORED_PARALLEL_MAX: usize = 512;
/// Seconds that the body of a mirrored request may take to arrive.
pub(crate) const MIRRORED_ARRIVAL_S: u64 = 10;
/// Rejected lines listed in an answer.
pub(crate) const REJECTED_LINES_MAX: usize = 100;

/// Seconds that a session lasts without being used.
pub(crate) const SESSION_IDLE_S: i64 = 12 * 3_600;
/// Seconds of a session after which its end is moved on.
pub(crate) const SESSION_RENEW_S: i64 = 600;
/// Characters of a password.
pub(crate) const PASSWORD_CHARS_MIN: usize = 10;
/// Characters of a password; keeps hashing bounded.
pub(crate) const PASSWORD_CHARS_MAX: usize = 256;
/// Characters of a user or token name.
pub(crate) const NAME_CHARS_MAX: usize = 64;
/// Characters of a note on a finding.
pub(crate) const NOTE_CHARS_MAX: usize = 2_000;
/// Passwords hashed at once (19 MiB of memory each).
pub(crate) const HASHES_PARALLEL_MAX: usize = 2;
/// Passwords hashed or waiting for it; further logins are answered `busy`.
pub(crate) const HASHES_WAITING_MAX: usize = 32;
/// Failed logins with one name within the window.
pub(crate) const FAILURES_PER_NAME_MAX: u32 = 10;
/// Failed logins from one address within the window.
pub(crate) const FAILURES_PER_ADDRESS_MAX: u32 = 30;
/// Seconds in which failed logins count together.
pub(crate) const FAILURES_WINDOW_S: i64 = 300;
/// Names and addresses followed; the longest quiet ones go first.
pub(crate) const FAILURE_KEYS_MAX: usize = 10_000;
/// Milliseconds that the answer to a failed login waits.
pub(crate) const FAILURE_DELAY_MS: u64 = 400;
