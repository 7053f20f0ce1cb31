//! Files that the server follows: positions are kept in the catalogue once the calls are in the journal.

use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use decode::Kind;
use tracing::{error, info};

use super::{Following, Opened, Outlet, follow, kind_named};

/// Files that a pattern names.
pub(super) struct Files {
    path: String,
    kind: Option<Kind>,
}

impl Files {
    /// The files need not exist yet.
    pub fn open(path: &str, format: Option<&str>) -> Result<Self> {
        Ok(Self { kind: kind_named(path, format)?, path: path.to_owned() })
    }
}

impl Opened for Files {
    fn start(self: Box<Self>, outlet: Outlet) -> Result<JoinHandle<()>> {
        let thread = thread::Builder::new().name("follow".to_owned());
        thread.spawn(move || self.follow(&outlet)).context("cannot start a thread")
    }
}

impl Files {
    fn follow(self, outlet: &Outlet) {
        let Self { path, kind } = self;
        let key = format!("followed {path}");
        let kept = outlet.kept(&key).unwrap_or_else(|error| {
            error!(source = key, error = %format!("{error:#}"), "positions cannot be read; reading starts anew");
            String::new()
        });
        info!(path, "following");
        let mut following = Following::new(std::slice::from_ref(&path), kind, follow::from_text(&kept));
        let outcome =
            following.run(outlet.stopping(), &mut |calls| outlet.deliver(&path, calls, None), &mut |kept| {
                outlet.keep(&key, &follow::to_text(kept)?);
                Ok(())
            });
        if let Err(error) = outcome {
            error!(source = key, error = %format!("{error:#}"), "following broke off; a restart goes on");
        }
    }
}
