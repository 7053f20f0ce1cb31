//! What is kept. Two traits: the [`CallLog`] (append-only, columnar) and the [`Catalogue`] (what is known).
//! Every backend passes the same conformance suites; rows of a backend stay private to it.

mod call_log;
mod catalogue;
mod error;

pub use call_log::{Bucket, CallLog, CallLogStats, CallPage, CallQuery, Position};
pub use catalogue::{
    AccountQuery, ApiToken, CandidateQuery, Catalogue, EndpointQuery, EndpointSort, FindingQuery, HotState,
    Knowledge, Page, Role, Session, SiteSummary, User,
};
pub use error::StoreError;
