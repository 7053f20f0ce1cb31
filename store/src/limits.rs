//! Limits of the embedded stores, with their units. They bound files and memory of this crate only; limits of
//! what traffic may carry are in `model::limits`.

/// Sealed bytes of a journal file after which the next frame opens a new one.
pub(crate) const JOURNAL_FILE_BYTES: u64 = 64 << 20;
/// Bytes of waiting batches that are put into one frame, and so share one fsync.
pub(crate) const FRAME_GROUP_BYTES: usize = 4 << 20;
/// Bytes of one frame; a batch that does not fit is refused.
pub(crate) const FRAME_BYTES_MAX: usize = 1 << 30;
/// Calls compressed as one piece.
pub(crate) const PIECE_CALLS_MAX: usize = 1_024;
/// Calls of a batch above which it is packed beside the request threads...
pub(crate) const PACK_BESIDE_CALLS: usize = 256;
/// ...and bytes of bodies.
pub(crate) const PACK_BESIDE_BYTES: usize = 1 << 20;
/// Sealed journal bytes read in one go by `accepted`.
pub(crate) const REPLAY_BYTES_MAX: usize = 64 << 20;

/// Ids of batches that are remembered, so that a batch sent again is not kept again; older ones are forgotten.
pub(crate) const BATCH_IDS_MAX: usize = 100_000;

/// Rows of one row group.
pub(crate) const ROW_GROUP_ROWS: usize = 64 << 10;
/// Encoded bytes after which a row group is closed before it has all its rows; bounds the writer's memory.
pub(crate) const ROW_GROUP_BYTES: usize = 128 << 20;
/// Rows of one segment.
pub(crate) const SEGMENT_ROWS: usize = 1 << 20;
/// Rows sorted and handed to the writer at once.
pub(crate) const WRITE_ROWS: usize = 4 << 10;
/// Segments with fewer rows are merged...
pub(crate) const MERGE_ROWS: u64 = ROW_GROUP_ROWS as u64;
/// ...when this many of them have gathered...
pub(crate) const MERGE_SEGMENTS: usize = 16;
/// ...or when they come to this many bytes, which is also the most that is merged at once. A segment of more
/// than half of it stays as it is: merging it again and again would cost more than it gives.
pub(crate) const MERGE_BYTES: u64 = 128 << 20;
/// Rows fetched by one lookup of the second phase of a query.
pub(crate) const FETCH_ROWS: usize = 512;
/// Buckets of one histogram.
pub(crate) const BUCKETS_MAX: usize = 10_000;

/// Rows written by one statement.
pub(crate) const STATEMENT_ROWS: usize = 256;
/// Bytes of one row of a hot state.
pub(crate) const HOT_STATE_PART_BYTES: usize = 8 << 20;
/// How exactly the last use of an API token is known, microseconds; spares a commit per pushed batch.
pub(crate) const TOKEN_USE_STEP_US: i64 = 60 * 1_000_000;
/// Characters of a searched text that are compared; SQLite refuses patterns over 50,000 bytes, and the automaton
/// that DataFusion makes of a long one takes seconds to build.
pub(crate) const SEARCH_CHARS_MAX: usize = 1_000;
