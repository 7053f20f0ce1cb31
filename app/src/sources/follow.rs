//! Files that are followed: a decoder for each, calls handed on after every look, positions kept once the calls are
//! safe. After a restart logs go on at the line where they stood; a capture has to be read again from its beginning,
//! and the calls that were handed on before are left out: the same bytes give the same calls.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use capture::{Event, FileId, Follower, Input, Position};
use decode::{Decoder, Kind, Stats};
use model::Call;
use serde::{Deserialize, Serialize};

/// Time between two looks at files that do not grow.
const EVERY: Duration = Duration::from_millis(250);
/// Bytes at the head of a log in which its fields may be named.
const HEADER_BYTES: u64 = 8 << 10;
/// Files that have gone whose positions are kept.
const PAST_MAX: usize = 1_024;

/// What is kept of a file over a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    device: u64,
    inode: u64,
    offset: u64,
    head_bytes: u64,
    head: u64,
    tail: u64,
    /// What the file was read as.
    kind: Option<String>,
    /// Calls handed on, when the file has to be read from its beginning.
    calls: u64,
}

impl Kept {
    fn position(&self) -> Position {
        let Self { device, inode, offset, head_bytes, head, tail, .. } = *self;
        Position { device, inode, offset, head_bytes, head, tail }
    }
}

struct Reading {
    decoder: Decoder,
    /// Calls that an earlier run handed on.
    skip: u64,
    /// Calls so far, those included.
    calls: u64,
}

impl Reading {
    fn keep(&self, position: Position) -> Kept {
        let position = if self.decoder.is_lines() { position } else { position.rewound() };
        let Position { device, inode, offset, head_bytes, head, tail } = position;
        let kind = self.decoder.kind().map(|kind| kind.as_str().to_owned());
        let calls = if self.decoder.is_lines() { 0 } else { self.calls };
        Kept { device, inode, offset, head_bytes, head, tail, kind, calls }
    }

    fn take(&mut self, batch: &mut Vec<Call>, feed: impl FnOnce(&mut Decoder, &mut dyn FnMut(Call))) {
        let Self { decoder, skip, calls } = self;
        feed(decoder, &mut |call| {
            *calls += 1;
            if *calls > *skip {
                batch.push(call);
            }
        });
    }
}

/// A line for each file that these patterns name and that cannot be opened now. It is looked at again, but whoever named it
/// should hear of it.
pub(crate) fn unreadable(patterns: &[String]) -> Vec<String> {
    let open = |input: &Input| match input {
        Input::File(path) => {
            let error = File::open(path).err()?;
            Some(format!("{} cannot be read yet: {error}", path.display()))
        }
        Input::Stdin => None,
    };
    match capture::expand(patterns) {
        Ok(inputs) => inputs.iter().filter_map(open).collect(),
        Err(error) => vec![error.to_string()],
    }
}

/// Makes the decoder of a file from its name and from what it was read as before a restart.
pub(crate) type MakeDecoder = Box<dyn Fn(&str, Option<Kind>) -> Decoder>;

/// Follows the files that patterns name.
pub(crate) struct Following {
    follower: Follower,
    make: MakeDecoder,
    files: HashMap<FileId, Reading>,
    /// Files from before a restart, and files that have gone.
    past: Vec<Kept>,
    /// Counters of files that have ended.
    ended: Stats,
}

impl Following {
    /// `kept`: what an earlier run kept.
    pub fn new(patterns: &[String], make: MakeDecoder, kept: Vec<Kept>) -> Self {
        let follower = Follower::new(patterns, kept.iter().map(Kept::position).collect());
        Self { follower, make, files: HashMap::new(), past: kept, ended: Stats::default() }
    }

