//! Inputs to calls: expands what the command line names, opens each, feeds its decoder. Shows progress on a
//! terminal. What cannot be used is said in one line per input.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::{Result, bail};
use capture::Input;
use decode::{Decoder, Descriptors, Keys, Kind, Options, Outcome, Shard, Stats};
use indicatif::{ProgressBar, ProgressStyle};
use model::Call;

use crate::cli::{Format, ReadingArgs};
use crate::descriptors::descriptors;
use crate::shards::{self, Held};
use crate::sources::MakeDecoder;
use crate::{NothingUsable, tls};

/// What came of all inputs.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// Calls handed out.
    pub calls: u64,
    stats: Stats,
    inputs: usize,
    /// One line for each input of which nothing could be used.
    unusable: Vec<String>,
    /// One line for each document that broke off and each input that could not be read.
    damaged: Vec<String>,
}

impl Summary {
    /// The counters of every stage, one a line.
    pub fn counters(&self) -> String {
        self.stats.counters().iter().map(|(name, count)| format!("{name:>20} {count}\n")).collect()
    }

    /// An error when no input gave a call: why, in one line.
    pub fn require_calls(&self) -> Result<()> {
        if self.calls > 0 {
            return Ok(());
        }
        self.require_whole()?;
        let lines = if self.inputs > PROBLEMS_SHOWN {
            format!("nothing usable in {} files", self.inputs)
        } else {
            self.unusable.join("; ")
        };
        Err(NothingUsable(lines).into())
    }

    /// An error when a document was cut or broken or an input could not be read: calls up to there have been handed
    /// out, but what is missing cannot be told. To be asked after the output is complete.
    pub fn require_whole(&self) -> Result<()> {
        match self.damaged.as_slice() {
            [] => Ok(()),
            lines => bail!("{}", lines.join("; ")),
        }
    }
}

/// Reads all inputs and hands every call to `take`, input by input.
///
/// # Errors
/// A pattern without a file; what `take` returns. What came of the inputs is to be asked of the summary.
pub(crate) fn read(args: &ReadingArgs, take: &mut dyn FnMut(Call) -> Result<()>) -> Result<Summary> {
    read_as(args, &|call| call, take)
}

/// The same; what `make` makes of every call is handed on. It runs in the threads that decode.
pub(crate) fn read_as<T: Held + Send>(
    args: &ReadingArgs,
    make: &(dyn Fn(Call) -> T + Sync),
    take: &mut dyn FnMut(T) -> Result<()>,
) -> Result<Summary> {
    let inputs = capture::expand(&args.inputs)?;
    let reading = Reading::new(args)?;
    let mut summary = Summary { inputs: inputs.len(), ..Summary::default() };
    let sources = sources(&inputs);
    for (input, source) in inputs.iter().zip(&sources) {
        let name = path_of(input);
        let outcome = match read_one(input, source, &reading, make, take) {
            // The other inputs are still read; the exit status tells.
            Err(error) if error.is::<capture::Error>() => {
                summary.damaged.push(format!("{error:#}"));
                continue;
            }
            outcome => outcome?,
        };
        if let Some(line) = unusable(&outcome) {
            summary.unusable.push(format!("{name}: {line}"));
        } else if outcome.kind == Kind::Har && outcome.stats.problems > outcome.stats.malformed_entries {
            summary
                .damaged
                .extend(outcome.problems.first().map(|problem| format!("{name}: {}", problem.what)));
        } else {
            for problem in outcome.problems.iter().take(PROBLEMS_SHOWN) {
                eprintln!("apiarist: {name}: {} (at {})", problem.what, problem.at);
            }
        }
        summary.calls += outcome.stats.calls;
        summary.stats.add(&outcome.stats);
    }
    if summary.calls == 0 {
        return Ok(summary);
    }
    for line in &summary.unusable {
        eprintln!("apiarist: {line}");
    }
    Ok(summary)
}

/// Makes the decoders of inputs that are followed, set up as the command line says.
///
/// # Errors
/// Keys or descriptors that cannot be read.
pub(crate) fn decoders(args: &ReadingArgs) -> Result<MakeDecoder> {
    let args = args.clone();
    let Reading { keys, descriptors, .. } = Reading::new(&args)?;
    Ok(Box::new(move |source, same| {
        let reading = Reading { args: &args, keys: keys.clone(), descriptors: descriptors.clone() };
        reading.prepare(Decoder::with_options(source, kind_of(args.format).or(same), reading.options()))
    }))
}

/// What every input is read with.
struct Reading<'a> {
    args: &'a ReadingArgs,
    keys: Keys,
    descriptors: Option<Arc<Descriptors>>,
}

impl<'a> Reading<'a> {
    fn new(args: &'a ReadingArgs) -> Result<Self> {
        Ok(Self { args, keys: tls::keys(args)?, descriptors: descriptors(&args.descriptors)? })
    }

    fn options(&self) -> Options {
        Options { log_format: self.args.log_format.clone(), json_map: self.args.json_map.clone() }
    }

    fn prepare(&self, mut decoder: Decoder) -> Decoder {
        decoder.set_keys(self.keys.clone());
        if self.args.closed_tls {
            decoder.show_closed_tls();
        }
        match &self.descriptors {
            Some(descriptors) => decoder.with_descriptors(Arc::clone(descriptors)),
            None => decoder,
        }
    }
}

