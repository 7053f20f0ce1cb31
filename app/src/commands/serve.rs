//! `apiarist serve`: stores, pipeline, API and console in one process, until a signal ends it.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use model::Call;
use rules::Ruleset;
use serve::{Control, RuleBook, ServeState};
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{error, info};

use crate::cli::{ReadingArgs, ServeArgs};
use crate::config::Config;
use crate::input;
use crate::live::{Live, Worker};
use crate::sources::Sources;

/// The source under which calls of files are counted.
const FILES: &str = "files";
/// Calls handed over at once when files are analysed at the start.
const BATCH_CALLS: usize = 2_000;
/// Times that an address in use is tried again: a process that was killed gives it back when it is quite gone.
const LISTEN_TRIES: u32 = 20;
/// Pause in between.
const LISTEN_PAUSE: Duration = Duration::from_millis(100);

pub(crate) fn run(args: &ServeArgs) -> Result<()> {
    let mut config = Config::load(args.config.as_deref())?;
    config.listen = args.listen.unwrap_or(config.listen);
    if let Some(data) = &args.data {
        config.data.clone_from(data);
    }
    run_with(&config, &args.input, args.user.as_deref())
}

/// Runs the server; `input`: files to analyse at the start; `user`: who to be once interfaces are open.
pub(crate) fn run_with(config: &Config, input: &[String], user: Option<&str>) -> Result<()> {
    start_log();
    if !input.is_empty() {
        // A name that leads nowhere is wrong usage, not something to find out later.
        capture::expand(input)?;
    }
    // Before there are other threads: they must not keep privileges.
    let sources = Sources::open(config, user)?;
    runtime()?.block_on(async {
        let running = Running::start(config).await?;
        first_password(running.store.catalogue.as_ref()).await?;
        announce(config)?;
        let sources = sources.start(&running.live, &running.store.catalogue)?;
        let live = Arc::clone(&running.live);
        let inputs = not_read_yet(running.store.catalogue.as_ref(), input).await?;
        if !inputs.is_empty() {
            let catalogue = Arc::clone(&running.store.catalogue);
            tokio::spawn(async move {
                let outcome = match push_files(&live, inputs.clone()).await {
                    Ok(()) => remember_read(catalogue.as_ref(), &inputs).await,
                    Err(error) => Err(error),
                };
                if let Err(error) = outcome {
                    error!(error = %format!("{error:#}"), "input could not be read to its end");
                }
            });
        }
        let outcome = running.until_signal().await;
        sources.stop().await;
        outcome
    })
}

async fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    for _ in 0..LISTEN_TRIES {
        match TcpListener::bind(address).await {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => sleep(LISTEN_PAUSE).await,
            bound => return bound,
        }
    }
    TcpListener::bind(address).await
}

/// Everything that runs in one process.
pub(crate) struct Running {
    pub store: Store,
    pub live: Arc<Live>,
    listener: TcpListener,
    state: ServeState,
    worker: Worker,
}

impl Running {
    /// Opens the data folder, takes up the saved state and binds the address.
    pub async fn start(config: &Config) -> Result<Self> {
        let rules = Arc::new(Ruleset::builtin().context("the built-in rules cannot be loaded")?);
        let listener =
            listen(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
        let store = open_store(&config.data).await?;
        let live = Arc::new(Live::new(&store, config));
        let worker = Worker::start(Arc::clone(&live), &rules, store.value_key, config).await?;
        let control: Arc<dyn Control> = live.clone();
        let book = RuleBook::from(rules.as_ref());
        let state = ServeState::new(Arc::clone(&store.log), Arc::clone(&store.catalogue), book, control)
            .secure_cookies(config.secure_cookies);
        Ok(Self { store, live, listener, state, worker })
    }

    /// Serves until SIGINT or SIGTERM; then saves everything.
    pub async fn until_signal(self) -> Result<()> {
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(self.worker.run(stopped));
        let mut failed = {
            let stop = stop.clone();
            tokio::spawn(async move {
                let outcome = worker.await;
                // A worker that ends early takes the server with it: calls must not pile up unseen.
                let _ = stop.send(true);
                outcome
            })
        };
        let mut ended = stop.subscribe();
        let shutdown = async move {
            tokio::select! {
                () = signal() => info!("stopping"),
                _ = ended.changed() => {}
            }
        };
        serve::serve(self.listener, self.state, shutdown).await.context("the server has stopped")?;
        let _ = stop.send(true);
        (&mut failed).await.context("the analysis broke off")?.context("the analysis broke off")?
    }
}

/// Opens the data folder.
pub(crate) async fn open_store(data: &Path) -> Result<Store> {
    Store::open(data).await.with_context(|| format!("cannot open the data folder {}", data.display()))
}

/// A runtime with as many threads as cores.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

/// Log lines go to standard error; `APIARIST_LOG` filters them.
pub(crate) fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("APIARIST_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,apiarist=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
}

/// Makes the first administrator and prints the password, this once.
async fn first_password(catalogue: &dyn store::Catalogue) -> Result<()> {
    let password = serve::first_run(catalogue).await.context("cannot make the first user")?;
    if let Some(password) = password {
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "First start. User {}, password {password} (shown only now, to be changed at login)",
            serve::FIRST_ADMIN
        )?;
        out.flush()?;
    }
    Ok(())
}

