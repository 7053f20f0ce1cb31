//! The streams of a connection that are not complete yet: each is a call in the making. What the frames mean is
//! decided in `connection`; here is what a stream has to remember, and how it becomes a call.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use model::{Anomaly, limits};

use crate::http1::{Exchange, Progress, note};
use crate::out::Out;

/// Streams remembered after a reset, whose late frames mean nothing.
const DROPPED_MAX: usize = 256;
/// Streams that begin after a loss, until one whose end may have been lost is given up.
const DOUBT_STREAMS: u32 = 256;

/// A direction of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Request,
    Response,
}

#[derive(Debug)]
pub(super) struct Stream {
    pub exchange: Exchange,
    /// Body bytes kept when frames were lost that may have been of this stream, per half.
    doubt: [Option<usize>; 2],
    /// The end of the half may have been lost.
    end_in_doubt: [bool; 2],
    /// Frames were lost before the half began.
    missed: [bool; 2],
    /// Bytes of header text.
    head_bytes: usize,
}

impl Stream {
    pub(super) fn new(exchange: Exchange) -> Self {
        Self { exchange, doubt: [None; 2], end_in_doubt: [false; 2], missed: [false; 2], head_bytes: 0 }
    }

    pub(super) fn progress(&mut self, half: Half) -> &mut Progress {
        match half {
            Half::Request => &mut self.exchange.request,
            Half::Response => &mut self.exchange.response,
        }
    }

    /// True when frames were lost before the half began.
    pub(super) fn has_missed(&self, half: Half) -> bool {
        self.missed[half as usize]
    }

    fn body(&mut self, half: Half) -> &mut crate::http1::Body {
        match half {
            Half::Request => &mut self.exchange.request_body,
            Half::Response => &mut self.exchange.response_body,
        }
    }

    pub(super) fn note(&mut self, anomaly: Anomaly) {
        note(&mut self.exchange.call.anomalies, anomaly);
    }

