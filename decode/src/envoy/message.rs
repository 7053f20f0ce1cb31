//! A `StreamAccessLogsMessage`, read piece by piece: it may hold more entries than should be calls at once. What is not
//! named here says nothing about calls; a known field of another wire type is passed over, as by every reader.

use crate::grpc::wire::{self, Value};

/// What a message holds.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'m> {
    /// Who sends; only in the first message of a stream.
    Identifier(&'m [u8]),
    /// An `HTTPAccessLogEntry`.
    Http(&'m [u8]),
    /// A `TCPAccessLogEntry`.
    Tcp,
    /// The rest of the message, or of the list of entries, is no protobuf.
    Broken,
}

/// Lists of entries of the two kinds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum List {
    Http,
    Tcp,
}

/// A message that is being read.
#[derive(Debug)]
pub(super) struct Message {
    bytes: Vec<u8>,
    at: usize,
    /// The list that is being read, and where it ends.
    list: Option<(List, usize)>,
}

impl Message {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0, list: None }
    }

    /// Bytes of memory.
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Piece<'_>> {
        loop {
            let end = self.list.map_or(self.bytes.len(), |(_, end)| end);
            if self.at == end {
                // Behind a list the message goes on.
                self.list.take()?;
                continue;
            }
            let Some((number, value, rest)) = wire::field(&self.bytes[self.at..end]) else {
                self.at = end;
                return Some(Piece::Broken);
            };
            self.at = end - rest.len();
            let Value::Bytes(content) = value else { continue };
            let content = self.at - content.len()..self.at;
            match (self.list, number) {
                (None, 1) => return Some(Piece::Identifier(&self.bytes[content])),
                (None, 2 | 3) => {
                    self.list = Some((if number == 2 { List::Http } else { List::Tcp }, content.end));
                    self.at = content.start;
                }
                (Some((List::Http, _)), 1) => return Some(Piece::Http(&self.bytes[content])),
                (Some((List::Tcp, _)), 1) => return Some(Piece::Tcp),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{bytes, number};
    use super::*;

    #[track_caller]
    fn check(message: &[Vec<u8>], expect: &[Piece<'_>]) {
        let mut message = Message::new(message.concat());
        for piece in expect {
            assert_eq!(message.next().as_ref(), Some(piece));
        }
        assert_eq!(message.next(), None);
    }

    #[test]
    fn pieces() {
        let entries = [bytes(1, b"a"), number(1, 7), bytes(2, b"x"), bytes(1, b"")].concat();
        check(
            &[bytes(2, &entries), bytes(1, b"me"), bytes(3, &entries), bytes(2, b""), bytes(9, b"x")],
            &[Piece::Http(b"a"), Piece::Http(b""), Piece::Identifier(b"me"), Piece::Tcp, Piece::Tcp],
        );
        check(&[], &[]);
        check(&[b"\x12".to_vec()], &[Piece::Broken]);
        let cut = [bytes(1, b"a"), vec![0x0a, 9]].concat();
        check(
            &[bytes(2, &cut), bytes(2, &bytes(1, b"b"))],
            &[Piece::Http(b"a"), Piece::Broken, Piece::Http(b"b")],
        );
    }
}
