//! `apiarist decode`: every call recovered, one JSON record a line.

use std::io::{BufWriter, Write};

use anyhow::Result;
use model::Call;

use crate::cli::{DecodeArgs, ReadingArgs};
use crate::input;
use crate::sources::{Following, unreadable};

pub(crate) fn run(args: &DecodeArgs) -> Result<()> {
    if args.follow {
        return follow(args);
    }
    let reading = ReadingArgs { closed_tls: args.tls, ..args.reading.clone() };
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let summary = input::read(&reading, &mut |call| {
        serde_json::to_writer(&mut out, &call)?;
        Ok(out.write_all(b"\n")?)
    });
    out.flush()?;
    let summary = summary?;
    if args.stats {
        eprint!("{}", summary.counters());
    }
    summary.require_calls()?;
    summary.require_whole()
}

/// Goes on until a signal: calls are written as they become complete.
fn follow(args: &DecodeArgs) -> Result<()> {
    let stop = super::until_signal()?;
    let reading = ReadingArgs { closed_tls: args.tls, ..args.reading.clone() };
    for line in unreadable(&reading.inputs) {
        eprintln!("apiarist: {line}");
    }
    let mut following = Following::new(&reading.inputs, input::decoders(&reading)?, Vec::new());
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let mut print = |calls: Vec<Call>| {
        for call in calls {
            serde_json::to_writer(&mut out, &call)?;
            out.write_all(b"\n")?;
        }
        Ok(out.flush()?)
    };
    following.run(&stop, &mut print, &mut |_, _| Ok(()))?;
    print(following.finish())?;
    if args.stats {
        for (name, count) in following.stats().counters() {
            eprintln!("{name:>20} {count}");
        }
    }
    Ok(())
}
