//! HTTP/2 at its edges: what has no end, belongs to nothing, is reset or too much. Every byte of content is in a call
//! or counted, and no answer comes to another request.

mod support;

use decode::Stats;
use model::{Anomaly, Call, limits};
use support::h2::{self, END_HEADERS, END_STREAM, Encoder, PADDED, PREFACE, frame};
use support::traffic::{Conversation, Dice, pcap};

const BEGIN: u64 = 1_795_000_000_000_000;

/// One connection that `talk` fills after the prefaces.
fn run(talk: impl FnOnce(&mut Conversation<'_>, &mut Encoder, &mut Encoder)) -> (Vec<Call>, Stats) {
    let mut frames = Vec::new();
    let mut conversation = Conversation::open(&mut frames, 40_030, BEGIN);
    conversation.mss = 1_400;
    conversation.request(&[PREFACE, &frame(h2::SETTINGS, 0, 0, &[])].concat());
    conversation.response(&frame(h2::SETTINGS, 0, 0, &[]));
    talk(&mut conversation, &mut Encoder::default(), &mut Encoder::default());
    conversation.close();
    let (calls, outcome) = support::decode("h2.pcap", &pcap(&frames), 1 << 16);
    (calls, outcome.stats)
}

fn ask(client: &mut Encoder, id: u32, flags: u8) -> Vec<u8> {
    let path = format!("/n/{id}");
    let fields =
        [(":method", "POST"), (":scheme", "http"), (":path", path.as_str()), (":authority", "a.example")];
    frame(h2::HEADERS, END_HEADERS | flags, id, &client.block(&fields))
}

fn answer(server: &mut Encoder, id: u32, flags: u8) -> Vec<u8> {
    let number = id.to_string();
    let fields = [(":status", "200"), ("x-number", number.as_str())];
    frame(h2::HEADERS, END_HEADERS | flags, id, &server.block(&fields))
}

/// No call has the answer to another one.
#[track_caller]
fn are_right(calls: &[Call]) {
    for call in calls {
        let number = call.response.as_ref().and_then(|response| response.headers.get("x-number"));
        let path = call.target.strip_prefix("/n/");
        assert!(number.is_none() || path.is_none() || number == path, "a wrong pair: {call:?}");
    }
}

fn anomalies(call: &Call) -> Vec<&str> {
    call.anomalies.iter().map(Anomaly::as_str).collect()
}

#[test]
fn content_is_in_a_call_or_counted() {
    for seed in 1..60 {
        let (mut dice, mut sent) = (Dice(seed), 0);
        let (calls, stats) = run(|talk, client, server| {
            for _ in 0..300 {
                let (id, len) = (dice.below(24) as u32 * 2 + 1, dice.below(90));
                let (body, flags) = (vec![b'x'; len as usize], (dice.below(5) == 0) as u8 * END_STREAM);
                let from_client = dice.below(2) == 0;
                let bytes = match dice.below(8) {
                    0 if from_client => ask(client, id, flags),
                    0 => answer(server, id, flags),
                    1 => frame(h2::RST_STREAM, 0, id, &[0, 0, 0, dice.below(14) as u8]),
                    2 => frame(h2::CONTINUATION, END_HEADERS, id, b"\x82"),
                    3 => {
                        sent += len;
                        let pad = dice.below(9) as u8;
                        let padded = [&[pad][..], &body, &vec![0; usize::from(pad)]].concat();
                        frame(h2::DATA, flags | PADDED, id, &padded)
                    }
                    _ => {
                        sent += len;
                        frame(h2::DATA, flags, id, &body)
                    }
                };
                if from_client { talk.request(&bytes) } else { talk.response(&bytes) }
            }
        });
        are_right(&calls);
        let sides = calls.iter().flat_map(|call| [&call.request, &call.response]);
        let kept: u64 = sides.flatten().filter_map(|message| message.body_size).sum();
        // Blocks that continue nothing are one byte each.
        let blocks = stats.unplaced_bytes - (sent - kept.min(sent));
        assert!(kept + stats.unplaced_bytes >= sent && blocks <= 400, "seed {seed}: {sent} {kept} {stats:?}");
        assert_eq!((stats.unframed_bytes, stats.opaque_bytes), (0, 0));
    }
}

#[test]
fn a_head_without_an_end_is_a_call() {
    let (calls, _) = run(|talk, client, _| {
        let head = ask(client, 1, END_STREAM);
        talk.request(&frame(h2::HEADERS, END_STREAM, 1, &head[9..]));
    });
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].target.as_str(), anomalies(&calls[0])), ("/n/1", vec!["cut-off"]));
    // The frame itself is cut.
    let (calls, _) = run(|talk, client, _| {
        let head = ask(client, 1, END_STREAM);
        talk.request(&head[..head.len() - 4]);
    });
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].target.as_str(), anomalies(&calls[0])), ("/n/1", vec!["cut-off"]));
}

