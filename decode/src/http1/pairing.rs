//! Which request a response answers. A wrong pair puts one person's data on another's endpoint, so a pair
//! needs proof: either both streams are whole since the last certain pair, and the order decides; or the
//! TCP numbers do. A client that does not pipeline has read everything before it asks, so the answer starts
//! exactly where the request's acknowledgement points, and its own acknowledgement covers the request.
//! Once a client was seen not to wait, that holds only for a request before which nothing is open or missing.
//! Anything else is left unmatched.

use std::collections::VecDeque;

use super::exchange::{Exchange, Progress};

/// Line ends that some clients send after a body (RFC 9112 §2.2).
const STRAY_LINE_ENDS: u64 = 4;

/// Responses that fit as if the client waited, after which it is believed to.
const DOUBTFUL_MAX: u32 = 32;

/// What is known about the order of requests and responses of one connection.
#[derive(Debug, Default)]
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
    /// The client once asked when it had read the answer to all before.
    pub waited: bool,
    /// Responses that fitted a request while that was not known.
    pub doubtful: u32,
    /// Requests that were not answered yet left the queue since the last certain pair.
    pub evicted: bool,
    /// The acknowledgements in this capture are real (some tools write constants).
    pub acks_live: bool,
    /// End of the last certain response.
    pub answered_to: Option<u64>,
    /// Where the server began to answer, when it was seen from there.
    pub begun_at: Option<u64>,
}

impl Pairing {
    /// Index in `queue` of the request that the response starting at `start` answers, whose first segment
    /// acknowledges the client's stream up to `ack` (0: not stated).
    pub(crate) fn choose(&mut self, queue: &VecDeque<Exchange>, start: u64, ack: u64) -> Option<usize> {
        let front = queue.front()?;
        if self.server_whole && !front.after_gap {
            let open = front.response == Progress::Absent;
            // The server answered (a timeout, a shutdown) before it had read any of the request.
            let unread = ack != 0 && (ack == front.start || (self.acks_live && ack < front.start));
            self.acks_live |= ack >= front.head_end;
            self.notice_more(front, ack);
            return (open && !unread).then_some(0);
        }
        let mut fitting = queue
            .iter()
            .enumerate()
            .filter(|(_, request)| request.ack == start && ack >= request.head_end)
            .filter(|(_, request)| request.response == Progress::Absent);
        let (index, request) = fitting.next()?;
        let alone = fitting.next().is_none();
        self.notice_more(request, ack);
        (alone && !self.may_be_preceded(index, front, request)).then_some(index)
    }

    /// The server had received more than the request when it answered.
    fn notice_more(&mut self, request: &Exchange, ack: u64) {
        self.pipelined |= request.request_end != 0 && ack > request.request_end + STRAY_LINE_ENDS;
    }

    /// True when a request before this one may not have been answered yet: then the next response would be its.
    fn may_be_preceded(&mut self, index: usize, front: &Exchange, request: &Exchange) -> bool {
        let may_hide_one = request.after_gap && self.gap_between;
        // What hides was followed by this request before anything was answered.
        let nothing_between = self.answered_to.or(self.begun_at) == Some(request.ack);
        self.pipelined |= may_hide_one && nothing_between;
        if self.pipelined {
            return index > 0 || self.evicted || request.after_gap;
        }
        // Nobody knows yet whether the client waits: a single request before this one has its answer in what the
        // client has read, further ones may not.
        let is_doubtful = index > 1 || self.evicted || (index == 1 && (may_hide_one || front.after_gap));
        if !self.waited && is_doubtful {
            self.doubtful += 1;
            self.waited = self.doubtful > DOUBTFUL_MAX;
        }
        !self.waited && is_doubtful
    }

    /// A request comes that was sent when the client had read up to `ack`; `queue`: those that wait.
    pub(super) fn asked(&mut self, queue: &VecDeque<Exchange>, ack: u64) {
        self.pipelined |= queue.iter().any(|open| open.response == Progress::Absent && open.ack == ack);
        self.waited |= queue.is_empty() && self.answered_to == Some(ack);
    }

    /// A certain pair: all requests before were answered.
    pub(super) fn certain(&mut self) {
        (self.server_whole, self.evicted) = (true, false);
    }

    /// A request leaves before its answer begins.
    pub(super) fn evict(&mut self) {
        (self.server_whole, self.evicted) = (false, true);
    }
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
        Pairing { server_whole: true, client_whole: true, ..Pairing::default() }
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
        let mut lost = Pairing { client_whole: true, ..Pairing::default() };
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
        let lost = || Pairing { client_whole: true, ..Pairing::default() };
        assert_eq!(Pairing { pipelined: true, ..lost() }.choose(&two, 700, 30), None);
        let three = queue(&[(10, 20, 500, false), (20, 30, 600, false), (30, 40, 700, false)]);
        assert_eq!(lost().choose(&three, 700, 40), None, "one answer or two were read");
        assert_eq!(Pairing { waited: true, ..lost() }.choose(&three, 700, 40), Some(2));
        let mut evicted = Pairing { waited: true, pipelined: true, ..lost() };
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
        let mut answered = Pairing { answered_to: Some(400), gap_between: true, ..whole() };
        assert_eq!(answered.choose(&queue, 500, 30), Some(0));
    }
}
