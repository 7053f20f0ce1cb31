//! Reads heads and bodies of one direction out of the slices as they come: the part of [`Http1`] that looks
//! at bytes. What the messages mean for each other is decided in `connection`.

use model::{Anomaly, limits};

use super::chunked::Progress as Chunk;
use super::connection::{Http1, Span, State};
use super::exchange::{Exchange, Progress};
use super::framing::note;
use super::head::{self, Head};
use super::lenient;
use super::recognise::{Start, may_be_response, recognise, recognise_segment, skip_line_ends};
use crate::out::Out;
use crate::session::Mark;

impl Http1 {
    /// True when a message of this direction starts here; the direction of the client is learned from it.
    pub(super) fn is_message(&mut self, dir: usize, bytes: &[u8]) -> bool {
        let client = match recognise_segment(bytes) {
            Start::Request => dir,
            Start::Response => 1 - dir,
            _ => return false,
        };
        let fits = *self.talk.client.get_or_insert(client) == client;
        if fits {
            self.sides[dir].state = State::Head;
        }
        fits
    }

    /// Reads a head; returns the bytes used.
    pub(super) fn head(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) -> usize {
        let side = &mut self.sides[dir];
        if side.head.is_empty() {
            let lead = bytes.len() - skip_line_ends(bytes).len();
            if lead > 0 {
                return lead;
            }
            side.begin = mark;
            let expect = if self.talk.client == Some(dir) { Start::Request } else { Start::Response };
            if !self.vet(dir, bytes, expect) {
                return bytes.len();
            }
            if let Ok(end) = head::find_end(bytes, 0) {
                let head = self.read_head(dir, &bytes[..end]);
                let span = Span { begin: mark, end: Mark { seq: mark.seq + end as u64, ..mark } };
                self.message(dir, head, span, out);
                return end;
            }
        }
        self.grow_head(dir, mark, bytes, out)
    }

    /// Keeps the bytes of a head that is not whole yet; returns the bytes used.
    fn grow_head(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) -> usize {
        let side = &mut self.sides[dir];
        let known = side.head.len();
        let taken = bytes.len().min(limits::HEADER_BYTES_MAX - known);
        side.head.extend_from_slice(&bytes[..taken]);
        if (1..32).contains(&known) {
            let expect = if self.talk.client == Some(dir) { Start::Request } else { Start::Response };
            let start: Vec<u8> = side.head.iter().take(64).copied().collect();
            if !self.vet(dir, &start, expect) {
                // What was kept is no head; these bytes may begin the next one.
                return if self.is_message(dir, bytes) { 0 } else { taken };
            }
        }
        let side = &mut self.sides[dir];
        match head::find_end(&side.head, side.searched) {
            Ok(end) => {
                let begin = side.begin;
                let data = self.take_head(dir);
                let head = self.read_head(dir, &data[..end]);
                let used = end.saturating_sub(known);
                let span = Span { begin, end: Mark { seq: mark.seq + used as u64, ..mark } };
                self.message(dir, head, span, out);
                used
            }
            Err(_) if self.talk.client == Some(dir) && lenient::is_simple_request(&side.head) => {
                let begin = side.begin;
                let data = self.take_head(dir);
                let head = self.read_head(dir, &data);
                let span = Span { begin, end: Mark { seq: mark.seq + taken as u64, ..mark } };
                self.message(dir, head, span, out);
                taken
            }
            Err(searched) if side.head.len() < limits::HEADER_BYTES_MAX => {
                side.searched = searched;
                taken
            }
            Err(_) => {
                self.cut_head(dir, Anomaly::BAD_HEAD, out);
                bytes.len()
            }
        }
    }

    fn take_head(&mut self, dir: usize) -> Vec<u8> {
        self.sides[dir].searched = 0;
        std::mem::take(&mut self.sides[dir].head)
    }

    /// Leaves the stream alone, until the next segment that starts a message, when these bytes start none.
    fn vet(&mut self, dir: usize, bytes: &[u8], expect: Start) -> bool {
        let start = recognise(bytes);
        let is_open = self.calls == 0 || expect == Start::Request || may_be_response(bytes);
        if start == expect || (start == Start::Short && is_open) {
            return true;
        }
        if self.is_turned_round(dir, bytes) {
            return true;
        }
        self.take_head(dir);
        self.lose(dir, true);
        false
    }

