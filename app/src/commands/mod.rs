//! One file per command of the command line.

pub(crate) mod analyze;
pub(crate) mod capture;
pub(crate) mod decode;
pub(crate) mod demo;
pub(crate) mod look_up;
pub(crate) mod serve;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

/// What failed, when output does.
const OUTPUT: &str = "output cannot be written";

/// A flag that SIGINT or SIGTERM raises, for commands that run until then.
fn until_signal() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    std::thread::spawn(move || {
        runtime.block_on(serve::signal());
        raised.store(true, Ordering::Relaxed);
    });
    Ok(flag)
}
