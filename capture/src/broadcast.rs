//! One input for several threads, each of which reads all of it. There is no thread that only reads: whoever is ahead
//! reads the next block for all. A thread waits when it is far ahead, or while another reads the block that it needs.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::limits::BROADCAST_BLOCKS;

/// An input whose blocks go to every reader. `F` fills an empty block, and leaves it empty at the end of the input.
#[derive(Debug)]
pub struct Broadcast<F, E> {
    state: Mutex<State<F, E>>,
    moved: Condvar,
}

#[derive(Debug)]
struct State<F, E> {
    /// Away while a reader reads for all.
    fill: Option<F>,
    /// Blocks that somebody has not taken yet.
    blocks: VecDeque<Arc<Vec<u8>>>,
    /// Number of the first of them.
    first: u64,
    /// Number of the block that each reader takes next.
    next: Vec<u64>,
    /// Memory of blocks that everybody is done with.
    spare: Vec<Vec<u8>>,
    has_ended: bool,
    error: Option<E>,
}

/// One of the threads that read.
#[derive(Debug)]
pub struct Reader<'a, F, E> {
    shared: &'a Broadcast<F, E>,
    index: usize,
    current: Option<Arc<Vec<u8>>>,
    /// Reads for all at the moment.
    is_reading: bool,
}

impl<F: FnMut(&mut Vec<u8>) -> Result<(), E>, E> Broadcast<F, E> {
    /// An input that `fill` reads.
    pub fn new(fill: F) -> Self {
        let state = State {
            fill: Some(fill),
            blocks: VecDeque::new(),
            first: 0,
            next: Vec::new(),
            spare: Vec::new(),
            has_ended: false,
            error: None,
        };
        Self { state: Mutex::new(state), moved: Condvar::new() }
    }

    /// One more reader. All of them must be there before the first block is read.
    pub fn reader(&self) -> Reader<'_, F, E> {
        let mut state = self.state();
        debug_assert!(state.first == 0 && state.blocks.is_empty(), "readers come before the first block");
        state.next.push(0);
        Reader { shared: self, index: state.next.len() - 1, current: None, is_reading: false }
    }

    /// What went wrong with the input, after its readers have come to the end.
    ///
    /// # Errors
    /// The first error of `fill`.
    pub fn finish(self) -> Result<(), E> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.error.map_or(Ok(()), Err)
    }
}

