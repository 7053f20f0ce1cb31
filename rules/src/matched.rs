//! What a scan finds: one sensitive value, with its type and place inside the scanned text.

use model::DataType;

/// One value in a scanned text. Neither `Debug` nor `Serialize`: it carries the raw value.
#[derive(Clone)]
pub struct Match {
    /// What it is.
    pub data_type: DataType,
    /// Sensitivity level 1 (public) to 5 (core).
    pub level: u8,
    /// 0 to 1.
    pub confidence: f32,
    /// The value was already masked where it stood (`138****1234`).
    pub masked: bool,
    /// The type says something about a natural person.
    pub person: bool,
    /// First byte of the value in the scanned text.
    pub start: usize,
    /// Byte after the value. For a value with escapes inside (JSON in a string) the span is that of its source.
    pub end: usize,
    /// The value as it may be shown.
    pub sample: String,
    /// The value in its normal form, for keyed hashing only: sensitive. Empty when masked.
    pub canonical: String,
}
