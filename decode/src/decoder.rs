//! The decoder of one input: bytes in, calls out. Fed with slices in any split, it needs no clock and does
//! no input or output itself.

use std::sync::Arc;

use model::{Call, limits};

use crate::format::{Burp, GoReplay, Har, IisEvents, Log, Options, Otlp, Postman, Records, Signal};
use crate::grpc::Descriptors;
use crate::input::{Carry, Encoding, Lines, PcapReader, PcapngReader, Read};
use crate::kind::{Kind, decide};
use crate::network::Network;
use crate::out::Out;
use crate::shard::Shard;
use crate::stats::{Problem, Stats};
use crate::tls::{Keys, retry_parked};

/// How far back in time an access log may step: servers write a line when the answer ends.
const LOG_SLACK_US: i64 = 2_000_000;
/// The same for OTLP: exporters collect records for some seconds, each for itself.
const OTLP_SLACK_US: i64 = 10_000_000;

#[derive(Debug)]
enum Input {
    /// Not recognised yet: the bytes so far, and how many there must be before the next look.
    Probing(Vec<u8>, usize),
    Pcap(Carry, PcapReader, Box<Network>),
    Pcapng(Carry, PcapngReader, Box<Network>),
    Har(Box<Har>),
    Burp(Box<Burp>),
    IisEvents(Box<IisEvents>),
    Postman(Postman),
    GoReplay(Box<GoReplay>),
    Log(Lines, Box<Log>),
    Otlp(Box<Otlp>),
    Records(Lines, Records),
    Unknown,
}

/// Decodes one input.
///
/// Calls are handed out in order of request start as far as bounded buffering allows (see
/// [`limits::ORDER_CALLS_MAX`]); call records keep the order in which they are stored.
///
/// ```
/// let mut calls = Vec::new();
/// let mut decoder = decode::Decoder::new("calls.jsonl", None);
/// decoder.push(b"{\"method\":\"GET\",\"host\":\"a.example\",\"target\":\"/\"}\n", &mut |call| calls.push(call));
/// let outcome = decoder.finish(&mut |call| calls.push(call));
/// assert_eq!((outcome.kind, calls.len()), (decode::Kind::CallRecords, 1));
/// ```
#[derive(Debug)]
pub struct Decoder {
    input: Input,
    encoding: Encoding,
    kind: Option<Kind>,
    shard: Shard,
    options: Options,
    out: Out,
}

/// What came of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the input was read as.
    pub kind: Kind,
    /// What was read, dropped and handed out.
    pub stats: Stats,
    /// What a person should know, at most [`limits::PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
}

impl Decoder {
    /// `source`: name of the input for the call records, without directory. `kind`: what the input is, when
    /// that is known; otherwise it is recognised from content.
    #[must_use]
    pub fn new(source: &str, kind: Option<Kind>) -> Self {
        Self::with_options(source, kind, Options::default())
    }

    /// As [`Decoder::new`], with what the user said about the format of logs. A format string or a field map
    /// makes the input a log, unless `kind` says otherwise.
    #[must_use]
    pub fn with_options(source: &str, kind: Option<Kind>, options: Options) -> Self {
        let implied = match (&options.log_format, &options.json_map) {
            (Some(_), _) => Some(Kind::AccessLog),
            (None, Some(_)) => Some(Kind::JsonLog),
            (None, None) => None,
        };
        let input = Input::Probing(Vec::new(), 0);
        let mut decoder = Self {
            input,
            encoding: Encoding::default(),
            kind: None,
            shard: Shard::ALL,
            options,
            out: Out::new(source, 0),
        };
        if let Some(kind) = kind.or(implied) {
            decoder.set_kind(kind);
        }
        decoder
    }

    /// Names for what is inside protobuf messages.
    #[must_use]
    pub fn with_descriptors(mut self, descriptors: Arc<Descriptors>) -> Self {
        self.out.descriptors = Some(descriptors);
        self
    }

    /// What the input is, once recognised. Nothing comes of feeding more of [`Kind::Unknown`].
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// True when the input is read line by line and each line stands for itself, so that reading may begin at any.
    #[must_use]
    pub fn is_lines(&self) -> bool {
        match &self.input {
            Input::Log(..) | Input::Records(..) => true,
            Input::Otlp(otlp) => otlp.is_lines(),
            _ => false,
        }
    }

