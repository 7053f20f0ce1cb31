//! `apiarist decode`: every call recovered, one JSON record a line.

use std::io::{BufWriter, Write};

use anyhow::Result;

use crate::cli::DecodeArgs;
use crate::input;

pub(crate) fn run(args: &DecodeArgs) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let summary = input::read(&args.reading, &mut |call| {
        serde_json::to_writer(&mut out, &call)?;
        Ok(out.write_all(b"\n")?)
    });
    out.flush()?;
    let summary = summary?;
    if args.stats {
        eprint!("{}", summary.counters());
    }
    summary.require_whole()
}
