//! The journal under concurrency, rotation, torn writes and damage.

use super::*;

fn calls(range: std::ops::Range<u64>) -> Vec<Call> {
    range.map(|n| Call { target: format!("/{n}"), ..Call::default() }).collect()
}

fn open(dir: &Path) -> Journal {
    Journal::open(dir, [3; 32], Position(0)).expect("opens")
}

/// The numbers of all calls from `from` on, read `limit` at a time.
fn numbers(journal: &Journal, from: u64, limit: usize) -> Vec<u64> {
    let (mut all, mut at) = (Vec::new(), Position(from));
    loop {
        let (calls, next) = journal.read(at, limit).expect("readable");
        if calls.is_empty() {
            return all;
        }
        assert_eq!(next.0 - at.0, calls.len() as u64);
        at = next;
        all.extend(calls.iter().map(|call| call.target[1..].parse::<u64>().expect("a number")));
    }
}

fn newest_file(dir: &Path) -> PathBuf {
    let files = fs::read_dir(dir).expect("there").map(|entry| entry.expect("an entry").path());
    files.max().expect("a file")
}

#[tokio::test]
async fn positions_and_reading_in_any_steps() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    assert_eq!(journal.accept(&calls(0..5)).await.expect("accepted"), Position(5));
    assert_eq!(journal.accept(&[]).await.expect("accepted"), Position(5));
    assert_eq!(journal.accept(&calls(5..1500)).await.expect("accepted"), Position(1500));
    for (from, limit) in [(0, 1), (0, 7), (3, 1024), (1499, 5), (1500, 5)] {
        assert_eq!(numbers(&journal, from, limit), (from..1500).collect::<Vec<_>>());
    }
    drop(journal);
    let journal = open(dir.path());
    assert_eq!((journal.end(), journal.torn()), (Position(1500), (0, 0)));
    assert_eq!(numbers(&journal, 0, 100).len(), 1500);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_batches_share_frames_and_get_their_own_positions() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = Arc::new(open(dir.path()));
    let tasks: Vec<_> = (0..64u64)
        .map(|task| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                let end = journal.accept(&calls(task * 10..task * 10 + 10)).await.expect("accepted");
                (task, end.0)
            })
        })
        .collect();
    let mut ends = Vec::new();
    for task in tasks {
        ends.push(task.await.expect("no panic"));
    }
    let all = numbers(&journal, 0, 1000);
    for (task, end) in &ends {
        let slice = &all[*end as usize - 10..*end as usize];
        assert_eq!(slice, (task * 10..task * 10 + 10).collect::<Vec<_>>());
    }
    assert_eq!(all.len(), 640);
}

#[tokio::test]
async fn a_torn_last_frame_is_cut_at_every_byte() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    journal.accept(&calls(0..3)).await.expect("accepted");
    let path = newest_file(dir.path());
    let keep = fs::metadata(&path).expect("there").len();
    journal.accept(&calls(3..5)).await.expect("accepted");
    drop(journal);
    let whole = fs::read(&path).expect("readable");
    for len in keep..whole.len() as u64 {
        fs::write(&path, &whole[..len as usize]).expect("written");
        let journal = open(dir.path());
        assert_eq!(numbers(&journal, 0, 10), [0, 1, 2], "cut to {len} bytes");
        assert_eq!(journal.torn(), (u64::from(len > keep), len - keep));
        assert_eq!(journal.accept(&calls(3..4)).await.expect("accepted"), Position(4));
        assert_eq!(numbers(&journal, 0, 10), [0, 1, 2, 3]);
        drop(journal);
        assert_eq!(numbers(&open(dir.path()), 0, 10), [0, 1, 2, 3]);
        fs::remove_file(newest_file(dir.path())).expect("removed");
    }
}

#[tokio::test]
async fn a_torn_file_header_is_cut() {
    for len in 0..frame::FILE_HEADER {
        let dir = tempfile::tempdir().expect("a directory");
        let journal = open(dir.path());
        journal.accept(&calls(0..3)).await.expect("accepted");
        drop(journal);
        let header = frame::file_header(&[3; 32], &[5; 16], 3);
        fs::write(dir.path().join(format!("{:020}.{SUFFIX}", 3)), &header[..len]).expect("written");
        let journal = open(dir.path());
        assert_eq!((journal.end(), journal.torn()), (Position(3), (1, len as u64)));
        assert_eq!(journal.accept(&calls(3..4)).await.expect("accepted"), Position(4));
    }
}

#[tokio::test]
async fn damage_is_named_and_what_follows_stays_readable() {
    let dir = tempfile::tempdir().expect("a directory");
    for step in 0..3 {
        // Each opening starts a new file: calls 0 to 4, 4 to 8, 8 to 12 in two frames each.
        let journal = open(dir.path());
        journal.accept(&calls(step * 4..step * 4 + 2)).await.expect("accepted");
        journal.accept(&calls(step * 4 + 2..step * 4 + 4)).await.expect("accepted");
    }
    let path = dir.path().join(format!("{:020}.{SUFFIX}", 4));
    let whole = fs::read(&path).expect("readable");
    for offset in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[offset] ^= 0x40;
        fs::write(&path, &bytes).expect("written");
        let journal = open(dir.path());
        let (before, at) = journal.read(Position(0), 100).expect("readable up to the damage");
        assert!(before.len() == 4 || before.len() == 6, "damage at {offset}");
        let error = journal.read(at, 100).expect_err("damaged").to_string();
        assert!(error.contains(&format!("{:020}.{SUFFIX} at offset", 4)), "{error}");
        let on = error.rsplit(' ').next().expect("a word").parse().expect("a position");
        assert_eq!(numbers(&journal, on, 100), (on..12).collect::<Vec<_>>());
        assert_eq!(journal.end(), Position(12));
    }
}

#[tokio::test]
async fn release_deletes_whole_files() {
    let dir = tempfile::tempdir().expect("a directory");
    for step in 0..3 {
        open(dir.path()).accept(&calls(step * 4..step * 4 + 4)).await.expect("accepted");
    }
    let journal = open(dir.path());
    journal.release(Position(7)).expect("released");
    assert_eq!(numbers(&journal, 4, 100), (4..12).collect::<Vec<_>>());
    journal.release(Position(12)).expect("released");
    assert_eq!(numbers(&journal, 8, 100), (8..12).collect::<Vec<_>>());
    assert_eq!(journal.end(), Position(12));
}

#[tokio::test]
async fn another_key_reads_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    open(dir.path()).accept(&calls(0..1)).await.expect("accepted");
    open(dir.path()).accept(&calls(1..2)).await.expect("accepted");
    let bytes = fs::read(newest_file(dir.path())).expect("readable");
    assert!(!bytes.windows(8).any(|window| window == b"\"target\""));
    let other = Journal::open(dir.path(), [4; 32], Position(0)).expect("opens");
    assert!(other.read(Position(0), 1).is_err());
    drop(other);
    assert_eq!(numbers(&open(dir.path()), 0, 9), [0, 1], "nothing was cut");
}
