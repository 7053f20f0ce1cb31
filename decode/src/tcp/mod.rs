//! TCP reassembly: packets of a connection in any order become two ordered streams with explicit gaps.
//!
//! A segment waits when bytes before it are missing, and also when it acknowledges bytes of the other
//! direction that were not seen yet: so both streams advance in the order of cause and effect, whatever the
//! mirror did. A missing segment that its receiver acknowledged is given up after
//! [`model::limits::HOLD_PACKETS_MAX`] packets or [`model::limits::HOLD_US_MAX`] of capture time.

mod connection;
mod doubt;
mod half;
mod hold;
mod rival;
mod table;

pub(crate) use table::Connections;
