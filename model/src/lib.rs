//! The nouns that cross the borders between crates: what a call is, what an endpoint is,
//! what was found. No logic beyond construction, ordering and the stored formats.
//!
//! Everything here is a promise: stages talk to each other in these types, the stores keep
//! them, and the record formats of the command line are their serialisation.

mod account;
mod call;
mod data;
mod endpoint;
mod finding;
mod headers;
mod id;
pub mod limits;
mod observation;
mod record;
mod secret;
mod time;
mod world;

pub use account::{Account, AccountEvidence, Auth, AuthKind, AuthUse, AuthVerdict, JwtFacts};
pub use call::{Anomaly, Call, Message, Peer, Rpc, Scheme, StreamMessage, THRIFT_MESSAGE_TYPE, TlsInfo};
pub use data::{DataHit, DataType, DataUse, Place, Side};
pub use endpoint::{
    Candidate, CandidateReason, Endpoint, Exposure, Latency, LifeState, Param, Risk, RiskPart, Style,
    TemplateEvidence,
};
pub use finding::{Decision, Family, Finding, FindingState, Severity};
pub use headers::Headers;
pub use id::{CallId, EndpointId, ValueHash};
pub use observation::{LoggedCall, Observation};
pub use secret::Secret;
pub use time::Timestamp;
pub use world::{Enumerable, LoginPressure, Profile, World};
