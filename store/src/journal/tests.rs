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
        let (calls, next) = journal.read(at, limit, Position(0)).expect("readable");
        if calls.is_empty() {
            return all;
        }
        assert!(calls.len() <= limit && next.0 - at.0 >= calls.len() as u64);
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
    assert_eq!(journal.accept(&calls(0..5), None).await.expect("accepted").position, Position(5));
    assert_eq!(journal.accept(&[], None).await.expect("accepted").position, Position(5));
    assert_eq!(journal.accept(&calls(5..1500), None).await.expect("accepted").position, Position(1500));
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
                let end =
                    journal.accept(&calls(task * 10..task * 10 + 10), None).await.expect("accepted").position;
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
    journal.accept(&calls(0..3), None).await.expect("accepted");
    let path = newest_file(dir.path());
    let keep = fs::metadata(&path).expect("there").len();
    journal.accept(&calls(3..5), None).await.expect("accepted");
    drop(journal);
    let whole = fs::read(&path).expect("readable");
    for len in keep..whole.len() as u64 {
        fs::write(&path, &whole[..len as usize]).expect("written");
        let journal = open(dir.path());
        assert_eq!(numbers(&journal, 0, 10), [0, 1, 2], "cut to {len} bytes");
        assert_eq!(journal.torn(), (u64::from(len > keep), len - keep));
        let (cut, aside) = (&whole[keep as usize..len as usize], fs::read(path.with_extension(TORN)));
        assert_eq!(cut, aside.map_or(Vec::new(), |bytes| bytes[frame::FILE_HEADER..].to_vec()));
        assert_eq!(journal.accept(&calls(3..4), None).await.expect("accepted").position, Position(4));
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
        journal.accept(&calls(0..3), None).await.expect("accepted");
        drop(journal);
        let header = frame::file_header(&[3; 32], &[5; 16], 3);
        fs::write(dir.path().join(format!("{:020}.{SUFFIX}", 3)), &header[..len]).expect("written");
        let journal = open(dir.path());
        assert_eq!((journal.end(), journal.torn()), (Position(3), (1, len as u64)));
        assert_eq!(journal.accept(&calls(3..4), None).await.expect("accepted").position, Position(4));
    }
}

/// Three files: each opening starts a new one. Calls 0 to 4, 4 to 8, 8 to 12, in two frames each.
async fn three_files(dir: &Path) {
    for step in 0..3 {
        let journal = open(dir);
        journal.accept(&calls(step * 4..step * 4 + 2), None).await.expect("accepted");
        journal.accept(&calls(step * 4 + 2..step * 4 + 4), None).await.expect("accepted");
    }
}

#[tokio::test]
async fn damage_is_skipped_and_counted_once() {
    let dir = tempfile::tempdir().expect("a directory");
    three_files(dir.path()).await;
    let path = dir.path().join(format!("{:020}.{SUFFIX}", 4));
    let whole = fs::read(&path).expect("readable");
    for offset in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[offset] ^= 0x40;
        fs::write(&path, &bytes).expect("written");
        let journal = open(dir.path());
        let (mut found, mut at) = (Vec::new(), Position(0));
        loop {
            let (calls, next) = journal.read(at, 100, Position(5)).expect("readable");
            if calls.is_empty() {
                break;
            }
            let first = next.0 - calls.len() as u64;
            assert!(first >= at.0 && (first >= 5 || next.0 <= 5), "{first} to {next:?}");
            for (n, call) in (first..).zip(&calls) {
                assert_eq!(call.target, format!("/{n}"), "damage at {offset}");
            }
            found.extend(first..next.0);
            at = next;
        }
        let lost: Vec<u64> = (0..12).filter(|n| !found.contains(n)).collect();
        assert!(matches!(lost[..], [4, 5] | [6, 7] | [4, 5, 6, 7]), "{lost:?} lost by damage at {offset}");
        let damaged = journal.damaged();
        assert!(damaged > 0 && damaged <= whole.len() as u64, "{damaged} bytes, damage at {offset}");
        assert_eq!(numbers(&journal, 0, 100), found);
        assert_eq!((journal.damaged(), journal.end(), at), (damaged, Position(12), Position(12)));
    }
    let journal = open(dir.path());
    numbers(&journal, 0, 100);
    journal.release(Position(12)).expect("released");
    assert!(!path.exists() && path.with_extension(DAMAGED).exists(), "what is damaged is put aside");
}

