//! The HTTP/1 side of one TCP connection: fed with ordered bytes and gaps of both directions, it hands
//! out calls. `session` calls it; directions are 0 and 1, which of them is the client is learned
//! from the handshake or from content.

use std::collections::VecDeque;

use model::{Anomaly, limits};

use super::chunked::Chunks;
use super::exchange::{Exchange, Progress};
use super::framing::{self, Framing, note};
use super::head::{First, Head};
use super::pairing::Pairing;
use crate::out::Out;
use crate::session::{Mark, Next, Talk};

/// Bytes of the shortest response: `HTTP/1.1 200` and two line ends.
const SHORTEST_RESPONSE: u64 = 16;

/// What the next bytes of a direction are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Unknown: the next message is looked for at the start of each segment.
    Search,
    Head,
    Fixed(u64),
    Chunked(Chunks),
    UntilClose,
}

/// First byte of a head, and the first byte after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub begin: Mark,
    pub end: Mark,
}

#[derive(Debug)]
pub(super) struct Side {
    pub state: State,
    /// Bytes of a head that is not whole, how far they were searched, and where they began.
    pub head: Vec<u8>,
    pub searched: usize,
    pub begin: Mark,
}

impl Side {
    fn new() -> Self {
        Self { state: State::Search, head: Vec::new(), searched: 0, begin: Mark::default() }
    }
}

/// HTTP/1 over one connection.
#[derive(Debug)]
pub(crate) struct Http1 {
    pub(super) talk: Talk,
    pub(super) sides: [Side; 2],
    pub(super) queue: VecDeque<Exchange>,
    /// A response without a request, or one that arrives for a request that had to make room.
    pub(super) orphan: Option<Exchange>,
    pub(super) pairing: Pairing,
    /// Start of an interim (1xx) response that precedes the next final one.
    interim: Option<u64>,
    /// Bytes of the current message were sent twice with different content.
    pub(super) contradicted: [bool; 2],
    /// What takes over after the message that was just read.
    pub(super) next: Option<Next>,
    /// Everything was handed out.
    pub(super) closed: bool,
    /// Calls of this protocol.
    pub(super) calls: u64,
    pub(super) bodies: usize,
}

impl Http1 {
    pub(crate) fn new(talk: Talk) -> Self {
        Self {
            talk,
            sides: [Side::new(), Side::new()],
            queue: VecDeque::new(),
            orphan: None,
            pairing: Pairing::default(),
            interim: None,
            contradicted: [false; 2],
            next: None,
            closed: false,
            calls: 0,
            bodies: 0,
        }
    }

    /// The framing of a direction is lost; `between`: not inside a message that was recognised.
    pub(super) fn lose(&mut self, dir: usize, between: bool) {
        self.sides[dir].state = State::Search;
        if self.talk.client == Some(dir) {
            self.pairing.client_whole = false;
            self.pairing.gap_between = between;
        } else {
            self.pairing.server_whole = false;
            self.pairing.joined &= self.calls == 0;
            self.interim = None;
        }
    }

    /// The last `len` bytes that are missing began right behind a message.
    pub(super) fn note_lost_answer(&mut self, dir: usize, len: u64) {
        self.pairing.answer_lost |= self.talk.client == Some(1 - dir) && len >= SHORTEST_RESPONSE;
    }

    /// A whole head was read.
    pub(super) fn message(&mut self, dir: usize, head: Option<Head>, span: Span, out: &mut Out) {
        let Some(head) = head else {
            self.lose(dir, true);
            return;
        };
        let minor = head.minor;
        if self.talk.client == Some(dir) {
            let exchange = self.push_request(head, span, out);
            let call = &mut exchange.call;
            let headers = call.request.as_ref().map(|request| &request.headers);
            let framing = headers
                .map_or(Framing::None, |headers| framing::of_request(headers, minor, &mut call.anomalies));
            if let Framing::Fixed(len) = framing {
                exchange.request_body.reserve(len);
            }
            self.start_body(dir, framing, span.end, out);
            return;
        }
        match head.first {
            First::Response { status: 100 | 102..=199 } => {
                self.interim.get_or_insert(span.begin.seq);
            }
            _ => self.final_response(dir, head, span, out),
        }
    }

