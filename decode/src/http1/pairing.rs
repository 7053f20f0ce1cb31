//! Which request a response answers. A wrong pair puts one person's data on another's endpoint, so a pair
//! needs proof: either both streams are whole since the last certain pair, and the order decides; or the
//! TCP numbers do. A client that does not pipeline has read everything before it asks, so the answer starts
//! exactly where the request's acknowledgement points, and its own acknowledgement covers the request. That
//! tells something only of a client that is known to wait; of any other, what is missing may hold several
//! requests or responses, and only what can be counted is paired. Anything else is left unmatched.

use std::collections::VecDeque;

use super::exchange::{Exchange, Progress};
use crate::session::Mark;

/// Line ends that some clients send after a body (RFC 9112 §2.2).
const STRAY_LINE_ENDS: u64 = 4;

/// Times a client was seen to ask, with nothing else open, only after it had read the answer to what it had asked
/// with nothing else open; then it is one that waits, until it is seen not to.
const TURNS_MIN: u32 = 6;

/// Silence of both sides, everything acknowledged, in which a server would have answered what was open:
/// microseconds.
const QUIET_US: i64 = 1_000_000;

/// What is known about the order of requests and responses of one connection.
#[derive(Debug)]
pub(crate) struct Pairing {
    /// No response is missing since the last certain pair (or the start of the connection).
    pub server_whole: bool,
    /// Nothing between the last request and the next byte of the client is missing.
    pub client_whole: bool,
    /// The last client gap began between messages: a whole request may be in it.
    pub gap_between: bool,
    /// The client once asked before it had read the answer to what it asked before: the numbers of its requests
    /// tell less from then on.
    pub pipelined: bool,
    /// Times the client was seen to wait ([`TURNS_MIN`]).
    turns: u32,
    /// The last request was sent when nothing was open.
    alone: bool,
    /// The connection was under way when it was first seen, and nothing was lost since.
    pub joined: bool,
    /// The last pair rests on the belief that the client waits.
    believed: bool,
    /// At least one whole response is missing since the last certain pair.
    pub answer_lost: bool,
    /// Since the last certain pair a request left the queue without an answer, or a response was nobody's.
    pub evicted: bool,
    /// The acknowledgements in this capture are real (some tools write constants).
    pub acks_live: bool,
    /// End of the last certain response.
    pub answered_to: Option<u64>,
    /// Where the server began to answer, when it was seen from there.
    pub begun_at: Option<u64>,
    /// Acknowledgement of the last request.
    asked_at: u64,
    /// End of the last segment of the server.
    heard: Mark,
}

impl Default for Pairing {
    fn default() -> Self {
        Self {
            server_whole: false,
            client_whole: false,
            gap_between: false,
            pipelined: false,
            turns: 0,
            alone: false,
            joined: true,
            believed: false,
            answer_lost: false,
            evicted: false,
            acks_live: false,
            answered_to: None,
            begun_at: None,
            asked_at: 0,
            heard: Mark::default(),
        }
    }
}

impl Pairing {
    /// Index in `queue` of the request that the response starting at `start` answers, whose first segment
    /// acknowledges the client's stream up to `ack` (0: not stated).
    pub(crate) fn choose(&mut self, queue: &VecDeque<Exchange>, start: u64, ack: u64) -> Option<usize> {
        let Some(front) = queue.front() else {
            if self.server_whole && self.client_whole && self.believed {
                // One response too many: something was open all the time.
                self.does_not_wait();
            }
            return None;
        };
        if self.server_whole && !front.after_gap {
            let open = front.response == Progress::Absent;
            // The server answered (a timeout, a shutdown) before it had read any of the request.
            let unread = ack != 0 && (ack == front.start || (self.acks_live && ack < front.start));
            self.acks_live |= ack >= front.head_end;
            self.notice_more(front, ack);
            // What was just noticed may take the ground from under the order.
            return (self.server_whole && open && !unread).then_some(0);
        }
        let fits = |request: &Exchange| {
            request.ack == start && ack >= request.head_end && request.response == Progress::Absent
        };
        let index = past(queue, start);
        let request = queue.get(index).filter(|request| fits(request))?;
        if queue.get(index + 1).is_some_and(fits) {
            return None;
        }
        self.notice_more(request, ack);
        let may_hide_one = request.after_gap && self.gap_between;
        // What hides was followed by this request before anything was answered.
        if may_hide_one && self.answered_to.or(self.begun_at) == Some(start) {
            self.does_not_wait();
        }
        let is_counted = self.is_counted(queue, index, ack);
        let is_believed = !is_counted && !request.quiet && self.is_waiting(index);
        self.believed |= is_believed;
        (is_counted || is_believed || (request.quiet && !self.pipelined)).then_some(index)
    }