#[tokio::test]
async fn damage_at_the_end_does_not_stop_what_follows() {
    let dir = tempfile::tempdir().expect("a directory");
    three_files(dir.path()).await;
    let path = newest_file(dir.path());
    let mut bytes = fs::read(&path).expect("readable");
    bytes[0] ^= 1;
    fs::write(&path, &bytes).expect("written");
    let journal = open(dir.path());
    assert_eq!(numbers(&journal, 0, 100), (0..8).collect::<Vec<_>>());
    let (none, after) = journal.read(Position(8), 100, Position(0)).expect("readable");
    assert_eq!((none.len(), after), (0, journal.end()));
    let next = journal.accept(&calls(20..22), None).await.expect("accepted").position;
    assert_eq!(numbers(&journal, 8, 100), [20, 21]);
    assert_eq!((next.0, journal.damaged()), (after.0 + 2, bytes.len() as u64));
}

#[tokio::test]
async fn large_batches_are_packed_beside() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    for (count, from) in [(PACK_BESIDE_CALLS as u64 + 1, 0), (2_500, PACK_BESIDE_CALLS as u64 + 1)] {
        journal.accept(&calls(from..from + count), None).await.expect("accepted");
    }
    assert_eq!(numbers(&journal, 0, 700), (0..2_757).collect::<Vec<_>>());
}

#[tokio::test]
async fn release_deletes_whole_files() {
    let dir = tempfile::tempdir().expect("a directory");
    for step in 0..3 {
        open(dir.path()).accept(&calls(step * 4..step * 4 + 4), None).await.expect("accepted");
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
    open(dir.path()).accept(&calls(0..1), None).await.expect("accepted");
    open(dir.path()).accept(&calls(1..2), None).await.expect("accepted");
    let bytes = fs::read(newest_file(dir.path())).expect("readable");
    assert!(!bytes.windows(8).any(|window| window == b"\"target\""));
    let other = Journal::open(dir.path(), [4; 32], Position(0)).expect("opens");
    assert!(numbers(&other, 0, 1).is_empty());
    assert!(other.damaged() > 0);
    drop(other);
    assert_eq!(numbers(&open(dir.path()), 0, 9), [0, 1], "nothing was cut");
}

#[tokio::test]
async fn a_batch_with_an_id_is_kept_once_also_after_a_crash() {
    let dir = tempfile::tempdir().expect("a directory");
    let (one, two) = (BatchId([1; 16]), BatchId([2; 16]));
    let first = {
        let journal = open(dir.path());
        journal.accept(&calls(0..2), None).await.expect("accepted");
        let first = journal.accept(&calls(2..5), Some(one)).await.expect("accepted");
        assert_eq!(first, Accepted { position: Position(5), calls: 3, repeated: false });
        // The sender asks twice at once.
        let (batch, same) = (calls(5..7), calls(5..7));
        let both = tokio::join!(journal.accept(&batch, Some(two)), journal.accept(&same, Some(two)));
        let both = [both.0.expect("accepted"), both.1.expect("accepted")];
        assert_eq!(both.map(|accepted| accepted.position), [Position(7); 2]);
        assert_eq!(both.iter().filter(|accepted| accepted.repeated).count(), 1);
        first
    };
    // The file as a crash may leave it: whole, torn within a record, not there.
    let path = dir.path().join("batches");
    for keep in [72, 50, 8, 0] {
        let bytes = fs::read(&path).expect("written");
        assert_eq!(bytes.len(), 72);
        fs::write(&path, &bytes[..keep]).expect("written");
        let journal = open(dir.path());
        let again = journal.accept(&calls(2..5), Some(one)).await.expect("accepted");
        assert_eq!(again, Accepted { repeated: true, ..first }, "{keep}");
        assert!(journal.accept(&calls(5..7), Some(two)).await.expect("accepted").repeated);
        assert_eq!(numbers(&journal, 0, 4), (0..7).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn ids_outlive_the_frames_that_held_them() {
    let dir = tempfile::tempdir().expect("a directory");
    let id = BatchId([7; 16]);
    open(dir.path()).accept(&calls(0..2), Some(id)).await.expect("accepted");
    let journal = open(dir.path());
    journal.accept(&calls(2..4), None).await.expect("accepted");
    journal.release(Position(2)).expect("released");
    assert_eq!(journal.oldest(), Position(2));
    drop(journal);
    assert!(open(dir.path()).accept(&calls(0..2), Some(id)).await.expect("accepted").repeated);
}
