//! The command line. Commands and their options are stable: people script against them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Watches application traffic and works out which APIs exist, what they carry, and where they are weak.
#[derive(Debug, Parser)]
#[command(name = "apiarist", version, max_term_width = 100, disable_help_subcommand = false)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole product on generated traffic of the last 24 hours
    Demo(DemoArgs),
    /// Write every call recovered from the input, one JSON record a line, in order of request start
    Decode(DecodeArgs),
    /// Capture on a network interface: calls to standard output, into a running instance, or into one of its own
    Capture(CaptureArgs),
    /// Analyse the input and write endpoints, calls, data, accounts, findings, OpenAPI and a report
    Analyze(AnalyzeArgs),
    /// Run everything: API, console, analysis of pushed calls
    Serve(ServeArgs),
    /// Print the learned OpenAPI document of a site from a data folder that is not in use
    Openapi(OpenapiArgs),
    /// Search endpoints, findings and accounts in a data folder that is not in use
    Search(SearchArgs),
}

/// Formats that can be forced when recognition fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// Recognise from content
    #[default]
    Auto,
    Pcap,
    Pcapng,
    Har,
    /// Items saved by Burp Suite
    Burp,
    /// Postman collection
    Postman,
    /// File of GoReplay
    #[value(name = "goreplay")]
    GoReplay,
    /// Text log of a server, proxy or cloud: nginx, Apache, HAProxy, Envoy, ALB, ...
    #[value(alias = "access-log")]
    Log,
    /// JSON lines of a server, proxy or cloud
    JsonLog,
    /// W3C extended log file: IIS, CloudFront
    #[value(name = "w3c")]
    W3c,
    /// IIS access log as Windows events in XML
    IisEvents,
    /// Log records of OpenTelemetry (OTLP), JSON or protobuf
    OtlpLogs,
    /// Spans of OpenTelemetry (OTLP), JSON or protobuf
    OtlpSpans,
    /// Call records, one JSON object a line
    #[value(alias = "call-records")]
    Calls,
}

/// How inputs are read, the same for every command that reads them.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ReadingArgs {
    /// Files, globs or folders; `-` reads standard input. `.gz` and `.zst` are read through
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<String>,
    /// What the input is
    #[arg(long, value_enum, default_value = "auto")]
    pub format: Format,
    /// Layout of a text log in the notation of nginx, Apache, HAProxy or Envoy; a whole directive is taken too
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<decode::LogFormat>,
    /// Keys of JSON lines: `method=verb,target=request.uri,status=code,...`
    #[arg(long, value_name = "MAP")]
    pub json_map: Option<decode::JsonMap>,
    /// Threads that decode one capture [default: one for each core, up to 8]
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Key log (`SSLKEYLOGFILE`) that TLS is decrypted with; may be repeated
    #[arg(long, value_name = "FILE")]
    pub keylog: Vec<PathBuf>,
    /// RSA key of a server (PEM), for TLS without forward secrecy; may be repeated
    #[arg(long, value_name = "FILE")]
    pub rsa_key: Vec<PathBuf>,
    /// Names for protobuf fields (`protoc --include_imports --descriptor_set_out FILE`); may be repeated
    #[arg(long, value_name = "FILE")]
    pub descriptors: Vec<PathBuf>,
    /// Set by `decode --tls`.
    #[arg(skip)]
    pub closed_tls: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DecodeArgs {
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Print counters of every stage to standard error at the end
    #[arg(long)]
    pub stats: bool,
    /// Also write a record for each TLS session that stays closed: protocol `tls`, no method, no status
    #[arg(long)]
    pub tls: bool,
    /// Go on reading as the files grow and rotate, until a signal ends it
    #[arg(long)]
    pub follow: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CaptureArgs {
    /// Interface, as `ip link` shows it; `any` for all
    #[arg(short, long, value_name = "IFACE")]
    pub interface: String,
    /// Which packets, in the language of tcpdump: `tcp port 80 and host 10.0.0.1`
    #[arg(short, long, value_name = "BPF")]
    pub filter: Option<String>,
    /// What reads the packets: `ring` (shared memory of the kernel), or `pcap` (libpcap, one thread, every kind of
    /// device) in a build with that feature [default: ring]
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<String>,
    /// Threads that capture and decode
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: usize,
    /// Key log (SSLKEYLOGFILE) to decrypt TLS with, followed while it grows; may be repeated
    #[arg(long, value_name = "FILE")]
    pub keylog: Vec<PathBuf>,
    /// RSA key of a server (PEM), for TLS without forward secrecy; may be repeated
    #[arg(long, value_name = "FILE")]
    pub rsa_key: Vec<PathBuf>,
    /// Names for protobuf fields (`protoc --include_imports --descriptor_set_out FILE`); may be repeated
    #[arg(long, value_name = "FILE")]
    pub descriptors: Vec<PathBuf>,
    /// Bytes kept of a packet [default: whole packets]
    #[arg(long, value_name = "BYTES")]
    pub snaplen: Option<u32>,
    /// Stop after so many calls
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// Stop after so many seconds
    #[arg(long, value_name = "S")]
    pub duration: Option<u64>,
    /// Print counters to standard error, every 10 seconds and at the end
    #[arg(long)]
    pub stats: bool,
    /// Leave packets to other machines alone
    #[arg(long)]
    pub no_promiscuous: bool,
    /// Take times from the network card, where it is set up to give them
    #[arg(long)]
    pub hardware_time: bool,
    /// Become this user once the interface is open [default: see docs/configuration.md]
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Push the calls to the instance at http://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub into: Option<String>,
    /// Token for --into [default: the environment variable APIARIST_TOKEN]
    #[arg(long, value_name = "T")]
    pub token: Option<String>,
    /// Run an instance of its own on this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Run an instance of its own at this address
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AnalyzeArgs {
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Folder to write into; made when missing
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder that everything is kept in [default: data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address and port of API and console [default: 127.0.0.1:7480]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Files to analyse at the start, like INPUT of `analyze`
    #[arg(long, value_name = "INPUT")]
    pub input: Vec<String>,
    /// Become this user once interfaces are open [default: the owner of the data folder]
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Keep the demonstration in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address and port of API and console [default: 127.0.0.1:7480]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Write the generated calls to standard output as call records and stop
    #[arg(long)]
    pub print: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OpenapiArgs {
    /// Site, as in the Host header
    pub host: String,
    /// Accepted for uniformity: the document is JSON anyway
    #[arg(long)]
    pub json: bool,
    /// Data folder
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SearchArgs {
    /// Text that is looked for in templates, hosts, titles of findings and account names
    pub query: String,
    /// Data folder
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// One JSON object a line instead of a table
    #[arg(long)]
    pub json: bool,
}
