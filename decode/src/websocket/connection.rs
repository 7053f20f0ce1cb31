//! Both directions of a WebSocket, and the call that their messages belong to.

use model::{Anomaly, Headers, limits};

use super::deflate;
use super::inbound::Inbound;
use super::log::Log;
use crate::http1::{Exchange, note};
use crate::out::Out;
use crate::session::{Mark, Next, Protocol, Switch, Talk};

#[derive(Debug)]
pub(crate) struct WebSocket {
    talk: Talk,
    /// The handshake; gone once the call was handed out.
    exchange: Option<Box<Exchange>>,
    sides: [Inbound; 2],
    log: Log,
}

impl WebSocket {
    /// Takes over after the handshake. Its call no longer holds back those of other connections for long.
    pub(crate) fn new(talk: Talk, mut exchange: Box<Exchange>, out: &mut Out) -> Self {
        out.order.relax(exchange.ticket);
        exchange.call.protocol = "websocket".into();
        let none = Headers::new();
        let response = exchange.call.response.as_ref().map_or(&none, |response| &response.headers);
        let [of_client, of_server] = deflate::agreed(response).map_or([None, None], |both| both.map(Some));
        let client = talk.client.unwrap_or(0);
        let (mut asks, answers) = (Inbound::new(true, of_client), Inbound::new(false, of_server));
        // Without the request it is not known where the frames of the client begin.
        asks.is_over = exchange.call.request.is_none();
        let sides = if client == 0 { [asks, answers] } else { [answers, asks] };
        Self { talk, exchange: Some(exchange), sides, log: Log::default() }
    }

    fn hand_out(&mut self, out: &mut Out) {
        let Some(mut exchange) = self.exchange.take() else { return };
        self.sides.iter_mut().for_each(|side| side.finish_cut(&mut self.log));
        let log = std::mem::take(&mut self.log);
        exchange.call.messages = log.messages;
        log.anomalies.into_iter().for_each(|anomaly| note(&mut exchange.call.anomalies, anomaly));
        exchange.emit(out);
    }
}

impl Protocol for WebSocket {
    fn data(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) -> Option<Switch> {
        if let Some(exchange) = &self.exchange
            && mark.ts.saturating_sub(exchange.call.ts.0) > limits::STREAM_US_MAX
        {
            self.log.note(Anomaly::MESSAGES_TRUNCATED);
            self.log.is_full = true;
        }
        self.sides[dir].feed(bytes, &mut self.log);
        if self.log.is_full || self.sides.iter().all(|side| side.is_over) {
            self.hand_out(out);
            return Some(Switch { used: bytes.len(), next: Next::Opaque });
        }
        None
    }

    fn gap(&mut self, dir: usize, _at: u64, len: u64, _out: &mut Out) {
        self.sides[dir].gap(len, &mut self.log);
    }

    fn end(&mut self, dir: usize, _at: u64, _reset: bool, _out: &mut Out) {
        self.sides[dir].finish_cut(&mut self.log);
    }

    fn close(&mut self, out: &mut Out) {
        self.hand_out(out);
    }

    fn bytes(&self) -> usize {
        self.log.held() + self.sides.iter().map(Inbound::bytes).sum::<usize>()
    }

    fn is_known(&self) -> bool {
        true
    }

    fn talk(&mut self) -> Talk {
        std::mem::take(&mut self.talk)
    }

    fn contradicted(&mut self, _dir: usize) {
        self.log.note(Anomaly::OVERLAP);
    }
}
