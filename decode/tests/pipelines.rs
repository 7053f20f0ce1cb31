//! Clients that do not wait for answers (RFC 9112 §9.3.2): what is lost, or evicted because too much waits, costs
//! calls and never makes a wrong pair.

mod support;

use model::{Anomaly, Call, limits};
use support::traffic::{Conversation, Dice, Frame, pcap};

const BEGIN: u64 = 1_700_000_000_000_000;

fn request(number: u64, body: usize) -> Vec<u8> {
    let head = format!("POST /n/{number} HTTP/1.1\r\nX-Number: {number}\r\nContent-Length: {body}\r\n\r\n");
    [head.into_bytes(), vec![b'q'; body]].concat()
}

fn answer(number: u64, body: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nX-Number: {number}\r\nContent-Length: {body}\r\n\r\n");
    [head.into_bytes(), vec![b'a'; body]].concat()
}

fn number(message: Option<&model::Message>) -> Option<u64> {
    message?.headers.get("x-number")?.parse().ok()
}

/// The numbers of the calls that have both sides; panics on a wrong pair.
fn pairs(calls: &[Call]) -> Vec<u64> {
    let both = |call: &Call| {
        let (asked, answered) = (number(call.request.as_ref())?, number(call.response.as_ref())?);
        assert_eq!(asked, answered, "a wrong pair: {} {:?}", call.target, call.anomalies);
        Some(asked)
    };
    calls.iter().filter_map(both).collect()
}

fn run(frames: &[Frame]) -> Vec<Call> {
    support::decode("pipelines.pcap", &pcap(frames), 1 << 16).0
}

/// A connection on which up to `window` requests wait for their answers. `sliding`: an answer is followed by the
/// next request at once, else all are waited for.
fn piped(frames: &mut Vec<Frame>, port: u16, window: u64, sliding: bool, dice: &mut Dice) {
    let mut talk = Conversation::open(frames, port, BEGIN + u64::from(port) * 7_000);
    let first = u64::from(port) * 1_000;
    let (mut asked, mut answered) = (0, 0);
    while answered < 20 {
        while asked < 20 && asked - answered < window {
            talk.request(&request(first + asked, dice.below(300) as usize));
            asked += 1;
        }
        loop {
            talk.response(&answer(first + answered, dice.below(1_200) as usize));
            answered += 1;
            if sliding || answered == asked {
                break;
            }
        }
    }
    talk.close();
}

#[test]
fn losses_on_pipelines_never_make_a_wrong_pair() {
    let (mut right, mut all) = (0, 0);
    for seed in 1..401 {
        let (mut dice, mut frames) = (Dice(seed), Vec::new());
        for connection in 0..4 {
            let window = 1 + dice.below(5);
            piped(&mut frames, 20_000 + connection, window, dice.below(2) == 0, &mut dice);
        }
        let per_mille = [5, 20, 60, 200][seed as usize % 4];
        let mut was_lost = [false; 4];
        frames.retain(|frame| {
            let port = u16::from_be_bytes([frame.bytes[34], frame.bytes[35]]);
            let lost = frame.has_data && dice.below(1_000) < per_mille;
            let Some(before) = was_lost.get_mut(usize::from(port.wrapping_sub(20_000))) else { return !lost };
            // Two lost requests in a row look like one: who asks next did not seem to wait for the second answer.
            let lost = lost && !*before;
            *before = if frame.has_data { lost } else { *before };
            !lost
        });
        let calls = run(&frames);
        right += pairs(&calls).len();
        all += 80;
    }
    println!("{right} of {all} complete");
    assert!(right * 100 > all * 55, "{right} of {all}");
}

#[test]
fn an_evicted_request_takes_its_answer_along() {
    let (mut frames, max) = (Vec::new(), limits::PIPELINE_MAX as u64);
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.mss = 1_400;
    let ask = |from: u64, to: u64| (from..to).flat_map(|n| request(n, 0)).collect::<Vec<u8>>();
    let tell = |from: u64, to: u64| (from..to).flat_map(|n| answer(n, 7)).collect::<Vec<u8>>();
    talk.request(&ask(0, max));
    // The first answer is on its way when its request has to make room.
    let (head, tail) = (&answer(0, 900)[..500], &answer(0, 900)[500..]);
    talk.response(head);
    talk.request(&ask(max, max + 1));
    talk.response(&[tail, &tell(1, 500)].concat());
    talk.request(&ask(max + 1, max + 2));
    talk.response(&tell(500, max + 2));
    talk.close();
    let calls = run(&frames);
    assert_eq!(calls.len() as u64, max + 2);
    assert_eq!(pairs(&calls).len() as u64, max + 2);
    assert!(calls.iter().all(|call| call.anomalies.is_empty()), "{:?}", calls[0].anomalies);
    assert_eq!(calls[0].response.as_ref().map(|response| response.body().len()), Some(900));
}

#[test]
fn answers_to_evicted_requests_are_nobody_elses() {
    let (mut frames, max) = (Vec::new(), limits::PIPELINE_MAX as u64);
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    // Of three requests that were sent together two have to make room; the first answer is not that of the third.
    talk.mss = 1_400;
    talk.request(&(0..3).flat_map(|n| request(n, 0)).collect::<Vec<u8>>());
    for n in 3..max + 2 {
        // The server says something in between, so that the later ones do not look alike.
        talk.response(b"HTTP/1.1 102 Wait\r\n\r\n");
        talk.request(&request(n, 0));
    }
    talk.response(&(0..max + 2).flat_map(|n| answer(n, 3)).collect::<Vec<u8>>());
    talk.request(&request(max + 2, 0));
    talk.response(&answer(max + 2, 3));
    talk.close();
    let calls = run(&frames);
    pairs(&calls);
    let unmatched = calls.iter().filter(|call| call.anomalies.contains(&Anomaly::UNMATCHED)).count();
    assert!(unmatched >= 2, "two requests were evicted");
}

#[test]
fn large_bodies_that_wait_make_room() {
    let (mut frames, body) = (Vec::new(), limits::BODY_BYTES_MAX);
    let count = (limits::PIPELINE_BYTES_MAX / body) as u64 + 2;
    let mut talk = Conversation::open(&mut frames, 30_000, BEGIN);
    talk.mss = 60_000;
    (0..count).for_each(|n| talk.request(&request(n, body)));
    talk.request(&request(count, 0));
    (0..=count).for_each(|n| talk.response(&answer(n, 3)));
    talk.close();
    let calls = run(&frames);
    pairs(&calls);
    let asked: Vec<u64> = calls.iter().filter_map(|call| number(call.request.as_ref())).collect();
    assert_eq!(asked, (0..=count).collect::<Vec<_>>());
}
