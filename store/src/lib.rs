//! What is kept. Two traits: the [`CallLog`] (append-only, columnar) and the [`Catalogue`] (what is known).
//! Every backend passes the same conformance suites; rows of a backend stay private to it. [`Store::open`] opens
//! the embedded backends: a sealed journal with Parquet segments, and SQLite.

mod call_log;
mod catalogue;
#[doc(hidden)]
pub mod conformance;
mod error;
mod files;
mod journal;
mod limits;
mod open;
mod parquet;
mod sqlite;

pub use call_log::{Accepted, BatchId, Bucket, CallLog, CallLogStats, CallPage, CallQuery, Position};
pub use catalogue::{
    AccountQuery, ApiToken, AuditEntry, CandidateQuery, Catalogue, EndpointQuery, EndpointSort, FindingQuery,
    HotState, Knowledge, Page, Role, Session, SiteSummary, User, UserChange,
};
pub use error::StoreError;
pub use open::Store;
