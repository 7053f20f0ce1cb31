//! What is known so far, as detectors may read it. `observe` implements it, `detect` reads it.

use crate::{CallId, Endpoint, EndpointId};

/// An endpoint with the facts that only detectors need.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The endpoint as far as learned, schemas left out.
    pub endpoint: Endpoint,
    /// An identifier in path or query that can be counted or guessed through.
    pub enumerable: Option<Enumerable>,
    /// Failed logins in a row, for login endpoints.
    pub login: Option<LoginPressure>,
}

/// An identifier parameter whose values can be walked through.
#[derive(Debug, Clone, PartialEq)]
pub struct Enumerable {
    /// Name of the parameter.
    pub param: String,
    /// Kind of its values, as in `Param::kind`.
    pub kind: String,
    /// Distinct values that were answered with success (estimate).
    pub distinct: u64,
    /// Share of the range between the smallest and the largest number that was seen, 0 to 1.
    pub density: f32,
    /// Calls with different values that succeeded.
    pub evidence: Vec<CallId>,
}

/// How hard a login was tried without being slowed down.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginPressure {
    /// Most failures by one client, or against one account, within `limits::LOGIN_WINDOW_US`.
    pub failures_max: u32,
    /// An answer asked to slow down or locked the account (423, 429, or such a message).
    pub throttled: bool,
    /// Calls of that row.
    pub evidence: Vec<CallId>,
}

/// What is known so far.
pub trait World {
    /// The endpoint that an id means now: follows merges and promotions.
    fn resolve(&self, id: EndpointId) -> EndpointId;

    /// The profile of an endpoint of the inventory; `None` for candidates and unknown ids.
    fn profile(&self, id: EndpointId) -> Option<Profile>;

    /// All endpoints of the inventory, in a stable order.
    fn endpoints(&self) -> Vec<EndpointId>;
}
