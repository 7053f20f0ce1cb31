//! How long a connection waits for missing bytes, and what it gives up then.

use model::limits;

use super::connection::Connection;
use crate::order::Ticket;
use crate::out::Out;

/// The state of waiting for missing bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    /// When it began; moved to when an acknowledgement showed that the bytes had reached their receiver.
    since_packet: u32,
    since_ts: i64,
    acknowledged: bool,
    /// Keeps calls that start later from being handed out before those that may lie in the held bytes.
    pub(super) ticket: Ticket,
}

impl Connection {
    /// Starts, restarts or ends the wait.
    pub(super) fn note_hold(&mut self, moved: bool, out: &mut Out) {
        let waiting = !(self.halves[0].is_idle() && self.halves[1].is_idle());
        if let Some(hold) = self.hold
            && (!waiting || moved)
        {
            out.order.cancel(hold.ticket);
            self.hold = None;
        }
        if !waiting {
            return;
        }
        let acknowledged = (0..2).any(|dir| self.is_acknowledged(dir));
        let (since_packet, since_ts) = (self.packets, out.order.now());
        match &mut self.hold {
            Some(hold) if acknowledged && !hold.acknowledged => {
                *hold = Hold { since_packet, since_ts, acknowledged, ticket: hold.ticket };
            }
            Some(_) => {}
            None => {
                let ticket = out.order.open(self.last_ts);
                self.hold = Some(Hold { since_packet, since_ts, acknowledged, ticket });
            }
        }
    }

    /// True when this direction waits for bytes that its receiver has, or when the receiver cannot be seen.
    fn is_acknowledged(&self, dir: usize) -> bool {
        let half = &self.halves[dir];
        let waited_for = !half.is_idle() || self.halves[1 - dir].ready().is_some();
        waited_for && half.ready().is_none() && (half.acked > half.next || !self.halves[1 - dir].seen)
    }

    pub(super) fn is_overdue(&self, moved: bool, out: &Out) -> bool {
        if self.halves.iter().any(|half| half.bytes > limits::REORDER_BYTES_MAX) {
            return true;
        }
        let Some(hold) = self.hold.filter(|_| !moved) else { return false };
        let waited_us = out.order.now().saturating_sub(hold.since_ts);
        if !hold.acknowledged {
            return waited_us >= limits::HOLD_UNACKED_US_MAX;
        }
        self.packets.wrapping_sub(hold.since_packet) >= limits::HOLD_PACKETS_MAX
            || waited_us >= limits::HOLD_US_MAX
    }

    /// Declares the bytes lost that everything else waits for; `all`: also those that nobody acknowledged.
    pub(super) fn give_up(&mut self, all: bool, out: &mut Out) -> bool {
        if (0..2).any(|dir| self.recall_unseen(dir, out)) {
            return true;
        }
        // A segment that continues its stream was sent after bytes of the other side that never came.
        for dir in 0..2 {
            let other = &self.halves[1 - dir];
            if let Some(piece) = self.halves[dir].ready()
                && other.ready().is_none()
            {
                let to = other.first_held().map_or(piece.ack, |first| first.min(piece.ack));
                self.gap(1 - dir, to, out);
                return true;
            }
        }
        for dir in 0..2 {
            let half = &self.halves[dir];
            let Some(first) = half.first_held().filter(|first| *first > half.next) else { continue };
            let full = half.bytes > limits::REORDER_BYTES_MAX;
            let waited = self.hold.is_some_and(|hold| !hold.acknowledged);
            if all || full || waited || self.is_acknowledged(dir) {
                self.gap(dir, first, out);
                return true;
            }
        }
        // Each side claims to have been sent after the other: no real stack does that.
        if self.halves.iter().all(|half| half.ready().is_some()) {
            self.halves[0].forget_ack();
            return true;
        }
        false
    }
}
