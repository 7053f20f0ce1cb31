//! A pushed body → calls. Pure: bytes and the time of arrival in, calls and rejected lines out. Decompression
//! is capped; what could be read before a break is kept.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use model::limits::{BODY_BYTES_MAX, LINE_BYTES_MAX};
use model::{Anomaly, Call, CallId, Message, Timestamp};
use thiserror::Error;

use crate::limits::{INGEST_DECODED_BYTES_MAX, INGEST_ZSTD_WINDOW_LOG_MAX, REJECTED_LINES_MAX};
use crate::state::{Decoded, Document};
use crate::view::status::{LineError, RejectedLine};

/// How the body is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    /// zlib (RFC 9110 §8.4.1.2).
    Deflate,
    Zstd,
}

/// Why decoding stopped before the end.
#[derive(Debug, Error)]
pub(crate) enum Stop {
    /// What came is not what its coding says, or was cut.
    #[error("decompression stopped: {0}")]
    Broken(#[source] io::Error),
    /// More than this many bytes came out.
    #[error("more than {0} bytes decoded")]
    TooLarge(usize),
}

/// What a body held.
#[derive(Debug, Default)]
pub(crate) struct Pushed {
    pub(crate) calls: Vec<Call>,
    pub(crate) rejected: Vec<RejectedLine>,
    pub(crate) rejected_total: u64,
}

impl Pushed {
    fn reject(&mut self, line: u64, error: LineError, detail: impl Into<String>) {
        self.rejected_total += 1;
        if self.rejected.len() < REJECTED_LINES_MAX {
            self.rejected.push(RejectedLine { line, error, detail: detail.into() });
        }
    }
}

/// Removes the coding: the bytes that could be decoded, and why decoding stopped before the end.
pub(crate) fn decode(bytes: &[u8], coding: Coding, decoded_max: usize) -> (Vec<u8>, Option<Stop>) {
    let reader: io::Result<Box<dyn Read + '_>> = match coding {
        Coding::Identity => return (bytes.to_vec(), None),
        Coding::Gzip => Ok(Box::new(flate2::read::MultiGzDecoder::new(bytes))),
        Coding::Deflate => Ok(Box::new(flate2::read::ZlibDecoder::new(bytes))),
        Coding::Zstd => zstd_reader(bytes),
    };
    let mut decoded = Vec::new();
    let read = reader.and_then(|reader| reader.take(decoded_max as u64 + 1).read_to_end(&mut decoded));
    let stop = match read {
        Err(error) => Some(Stop::Broken(error)),
        Ok(_) if decoded.len() > decoded_max => Some(Stop::TooLarge(decoded_max)),
        Ok(_) => None,
    };
    decoded.truncate(decoded_max);
    (decoded, stop)
}

fn zstd_reader(bytes: &[u8]) -> io::Result<Box<dyn Read + '_>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(BufReader::new(bytes))?;
    decoder.window_log_max(INGEST_ZSTD_WINDOW_LOG_MAX)?;
    Ok(Box::new(decoder))
}

/// Reads call records. Calls without an id get one from their time, place and text, so that pushing the same
/// body again gives the same ids; calls without a source get `source`, without a time the time of arrival.
/// `named`: what the body is, `None` for call records. One that is to be recognised and is no call record from its first
/// line on is handed to `foreign`.
pub(crate) fn read(
    bytes: &[u8],
    (coding, named): (Coding, Option<Document>),
    origin: (&str, Timestamp),
    foreign: &dyn Fn(&[u8], Document, &str) -> Decoded,
) -> Pushed {
    let (text, stop) = decode(bytes, coding, INGEST_DECODED_BYTES_MAX);
    let is_recognised = named == Some(Document::Recognised);
    let Some(named) = named.filter(|_| !text.trim_ascii().is_empty()) else {
        return lines(&text, stop, origin);
    };
    if is_recognised && opens_record(&text) {
        return lines(&text, stop, origin);
    }
    let decoded = foreign(&text, named, origin.0);
    // A log of lines stays what it was: every line that is no record is told.
    let is_nothing = decoded.kind.is_none() || (decoded.calls.is_empty() && decoded.malformed == 0);
    if is_recognised && is_nothing {
        return lines(&text, stop, origin);
    }
    document(decoded, blake3::hash(&text), stop, origin)
}

/// Whether the first line that says something is a whole JSON object, as call records are.
fn opens_record(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty()).unwrap_or_default();
    first.len() <= LINE_BYTES_MAX
        && serde_json::from_slice::<Call>(first).is_ok_and(|call| !is_nothing(&call))
}

