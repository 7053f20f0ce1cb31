//! Reads the secrets that TLS is decrypted with, from the files that the command line or a source names. The environment variable
//! `SSLKEYLOGFILE` is not looked at: what is decrypted is said on the command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use decode::Keys;

use crate::cli::ReadingArgs;

/// All keys that were named.
///
/// # Errors
/// A file that cannot be read or holds no key, by name.
pub(crate) fn keys(args: &ReadingArgs) -> Result<Keys> {
    let mut keys = Keys::default();
    for path in &args.keylog {
        let text = std::fs::read(path).with_context(|| format!("cannot read key log {}", path.display()))?;
        // The last line may lack its end.
        if keys.add_key_log(&text) + keys.add_key_log(b"\n") == 0 {
            bail!("{}: no line of a key log that can be used", path.display());
        }
    }
    add_rsa_keys(&mut keys, &args.rsa_key)?;
    Ok(keys)
}

/// Adds the RSA keys of servers from PEM files.
///
/// # Errors
/// A file that cannot be read or holds no key, by name.
pub(crate) fn add_rsa_keys(keys: &mut Keys, paths: &[PathBuf]) -> Result<()> {
    for path in paths {
        let pem = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read RSA key {}", path.display()))?;
        if keys.add_rsa_key(&pem).is_err() {
            bail!("{}: no RSA key in PEM form without a password, or too many keys", path.display());
        }
    }
    Ok(())
}
