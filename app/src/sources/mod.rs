//! Where the server takes traffic from by itself, as the configuration names it with `[[source]]`.

mod config;

pub(crate) use config::SourceConfig;
