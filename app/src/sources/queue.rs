//! Calls on their way from capture threads to whoever takes them. A capture thread never waits here: what does not
//! fit is dropped and counted, as the kernel would otherwise lose packets of all connections instead.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use model::{Call, limits};

/// Bytes counted for a call beside its bodies.
const CALL_BYTES: usize = 1_024;

pub(crate) struct Queue {
    sender: Mutex<Option<Sender<Vec<Call>>>>,
    receiver: Mutex<Receiver<Vec<Call>>>,
    bytes: AtomicUsize,
    offered: AtomicU64,
    dropped: AtomicU64,
}

impl Queue {
    pub fn new() -> Self {
        let (sender, receiver) = channel();
        Self {
            sender: Mutex::new(Some(sender)),
            receiver: Mutex::new(receiver),
            bytes: AtomicUsize::new(0),
            offered: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        }
    }

    /// Leaves calls, or drops them when too much waits.
    pub fn offer(&self, calls: Vec<Call>) {
        if calls.is_empty() {
            return;
        }
        let (count, bytes) = (calls.len() as u64, weight(&calls));
        self.offered.fetch_add(count, Ordering::Relaxed);
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = waiting == 0 || waiting + bytes <= limits::LIVE_CALLS_BYTES_MAX;
        let sender = self.sender.lock().map(|sender| sender.clone()).unwrap_or_default();
        if !fits || sender.is_none_or(|sender| sender.send(calls).is_err()) {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.drop_calls(count);
        }
    }

    /// The next calls, empty when none came in time; `None` once there will be no more.
    pub fn take(&self, timeout: Duration) -> Option<Vec<Call>> {
        let receiver = self.receiver.lock().ok()?;
        match receiver.recv_timeout(timeout) {
            Ok(calls) => {
                self.bytes.fetch_sub(weight(&calls), Ordering::Relaxed);
                Some(calls)
            }
            Err(RecvTimeoutError::Timeout) => Some(Vec::new()),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    /// No more calls come.
    pub fn close(&self) {
        if let Ok(mut sender) = self.sender.lock() {
            *sender = None;
        }
    }

    /// Counts calls that were lost on the way.
    fn drop_calls(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    /// Calls that were left here and not dropped.
    pub fn left(&self) -> u64 {
        self.offered().saturating_sub(self.dropped())
    }

    /// Calls that were left here or dropped.
    pub fn offered(&self) -> u64 {
        self.offered.load(Ordering::Relaxed)
    }

    /// Calls lost for want of room, or because nobody took them.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

fn weight(calls: &[Call]) -> usize {
    calls.iter().map(|call| CALL_BYTES + call.content_bytes()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Message;

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let queue = Queue::new();
        let big = || {
            let body = vec![0; limits::LIVE_CALLS_BYTES_MAX / 2 + 1];
            vec![Call {
                request: Some(Message { body: Some(body), ..Message::default() }),
                ..Call::default()
            }]
        };
        (0..3).for_each(|_| queue.offer(big()));
        assert_eq!(queue.dropped(), 2);
        assert_eq!(queue.take(Duration::ZERO).map(|calls| calls.len()), Some(1));
        queue.offer(big());
        assert_eq!(queue.dropped(), 2);
        queue.close();
        assert_eq!(queue.take(Duration::ZERO).map(|calls| calls.len()), Some(1));
        assert!(queue.take(Duration::ZERO).is_none());
        queue.offer(big());
        assert_eq!((queue.dropped(), queue.offered()), (3, 5));
    }
}
