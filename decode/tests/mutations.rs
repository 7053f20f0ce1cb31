//! The same calls come out, however the packets of a capture are wrapped, cut, doubled, swapped or written;
//! where bytes are lost, no pair is wrong. What a bad mirror loses is in `bad_mirror.rs`.

mod support;

use std::collections::BTreeMap;

use model::{Call, Message};
use support::files::{self, PLAIN, Variant};
use support::traffic::{Dice, Frame, numbered};
use support::wrap::{self, LINKS, TAGS, TUNNELS};
use support::{decode, shared};

const SNAP: usize = 262_144;

/// The calls as records, without what may change: identity, addresses, times.
fn lines(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    for call in calls {
        let mut record = serde_json::to_value(call).expect("a record");
        let fields = record.as_object_mut().expect("an object");
        for name in ["id", "client", "server", "source", "ts", "duration_us"] {
            fields.remove(name);
        }
        *lines.entry(record.to_string()).or_default() += 1;
    }
    lines
}

/// A capture as Ethernet frames, and what comes of it unchanged.
struct Base {
    frames: Vec<Frame>,
    expect: BTreeMap<String, usize>,
}

fn bases() -> Vec<Base> {
    let mut captures = vec![numbered(6, 6, 11)];
    let real = shared("data/captures/loopback/http1.pcap");
    captures.extend(real.map(|path| files::read(&std::fs::read(path).expect("the capture"))));
    captures
        .into_iter()
        .map(|frames| {
            let (calls, _) = run(&frames, 1);
            Base { expect: lines(&calls), frames }
        })
        .collect()
}

fn run(frames: &[Frame], link: u16) -> (Vec<Call>, decode::Stats) {
    let (calls, outcome) = decode("mutated.pcap", &files::pcap(frames, link, PLAIN, SNAP), 8_192);
    (calls, outcome.stats)
}

#[track_caller]
fn check(base: &Base, frames: &[Frame], link: u16, what: &str) -> decode::Stats {
    let (calls, stats) = run(frames, link);
    let found = lines(&calls);
    assert!(found == base.expect, "{what}: {} of {} calls, {stats:?}", found.len(), base.expect.len());
    assert_eq!((stats.bad_packets, stats.nested_too_deep, stats.gaps), (0, 0, 0), "{what}");
    stats
}

#[test]
fn every_link_type_and_tag() {
    for base in bases() {
        for (link, before) in LINKS {
            check(&base, &wrap::each(&base.frames, before), link, &format!("link type {link}"));
        }
        for (number, tag) in TAGS.iter().enumerate() {
            check(&base, &wrap::each(&base.frames, tag), 1, &format!("tag {number}"));
        }
    }
}

#[test]
fn every_tunnel() {
    for base in bases() {
        for (number, tunnel) in TUNNELS.iter().enumerate() {
            let frames = wrap::each(&base.frames, |ip| wrap::ethernet(&tunnel(ip)));
            check(&base, &frames, 1, &format!("tunnel {number}"));
        }
    }
}

#[test]
fn tunnels_inside_each_other() {
    let base = &bases()[0];
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let ways: Vec<_> = (0..8).map(|_| TUNNELS[dice.below(TUNNELS.len() as u64) as usize]).collect();
        let tag = TAGS[dice.below(TAGS.len() as u64) as usize];
        let frames = wrap::each(&base.frames, |ip| {
            tag(&ways.iter().fold(ip.to_vec(), |inner, tunnel| tunnel(&inner)))
        });
        check(base, &frames, 1, &format!("seed {seed}"));
    }
    let frames = wrap::each(&base.frames, |ip| (0..9).fold(ip.to_vec(), |inner, _| wrap::ipv4(4, &inner)));
    let (calls, stats) = run(&frames, 101);
    assert_eq!((calls.len(), stats.nested_too_deep), (0, stats.packets));
}

#[test]
fn version_6_with_and_without_extension_headers() {
    for base in bases() {
        for extensions in [false, true] {
            let frames = wrap::each(&base.frames, |ip| wrap::as_ipv6(ip, extensions));
            check(&base, &frames, 101, "version 6");
            for (number, tunnel) in TUNNELS.iter().enumerate() {
                let frames = wrap::each(&frames_of(&frames), |ip| wrap::ethernet(&tunnel(ip)));
                check(&base, &frames, 1, &format!("version 6 in tunnel {number}"));
            }
        }
    }
}

/// Raw packets as Ethernet frames again.
fn frames_of(packets: &[Frame]) -> Vec<Frame> {
    packets.iter().map(|frame| Frame { bytes: wrap::ethernet(&frame.bytes), ..frame.clone() }).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    AsSent,
    Reversed,
    Doubled,
    Swapped,
}

/// The IP packets in fragments.
fn fragmented(packets: &[Frame], size: usize, overlap: usize, order: Order) -> Vec<Frame> {
    let mut all = Vec::new();
    for (number, frame) in packets.iter().enumerate() {
        let mut pieces = wrap::fragments(&frame.bytes, number as u16 + 1, size, overlap);
        match order {
            Order::AsSent => {}
            Order::Reversed => pieces.reverse(),
            Order::Doubled => {
                pieces = pieces.iter().flat_map(|piece| [piece.clone(), piece.clone()]).collect()
            }
            Order::Swapped => pieces.chunks_mut(2).for_each(<[Vec<u8>]>::reverse),
        }
        all.extend(pieces.into_iter().map(|bytes| Frame { bytes, ..frame.clone() }));
    }
    all
}

