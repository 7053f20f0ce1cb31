//! Decodes one capture on several threads: every thread reads all packets and follows its share of the
//! connections; the calls are merged in order of request start. Memory is bounded: a thread is ahead of the others by
//! so many blocks, and of the merge by so many answers of so many bytes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use capture::{Broadcast, Bytes, Reader};
use decode::{Decoder, Outcome, Shard};
use model::{Call, limits};

/// Bytes handed to the threads at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// Answers of a thread that wait for the merge.
const QUEUE: usize = 4;
/// Bytes of calls after which an answer comes before the block has ended: a few packets may unpack to much.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Bytes of calls in the answers of all threads that wait for the merge; of each thread one answer may always wait.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// Pause while they are too many.
const PAUSE: Duration = Duration::from_millis(1);

/// Bytes of calls that wait for threads that are behind.
const MERGE_BYTES_MAX: usize = 32 << 20;

/// What a thread has to say after a block, or within one.
struct Answer<T> {
    calls: Vec<Made<T>>,
    /// Of all its calls.
    bytes: usize,
    /// Calls of later answers start at this time or later; `None` within a block.
    horizon: Option<i64>,
    /// The input ended.
    outcome: Option<Outcome>,
}

/// What is made of calls, and waits.
pub(crate) trait Held {
    /// Bytes that it holds.
    fn held_bytes(&self) -> usize;
}

impl Held for Call {
    fn held_bytes(&self) -> usize {
        self.content_bytes()
    }
}

/// What was made of a call in its thread.
struct Made<T> {
    value: T,
    /// When its request began.
    ts: i64,
    bytes: usize,
}

/// A call that waits for the threads that are behind.
struct Waiting<T> {
    made: Made<T>,
    serial: u64,
}

impl<T> PartialEq for Waiting<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Waiting<T> {}

impl<T> PartialOrd for Waiting<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Waiting<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl<T> Waiting<T> {
    fn key(&self) -> (i64, u64) {
        (self.made.ts, self.serial)
    }
}

/// Reads a capture to its end with the decoders that `decoder` makes for each of `threads` shares; `step` is told
/// the length of every block, for a progress display. `make` runs in the threads, `take` sees in order what it made.
///
/// # Errors
/// The input fails, or `take` refuses a call.
pub(crate) fn decode<T: Held + Send>(
    bytes: &mut Bytes,
    threads: u32,
    decoder: impl Fn(Shard) -> Decoder,
    step: impl Fn(u64) + Send,
    make: impl Fn(Call) -> T + Sync,
    take: &mut dyn FnMut(T) -> Result<()>,
) -> Result<Outcome> {
    let input = Broadcast::new(move |block: &mut Vec<u8>| {
        bytes.read_block(block, BLOCK_BYTES)?;
        step(block.len() as u64);
        Ok::<(), capture::Error>(())
    });
    let make = &make;
    let waiting = &AnswersWaiting::default();
    let outcome = thread::scope(|scope| {
        let shards = (0..threads).filter_map(|index| Shard::new(index, threads));
        let workers: Vec<_> = shards.map(|shard| (decoder(shard), input.reader())).collect();
        let answers: Vec<_> = workers
            .into_iter()
            .map(|(decoder, mut reader)| {
                let (sender, receiver) = channel(waiting);
                scope.spawn(move || work(decoder, &mut reader, make, &sender));
                receiver
            })
            .collect();
        let outcome = merge(&answers, take);
        // The threads stop as soon as nobody listens to them any more.
        waiting.is_over.store(true, Ordering::Relaxed);
        outcome
    });
    let outcome = outcome?;
    input.finish()?;
    Ok(outcome)
}

