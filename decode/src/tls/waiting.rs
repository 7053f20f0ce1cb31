//! Records that wait for their keys: held within limits, read when keys came, in the order in which they were seen.

use model::limits;

use super::cipher::Header;
use super::connection::{Outcome, Tls};
use super::framer::Record;
use super::parked::drop_oldest;
use super::protection::Protection;
use crate::out::Out;
use crate::session::Mark;

/// Cost of a held record on top of its bytes.
const HELD_OVERHEAD: usize = 96;

/// A record that waits for its key.
#[derive(Debug)]
pub(super) struct Held {
    dir: usize,
    header: Header,
    payload: Vec<u8>,
    start: Mark,
    end: u64,
    end_ts: i64,
    lost: u64,
}

impl Held {
    fn record(&self) -> Record<'_> {
        let Self { header, start, end, end_ts, lost, .. } = *self;
        Record { header, payload: &self.payload, start, end, end_ts, lost }
    }

    fn cost(&self) -> usize {
        self.payload.len() + HELD_OVERHEAD
    }
}

impl Tls {
    pub(super) fn hold(&mut self, dir: usize, record: &Record<'_>, out: &mut Out) {
        self.unread = true;
        self.sides[dir].blocked = true;
        let Record { header, payload, start, end, end_ts, lost } = *record;
        let held = Held { dir, header, payload: payload.to_vec(), start, end, end_ts, lost };
        self.pending_bytes += held.cost();
        out.keys.held += held.cost();
        self.pending.push_back(held);
        while out.keys.held > limits::TLS_HELD_TOTAL_BYTES_MAX && drop_oldest(out) {}
        if self.pending_bytes > limits::TLS_HELD_BYTES_MAX || out.keys.held > limits::TLS_HELD_TOTAL_BYTES_MAX
        {
            self.give_up(out);
        }
    }

    /// True when a record has to stay behind others: of its own direction, or of the other one, so that no answer is
    /// read before its question. Early data wait for the other direction itself.
    pub(super) fn must_wait(&self, dir: usize) -> bool {
        self.sides[dir].blocked || (self.sides[1 - dir].blocked && !self.waits_for_answer(1 - dir))
    }

    /// No keys are waited for any more: what can be read is read, the rest is left out.
    pub(super) fn give_up(&mut self, out: &mut Out) {
        self.drain(true, out);
        for side in &mut self.sides {
            let waits = match &side.protection {
                Protection::Unknown => true,
                Protection::Tls13(stages) => stages.may_learn(),
                _ => false,
            };
            if waits {
                side.protection = Protection::Closed;
            }
        }
    }

    /// Looks whether keys came that something waits for.
    pub(super) fn retry(&mut self, out: &mut Out) {
        if self.generation == out.keys.generation() {
            return;
        }
        self.generation = out.keys.generation();
        for dir in 0..2 {
            match self.sides[dir].protection {
                Protection::Unknown => self.change_cipher(dir, out),
                Protection::Tls13(_) => self.learn(dir, out),
                _ => {}
            }
        }
        self.drain(false, out);
    }

    /// Reads what waits, as far as possible; `last`: what cannot be read is dropped.
    pub(super) fn drain(&mut self, last: bool, out: &mut Out) {
        loop {
            self.progress = false;
            self.sides.iter_mut().for_each(|side| side.blocked = false);
            for held in std::mem::take(&mut self.pending) {
                let dir = held.dir;
                let waits = self.must_wait(dir) || self.read(dir, &held.record(), out) == Outcome::Wait;
                if waits && !last {
                    self.sides[dir].blocked = true;
                    self.pending.push_back(held);
                    continue;
                }
                self.unread |= waits;
                self.pending_bytes -= held.cost();
                out.keys.held = out.keys.held.saturating_sub(held.cost());
            }
            if !self.progress {
                return;
            }
        }
    }

    /// Records wait for their key.
    pub(super) fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }
}
