//! Writes the demonstration as call records: `cargo run -p testkit --example demo_traffic > demo.jsonl`.
//! With `truth` as argument it lists the operations and planted weaknesses instead.

use std::io::{self, BufWriter, Write as _};

use model::Timestamp;

fn main() -> io::Result<()> {
    let end = Timestamp::from_parts(1_795_600_800, 0);
    let demo = testkit::demo::generate(end, 1);
    let mut out = BufWriter::new(io::stdout().lock());
    if std::env::args().nth(1).as_deref() == Some("truth") {
        for o in &demo.truth.operations {
            writeln!(
                out,
                "{:>6} {} {} {} {}",
                o.calls,
                o.host,
                o.method,
                o.template,
                o.operation.unwrap_or_default()
            )?;
        }
        for w in demo.truth.weaknesses {
            writeln!(
                out,
                "{}: {} {} {} {}",
                w.rule,
                w.host,
                w.method,
                w.template,
                w.operation.unwrap_or_default()
            )?;
        }
        return out.flush();
    }
    for call in &demo.calls {
        writeln!(out, "{}", serde_json::to_string(call)?)?;
    }
    out.flush()
}
