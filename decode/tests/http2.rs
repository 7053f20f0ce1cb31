//! HTTP/2 however it is cut, damaged or joined: the same calls, and never a value that was not sent.

mod support;

use std::collections::BTreeMap;

use model::{Anomaly, Call};
use support::decode;
use support::h2::{self, END_HEADERS, END_STREAM, Encoder, PREFACE, frame};
use support::traffic::{Conversation, Dice, Frame, pcap};

/// What one side says next.
type Turn = (bool, Vec<u8>);

/// Exchanges in flight at once.
const STREAMS: u32 = 5;

fn text(number: u32, len: u64) -> Vec<u8> {
    format!("{number}:").into_bytes().into_iter().chain((0..len).map(|at| b'a' + (at % 26) as u8)).collect()
}

/// Numbered exchanges, interleaved. Fields enter the tables of both directions, so that losses are felt.
fn exchanges(count: u32, dice: &mut Dice) -> Vec<Turn> {
    let mut turns = vec![
        (true, [PREFACE, &frame(h2::SETTINGS, 0, 0, &[])].concat()),
        (false, frame(h2::SETTINGS, 0, 0, &[0, 5, 0, 0, 0x40, 0])),
    ];
    let (mut client, mut server) = (Encoder::default(), Encoder::default());
    let mut number = 0;
    while number < count {
        let batch: Vec<u32> = (number..count.min(number + STREAMS)).collect();
        number += STREAMS;
        for &n in &batch {
            let (path, id) = (format!("/n/{n}"), n * 2 + 1);
            let (number, len) = (n.to_string(), dice.below(900));
            let fields = [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", path.as_str()),
                (":authority", "a.example"),
                ("user-agent", "test"),
                ("x-number", number.as_str()),
            ];
            let block = client.block(&fields);
            let cut = dice.below(block.len() as u64) as usize;
            let head = match dice.below(3) {
                0 => [
                    frame(h2::HEADERS, 0, id, &block[..cut]),
                    frame(h2::CONTINUATION, END_HEADERS, id, &block[cut..]),
                ]
                .concat(),
                1 => frame(h2::HEADERS, END_HEADERS | h2::PADDED, id, &[&[3][..], &block, &[0; 3]].concat()),
                _ => frame(h2::HEADERS, END_HEADERS, id, &block),
            };
            turns.push((true, head));
            turns.push((true, frame(h2::DATA, END_STREAM, id, &text(n, len))));
        }
        for &n in &batch {
            let (id, number, status) = (n * 2 + 1, n.to_string(), (200 + n % 7).to_string());
            if dice.below(4) == 0 {
                turns
                    .push((false, frame(h2::HEADERS, END_HEADERS, id, &server.block(&[(":status", "103")]))));
            }
            let fields = [(":status", status.as_str()), ("server", "test"), ("x-number", number.as_str())];
            turns.push((false, frame(h2::HEADERS, END_HEADERS, id, &server.block(&fields))));
        }
        for part in 0..3 {
            for &n in &batch {
                let (id, piece) = (n * 2 + 1, text(n, dice.below(700)));
                let padded = [&[2][..], &piece, &[0, 0]].concat();
                let (flags, payload) = if part == 1 { (h2::PADDED, &padded) } else { (0, &piece) };
                turns.push((false, frame(h2::DATA, flags, id, payload)));
            }
        }
        for &n in &batch {
            let (id, number) = (n * 2 + 1, n.to_string());
            let trailers = server.block(&[("x-end", number.as_str())]);
            turns.push((false, frame(h2::HEADERS, END_HEADERS | END_STREAM, id, &trailers)));
        }
    }
    turns
}

/// The turns as packets of up to `max` bytes. A connection that is joined is cut where its sides wrote; one that
/// is read from its start is cut anywhere.
fn packets(turns: &[Turn], max: u64, dice: &mut Dice, opened: bool) -> Vec<Frame> {
    let mut frames = Vec::new();
    let clock = 1_795_000_000_000_000;
    let mut talk = match opened {
        true => Conversation::open(&mut frames, 40_010, clock),
        false => Conversation::joined(&mut frames, 40_010, clock),
    };
    for run in turns.chunk_by(|a, b| opened && a.0 == b.0) {
        let bytes: Vec<u8> = run.iter().flat_map(|turn| turn.1.iter().copied()).collect();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((1 + dice.below(max) as usize).min(rest.len()));
            rest = after;
            if run[0].0 { talk.request(piece) } else { talk.response(piece) }
        }
    }
    talk.close();
    frames
}

