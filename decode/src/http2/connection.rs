//! The HTTP/2 side of one connection: what frames mean for its streams. `session` calls it; which direction is
//! the client is known from the handshake or the preface, or learned from the first head.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{Anomaly, Message, Scheme};

use super::head::Fields;
use super::reading::{Side, State};
use super::streams::{Half, Stream, Streams};
use super::tunnels::Tunnels;
use crate::http1::{Exchange, Progress, normal_host, server_host};
use crate::out::Out;
use crate::session::{Mark, Protocol, Switch, Talk};

/// SETTINGS_MAX_FRAME_SIZE (RFC 9113 §6.5.2).
const MAX_FRAME_SIZE: u16 = 5;
/// What it may be.
const FRAME_SIZES: std::ops::RangeInclusive<u32> = 16_384..=16_777_215;

/// What a header block opens or goes on with.
#[derive(Debug)]
pub(super) struct Opening {
    pub stream: u32,
    /// The stream that a PUSH_PROMISE promises.
    pub promised: Option<u32>,
    pub ends: bool,
    pub begin: Mark,
    /// It has no end.
    pub cut: Option<Anomaly>,
}

/// HTTP/2 over one connection.
#[derive(Debug)]
pub(crate) struct Http2 {
    pub(super) talk: Talk,
    pub(super) sides: [Side; 2],
    pub(super) streams: Streams,
    /// What is spoken inside CONNECT, by stream.
    pub(super) tunnels: Tunnels,
    closed: bool,
}

impl Http2 {
    /// `opened`: both streams are read from their first byte.
    pub(crate) fn new(talk: Talk, opened: bool) -> Self {
        let sides = [Side::new(opened), Side::new(opened)];
        Self { talk, sides, streams: Streams::default(), tunnels: Tunnels::default(), closed: false }
    }

    /// After an upgrade from HTTP/1 (RFC 7540 §3.2): the request becomes stream 1, its response follows there.
    pub(crate) fn upgraded(talk: Talk, mut exchange: Exchange, out: &mut Out) -> Self {
        let mut http = Self::new(talk, true);
        let call = &mut exchange.call;
        call.protocol = "http/2".into();
        (call.status, call.response) = (None, None);
        exchange.response = Progress::Absent;
        let settings = call.request.as_ref().and_then(|request| request.headers.get("http2-settings"));
        let settings = URL_SAFE_NO_PAD.decode(settings.unwrap_or_default().trim_end_matches('='));
        if let Some(client) = http.talk.client {
            http.settings(client, &settings.unwrap_or_default());
        }
        let held = exchange.bytes();
        http.streams.open(1, exchange, out);
        http.streams.bytes += held;
        http
    }

    fn half(&self, dir: usize) -> Half {
        if self.talk.client == Some(dir) { Half::Request } else { Half::Response }
    }

    /// The client's preface: its stream begins here, and the server's does unless something was seen of it.
    pub(super) fn preface(&mut self, dir: usize) {
        self.talk.client = Some(dir);
        let max_frame = self.sides[dir].max_frame;
        self.sides[dir] = Side::new(true);
        self.sides[dir].begun = true;
        self.sides[dir].max_frame = max_frame;
        if !self.sides[1 - dir].begun {
            self.sides[1 - dir] = Side::new(true);
        }
    }

    pub(super) fn settings(&mut self, dir: usize, payload: &[u8]) {
        for setting in payload.chunks_exact(6) {
            let [a, b, c, d, e, f] = setting else { continue };
            let value = u32::from_be_bytes([*c, *d, *e, *f]);
            // The size of the HPACK table needs no look: the encoder states what it makes of it in the blocks.
            if u16::from_be_bytes([*a, *b]) == MAX_FRAME_SIZE && FRAME_SIZES.contains(&value) {
                self.sides[1 - dir].max_frame = value;
            }
        }
    }

