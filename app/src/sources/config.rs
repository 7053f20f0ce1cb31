//! What a `[[source]]` of the configuration file may say: where the server takes traffic from by itself. A new
//! kind of source is one variant here and one arm in `sources/mod.rs`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// A place that traffic comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum SourceConfig {
    /// A network interface of this machine, read live (Linux).
    Interface {
        /// Its name, as `ip link` shows it; `any` for all.
        name: String,
        /// What to capture, in the language of tcpdump; everything unless given.
        filter: Option<String>,
        /// What reads the packets: `ring` (the kernel's shared memory) unless given, or `pcap` (libpcap, one thread) in
        /// a build with `--features pcap`.
        engine: Option<String>,
        /// Threads that capture and decode; 1 unless given.
        threads: Option<usize>,
        /// Bytes kept of a packet; whole packets unless given.
        snaplen: Option<u32>,
        /// Key logs (`SSLKEYLOGFILE`) that are followed while they grow; TLS connections are decrypted with them.
        #[serde(default)]
        key_logs: Vec<PathBuf>,
    },
    /// Files that are followed as they grow and rotate.
    File {
        /// A file or a pattern; it need not exist yet.
        path: String,
        /// What they are, as `--format` of `decode`; recognised from content unless given.
        format: Option<String>,
    },
    /// Topics of Kafka, read as a member of a consumer group. Needs a build with `--features kafka`.
    Kafka {
        /// `host:port` of brokers, separated by commas.
        brokers: String,
        /// Names of topics; one that starts with `^` is a pattern.
        topics: Vec<String>,
        /// The consumer group, whose members share the partitions; `apiarist` unless given.
        group: Option<String>,
        /// What each record is, as `--format` of `decode`; recognised from content unless given.
        format: Option<String>,
        /// Settings of librdkafka: `security.protocol`, `sasl.mechanism`, `ssl.ca.location`, `auto.offset.reset`, ...
        #[serde(default)]
        options: BTreeMap<String, String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        source: Vec<SourceConfig>,
    }

    #[test]
    fn sources_are_told_apart_by_kind_and_typing_errors_are_found() {
        let text = "[[source]]\nkind = \"interface\"\nname = \"eth0\"\nfilter = \"tcp port 80\"\n\n\
                    [[source]]\nkind = \"file\"\npath = \"/var/log/nginx/*.log\"\n";
        let file: File = toml::from_str(text).expect("two sources");
        assert!(matches!(&file.source[0], SourceConfig::Interface { name, .. } if name == "eth0"));
        assert!(matches!(&file.source[1], SourceConfig::File { path, .. } if path.ends_with("*.log")));
        assert!(toml::from_str::<File>("[[source]]\nkind = \"interface\"\nnam = \"eth0\"\n").is_err());
        assert!(toml::from_str::<File>("[[source]]\nkind = \"pigeon\"\n").is_err());
    }
}
