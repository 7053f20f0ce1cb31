//! A network interface as a source: a thread per ring that captures and decodes, calls left in a queue, counters kept
//! up once a second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use capture::KeyLog;
use capture::live::{self, Attached, Counters, Engine, Options, Ring};
use decode::Stats;
use model::Call;
use tracing::{error, info, warn};

use super::follow::unreadable;
use super::{Known, Opened, Outlet, Queue, SourceConfig, SourceCounters};
use crate::live::wall_clock;

/// Longest wait for packets, and so for the end.
const WAIT: Duration = Duration::from_millis(100);
/// Time between two looks at clock and counters.
const TICK: Duration = Duration::from_secs(1);
/// Time between two lines about packets that were lost.
const REPORT_EVERY: Duration = Duration::from_secs(60);
/// How old a packet may be that the kernel still holds in a block that is not full, microseconds; doubled.
const HELD_US: i64 = 200_000;
/// Bytes of calls after which they are handed on before all packets of a block are read.
const OFFER_BYTES: usize = 4 << 20;
/// Blocks read at the end at most, after nobody wants more.
const LAST_BLOCKS: usize = 256;

/// Options for an interface: the filter and the engine as text.
pub(crate) fn options(name: &str, filter: Option<&str>, engine: Option<&str>) -> Result<Options> {
    let engine = engine.map_or(Ok(Engine::default()), str::parse)?;
    Ok(Options { engine, filter: filter.unwrap_or_default().to_owned(), ..Options::new(name) })
}

/// An interface that is open and not read yet.
pub(crate) struct Interface {
    pub name: String,
    rings: Vec<Ring>,
    known: Known,
}

/// What one thread has counted.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    stats: Stats,
    kernel: Counters,
}

/// An interface that is read.
pub(crate) struct Capturing {
    pub name: String,
    pub queue: Arc<Queue>,
    counts: Arc<Mutex<Vec<Count>>>,
    stop: Arc<AtomicBool>,
    is_abandoned: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// Threads that had ended before they were told to.
    ended: u64,
}

impl Interface {
    /// Opens an interface; needs the right to capture.
    pub fn open(options: &Options, known: Known) -> Result<Self> {
        Ok(Self { name: options.interface.clone(), rings: live::open(options)?, known })
    }

    /// The same as a source of the server names it.
    pub fn configured(source: &SourceConfig) -> Result<Self> {
        let SourceConfig::Interface {
            name,
            filter,
            engine,
            threads,
            snaplen,
            key_logs,
            rsa_keys,
            descriptors,
            promiscuous,
            hardware_time,
        } = source
        else {
            bail!("no interface")
        };
        let mut options = options(name, filter.as_deref(), engine.as_deref())?;
        options.threads = threads.unwrap_or(options.threads);
        options.snaplen = snaplen.unwrap_or(options.snaplen);
        options.promiscuous = promiscuous.unwrap_or(options.promiscuous);
        options.hardware_time = hardware_time.unwrap_or(options.hardware_time);
        let known = Known::read(key_logs, rsa_keys, descriptors);
        Self::open(&options, known.with_context(|| format!("source {name}"))?)
    }

    /// Starts to read.
    pub fn start(self) -> Result<Capturing> {
        // Asked now: what root may read, the user that it has become may not.
        let key_logs: Vec<_> = self.known.key_logs.iter().map(|path| path.display().to_string()).collect();
        for line in unreadable(&key_logs) {
            warn!("{line}");
        }
        let (stop, is_abandoned) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let counts = Arc::new(Mutex::new(vec![Count::default(); self.rings.len()]));
        let queue = Arc::new(Queue::new());
        let (mut threads, among) = (Vec::new(), self.rings.len() as u32);
        for (index, ring) in self.rings.into_iter().enumerate() {
            let worker = Worker {
                ring,
                decoder: self.known.decoder(&self.name, among),
                key_logs: self.known.key_logs.iter().map(|path| KeyLog::new(path)).collect(),
                name: self.name.clone(),
                queue: Arc::clone(&queue),
                index,
                counts: Arc::clone(&counts),
            };
            let (stop, is_abandoned) = (Arc::clone(&stop), Arc::clone(&is_abandoned));
            let thread = thread::Builder::new().name(format!("capture-{index}"));
            threads.push(
                thread.spawn(move || worker.run(&stop, &is_abandoned)).context("cannot start a thread")?,
            );
        }
        Ok(Capturing { name: self.name, queue, counts, stop, is_abandoned, threads, ended: 0 })
    }
}

impl Opened for Interface {
    fn name(&self) -> &str {
        &self.name
    }