/// Says where the console is.
pub(crate) fn announce(config: &Config) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let what = if serve::has_console() { "Console" } else { "API (this binary carries no console)" };
    writeln!(out, "{what}: http://{}", config.listen)?;
    Ok(out.flush()?)
}

/// The inputs that an earlier start has not read to their end: a restart must not count calls twice.
async fn not_read_yet(catalogue: &dyn store::Catalogue, inputs: &[String]) -> Result<Vec<String>> {
    let mut fresh = Vec::new();
    for input in inputs {
        match catalogue.setting(&read_key(input)?).await? {
            Some(_) => info!(input, "already read, not changed since"),
            None => fresh.push(input.clone()),
        }
    }
    Ok(fresh)
}

async fn remember_read(catalogue: &dyn store::Catalogue, inputs: &[String]) -> Result<()> {
    for input in inputs {
        catalogue.set_setting(&read_key(input)?, "1").await.context("cannot note what was read")?;
    }
    Ok(())
}

/// Names an input with the sizes and times of its files: when one changes, it is another input.
fn read_key(input: &str) -> Result<String> {
    let mut key = format!("input {input}");
    for file in capture::expand(&[input.to_owned()])? {
        if let capture::Input::File(path) = file {
            let meta = std::fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let changed =
                meta.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            key.push_str(&format!(" {}:{}", meta.len(), changed.unwrap_or_default().as_millis()));
        }
    }
    Ok(key)
}

/// Reads files on a thread of its own and pushes their calls like any other sender, waiting while the queue is full.
async fn push_files(live: &Arc<Live>, inputs: Vec<String>) -> Result<()> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Vec<Call>>(4);
    let reader = tokio::task::spawn_blocking(move || {
        let mut batch = Vec::with_capacity(BATCH_CALLS);
        let args = ReadingArgs { inputs, ..ReadingArgs::default() };
        let summary = input::read(&args, &mut |call| {
            batch.push(call);
            if batch.len() == BATCH_CALLS {
                sender.blocking_send(std::mem::take(&mut batch)).context("the server is stopping")?;
            }
            Ok(())
        })?;
        summary.require_calls()?;
        if !batch.is_empty() {
            sender.blocking_send(batch).context("the server is stopping")?;
        }
        anyhow::Ok(summary)
    });
    while let Some(batch) = receiver.recv().await {
        push(live, batch).await?;
    }
    let summary = reader.await.context("reading broke off")??;
    info!(calls = summary.calls, "input read");
    Ok(())
}

/// Pushes calls, waiting while the queue is full.
pub(crate) async fn push(live: &Live, mut calls: Vec<Call>) -> Result<()> {
    let count = calls.len() as u64;
    live.received(FILES, count);
    loop {
        match live.keep(FILES, None, &mut calls).await {
            Ok(_) => return Ok(()),
            Err(serve::IngestError::Busy { .. }) => {
                live.sources.retried(FILES, 1);
                sleep(Duration::from_millis(100)).await;
            }
            Err(serve::IngestError::Store(error)) => {
                live.dropped(FILES, "journal", "not_stored", count);
                return Err(error).context("calls cannot be kept");
            }
        }
    }
}

/// Waits for SIGINT or SIGTERM.
pub(crate) async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        let _ = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}
