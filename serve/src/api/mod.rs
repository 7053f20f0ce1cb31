//! One file per kind of thing, each with its handlers. A new one is a file here, a line below, its routes in
//! `router.rs` and their access in `access.rs`.

// utoipa's macro writes out the names of parameter types in full.
#![allow(unused_qualifications)]

pub(crate) mod accounts;
pub(crate) mod calls;
pub(crate) mod candidates;
pub(crate) mod data;
pub(crate) mod endpoints;
pub(crate) mod findings;
pub(crate) mod ingest;
pub(crate) mod metrics;
pub(crate) mod otlp;
pub(crate) mod overview;
pub(crate) mod rules;
pub(crate) mod session;
pub(crate) mod sites;
pub(crate) mod status;
pub(crate) mod tokens;
pub(crate) mod users;