fn calls(frames: &[Frame]) -> Vec<Call> {
    decode("h2.pcap", &pcap(frames), 1 << 16).0
}

/// Calls without what depends on the cutting.
fn timeless(mut calls: Vec<Call>) -> Vec<Call> {
    for call in &mut calls {
        (call.ts, call.duration_us, call.id) = Default::default();
    }
    calls.sort_by(|a, b| a.target.cmp(&b.target));
    calls
}

/// Everything that is known about a call is what was sent; true when it is complete.
#[track_caller]
fn is_right(call: &Call, whole: &BTreeMap<String, Call>) -> bool {
    let number =
        |message: &Option<model::Message>| Some(message.as_ref()?.headers.get("x-number")?.to_owned());
    let (asked, answered) = (number(&call.request), number(&call.response));
    let path = (!call.target.is_empty()).then(|| call.target.trim_start_matches("/n/").to_owned());
    let known: Vec<&String> = [&asked, &answered, &path].into_iter().flatten().collect();
    assert!(known.windows(2).all(|pair| pair[0] == pair[1]), "a wrong pair: {call:?}");
    let Some(number) = known.first() else { return false };
    let truth = &whole[*number];
    assert!(call.status.is_none() || call.status == truth.status, "a wrong status: {call:?}");
    for (found, truth) in [(&call.request, &truth.request), (&call.response, &truth.response)] {
        let (Some(found), Some(truth)) = (found, truth) else { continue };
        assert!(
            found.headers.iter().all(|field| truth.headers.iter().any(|it| it == field)),
            "a wrong field: {call:?}"
        );
        assert!(truth.body().starts_with(found.body()), "a wrong body: {call:?}");
        let is_whole = found.body() == truth.body();
        let is_marked = [Anomaly::GAP, Anomaly::CUT_OFF].iter().any(|it| call.anomalies.contains(it));
        assert!(
            is_whole || is_marked,
            "a cut body without a mark: {} {:?} {:?}",
            call.target,
            call.status,
            call.anomalies
        );
    }
    call.request.is_some()
        && call.status.is_some()
        && call.anomalies.iter().all(|it| *it == Anomaly::UNKNOWN_HEADER)
}

fn truth(turns: &[Turn]) -> BTreeMap<String, Call> {
    let calls = calls(&packets(turns, 400, &mut Dice(1), true));
    assert!(
        calls.iter().all(|call| call.anomalies.is_empty() && call.request.is_some() && call.status.is_some())
    );
    calls.into_iter().map(|call| (call.target.trim_start_matches("/n/").to_owned(), call)).collect()
}

#[test]
fn any_cutting_into_segments_gives_the_same_calls() {
    let turns = exchanges(20, &mut Dice(7));
    let whole = timeless(calls(&packets(&turns, 499, &mut Dice(1), true)));
    assert_eq!(whole.len(), 20);
    for (number, call) in whole.iter().enumerate() {
        assert!(call.anomalies.is_empty(), "{number} {call:?}");
        assert!(call.response.as_ref().is_some_and(|response| response.headers.get("x-end").is_some()));
    }
    for (seed, max) in [(2, 1), (3, 2), (4, 7), (5, 20), (6, 90), (7, 300)] {
        assert_eq!(timeless(calls(&packets(&turns, max, &mut Dice(seed), true))), whole, "{max} bytes");
    }
}

#[test]
fn losses_cost_calls_never_truth() {
    let (mut right, mut all) = (0, 0);
    for seed in 1..40 {
        let turns = exchanges(60, &mut Dice(seed));
        let truth = truth(&turns);
        let mut dice = Dice(seed);
        let frames = packets(&turns, 499, &mut dice, true);
        let kept: Vec<Frame> =
            frames.into_iter().filter(|frame| !frame.has_data || dice.below(100) > 0).collect();
        right += calls(&kept).iter().filter(|call| is_right(call, &truth)).count();
        all += truth.len();
    }
    println!("{right} of {all} complete with 1 % of segments lost");
    assert!(right * 100 > all * 45, "{right} of {all}");
}

