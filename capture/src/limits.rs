//! Limits of what is shared by threads, read live, followed, listened for and from Kafka, with their units.

/// Blocks of an input that one of its readers may be ahead of another.
pub(crate) const BROADCAST_BLOCKS: usize = 16;
/// Bytes of one block of the ring that kernel and process share; the longest packet is a little shorter.
pub(crate) const RING_BLOCK_BYTES: usize = 1 << 20;
/// Blocks of the ring of one thread.
pub(crate) const RING_BLOCKS: usize = 64;
/// Age at which a block that is not full is handed over, milliseconds.
pub(crate) const RING_RETIRE_MS: u32 = 50;
/// Threads that share an interface.
pub(crate) const LIVE_THREADS_MAX: usize = 64;
/// Bytes of the text of a capture filter.
pub(crate) const FILTER_BYTES_MAX: usize = 16 << 10;
/// Instructions of a compiled filter: the kernel takes no more.
pub(crate) const FILTER_STEPS_MAX: usize = 4_096;
/// Parentheses and negations inside each other in a filter.
pub(crate) const FILTER_DEPTH_MAX: usize = 64;
/// Bytes read of one followed file before the next one has its turn.
pub(crate) const FOLLOW_STEP_BYTES: usize = 1 << 20;
/// Files followed at once.
pub(crate) const FOLLOWED_FILES_MAX: usize = 4_096;
/// Files that were cut or have gone, remembered so that a copy of them is not read again.
pub(crate) const FORGOTTEN_FILES_MAX: usize = 1_024;
/// Looks at a file that has lost its name before it is closed: its writer may still hold it.
pub(crate) const NAMELESS_LOOKS_MAX: u32 = 240;
/// Bytes at the head and before the position of a followed file that tell it from another.
pub(crate) const FINGERPRINT_BYTES: usize = 256;
/// Bytes of one line of a key log.
pub(crate) const KEY_LINE_BYTES_MAX: usize = 4 << 10;
/// Bytes asked for the receive buffer of a socket for datagrams; without root the system's own limit may be lower.
pub(crate) const DATAGRAM_BUFFER_BYTES: usize = 16 << 20;
/// Bytes of one syslog message in a TCP stream.
pub(crate) const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Bytes of memory that a quiet TCP stream of syslog keeps for its next messages.
pub(crate) const MESSAGE_SPARE_BYTES: usize = 64 << 10;
#[cfg(feature = "kafka")]
/// Records of Kafka handed on at once.
pub(crate) const KAFKA_READ_RECORDS: usize = 2_000;
#[cfg(feature = "kafka")]
/// Bytes of records of Kafka after which they are handed on.
pub(crate) const KAFKA_READ_BYTES: usize = 16 << 20;
#[cfg(feature = "kafka")]
/// KiB of records that are fetched ahead for each partition of Kafka.
pub(crate) const KAFKA_WAITING_KIB_MAX: usize = 16_384;
#[cfg(feature = "kafka")]
/// Different messages about connections to Kafka kept until they are asked for.
pub(crate) const KAFKA_TOLD_MAX: usize = 16;
