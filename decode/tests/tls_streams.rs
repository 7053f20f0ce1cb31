//! TLS under what networks do: streams of the golden cases cut anew into small segments, with losses, and with keys
//! that come late. Nothing may be read wrong; without losses nothing may be missing.

mod support;

use decode::{Decoder, Keys};
use model::Call;
use support::traffic::{Conversation, Dice, Frame, pcap};

/// Payloads of one connection in capture order: from the client, bytes.
type Stream = Vec<(bool, Vec<u8>)>;

/// The connections of a capture on loopback.
fn streams(case: &str) -> (Vec<Stream>, Keys) {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(case);
    let path = support::input_of(&golden);
    let file = std::fs::read(&path).expect("the capture");
    let mut streams: Vec<(u16, Stream)> = Vec::new();
    // Loopback repeats a segment now and then.
    let mut seen: Vec<[u32; 2]> = Vec::new();
    let mut rest = &file[24..];
    while rest.len() >= 16 {
        let len = u32::from_le_bytes(rest[8..12].try_into().expect("four bytes")) as usize;
        let packet = &rest[16..16 + len];
        rest = &rest[16 + len..];
        let tcp = &packet[34..];
        let payload = &tcp
            [usize::from(tcp[12] >> 4) * 4..usize::from(u16::from_be_bytes([packet[16], packet[17]])) - 20];
        let port = |at: usize| u16::from_be_bytes([tcp[at], tcp[at + 1]]);
        let from_client = port(2) < 20_000;
        let client = if from_client { port(0) } else { port(2) };
        if payload.is_empty() {
            continue;
        }
        // In order of appearance: sessions are resumed after they were made.
        let index = streams.iter().position(|stream| stream.0 == client).unwrap_or(streams.len());
        if index == streams.len() {
            streams.push((client, Vec::new()));
            seen.push([0; 2]);
        }
        let seq = u32::from_be_bytes(tcp[4..8].try_into().expect("four bytes"));
        let next = &mut seen[index][usize::from(from_client)];
        if *next != 0 && (seq.wrapping_sub(*next) as i32) < 0 {
            continue;
        }
        *next = seq.wrapping_add(payload.len() as u32);
        streams[index].1.push((from_client, payload.to_vec()));
    }
    (streams.into_iter().map(|stream| stream.1).collect(), support::keys_beside(&path))
}

fn frames(streams: &[Stream], mss: usize) -> Vec<Frame> {
    let mut frames = Vec::new();
    for (number, stream) in streams.iter().enumerate() {
        let clock = 1_795_000_000_000_000 + number as u64 * 1_000_000;
        let mut talk = Conversation::open(&mut frames, 41_000 + number as u16, clock);
        for (from_client, bytes) in stream {
            for part in bytes.chunks(mss) {
                if *from_client { talk.request(part) } else { talk.response(part) }
            }
        }
        talk.close();
    }
    frames
}

fn decode(frames: &[Frame], keys: &Keys) -> (Vec<Call>, decode::Stats) {
    let mut decoder = Decoder::new("x.pcap", None);
    decoder.set_keys(keys.clone());
    let (calls, outcome) = support::decode_with(decoder, &pcap(frames), usize::MAX);
    (calls, outcome.stats)
}

/// What a call says, without times and addresses.
fn content(calls: &[Call]) -> Vec<String> {
    let body = |message: &Option<model::Message>| {
        message.as_ref().map(|message| String::from_utf8_lossy(message.body()).into_owned())
    };
    let line = |call: &Call| {
        format!(
            "{} {} {:?} {:?} {:?}",
            call.method,
            call.target,
            call.status,
            body(&call.request),
            body(&call.response)
        )
    };
    calls.iter().map(line).collect()
}

const CASES: [(&str, usize); 4] = [("tls12", 27), ("tls13", 15), ("tls-renegotiation", 13), ("tls-rsa", 12)];

#[test]
fn any_segments_give_the_same_calls() {
    for (case, count) in CASES {
        let (streams, keys) = streams(case);
        let (whole, _) = decode(&frames(&streams, 400), &keys);
        assert_eq!(whole.len(), count, "{case}");
        for mss in [1, 2, 7, 100] {
            let (calls, stats) = decode(&frames(&streams, mss), &keys);
            assert_eq!(
                (content(&calls), stats.tls_unread_records),
                (content(&whole), 0),
                "{case} in steps of {mss}"
            );
        }
    }
}

#[test]
fn losses_never_make_a_wrong_call() {
    for (case, _) in CASES {
        let (streams, keys) = streams(case);
        let known = content(&decode(&frames(&streams, 400), &keys).0);
        let (mut found, mut read, mut passed) = (0, 0, 0);
        for seed in 1..60 {
            let mut dice = Dice(seed);
            let mut lossy = frames(&streams, [60, 200, 400][seed as usize % 3]);
            lossy.retain(|frame| !frame.has_data || dice.below(25) > 0);
            let (calls, stats) = decode(&lossy, &keys);
            let kinds = [stats.tls_decrypted, stats.tls_no_key, stats.tls_joined_late, stats.tls_unfinished];
            assert_eq!(kinds.iter().sum::<u64>(), stats.tls_connections, "{stats:?}");
            passed += stats.unframed_bytes;
            found += known.len();
            for call in calls.iter().filter(|call| call.anomalies.is_empty() && call.status.is_some()) {
                read += 1;
                let line = &content(std::slice::from_ref(call))[0];
                assert!(known.contains(line), "{case}, seed {seed}: {line}");
            }
        }
        assert!(read * 3 > found, "{case}: {read} of {found} calls were read");
        assert!(passed > 0, "{case}: parts of records were seen");
    }
}