#[test]
fn floods_of_continuations_end_at_their_limit() {
    for part in [0, 1, 2_000] {
        let (calls, stats) = run(|talk, client, server| {
            let head = ask(client, 1, END_STREAM);
            talk.request(&frame(h2::HEADERS, END_STREAM, 1, &head[9..]));
            // A literal field that is not indexed, over and over.
            let rest: Vec<u8> = b"\x00\x01a\x01b".iter().copied().cycle().take(part).collect();
            for _ in 0..2_000 {
                talk.request(&frame(h2::CONTINUATION, 0, 1, &rest));
            }
            talk.request(&frame(h2::CONTINUATION, END_HEADERS, 1, &rest));
            talk.request(&ask(&mut Encoder::default(), 3, END_STREAM));
            talk.response(&answer(server, 3, END_STREAM));
        });
        let seen: Vec<_> = calls.iter().map(|call| (call.target.as_str(), call.status)).collect();
        assert_eq!(seen, [("/n/1", None), ("/n/3", Some(200))], "{part} bytes");
        assert_eq!(anomalies(&calls[0]), ["bad-head"], "{part} bytes");
        // Whole frames are left out, from the one on that is too much.
        let kept = (limits::HTTP2_BLOCK_FRAMES_MAX - 1).min(limits::HEADER_BYTES_MAX / part.max(1));
        assert_eq!(stats.unplaced_bytes, ((2_001 - kept) * part) as u64, "{part} bytes");
    }
}

#[test]
fn streams_that_make_room_are_marked_and_take_nobodys_answer() {
    let (extra, max) = (400, limits::HTTP2_STREAMS_MAX as u32);
    let (calls, stats) = run(|talk, client, server| {
        let asked = (0..max + extra).flat_map(|n| ask(client, n * 2 + 1, END_STREAM)).collect::<Vec<u8>>();
        talk.request(&asked);
        let told = (0..max + extra).flat_map(|n| answer(server, n * 2 + 1, END_STREAM)).collect::<Vec<u8>>();
        talk.response(&told);
    });
    are_right(&calls);
    assert_eq!(stats.streams_evicted, u64::from(extra));
    let unanswered: Vec<&Call> = calls.iter().filter(|call| call.status.is_none()).collect();
    assert_eq!(unanswered.len() as u32, extra);
    assert!(unanswered.iter().all(|call| anomalies(call) == ["unmatched"]), "{:?}", unanswered[0].anomalies);
    let whole = calls.iter().filter(|call| call.anomalies.is_empty() && call.status.is_some()).count();
    assert_eq!(whole as u32, max);
}

#[test]
fn resets_say_what_they_say() {
    let (calls, stats) = run(|talk, client, server| {
        // Cancelled while the answer arrives; what was on its way belongs to nothing.
        talk.request(&ask(client, 1, END_STREAM));
        talk.response(&[answer(server, 1, 0), frame(h2::DATA, 0, 1, b"half")].concat());
        talk.request(&frame(h2::RST_STREAM, 0, 1, &[0, 0, 0, 8]));
        talk.response(&frame(h2::DATA, END_STREAM, 1, b"late"));
        // Answered before the body came, which the server then does not want (RFC 9113 §8.1).
        talk.request(&ask(client, 3, 0));
        talk.response(&answer(server, 3, END_STREAM));
        talk.response(&frame(h2::RST_STREAM, 0, 3, &[0; 4]));
        // Refused.
        talk.request(&ask(client, 5, END_STREAM));
        talk.response(&frame(h2::RST_STREAM, 0, 5, &[0, 0, 0, 7]));
        talk.request(&ask(client, 7, END_STREAM));
        talk.response(&answer(server, 7, END_STREAM));
    });
    are_right(&calls);
    let seen: Vec<_> = calls.iter().map(|call| (call.status, anomalies(call))).collect();
    assert_eq!(
        seen,
        [
            (Some(200), vec!["reset-cancel", "cut-off"]),
            (Some(200), vec!["cut-off"]),
            (None, vec!["reset-refused-stream"]),
            (Some(200), vec![]),
        ]
    );
    assert_eq!(stats.unplaced_bytes, 4);
}

#[test]
fn an_end_that_was_lost_is_not_waited_for() {
    let mut frames = Vec::new();
    let (mut client, mut server) = (Encoder::default(), Encoder::default());
    let mut talk = Conversation::open(&mut frames, 40_030, BEGIN);
    talk.request(&[PREFACE, &frame(h2::SETTINGS, 0, 0, &[])].concat());
    talk.response(&frame(h2::SETTINGS, 0, 0, &[]));
    talk.request(&ask(&mut client, 1, END_STREAM));
    talk.response(&[answer(&mut server, 1, 0), frame(h2::DATA, 0, 1, b"seen")].concat());
    talk.response(&[frame(h2::DATA, 0, 1, b" LOST"), frame(h2::DATA, END_STREAM, 1, b"")].concat());
    let (waits, mut later) = (600, Vec::new());
    for n in 1..waits {
        talk.request(&ask(&mut client, n * 2 + 1, END_STREAM));
        talk.response(&answer(&mut server, n * 2 + 1, END_STREAM));
        later.push(n);
    }
    // The connection does not end.
    frames.retain(|frame| !frame.bytes.windows(5).any(|bytes| bytes == b" LOST"));
    let mut decoder = decode::Decoder::new("h2.pcap", None);
    let mut calls = Vec::new();
    decoder.push(&pcap(&frames), &mut |call| calls.push(call));
    are_right(&calls);
    let first = calls.first().expect("it left before the input ended");
    assert_eq!((first.target.as_str(), first.status, anomalies(first)), ("/n/1", Some(200), vec!["gap"]));
    assert_eq!(first.response.as_ref().map(|response| response.body()), Some(&b"seen"[..]));
}