    /// The first message of the connection shows that not the side that opened it asks (both opened it at
    /// once, or the mirror swapped the handshake).
    fn is_turned_round(&mut self, dir: usize, bytes: &[u8]) -> bool {
        let client = match recognise_segment(bytes) {
            Start::Request => dir,
            Start::Response => 1 - dir,
            _ => return false,
        };
        if self.calls > 0 || self.talk.calls > 0 {
            return false;
        }
        self.talk.client = Some(client);
        true
    }

    fn read_head(&self, dir: usize, data: &[u8]) -> Option<Head> {
        if self.talk.client == Some(dir) { head::read_request(data) } else { head::read_response(data) }
    }

    /// Bytes were lost (or are too many) inside a head: what was read of it still tells something.
    pub(super) fn cut_head(&mut self, dir: usize, anomaly: Anomaly, out: &mut Out) {
        let begin = self.sides[dir].begin;
        let data = self.take_head(dir);
        let is_request = self.talk.client == Some(dir);
        let Some(head) = head::read_cut(&data, is_request) else {
            self.lose(dir, true);
            return;
        };
        let end = Mark { seq: begin.seq + data.len() as u64, ..begin };
        if is_request {
            let exchange = self.push_request(head, Span { begin, end }, out);
            note(&mut exchange.call.anomalies, anomaly);
            exchange.request = Progress::Done;
        } else if let Some(exchange) = self.begin_response(head, begin, out) {
            note(&mut exchange.call.anomalies, anomaly);
            self.complete(dir, end, None, out);
        }
        self.lose(dir, false);
    }

    /// Reads body bytes; returns the bytes used.
    pub(super) fn body(&mut self, dir: usize, mark: Mark, bytes: &[u8], out: &mut Out) -> usize {
        let is_request = self.talk.client == Some(dir);
        let mut state = self.sides[dir].state;
        if !is_request
            && self
                .orphan
                .as_ref()
                .is_some_and(|it| it.call.request.is_none() && it.response_body.size() == 0)
            && recognise(bytes) == Start::Response
        {
            // The answer to a HEAD request that was not seen has a length but no body.
            self.complete(dir, mark, None, out);
            return 0;
        }
        if is_request
            && self.queue.back().is_some_and(Exchange::is_body_withheld)
            && recognise_segment(bytes) == Start::Request
        {
            self.complete(dir, mark, None, out);
            return 0;
        }
        let before = self.bodies;
        let Some(exchange) = self.current(dir) else {
            self.lose(dir, true);
            return bytes.len();
        };
        let held = exchange.bytes();
        exchange.last_ts = exchange.last_ts.max(mark.ts);
        let body = if is_request { &mut exchange.request_body } else { &mut exchange.response_body };
        let (used, progress) = match &mut state {
            State::Fixed(left) => {
                let used = (*left).min(bytes.len() as u64) as usize;
                body.push(&bytes[..used]);
                *left -= used as u64;
                (used, if *left == 0 { Chunk::Done } else { Chunk::More })
            }
            State::Chunked(chunks) => chunks.feed(bytes, body),
            State::UntilClose | State::Search | State::Head => {
                body.push(bytes);
                (bytes.len(), Chunk::More)
            }
        };
        if let State::Chunked(chunks) = &state
            && chunks.is_odd()
        {
            note(&mut exchange.call.anomalies, Anomaly::ODD_CHUNK);
        }
        if exchange.is_stream {
            exchange.hand_out_early(mark.ts, out);
        }
        self.bodies = before + exchange.bytes() - held;
        self.sides[dir].state = state;
        match progress {
            Chunk::More => {}
            Chunk::Done => self.complete(dir, Mark { seq: mark.seq + used as u64, ..mark }, None, out),
            Chunk::Bad => {
                let end = Mark { seq: mark.seq + used as u64, ..mark };
                self.complete(dir, end, Some(Anomaly::BAD_CHUNK), out);
                self.lose(dir, false);
                return bytes.len();
            }
        }
        used
    }
}