    /// The client is known to wait for answers, or nothing speaks against it yet.
    fn is_waiting(&self, index: usize) -> bool {
        !self.pipelined && (self.turns >= TURNS_MIN || (self.joined && index == 0))
    }

    /// All requests before this one were seen and have their answer in what was seen or lost, whether the client
    /// waits or not: everything before [`Exchange::ack`] was read before it was sent, so it is not its answer.
    fn is_counted(&self, queue: &VecDeque<Exchange>, index: usize, ack: u64) -> bool {
        let front = &queue[0];
        match index {
            _ if self.evicted || front.after_gap => false,
            0 => true,
            // At least one is lost; were it two, this response would answer a request that comes later.
            1 => {
                let reaches_next = queue.get(2).is_some_and(|next| ack > next.start);
                self.answer_lost && !queue[1].after_gap && !reaches_next && !front.may_be_told_to_go_on()
            }
            _ => false,
        }
    }

    /// The server had received more than the request when it answered.
    fn notice_more(&mut self, request: &Exchange, ack: u64) {
        if request.request_end != 0 && ack > request.request_end + STRAY_LINE_ENDS {
            self.does_not_wait();
        }
    }

    /// The client does not wait: pairs that rest on the belief that it does prove nothing any more.
    pub(super) fn does_not_wait(&mut self) {
        self.pipelined = true;
        if self.believed {
            self.evict();
        }
    }

    /// A request comes whose first segment is `begin`; `queue`: those that wait.
    pub(super) fn asked(&mut self, queue: &VecDeque<Exchange>, begin: Mark) {
        let ack = begin.ack;
        let is_open = |open: &Exchange| open.response == Progress::Absent && open.ack == ack;
        let is_early = self.acks_live && self.answered_to.is_some_and(|end| ack < end);
        if queue.back().is_some_and(is_open) || is_early || ack < self.asked_at {
            self.does_not_wait();
        }
        // What is missing behind a request says nothing about that one.
        self.joined &= self.client_whole || self.asked_at == 0;
        self.asked_at = ack;
        let is_alone = self.server_whole && self.client_whole && queue.is_empty();
        if is_alone && self.alone && self.answered_to == Some(ack) {
            self.turns = self.turns.saturating_add(1);
        }
        self.alone = is_alone && self.answered_to.is_none_or(|end| end == ack);
    }

    /// The server has spoken up to `end`.
    pub(super) fn hear(&mut self, end: Mark) {
        self.heard = end;
    }

    /// Both sides had received everything and were silent for long before the request that starts at `begin`.
    pub(super) fn is_quiet(&self, begin: Mark) -> bool {
        let heard = self.heard;
        let is_acknowledged = heard.seq == begin.ack && heard.ack == begin.seq;
        is_acknowledged && heard.ts > 0 && begin.ts.saturating_sub(heard.ts) >= QUIET_US
    }

    /// A certain pair: all requests before were answered.
    pub(super) fn certain(&mut self) {
        (self.server_whole, self.evicted, self.answer_lost) = (true, false, false);
    }

    /// A request leaves before its answer begins, or a response is nobody's.
    pub(super) fn evict(&mut self) {
        (self.server_whole, self.evicted) = (false, true);
    }
}