#[test]
fn keys_may_come_late() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (case, count) in &CASES[..3] {
        let path = support::input_of(&golden.join(case));
        let (file, key_log) = (
            std::fs::read(&path).expect("a file"),
            std::fs::read(path.with_extension("keys")).expect("keys"),
        );
        let (whole, _) = support::decode_file(&path);
        // The key log grows line by line while packets come; at last everything is there.
        for lag in [0, 20_000, file.len()] {
            let (mut calls, mut fed) = (Vec::new(), 0);
            let mut decoder = Decoder::new("input.pcap", None);
            for (at, slice) in file.chunks(100).enumerate() {
                decoder.push(slice, &mut |call| calls.push(call));
                let due = ((at * 100).saturating_sub(lag) * key_log.len() / file.len()).min(key_log.len());
                decoder.add_key_log(&key_log[fed..due.max(fed)]);
                fed = due.max(fed);
            }
            decoder.add_key_log(&key_log[fed..]);
            decoder.finish(&mut |call| calls.push(call));
            let sorted = |calls: &[Call]| {
                let mut lines = content(calls);
                lines.sort();
                lines
            };
            assert_eq!((sorted(&calls), calls.len()), (sorted(&whole), *count), "{case}, {lag} bytes late");
        }
    }
}

#[test]
fn joined_late_stays_closed() {
    let (streams, keys) = streams("tls13");
    let tails: Vec<Stream> = streams.iter().map(|stream| stream[2..].to_vec()).collect();
    let joined: Vec<Frame> =
        frames(&tails, 400).into_iter().filter(|frame| frame.bytes[47] & 2 == 0).collect();
    let (calls, stats) = decode(&joined, &keys);
    assert_eq!((calls.len(), stats.tls_decrypted), (0, 0));
    assert_eq!((stats.tls_joined_late, stats.tls_connections), (11, 11));
}

/// The body of the ClientKeyExchange of a stream.
fn key_exchange(stream: &Stream) -> Option<Vec<u8>> {
    let sent: Vec<u8> = stream.iter().filter(|turn| turn.0).flat_map(|turn| turn.1.clone()).collect();
    let (mut records, mut messages) = (&sent[..], Vec::new());
    while let [22, _, _, high, low, rest @ ..] = records {
        let (record, after) = rest.split_at(usize::from(*high) << 8 | usize::from(*low));
        messages.extend_from_slice(record);
        records = after;
    }
    let mut rest = &messages[..];
    while let [kind, _, high, low, body @ ..] = rest {
        let (message, after) = body.split_at_checked(usize::from(*high) << 8 | usize::from(*low))?;
        if *kind == 16 {
            return Some(message[2..].to_vec());
        }
        rest = after;
    }
    None
}

/// `RSA` lines say the premaster secret by the start of its encrypted form, as NSS writes them.
#[test]
fn lines_of_premaster_secrets() {
    use rsa::pkcs8::DecodePrivateKey as _;
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tls-rsa/input.pem");
    let pem = std::fs::read_to_string(golden).expect("a key");
    let key = rsa::RsaPrivateKey::from_pkcs8_pem(&pem).expect("an RSA key");
    let (streams, by_key) = streams("tls-rsa");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let lines: String = streams
        .iter()
        .filter_map(key_exchange)
        .filter_map(|secret| Some((key.decrypt(rsa::Pkcs1v15Encrypt, &secret).ok()?, secret)))
        .map(|(premaster, secret)| format!("RSA {} {}\n", hex(&secret[..8]), hex(&premaster)))
        .collect();
    assert_eq!(lines.lines().count(), 4, "full handshakes with an RSA key exchange");
    let mut by_lines = Keys::default();
    by_lines.add_key_log(lines.as_bytes());
    let known = decode(&frames(&streams, 400), &by_key);
    let found = decode(&frames(&streams, 400), &by_lines);
    assert_eq!((content(&found.0), found.1), (content(&known.0), known.1), "resumed sessions included");
}

/// Secrets stand in the capture: before the packets, between them and after them.
#[test]
fn secrets_inside_the_capture() {
    for (case, count) in &CASES[..3] {
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(case);
        let path = support::input_of(&golden);
        let packets = support::files::read(&std::fs::read(&path).expect("a file"));
        let secrets = std::fs::read(path.with_extension("keys")).expect("keys");
        let (whole, _) = support::decode_file(&path);
        for at in [0, packets.len() / 2, packets.len()] {
            let file = support::files::pcapng_with_secrets(&packets, &secrets, at);
            let (mut calls, outcome) = support::decode("input.pcapng", &file, 1_000);
            calls.sort_by_key(|call| call.ts);
            assert_eq!((content(&calls), calls.len()), (content(&whole), *count), "{case}, secrets at {at}");
            assert_eq!((outcome.stats.secrets_blocks, outcome.stats.tls_no_key), (1, 0));
        }
    }
}