    /// Looks until `stop` says so. `take` makes calls safe; `keep` is told the positions after that, and the counters.
    ///
    /// # Errors
    /// What `take` and `keep` return.
    pub fn run(
        &mut self,
        stop: &AtomicBool,
        take: &mut dyn FnMut(Vec<Call>) -> Result<()>,
        keep: &mut dyn FnMut(&[Kept], &Stats) -> Result<()>,
    ) -> Result<()> {
        let mut last_kept = Vec::new();
        loop {
            // Asked first: what was written before the end is still read.
            let is_last = stop.load(Ordering::Relaxed);
            let mut batch = Vec::new();
            let read = self.look(&mut batch);
            if !batch.is_empty() {
                take(batch)?;
            }
            let kept = self.kept();
            if kept != last_kept {
                keep(&kept, &self.stats())?;
                last_kept = kept;
            }
            if is_last {
                return Ok(());
            }
            if read == 0 {
                thread::sleep(EVERY);
            }
        }
    }

    /// Counters of all files.
    pub fn stats(&self) -> Stats {
        let mut stats = self.ended;
        self.files.values().for_each(|file| stats.add(&file.decoder.stats()));
        stats
    }

    /// Hands out calls of connections that are still open: nothing more will be read.
    pub fn finish(&mut self) -> Vec<Call> {
        let mut batch = Vec::new();
        for (_, file) in std::mem::take(&mut self.files) {
            self.ended.add(&finish(file, &mut batch));
        }
        batch
    }

    /// Reads what is new, and hands out every complete line's call.
    fn look(&mut self, batch: &mut Vec<Call>) -> u64 {
        let Self { follower, make, files, past, ended } = self;
        let read = follower.look(&mut |event| match event {
            Event::Opened { id, path, from, saved } => {
                let known = saved.and_then(|saved| past.iter().position(|kept| kept.position() == *saved));
                let known = known.map(|at| past.remove(at));
                let source = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                let same = known.as_ref().and_then(|kept| kept.kind.as_deref()?.parse().ok());
                let decoder = make(&source, same);
                let skip = known.map_or(0, |kept| kept.calls);
                let mut file = Reading { decoder, skip, calls: 0 };
                if from > 0 {
                    file.take(batch, |decoder, mut emit| decoder.push(&header(path), &mut emit));
                }
                files.insert(id, file);
            }
            Event::Bytes { id, data } => {
                if let Some(file) = files.get_mut(&id) {
                    file.take(batch, |decoder, mut emit| decoder.push(data, &mut emit));
                }
            }
            Event::Ended { id, position } => {
                if let Some(file) = files.remove(&id) {
                    past.push(file.keep(position));
                    ended.add(&finish(file, batch));
                    past.drain(..past.len().saturating_sub(PAST_MAX));
                }
            }
        });
        for file in self.files.values_mut() {
            // Captures keep their order, so that a restart leaves out the right calls.
            if file.decoder.is_lines() || file.decoder.kind().is_none() {
                file.take(batch, |decoder, mut emit| decoder.idle(&mut emit));
            }
        }
        read
    }

    /// What is to be kept now.
    fn kept(&self) -> Vec<Kept> {
        let open = self.follower.positions();
        let open = open.iter().filter_map(|(id, position)| Some(self.files.get(id)?.keep(*position)));
        // The later one counts where two are of one file.
        self.past.iter().cloned().chain(open).collect()
    }
}

/// The lines at the head of a log that say what its fields are (W3C extended log file format).
fn header(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEADER_BYTES).read_to_end(&mut head));
    let len = head
        .split_inclusive(|byte| *byte == b'\n')
        .take_while(|line| line.starts_with(b"#") && line.ends_with(b"\n"))
        .map(<[u8]>::len)
        .sum();
    head.truncate(if read.is_ok() { len } else { 0 });
    head
}

fn finish(file: Reading, batch: &mut Vec<Call>) -> Stats {
    let Reading { decoder, skip, mut calls } = file;
    let outcome = decoder.finish(&mut |call| {
        calls += 1;
        if calls > skip {
            batch.push(call);
        }
    });
    outcome.stats
}

/// Text for [`Following::new`] of a later run.
pub(crate) fn to_text(kept: &[Kept]) -> Result<String> {
    serde_json::to_string(kept).context("positions cannot be written")
}

