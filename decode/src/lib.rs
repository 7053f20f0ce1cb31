//! Bytes to calls: captures, documents (HAR, Burp, ...), logs and call records become [`model::Call`]s.
//!
//! Pure: no input or output, no clock, no threads. [`Decoder`] is fed with slices in any split and hands out
//! calls; bad bytes are never an error but a counter in [`Stats`], a [`Problem`], or an anomaly on the call.
//! `capture` opens inputs and feeds it; `app` wires the two.

mod brpc;
mod decoder;
mod dubbo;
mod envoy;
mod format;
mod grpc;
mod hessian2;
mod http1;
mod http2;
mod id;
mod input;
mod kind;
mod live;
mod net;
mod network;
mod order;
mod out;
mod rpc;
mod session;
mod shard;
mod sofarpc;
mod stats;
mod syslog;
mod tcp;
mod thrift;
mod tls;
mod websocket;

pub use decoder::{Decoder, Outcome};
pub use envoy::{EnvoyCounts, EnvoyRefusal, EnvoyStream};
pub use format::{BadFormat, JsonMap, LogFormat, Options};
pub use grpc::Descriptors;
pub use kind::{Kind, NotAKind, probe};
pub use live::Live;
pub use shard::Shard;
pub use stats::{Problem, Stats};
pub use syslog::{Syslog, SyslogMessage};
pub use tls::{Keys, NotAnRsaKey};