/// The calls of a document, and what could not be read of it.
pub(crate) fn document(
    decoded: Decoded,
    digest: blake3::Hash,
    stop: Option<Stop>,
    origin: (&str, Timestamp),
) -> Pushed {
    let source: Arc<str> = Arc::from(origin.0);
    let mut pushed = Pushed::default();
    for (mut call, number) in decoded.calls.into_iter().zip(1..) {
        // The decoder tells calls of one document apart; two documents of one sender differ in content only.
        let own =
            blake3::Hasher::new().update(digest.as_bytes()).update(call.id.as_str().as_bytes()).finalize();
        call.id = CallId::new(&own.to_hex()[..20]);
        pushed.calls.push(complete(call, &[], number, (&source, origin.1)));
    }
    for (entry, detail) in decoded.problems.into_iter().take(REJECTED_LINES_MAX) {
        pushed.rejected.push(RejectedLine { line: entry, error: LineError::NotARecord, detail });
    }
    pushed.rejected_total = decoded.malformed.max(pushed.rejected.len() as u64);
    if let Some(stop) = stop {
        pushed.reject(0, LineError::Truncated, stop.to_string());
    }
    pushed
}

fn lines(text: &[u8], stop: Option<Stop>, origin: (&str, Timestamp)) -> Pushed {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let source: Arc<str> = Arc::from(origin.0);
    let mut pushed = Pushed::default();
    let mut lines = text.split(|&byte| byte == b'\n').zip(1..).peekable();
    while let Some((line, number)) = lines.next() {
        let line = line.trim_ascii();
        if lines.peek().is_none()
            && let Some(stop) = &stop
        {
            // The line at the break is not whole.
            pushed.reject(number, LineError::Truncated, stop.to_string());
        } else if !line.is_empty() {
            match call(line, number) {
                Ok(call) => pushed.calls.push(complete(call, line, number, (&source, origin.1))),
                Err((error, detail)) => pushed.reject(number, error, detail),
            }
        }
    }
    pushed
}

/// One line as a call.
fn call(line: &[u8], number: u64) -> Result<Call, (LineError, String)> {
    if line.len() > LINE_BYTES_MAX {
        return Err((LineError::NotARecord, format!("longer than {LINE_BYTES_MAX} bytes")));
    }
    if line.first() != Some(&b'{') {
        return Err((LineError::NotARecord, "not a JSON object".to_owned()));
    }
    let call: Call = serde_json::from_slice(line).map_err(|error| {
        // The position inside the line is told; serde_json counts lines within the line.
        let text = error.to_string().replace(" at line 1 ", " at ");
        (LineError::NotARecord, format!("line {number}: {text}"))
    })?;
    if is_nothing(&call) {
        return Err((LineError::NoCall, "neither a request nor a response".to_owned()));
    }
    Ok(call)
}

fn is_nothing(call: &Call) -> bool {
    call.target.is_empty() && call.status.is_none() && call.request.is_none() && call.response.is_none()
}

/// Fills in what a pushed call must have, and cuts bodies to what the pipeline keeps.
fn complete(mut call: Call, line: &[u8], number: u64, origin: (&Arc<str>, Timestamp)) -> Call {
    if call.id.as_str().is_empty() {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&call.ts.0.to_le_bytes());
        hasher.update(&number.to_le_bytes());
        hasher.update(line);
        call.id = CallId::new(&hasher.finalize().to_hex()[..20]);
    }
    if !call.ts.is_known() {
        call.ts = origin.1;
    }
    if call.source.is_empty() {
        call.source = Arc::clone(origin.0);
    }
    let cut =
        [&mut call.request, &mut call.response].into_iter().fold(false, |cut, side| cut | shorten(side));
    if cut && !call.anomalies.contains(&Anomaly::BODY_TRUNCATED) {
        call.anomalies.push(Anomaly::BODY_TRUNCATED);
    }
    call
}

