//! What a `[[source]]` of the configuration file may say: where the server takes traffic from by itself. A new
//! kind of source is one variant here and one arm in `sources/mod.rs`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use decode::{JsonMap, LogFormat};
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
        /// RSA keys of servers (PEM), as `--rsa-key` of `decode`; read before privileges are given up.
        #[serde(default)]
        rsa_keys: Vec<PathBuf>,
        /// Names for protobuf fields, as `--descriptors` of `decode`; read before privileges are given up.
        #[serde(default)]
        descriptors: Vec<PathBuf>,
        /// Whether packets to other machines are taken too; true unless given.
        promiscuous: Option<bool>,
        /// Whether times are those of the network card, where it is set up to give them; false unless given.
        hardware_time: Option<bool>,
    },
    /// Files that are followed as they grow and rotate.
    File {
        /// A file or a pattern; it need not exist yet.
        path: String,
        /// What they are, as `--format` of `decode`; recognised from content unless given.
        format: Option<String>,
        /// Layout of a text log, as `--log-format` of `decode`.
        log_format: Option<LogFormat>,
        /// Keys of JSON lines, as `--json-map` of `decode`.
        json_map: Option<JsonMap>,
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
    /// Messages of syslog that servers send to this machine (RFC 5424, RFC 3164).
    Syslog {
        /// Address and port to listen on; root gives up its privileges behind a port below 1024.
        listen: SocketAddr,
        /// `udp`, `tcp` or `both`; both unless given.
        protocol: Option<SyslogProtocol>,
        /// Layout of the lines that are sent, as `--log-format` of `decode`; recognised unless given.
        log_format: Option<LogFormat>,
        /// Keys of JSON lines, as `--json-map` of `decode`.
        json_map: Option<JsonMap>,
    },
    /// Access logs that Envoys stream to this machine (gRPC access log service v3, HTTP/2 without TLS).
    EnvoyAls {
        /// Address and port to listen on.
        listen: SocketAddr,
    },
}

/// What carries messages of syslog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SyslogProtocol {
    Udp,
    Tcp,
    #[default]
    Both,
}

impl SourceConfig {
    /// The address that it listens on.
    pub fn listens_on(&self) -> Option<SocketAddr> {
        match self {
            Self::Syslog { listen, .. } | Self::EnvoyAls { listen } => Some(*listen),
            Self::Interface { .. } | Self::File { .. } | Self::Kafka { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct File {
        source: Vec<SourceConfig>,
    }

    #[test]
    fn sources_are_told_apart_by_kind_and_typing_errors_are_found() {
        let text = "[[source]]\nkind = \"interface\"\nname = \"eth0\"\nfilter = \"tcp port 80\"\n\
                    promiscuous = false\nhardware_time = true\nrsa_keys = [\"a.pem\"]\ndescriptors = [\"a.pb\"]\n\n\
                    [[source]]\nkind = \"file\"\npath = \"/var/log/nginx/*.log\"\n";
        let file: File = toml::from_str(text).expect("two sources");
        assert!(matches!(&file.source[0], SourceConfig::Interface { name, .. } if name == "eth0"));
        assert!(matches!(&file.source[1], SourceConfig::File { path, .. } if path.ends_with("*.log")));
        assert!(toml::from_str::<File>("[[source]]\nkind = \"interface\"\nnam = \"eth0\"\n").is_err());
        assert!(toml::from_str::<File>("[[source]]\nkind = \"pigeon\"\n").is_err());
    }

    #[test]
    fn listeners_and_what_is_known_of_their_logs() {
        let text = "[[source]]\nkind = \"syslog\"\nlisten = \"0.0.0.0:514\"\nprotocol = \"tcp\"\n\
                    log_format = \"$remote_addr $request\"\njson_map = \"method=verb\"\n";
        let file: File = toml::from_str(text).expect("a source");
        let SourceConfig::Syslog { protocol, log_format, json_map, .. } = &file.source[0] else {
            panic!("syslog")
        };
        assert!(*protocol == Some(SyslogProtocol::Tcp) && log_format.is_some() && json_map.is_some());
        assert_eq!(file.source[0].listens_on().map(|address| address.port()), Some(514));
        let envoy = "[[source]]\nkind = \"envoy-als\"\nlisten = \"127.0.0.1:18090\"\n";
        let file: File = toml::from_str(envoy).expect("a source");
        assert!(matches!(&file.source[0], SourceConfig::EnvoyAls { listen } if listen.port() == 18_090));
        let bad = toml::from_str::<File>(&text.replace("$request", "$status")).expect_err("no request");
        assert!(bad.message().starts_with("the log format has no field for the request"), "{bad}");
    }
}
