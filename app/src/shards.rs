//! Decodes one capture on several threads: every thread reads all packets and follows its share of the
//! connections; the calls are merged in order of request start. Memory is bounded: blocks and calls wait in
//! channels of fixed length.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::Result;
use capture::{Broadcast, Bytes, Reader};
use decode::{Decoder, Outcome, Shard};
use model::{Call, limits};

/// Bytes handed to the threads at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// Answers of a thread that wait for the merge; one that is ahead by more blocks waits for the others anyway.
const QUEUE: usize = 16;

/// Bytes of calls that wait for threads that are behind.
const MERGE_BYTES_MAX: usize = 32 << 20;

/// What a thread has to say after a block.
struct Answer {
    calls: Vec<Call>,
    /// Calls of later answers start at this time or later.
    horizon: i64,
    /// The input ended.
    outcome: Option<Outcome>,
}

/// A call that waits for the threads that are behind.
struct Waiting {
    call: Call,
    serial: u64,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Waiting {
    fn key(&self) -> (i64, u64) {
        (self.call.ts.0, self.serial)
    }
}

/// Reads a capture to its end with the decoders that `decoder` makes for each of `threads` shares; `step` is told
/// the length of every block, for a progress display.
///
/// # Errors
/// The input fails, or `take` refuses a call.
pub(crate) fn decode(
    bytes: &mut Bytes,
    threads: u32,
    decoder: impl Fn(Shard) -> Decoder,
    step: impl Fn(u64) + Send,
    take: &mut dyn FnMut(Call) -> Result<()>,
) -> Result<Outcome> {
    let input = Broadcast::new(move |block: &mut Vec<u8>| {
        bytes.read_block(block, BLOCK_BYTES)?;
        step(block.len() as u64);
        Ok::<(), capture::Error>(())
    });
    let outcome = thread::scope(|scope| {
        let shards = (0..threads).filter_map(|index| Shard::new(index, threads));
        let workers: Vec<_> = shards.map(|shard| (decoder(shard), input.reader())).collect();
        let answers: Vec<_> = workers
            .into_iter()
            .map(|(decoder, mut reader)| {
                let (answer_in, answer_out) = sync_channel(QUEUE);
                scope.spawn(move || work(decoder, &mut reader, &answer_in));
                answer_out
            })
            .collect();
        // The threads stop as soon as nobody listens to them any more.
        merge(&answers, take)
    });
    let outcome = outcome?;
    input.finish()?;
    Ok(outcome)
}

fn work<F>(mut decoder: Decoder, input: &mut Reader<'_, F, capture::Error>, answers: &SyncSender<Answer>)
where
    F: FnMut(&mut Vec<u8>) -> Result<(), capture::Error>,
{
    while let Some(block) = input.next_block() {
        let mut calls = Vec::new();
        decoder.push(block, &mut |call| calls.push(call));
        let answer = Answer { calls, horizon: decoder.horizon(), outcome: None };
        if answers.send(answer).is_err() {
            return;
        }
    }
    let mut calls = Vec::new();
    let outcome = decoder.finish(&mut |call| calls.push(call));
    // Nobody listens after an error: then there is nothing to tell.
    let _ = answers.send(Answer { calls, horizon: i64::MAX, outcome: Some(outcome) });
}

/// One answer of each thread at a time: as every block goes to every thread, none of them can be left behind.
fn merge(answers: &[Receiver<Answer>], take: &mut dyn FnMut(Call) -> Result<()>) -> Result<Outcome> {
    let mut waiting: BinaryHeap<Reverse<Waiting>> = BinaryHeap::new();
    let (mut serial, mut whole): (u64, Option<Outcome>) = (0, None);
    let (mut bytes, mut early) = (0, 0);
    loop {
        let mut horizon = i64::MAX;
        let mut ended = true;
        for thread in answers {
            let Ok(answer) = thread.recv() else { continue };
            horizon = horizon.min(answer.horizon);
            for call in answer.calls {
                serial += 1;
                bytes += call.content_bytes();
                waiting.push(Reverse(Waiting { call, serial }));
            }
            match (answer.outcome, &mut whole) {
                (None, _) => ended = false,
                (Some(outcome), None) => whole = Some(outcome),
                (Some(outcome), Some(whole)) => whole.stats.add(&outcome.stats),
            }
        }
        while let Some(Reverse(first)) = waiting.peek() {
            let is_due = ended || first.call.ts.0 < horizon;
            if !is_due && waiting.len() <= limits::ORDER_CALLS_MAX && bytes <= MERGE_BYTES_MAX {
                break;
            }
            early += u64::from(!is_due);
            if let Some(Reverse(first)) = waiting.pop() {
                bytes -= first.call.content_bytes();
                take(first.call)?;
            }
        }
        if ended {
            if let Some(whole) = &mut whole {
                whole.stats.out_of_order += early;
            }
            return whole.ok_or_else(|| anyhow::anyhow!("the decoding threads stopped"));
        }
    }
}

#[cfg(test)]
mod tests {
    use decode::Kind;
    use model::{Message, Timestamp};

    use super::*;

    /// What a thread says after each block: times of calls, and its horizon; and after the last the times of the rest.
    type Said<'a> = (&'a [(&'a [i64], i64)], &'a [i64]);

    fn calls(times: &[i64], body: usize) -> Vec<Call> {
        let request = Message { body: Some(vec![0; body]), ..Message::default() };
        times
            .iter()
            .map(|ts| Call { ts: Timestamp(*ts), request: Some(request.clone()), ..Call::default() })
            .collect()
    }

    /// Times of the calls as they were taken, and how many left too early.
    #[track_caller]
    fn check(threads: &[Said<'_>], body: usize, expect: (&[i64], u64)) {
        let (outcomes, answers): (Vec<_>, Vec<_>) = threads
            .iter()
            .map(|(blocks, rest)| {
                let (answer_in, answer_out) = sync_channel(blocks.len() + 1);
                for (times, horizon) in *blocks {
                    let answer = Answer { calls: calls(times, body), horizon: *horizon, outcome: None };
                    answer_in.send(answer).expect("room");
                }
                let outcome =
                    Outcome { kind: Kind::Pcap, stats: decode::Stats::default(), problems: Vec::new() };
                let last = Answer { calls: calls(rest, body), horizon: i64::MAX, outcome: Some(outcome) };
                answer_in.send(last).expect("room");
                (answer_in, answer_out)
            })
            .unzip();
        let mut taken = Vec::new();
        let outcome = merge(&answers, &mut |call| {
            taken.push(call.ts.0);
            Ok(())
        });
        drop(outcomes);
        assert_eq!((taken.as_slice(), outcome.expect("merged").stats.out_of_order), expect);
    }

    #[test]
    fn calls_of_all_threads_leave_in_order_of_start() {
        let ahead: Said<'_> = (&[(&[1, 4], 5), (&[7, 9], 10)], &[12]);
        let behind: Said<'_> = (&[(&[], 2), (&[3], 5)], &[6, 8]);
        check(&[ahead, behind], 0, (&[1, 3, 4, 6, 7, 8, 9, 12], 0));
        check(&[behind, ahead], 0, (&[1, 3, 4, 6, 7, 8, 9, 12], 0));
        check(&[ahead], 0, (&[1, 4, 7, 9, 12], 0));
    }

    #[test]
    fn what_waits_is_bounded_and_what_leaves_early_is_counted() {
        let many: Vec<i64> = (10..=10 + limits::ORDER_CALLS_MAX as i64 + 2).collect();
        let (first, stuck): (Said<'_>, Said<'_>) = ((&[(&many, i64::MAX)], &[]), (&[(&[], 1)], &[1]));
        let expect: Vec<i64> = [&many[..3], &[1], &many[3..]].concat();
        check(&[first, stuck], 0, (&expect, 3));
        // Of ten calls of this size nine fit.
        let ten: Vec<i64> = (10..20).collect();
        let first: Said<'_> = (&[(&ten, i64::MAX)], &[]);
        check(&[first, stuck], MERGE_BYTES_MAX / 9, (&[10, 1, 11, 12, 13, 14, 15, 16, 17, 18, 19], 1));
    }
}