#[test]
fn joined_at_any_segment() {
    for seed in 1..30 {
        let turns = exchanges(40, &mut Dice(seed));
        let truth = truth(&turns);
        let mut dice = Dice(seed);
        let frames = packets(&turns, 499, &mut dice, false);
        let from = dice.below(frames.len() as u64 / 2) as usize;
        let calls = calls(&frames[from..]);
        calls.iter().for_each(|call| {
            is_right(call, &truth);
        });
        let paired = calls.iter().filter(|call| call.request.is_some() && call.response.is_some()).count();
        assert!(paired >= 10, "{paired} of {} from {from} of {}", calls.len(), frames.len());
    }
}

#[test]
fn one_direction_alone() {
    let turns = exchanges(10, &mut Dice(3));
    let truth = truth(&turns);
    for from_client in [true, false] {
        let half: Vec<Turn> = turns.iter().filter(|turn| turn.0 == from_client).cloned().collect();
        let calls = calls(&packets(&half, 300, &mut Dice(5), false));
        assert_eq!(calls.len(), 10);
        for call in &calls {
            is_right(call, &truth);
            assert_eq!(call.request.is_some(), from_client);
            assert!(call.anomalies.contains(&Anomaly::UNMATCHED));
        }
    }
}

#[test]
fn damage_is_survived() {
    let turns = exchanges(12, &mut Dice(11));
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let mut turns = turns.clone();
        for _ in 0..1 + dice.below(6) {
            let turn = dice.below(turns.len() as u64) as usize;
            let bytes = &mut turns[turn].1;
            let at = dice.below(bytes.len() as u64) as usize;
            bytes[at] = dice.below(256) as u8;
        }
        calls(&packets(&turns, 300, &mut dice, seed % 2 == 0));
    }
}

/// A stream of gRPC on which the sides talk in turn, as frames of up to `cut` bytes; the end of every second message
/// comes with the next one of its side. Also the messages in the order in which they become whole.
fn chat(first_speaks: bool, cut: usize) -> (Vec<Turn>, Vec<(bool, u8)>) {
    const SAID: [(bool, u8); 8] =
        [(true, 1), (true, 2), (false, 3), (true, 4), (false, 5), (false, 6), (true, 7), (false, 8)];
    let (mut client, mut server) = (Encoder::default(), Encoder::default());
    let head = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/shop.Chat/Talk"),
        (":authority", "a.example"),
        ("content-type", "application/grpc"),
    ];
    let answer = [(":status", "200"), ("content-type", "application/grpc")];
    let mut turns = vec![
        (true, [PREFACE, &frame(h2::SETTINGS, 0, 0, &[])].concat()),
        (false, frame(h2::SETTINGS, 0, 0, &[])),
        (true, frame(h2::HEADERS, END_HEADERS, 1, &client.block(&head))),
        (false, frame(h2::HEADERS, END_HEADERS, 1, &server.block(&answer))),
    ];
    let (mut late, mut whole) = ([None, None], Vec::new());
    for (speaker, number) in SAID {
        let from_client = speaker == first_speaks;
        let message = [&[0, 0, 0, 0, 42, 0x08, number, 0x12, 38][..], &[b'x'; 38]].concat();
        let mut bytes = Vec::new();
        if let Some((number, rest)) = late[usize::from(from_client)].take() {
            whole.push((from_client, number));
            bytes = rest;
        }
        if number % 2 == 0 {
            bytes.extend(&message[..message.len() - 3]);
            late[usize::from(from_client)] = Some((number, message[message.len() - 3..].to_vec()));
        } else {
            whole.push((from_client, number));
            bytes.extend(message);
        }
        turns.extend(bytes.chunks(cut).map(|part| (from_client, frame(h2::DATA, 0, 1, part))));
    }
    for from_client in [true, false] {
        let (number, rest) = late[usize::from(from_client)].take().unzip();
        whole.extend(number.map(|number| (from_client, number)));
        turns.push((from_client, frame(h2::DATA, END_STREAM, 1, &rest.unwrap_or_default())));
    }
    (turns, whole)
}

#[test]
fn messages_of_both_sides_keep_the_order_of_the_wire() {
    for first_speaks in [true, false] {
        for (cut, max) in [(7, 1), (20, 3), (47, 50), (400, 499)] {
            let (turns, expect) = chat(first_speaks, cut);
            let calls = calls(&packets(&turns, max, &mut Dice(3), true));
            let said = calls[0].messages.iter().map(|message| {
                let number = String::from_utf8_lossy(&message.body);
                (message.from_client, number.as_bytes()[5] - b'0')
            });
            assert_eq!((calls.len(), said.collect::<Vec<_>>()), (1, expect), "{cut} {max}");
        }
    }
}