    /// The decoder of a capture that follows only a share of its connections. What belongs to no connection is
    /// counted by the first share, so that the counters of all shares add up.
    #[must_use]
    pub fn of_shard(source: &str, kind: Kind, shard: Shard) -> Self {
        let mut decoder = Self::new(source, None);
        decoder.shard = shard;
        decoder.set_kind(kind);
        decoder
    }

    /// Secrets that TLS connections are decrypted with; to be set before the first bytes.
    pub fn set_keys(&mut self, keys: Keys) {
        self.out.keys = keys;
    }

    /// More lines of a key log, in any split. Records that wait for these secrets are read when the next packet of
    /// their connection comes, or at its end.
    pub fn add_key_log(&mut self, text: &[u8]) {
        self.out.keys.add_key_log(text);
        retry_parked(&mut self.out);
    }

    /// Also hands out one call for each TLS session that stays closed: protocol `tls`, no method, no status.
    pub fn show_closed_tls(&mut self) {
        self.out.closed_tls = true;
    }

    /// The counters so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let out = &self.out;
        let stats = Stats { out_of_order: out.order.early, problems: out.problems.count, ..out.stats };
        let stats = Stats { tls_secrets_dropped: out.keys.dropped, ..stats };
        if self.shard.is_first() { stats } else { stats.of_connections() }
    }

    /// Every call that comes from now on starts at this time (microseconds) or later, but for those that
    /// `out_of_order` counts; `i64::MAX` when order is not kept.
    #[must_use]
    pub fn horizon(&self) -> i64 {
        self.out.order.horizon()
    }

    /// Takes the next bytes of the input.
    pub fn push(&mut self, data: &[u8], emit: &mut impl FnMut(Call)) {
        self.out.stats.bytes += data.len() as u64;
        match self.encoding.feed(data) {
            Some(plain) => self.push_plain(&plain, emit),
            None => self.push_plain(data, emit),
        }
    }

    fn push_plain(&mut self, data: &[u8], emit: &mut impl FnMut(Call)) {
        let mut data = data;
        while let Input::Probing(head, next_look) = &mut self.input
            && !data.is_empty()
        {
            let step = (limits::PROBE_BYTES_MAX - head.len()).min(data.len());
            head.extend_from_slice(&data[..step]);
            data = &data[step..];
            if head.len() < *next_look {
                continue;
            }
            // Looking again only at twice the length keeps the cost linear, however small the slices are.
            *next_look = (head.len() * 2).min(limits::PROBE_BYTES_MAX);
            if let Some(kind) = decide(head, false) {
                let head = std::mem::take(head);
                self.set_kind(kind);
                self.read(&head, emit);
            }
        }
        self.read(data, emit);
    }

    /// Nothing has come for a while: hands out every call that is complete, without waiting for an earlier one
    /// that a later line may still bring. For a reader that follows a growing file; the order of what comes
    /// later is kept among itself.
    pub fn idle(&mut self, emit: &mut impl FnMut(Call)) {
        if let Input::Probing(head, _) = &mut self.input
            && let Some(kind) = decide(head, false)
        {
            let head = std::mem::take(head);
            self.set_kind(kind);
            self.read(&head, emit);
        }
        self.out.order.flush(emit);
    }

    /// The input ended: hands out what is left.
    pub fn finish(mut self, emit: &mut impl FnMut(Call)) -> Outcome {
        let held = self.encoding.finish();
        self.push_plain(&held, emit);
        if let Input::Probing(head, _) = &mut self.input {
            let head = std::mem::take(head);
            self.set_kind(decide(&head, true).unwrap_or(Kind::Unknown));
            self.read(&head, emit);
        }
        let out = &mut self.out;
        match &mut self.input {
            Input::Pcap(carry, reader, network) => {
                reader.end();
                carry.finish(|data, at| {
                    let (step, read) = reader.step(data, at, out);
                    take(network, read, out, emit);
                    step
                });
                end_capture(carry, network, out);
            }
            Input::Pcapng(carry, reader, network) => {
                reader.end();
                carry.finish(|data, at| {
                    let (step, read) = reader.step(data, at, out);
                    take(network, read, out, emit);
                    step
                });
                end_capture(carry, network, out);
            }
            Input::Har(har) => har.finish(out),
            Input::Burp(burp) => burp.finish(out),
            Input::IisEvents(events) => events.finish(out),
            Input::Postman(collection) => collection.finish(out),
            Input::GoReplay(replay) => replay.finish(out),
            Input::Log(lines, log) => {
                lines.finish(|number, line| log.line(number, line, out));
                log.finish(out);
            }
            Input::Otlp(otlp) => otlp.finish(out, emit),
            Input::Records(lines, records) => lines.finish(|number, line| records.line(number, line, out)),
            Input::Probing(..) | Input::Unknown => {
                out.problems.report("not a capture file, document of calls, access log or call records", 0);
            }
        }
        out.order.flush(emit);
        Outcome {
            kind: self.kind.unwrap_or(Kind::Unknown),
            stats: self.stats(),
            problems: if self.shard.is_first() { self.out.problems.list().to_vec() } else { Vec::new() },
        }
    }

    fn set_kind(&mut self, kind: Kind) {
        self.kind = Some(kind);
        self.input = match kind {
            Kind::Pcap => Input::Pcap(Carry::default(), PcapReader::default(), self.network()),
            Kind::Pcapng => Input::Pcapng(Carry::default(), PcapngReader::default(), self.network()),
            Kind::Har => {
                self.out.order.set_slack(i64::MAX);
                Input::Har(Box::default())
            }
            Kind::Burp => {
                self.out.order.set_slack(i64::MAX);
                Input::Burp(Box::new(Burp::new()))
            }
            Kind::IisEvents => {
                self.out.order.set_slack(LOG_SLACK_US);
                Input::IisEvents(Box::new(IisEvents::new()))
            }
            Kind::Postman => {
                self.out.order.set_slack(i64::MAX);
                Input::Postman(Postman::default())
            }
            Kind::GoReplay => Input::GoReplay(Box::default()),
            Kind::AccessLog | Kind::JsonLog | Kind::W3c => {
                self.out.order.set_slack(LOG_SLACK_US);
                Input::Log(Lines::default(), Box::new(Log::new(self.options.clone())))
            }
            Kind::OtlpLogs | Kind::OtlpSpans => {
                self.out.order.set_slack(OTLP_SLACK_US);
                let signal = if kind == Kind::OtlpLogs { Signal::Logs } else { Signal::Spans };
                Input::Otlp(Box::new(Otlp::new(signal, self.options.clone())))
            }
            Kind::CallRecords => Input::Records(Lines::default(), Records::default()),
            Kind::Unknown => Input::Unknown,
        };
    }

    fn network(&self) -> Box<Network> {
        Box::new(Network::new(self.shard))
    }

    fn read(&mut self, data: &[u8], emit: &mut impl FnMut(Call)) {
        let out = &mut self.out;
        match &mut self.input {
            Input::Pcap(carry, reader, network) => carry.feed(data, |data, at| {
                let (step, read) = reader.step(data, at, out);
                take(network, read, out, emit);
                step
            }),
            Input::Pcapng(carry, reader, network) => carry.feed(data, |data, at| {
                let (step, read) = reader.step(data, at, out);
                take(network, read, out, emit);
                step
            }),
            Input::Har(har) => har.feed(data, out, emit),
            Input::Burp(burp) => burp.feed(data, out, emit),
            Input::IisEvents(events) => events.feed(data, out, emit),
            Input::Postman(collection) => collection.feed(data),
            Input::GoReplay(replay) => replay.feed(data, out, emit),
            Input::Log(lines, log) => lines.feed(data, |number, line| {
                log.line(number, line, out);
                out.order.release(emit);
            }),
            Input::Otlp(otlp) => otlp.feed(data, out, emit),
            Input::Records(lines, records) => lines.feed(data, |number, line| {
                records.line(number, line, out);
                out.order.flush(emit);
            }),
            Input::Probing(..) | Input::Unknown => {}
        }
        out.order.release(emit);
    }
}

/// Hands on what a step through a capture brought.
fn take(network: &mut Network, read: Read<'_>, out: &mut Out, emit: &mut impl FnMut(Call)) {
    match read {
        Read::Packet(packet) => {
            network.packet(&packet, out);
            out.order.release(emit);
        }
        Read::Secrets(key_log) => network.secrets(key_log, out),
        Read::Nothing => {}
    }
}

fn end_capture(carry: &Carry, network: &mut Network, out: &mut Out) {
    if carry.rest() > 0 || carry.is_skipping() {
        out.problems.report("the capture ends inside a packet", carry.at);
    }
    network.finish(out);
}
