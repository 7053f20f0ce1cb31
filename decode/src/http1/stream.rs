//! HTTP/1 as a protocol of a session: what bytes, gaps and ends of either direction do to the messages.

use model::Anomaly;

use super::connection::{Http1, Side, State};
use super::exchange::{Exchange, Progress};
use super::framing::note;
use super::recognise::{Start, recognise};
use crate::out::Out;
use crate::session::{Mark, Protocol, Switch, Talk};

impl Protocol for Http1 {
    fn opened_by(&mut self, client: usize) {
        if self.calls > 0 || self.sides.iter().any(|side| side.state != State::Search) {
            return;
        }
        self.talk.client = Some(client);
        self.sides.iter_mut().for_each(|side| side.state = State::Head);
        self.pairing.joined = false;
        self.pairing.server_whole = true;
        self.pairing.client_whole = true;
    }

    fn contradicted(&mut self, dir: usize) {
        self.contradicted[dir] = true;
    }

    fn is_known(&self) -> bool {
        // A few letters may be anything: the consent to TLS of a database is one.
        let is_begun = |side: &Side| !side.head.is_empty() && recognise(&side.head) != Start::Short;
        self.calls > 0 || self.sides.iter().any(is_begun)
    }

    fn bytes(&self) -> usize {
        let waiting = self.queue.len() * size_of::<Exchange>();
        self.bodies + waiting + self.sides[0].head.len() + self.sides[1].head.len()
    }

    fn talk(&mut self) -> Talk {
        std::mem::take(&mut self.talk)
    }

    fn data(&mut self, dir: usize, mut mark: Mark, bytes: &[u8], out: &mut Out) -> Option<Switch> {
        let (mut rest, mut segment_start) = (bytes, true);
        if self.talk.client == Some(1 - dir) {
            self.pairing.hear(Mark { seq: mark.seq + bytes.len() as u64, ..mark });
        }
        while !rest.is_empty() && !self.closed {
            if self.sides[dir].state == State::Search && !(segment_start && self.is_message(dir, rest)) {
                return None;
            }
            segment_start = false;
            let used = match self.sides[dir].state {
                State::Search => 0,
                State::Head => self.head(dir, mark, rest, out),
                _ => self.body(dir, mark, rest, out),
            };
            rest = &rest[used..];
            mark.seq += used as u64;
            if let Some(next) = self.next.take() {
                return Some(Switch { used: bytes.len() - rest.len(), next });
            }
        }
        None
    }

    /// `len` bytes of a direction will never be seen.
    fn gap(&mut self, dir: usize, at: u64, len: u64, out: &mut Out) {
        if self.closed {
            return;
        }
        let inside = match self.sides[dir].state {
            State::Search => {
                self.lose(dir, true);
                return;
            }
            State::Head if self.sides[dir].head.is_empty() => {
                self.lose(dir, true);
                self.note_lost_answer(dir, len);
                return;
            }
            State::Head => return self.cut_head(dir, Anomaly::GAP, out),
            State::Fixed(left) => left,
            State::Chunked(chunks) => chunks.data_left(),
            State::UntilClose => len,
        };
        let known = inside.min(len);
        let is_request = self.talk.client == Some(dir);
        if let Some(exchange) = self.current(dir) {
            let body = if is_request { &mut exchange.request_body } else { &mut exchange.response_body };
            body.gap(known);
        }
        let mark = Mark { seq: at + known, ack: 0, ts: i64::MIN };
        let is_chunked = matches!(self.sides[dir].state, State::Chunked(_));
        match &mut self.sides[dir].state {
            State::Fixed(left) if len < *left => *left -= len,
            State::Chunked(chunks) if len < inside => chunks.skip(len),
            State::UntilClose => {}
            _ => {
                self.complete(dir, mark, Some(Anomaly::GAP), out);
                // A body that ends exactly with the gap leaves the framing intact.
                if is_chunked || len > inside {
                    self.lose(dir, !is_chunked);
                    self.note_lost_answer(dir, if is_chunked { 0 } else { len - inside });
                }
            }
        }
    }

    /// A direction was closed; `reset`: by RST.
    fn end(&mut self, dir: usize, at: u64, reset: bool, out: &mut Out) {
        if self.closed {
            return;
        }
        let mark = Mark { seq: at, ack: 0, ts: i64::MIN };
        match self.sides[dir].state {
            State::Search => {}
            State::Head if self.sides[dir].head.is_empty() => {}
            State::Head => self.cut_head(dir, Anomaly::CUT_OFF, out),
            State::Fixed(_) | State::Chunked(_)
                if self.talk.client == Some(dir)
                    && self.queue.back().is_some_and(Exchange::is_body_withheld) =>
            {
                self.complete(dir, mark, None, out);
            }
            State::UntilClose if !reset => self.complete(dir, mark, None, out),
            _ => self.complete(dir, mark, Some(Anomaly::CUT_OFF), out),
        }
        self.sides[dir].state = State::Search;
    }

    /// The connection is over, or no longer followed: everything known is handed out.
    fn close(&mut self, out: &mut Out) {
        if self.closed {
            return;
        }
        (0..2).for_each(|dir| self.end(dir, 0, true, out));
        while let Some(mut exchange) = self.queue.pop_front() {
            if exchange.response == Progress::Absent && (exchange.after_gap || !self.pairing.server_whole) {
                note(&mut exchange.call.anomalies, Anomaly::UNMATCHED);
            }
            self.emit(exchange, out);
        }
        if let Some(orphan) = self.orphan.take() {
            self.emit(orphan, out);
        }
        self.closed = true;
    }
}
