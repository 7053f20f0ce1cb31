//! `apiarist capture`: a live interface to standard output, into a running instance, or into one of its own.

use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use capture::live::{Become, drop_privileges};
use model::Call;

use super::{OUTPUT, serve};
use crate::cli::CaptureArgs;
use crate::config::Config;
use crate::remote::{Pushed, Remote};
use crate::sources::{Capturing, Interface, Known, SourceConfig, options};

/// Time between two lines with counters.
const STATS_EVERY: Duration = Duration::from_secs(10);
/// Longest wait for calls.
const WAIT: Duration = Duration::from_millis(200);
/// Calls pushed at once.
const PUSH_CALLS: usize = 1_000;
/// How long calls are offered to an instance that does not take them, after the end.
const LAST_TRY: Duration = Duration::from_secs(5);

pub(crate) fn run(args: &CaptureArgs) -> Result<()> {
    if args.data.is_some() || args.listen.is_some() {
        if args.into.is_some() || args.count.is_some() || args.duration.is_some() {
            bail!("--into, --count and --duration do not go with --data and --listen");
        }
        if args.stats {
            bail!(
                "--stats does not go with --data and --listen: the counters stand in the status of the instance"
            );
        }
        return embedded(args);
    }
    let remote = match &args.into {
        Some(url) => Some(Remote::new(url, &token(args)?)?),
        None => None,
    };
    let mut options = options(&args.interface, args.filter.as_deref(), args.engine.as_deref())?;
    options.threads = args.threads;
    options.snaplen = args.snaplen.unwrap_or(options.snaplen);
    options.promiscuous = !args.no_promiscuous;
    options.hardware_time = args.hardware_time;
    let known = Known::read(&args.keylog, &args.rsa_key, &args.descriptors)?;
    let interface = Interface::open(&options, known)?;
    drop_privileges(args.user.as_deref().map_or(Become::Caller, Become::User))
        .context("privileges cannot be dropped")?;
    serve::start_log();
    // A wrong token shows now, not with the first call.
    if let Some(remote) = &remote
        && let Pushed::Later(_) = remote.greet()?
    {
        eprintln!("apiarist: the instance takes no calls yet; they wait");
    }
    let signal = super::until_signal()?;
    let mut capturing = interface.start()?;
    eprintln!("apiarist: capturing on {}", args.interface);
    let until = args.duration.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let end = End { until, flag: &signal };
    let mut lost = 0;
    let outcome = match &remote {
        Some(remote) => {
            let mut sink = Push { remote, end: &end, ended: None, lost: &mut lost };
            consume(&mut capturing, args, &end, &mut |calls| sink.push(&calls))
        }
        None => {
            let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout());
            consume(&mut capturing, args, &end, &mut |calls| print(calls, &mut out))
        }
    };
    let stopped = capturing.stop();
    let beyond = outcome.as_ref().map_or(0, |taken| capturing.queue.left().saturating_sub(*taken));
    if args.stats {
        let own = [("calls_beyond_count", beyond), ("calls_not_delivered", lost)];
        for (name, count) in capturing.counters().into_iter().chain(own) {
            eprintln!("{name:>20} {count}");
        }
    }
    let more = if beyond > 0 { format!(", {beyond} more than asked for") } else { String::new() };
    eprintln!("apiarist: {}{more}", capturing.summary());
    outcome.map(drop).and(stopped)?;
    if lost > 0 {
        bail!("{lost} calls were not delivered: the instance did not take them");
    }
    Ok(())
}

/// The token, from the command line or, better, the environment: command lines can be seen by other users.
fn token(args: &CaptureArgs) -> Result<String> {
    let from_environment = || std::env::var("APIARIST_TOKEN").ok();
    args.token.clone().or_else(from_environment).context("--into needs --token or APIARIST_TOKEN")
}

/// The server with this interface as a source.
fn embedded(args: &CaptureArgs) -> Result<()> {
    let mut config = Config::default();
    config.listen = args.listen.unwrap_or(config.listen);
    if let Some(data) = &args.data {
        config.data.clone_from(data);
    }
    config.source.push(as_source(args));
    serve::run_with(&config, &[], args.user.as_deref())
}

/// The same interface, read in the same way, as a source.
fn as_source(args: &CaptureArgs) -> SourceConfig {
    SourceConfig::Interface {
        name: args.interface.clone(),
        filter: args.filter.clone(),
        engine: args.engine.clone(),
        threads: Some(args.threads),
        snaplen: args.snaplen,
        key_logs: args.keylog.clone(),
        rsa_keys: args.rsa_key.clone(),
        descriptors: args.descriptors.clone(),
        promiscuous: Some(!args.no_promiscuous),
        hardware_time: Some(args.hardware_time),
    }
}

