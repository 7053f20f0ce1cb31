//! Where the server takes traffic from by itself, as the configuration names it with `[[source]]`. What needs
//! privileges is opened first; then they are dropped; then everything starts. A kind of source is a file here that
//! says how it is opened and, as [`Opened`], how it is read; calls leave through the [`Outlet`].

mod config;
mod connections;
mod counters;
mod document;
mod envoy;
mod file;
mod follow;
mod intake;
mod interface;
#[cfg_attr(not(feature = "kafka"), path = "no_kafka.rs")]
mod kafka;
mod known;
mod outlet;
mod queue;
mod syslog;

pub(crate) use config::SourceConfig;
pub(crate) use counters::SourceCounters;
pub(crate) use document::decode;
pub(crate) use follow::{Following, MakeDecoder, unreadable};
pub(crate) use interface::{Capturing, Interface, options};
pub(crate) use known::Known;
pub(crate) use outlet::Outlet;
pub(crate) use queue::Queue;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow};
use capture::live::{Become, drop_privileges, is_root};
use clap::ValueEnum as _;
use decode::{JsonMap, Kind, LogFormat, Options};
use store::Catalogue;
use tracing::error;

use crate::cli::Format;
use crate::config::Config;
use crate::input::kind_of;
use crate::live::Live;

/// A source that is open and not read yet.
pub(crate) trait Opened {
    /// The name under which it is counted.
    fn name(&self) -> &str;

    /// Starts to read on a thread that ends soon after the outlet says so, when everything read is handed on.
    fn start(self: Box<Self>, outlet: Outlet) -> Result<JoinHandle<()>>;
}

/// The kind that a source names as its format; `None` when it is to be recognised.
fn kind_named(source: &str, format: Option<&str>) -> Result<Option<Kind>> {
    let Some(text) = format else { return Ok(None) };
    let format = Format::from_str(text, true).map_err(|_| {
        anyhow!("source {source}: \"{text}\" is no format; `apiarist help decode` lists them")
    })?;
    Ok(kind_of(format))
}

/// Sources that are open and not read yet.
#[derive(Default)]
pub(crate) struct Sources(Vec<Box<dyn Opened>>);

impl Sources {
    /// Opens what the configuration names, and gives up privileges when something among it needed them.
    pub fn open(config: &Config, user: Option<&str>) -> Result<Self> {
        let mut sources = Self::default();
        for source in &config.source {
            sources.0.push(match source {
                SourceConfig::Interface { .. } => Box::new(Interface::configured(source)?),
                SourceConfig::File { path, format, log_format, json_map } => {
                    let options = log_options(log_format.as_ref(), json_map.as_ref());
                    Box::new(file::Files::open(path, format.as_deref(), options)?)
                }
                SourceConfig::Syslog { listen, protocol, log_format, json_map } => {
                    let options = log_options(log_format.as_ref(), json_map.as_ref());
                    Box::new(syslog::Syslog::open(*listen, protocol.unwrap_or_default(), options)?)
                }
                SourceConfig::Kafka { brokers, topics, group, format, options } => Box::new(
                    kafka::Kafka::open(brokers, topics, group.as_deref(), format.as_deref(), options)?,
                ),
                SourceConfig::EnvoyAls { listen } => Box::new(envoy::Envoy::open(*listen)?),
            });
        }
        if config.source.iter().any(is_privileged) {
            std::fs::create_dir_all(&config.data)
                .with_context(|| format!("cannot make the data folder {}", config.data.display()))?;
            let target = user.map_or(Become::OwnerOf(&config.data), Become::User);
            drop_privileges(target).context("privileges cannot be dropped")?;
        }
        Ok(sources)
    }

    /// Starts to read.
    pub fn start(self, live: &Arc<Live>, catalogue: &Arc<dyn Catalogue>) -> Result<Started> {
        let outlet = Outlet::new(live, catalogue);
        // Also those that nothing comes from are shown.
        self.0.iter().for_each(|source| outlet.counters().set(source.name(), None));
        let threads = self.0.into_iter().map(|source| source.start(outlet.clone()));
        Ok(Started { threads: threads.collect::<Result<_>>()?, outlet })
    }
}

fn log_options(log_format: Option<&LogFormat>, json_map: Option<&JsonMap>) -> Options {
    Options { log_format: log_format.cloned(), json_map: json_map.cloned() }
}

/// Ports below this belong to the system.
const PORT_MIN: u16 = 1_024;

/// An interface, or a port that only root may have, opened as root.
fn is_privileged(source: &SourceConfig) -> bool {
    let is_low = |address: SocketAddr| (1..PORT_MIN).contains(&address.port());
    matches!(source, SourceConfig::Interface { .. }) || (source.listens_on().is_some_and(is_low) && is_root())
}

/// Sources that are read.
pub(crate) struct Started {
    outlet: Outlet,
    threads: Vec<JoinHandle<()>>,
}

impl Started {
    /// Hands on what was read and ends.
    pub async fn stop(self) {
        self.outlet.stop();
        let joined = tokio::task::spawn_blocking(move || {
            self.threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count()
        });
        if joined.await.unwrap_or(1) > 0 {
            error!("a source broke off");
        }
    }
}
