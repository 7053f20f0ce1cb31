//! Messages with a prefix of five bytes, flags and length (gRPC over HTTP/2, "Length-Prefixed-Message").

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use model::{Anomaly, Message, StreamMessage, limits};

use super::Dialect;
use super::render::{self, Codec};
use crate::http1::{Codings, note};

const COMPRESSED: u8 = 1;
/// The last message of a Connect stream.
const CONNECT_END: u8 = 2;
/// The trailers of gRPC-Web.
const WEB_TRAILERS: u8 = 0x80;

/// Collects the messages of one call.
#[derive(Debug)]
pub(super) struct Messages<'a> {
    list: Vec<StreamMessage>,
    /// Bytes of both bodies each time the client went on after the server had said something.
    turns: &'a [(u64, u64)],
    /// The turn in which each message became whole.
    places: Vec<usize>,
    pub anomalies: Vec<Anomaly>,
    codings: &'a mut Codings,
    /// Bytes that further messages may take.
    room: usize,
}

impl<'a> Messages<'a> {
    pub(super) fn new(codings: &'a mut Codings, turns: &'a [(u64, u64)]) -> Self {
        let room = 2 * limits::BODY_BYTES_MAX;
        Self { list: Vec::new(), turns, places: Vec::new(), anomalies: Vec::new(), codings, room }
    }

    /// The messages as they came: in each turn first what the client said.
    pub(super) fn in_order(self) -> Vec<StreamMessage> {
        if self.turns.is_empty() {
            return self.list;
        }
        let mut placed: Vec<(usize, StreamMessage)> = self.places.into_iter().zip(self.list).collect();
        placed.sort_by_key(|(turn, message)| (*turn, !message.from_client));
        placed.into_iter().map(|(_, message)| message).collect()
    }

    /// The turn in which a side had sent so many bytes.
    fn turn(&self, from_client: bool, sent: usize) -> usize {
        let before = |turn: &(u64, u64)| if from_client { turn.0 } else { turn.1 };
        self.turns.partition_point(|turn| before(turn) < sent as u64)
    }

    /// Reads a body; returns the trailers in it, when there are some.
    pub(super) fn read(&mut self, message: &Message, dialect: Dialect, codec: Codec<'_>) -> Option<String> {
        let field = if dialect == Dialect::Connect { "connect-content-encoding" } else { "grpc-encoding" };
        let coding = message.headers.get(field).map(str::trim).filter(|coding| *coding != "identity");
        let body = match dialect {
            Dialect::WebText => Cow::Owned(base64_text(message.body())),
            _ => Cow::Borrowed(message.body()),
        };
        let mut rest = &body[..];
        let mut trailers = None;
        while let Some((prefix, after)) = rest.split_at_checked(5) {
            let len = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
            let Some((payload, after)) = after.split_at_checked(len) else { break };
            rest = after;
            let turn = self.turn(codec.from_client, body.len() - rest.len());
            let flags = prefix[0];
            let is_trailers = flags & WEB_TRAILERS != 0 && matches!(dialect, Dialect::Web | Dialect::WebText);
            let plain = match (flags & COMPRESSED, coding) {
                (COMPRESSED, Some(coding)) => self.inflated(payload, coding),
                _ => Cow::Borrowed(payload),
            };
            if is_trailers {
                trailers = Some(String::from_utf8_lossy(&plain).into_owned());
            } else if dialect == Dialect::Connect && flags & CONNECT_END != 0 {
                self.push(Codec { is_proto: false, ..codec }, turn, &plain);
            } else {
                self.push(codec, turn, &plain);
            }
        }
        if !rest.is_empty() {
            note(&mut self.anomalies, Anomaly::BAD_MESSAGE);
        }
        trailers
    }

    fn inflated<'p>(&mut self, payload: &'p [u8], coding: &str) -> Cow<'p, [u8]> {
        let (plain, anomaly) = self.codings.remove(&[coding], payload.to_vec());
        anomaly.into_iter().for_each(|anomaly| note(&mut self.anomalies, anomaly));
        Cow::Owned(plain)
    }

    fn push(&mut self, codec: Codec<'_>, turn: usize, plain: &[u8]) {
        if self.list.len() >= limits::CALL_MESSAGES_MAX || plain.len() > self.room {
            note(&mut self.anomalies, Anomaly::MESSAGES_TRUNCATED);
            return;
        }
        let (kind, body) = render::message(codec, plain);
        self.room = self.room.saturating_sub(body.len().max(plain.len()));
        self.places.push(turn);
        self.list.push(StreamMessage { from_client: codec.from_client, kind: kind.into(), body });
    }
}

/// Base64 in pieces, each of which may be padded.
fn base64_text(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(body.len() / 4 * 3);
    let text: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    for piece in text.split(|byte| *byte == b'=').filter(|piece| !piece.is_empty()) {
        if STANDARD_NO_PAD.decode_vec(piece, &mut plain).is_err() {
            // The end of a body that was cut: whole groups of it are still good.
            let whole = &piece[..piece.len() / 4 * 4];
            let _ = STANDARD_NO_PAD.decode_vec(whole, &mut plain);
            break;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[(&str, &str)], body: &[u8], expect: &[&str], anomalies: &[Anomaly]) {
        let headers = headers.iter().copied().collect();
        let message = Message { headers, body: Some(body.to_vec()), body_size: None };
        let mut codings = Codings::new();
        let mut messages = Messages::new(&mut codings, &[]);
        messages.read(&message, Dialect::Grpc, Codec { from_client: true, is_proto: true, schema: None });
        let texts: Vec<_> = messages.list.iter().map(|it| String::from_utf8_lossy(&it.body)).collect();
        assert_eq!(
            (&texts[..], &messages.anomalies[..]),
            (&expect.iter().map(|it| (*it).into()).collect::<Vec<Cow<'_, str>>>()[..], anomalies)
        );
    }

    #[test]
    fn prefixes_and_compression() {
        check(&[], b"\0\0\0\0\x02\x08\x01\0\0\0\0\x02\x08\x02", &[r#"{"1":1}"#, r#"{"1":2}"#], &[]);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, b"\x08\x07").expect("memory");
        let packed = gzip.finish().expect("memory");
        let body = [&[1, 0, 0, 0, packed.len() as u8][..], &packed].concat();
        check(&[("grpc-encoding", "gzip")], &body, &[r#"{"1":7}"#], &[]);
        check(
            &[("grpc-encoding", "snappy")],
            b"\x01\0\0\0\x02\x08\x01",
            &[r#"{"1":1}"#],
            &[Anomaly::BAD_ENCODING],
        );
        check(&[("grpc-encoding", "identity")], b"\0\0\0\0\x02\x08\x01", &[r#"{"1":1}"#], &[]);
    }

    #[test]
    fn what_cannot_be_read() {
        check(&[], b"\0\0\0\0\x02\x08\x01\0\0\0\0\x09\x08", &[r#"{"1":1}"#], &[Anomaly::BAD_MESSAGE]);
        check(&[], b"\0\xff\xff\xff\xff", &[], &[Anomaly::BAD_MESSAGE]);
        check(&[], b"", &[], &[]);
    }
}