#[test]
fn fragments_in_any_order() {
    for base in bases() {
        let packets = wrap::each(&base.frames, <[u8]>::to_vec);
        let wide = wrap::each(&base.frames, |ip| wrap::as_ipv6(ip, false));
        let tunnelled = wrap::each(&base.frames, |ip| TUNNELS[12](ip));
        for order in [Order::AsSent, Order::Reversed, Order::Doubled, Order::Swapped] {
            for (size, overlap) in [(8, 0), (24, 0), (256, 0), (64, 8), (128, 64)] {
                let what = format!("{size} bytes and {overlap}, {order:?}");
                check(&base, &fragmented(&packets, size, overlap, order), 101, &what);
                check(&base, &fragmented(&tunnelled, size, overlap, order), 101, &format!("outer, {what}"));
                if overlap == 0 {
                    check(&base, &fragmented(&wide, size, 0, order), 101, &format!("version 6, {what}"));
                }
            }
            let inner = fragmented(&packets, 104, 0, order);
            let around: Vec<_> = inner
                .iter()
                .map(|frame| Frame { bytes: TUNNELS[17](&frame.bytes), ..frame.clone() })
                .collect();
            let stats = check(&base, &fragmented(&around, 48, 0, order), 101, "fragments of fragments");
            assert!(stats.datagrams_rebuilt > 2 * base.frames.len() as u64);
            assert_eq!(stats.datagrams_dropped, 0, "{order:?}");
        }
    }
}

#[test]
fn overlapping_fragments_of_version_6_are_refused() {
    let base = &bases()[0];
    let wide = wrap::each(&base.frames, |ip| wrap::as_ipv6(ip, false));
    let (calls, stats) = run(&fragmented(&wide, 64, 8, Order::AsSent), 101);
    assert!(stats.fragments_overlapping > 0 && stats.datagrams_dropped > 0);
    assert!(calls.iter().all(|call| call.status.is_none() || call.method.is_empty()));
}

/// The same packet at the other side of a router: other frame, tag and time to live.
fn other_side(frame: &Frame, later: u64) -> Frame {
    let mut ip = wrap::packet(&frame.bytes).to_vec();
    ip[8] -= 1;
    ip[10..12].copy_from_slice(&[0x12, 0x34]);
    Frame { bytes: TAGS[0](&ip), ts: frame.ts + later, ..frame.clone() }
}

#[test]
fn both_sides_of_a_router() {
    for base in bases() {
        let mut both: Vec<Frame> =
            base.frames.iter().flat_map(|frame| [frame.clone(), other_side(frame, 700)]).collect();
        let stats = check(&base, &both, 1, "at once");
        assert_eq!(stats.duplicate_packets, base.frames.len() as u64);
        both.sort_by_key(|frame| frame.ts);
        let stats = check(&base, &both, 1, "a little later");
        assert_eq!(stats.duplicate_packets, base.frames.len() as u64);
        let overlay = wrap::each(&base.frames, |ip| wrap::ethernet(&TUNNELS[12](ip)));
        let mixed: Vec<Frame> =
            base.frames.iter().zip(&overlay).flat_map(|(a, b)| [b.clone(), a.clone()]).collect();
        let stats = check(&base, &mixed, 1, "the tunnel and what it carries");
        assert_eq!(stats.duplicate_packets, base.frames.len() as u64);
    }
}

#[test]
fn tiny_segments() {
    for base in bases() {
        for size in [1, 2, 7, 100] {
            check(&base, &wrap::tiny_segments(&base.frames, size), 1, &format!("{size} bytes"));
        }
    }
}

#[test]
fn every_kind_of_file() {
    for base in bases() {
        for number in 0..8 {
            let variant = Variant { big: number & 1 != 0, nanos: number & 2 != 0, modified: number & 4 != 0 };
            if variant.modified && variant.nanos {
                continue;
            }
            let (calls, outcome) = decode("x", &files::pcap(&base.frames, 1, variant, SNAP), 777);
            assert!(lines(&calls) == base.expect && outcome.problems.is_empty(), "{variant:?}");
        }
        let (calls, outcome) = decode("x", &files::pcapng(&base.frames, 1), 777);
        assert!(lines(&calls) == base.expect && outcome.problems.is_empty(), "{:?}", outcome.problems);
    }
}

fn number(message: Option<&Message>) -> Option<&str> {
    message?.headers.get("x-number")
}

/// Nothing false: pairs belong together, and targets are whole ones that were sent.
#[track_caller]
fn check_true(calls: &[Call], what: &str) -> usize {
    let mut pairs = 0;
    for call in calls {
        let (asked, answered) = (number(call.request.as_ref()), number(call.response.as_ref()));
        if let (Some(asked), Some(answered)) = (asked, answered) {
            assert_eq!(asked, answered, "{what}: a wrong pair: {} {:?}", call.target, call.anomalies);
            pairs += 1;
        }
        let sent = call.method.is_empty() || asked.is_none_or(|asked| call.target == format!("/n/{asked}"));
        assert!(sent, "{what}: {} {:?}", call.target, asked);
    }
    pairs
}