/// Cuts a body to the limit; true when it was longer.
fn shorten(message: &mut Option<Message>) -> bool {
    match message.as_mut().and_then(|message| message.body.as_mut()) {
        Some(body) if body.len() > BODY_BYTES_MAX => {
            body.truncate(BODY_BYTES_MAX);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// Nothing but call records is known here.
    fn read(bytes: &[u8], coding: Coding, source: &str, arrival: Timestamp) -> Pushed {
        let named = Some(Document::Recognised);
        super::read(bytes, (coding, named), (source, arrival), &|_, _, _| Decoded::default())
    }

    fn read_within(bytes: &[u8], coding: Coding, origin: (&str, Timestamp), decoded_max: usize) -> Pushed {
        let (text, stop) = decode(bytes, coding, decoded_max);
        lines(&text, stop, origin)
    }

    const GOOD: &str = r#"{"method":"GET","host":"shop.example.com","target":"/a","status":200}"#;
    const ARRIVAL: Timestamp = Timestamp(1_000_000);

    #[track_caller]
    fn check(body: &str, calls: usize, rejected: &[(u64, LineError)]) -> Pushed {
        let pushed = read(body.as_bytes(), Coding::Identity, "push:test", ARRIVAL);
        assert_eq!(pushed.calls.len(), calls);
        let lines: Vec<_> = pushed.rejected.iter().map(|line| (line.line, line.error)).collect();
        assert_eq!(lines, rejected);
        pushed
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn bad_lines_never_cost_their_neighbours() {
        use LineError::{NoCall, NotARecord};
        check("", 0, &[]);
        check("\n\r\n\n", 0, &[]);
        check(&format!("\u{feff}{GOOD}\r\n{GOOD}"), 2, &[]);
        check(
            &format!("{GOOD}\nnonsense\n{GOOD}\n{{\"method\":1}}\n{{}}\n[{GOOD}]\n{GOOD}\n"),
            3,
            &[(2, NotARecord), (4, NotARecord), (5, NoCall), (6, NotARecord)],
        );
        check(&"{\"unknown\":".repeat(500), 0, &[(1, NotARecord)]);
        let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
        check(&format!("{{\"rpc\":{open}{close}}}\n{GOOD}"), 1, &[(1, NotARecord)]);
        check(&format!("{{\"target\":\"/\",\"unknown\":{open}{close}}}\n{GOOD}"), 2, &[]);
        let many = read("x\n".repeat(250).as_bytes(), Coding::Identity, "s", ARRIVAL);
        assert_eq!((many.rejected.len(), many.rejected_total), (REJECTED_LINES_MAX, 250));
    }

    #[test]
    fn what_a_call_lacks_is_filled_in_the_same_way_each_time() {
        let pushed = check(&format!("{GOOD}\n{GOOD}"), 2, &[]);
        let [one, two] = &pushed.calls[..] else { panic!("two calls") };
        assert_ne!(one.id, two.id);
        assert_eq!((one.ts, one.source.as_ref()), (ARRIVAL, "push:test"));
        let later = read(GOOD.as_bytes(), Coding::Identity, "push:test", Timestamp(9));
        assert_eq!(later.calls[0].id, one.id);
        let own = check(r#"{"id":"x","ts":"2026-11-21T10:00:00Z","source":"s","target":"/"}"#, 1, &[]);
        let call = &own.calls[0];
        assert_eq!((call.id.as_str(), call.source.as_ref()), ("x", "s"));
        assert_eq!(call.ts.to_string(), "2026-11-21T10:00:00.000000Z");
    }

    #[test]
    fn long_bodies_are_cut_and_marked() {
        let body = "x".repeat(BODY_BYTES_MAX + 1);
        let pushed = check(&format!(r#"{{"target":"/","request":{{"body":"{body}"}}}}"#), 1, &[]);
        let call = &pushed.calls[0];
        let request = call.request.as_ref().expect("a request");
        assert_eq!(request.body().len(), BODY_BYTES_MAX);
        assert_eq!(request.body_size, Some(BODY_BYTES_MAX as u64 + 1));
        assert_eq!(call.anomalies, [Anomaly::BODY_TRUNCATED]);
    }

    #[test]
    fn compressed_bodies_are_read_up_to_the_cap() {
        let text = format!("{GOOD}\n").repeat(50);
        let zstd = zstd::encode_all(text.as_bytes(), 1).expect("memory");
        for (bytes, coding) in [(gzip(text.as_bytes()), Coding::Gzip), (zstd, Coding::Zstd)] {
            let pushed = read(&bytes, coding, "s", ARRIVAL);
            assert_eq!((pushed.calls.len(), pushed.rejected_total), (50, 0));
            let cap = GOOD.len() * 10;
            let capped = read_within(&bytes, coding, ("s", ARRIVAL), cap);
            assert_eq!((capped.calls.len(), capped.rejected_total), (9, 1));
            assert_eq!(capped.rejected[0].error, LineError::Truncated);
            let broken = read(&bytes[..bytes.len() - 6], coding, "s", ARRIVAL);
            assert_eq!(broken.rejected.last().map(|line| line.error), Some(LineError::Truncated));
            assert!(broken.calls.len() <= 50);
        }
        let two_members = [gzip(GOOD.as_bytes()), gzip(format!("\n{GOOD}").as_bytes())].concat();
        assert_eq!(read(&two_members, Coding::Gzip, "s", ARRIVAL).calls.len(), 2);
        let nonsense = read(b"\x89PNG\r\n", Coding::Gzip, "s", ARRIVAL);
        assert_eq!((nonsense.calls.len(), nonsense.rejected_total), (0, 1));
    }
}
