//! From calls to what exists: the inventory of endpoints with their templates, the schema of what they carry,
//! the sensitive data in it, the accounts behind it.
//!
//! An [`Observer`] learns call by call. Where a path belongs is decided by the path tree of its site
//! (`site/tree.rs`), which is judged anew as evidence grows (`site/judge.rs`). Hostile input is a normal value
//! here: nothing returns an error for what a call contains.

mod accounts;
mod auth;
mod body;
mod export;
mod jwt;
mod learn;
mod login;
mod observer;
pub mod openapi;
mod operation;
mod redact;
mod scan;
mod schema;
mod site;
mod sketch;

pub use observer::{Inventory, Observed, Observer, SnapshotError};
pub use operation::{Operation, operations};
pub use redact::redact;
pub use scan::Redaction;