    /// A half ends; `ts`: when.
    fn finish(&mut self, half: Half, ts: i64) {
        *self.progress(half) = Progress::Done;
        self.exchange.last_ts = self.exchange.last_ts.max(ts);
        let call = &self.exchange.call;
        let message = if half == Half::Request { &call.request } else { &call.response };
        let stated = message.as_ref().and_then(|message| message.headers.get("content-length"));
        let stated = stated.and_then(|length| length.trim().parse::<u64>().ok());
        let bodiless =
            half == Half::Response && (call.method == "HEAD" || matches!(call.status, Some(204 | 304)));
        let doubt = self.doubt[half as usize].take();
        let body = self.body(half);
        let is_as_stated = stated.map(|stated| stated == body.size());
        match (doubt, is_as_stated) {
            (Some(kept), None | Some(false)) => body.cut_back(kept),
            (None, Some(false)) if !bodiless && !body.has_gap => self.note(Anomaly::LENGTH_CONFLICT),
            _ => {}
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Streams {
    open: BTreeMap<u32, Box<Stream>>,
    dropped: VecDeque<u32>,
    /// Highest stream of client and server (odd, even) that had to make room: none below it can begin any more
    /// (RFC 9113 §5.1.1).
    evicted_to: [u32; 2],
    /// Open streams of which the end may have been lost.
    doubtful: BTreeSet<u32>,
    /// Highest stream seen.
    pub highest: u32,
    /// Bytes of bodies and heads.
    pub bytes: usize,
}

impl Streams {
    pub(super) fn get(&mut self, id: u32) -> Option<&mut Stream> {
        self.open.get_mut(&id).map(|stream| &mut **stream)
    }

    /// True for a stream that was reset or given up.
    pub(super) fn is_dropped(&self, id: u32) -> bool {
        let is_evicted =
            id <= self.evicted_to[usize::from(id.is_multiple_of(2))] && !self.open.contains_key(&id);
        is_evicted || self.dropped.contains(&id)
    }

    /// A stream begins.
    pub(super) fn open(&mut self, id: u32, exchange: Exchange, out: &mut Out) -> &mut Stream {
        self.highest = self.highest.max(id);
        while let Some(&first) = self.doubtful.first()
            && first.saturating_add(DOUBT_STREAMS * 2) < id
        {
            self.doubtful.pop_first();
            let in_doubt = |stream: &mut Stream| stream.end_in_doubt.contains(&true);
            if self.get(first).is_some_and(in_doubt) {
                self.give_up(first, Anomaly::GAP, out);
            }
        }
        if self.open.len() >= limits::HTTP2_STREAMS_MAX
            && let Some(&first) = self.open.keys().next()
        {
            self.evict(first, out);
        }
        self.open.entry(id).or_insert_with(|| Box::new(Stream::new(exchange)))
    }

    /// Hands the oldest stream out to make room.
    fn evict(&mut self, id: u32, out: &mut Out) {
        out.stats.streams_evicted += 1;
        if let Some(stream) = self.get(id)
            && stream.exchange.response == Progress::Absent
        {
            stream.note(Anomaly::UNMATCHED);
        }
        self.give_up(id, Anomaly::CUT_OFF, out);
        let evicted_to = &mut self.evicted_to[usize::from(id.is_multiple_of(2))];
        *evicted_to = id.max(*evicted_to);
    }

    /// Counts the text of a head.
    pub(super) fn count_head(&mut self, id: u32, bytes: usize) {
        if let Some(stream) = self.open.get_mut(&id) {
            stream.head_bytes += bytes;
            self.bytes += bytes;
        }
    }

    /// Body bytes of a stream; false when there is no message that they belong to.
    pub(super) fn push(&mut self, id: u32, half: Half, bytes: &[u8]) -> bool {
        let Some(stream) = self.open.get_mut(&id) else { return false };
        if *stream.progress(half) != Progress::Arriving {
            return false;
        }
        stream.end_in_doubt[half as usize] = false;
        let before = stream.exchange.bytes();
        if half == Half::Request {
            stream.exchange.note_turn();
        }
        stream.body(half).push(bytes);
        self.bytes = self.bytes + stream.exchange.bytes() - before;
        true
    }

    /// Body bytes of a stream that were not seen.
    pub(super) fn gap(&mut self, id: u32, half: Half, len: u64) {
        if let Some(stream) = self.open.get_mut(&id)
            && *stream.progress(half) == Progress::Arriving
        {
            stream.body(half).gap(len);
        }
    }

    /// Frames of a direction were lost: any stream may have lost something.
    pub(super) fn doubt(&mut self, half: Half, out: &mut Out) {
        let mut over = Vec::new();
        for (id, stream) in &mut self.open {
            if *stream.progress(half) != Progress::Arriving {
                stream.missed[half as usize] |= *stream.progress(half) == Progress::Absent;
                continue;
            }
            let kept = stream.body(half).bytes().len();
            stream.doubt[half as usize].get_or_insert(kept);
            stream.end_in_doubt[half as usize] = true;
            self.doubtful.insert(*id);
            if half == Half::Request && stream.exchange.response == Progress::Done {
                over.push(*id);
            }
        }
        over.into_iter().for_each(|id| self.give_up(id, Anomaly::GAP, out));
    }

    /// A half of a stream ends.
    pub(super) fn finish(&mut self, id: u32, half: Half, ts: i64, out: &mut Out) {
        let Some(stream) = self.open.get_mut(&id) else { return };
        let progress = *stream.progress(half);
        let held = stream.exchange.bytes();
        match progress {
            Progress::Arriving => stream.finish(half, ts),
            // Its head was lost.
            Progress::Absent if stream.missed[half as usize] => {
                stream.note(Anomaly::GAP);
                stream.finish(half, ts);
            }
            Progress::Absent | Progress::Done => {}
        }
        self.bytes = (self.bytes + stream.exchange.bytes()).saturating_sub(held);
        let done = |progress| progress == Progress::Done;
        if done(stream.exchange.request) && done(stream.exchange.response) {
            self.emit(id, out);
        } else if half == Half::Response && stream.end_in_doubt[Half::Request as usize] {
            self.give_up(id, Anomaly::GAP, out);
        } else if stream.exchange.call.request.is_none() && done(stream.exchange.response) {
            // The request was before the capture, or was lost.
            self.emit(id, out);
        }
    }

    /// Hands a stream out as it is; `anomaly` says why a half has no end.
    pub(super) fn give_up(&mut self, id: u32, anomaly: Anomaly, out: &mut Out) {
        let Some(stream) = self.open.get_mut(&id) else { return };
        let held = stream.exchange.bytes();
        for half in [Half::Request, Half::Response] {
            if *stream.progress(half) == Progress::Arriving {
                let in_doubt = stream.doubt[half as usize].is_some();
                stream.note(if in_doubt { Anomaly::GAP } else { anomaly.clone() });
                if let Some(kept) = stream.doubt[half as usize].take() {
                    stream.body(half).cut_back(kept);
                }
            }
        }
        self.bytes = (self.bytes + stream.exchange.bytes()).saturating_sub(held);
        self.emit(id, out);
        self.drop(id);
    }

    /// What still comes of a stream means nothing.
    pub(super) fn drop(&mut self, id: u32) {
        if self.dropped.len() >= DROPPED_MAX {
            self.dropped.pop_front();
        }
        self.dropped.push_back(id);
    }

    /// Takes a stream out.
    pub(super) fn remove(&mut self, id: u32) -> Option<Exchange> {
        let stream = self.open.remove(&id)?;
        self.doubtful.remove(&id);
        self.bytes = self.bytes.saturating_sub(stream.exchange.bytes() + stream.head_bytes);
        Some(stream.exchange)
    }

    fn emit(&mut self, id: u32, out: &mut Out) {
        let Some(mut exchange) = self.remove(id) else { return };
        if exchange.call.request.is_none() {
            note(&mut exchange.call.anomalies, Anomaly::UNMATCHED);
        }
        exchange.emit(out);
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        self.bytes + self.open.len() * size_of::<Stream>()
    }

    /// The streams that are open.
    pub(super) fn ids(&self) -> Vec<u32> {
        self.open.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Mark;
    use model::Call;

    #[test]
    fn what_is_remembered_of_losses_is_bounded() {
        let (mut streams, mut out) = (Streams::default(), Out::new("x", 0));
        // Numbers that go down, which no honest client sends.
        for id in (1..10_000).rev() {
            let exchange = Exchange::new(Call::default(), out.order.open(0), Mark::default());
            streams.open(id, exchange, &mut out).exchange.request = Progress::Arriving;
            if id % 100 == 0 {
                streams.doubt(Half::Request, &mut out);
            }
            assert!(
                streams.doubtful.len() <= streams.open.len()
                    && streams.open.len() <= limits::HTTP2_STREAMS_MAX
            );
        }
        assert!(
            streams.held() >= streams.open.len() * size_of::<Stream>()
                && streams.dropped.len() <= DROPPED_MAX
        );
    }
}
