//! Addresses that servers send syslog to, over UDP and TCP. Opened before privileges are given up; then one thread
//! takes messages, decodes them and hands calls on. While the outlet waits nothing is read: TCP senders wait, and what
//! the kernel drops of datagrams is counted.

mod datagrams;
mod streams;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use capture::listen::{self, Datagrams};
use decode::{Options, SyslogMessage};
use model::Timestamp;
use tracing::{error, info};

use super::config::SyslogProtocol;
use super::intake::Intake;
use super::{Opened, Outlet};

/// An address that is open and not read yet.
pub(super) struct Syslog {
    source: String,
    options: Options,
    udp: Option<Datagrams>,
    tcp: Option<TcpListener>,
}

impl Syslog {
    /// `options`: what is known about the logs that are sent.
    pub fn open(address: SocketAddr, protocol: SyslogProtocol, options: Options) -> Result<Self> {
        let source = format!("syslog:{address}");
        let with_source = || format!("source {source}");
        let udp = match protocol {
            SyslogProtocol::Tcp => None,
            _ => Some(listen::datagrams(address).with_context(with_source)?),
        };
        let tcp = match protocol {
            SyslogProtocol::Udp => None,
            _ => Some(listen::connections(address).with_context(with_source)?),
        };
        Ok(Self { source, options, udp, tcp })
    }

    async fn run(self, outlet: &Outlet) {
        let receiver = || Receiver {
            decoder: decode::Syslog::new(self.options.clone()),
            intake: Intake::new(&self.source, outlet),
        };
        let outcomes = tokio::join!(
            async { if let Some(udp) = self.udp { datagrams::take(udp, receiver()).await } else { Ok(()) } },
            async { if let Some(tcp) = self.tcp { streams::take(tcp, receiver()).await } else { Ok(()) } },
        );
        for error in [outcomes.0, outcomes.1].into_iter().filter_map(Result::err) {
            error!(source = self.source, error = %format!("{error:#}"), "syslog is not taken any more");
        }
    }
}

impl Opened for Syslog {
    fn name(&self) -> &str {
        &self.source
    }

    fn start(self: Box<Self>, outlet: Outlet) -> Result<JoinHandle<()>> {
        let buffer_bytes = self.udp.as_ref().map_or(0, |udp| udp.buffer_bytes);
        info!(source = self.source, udp_buffer_bytes = buffer_bytes, "listening");
        let thread = thread::Builder::new().name("syslog".to_owned());
        thread.spawn(move || outlet.block_on(self.run(&outlet))).context("cannot start a thread")
    }
}

/// Decodes messages and keeps count of them.
struct Receiver {
    decoder: decode::Syslog,
    intake: Intake,
}

impl Receiver {
    fn message(&mut self, message: &[u8], arrived: Timestamp, sender: IpAddr) {
        self.intake.receive(1);
        match self.decoder.message(message, arrived, sender) {
            SyslogMessage::Call(call) => self.intake.call(*call, message.len()),
            SyslogMessage::NotACall => self.intake.drop_records("decode", "not_a_call", 1),
            SyslogMessage::Malformed => self.intake.drop_records("decode", "malformed", 1),
        }
    }
}