    fn final_response(&mut self, dir: usize, head: Head, span: Span, out: &mut Out) {
        let minor = head.minor;
        let Some(exchange) = self.begin_response(head, span.begin, out) else { return };
        let call = &mut exchange.call;
        let status = call.status.unwrap_or_default();
        let headers = call.response.as_ref().map(|response| &response.headers);
        let framing = headers.map_or(Framing::None, |headers| {
            framing::of_response(&call.method, status, headers, minor, &mut call.anomalies)
        });
        if let Framing::Fixed(len) = framing {
            exchange.response_body.reserve(len);
        }
        self.start_body(dir, framing, span.end, out);
    }

    pub(super) fn push_request(&mut self, head: Head, span: Span, out: &mut Out) -> &mut Exchange {
        let begin = span.begin;
        self.pairing.asked(&self.queue, begin);
        self.make_room(out);
        let mut exchange = self.new_exchange(begin, out);
        let server = self.talk.server();
        exchange.set_request(head, server);
        exchange.head_end = span.end.seq;
        exchange.after_gap = !self.pairing.client_whole;
        exchange.quiet = self.pairing.is_quiet(begin);
        self.pairing.client_whole = true;
        self.queue.push_back(exchange);
        self.queue.back_mut().expect("just pushed")
    }

    /// Lets the oldest requests go while too many wait. One whose answer arrives takes it along; the answers of the
    /// others will be nobody's.
    fn make_room(&mut self, out: &mut Out) {
        let leaving = |http: &Self| http.orphan.as_ref().map_or(0, Exchange::bytes);
        while self.queue.len() >= limits::PIPELINE_MAX
            || self.bodies - leaving(self) > limits::PIPELINE_BYTES_MAX
        {
            let Some(mut exchange) = self.queue.pop_front() else { return };
            out.stats.requests_evicted += 1;
            if exchange.response == Progress::Arriving {
                self.orphan = Some(exchange);
                continue;
            }
            note(&mut exchange.call.anomalies, Anomaly::UNMATCHED);
            self.pairing.evict();
            self.emit(exchange, out);
        }
    }

    fn new_exchange(&mut self, begin: Mark, out: &mut Out) -> Exchange {
        let call = self.talk.call(&out.source, begin.ts);
        self.calls += 1;
        Exchange::new(call, out.order.open(begin.ts), begin)
    }

    /// Finds the request of a final response; without one the response stands alone.
    pub(super) fn begin_response(&mut self, head: Head, begin: Mark, out: &mut Out) -> Option<&mut Exchange> {
        let start = self.interim.take().unwrap_or(begin.seq);
        if self.pairing.server_whole {
            self.pairing.begun_at.get_or_insert(start);
        }
        let Some(index) = self.pairing.choose(&self.queue, start, begin.ack) else {
            self.give_up(start, out);
            let mut exchange = self.new_exchange(begin, out);
            note(&mut exchange.call.anomalies, Anomaly::UNMATCHED);
            exchange.set_response(head);
            let server = self.talk.server();
            exchange.call.host = super::exchange::server_host(server);
            if exchange.is_stream {
                out.order.relax(exchange.ticket);
            }
            self.orphan = Some(exchange);
            return self.orphan.as_mut();
        };
        (0..index).for_each(|_| self.leave_unanswered(out));
        self.pairing.certain();
        let exchange = self.queue.front_mut()?;
        exchange.after_gap = false;
        exchange.set_response(head);
        if exchange.is_stream {
            out.order.relax(exchange.ticket);
        }
        Some(exchange)
    }

    /// A response at `start` is nobody's where the order says nothing: what was asked before cannot be told from
    /// what it answers any more.
    fn give_up(&mut self, start: u64, out: &mut Out) {
        let front_after_gap = self.queue.front().is_none_or(|front| front.after_gap);
        if self.pairing.server_whole && !front_after_gap {
            return;
        }
        let is_over = |it: &Exchange| it.request == Progress::Done && it.response == Progress::Absent;
        for _ in 0..super::pairing::past(&self.queue, start) {
            if self.queue.front().is_some_and(is_over) {
                self.leave_unanswered(out);
                self.pairing.evict();
            }
        }
    }

    fn leave_unanswered(&mut self, out: &mut Out) {
        let Some(mut unanswered) = self.queue.pop_front() else { return };
        note(&mut unanswered.call.anomalies, Anomaly::UNMATCHED);
        self.emit(unanswered, out);
    }

    fn start_body(&mut self, dir: usize, framing: Framing, mark: Mark, out: &mut Out) {
        self.sides[dir].state = match framing {
            Framing::None | Framing::Fixed(0) => return self.complete(dir, mark, None, out),
            Framing::Fixed(len) => State::Fixed(len),
            Framing::Chunked => State::Chunked(Chunks::new()),
            Framing::UntilClose => State::UntilClose,
            Framing::Tunnel => {
                self.hand_over(dir, mark, out);
                return;
            }
        };
    }