fn work<F, T: Held>(
    mut decoder: Decoder,
    input: &mut Reader<'_, F, capture::Error>,
    make: impl Fn(Call) -> T,
    answers: &AnswerSender<'_, T>,
) where
    F: FnMut(&mut Vec<u8>) -> Result<(), capture::Error>,
{
    let made = |call: Call| {
        let (ts, value) = (call.ts.0, make(call));
        Made { ts, bytes: value.held_bytes(), value }
    };
    let add = |answer: &mut Answer<T>, call| {
        let made = made(call);
        answer.bytes += made.bytes;
        answer.calls.push(made);
        if answer.bytes > ANSWER_BYTES_MAX {
            // That nobody listens shows at the end of the block.
            answers.send(std::mem::take(answer));
        }
    };
    while let Some(block) = input.next_block() {
        let mut answer = Answer::default();
        decoder.push(block, &mut |call| add(&mut answer, call));
        if !answers.send(Answer { horizon: Some(decoder.horizon()), ..answer }) {
            return;
        }
    }
    let mut answer = Answer::default();
    let outcome = decoder.finish(&mut |call| add(&mut answer, call));
    // Nobody listens after an error: then there is nothing to tell.
    answers.send(Answer { horizon: Some(i64::MAX), outcome: Some(outcome), ..answer });
}

impl<T> Default for Answer<T> {
    fn default() -> Self {
        Self { calls: Vec::new(), bytes: 0, horizon: None, outcome: None }
    }
}

/// What all threads together have said that was not heard yet.
#[derive(Default)]
struct AnswersWaiting {
    bytes: AtomicUsize,
    /// Nobody listens any more.
    is_over: AtomicBool,
}

/// The channel of one thread, and how many of its answers wait.
fn channel<T>(all: &AnswersWaiting) -> (AnswerSender<'_, T>, AnswerReceiver<'_, T>) {
    let (sender, receiver) = sync_channel(QUEUE);
    let own = Arc::new(AtomicUsize::new(0));
    (AnswerSender { sender, own: Arc::clone(&own), all }, AnswerReceiver { receiver, own, all })
}

struct AnswerSender<'a, T> {
    sender: SyncSender<Answer<T>>,
    own: Arc<AtomicUsize>,
    all: &'a AnswersWaiting,
}

impl<T> AnswerSender<'_, T> {
    /// Waits while too much waits, but for the first of its own; false when nobody listens.
    fn send(&self, answer: Answer<T>) -> bool {
        while self.own.load(Ordering::Relaxed) > 0
            && self.all.bytes.load(Ordering::Relaxed) > WAITING_BYTES_MAX
            && !self.all.is_over.load(Ordering::Relaxed)
        {
            thread::sleep(PAUSE);
        }
        self.own.fetch_add(1, Ordering::Relaxed);
        self.all.bytes.fetch_add(answer.bytes, Ordering::Relaxed);
        self.sender.send(answer).is_ok()
    }
}

struct AnswerReceiver<'a, T> {
    receiver: Receiver<Answer<T>>,
    own: Arc<AtomicUsize>,
    all: &'a AnswersWaiting,
}

impl<T> AnswerReceiver<'_, T> {
    /// The next answer; `None` when the thread has ended.
    fn next(&self) -> Option<Answer<T>> {
        let answer = self.receiver.recv().ok()?;
        self.own.fetch_sub(1, Ordering::Relaxed);
        self.all.bytes.fetch_sub(answer.bytes, Ordering::Relaxed);
        Some(answer)
    }
}

