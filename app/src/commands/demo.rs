//! `apiarist demo`: the whole product on one generated day of an invented organisation.

use std::io::{BufWriter, Write};

use anyhow::{Context, Result, bail};
use store::Role;

use super::serve::{Running, announce, push, runtime, start_log};
use crate::cli::DemoArgs;
use crate::config::Config;
use crate::live::wall_clock;

/// Seed of the generated day: the same on every machine.
const SEED: u64 = 2026;
/// User and password of the demonstration; it holds nothing but generated data and listens on loopback.
const USER: &str = "admin";
const PASSWORD: &str = "apiarist-demo";
/// Setting that marks a folder as a demonstration.
const MARK: &str = "demo";
/// Calls pushed at once.
const BATCH_CALLS: usize = 2_000;

pub(crate) fn run(args: &DemoArgs) -> Result<()> {
    let end = wall_clock();
    if args.print {
        let mut out = BufWriter::new(std::io::stdout().lock());
        for call in testkit::demo::calls(end, SEED) {
            serde_json::to_writer(&mut out, &call)?;
            out.write_all(b"\n")?;
        }
        return Ok(out.flush()?);
    }
    start_log();
    let temporary =
        tempfile::Builder::new().prefix("apiarist-demo-").tempdir().context("cannot make a folder")?;
    let mut config = Config::default();
    config.data = args.data.clone().unwrap_or_else(|| temporary.path().to_path_buf());
    config.listen = args.listen.unwrap_or(config.listen);
    runtime()?.block_on(async {
        let running = Running::start(&config).await?;
        let catalogue = running.store.catalogue.as_ref();
        let is_new = catalogue.users().await?.is_empty();
        if !is_new && catalogue.setting(MARK).await?.is_none() {
            bail!("{} holds no demonstration; `apiarist serve --data` opens it", config.data.display());
        }
        catalogue.set_setting(MARK, "1").await?;
        // The well-known password is good enough only where nobody else can reach it.
        let known = config.listen.ip().is_loopback().then_some(PASSWORD);
        let password = serve::put_user(catalogue, USER, Role::Admin, known).await?;
        let live = std::sync::Arc::clone(&running.live);
        let serving = tokio::spawn(running.until_signal());
        if is_new {
            let calls: Vec<_> = testkit::demo::calls(end, SEED).collect();
            for batch in calls.chunks(BATCH_CALLS) {
                push(&live, batch.to_vec()).await?;
            }
            live.caught_up().await;
        }
        announce(&config)?;
        writeln!(
            std::io::stdout().lock(),
            "User {USER}, password {password}. Generated data only; stop with Ctrl-C."
        )?;
        serving.await.context("the demonstration broke off")?
    })
}
