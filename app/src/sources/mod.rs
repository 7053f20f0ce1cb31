//! Where the server takes traffic from by itself, as the configuration names it with `[[source]]`. What needs
//! privileges is opened first; then they are dropped; then everything starts.

mod config;
mod counters;
mod document;
mod follow;
mod interface;
mod queue;

pub(crate) use config::SourceConfig;
pub(crate) use counters::SourceCounters;
pub(crate) use document::decode;
pub(crate) use follow::Following;
pub(crate) use interface::{Capturing, Interface};
pub(crate) use queue::Queue;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use capture::live::{Become, Filter, Options, drop_privileges};
use clap::ValueEnum as _;
use decode::Kind;
use model::Call;
use serve::{Batch, Control, IngestError};
use store::Catalogue;
use tokio::runtime::Handle;
use tracing::{error, info, warn};

use crate::cli::Format;
use crate::config::Config;
use crate::input::kind_of;
use crate::live::Live;

/// Time between two lines about packets that were lost.
const REPORT_EVERY: Duration = Duration::from_secs(60);
/// Time between two tries while the store fails.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// How long calls are offered to a server that is full while it stops.
const LAST_TRY: Duration = Duration::from_secs(3);

/// Sources that are open and not read yet.
#[derive(Default)]
pub(crate) struct Sources {
    interfaces: Vec<Interface>,
    files: Vec<(String, Option<Kind>)>,
}

/// Options for an interface; the filter as text.
pub(crate) fn options(name: &str, filter: Option<&str>) -> Result<Options> {
    let filter = Filter::parse(filter.unwrap_or_default()).map_err(|error| anyhow!("filter: {error}"))?;
    Ok(Options { filter, ..Options::new(name) })
}

impl Sources {
    /// Opens what the configuration names, and gives up privileges when there was an interface among it.
    pub fn open(config: &Config, user: Option<&str>) -> Result<Self> {
        let mut sources = Self::default();
        for source in &config.source {
            match source {
                SourceConfig::Interface { name, filter, threads, snaplen, key_logs } => {
                    let mut options = options(name, filter.as_deref())?;
                    options.threads = threads.unwrap_or(options.threads);
                    options.snaplen = snaplen.unwrap_or(options.snaplen);
                    sources.interfaces.push(Interface::open(&options, key_logs)?);
                }
                SourceConfig::File { path, format } => {
                    let kind = match format {
                        Some(text) => kind_of(Format::from_str(text, true).map_err(|_| {
                            anyhow!(
                                "source {path}: \"{text}\" is no format; `apiarist help decode` lists them"
                            )
                        })?),
                        None => None,
                    };
                    sources.files.push((path.clone(), kind));
                }
            }
        }
        if !sources.interfaces.is_empty() {
            std::fs::create_dir_all(&config.data)
                .with_context(|| format!("cannot make the data folder {}", config.data.display()))?;
            let target = user.map_or(Become::OwnerOf(&config.data), Become::User);
            drop_privileges(target).context("privileges cannot be dropped")?;
        }
        Ok(sources)
    }

    /// Starts to read.
    pub async fn start(self, live: &Arc<Live>, catalogue: &Arc<dyn Catalogue>) -> Result<Started> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for interface in self.interfaces {
            info!(interface = interface.name, "capturing");
            let (capturing, live, stop) = (interface.start()?, Arc::clone(live), Arc::clone(&stop));
            let handle = Handle::current();
            threads.push(std::thread::spawn(move || forward(capturing, &live, &handle, &stop)));
        }
        for (path, kind) in self.files {
            let key = format!("followed {path}");
            let kept = catalogue.setting(&key).await.context("cannot read positions")?.unwrap_or_default();
            info!(path, "following");
            let following = Following::new(&[path], kind, follow::from_text(&kept));
            let (live, catalogue, stop) = (Arc::clone(live), Arc::clone(catalogue), Arc::clone(&stop));
            let handle = Handle::current();
            threads.push(std::thread::spawn(move || {
                follow_file(following, &key, (&live, catalogue.as_ref()), &handle, &stop);
            }));
        }
        Ok(Started { stop, threads })
    }
}

