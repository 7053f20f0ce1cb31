//! Handshakes between the same ports while a connection is followed: a repetition, a forgery, or the next
//! connection.

use std::net::SocketAddr;

use model::limits;

use super::connection::Connection;
use crate::net::Segment;

/// A packet of a handshake that does not belong to the connection, and may open the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rival {
    dir: usize,
    seq: u32,
    ack: Option<u32>,
}

impl Rival {
    pub(super) fn new(dir: usize, segment: &Segment<'_>) -> Self {
        Self { dir, seq: segment.seq, ack: segment.ack }
    }

    /// The segment is the first of the connection that the rival opens.
    pub(super) fn goes_on(&self, dir: usize, segment: &Segment<'_>) -> bool {
        (self.dir, self.seq.wrapping_add(1)) == (dir, segment.seq)
    }

    /// The handshake packet comes from the other end and fits.
    fn agrees(&self, dir: usize, segment: &Segment<'_>) -> bool {
        self.dir != dir
            && (segment.ack == Some(self.seq.wrapping_add(1))
                || self.ack == Some(segment.seq.wrapping_add(1)))
    }
}

impl Connection {
    /// The connection that takes the place of this one and begins with `segment`.
    pub(super) fn successor(
        &self,
        peers: [SocketAddr; 2],
        dir: usize,
        segment: &Segment<'_>,
        ts: i64,
    ) -> Self {
        let mut next = Self::new(peers, segment, ts);
        if let Some(rival) = self.rival.filter(|rival| segment.syn && rival.agrees(dir, segment)) {
            let half = &mut next.halves[rival.dir];
            let at = half.extend(rival.seq.wrapping_add(1));
            half.begin(at);
            half.opened_at = Some(at);
        }
        next
    }

    /// A handshake that does not belong to what was seen so far.
    pub(super) fn is_reopened(&self, dir: usize, segment: &Segment<'_>) -> bool {
        let half = &self.halves[dir];
        let at = half.extend(segment.seq.wrapping_add(1));
        match half.opened_at {
            Some(opened_at) => opened_at != at,
            // The handshake may come after the first data when the mirror swaps packets.
            None if half.started || self.closed => {
                half.next.wrapping_sub(at) > limits::REORDER_BYTES_MAX as u64
            }
            None => false,
        }
    }

    /// True when a handshake that does not fit opens another connection: this one is over, or both ends take
    /// part in it. One packet alone may be made up; its receiver would only repeat where it stands.
    pub(super) fn is_succeeded(&self, dir: usize, segment: &Segment<'_>) -> bool {
        let is_open = self.carried_data || self.halves.iter().all(|half| half.opened_at.is_some());
        let is_over = self.closed || !is_open || self.halves.iter().any(|half| half.end.is_some());
        is_over || self.rival.is_some_and(|rival| rival.agrees(dir, segment))
    }
}