/// How many of the requests were sent when the client had not read up to `start`. Acknowledgements only grow.
pub(super) fn past(queue: &VecDeque<Exchange>, start: u64) -> usize {
    queue.partition_point(|request| request.ack < start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Order;
    use crate::session::Mark;
    use model::Call;

    /// Requests as (start, head end, acknowledgement, after a gap).
    fn queue(requests: &[(u64, u64, u64, bool)]) -> VecDeque<Exchange> {
        let mut order = Order::new(0);
        requests
            .iter()
            .map(|&(seq, head_end, ack, after_gap)| {
                let mut exchange = Exchange::new(Call::default(), order.open(0), Mark { seq, ack, ts: 0 });
                (exchange.head_end, exchange.after_gap) = (head_end, after_gap);
                exchange
            })
            .collect()
    }

    fn whole() -> Pairing {
        Pairing { server_whole: true, client_whole: true, joined: false, ..Pairing::default() }
    }

    #[test]
    fn whole_streams_pair_by_order_even_when_pipelined() {
        let queue = queue(&[(10, 20, 500, false), (20, 30, 500, false)]);
        assert_eq!(whole().choose(&queue, 500, 30), Some(0));
        assert_eq!(whole().choose(&queue, 700, 0), Some(0));
        assert_eq!(whole().choose(&VecDeque::new(), 500, 30), None);
    }

    #[test]
    fn an_answer_before_the_request_was_read_is_none() {
        let queue = queue(&[(10, 20, 500, false)]);
        assert_eq!(whole().choose(&queue, 500, 10), None);
    }

    #[test]
    fn after_a_lost_response_the_numbers_decide() {
        let mut lost = Pairing { client_whole: true, joined: false, answer_lost: true, ..Pairing::default() };
        let two = queue(&[(10, 20, 500, false), (20, 30, 700, false)]);
        assert_eq!(lost.choose(&two, 700, 30), Some(1));
        assert_eq!(lost.choose(&two, 600, 30), None);
        assert_eq!(lost.choose(&two, 700, 20), None, "the server had not read the second request");
        let pipelined = queue(&[(10, 20, 500, false), (20, 30, 500, false)]);
        assert_eq!(lost.choose(&pipelined, 500, 30), None);
    }

    #[test]
    fn numbers_tell_less_of_a_client_that_does_not_wait() {
        let two = queue(&[(10, 20, 500, false), (20, 30, 700, false)]);
        let lost = || Pairing { client_whole: true, joined: false, ..Pairing::default() };
        assert_eq!(Pairing { pipelined: true, ..lost() }.choose(&two, 700, 30), None);
        let three = queue(&[(10, 20, 500, false), (20, 30, 600, false), (30, 40, 700, false)]);
        assert_eq!(lost().choose(&three, 700, 40), None, "one answer or two were read");
        assert_eq!(Pairing { turns: TURNS_MIN, ..lost() }.choose(&three, 700, 40), Some(2));
        let mut evicted = Pairing { turns: TURNS_MIN, pipelined: true, ..lost() };
        evicted.evict();
        assert_eq!(evicted.choose(&queue(&[(20, 30, 500, false)]), 500, 30), None);
        let mut answered_late = whole();
        let mut one = queue(&[(10, 20, 500, false)]);
        one[0].request_end = 20;
        assert_eq!((answered_late.choose(&one, 500, 90), answered_late.pipelined), (Some(0), true));
    }

    #[test]
    fn a_hidden_request_that_was_not_answered_takes_the_next_response() {
        let queue = queue(&[(20, 30, 500, true)]);
        let mut hidden = Pairing { answered_to: Some(500), gap_between: true, ..whole() };
        assert_eq!(hidden.choose(&queue, 500, 30), None);
        let answered = || Pairing { answered_to: Some(400), gap_between: true, ..whole() };
        assert_eq!(answered().choose(&queue, 500, 30), None, "two may hide, and one answer was read");
        assert_eq!(Pairing { turns: TURNS_MIN, ..answered() }.choose(&queue, 500, 30), Some(0));
    }
}
