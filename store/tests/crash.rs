//! What was acknowledged survives SIGKILL at any moment, and is there exactly once.
//!
//! The child is this same test binary, started again with a directory in its environment.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use store::Store;
use store::conformance::crash::{ingest, verify};

const DIRECTORY: &str = "APIARIST_CRASH_TEST_DIRECTORY";
const ROUNDS: u64 = 24;

/// Not a test of its own: what the child does.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    if let Some(dir) = std::env::var_os(DIRECTORY) {
        let store = Store::open(Path::new(&dir)).await.expect("opens");
        ingest(&*store.log, &mut std::io::stdout()).await;
    }
}

/// Starts the child, kills it after a while, returns the last position that it acknowledged.
fn kill_after(dir: &Path, acks: usize, wait: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let ack = |line: &str| line.split("ACK ").nth(1).and_then(|number| number.trim().parse::<u64>().ok());
    let mut last = 0;
    let mut seen = 0;
    while seen < acks {
        let line = lines.next().expect("the child runs").expect("text");
        if let Some(position) = ack(&line) {
            (last, seen) = (position, seen + 1);
        }
    }
    std::thread::sleep(wait);
    child.kill().expect("killed");
    child.wait().expect("reaped");
    // What it wrote before it died was acknowledged as well. A last line may be cut: then it does not count.
    for line in lines.map_while(Result::ok) {
        last = ack(&line).unwrap_or(last).max(last);
    }
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment() {
    if std::env::var_os(DIRECTORY).is_some() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let mut before = 0;
    for round in 0..ROUNDS {
        // Moments spread over all steps: journal, append, segment, manifest, release, and the start itself.
        let wait = Duration::from_micros(round * round * 7_919 % 40_000);
        let place = dir.path().to_path_buf();
        let acks = 1 + round as usize % 9;
        let last =
            tokio::task::spawn_blocking(move || kill_after(&place, acks, wait)).await.expect("no panic");
        assert!(last > before, "the child went on from {before}");
        if round % 3 == 2 {
            let store = Store::open(dir.path()).await.expect("opens");
            before = verify(&*store.log, last).await;
            store.log.seal().await.expect("sealed");
            drop(store);
            tokio::time::sleep(Duration::from_millis(200)).await;
        } else {
            before = last;
        }
    }
}
