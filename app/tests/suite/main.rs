//! The binary as its users run it: command line and server, with real files, sockets and signals.

mod cli;
mod crash;
mod envoy;
#[cfg(feature = "kafka")]
mod kafka;
mod listeners;
mod nginx;
mod otlp;
mod pushes;
mod reading;
mod support;
mod traffic;
