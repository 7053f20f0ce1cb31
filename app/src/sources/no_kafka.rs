//! Stands in for `kafka` in a build without that feature: says so.

use std::collections::BTreeMap;
use std::thread::JoinHandle;

use anyhow::{Result, bail};

use super::{Opened, Outlet};

/// Never made.
pub(super) enum Kafka {}

impl Kafka {
    pub fn open(
        _brokers: &str,
        topics: &[String],
        _group: Option<&str>,
        _format: Option<&str>,
        _settings: &BTreeMap<String, String>,
    ) -> Result<Self> {
        bail!(
            "source kafka:{}: this build cannot read Kafka; build with `--features kafka`",
            topics.join(",")
        )
    }
}

impl Opened for Kafka {
    fn name(&self) -> &str {
        match *self {}
    }

    fn start(self: Box<Self>, _outlet: Outlet) -> Result<JoinHandle<()>> {
        match *self {}
    }
}
