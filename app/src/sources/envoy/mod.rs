//! Envoy's access log service (gRPC, v3): the address that Envoys stream their entries to, over HTTP/2 without TLS.
//! While the outlet waits nothing is read, and flow control makes the senders wait. Envoy sends no entry twice.

mod connection;
mod stream;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use capture::listen;
use tokio::sync::Semaphore;
use tracing::{error, info};

use super::connections::Connections;
use super::{Opened, Outlet};
use crate::limits::{ENVOY_CONNECTIONS_MAX, ENVOY_PEER_CONNECTIONS_MAX, ENVOY_READ_AT_ONCE};

/// An address that is open and not read yet.
pub(super) struct Envoy {
    source: String,
    listener: TcpListener,
}

impl Envoy {
    pub fn open(address: SocketAddr) -> Result<Self> {
        let source = format!("envoy-als:{address}");
        let listener = listen::connections(address).with_context(|| format!("source {source}"))?;
        Ok(Self { source, listener })
    }

    async fn run(self, outlet: &Outlet) {
        let most = (ENVOY_CONNECTIONS_MAX, ENVOY_PEER_CONNECTIONS_MAX);
        let connections = Connections::new(&self.source, outlet, most);
        let reading = Arc::new(Semaphore::new(ENVOY_READ_AT_ONCE));
        let accepted = connections.accept(self.listener, |stream, place| {
            tokio::spawn(connection::serve(stream, place, Arc::clone(&reading)));
        });
        if let Err(error) = accepted.await {
            error!(source = self.source, error = %format!("{error:#}"), "no entries are taken any more");
        }
        connections.all_closed().await;
    }
}

impl Opened for Envoy {
    fn name(&self) -> &str {
        &self.source
    }

    fn start(self: Box<Self>, outlet: Outlet) -> Result<JoinHandle<()>> {
        info!(source = self.source, "listening");
        let thread = thread::Builder::new().name("envoy-als".to_owned());
        thread.spawn(move || outlet.block_on(self.run(&outlet))).context("cannot start a thread")
    }
}
