//! Files that the server follows: positions are kept in the catalogue once the calls are in the journal.

use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use decode::{Decoder, Kind, Options, Stats};
use tracing::{error, info, warn};

use super::counters::losses;
use super::{Following, Opened, Outlet, SourceCounters, follow, kind_named};

/// Files that a pattern names.
pub(super) struct Files {
    path: String,
    kind: Option<Kind>,
    options: Options,
}

impl Files {
    /// The files need not exist yet. `options`: what is known about them, when they are logs.
    pub fn open(path: &str, format: Option<&str>, options: Options) -> Result<Self> {
        Ok(Self { kind: kind_named(path, format)?, path: path.to_owned(), options })
    }
}

impl Opened for Files {
    fn name(&self) -> &str {
        &self.path
    }

    fn start(self: Box<Self>, outlet: Outlet) -> Result<JoinHandle<()>> {
        let thread = thread::Builder::new().name("follow".to_owned());
        thread.spawn(move || self.follow(&outlet)).context("cannot start a thread")
    }
}

impl Files {
    fn follow(self, outlet: &Outlet) {
        let Self { path, kind, options } = self;
        let key = format!("followed {path}");
        let kept = outlet.kept(&key).unwrap_or_else(|error| {
            error!(source = key, error = %format!("{error:#}"), "positions cannot be read; reading starts anew");
            String::new()
        });
        info!(path, "following");
        for line in follow::unreadable(std::slice::from_ref(&path)) {
            warn!("{line}");
        }
        let decoder = move |source: &str, same: Option<Kind>| {
            Decoder::with_options(source, kind.or(same), options.clone())
        };
        let patterns = std::slice::from_ref(&path);
        let mut following = Following::new(patterns, Box::new(decoder), follow::from_text(&kept));
        let mut counted = Stats::default();
        let outcome = following.run(
            outlet.stopping(),
            &mut |calls| {
                outlet.counters().received(&path, calls.len() as u64);
                outlet.deliver(&path, calls, None)
            },
            &mut |kept, stats| {
                count_losses(&path, (&std::mem::replace(&mut counted, *stats), stats), outlet.counters());
                let counters = stats.counters();
                outlet.counters().set(&path, counters.into_iter().filter(|(_, count)| *count > 0));
                outlet.keep(&key, &follow::to_text(kept)?);
                Ok(())
            },
        );
        if let Err(error) = outcome {
            error!(source = key, error = %format!("{error:#}"), "following broke off; a restart goes on");
        }
    }
}

/// Counts what was no call between two looks at the counters of the decoders.
fn count_losses(path: &str, (before, now): (&Stats, &Stats), counters: &SourceCounters) {
    for ((reason, now), (_, before)) in losses(now).into_iter().zip(losses(before)) {
        let records = now.saturating_sub(before);
        counters.received(path, records);
        counters.dropped(path, "decode", reason, records);
    }
}
