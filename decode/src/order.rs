//! Puts calls in order of request start: a completed call waits while an earlier request is still open,
//! bounded by [`limits::ORDER_CALLS_MAX`] and [`limits::ORDER_BYTES_MAX`]. Beyond them the earliest completed
//! call leaves at once and is counted in `Stats::out_of_order`.
//!
//! Capture files are not strictly sorted by time themselves; the largest step back seen so far, doubled, is
//! waited for on top.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use model::{Call, limits};

/// Step back in time that is always allowed for, microseconds.
const SLACK_US_MIN: i64 = 1_000;
/// Step back in time beyond which a file is taken as jumping, not as unsorted.
const SLACK_US_MAX: i64 = 1_000_000;

/// The place of an open request in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    ts: i64,
    serial: u64,
}

#[derive(Debug)]
pub(crate) struct Order {
    open: BTreeSet<Ticket>,
    /// Open requests that get a stream without an end in sight: they hold others back only for a while.
    streams: BTreeSet<Ticket>,
    done: BinaryHeap<Reverse<(Ticket, usize)>>,
    calls: Vec<Option<Call>>,
    free: Vec<usize>,
    bytes: usize,
    now: i64,
    slack: i64,
    serial: u64,
    /// Calls that left before or after their turn.
    pub(crate) early: u64,
}

impl Order {
    /// `slack_us`: how far back in time the input may step before any step was seen.
    pub(crate) fn new(slack_us: i64) -> Self {
        Self {
            open: BTreeSet::new(),
            streams: BTreeSet::new(),
            done: BinaryHeap::new(),
            calls: Vec::new(),
            free: Vec::new(),
            bytes: 0,
            now: i64::MIN,
            slack: slack_us.max(SLACK_US_MIN),
            serial: 0,
            early: 0,
        }
    }

    /// How far back in time the input may step, microseconds; `i64::MAX`: nothing is known before its end.
    pub(crate) fn set_slack(&mut self, slack_us: i64) {
        self.slack = slack_us.max(SLACK_US_MIN);
    }

    /// Time of the input moves on.
    pub(crate) fn advance(&mut self, ts: i64) {
        if ts >= self.now {
            self.now = ts;
            return;
        }
        let back = self.now.saturating_sub(ts);
        if back <= SLACK_US_MAX {
            self.slack = self.slack.max(back * 2);
        }
    }

    /// The latest time seen.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// A request starts at `ts` microseconds; everything later waits for it.
    pub(crate) fn open(&mut self, ts: i64) -> Ticket {
        self.serial += 1;
        let ticket = Ticket { ts, serial: self.serial };
        self.open.insert(ticket);
        ticket
    }

    /// Gives a ticket back without a call.
    pub(crate) fn cancel(&mut self, ticket: Ticket) {
        self.open.remove(&ticket);
    }

    /// What answers this request may never end: later calls wait for it for [`limits::STREAM_ORDER_US`] only.
    /// Its own call leaves when it is complete, late.
    pub(crate) fn relax(&mut self, ticket: Ticket) {
        self.streams.insert(ticket);
    }

    /// The call of an open request is complete.
    pub(crate) fn close(&mut self, ticket: Ticket, call: Call) {
        self.early += u64::from(!self.open.remove(&ticket));
        self.bytes += call.content_bytes();
        let at = match self.free.pop() {
            Some(at) => {
                self.calls[at] = Some(call);
                at
            }
            None => {
                self.calls.push(Some(call));
                self.calls.len() - 1
            }
        };
        self.done.push(Reverse((ticket, at)));
    }

    /// Microseconds before which no call will start that is not out or complete yet.
    pub(crate) fn horizon(&self) -> i64 {
        let unsorted = self.now.saturating_sub(self.slack);
        self.open.first().map_or(unsorted, |first| unsorted.min(first.ts))
    }

    /// Hands out what is due.
    pub(crate) fn release(&mut self, emit: &mut impl FnMut(Call)) {
        let horizon = self.now.saturating_sub(self.slack);
        while let Some(first) = self.streams.first()
            && (!self.open.contains(first) || self.now.saturating_sub(first.ts) > limits::STREAM_ORDER_US)
        {
            self.open.remove(first);
            self.streams.pop_first();
        }
        while let Some(&Reverse((ticket, _))) = self.done.peek() {
            let due = ticket.ts <= horizon && self.open.first().is_none_or(|first| ticket < *first);
            let full = self.done.len() > limits::ORDER_CALLS_MAX || self.bytes > limits::ORDER_BYTES_MAX;
            if !due && !full {
                return;
            }
            self.early += u64::from(!due);
            self.pop(emit);
        }
    }

    /// Hands out what starts before `ts`, even when an earlier request is still open: nobody waits for ever.
    pub(crate) fn release_before(&mut self, ts: i64, emit: &mut impl FnMut(Call)) {
        while self.done.peek().is_some_and(|Reverse((ticket, _))| ticket.ts < ts) {
            self.early += 1;
            self.pop(emit);
        }
    }

    /// Hands out everything that is complete: the input ended.
    pub(crate) fn flush(&mut self, emit: &mut impl FnMut(Call)) {
        while !self.done.is_empty() {
            self.pop(emit);
        }
    }

    fn pop(&mut self, emit: &mut impl FnMut(Call)) {
        let Some(Reverse((_, at))) = self.done.pop() else { return };
        if let Some(call) = self.calls[at].take() {
            self.bytes -= call.content_bytes();
            emit(call);
        }
        self.free.push(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn call(ts: i64) -> Call {
        Call { ts: Timestamp(ts), ..Call::default() }
    }

    #[track_caller]
    fn check(order: &mut Order, expect: &[i64]) {
        let mut seen = Vec::new();
        order.release(&mut |call| seen.push(call.ts.0));
        assert_eq!(seen, expect);
    }

    #[test]
    fn later_calls_wait_for_an_open_request() {
        let mut order = Order::new(0);
        let (slow, quick) = (order.open(10), order.open(20));
        order.close(quick, call(20));
        order.advance(1_000_000);
        check(&mut order, &[]);
        order.close(slow, call(10));
        check(&mut order, &[10, 20]);
    }

    #[test]
    fn a_stream_holds_others_back_for_a_while_only() {
        let mut order = Order::new(0);
        let (endless, quick) = (order.open(10), order.open(20));
        order.relax(endless);
        order.close(quick, call(20));
        order.advance(limits::STREAM_ORDER_US);
        check(&mut order, &[]);
        order.advance(limits::STREAM_ORDER_US + 11);
        check(&mut order, &[20]);
        order.close(endless, call(10));
        check(&mut order, &[10]);
        assert_eq!(order.early, 1);
    }

    #[test]
    fn unsorted_input_is_waited_for() {
        let mut order = Order::new(0);
        order.advance(50_000);
        order.advance(45_000);
        order.advance(51_000);
        let ticket = order.open(44_000);
        order.close(ticket, call(44_000));
        check(&mut order, &[]);
        order.advance(54_000);
        check(&mut order, &[44_000]);
    }

    #[test]
    fn too_many_waiting_calls_leave_early() {
        let mut order = Order::new(0);
        let _never = order.open(0);
        for ts in 1..=limits::ORDER_CALLS_MAX as i64 + 2 {
            let ticket = order.open(ts);
            order.close(ticket, call(ts));
        }
        check(&mut order, &[1, 2]);
        assert_eq!(order.early, 2);
    }
}
