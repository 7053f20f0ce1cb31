//! Findings to decisions. Actions (reverse proxy, plugin adapters, block lists, masking) will live here;
//! so far the crate holds only the border: the trait through which the binary asks for a judgement.

use model::{Call, Decision, Observation};

/// Judges one call before it is let through. The binary implements it over rules and hot state.
pub trait Judge: Send + Sync {
    /// What to do about `call`. Must not block: it runs on the path of live traffic.
    fn judge(&self, call: &Call, observation: &Observation) -> Decision;
}
