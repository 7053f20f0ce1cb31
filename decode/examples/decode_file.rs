//! Decodes captures and prints what was found and how fast:
//! `cargo run --release -p decode --example decode_file -- [--walk] [--print] [--times N] [--threads N] FILE...`
//! `--walk` also reads every JSON body to its end; `--print` writes call records instead; `--times` decodes again
//! and again, which shows whether memory grows; `--threads` follows a share of the connections on each thread. A key
//! log beside the capture (`.keys`) is used.

#![allow(clippy::print_stdout, reason = "printing is what this example is for")]

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::time::Instant;

use capture::Broadcast;
use decode::{Decoder, Keys, Kind, Outcome, Shard};
use model::Call;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes read at a time, as in `capture`.
const BLOCK_BYTES: usize = 64 << 10;
/// Bytes read at a time for several threads, as in `app`: more, because every block wakes them.
const SHARED_BLOCK_BYTES: usize = 256 << 10;

#[derive(Debug, Clone, Copy)]
struct Options {
    walk: bool,
    print: bool,
    times: usize,
    threads: u32,
}

/// What was seen of the calls.
#[derive(Debug, Default)]
struct Seen {
    complete: u64,
    json: u64,
}

fn main() -> std::io::Result<()> {
    let mut options = Options { walk: false, print: false, times: 1, threads: 1 };
    let mut arguments = std::env::args().skip(1);
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--walk" => options.walk = true,
            "--print" => options.print = true,
            "--times" => options.times = number(arguments.next()) as usize,
            "--threads" => options.threads = number(arguments.next()),
            path => (0..options.times).try_for_each(|_| run(path, options))?,
        }
    }
    Ok(())
}

fn run(path: &str, options: Options) -> std::io::Result<()> {
    let begin = Instant::now();
    let mut file = File::open(path)?;
    let mut shares = Vec::new();
    if options.threads <= 1 {
        let (mut share, mut buffer) = (Share::new(path, options, Shard::ALL), vec![0; BLOCK_BYTES]);
        loop {
            let len = file.read(&mut buffer)?;
            if len == 0 {
                break;
            }
            share.push(&buffer[..len]);
        }
        shares.push(share.finish()?);
    } else {
        shares = side_by_side(path, options, &mut file)?;
    }
    let (mut whole, mut seen) = shares.remove(0);
    for (outcome, more) in &shares {
        whole.stats.add(&outcome.stats);
        seen.complete += more.complete;
        seen.json += more.json;
    }
    if !options.print {
        report(path, &whole, &seen, begin);
    }
    Ok(())
}

/// Every thread reads every block and follows its share of the connections.
fn side_by_side(path: &str, options: Options, file: &mut File) -> std::io::Result<Vec<(Outcome, Seen)>> {
    let input = Broadcast::new(|block: &mut Vec<u8>| {
        block.reserve(SHARED_BLOCK_BYTES);
        (&*file).take(SHARED_BLOCK_BYTES as u64).read_to_end(block).map(drop)
    });
    let shards = (0..options.threads).filter_map(|index| Shard::new(index, options.threads));
    let shares: Vec<_> = shards.map(|shard| (shard, input.reader())).collect();
    let outcome = std::thread::scope(|scope| {
        let threads: Vec<_> = shares
            .into_iter()
            .map(|(shard, mut reader)| {
                scope.spawn(move || {
                    let mut share = Share::new(path, options, shard);
                    while let Some(block) = reader.next_block() {
                        share.push(block);
                    }
                    share.finish()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that does not panic")).collect()
    });
    input.finish()?;
    outcome
}

/// The decoder of a share of the connections, and what it found.
struct Share {
    decoder: Decoder,
    options: Options,
    seen: Seen,
    out: BufWriter<std::io::Stdout>,
}

impl Share {
    fn new(path: &str, options: Options, shard: Shard) -> Self {
        let mut decoder = match shard == Shard::ALL {
            true => Decoder::new(path, None),
            false => Decoder::of_shard(path, Kind::Pcap, shard),
        };
        if let Ok(key_log) = std::fs::read(std::path::Path::new(path).with_extension("keys")) {
            let mut keys = Keys::default();
            keys.add_key_log(&key_log);
            decoder.set_keys(keys);
        }
        Self { decoder, options, seen: Seen::default(), out: BufWriter::new(std::io::stdout()) }
    }

    fn push(&mut self, block: &[u8]) {
        let Self { decoder, options, seen, out } = self;
        decoder.push(block, &mut |call| seen.add(&call, *options, out));
    }

    fn finish(mut self) -> std::io::Result<(Outcome, Seen)> {
        let Self { decoder, options, seen, out } = &mut self;
        let decoder = std::mem::replace(decoder, Decoder::new("", None));
        let outcome = decoder.finish(&mut |call| seen.add(&call, *options, out));
        out.flush()?;
        Ok((outcome, self.seen))
    }
}

impl Seen {
    fn add(&mut self, call: &Call, options: Options, out: &mut impl std::io::Write) {
        self.complete += u64::from(call.request.is_some() && call.status.is_some());
        if options.walk {
            let bodies = [&call.request, &call.response].into_iter().flatten();
            self.json += bodies.filter(|message| is_whole_json(message.body())).count() as u64;
        }
        if options.print && serde_json::to_writer(&mut *out, call).is_ok() {
            // A closed pipe shows at the end.
            let _ = out.write_all(b"\n");
        }
    }
}

fn is_whole_json(body: &[u8]) -> bool {
    matches!(body.first(), Some(b'{' | b'[')) && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

fn report(path: &str, outcome: &Outcome, seen: &Seen, begin: Instant) {
    let seconds = begin.elapsed().as_secs_f64();
    let (bytes, calls) = (outcome.stats.bytes as f64, outcome.stats.calls as f64);
    println!(
        "{path}: {:?}, {} complete calls, {} JSON bodies, {seconds:.3} s",
        outcome.kind, seen.complete, seen.json
    );
    println!("  {:.2} Gbit/s, {:.0} calls/s", bytes * 8e-9 / seconds, calls / seconds);
    for (name, count) in outcome.stats.counters() {
        if count > 0 {
            println!("  {name} {count}");
        }
    }
    for problem in &outcome.problems {
        println!("  problem at {}: {}", problem.at, problem.what);
    }
}
