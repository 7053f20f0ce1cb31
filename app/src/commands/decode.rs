//! `apiarist decode`: every call recovered, one JSON record a line.

use std::io::{self, IoSlice, Write};

use anyhow::{Context, Result};
use model::Call;

use super::OUTPUT;
use crate::cli::{DecodeArgs, ReadingArgs};
use crate::input;
use crate::shards::Held;
use crate::sources::{Following, unreadable};

/// Bytes of a line without bodies, about.
const LINE_BYTES: usize = 2 << 10;
/// Bytes and number of lines after which they are written.
const WRITE_BYTES: usize = 64 << 10;
const WRITE_LINES: usize = 128;

pub(crate) fn run(args: &DecodeArgs) -> Result<()> {
    if args.follow {
        return follow(args);
    }
    let reading = ReadingArgs { closed_tls: args.tls, ..args.reading.clone() };
    let mut out = Lines::new(io::stdout().lock());
    let summary = input::read_as(&reading, &|call| line(&call), &mut |line| out.push(line?));
    out.flush()?;
    let summary = summary?;
    if args.stats {
        eprint!("{}", summary.counters());
    }
    summary.require_calls()?;
    summary.require_whole()
}

impl Held for serde_json::Result<Vec<u8>> {
    fn held_bytes(&self) -> usize {
        self.as_ref().map_or(0, Vec::len)
    }
}

fn line(call: &Call) -> serde_json::Result<Vec<u8>> {
    let mut line = Vec::with_capacity(LINE_BYTES + call.content_bytes() * 5 / 4);
    serde_json::to_writer(&mut line, call)?;
    line.push(b'\n');
    Ok(line)
}

/// Lines on their way out, written many at once without being copied: they were made by another core.
struct Lines<W> {
    out: W,
    lines: Vec<Vec<u8>>,
    bytes: usize,
}

impl<W: Write> Lines<W> {
    fn new(out: W) -> Self {
        Self { out, lines: Vec::new(), bytes: 0 }
    }

    fn push(&mut self, line: Vec<u8>) -> Result<()> {
        self.bytes += line.len();
        self.lines.push(line);
        if self.bytes >= WRITE_BYTES || self.lines.len() == WRITE_LINES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let mut slices: Vec<IoSlice<'_>> = self.lines.iter().map(|line| IoSlice::new(line)).collect();
        let mut rest = slices.as_mut_slice();
        while !rest.is_empty() {
            match self.out.write_vectored(rest) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero)).context(OUTPUT),
                Ok(len) => IoSlice::advance_slices(&mut rest, len),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context(OUTPUT),
            }
        }
        self.lines.clear();
        self.bytes = 0;
        self.out.flush().context(OUTPUT)
    }
}

/// Goes on until a signal: calls are written as they become complete.
fn follow(args: &DecodeArgs) -> Result<()> {
    let stop = super::until_signal()?;
    let reading = ReadingArgs { closed_tls: args.tls, ..args.reading.clone() };
    for line in unreadable(&reading.inputs) {
        eprintln!("apiarist: {line}");
    }
    let mut following = Following::new(&reading.inputs, input::decoders(&reading)?, Vec::new());
    let mut out = Lines::new(io::stdout().lock());
    let mut print = |calls: Vec<Call>| {
        calls.iter().try_for_each(|call| out.push(line(call)?))?;
        out.flush()
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
