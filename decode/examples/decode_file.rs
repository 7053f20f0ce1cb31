//! Decodes files and prints what was found and how fast: `cargo run --release -p decode --example decode_file FILE...`

#![allow(clippy::print_stdout, reason = "printing is what this example is for")]

use std::io::Read as _;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let mut file = std::fs::File::open(&path)?;
        let mut buffer = vec![0; 256 << 10];
        let mut decoder = decode::Decoder::new(&path, None);
        let (begin, mut paired) = (Instant::now(), 0_u64);
        let mut emit =
            |call: model::Call| paired += u64::from(call.request.is_some() && call.status.is_some());
        loop {
            let len = file.read(&mut buffer)?;
            if len == 0 {
                break;
            }
            decoder.push(&buffer[..len], &mut emit);
        }
        let outcome = decoder.finish(&mut emit);
        let seconds = begin.elapsed().as_secs_f64();
        let (bytes, calls) = (outcome.stats.bytes as f64, outcome.stats.calls as f64);
        println!("{path}: {:?}, {paired} complete calls, {seconds:.3} s", outcome.kind);
        println!("  {:.2} Gbit/s, {:.0} calls/s", bytes * 8e-9 / seconds, calls / seconds);
        for (name, count) in outcome.stats.counters() {
            if count > 0 {
                println!("  {name} {count}");
            }
        }
        for problem in outcome.problems {
            println!("  problem at {}: {}", problem.at, problem.what);
        }
    }
    Ok(())
}