    /// The response opens a tunnel (CONNECT) or changes the protocol (Upgrade, RFC 9110 §7.8).
    fn hand_over(&mut self, dir: usize, mark: Mark, out: &mut Out) {
        let token = match self.current(dir).map(|exchange| &exchange.call) {
            Some(call) if call.status == Some(101) => {
                let field = call.response.as_ref().and_then(|response| response.headers.get("upgrade"));
                field.unwrap_or_default().trim().to_ascii_lowercase()
            }
            _ => {
                self.next = Some(Next::Unknown);
                return self.complete(dir, mark, None, out);
            }
        };
        // The request may be missing, but must not be still on its way.
        let is_over = |exchange: &Exchange| exchange.request == Progress::Done;
        let is_next = match &self.orphan {
            Some(_) => token == "websocket",
            None => self.queue.front().is_some_and(is_over),
        };
        self.next = Some(match token.as_str() {
            "websocket" | "h2c" if is_next => {
                let exchange = self.orphan.take().or_else(|| self.queue.pop_front());
                let Some(mut exchange) = exchange.map(Box::new) else { return };
                exchange.last_ts = exchange.last_ts.max(mark.ts);
                exchange.response = Progress::Done;
                self.bodies = self.bodies.saturating_sub(exchange.bytes());
                if token == "h2c" { Next::UpgradedHttp2(exchange) } else { Next::WebSocket(exchange) }
            }
            _ => {
                self.complete(dir, mark, None, out);
                // RFC 2817; whatever else was agreed on is not read.
                if token.starts_with("tls/") { Next::Unknown } else { Next::Opaque }
            }
        });
    }

    /// The exchange that bytes of this direction belong to.
    pub(super) fn current(&mut self, dir: usize) -> Option<&mut Exchange> {
        if self.talk.client == Some(dir) {
            self.queue.back_mut()
        } else {
            self.orphan.as_mut().or(self.queue.front_mut())
        }
    }

    /// The message of a direction ends, with what was wrong about its end.
    pub(super) fn complete(&mut self, dir: usize, mark: Mark, anomaly: Option<Anomaly>, out: &mut Out) {
        let is_request = self.talk.client == Some(dir);
        let is_whole = anomaly.is_none();
        let contradicted = std::mem::take(&mut self.contradicted[dir]);
        self.sides[dir].state = State::Head;
        if let Some(exchange) = self.current(dir) {
            exchange.last_ts = exchange.last_ts.max(mark.ts);
            if contradicted {
                note(&mut exchange.call.anomalies, Anomaly::OVERLAP);
            }
            if let Some(anomaly) = anomaly {
                note(&mut exchange.call.anomalies, anomaly);
            }
            let progress = if is_request { &mut exchange.request } else { &mut exchange.response };
            *progress = Progress::Done;
            if is_request && is_whole {
                exchange.request_end = mark.seq;
            }
        }
        if !is_request {
            self.note_answer(mark.seq);
        }
        self.settle(out);
    }

    /// A response ends: what was asked before the client had read it did not wait for it.
    fn note_answer(&mut self, end: u64) {
        let (begin, others) = match &self.orphan {
            None => (0, 1),
            Some(leaving) if leaving.call.request.is_some() => (0, 0),
            // Whose it is is not known; what was asked while it came is another's.
            Some(orphan) => (orphan.start, 0),
        };
        if begin == 0 {
            self.pairing.answered_to = Some(end);
        }
        let first = super::pairing::past(&self.queue, begin + 1).max(others);
        if self.queue.get(first).is_some_and(|later| later.ack < end) {
            self.pairing.does_not_wait();
        }
    }

    /// Hands out what is complete.
    fn settle(&mut self, out: &mut Out) {
        if self.orphan.as_ref().is_some_and(|orphan| orphan.response == Progress::Done)
            && let Some(orphan) = self.orphan.take()
        {
            self.emit(orphan, out);
        }
        while self
            .queue
            .front()
            .is_some_and(|it| it.request == Progress::Done && it.response == Progress::Done)
        {
            if let Some(exchange) = self.queue.pop_front() {
                self.emit(exchange, out);
            }
        }
    }

    pub(super) fn emit(&mut self, exchange: Exchange, out: &mut Out) {
        self.bodies = self.bodies.saturating_sub(exchange.bytes());
        exchange.emit(out);
    }
}