    /// A header block is whole, or all that there is of it.
    pub(super) fn block_ends(&mut self, dir: usize, opening: Opening, block: &[u8], out: &mut Out) {
        let fields = Fields::read(&mut self.sides[dir].hpack, block);
        let client = match (fields.is_request(), fields.status) {
            (_, _) if opening.promised.is_some() => Some(1 - dir),
            (true, None) => Some(dir),
            (false, Some(_)) => Some(1 - dir),
            _ => None,
        };
        if self.talk.client.is_none() {
            self.talk.client = client;
        }
        let id = opening.promised.unwrap_or(opening.stream);
        let is_request = client == Some(dir) || opening.promised.is_some();
        let fits = self.talk.client.is_some() && (!is_request || self.talk.client == client);
        if !fits || id == 0 || self.streams.is_dropped(id) {
            out.stats.unplaced_bytes += block.len() as u64;
            return;
        }
        let bytes = fields.bytes;
        let (bad, unknown, cut) = (fields.bad && opening.cut.is_none(), fields.unknown, opening.cut.clone());
        if matches!(fields.status, Some(100..=199)) {
            // What counts is the final response.
            return;
        }
        let known = match (opening.promised, self.half(dir)) {
            (None, Half::Response) => self.response(&opening, fields, out),
            _ => self.request(id, &opening, fields, out),
        };
        if !known {
            out.stats.unplaced_bytes += block.len() as u64;
            return;
        }
        self.streams.count_head(id, bytes);
        if let Some(stream) = self.streams.get(id) {
            let marks = [(bad, Anomaly::BAD_HEAD), (unknown, Anomaly::UNKNOWN_HEADER)];
            marks.into_iter().filter(|(is, _)| *is).for_each(|(_, anomaly)| stream.note(anomaly));
            cut.into_iter().for_each(|anomaly| stream.note(anomaly));
        }
        if opening.promised.is_some() {
            self.streams.finish(id, Half::Request, opening.begin.ts, out);
        } else if !self.open_tunnel(id, opening.begin.ts, out) && opening.ends {
            self.finish(dir, id, opening.begin.ts, out);
        }
    }

    /// A head or trailers from the client, or the request of a promise; false when it belongs to nothing.
    fn request(&mut self, id: u32, opening: &Opening, fields: Fields, out: &mut Out) -> bool {
        let is_new = self.streams.get(id).is_none();
        if is_new && !fields.is_request() && !(fields.unknown && id > self.streams.highest) {
            return false;
        }
        let talk = &mut self.talk;
        if is_new {
            let call = talk.call(&out.source, opening.begin.ts);
            let exchange = Exchange::new(call, out.order.open(opening.begin.ts), opening.begin);
            self.streams.open(id, exchange, out);
        }
        let Some(stream) = self.streams.get(id) else { return false };
        match stream.exchange.request {
            Progress::Absent => set_request(stream, fields, talk),
            Progress::Arriving => add_trailers(stream.exchange.call.request.as_mut(), &fields),
            Progress::Done => return false,
        }
        true
    }

    /// A head or trailers from the server; false when it belongs to nothing.
    fn response(&mut self, opening: &Opening, fields: Fields, out: &mut Out) -> bool {
        let id = opening.stream;
        if self.streams.get(id).is_none() {
            if fields.status.is_none() {
                return false;
            }
            let mut call = self.talk.call(&out.source, opening.begin.ts);
            call.protocol = "http/2".into();
            call.host = server_host(self.talk.server());
            let exchange = Exchange::new(call, out.order.open(opening.begin.ts), opening.begin);
            self.streams.open(id, exchange, out);
        }
        let Some(stream) = self.streams.get(id) else { return false };
        let call = &mut stream.exchange.call;
        let is_head = match stream.exchange.response {
            Progress::Absent => true,
            // What came before was an interim response of which the status was not known.
            Progress::Arriving => call.status.is_none() && fields.status.is_some(),
            Progress::Done => return false,
        };
        if !is_head {
            add_trailers(call.response.as_mut(), &fields);
            return true;
        }
        call.status = fields.status;
        call.response = Some(Message { headers: fields.headers, body: None, body_size: None });
        stream.exchange.response = Progress::Arriving;
        if fields.status.is_none() && stream.has_missed(Half::Response) {
            // The head may have been lost, and these may be the trailers.
            stream.note(Anomaly::GAP);
        }
        true
    }

