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

/// How a client asks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Habit {
    /// One request after the answer to the one before.
    Waiting,
    /// So many are open at any time: an answer is followed by the next request at once.
    Sliding(u64),
    /// So many are sent, and all answers are waited for.
    Batches(u64),
    /// Waits at first, as one that has to learn what the server can do, then slides.
    Shy(u64),
    /// A number of its own each time, between one answer and the next.
    Moody,
}

impl Habit {
    fn any(dice: &mut Dice) -> Self {
        match dice.below(6) {
            0 => Self::Waiting,
            1 | 2 => Self::Sliding(2 + dice.below(4)),
            3 => Self::Batches(2 + dice.below(4)),
            4 => Self::Shy(2 + dice.below(3)),
            _ => Self::Moody,
        }
    }

    /// Requests to send when `open` wait, after `answered`.
    fn ask(self, open: u64, answered: u64, dice: &mut Dice) -> u64 {
        let window = match self {
            Self::Waiting => 1,
            Self::Batches(_) if open > 0 => 0,
            Self::Sliding(window) | Self::Batches(window) => window,
            Self::Shy(window) => {
                if answered < 2 {
                    1
                } else {
                    window
                }
            }
            Self::Moody => 1 + dice.below(4),
        };
        window.saturating_sub(open)
    }
}

/// A connection of `total` exchanges. What is sent at a time shares segments or not, as the dice have it.
fn piped(frames: &mut Vec<Frame>, port: u16, (habit, total): (Habit, u64), dice: &mut Dice) {
    let mut talk = Conversation::open(frames, port, BEGIN + u64::from(port) * 7_000);
    let first = u64::from(port) * 1_000;
    let (mut asked, mut answered) = (0, 0);
    while answered < total {
        let more = habit.ask(asked - answered, answered, dice).min(total - asked);
        if asked == answered {
            talk.clock += [0, 40_000, 3_000_000][dice.below(3) as usize];
        }
        let body = [0, 300][dice.below(2) as usize];
        let requests = (0..more).map(|n| request(first + asked + n, dice.below(body + 1) as usize)).collect();
        say(&mut talk, true, requests, dice);
        asked += more;
        talk.clock += dice.below(60_000);
        let ready = if matches!(habit, Habit::Batches(_)) {
            asked - answered
        } else {
            1 + dice.below(asked - answered)
        };
        let answers = (0..ready).map(|n| answer(first + answered + n, dice.below(1_200) as usize)).collect();
        say(&mut talk, false, answers, dice);
        answered += ready;
    }
    talk.close();
}

fn say(talk: &mut Conversation<'_>, from_client: bool, messages: Vec<Vec<u8>>, dice: &mut Dice) {
    talk.mss = [90, 500, 1_400][dice.below(3) as usize];
    let parts = if dice.below(2) == 0 { vec![messages.concat()] } else { messages };
    for part in parts {
        if from_client { talk.request(&part) } else { talk.response(&part) }
    }
}

/// Loses frames: one in a while or several in a row, of one side or both.
fn lose(frames: &mut Vec<Frame>, per_mille: u64, dice: &mut Dice) {
    let (sides, burst) = (dice.below(3), [0, 600][dice.below(2) as usize]);
    let mut in_burst = false;
    frames.retain(|frame| {
        let from_client = u16::from_be_bytes([frame.bytes[34], frame.bytes[35]]) != 8_080;
        let may_be_lost = sides == 2 || from_client == (sides == 1);
        let is_shake = frame.bytes[47] & 2 != 0;
        let lost = may_be_lost && !is_shake && dice.below(1_000) < if in_burst { burst } else { per_mille };
        in_burst = lost || (in_burst && !may_be_lost);
        !lost
    });
}

/// Right pairs of a thousand, over many captures.
fn right_per_mille(seeds: std::ops::Range<u64>, per_mille: &[u64], habit: fn(&mut Dice) -> Habit) -> usize {
    let (mut right, mut all) = (0, 0);
    for seed in seeds {
        let (mut dice, mut frames) = (Dice(seed), Vec::new());
        dice.below(2);
        for connection in 0..4 {
            let (mut own, how) = (Vec::new(), (habit(&mut dice), 10 + dice.below(30)));
            piped(&mut own, 20_000 + connection, how, &mut dice);
            lose(&mut own, per_mille[seed as usize % per_mille.len()], &mut dice);
            frames.append(&mut own);
            all += how.1 as usize;
        }
        right += pairs(&run(&frames)).len();
    }
    right * 1_000 / all
}

#[test]
fn losses_on_pipelines_never_make_a_wrong_pair() {
    let right = right_per_mille(1..601, &[5, 20, 60, 200, 400], Habit::any);
    assert!(right > 250, "{right}");
}

#[test]
fn losses_cost_a_client_that_waits_little() {
    let right = right_per_mille(1..101, &[2, 5], |_| Habit::Waiting);
    assert!(right > 950, "{right}");
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
