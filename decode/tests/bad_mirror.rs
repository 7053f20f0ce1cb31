//! What a bad mirror does to a capture must cost calls, never truth: no response is ever given to the
//! wrong request, whatever is lost, swapped or doubled.

mod support;

use std::collections::BTreeMap;

use model::Call;
use support::traffic::{Conversation, Dice, Frame, numbered, pcap};
use support::{decode, shared};

fn number(message: Option<&model::Message>) -> Option<&str> {
    message?.headers.get("x-number")
}

/// Calls that are complete and right; panics on a wrong pair.
fn right(calls: &[Call]) -> usize {
    calls
        .iter()
        .filter(|call| match (number(call.request.as_ref()), number(call.response.as_ref())) {
            (Some(asked), Some(answered)) => {
                assert_eq!(asked, answered, "a wrong pair: {} {:?}", call.target, call.anomalies);
                true
            }
            _ => false,
        })
        .count()
}

/// Calls and counters; every byte that came in is accounted for.
fn run(frames: &[Frame]) -> (Vec<Call>, decode::Stats) {
    let file = pcap(frames);
    let (calls, outcome) = decode("mirror.pcap", &file, 4_096);
    let stats = outcome.stats;
    assert_eq!(stats.tcp_bytes, stats.stream_bytes + stats.repeated_bytes + stats.stray_bytes, "{stats:?}");
    (calls, stats)
}

/// Each data frame is lost with `per_mille` / 1000.
fn lose(frames: &[Frame], per_mille: u64, dice: &mut Dice) -> Vec<Frame> {
    frames.iter().filter(|frame| !frame.has_data || dice.below(1_000) >= per_mille).cloned().collect()
}

/// Each frame comes up to `far` places later with `per_mille` / 1000.
fn swap(mut frames: Vec<Frame>, per_mille: u64, far: u64, dice: &mut Dice) -> Vec<Frame> {
    for at in 0..frames.len() {
        if dice.below(1_000) < per_mille {
            let to = (at + 1 + dice.below(far) as usize).min(frames.len() - 1);
            let frame = frames.remove(at);
            frames.insert(to, frame);
        }
    }
    frames
}

#[test]
fn a_clean_capture_is_complete_and_sorted() {
    let (calls, stats) = run(&numbered(40, 25, 1));
    assert_eq!((right(&calls), calls.len()), (1_000, 1_000));
    assert_eq!((stats.gaps, stats.unmatched, stats.out_of_order), (0, 0, 0));
    assert!(calls.is_sorted_by_key(|call| call.ts));
}

#[test]
fn swapped_and_doubled_packets_cost_nothing() {
    for seed in 1..6 {
        let frames = numbered(20, 25, seed);
        let doubled: Vec<Frame> = frames.iter().flat_map(|frame| [frame.clone(), frame.clone()]).collect();
        let (calls, stats) = run(&doubled);
        assert_eq!((right(&calls), stats.gaps, stats.calls), (500, 0, 500), "doubled, seed {seed}");
        let mixed = swap(doubled, 100, 9, &mut Dice(seed));
        let (calls, stats) = run(&mixed);
        assert_eq!(
            (right(&calls), stats.gaps, stats.calls),
            (500, 0, 500),
            "doubled and swapped, seed {seed}"
        );
        let swapped = swap(frames.clone(), 50, 6, &mut Dice(seed));
        let (calls, stats) = run(&swapped);
        assert_eq!((right(&calls), stats.gaps), (500, 0), "swapped, seed {seed}");
        let mut neighbours = frames;
        neighbours.chunks_mut(2).for_each(<[Frame]>::reverse);
        let (calls, stats) = run(&neighbours);
        assert_eq!((right(&calls), stats.gaps), (500, 0), "neighbours, seed {seed}");
    }
}

#[test]
fn losses_never_make_a_wrong_pair() {
    for (seed, per_mille, least) in
        [(1, 1, 1_980), (2, 10, 1_800), (3, 50, 1_000), (4, 200, 100), (5, 500, 0)]
    {
        let mut dice = Dice(seed);
        let frames = lose(&numbered(40, 50, seed), per_mille, &mut dice);
        let frames = swap(frames, 20, 8, &mut dice);
        let (calls, stats) = run(&frames);
        let right = right(&calls);
        println!(
            "{per_mille} per mille lost: {right} of 2000 right, {} unmatched, {} gaps",
            stats.unmatched, stats.gaps
        );
        assert!(right >= least, "{per_mille} per mille: {right}");
    }
}