/// When it is time to end.
struct End<'a> {
    /// After the time that was asked for.
    until: Option<Instant>,
    /// On a signal.
    flag: &'a AtomicBool,
}

impl End<'_> {
    fn has_come(&self) -> bool {
        self.flag.load(Ordering::Relaxed) || self.until.is_some_and(|until| Instant::now() >= until)
    }
}

type Take<'a> = &'a mut dyn FnMut(Vec<Call>) -> Result<()>;

/// Takes calls until it is time to end. Returns how many.
fn consume(capturing: &mut Capturing, args: &CaptureArgs, end: &End<'_>, take: Take<'_>) -> Result<u64> {
    let wanted = args.count.unwrap_or(u64::MAX);
    let (mut next_stats, mut left) = (Instant::now() + STATS_EVERY, wanted);
    loop {
        let is_broken = capturing.is_broken();
        let is_last = is_broken || end.has_come();
        if is_last {
            // What waits for an instance that is away is not waited for much longer.
            end.flag.store(true, Ordering::Relaxed);
            capturing.stop()?;
        }
        while let Some(mut calls) = capturing.queue.take(WAIT) {
            calls.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left -= calls.len() as u64;
            if !calls.is_empty() {
                take(calls)?;
            }
            if left == 0 {
                // What the kernel still holds is not asked for.
                capturing.abandon();
                return Ok(wanted);
            }
            if !is_last {
                break;
            }
        }
        if is_broken {
            bail!("{}: capturing has ended", args.interface);
        }
        if is_last {
            return Ok(wanted - left);
        }
        if args.stats && Instant::now() >= next_stats {
            next_stats = Instant::now() + STATS_EVERY;
            eprintln!("apiarist: {}", capturing.summary());
        }
    }
}

fn print(calls: Vec<Call>, out: &mut impl Write) -> Result<()> {
    for call in calls {
        serde_json::to_writer(&mut *out, &call).context(OUTPUT)?;
        out.write_all(b"\n").context(OUTPUT)?;
    }
    // Whoever reads the pipe wants them now.
    out.flush().context(OUTPUT)
}

struct Push<'a> {
    remote: &'a Remote,
    end: &'a End<'a>,
    /// When the end was noticed.
    ended: Option<Instant>,
    /// Calls that the instance did not take.
    lost: &'a mut u64,
}

impl Push<'_> {
    fn push(&mut self, calls: &[Call]) -> Result<()> {
        for batch in calls.chunks(PUSH_CALLS) {
            loop {
                let pause = match self.remote.push(batch)? {
                    Pushed::Accepted => break,
                    Pushed::Later(pause) => pause,
                    Pushed::Unreadable(why) => {
                        tracing::error!(
                            calls = batch.len(),
                            why,
                            "the instance cannot read a batch; it is lost"
                        );
                        *self.lost += batch.len() as u64;
                        break;
                    }
                };
                if self.end.has_come() && self.ended.get_or_insert_with(Instant::now).elapsed() >= LAST_TRY {
                    *self.lost += batch.len() as u64;
                    break;
                }
                self.rest(pause.min(TRY_EVERY_MAX));
            }
        }
        Ok(())
    }

    /// Waits, but not past the end and a last try.
    fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while Instant::now() < until && !(self.end.has_come() && self.ended.is_none()) {
            std::thread::sleep(WAIT.min(until.saturating_duration_since(Instant::now())));
        }
    }
}

/// Longest pause that another instance can ask for.
const TRY_EVERY_MAX: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    use crate::cli::{Cli, Command};

    #[track_caller]
    fn check(arguments: &[&str], expect: (Option<bool>, Option<bool>, usize, usize)) {
        let cli = Cli::try_parse_from([&["apiarist", "capture", "-i", "lo"], arguments].concat());
        let Ok(Cli { command: Command::Capture(args), .. }) = cli else { panic!("{arguments:?}") };
        let SourceConfig::Interface { promiscuous, hardware_time, rsa_keys, descriptors, .. } =
            as_source(&args)
        else {
            panic!("{arguments:?}")
        };
        assert_eq!((promiscuous, hardware_time, rsa_keys.len(), descriptors.len()), expect);
    }

    #[test]
    fn an_instance_of_its_own_reads_the_interface_as_it_was_asked() {
        check(&[], (Some(true), Some(false), 0, 0));
        let all = ["--no-promiscuous", "--hardware-time", "--rsa-key", "a", "--descriptors", "b"];
        check(&all, (Some(false), Some(true), 1, 1));
    }
}