impl<F, E> Broadcast<F, E> {
    fn state(&self) -> MutexGuard<'_, State<F, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: FnMut(&mut Vec<u8>) -> Result<(), E>, E> Reader<'_, F, E> {
    /// The next block; `None` at the end, or where the input fails.
    pub fn next_block(&mut self) -> Option<&[u8]> {
        let mut state = self.shared.state();
        // The last one that is done with a block leaves its memory for the next.
        let done = self.current.take().and_then(Arc::into_inner);
        state.spare.extend(done);
        loop {
            let ahead = (state.next[self.index] - state.first) as usize;
            if let Some(block) = state.blocks.get(ahead) {
                self.current = Some(Arc::clone(block));
                state.next[self.index] += 1;
                if state.forget() {
                    self.shared.moved.notify_all();
                }
                break;
            }
            if state.has_ended {
                return None;
            }
            let has_room = state.blocks.len() < BROADCAST_BLOCKS;
            state = match state.fill.take_if(|_| has_room) {
                Some(fill) => self.read(state, fill),
                None => self.shared.moved.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        drop(state);
        self.current.as_ref().map(|block| block.as_slice())
    }
}

impl<'a, F: FnMut(&mut Vec<u8>) -> Result<(), E>, E> Reader<'a, F, E> {
    /// Reads a block for all, while the others go on with those that are there.
    fn read(&mut self, mut state: MutexGuard<'a, State<F, E>>, mut fill: F) -> MutexGuard<'a, State<F, E>> {
        let mut block = state.spare.pop().unwrap_or_default();
        drop(state);
        block.clear();
        self.is_reading = true;
        let outcome = fill(&mut block);
        self.is_reading = false;
        let mut state = self.shared.state();
        state.fill = Some(fill);
        state.has_ended = block.is_empty() || outcome.is_err();
        state.error = outcome.err();
        if !block.is_empty() {
            state.blocks.push_back(Arc::new(block));
        }
        self.shared.moved.notify_all();
        state
    }
}

impl<F, E> State<F, E> {
    /// Lets go of blocks that everybody has taken; false when there were none.
    fn forget(&mut self) -> bool {
        let slowest = self.next.iter().copied().min().unwrap_or(u64::MAX);
        let before = self.first;
        while self.first < slowest && self.blocks.pop_front().is_some() {
            self.first += 1;
        }
        self.first > before
    }
}

impl<F, E> Drop for Reader<'_, F, E> {
    /// Nobody waits for a reader that is gone.
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.next[self.index] = u64::MAX;
        state.has_ended |= self.is_reading;
        state.forget();
        self.shared.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Blocks of one byte, 0 and up, then the end or an error.
    fn counting(
        end: u8,
        error: Option<&'static str>,
    ) -> impl FnMut(&mut Vec<u8>) -> Result<(), &'static str> {
        let mut next = 0;
        move |block| {
            assert!(block.is_empty(), "memory of an old block is empty");
            if next < end {
                block.push(next);
                next += 1;
                return Ok(());
            }
            error.map_or(Ok(()), Err)
        }
    }

    #[test]
    fn every_reader_reads_all_of_it_whichever_is_ahead() {
        for (error, expect) in [(None, Ok(())), (Some("broken"), Err("broken"))] {
            let input = Broadcast::new(counting(200, error));
            let readers: Vec<_> = (0..3).map(|_| input.reader()).collect();
            thread::scope(|scope| {
                for (index, mut reader) in readers.into_iter().enumerate() {
                    scope.spawn(move || {
                        let mut all = Vec::new();
                        while let Some(block) = reader.next_block() {
                            all.extend_from_slice(block);
                            // Each is now ahead and now behind.
                            if all.len() % 70 / 20 == index {
                                thread::yield_now();
                            }
                        }
                        assert_eq!(all, (0..200).collect::<Vec<u8>>());
                        assert!(reader.next_block().is_none(), "the end stays the end");
                    });
                }
            });
            let state = input.state();
            let blocks = state.blocks.len() + state.spare.len();
            assert!(blocks <= BROADCAST_BLOCKS + 3, "{blocks} blocks for 200");
            drop(state);
            assert_eq!(input.finish(), expect);
        }
    }

    #[test]
    fn one_that_is_far_ahead_waits_and_one_that_is_gone_is_not_waited_for() {
        let input = Broadcast::new(counting(200, None));
        let (mut ahead, mut behind) = (input.reader(), input.reader());
        let (sender, counts) = channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut count = 0;
                while ahead.next_block().is_some() {
                    count += 1;
                    sender.send(count).expect("somebody counts");
                }
            });
            let before: Vec<usize> = counts.iter().take(BROADCAST_BLOCKS).collect();
            assert_eq!(before.last(), Some(&BROADCAST_BLOCKS));
            let pause = Duration::from_millis(50);
            assert!(counts.recv_timeout(pause).is_err(), "it waits");
            assert_eq!(behind.next_block(), Some(&[0][..]));
            assert_eq!(counts.recv(), Ok(BROADCAST_BLOCKS + 1));
            assert!(counts.recv_timeout(pause).is_err(), "it waits again");
            drop(behind);
            assert_eq!(counts.iter().last(), Some(200));
        });
    }

    #[test]
    fn when_reading_panics_the_others_come_to_an_end() {
        let input = Broadcast::new(|_: &mut Vec<u8>| -> Result<(), ()> { panic!("no input") });
        let (mut one, mut other) = (input.reader(), input.reader());
        thread::scope(|scope| {
            let broken = scope.spawn(move || one.next_block().is_some());
            assert!(broken.join().is_err());
            assert!(other.next_block().is_none());
        });
    }
}
