//! A process that ingests until it is killed, and what has to hold afterwards. A backend's test starts [`ingest`]
//! in a child process, kills it at any moment, and calls [`verify`] on the same place.

use std::collections::BTreeSet;

use model::{Call, LoggedCall};

use super::sample;
use crate::{CallLog, CallQuery, Position};

/// Ingests for ever: replay, then accept, append, seal and release in changing batches. Each acknowledged position
/// is written to `out` as a line of its own.
///
/// # Panics
/// When the log fails.
pub async fn ingest(log: &dyn CallLog, out: &mut (impl std::io::Write + Send)) {
    let mut at = replay(log).await;
    for round in 0u64.. {
        let count = 1 + (round * 7 + at.0) % 23;
        let calls: Vec<Call> = (at.0..at.0 + count).map(sample::call).collect();
        let upto = log.accept(&calls).await.expect("accepted");
        assert_eq!(upto, Position(at.0 + count));
        writeln!(out, "ACK {}", upto.0).expect("written");
        out.flush().expect("flushed");
        let rows: Vec<LoggedCall> = (at.0..upto.0).map(sample::logged).collect();
        log.append(rows, upto).await.expect("appended");
        at = upto;
        if round % 5 == 4 {
            let covered = log.seal().await.expect("sealed");
            log.release(covered).await.expect("released");
        }
    }
}

/// Appends what was accepted and is in no segment; returns the position after it.
async fn replay(log: &dyn CallLog) -> Position {
    let (_, covered) = log.positions().await.expect("read");
    // From a little before, as hot state that is older than the segments does.
    let mut at = Position(covered.0.saturating_sub(3));
    loop {
        let (calls, next) = log.accepted(at, 17).await.expect("read");
        if calls.is_empty() {
            return log.positions().await.expect("read").0;
        }
        let first = next.0 - calls.len() as u64;
        for (n, call) in (first..).zip(&calls) {
            assert_eq!(call.id, sample::call(n).id, "position {n} holds another call");
        }
        log.append((first..next.0).map(sample::logged).collect(), next).await.expect("appended");
        at = next;
    }
}

/// Checks that everything up to `acknowledged` is there exactly once; returns how many calls there are.
///
/// # Panics
/// When something is missing or there twice.
pub async fn verify(log: &dyn CallLog, acknowledged: u64) -> u64 {
    let end = replay(log).await.0;
    assert!(end >= acknowledged, "{acknowledged} calls were acknowledged, {end} are there");
    let query = CallQuery { ascending: true, limit: u64::MAX, ..CallQuery::default() };
    let page = log.query(&query).await.expect("queried");
    let ids: BTreeSet<&str> = page.calls.iter().map(|row| row.call.id.as_str()).collect();
    assert_eq!(
        (page.total, page.calls.len(), ids.len()),
        (end, end as usize, end as usize),
        "missing or double"
    );
    assert!((0..end).all(|n| ids.contains(format!("call-{n}").as_str())));
    end
}