/// Sources that are read.
pub(crate) struct Started {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Started {
    /// Hands on what was read and ends.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        let joined = tokio::task::spawn_blocking(move || {
            self.threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count()
        });
        if joined.await.unwrap_or(1) > 0 {
            error!("a source broke off");
        }
    }
}

/// Hands calls of an interface to the server until the end.
fn forward(mut capturing: Capturing, live: &Live, handle: &Handle, stop: &AtomicBool) {
    let (mut next_report, mut lost, mut is_broken) = (Instant::now() + REPORT_EVERY, 0, false);
    loop {
        let is_last = stop.load(Ordering::Relaxed);
        if is_last && let Err(error) = capturing.stop() {
            error!(error = %format!("{error:#}"), "a source broke off");
        }
        while let Some(calls) = capturing.queue.take(Duration::from_millis(200)) {
            let count = calls.len() as u64;
            if let Err(error) = deliver(live, calls, handle, stop) {
                capturing.queue.drop_calls(count);
                error!(interface = capturing.name, calls = count, error = %format!("{error:#}"), "calls dropped");
            }
            // Busy traffic must not keep the clock and the end from being looked at.
            if count == 0 || !is_last {
                break;
            }
        }
        live.sources.set(&capturing.name, capturing.counters());
        if is_last {
            info!("{}", capturing.summary());
            return;
        }
        if !is_broken && capturing.is_broken() {
            is_broken = true;
            error!(
                interface = capturing.name,
                "a thread of the capture broke off; its share of the traffic is lost"
            );
        }
        let now_lost = capturing.counts().1.drops + capturing.queue.dropped();
        if Instant::now() >= next_report {
            if now_lost > lost {
                warn!("{}", capturing.summary());
            }
            (next_report, lost) = (Instant::now() + REPORT_EVERY, now_lost);
        }
    }
}

/// Hands calls of followed files to the server; positions are written once the calls are in its journal.
fn follow_file(
    mut following: Following,
    key: &str,
    (live, catalogue): (&Live, &dyn Catalogue),
    handle: &Handle,
    stop: &AtomicBool,
) {
    let outcome = following.run(stop, &mut |calls| deliver(live, calls, handle, stop), &mut |kept| {
        let text = follow::to_text(kept)?;
        // An older position costs a repetition after a restart, no line; the next one may be kept again.
        if let Err(error) = handle.block_on(catalogue.set_setting(key, &text)) {
            warn!(source = key, error = %error, "positions cannot be kept");
        }
        Ok(())
    });
    if let Err(error) = outcome {
        error!(source = key, error = %format!("{error:#}"), "following broke off; a restart goes on");
    }
}

/// Makes calls durable, waiting while the server is full.
fn deliver(live: &Live, calls: Vec<Call>, handle: &Handle, stop: &AtomicBool) -> Result<()> {
    let mut give_up = None;
    // One source hands in what is delivered at once.
    let source = calls.first().map_or_else(String::new, |call| call.source.to_string());
    let count = calls.len() as u64;
    loop {
        // Counted once, and only when it is certain to be tried.
        if live.has_room(count) {
            live.received(&source, count);
            let batch = Batch { source: source.clone(), id: None, calls: calls.clone() };
            match handle.block_on(live.ingest(batch)) {
                Ok(_) => return Ok(()),
                Err(IngestError::Busy { .. }) => {}
                Err(IngestError::Store(error)) => {
                    live.dropped(&source, "journal", "not_stored", count);
                    error!(source, calls = count, error = %error, "calls cannot be kept; they are tried again");
                    std::thread::sleep(STORE_RETRY);
                }
            }
        }
        if stop.load(Ordering::Relaxed) {
            let until = *give_up.get_or_insert_with(|| Instant::now() + LAST_TRY);
            if Instant::now() >= until {
                return Err(anyhow!("the server is full"));
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