/// The answers to one block of each thread at a time: as every block goes to every thread, none of them can be left
/// behind.
fn merge<T>(answers: &[AnswerReceiver<'_, T>], take: &mut dyn FnMut(T) -> Result<()>) -> Result<Outcome> {
    let mut waiting = Heap::default();
    let mut whole: Option<Outcome> = None;
    loop {
        let mut horizon = i64::MAX;
        let mut ended = true;
        for thread in answers {
            while let Some(answer) = thread.next() {
                answer.calls.into_iter().for_each(|made| waiting.add(made));
                match (answer.outcome, &mut whole) {
                    (None, _) => ended = false,
                    (Some(outcome), None) => whole = Some(outcome),
                    (Some(outcome), Some(whole)) => whole.stats.add(&outcome.stats),
                }
                if let Some(own) = answer.horizon {
                    horizon = horizon.min(own);
                    break;
                }
                // Other threads may have earlier ones.
                waiting.release(i64::MIN, take)?;
            }
        }
        waiting.release(if ended { i64::MAX } else { horizon }, take)?;
        if ended {
            if let Some(whole) = &mut whole {
                whole.stats.out_of_order += waiting.early;
            }
            return whole.ok_or_else(|| anyhow::anyhow!("the decoding threads stopped"));
        }
    }
}

/// Calls in order of their start.
struct Heap<T> {
    calls: BinaryHeap<Reverse<Waiting<T>>>,
    bytes: usize,
    serial: u64,
    /// How many left before their turn.
    early: u64,
}

impl<T> Default for Heap<T> {
    fn default() -> Self {
        Self { calls: BinaryHeap::new(), bytes: 0, serial: 0, early: 0 }
    }
}

impl<T> Heap<T> {
    fn add(&mut self, made: Made<T>) {
        self.serial += 1;
        self.bytes += made.bytes;
        self.calls.push(Reverse(Waiting { made, serial: self.serial }));
    }

    /// Hands out what starts before `horizon`, `i64::MAX` for all, and beyond the limits the earliest of the others.
    fn release(&mut self, horizon: i64, take: &mut dyn FnMut(T) -> Result<()>) -> Result<()> {
        while let Some(Reverse(first)) = self.calls.peek() {
            let is_due = first.made.ts < horizon || horizon == i64::MAX;
            let is_full = self.calls.len() > limits::ORDER_CALLS_MAX || self.bytes > MERGE_BYTES_MAX;
            if !is_due && !is_full {
                break;
            }
            self.early += u64::from(!is_due);
            if let Some(Reverse(first)) = self.calls.pop() {
                self.bytes -= first.made.bytes;
                take(first.made.value)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decode::Kind;

    /// What a thread says after each block: times of calls, and its horizon; and after the last the times of the rest.
    type Said<'a> = (&'a [(&'a [i64], i64)], &'a [i64]);

    fn said(times: &[i64], bytes: usize) -> Answer<i64> {
        let calls = times.iter().map(|ts| Made { value: *ts, ts: *ts, bytes }).collect();
        Answer { calls, ..Answer::default() }
    }

    /// Times of the calls as they were taken, and how many left too early.
    #[track_caller]
    fn check(threads: &[Said<'_>], body: usize, expect: (&[i64], u64)) {
        let waiting = AnswersWaiting::default();
        let (outcomes, answers): (Vec<_>, Vec<_>) = threads
            .iter()
            .map(|(blocks, rest)| {
                assert!(blocks.len() < QUEUE, "more would wait for the merge");
                let (answer_in, answer_out) = channel(&waiting);
                for (times, horizon) in *blocks {
                    assert!(answer_in.send(Answer { horizon: Some(*horizon), ..said(times, body) }));
                }
                let outcome =
                    Outcome { kind: Kind::Pcap, stats: decode::Stats::default(), problems: Vec::new() };
                let last = Answer { horizon: Some(i64::MAX), outcome: Some(outcome), ..said(rest, body) };
                assert!(answer_in.send(last));
                (answer_in, answer_out)
            })
            .unzip();
        let mut taken = Vec::new();
        let outcome = merge(&answers, &mut |call| {
            taken.push(call);
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
    fn a_thread_waits_while_too_much_of_its_own_is_not_heard() {
        let waiting = AnswersWaiting::default();
        let (sender, receiver) = channel::<i64>(&waiting);
        let large = || Answer { bytes: WAITING_BYTES_MAX + 1, ..Answer::default() };
        assert!(sender.send(large()), "the first may always wait");
        thread::scope(|scope| {
            let second = scope.spawn(|| sender.send(large()));
            thread::sleep(20 * PAUSE);
            assert!(!second.is_finished());
            assert!(receiver.next().is_some());
            assert!(second.join().expect("sent"));
            let third = scope.spawn(|| sender.send(large()));
            thread::sleep(20 * PAUSE);
            assert!(!third.is_finished());
            waiting.is_over.store(true, Ordering::Relaxed);
            assert!(third.join().expect("ended"));
        });
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
