//! Reads the descriptors of protobuf messages from the files that the command line or a source names.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use decode::Descriptors;

/// All descriptors that were named; `None` when there are none.
///
/// # Errors
/// A file that cannot be read or describes no message, by name.
pub(crate) fn descriptors(paths: &[PathBuf]) -> Result<Option<Arc<Descriptors>>> {
    let mut all = Descriptors::default();
    for path in paths {
        let set =
            std::fs::read(path).with_context(|| format!("cannot read descriptors {}", path.display()))?;
        if all.add(&set) == 0 {
            bail!("{}: no FileDescriptorSet with messages (protoc --descriptor_set_out)", path.display());
        }
    }
    Ok((!all.is_empty()).then(|| Arc::new(all)))
}