/// What an earlier run kept; nothing when it cannot be read.
pub(crate) fn from_text(text: &str) -> Vec<Kept> {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::fs;

    /// Reads what is there once, as a run that is killed right after.
    #[track_caller]
    fn check(pattern: &Path, kept: &RefCell<String>, expect: usize) {
        let patterns = [pattern.display().to_string()];
        let mut following = Following::new(&patterns, Box::new(Decoder::new), from_text(&kept.borrow()));
        let mut found = 0;
        let stop = AtomicBool::new(true);
        let mut keep = |positions: &[Kept], _: &Stats| {
            *kept.borrow_mut() = to_text(positions)?;
            Ok(())
        };
        let run = following.run(
            &stop,
            &mut |calls| {
                found += calls.len();
                Ok(())
            },
            &mut keep,
        );
        run.expect("nothing fails");
        assert_eq!(found, expect);
    }

    fn log(from: usize, to: usize) -> String {
        (from..to)
            .map(|n| format!("10.0.0.{n} - - [02/Jan/2026:10:00:0{n} +0000] \"GET /{n} HTTP/1.1\" 200 5\n"))
            .collect()
    }

    #[test]
    fn a_log_goes_on_where_it_stood_through_rotation() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, kept) = (dir.path().join("a.log"), RefCell::new(String::new()));
        check(&path, &kept, 0);
        fs::write(&path, log(0, 3)).expect("written");
        check(&path, &kept, 3);
        check(&path, &kept, 0);
        fs::write(&path, log(0, 5) + "10.0.0.9 - - [02/Jan").expect("written");
        check(&path, &kept, 2);
        fs::write(&path, log(6, 7)).expect("cut");
        check(&path, &kept, 1);
        fs::rename(&path, dir.path().join("a.log.1")).expect("renamed");
        fs::write(&path, log(7, 9)).expect("written");
        check(&path, &kept, 2);
    }

    #[test]
    fn a_log_that_names_its_fields_is_still_understood_after_a_restart() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, kept) = (dir.path().join("u_ex.log"), RefCell::new(String::new()));
        let line = |n: u8| format!("2026-01-02 10:00:0{n} 10.0.0.1 GET /{n} 200\n");
        let head = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n\
                    #Date: 2026-01-02 10:00:00\n\
                    #Fields: date time c-ip cs-method cs-uri-stem sc-status\n";
        fs::write(&path, format!("{head}{}{}", line(1), line(2))).expect("written");
        check(&path, &kept, 2);
        fs::write(&path, format!("{head}{}{}{}", line(1), line(2), line(3))).expect("written");
        check(&path, &kept, 1);
    }

    #[test]
    fn a_capture_is_read_again_and_known_calls_are_left_out() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, kept) = (dir.path().join("a.pcap"), RefCell::new(String::new()));
        let capture = pcap(4);
        let half = pcap(2).len();
        fs::write(&path, &capture[..half]).expect("written");
        check(&path, &kept, 2);
        fs::write(&path, &capture).expect("written");
        check(&path, &kept, 2);
        check(&path, &kept, 0);
    }

    /// A capture of so many requests with their answers, a second apart, on connections of their own. A bare SYN
    /// ends each, so that time moves on.
    fn pcap(count: u16) -> Vec<u8> {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let mut file = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101].map(u32::to_le_bytes).concat();
        let mut add = |ts: u32, ports: (u16, u16), seq: (u32, u32), flags: u8, payload: &[u8]| {
            let len = 40 + payload.len() as u32;
            file.extend([ts, 0, len, len].map(u32::to_le_bytes).concat());
            file.extend([0x45, 0, 0, len as u8, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 1]);
            file.extend([ports.0, ports.1].map(u16::to_be_bytes).concat());
            file.extend([seq.0, seq.1].map(u32::to_be_bytes).concat());
            file.extend([0x50, flags, 1, 0, 0, 0, 0, 0]);
            file.extend(payload);
        };
        for n in 0..count {
            let (ts, port) = (u32::from(n) * 10, 1_000 + n);
            add(ts, (port, 80), (100, 900), 0x18, request);
            add(ts + 1, (80, port), (900, 100 + request.len() as u32), 0x18, answer);
            add(ts + 5, (9, 9), (1, 0), 2, b"");
        }
        file
    }
}
