//! Which request a response answers. A wrong pair puts one person's data on another's endpoint, so a pair
//! needs proof: either both streams are whole since the last certain pair, and the order decides; or the
//! TCP numbers do. A client that does not pipeline has read everything before it asks, so the answer starts
//! exactly where the request's acknowledgement points, and its own acknowledgement covers the request.
//! Anything else is left unmatched.

use std::collections::VecDeque;

use super::exchange::{Exchange, Progress};

/// What is known about the order of requests and responses of one connection.
#[derive(Debug, Default)]
pub(crate) struct Pairing {
    /// No response is missing since the last certain pair (or the start of the connection).
    pub server_whole: bool,
    /// Nothing between the last request and the next byte of the client is missing.
    pub client_whole: bool,
    /// The last client gap began between messages: a whole request may be in it.
    pub gap_between: bool,
    /// Several requests were once open at the same time.
    pub pipelined: bool,
    /// The acknowledgements in this capture are real (some tools write constants).
    pub acks_live: bool,
    /// End of the last certain response.
    pub answered_to: Option<u64>,
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
            return (open && !unread).then_some(0);
        }
        let mut fitting = queue
            .iter()
            .enumerate()
            .filter(|(_, request)| request.ack == start && ack >= request.head_end)
            .filter(|(_, request)| request.response == Progress::Absent);
        let (index, request) = fitting.next()?;
        let alone = fitting.next().is_none();
        (alone && !self.is_preceded_by_unanswered(request)).then_some(index)
    }

    /// True when the bytes missing before the request may be a request that was not answered yet: then the
    /// next response would be its.
    fn is_preceded_by_unanswered(&self, request: &Exchange) -> bool {
        let nothing_between = self.answered_to == Some(request.ack);
        request.after_gap && nothing_between && (self.gap_between || self.pipelined)
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
    fn a_hidden_request_that_was_not_answered_takes_the_next_response() {
        let queue = queue(&[(20, 30, 500, true)]);
        let mut hidden = Pairing { answered_to: Some(500), gap_between: true, ..whole() };
        assert_eq!(hidden.choose(&queue, 500, 30), None);
        let mut answered = Pairing { answered_to: Some(400), gap_between: true, ..whole() };
        assert_eq!(answered.choose(&queue, 500, 30), Some(0));
    }
}
