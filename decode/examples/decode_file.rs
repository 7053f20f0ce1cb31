//! Decodes captures and prints what was found and how fast:
//! `cargo run --release -p decode --example decode_file -- [--walk] [--print] [--times N] FILE...`
//! `--walk` also reads every JSON body to its end; `--print` writes call records instead; `--times` decodes again
//! and again, which shows whether memory grows.

#![allow(clippy::print_stdout, reason = "printing is what this example is for")]

use std::io::{BufWriter, Read as _, Write as _};
use std::time::Instant;

use decode::{Decoder, Outcome};
use model::Call;

#[derive(Debug, Default)]
struct Options {
    walk: bool,
    print: bool,
    times: usize,
}

/// What was seen of the calls.
#[derive(Debug, Default)]
struct Seen {
    complete: u64,
    json: u64,
}

fn main() -> std::io::Result<()> {
    let mut options = Options { times: 1, ..Options::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--walk" => options.walk = true,
            "--print" => options.print = true,
            "--times" => options.times = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(1),
            path => (0..options.times).try_for_each(|_| decode(path, &options))?,
        }
    }
    Ok(())
}

fn decode(path: &str, options: &Options) -> std::io::Result<()> {
    let mut file = std::fs::File::open(path)?;
    let mut buffer = vec![0; 256 << 10];
    let mut decoder = Decoder::new(path, None);
    let (begin, mut seen) = (Instant::now(), Seen::default());
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut emit = |call: Call| {
        seen.complete += u64::from(call.request.is_some() && call.status.is_some());
        if options.walk {
            let bodies = [&call.request, &call.response].into_iter().flatten();
            seen.json += bodies.filter(|message| is_whole_json(message.body())).count() as u64;
        }
        if options.print && serde_json::to_writer(&mut out, &call).is_ok() {
            // A closed pipe shows at the end.
            let _ = out.write_all(b"\n");
        }
    };
    loop {
        let len = file.read(&mut buffer)?;
        if len == 0 {
            break;
        }
        decoder.push(&buffer[..len], &mut emit);
    }
    let outcome = decoder.finish(&mut emit);
    out.flush()?;
    if !options.print {
        report(path, &outcome, &seen, begin);
    }
    Ok(())
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