#[test]
fn a_bad_mirror_of_tunnels() {
    let base = &bases()[0];
    for (number, tunnel) in TUNNELS.iter().enumerate() {
        let overlay = |frames: &[Frame]| wrap::each(frames, |ip| wrap::ethernet(&tunnel(ip)));
        let mut swapped = overlay(&base.frames);
        swapped.chunks_mut(2).for_each(<[Frame]>::reverse);
        check(base, &swapped, 1, &format!("neighbours swapped in tunnel {number}"));
        for client in [true, false] {
            let side = |frame: &&Frame| (frame.bytes[29] == 7) == client;
            let one_side: Vec<Frame> = base.frames.iter().filter(side).cloned().collect();
            let (calls, _) = run(&overlay(&one_side), 1);
            assert_eq!(calls.len(), 36, "one side in tunnel {number}");
            assert!(
                calls.iter().all(|call| call.method.is_empty() != client && call.status.is_none() == client)
            );
        }
        for joined in [3, 10, 40] {
            let (calls, _) = run(&overlay(&base.frames[joined..]), 1);
            assert!(check_true(&calls, &format!("joined at {joined} in tunnel {number}")) >= 24);
        }
    }
}

/// Headers that lie, at any layer: nothing breaks, and the counters add up (`decode` checks that).
#[test]
fn hostile_packets() {
    let frames = numbered(2, 3, 4);
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let (link, before) = LINKS[dice.below(LINKS.len() as u64) as usize];
        let ways: Vec<_> = (0..3).map(|_| TUNNELS[dice.below(TUNNELS.len() as u64) as usize]).collect();
        let size = 8 + 8 * dice.below(20) as usize;
        let mut packets =
            wrap::each(&frames, |ip| ways.iter().fold(ip.to_vec(), |inner, tunnel| tunnel(&inner)));
        if seed % 3 == 0 {
            packets = fragmented(&packets, size, 8 * (size / 16), Order::AsSent);
        }
        for packet in &mut packets {
            packet.bytes = before(&packet.bytes);
            for _ in 0..dice.below(4) {
                let at = dice.below(packet.bytes.len().min(220) as u64) as usize;
                packet.bytes[at] = dice.below(256) as u8;
            }
            let len = packet.bytes.len() as u64;
            packet.bytes.truncate(if dice.below(4) == 0 { dice.below(len) as usize } else { len as usize });
        }
        let (_, stats) = run(&packets, link);
        assert_eq!(stats.packets, packets.len() as u64);
    }
}

#[test]
fn packets_that_the_capture_cut() {
    let frames = numbered(10, 12, 3);
    let overlay = wrap::each(&frames, |ip| wrap::ethernet(&TUNNELS[12](ip)));
    for snap in [30, 54, 60, 80, 100, 128, 200, 256, 400, 500] {
        for frames in [&frames, &overlay] {
            let (calls, outcome) = decode("x", &files::pcap(frames, 1, PLAIN, snap), 8_192);
            let pairs = check_true(&calls, &format!("{snap} bytes"));
            assert!(snap < 256 || pairs > 60, "{snap} bytes: {pairs} pairs, {:?}", outcome.stats);
        }
    }
}

/// Where records or blocks begin; of a pcapng file those of its first section, which is little-endian.
fn boundaries(file: &[u8]) -> Vec<usize> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize;
    let is_pcapng = word(0) == 0x0a0d_0d0a;
    let mut places = vec![if is_pcapng { word(4) } else { 24 }];
    while let Some(&at) = places.last().filter(|at| **at + 16 <= file.len() && word(**at) != 0x0a0d_0d0a) {
        places.push(at + if is_pcapng { word(at + 4) } else { 16 + word(at + 8) });
    }
    places
}

#[test]
fn damaged_files_are_read_on() {
    let frames = numbered(20, 12, 5);
    for seed in 0..30 {
        let mut dice = Dice(seed);
        for mut file in [files::pcap(&frames, 1, PLAIN, SNAP), files::pcapng(&frames, 1)] {
            let places = boundaries(&file);
            let mut places: Vec<_> =
                (0..3).map(|_| places[10 + dice.below(places.len() as u64 - 20) as usize]).collect();
            places.sort_unstable();
            for at in places.into_iter().rev() {
                let garbage: Vec<u8> = (0..dice.below(400)).map(|_| dice.below(256) as u8).collect();
                // Between two records, or over the header of one.
                let over = if dice.below(2) == 0 { at } else { at + 16 };
                file.splice(at..over, garbage);
            }
            let (calls, outcome) = decode("x", &file, 8_192);
            let pairs = check_true(&calls, &format!("seed {seed}"));
            assert!(pairs > 225, "seed {seed}: {pairs} pairs, {:?} {:?}", outcome.stats, outcome.problems);
        }
    }
}