#[test]
fn one_side_alone_is_read_and_left_unmatched() {
    let frames = numbered(5, 10, 7);
    let of_client: Vec<Frame> = frames.iter().filter(|frame| frame.bytes[29] == 7).cloned().collect();
    let of_server: Vec<Frame> = frames.iter().filter(|frame| frame.bytes[29] == 2).cloned().collect();
    let (calls, _) = run(&of_client);
    assert_eq!(calls.iter().filter(|call| !call.method.is_empty() && call.status.is_none()).count(), 50);
    let (calls, _) = run(&of_server);
    let answers = calls.iter().filter(|call| call.method.is_empty() && call.status == Some(200));
    assert_eq!(answers.filter(|call| call.anomalies.contains(&model::Anomaly::UNMATCHED)).count(), 50);
}

#[test]
fn joined_in_the_middle() {
    let mut frames = Vec::new();
    let mut talk = Conversation::joined(&mut frames, 31_000, 1_700_000_000_000_000);
    talk.response(b"rest of an old body");
    for n in 1..4 {
        talk.request(format!("GET /{n} HTTP/1.1\r\nX-Number: {n}\r\n\r\n").as_bytes());
        talk.response(format!("HTTP/1.1 200 OK\r\nX-Number: {n}\r\nContent-Length: 2\r\n\r\nok").as_bytes());
    }
    let (calls, _) = run(&frames);
    assert_eq!((right(&calls), calls.len()), (3, 3));
}

#[test]
fn ports_used_again_are_another_connection() {
    let mut frames = Vec::new();
    for round in 0..3 {
        let mut talk = Conversation::open(&mut frames, 31_000, 1_700_000_000_000_000 + round * 1_000_000);
        talk.request(format!("GET /{round} HTTP/1.1\r\nX-Number: {round}\r\n\r\n").as_bytes());
        if round != 1 {
            talk.response(format!("HTTP/1.1 204 No\r\nX-Number: {round}\r\n\r\n").as_bytes());
            talk.close();
        }
    }
    let (calls, _) = run(&frames);
    assert_eq!(right(&calls), 2, "{calls:#?}");
}

#[test]
fn the_first_version_of_bytes_wins_and_the_call_is_marked() {
    let mut frames = Vec::new();
    let mut talk = Conversation::open(&mut frames, 31_000, 1_700_000_000_000_000);
    let body = "A".repeat(600);
    talk.request(format!("POST /x HTTP/1.1\r\nX-Number: 1\r\nContent-Length: 600\r\n\r\n{body}").as_bytes());
    talk.overlap(b"BBBB");
    talk.response(b"HTTP/1.1 200 OK\r\nX-Number: 1\r\nContent-Length: 0\r\n\r\n");
    // The first segment comes last: the rest and its other version wait for it.
    let first = frames.iter().position(|frame| frame.has_data).expect("data");
    let last = frames.iter().rposition(|frame| frame.has_data).expect("data");
    let late = frames.remove(first);
    frames.insert(last - 1, late);
    let (calls, stats) = run(&frames);
    assert_eq!((right(&calls), stats.overlaps), (1, 1), "{calls:#?}");
    assert_eq!(calls[0].request.as_ref().expect("a request").body(), body.as_bytes());
    assert!(calls[0].anomalies.contains(&model::Anomaly::OVERLAP));
}

#[test]
fn the_benchmark_with_losses_has_no_wrong_pair() {
    let Some(script) = shared("tools/gen_bench.py") else { return };
    let dir = std::env::temp_dir().join(format!("apiarist-loss-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let (file, truth) = (dir.join("loss.pcap"), dir.join("loss.tsv"));
    let made = std::process::Command::new("python3")
        .arg(script)
        .args([file.as_os_str(), "20".as_ref(), "3".as_ref(), "--loss".as_ref(), "0.005".as_ref()])
        .args(["--reorder", "0.005", "--tx"])
        .arg(&truth)
        .output();
    let Ok(made) = made else { return println!("skipped: no python3") };
    assert!(made.status.success());
    let text = std::fs::read_to_string(&truth).expect("the truth");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let answers: BTreeMap<&str, &str> = rows.iter().map(|row| (row[7], row[8])).collect();
    let untouched = rows.iter().filter(|row| row[11] == "0" && row[12] == "0").count();
    let (calls, _) = support::decode_file(&file);
    std::fs::remove_dir_all(&dir).expect("the folder is ours");
    let field = |message: Option<&model::Message>, name| Some(message?.headers.get(name)?.to_owned());
    let mut right = 0;
    for call in &calls {
        let ids = (field(call.request.as_ref(), "x-request-id"), field(call.response.as_ref(), "x-trace"));
        if let (Some(asked), Some(answered)) = ids {
            assert_eq!(answers.get(asked.as_str()), Some(&answered.as_str()), "a wrong pair");
            right += 1;
        }
    }
    println!("{right} right of {}, {untouched} untouched", rows.len());
    assert!(right >= untouched);
}
