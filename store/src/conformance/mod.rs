//! What every backend has to do, as suites that take the stores from a factory. They state the traits'
//! promises; nothing in them knows a backend. A backend's test is one line per suite.

pub mod access;
pub mod call_log;
pub mod catalogue;
pub mod crash;
pub mod sample;

use std::sync::Arc;

use async_trait::async_trait;

use crate::{CallLog, Catalogue};

/// One place where a backend keeps its data, empty when made. Opening it again finds what was kept.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens both stores; whoever opened them before has dropped them.
    async fn open(&self) -> (Arc<dyn CallLog>, Arc<dyn Catalogue>);
}
