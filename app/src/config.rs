//! Configuration: a TOML file, overridden by the command line. Everything has a default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;

use crate::sources::SourceConfig;

/// Where the console listens unless told otherwise: reachable from this machine only.
pub(crate) const LISTEN: &str = "127.0.0.1:7480";

/// Settings of the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Address and port of API and console.
    pub listen: SocketAddr,
    /// Folder that everything is kept in.
    pub data: PathBuf,
    /// The console is reached over https only (behind a proxy): cookies are marked `Secure`.
    pub secure_cookies: bool,
    /// Calls that may wait for analysis before pushes are refused with 429.
    pub waiting_calls_max: u64,
    /// Seconds between two saves of what is known.
    pub save_every_s: u64,
    /// Days that calls are kept; 0 keeps them all.
    pub keep_days: u32,
    /// Where traffic comes from besides pushes: one `[[source]]` table each, see below.
    pub source: Vec<SourceConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: LISTEN.parse().expect("a constant address"),
            data: PathBuf::from("data"),
            secure_cookies: false,
            waiting_calls_max: 200_000,
            save_every_s: 2,
            keep_days: 0,
            source: Vec::new(),
        }
    }
}

impl Config {
    /// Reads a file; without one the defaults.
    pub fn load(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).map_err(|error| {
            // The library shows the place in three more lines.
            let line = |at| text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            let place = error.span().map(|span| format!("line {}: ", line(span.start))).unwrap_or_default();
            let what = error.message().replace('\n', ", ");
            anyhow!("{} is no configuration: {place}{what}", path.display())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_name_any_setting_and_no_other() {
        let config: Config =
            toml::from_str("listen = \"0.0.0.0:80\"\nkeep_days = 30").expect("a configuration");
        assert_eq!((config.listen.port(), config.keep_days), (80, 30));
        assert!(toml::from_str::<Config>("lisen = \"0.0.0.0:80\"").is_err());
    }

    #[test]
    fn what_is_wrong_is_one_line_with_its_place() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.toml");
        for (text, expect) in [
            ("\nlisen = 1\n", "is no configuration: line 2: unknown field `lisen`, expected"),
            ("keep_days = \"x\"\n", "is no configuration: line 1: invalid type"),
            ("[[source]]\nkind = \"nothing\"\n", "is no configuration: line 2: unknown variant `nothing`"),
            ("[[source\n", "is no configuration: line 1: "),
        ] {
            std::fs::write(&path, text).expect("a file");
            let error = format!("{:#}", Config::load(Some(&path)).expect_err("no configuration"));
            assert!(error.contains(expect) && !error.contains('\n'), "{error:?}");
        }
    }
}
