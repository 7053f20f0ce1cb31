//! The session inside: it gets the decrypted bytes with positions of their own. A list of where encrypted and
//! decrypted positions correspond says what an acknowledgement of TCP means inside.

use std::collections::VecDeque;
use std::sync::Arc;

use model::{Scheme, TlsInfo, limits};

use super::framer::Record;
use crate::out::Out;
use crate::session::{Mark, Next, Session, Talk};

/// Decrypted positions start here: 0 means "not stated".
const ORIGIN: u64 = 1 << 32;
/// A gap of unknown length is longer than what is left of any message.
const UNKNOWN_GAP: u64 = 1 << 32;
/// Bytes of a record that are handed on with the time of its first byte when its end came later.
const FIRST_BYTES: usize = 1_024;

/// One direction.
#[derive(Debug)]
struct Place {
    /// Position of the next decrypted byte.
    next: u64,
    /// Encrypted and decrypted positions after records.
    ends: VecDeque<(u64, u64)>,
    /// The direction was closed; true: in the middle of something.
    ended: Option<bool>,
}

#[derive(Debug)]
pub(super) struct Inside {
    session: Option<Box<Session>>,
    places: [Place; 2],
}

impl Inside {
    pub(super) fn new() -> Self {
        let place = || Place { next: ORIGIN, ends: VecDeque::new(), ended: None };
        Self { session: None, places: [place(), place()] }
    }

    pub(super) const fn is_open(&self) -> bool {
        self.session.is_some()
    }

    pub(super) fn bytes(&self) -> usize {
        let positions = self.places[0].ends.len() + self.places[1].ends.len();
        self.session.as_ref().map_or(0, |session| session.bytes()) + positions * size_of::<(u64, u64)>()
    }

    /// The first application data were decrypted. Too deep inside other conversations they are not looked at.
    pub(super) fn open(&mut self, talk: &Talk, info: TlsInfo, out: &mut Out) {
        let (scheme, tls, depth) = (Scheme::Https, Some(Arc::new(info)), talk.depth + 1);
        let talk = Talk { scheme, tls, depth, ..talk.clone() };
        if depth > limits::SESSION_NESTING_MAX {
            out.stats.tunnels_unread += 1;
            self.session = Some(Box::new(Session::inside(Next::Opaque, talk, out)));
            return;
        }
        let client = talk.client;
        let mut session = Session::new(talk);
        client.into_iter().for_each(|client| session.opened_by(client));
        self.session = Some(Box::new(session));
    }

    /// The decrypted content of a record.
    pub(super) fn data(&mut self, dir: usize, record: &Record<'_>, plain: &[u8], out: &mut Out) {
        let ack = self.inner_position(1 - dir, record.start.ack);
        let place = &mut self.places[dir];
        let seq = place.next;
        place.next += plain.len() as u64;
        if place.ends.len() >= limits::TLS_POSITIONS_MAX {
            place.ends.pop_front();
        }
        place.ends.push_back((record.end, place.next));
        let Some(session) = &mut self.session else { return };
        let mark = Mark { seq, ack, ts: record.start.ts };
        let first = if record.end_ts > record.start.ts { FIRST_BYTES.min(plain.len()) } else { plain.len() };
        let (head, rest) = plain.split_at(first);
        if !head.is_empty() {
            session.data(dir, mark, head, out);
        }
        if !rest.is_empty() {
            session.data(dir, Mark { seq: seq + first as u64, ts: record.end_ts, ..mark }, rest, out);
        }
    }

    /// What a position acknowledged in the encrypted stream is inside; 0 when that is not known.
    fn inner_position(&mut self, dir: usize, ack: u64) -> u64 {
        let ends = &mut self.places[dir].ends;
        if ack == 0 {
            return 0;
        }
        let covered = ends.partition_point(|(end, _)| *end <= ack);
        match covered {
            0 if ends.front().is_none_or(|(_, plain)| *plain == ORIGIN) => ORIGIN,
            0 => 0,
            _ => {
                // Acknowledgements do not go back.
                ends.drain(..covered - 1);
                ends[0].1
            }
        }
    }

    /// Decrypted bytes are missing; `None`: nobody knows how many.
    pub(super) fn gap(&mut self, dir: usize, len: Option<u64>, out: &mut Out) {
        let len = len.unwrap_or(UNKNOWN_GAP);
        let Some(session) = self.session.as_mut().filter(|_| len > 0) else { return };
        let place = &mut self.places[dir];
        session.gap(dir, place.next, len, out);
        place.next += len;
    }

    /// A direction was closed; `cut`: in the middle of something.
    pub(super) fn ended(&mut self, dir: usize, cut: bool) {
        let ended = &mut self.places[dir].ended;
        *ended = Some(cut || *ended == Some(true));
    }

    /// Hands on that a direction was closed, after everything before was.
    pub(super) fn forward_end(&mut self, dir: usize, out: &mut Out) {
        let place = &self.places[dir];
        if let (Some(cut), Some(session)) = (place.ended, &mut self.session) {
            session.end(dir, place.next, cut, out);
        }
    }

    pub(super) fn contradicted(&mut self, dir: usize) {
        if let Some(session) = &mut self.session {
            session.contradicted(dir);
        }
    }

    pub(super) fn close(&mut self, out: &mut Out) {
        if let Some(session) = &mut self.session {
            session.close(out);
        }
    }
}