    /// Bytes of a DATA frame.
    pub(super) fn content(&mut self, dir: usize, id: u32, mark: Mark, bytes: &[u8], out: &mut Out) {
        if let Some(session) = self.tunnels.get(id) {
            session.data(dir, mark, bytes, out);
            return;
        }
        let half = self.half(dir);
        if !self.streams.push(id, half, bytes) {
            out.stats.unplaced_bytes += bytes.len() as u64;
        }
    }

    /// Bytes of a DATA frame that were not seen.
    pub(super) fn lost_content(&mut self, dir: usize, id: u32, len: u64, out: &mut Out) {
        if let Some(session) = self.tunnels.get(id) {
            session.gap(dir, 0, len, out);
        }
        self.streams.gap(id, self.half(dir), len);
    }

    /// The sender of a direction ends a stream.
    pub(super) fn finish(&mut self, dir: usize, id: u32, ts: i64, out: &mut Out) {
        self.tunnels.end(id, dir, out);
        self.streams.finish(id, self.half(dir), ts, out);
    }

    /// RST_STREAM (RFC 9113 §6.4).
    pub(super) fn reset(&mut self, dir: usize, id: u32, code: u32, mark: Mark, out: &mut Out) {
        self.tunnels.close(id, out);
        let is_server = self.half(dir) == Half::Response;
        let Some(stream) = self.streams.get(id) else {
            self.streams.drop(id);
            return;
        };
        stream.exchange.last_ts = stream.exchange.last_ts.max(mark.ts);
        // A server that has answered may ask the client to send no more of the request (RFC 9113 §8.1).
        if !(code == 0 && is_server && stream.exchange.response == Progress::Done) {
            stream.note(reset_anomaly(code));
        }
        self.streams.give_up(id, Anomaly::CUT_OFF, out);
    }

    /// The framing of a direction is lost, and with it an unknown part of its streams and its table.
    pub(super) fn lose(&mut self, dir: usize, out: &mut Out) {
        let side = &mut self.sides[dir];
        side.state = State::Search;
        side.whole = false;
        side.hpack.forget();
        self.streams.doubt(self.half(dir), out);
    }
}

/// The error codes of RFC 9113 §7.
fn reset_anomaly(code: u32) -> Anomaly {
    Anomaly(
        match code {
            0 => "reset-no-error",
            1 => "reset-protocol-error",
            2 => "reset-internal-error",
            3 => "reset-flow-control-error",
            4 => "reset-settings-timeout",
            5 => "reset-stream-closed",
            6 => "reset-frame-size-error",
            7 => "reset-refused-stream",
            8 => "reset-cancel",
            9 => "reset-compression-error",
            10 => "reset-connect-error",
            11 => "reset-enhance-your-calm",
            12 => "reset-inadequate-security",
            13 => "reset-http-1-1-required",
            _ => "reset-unknown-error",
        }
        .into(),
    )
}