/// Threads that decode one capture at most: every one of them reads all packet headers.
const DECODE_THREADS_MAX: u32 = 8;
/// Problems of one input that are printed; the counters tell of the rest.
const PROBLEMS_SHOWN: usize = 5;

pub(crate) const fn kind_of(format: Format) -> Option<Kind> {
    match format {
        Format::Auto => None,
        Format::Pcap => Some(Kind::Pcap),
        Format::Pcapng => Some(Kind::Pcapng),
        Format::Har => Some(Kind::Har),
        Format::Burp => Some(Kind::Burp),
        Format::Postman => Some(Kind::Postman),
        Format::GoReplay => Some(Kind::GoReplay),
        Format::Log => Some(Kind::AccessLog),
        Format::JsonLog => Some(Kind::JsonLog),
        Format::W3c => Some(Kind::W3c),
        Format::IisEvents => Some(Kind::IisEvents),
        Format::OtlpLogs => Some(Kind::OtlpLogs),
        Format::OtlpSpans => Some(Kind::OtlpSpans),
        Format::Calls => Some(Kind::CallRecords),
    }
}

/// Why nothing of an input could be used, when that is so.
fn unusable(outcome: &Outcome) -> Option<String> {
    if outcome.stats.calls > 0 {
        return None;
    }
    let problem = outcome.problems.first().map(|problem| format!(": {} (at {})", problem.what, problem.at));
    let closed = outcome.stats.tls_connections - outcome.stats.tls_decrypted;
    Some(match (outcome.kind, outcome.stats.bytes) {
        (_, 0) => "is empty".to_owned(),
        (Kind::Unknown, _) => {
            "is no capture, document of calls, access log or file of call records".to_owned()
        }
        (kind, _) if closed > 0 => {
            format!(
                "was read as {} and holds no call: {closed} TLS sessions stay closed without their keys",
                kind.as_str()
            )
        }
        (kind, _) => {
            let has_entries = matches!(kind, Kind::Burp | Kind::IisEvents | Kind::GoReplay | Kind::Postman);
            let is_none = has_entries && outcome.stats.entries == 0;
            let nothing = if is_none { ": nothing in it begins like an entry" } else { "" };
            let why = problem.unwrap_or_else(|| nothing.to_owned());
            format!("was read as {} and holds no call{why}", kind.as_str())
        }
    })
}

/// The name of each input as calls carry it: the file name, or the whole path where several files share one.
/// Ids of calls are made from it, so it must differ.
fn sources(inputs: &[Input]) -> Vec<String> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for input in inputs {
        *uses.entry(input.name()).or_default() += 1;
    }
    inputs.iter().map(|input| if uses[&input.name()] > 1 { path_of(input) } else { input.name() }).collect()
}

fn path_of(input: &Input) -> String {
    match input {
        Input::Stdin => "-".to_owned(),
        Input::File(path) => path.display().to_string(),
    }
}

fn read_one<T: Held + Send>(
    input: &Input,
    source: &str,
    reading: &Reading<'_>,
    make: &(dyn Fn(Call) -> T + Sync),
    take: &mut dyn FnMut(T) -> Result<()>,
) -> Result<Outcome> {
    let args = reading.args;
    let mut bytes = capture::open(input)?;
    let progress = progress(bytes.file_size(), source);
    let kind = match kind_of(args.format) {
        None => bytes.peek()?.map(decode::probe).filter(|kind| matches!(kind, Kind::Pcap | Kind::Pcapng)),
        kind => kind,
    };
    let threads = match args.threads {
        // What one connection shows of a resumed session must reach all others.
        _ if reading.keys.need_whole_capture() => 1,
        Some(threads) => threads.clamp(1, DECODE_THREADS_MAX),
        None => default_threads(),
    };
    let mut decoder = match kind {
        Some(kind @ (Kind::Pcap | Kind::Pcapng)) if threads > 1 => {
            let decoder = |shard: Shard| reading.prepare(Decoder::of_shard(source, kind, shard));
            let outcome = shards::decode(&mut bytes, threads, decoder, |len| progress.inc(len), make, take)?;
            progress.finish_and_clear();
            report_packing(&bytes, input);
            return Ok(outcome);
        }
        kind => reading.prepare(Decoder::with_options(source, kind, reading.options())),
    };
    let failure = RefCell::new(None);
    let mut emit = |call: Call| {
        if failure.borrow().is_none() {
            failure.replace(take(make(call)).err());
        }
    };
    let mut stopped = false;
    while let Some(slice) = bytes.next_slice()? {
        progress.inc(slice.len() as u64);
        decoder.push(slice, &mut emit);
        stopped = decoder.kind() == Some(Kind::Unknown) || failure.borrow().is_some();
        if stopped {
            break;
        }
    }
    let outcome = decoder.finish(&mut emit);
    progress.finish_and_clear();
    if let Some(error) = failure.take() {
        return Err(error);
    }
    if !stopped {
        report_packing(&bytes, input);
    }
    Ok(outcome)
}

fn report_packing(bytes: &capture::Bytes, input: &Input) {
    if let Some(problem) = bytes.problem() {
        eprintln!("apiarist: {}: {problem}", path_of(input));
    }
}

/// One thread for each core, up to [`DECODE_THREADS_MAX`].
fn default_threads() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(cores).unwrap_or(1).min(DECODE_THREADS_MAX)
}

fn progress(size: Option<u64>, name: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = size.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let style = ProgressStyle::with_template("{msg} {bytes} {binary_bytes_per_sec}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.with_message(name.to_owned())
}