    fn start(self: Box<Self>, outlet: Outlet) -> Result<JoinHandle<()>> {
        info!(interface = self.name, "capturing");
        let capturing = (*self).start()?;
        let thread = thread::Builder::new().name("forward".to_owned());
        thread.spawn(move || forward(capturing, &outlet)).context("cannot start a thread")
    }
}

/// Hands calls of an interface to the server until the end.
fn forward(mut capturing: Capturing, outlet: &Outlet) {
    let (mut next_report, mut lost, mut is_broken) = (Instant::now() + REPORT_EVERY, 0, false);
    let mut counted = (0, 0);
    loop {
        let is_last = outlet.is_stopping();
        if is_last && let Err(error) = capturing.stop() {
            error!(error = %format!("{error:#}"), "a source broke off");
        }
        while let Some(calls) = capturing.queue.take(Duration::from_millis(200)) {
            let count = calls.len() as u64;
            count_calls(&capturing, &mut counted, outlet.counters());
            if count > 0
                && let Err(error) = outlet.deliver(&capturing.name, calls, None)
            {
                error!(interface = capturing.name, calls = count, error = %format!("{error:#}"), "calls dropped");
            }
            // Busy traffic must not keep the clock and the end from being looked at.
            if count == 0 || !is_last {
                break;
            }
        }
        count_calls(&capturing, &mut counted, outlet.counters());
        outlet.counters().set(&capturing.name, capturing.counters());
        if is_last {
            info!("{}", capturing.summary());
            return;
        }
        if !is_broken && capturing.is_broken() {
            is_broken = true;
            error!(
                interface = capturing.name,
                "a thread of the capture has ended; its share of the traffic is lost"
            );
        }
        let now_lost = capturing.counts().1.drops + capturing.queue.dropped();
        if Instant::now() >= next_report {
            if now_lost > lost {
                warn!("{}", capturing.summary());
            }
            (next_report, lost) = (Instant::now() + REPORT_EVERY, now_lost);
        }
    }
}

/// Counts what the decoders gave and what the queue did not take, since the last time.
fn count_calls(capturing: &Capturing, counted: &mut (u64, u64), counters: &SourceCounters) {
    let Capturing { name, queue, .. } = capturing;
    // In this order: a call is offered before it is dropped.
    let dropped = queue.dropped();
    let before = std::mem::replace(counted, (queue.offered(), dropped));
    counters.received(name, counted.0 - before.0);
    counters.dropped(name, "receive", "queue_full", dropped - before.1);
}

impl Capturing {
    /// No more packets are wanted: at the stop, what the kernel still holds is left there.
    pub fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Relaxed);
    }

    /// Reads what the kernel still holds, hands out everything and ends.
    pub fn stop(&mut self) -> Result<()> {
        self.ended += self.ended_threads();
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                bail!("{}: capturing broke off", self.name);
            }
        }
        self.queue.close();
        Ok(())
    }

    /// True when a thread ended by itself: its interface is gone for good, or it panicked.
    pub fn is_broken(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    fn ended_threads(&self) -> u64 {
        self.threads.iter().filter(|thread| thread.is_finished()).count() as u64
    }

    /// Counters of all threads: what was decoded, what the kernel saw.
    pub fn counts(&self) -> (Stats, Counters) {
        let (mut stats, mut kernel) = (Stats::default(), Counters::default());
        for count in self.counts.lock().map(|counts| counts.clone()).unwrap_or_default() {
            stats.add(&count.stats);
            kernel.packets += count.kernel.packets;
            kernel.drops += count.kernel.drops;
            kernel.freezes += count.kernel.freezes;
        }
        (stats, kernel)
    }

    /// One line for a person.
    pub fn summary(&self) -> String {
        let (stats, kernel) = self.counts();
        format!(
            "{}: {} packets, {} dropped by the kernel, {} calls, {} dropped for want of room",
            self.name,
            kernel.packets,
            kernel.drops,
            stats.calls,
            self.queue.dropped()
        )
    }

    /// Every counter with its name: of the kernel, the queue and the decoders.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let (stats, kernel) = self.counts();
        let own = [
            ("kernel_packets", kernel.packets),
            ("kernel_drops", kernel.drops),
            ("ring_full", kernel.freezes),
            ("calls_dropped", self.queue.dropped()),
            ("capture_threads_ended", self.ended + self.ended_threads()),
        ];
        own.into_iter().chain(stats.counters()).collect()
    }
}