fn set_request(stream: &mut Stream, fields: Fields, talk: &Talk) {
    let call = &mut stream.exchange.call;
    let is_connect = fields.method.as_deref() == Some("CONNECT");
    call.protocol =
        if fields.protocol.as_deref() == Some("websocket") { "websocket" } else { "http/2" }.into();
    let authority = fields.authority.as_deref().or_else(|| fields.headers.get("host"));
    call.host = match authority.filter(|host| !host.trim().is_empty()) {
        Some(host) => normal_host(host),
        None if fields.unknown => String::new(),
        None => server_host(talk.server()),
    };
    if talk.scheme == Scheme::Http
        && fields.scheme.as_deref().is_some_and(|it| it.eq_ignore_ascii_case("https"))
    {
        call.scheme = Some(Scheme::Https);
    }
    let is_short = fields.method.is_none() || (fields.path.is_none() && !is_connect);
    call.target = fields.path.or(fields.authority.filter(|_| is_connect)).unwrap_or_default();
    call.method = fields.method.unwrap_or_default();
    call.request = Some(Message { headers: fields.headers, body: None, body_size: None });
    stream.exchange.request = Progress::Arriving;
    if is_short && !fields.unknown {
        stream.note(Anomaly::BAD_HEAD);
    }
}

/// Trailers follow the fields of the head, in order.
fn add_trailers(message: Option<&mut Message>, fields: &Fields) {
    if let Some(message) = message {
        fields.headers.iter().for_each(|(name, value)| message.headers.push(name, value));
    }
}

impl Protocol for Http2 {
    fn data(&mut self, dir: usize, mut mark: Mark, bytes: &[u8], out: &mut Out) -> Option<Switch> {
        if self.closed {
            return None;
        }
        let mut rest = bytes;
        if self.sides[dir].state == State::Search {
            let skipped = self.resume(dir, bytes).unwrap_or(bytes.len());
            self.sides[dir].begun = true;
            out.stats.unframed_bytes += skipped as u64;
            rest = &bytes[skipped..];
            mark.seq += skipped as u64;
            if skipped > 0 {
                self.streams.doubt(self.half(dir), out);
            }
        }
        while !rest.is_empty() {
            let used = self.step(dir, mark, rest, out);
            rest = &rest[used..];
            mark.seq += used as u64;
        }
        None
    }

    fn gap(&mut self, dir: usize, _at: u64, len: u64, out: &mut Out) {
        if !self.closed {
            self.lost(dir, len, out);
        }
    }

    fn end(&mut self, dir: usize, _at: u64, _reset: bool, out: &mut Out) {
        if self.closed {
            return;
        }
        self.cut_frame(dir, Anomaly::CUT_OFF, out);
        self.cut_block(dir, Anomaly::CUT_OFF, out);
        self.tunnels.end_all(dir, out);
        let half = self.half(dir);
        for id in self.streams.ids() {
            let Some(stream) = self.streams.get(id) else { continue };
            if *stream.progress(half) != Progress::Arriving {
                continue;
            }
            if half == Half::Response || stream.exchange.response == Progress::Done {
                self.streams.give_up(id, Anomaly::CUT_OFF, out);
            } else {
                // The response may still come.
                stream.note(Anomaly::CUT_OFF);
                stream.exchange.request = Progress::Done;
            }
        }
        self.sides[dir].state = State::Search;
    }

    fn close(&mut self, out: &mut Out) {
        if self.closed {
            return;
        }
        (0..2).for_each(|dir| self.end(dir, 0, true, out));
        self.tunnels.close_all(out);
        let server_whole = self.talk.client.is_some_and(|client| {
            let server = &self.sides[1 - client];
            server.whole && server.begun
        });
        for id in self.streams.ids() {
            if let Some(stream) = self.streams.get(id)
                && stream.exchange.response == Progress::Absent
                && !server_whole
            {
                stream.note(Anomaly::UNMATCHED);
            }
            self.streams.give_up(id, Anomaly::CUT_OFF, out);
        }
        self.closed = true;
    }

    fn bytes(&self) -> usize {
        self.streams.held() + self.sides[0].bytes() + self.sides[1].bytes() + self.tunnels.bytes()
    }

    fn is_known(&self) -> bool {
        true
    }

    fn talk(&mut self) -> Talk {
        std::mem::take(&mut self.talk)
    }

    fn opened_by(&mut self, client: usize) {
        self.talk.client.get_or_insert(client);
    }
}
