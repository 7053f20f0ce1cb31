//! Captures on an interface and decodes, without output; prints what was lost and what it cost (needs root, Linux):
//! `cargo run --release -p decode --example decode_interface -- IFACE SECONDS [THREADS]`

#![allow(clippy::print_stdout, reason = "printing is what this example is for")]

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use capture::live::{Options, open};
    use std::time::{Duration, Instant};

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let interface = arguments.first().ok_or("an interface is missing")?;
    let seconds = arguments.get(1).ok_or("seconds are missing")?.parse()?;
    let threads = arguments.get(2).map_or(Ok(1), |text| text.parse())?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let workers: Vec<_> = open(&Options { threads, ..Options::new(interface) })?
        .into_iter()
        .map(|mut ring| {
            std::thread::spawn(move || {
                let (mut live, mut calls) = (decode::Live::new("live"), 0_u64);
                while Instant::now() < end {
                    let read = ring.read(Duration::from_millis(100), &mut |frame| {
                        live.packet(frame.ts_us, frame.link, frame.data, &mut |_| calls += 1);
                    });
                    if read.is_err() {
                        break;
                    }
                }
                let stats = live.finish(&mut |_| calls += 1);
                (ring.counters(), calls, stats.gaps)
            })
        })
        .collect();
    for worker in workers {
        let (kernel, calls, gaps) = worker.join().map_err(|_| "a thread broke off")?;
        println!("packets {} drops {} calls {calls} gaps {gaps}", kernel.packets, kernel.drops);
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("live capture is for Linux");
}