struct Worker {
    ring: Ring,
    decoder: decode::Live,
    key_logs: Vec<KeyLog>,
    name: String,
    queue: Arc<Queue>,
    index: usize,
    counts: Arc<Mutex<Vec<Count>>>,
}

impl Worker {
    fn run(mut self, stop: &AtomicBool, is_abandoned: &AtomicBool) {
        let (mut next_tick, mut latest, mut is_down) = (Instant::now() + TICK, i64::MIN, false);
        let mut attached = Attached::Still;
        while !stop.load(Ordering::Relaxed) {
            let count = match self.read(WAIT, &mut latest) {
                Ok(count) => {
                    is_down = false;
                    count
                }
                Err(error) => {
                    // It may come up again, and the socket stays bound to it.
                    if !std::mem::replace(&mut is_down, true) {
                        warn!(interface = self.name, error = %error, "no packets");
                    }
                    thread::sleep(TICK);
                    0
                }
            };
            if Instant::now() >= next_tick {
                next_tick = Instant::now() + TICK;
                // With packets still waiting only their own times are certain.
                self.tick(if count == 0 { wall_clock().0 - HELD_US } else { latest });
                let before = attached;
                match self.ring.attach() {
                    Ok(now) => attached = now,
                    Err(error) => {
                        error!(interface = self.name, error = %error, "capturing ends");
                        break;
                    }
                }
                match attached {
                    Attached::Missing if before != attached => {
                        warn!(interface = self.name, "the interface was removed; waiting for it");
                    }
                    Attached::Again => {
                        warn!(interface = self.name, "the interface was made again and is read")
                    }
                    _ => {}
                }
            }
        }
        for _ in 0..LAST_BLOCKS {
            if is_abandoned.load(Ordering::Relaxed) || !matches!(self.read(WAIT, &mut latest), Ok(1..)) {
                break;
            }
        }
        self.finish();
    }

    fn read(&mut self, wait: Duration, latest: &mut i64) -> std::io::Result<u64> {
        let Self { ring, decoder, queue, .. } = self;
        let mut calls = Vec::new();
        let mut bytes = 0;
        let count = ring.read(wait, &mut |frame| {
            *latest = frame.ts_us;
            decoder.packet(frame.ts_us, frame.link, frame.data, &mut |call| {
                bytes += call.content_bytes();
                calls.push(call);
            });
            // A few packets may unpack to much.
            if bytes > OFFER_BYTES {
                bytes = 0;
                queue.offer(std::mem::take(&mut calls));
            }
        })?;
        queue.offer(calls);
        Ok(count)
    }

    fn tick(&mut self, now_us: i64) {
        let mut calls = Vec::new();
        self.add_keys(&mut calls);
        if now_us > i64::MIN {
            self.decoder.tick(now_us, &mut |call| calls.push(call));
        }
        self.queue.offer(calls);
        self.note(self.decoder.stats());
    }

    /// Reads what the key logs have become longer by.
    fn add_keys(&mut self, calls: &mut Vec<Call>) {
        let Self { decoder, key_logs, .. } = self;
        for key_log in key_logs {
            key_log.look(&mut |line| {
                decoder.add_key_log(&[line, b"\n"].concat(), &mut |call| calls.push(call));
            });
        }
    }

    fn note(&mut self, stats: Stats) {
        let kernel = self.ring.counters();
        if let Ok(mut counts) = self.counts.lock() {
            counts[self.index] = Count { stats, kernel };
        }
    }

    fn finish(mut self) {
        let mut calls = Vec::new();
        self.add_keys(&mut calls);
        let decoder = std::mem::replace(&mut self.decoder, decode::Live::new(""));
        let stats = decoder.finish(&mut |call| calls.push(call));
        self.queue.offer(calls);
        self.note(stats);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_queue_loses_is_dropped_and_counted_once() {
        let queue = Arc::new(Queue::new());
        let capturing = Capturing {
            name: "lo".to_owned(),
            queue: Arc::clone(&queue),
            counts: Arc::default(),
            stop: Arc::default(),
            is_abandoned: Arc::default(),
            threads: Vec::new(),
            ended: 0,
        };
        let (counters, mut counted) = (SourceCounters::default(), (0, 0));
        let mut check = |received, dropped| {
            count_calls(&capturing, &mut counted, &counters);
            let counts = counters.all()["lo"].clone();
            assert_eq!((counts.received, counts.dropped.values().sum()), (received, dropped));
        };
        queue.offer(vec![Call::default(); 3]);
        check(3, 0);
        queue.close();
        queue.offer(vec![Call::default(); 2]);
        check(5, 2);
        check(5, 2);
    }
}
