//! HAR documents (HTTP Archive 1.2), read entry by entry while they arrive: nothing but the current entry is
//! held, and a document that is cut gives the entries before the cut. Entries may also stand alone in an array.

use memchr::memchr2;
use model::{Call, limits};

use super::har_entry::read_entry;
use crate::out::Out;

/// Longest key that matters.
const KEY_MAX: usize = 16;
/// Nesting beyond which a document is not read on.
const DEPTH_MAX: usize = 1_000;

/// A scanner over the structure of the document; `har_entry` reads the entries.
#[derive(Debug, Default)]
pub(crate) struct Har {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The last string at the outer levels, which is a key when a colon follows.
    text: Vec<u8>,
    key: Vec<u8>,
    /// Depth inside the array of entries, while in it.
    entries_depth: Option<usize>,
    seen_entries: bool,
    seen_any: bool,
    /// Bytes of the current entry.
    entry: Vec<u8>,
    in_entry: bool,
    /// Whether the object is an entry or a document is not known yet: an array stands at the top.
    undecided: bool,
    is_array: bool,
    too_long: bool,
    last_ts: i64,
}

impl Har {
    /// Takes the next bytes of the document.
    pub(crate) fn feed(&mut self, data: &[u8], out: &mut Out, emit: &mut impl FnMut(Call)) {
        let mut at = 0;
        // Start of the part of the current entry that lies in `data`.
        let mut from = 0;
        while at < data.len() {
            if self.in_string {
                at = self.string(data, at);
                continue;
            }
            let byte = data[at];
            at += 1;
            match byte {
                b'"' => {
                    self.in_string = true;
                    self.text.clear();
                }
                b'{' | b'[' => {
                    if self.opens_entry(byte) {
                        self.in_entry = true;
                        from = at - 1;
                    }
                    self.open(byte);
                }
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.in_entry && Some(self.depth) == self.entries_depth {
                        self.undecided = false;
                        self.keep(&data[from..at], out);
                        self.end_entry(out);
                        out.order.release(emit);
                    } else if self.entries_depth.is_some_and(|depth| self.depth < depth) {
                        self.entries_depth = None;
                    }
                }
                b':' if !self.in_entry => std::mem::swap(&mut self.key, &mut self.text),
                b':' if self.undecided && self.depth == 2 => self.decide(),
                b',' if !self.in_entry => self.key.clear(),
                _ => {}
            }
        }
        if self.in_entry {
            self.keep(&data[from..], out);
        }
    }

    /// Reads on inside a string; returns where to go on.
    fn string(&mut self, data: &[u8], mut at: usize) -> usize {
        if self.escaped {
            self.escaped = false;
            return at + 1;
        }
        let start = at;
        match memchr2(b'"', b'\\', &data[at..]) {
            Some(end) => {
                at += end + 1;
                match data[at - 1] {
                    b'"' => self.in_string = false,
                    _ => self.escaped = true,
                }
                self.note_text(&data[start..at - 1]);
            }
            None => {
                self.note_text(&data[start..]);
                at = data.len();
            }
        }
        at
    }

    fn note_text(&mut self, part: &[u8]) {
        if (!self.in_entry || self.undecided) && self.depth <= 3 {
            let room = KEY_MAX.saturating_sub(self.text.len());
            self.text.extend_from_slice(&part[..part.len().min(room)]);
        }
    }

    fn opens_entry(&mut self, byte: u8) -> bool {
        if byte == b'{' && self.depth == 1 && self.is_array && self.entries_depth.is_none() {
            self.entries_depth = Some(1);
            self.undecided = true;
        }
        byte == b'{' && !self.in_entry && Some(self.depth) == self.entries_depth
    }

    /// A key of an object in the array at the top: entries have these, documents hold them.
    fn decide(&mut self) {
        match &self.text[..] {
            b"startedDateTime"
            | b"time"
            | b"request"
            | b"response"
            | b"cache"
            | b"timings"
            | b"connection"
            | b"serverIPAddress"
            | b"pageref"
            | [b'_', ..] => {
                self.undecided = false;
                self.seen_entries = true;
            }
            b"log" | b"entries" => {
                std::mem::swap(&mut self.key, &mut self.text);
                (self.undecided, self.in_entry, self.too_long) = (false, false, false);
                self.entries_depth = None;
                self.entry.clear();
            }
            _ => {}
        }
    }

    fn open(&mut self, byte: u8) {
        self.is_array |= byte == b'[' && !self.seen_any;
        self.seen_any = true;
        self.depth = (self.depth + 1).min(DEPTH_MAX);
        let is_entries = byte == b'[' && self.key == b"entries" && matches!(self.depth, 2..=4);
        if is_entries && !self.in_entry && self.entries_depth.is_none() {
            self.entries_depth = Some(self.depth);
            self.seen_entries = true;
        }
        if !self.in_entry {
            self.key.clear();
        }
    }

    fn keep(&mut self, part: &[u8], out: &mut Out) {
        if self.too_long {
            return;
        }
        if self.entry.len() + part.len() > limits::LINE_BYTES_MAX {
            self.too_long = true;
            self.entry = Vec::new();
            out.problems
                .report(format!("entry longer than {} bytes", limits::LINE_BYTES_MAX), out.stats.entries + 1);
            return;
        }
        self.entry.extend_from_slice(part);
    }

    fn end_entry(&mut self, out: &mut Out) {
        out.stats.entries += 1;
        let index = out.stats.entries;
        self.in_entry = false;
        let entry = std::mem::take(&mut self.entry);
        if std::mem::take(&mut self.too_long) {
            out.stats.malformed_entries += 1;
            return;
        }
        match read_entry(&entry) {
            Ok(mut call) => {
                call.source = out.source.clone();
                call.id = crate::id::call_id(&out.source, call.ts, b"har", index);
                // An entry without a time keeps its place.
                self.last_ts = if call.ts.is_known() { call.ts.0 } else { self.last_ts };
                let ticket = out.order.open(self.last_ts);
                out.close(ticket, call);
            }
            Err(error) => {
                out.stats.malformed_entries += 1;
                out.problems.report(format!("not a HAR entry: {error}"), index);
            }
        }
        self.entry = entry;
        self.entry.clear();
    }

    /// The document ended.
    pub(crate) fn finish(&mut self, out: &mut Out) {
        let entries = out.stats.entries;
        if self.depth > 0 || self.in_string {
            out.problems.report(format!("the HAR document is cut after {entries} entries"), entries + 1);
        } else if !self.seen_entries {
            out.problems.report("the HAR document has no entries", 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pushes: &[&[u8]]) -> (Vec<String>, u64, Vec<String>) {
        let (mut har, mut out) = (Har::default(), Out::new("x.har", i64::MAX));
        let mut early = Vec::new();
        pushes.iter().for_each(|push| har.feed(push, &mut out, &mut |call| early.push(call)));
        assert!(early.is_empty(), "the document is put in order of time");
        har.finish(&mut out);
        let mut seen = Vec::new();
        out.order.flush(&mut |call| seen.push(format!("{} {}", call.method, call.target)));
        let problems = out.problems.list().iter().map(|problem| problem.what.clone()).collect();
        (seen, out.stats.malformed_entries, problems)
    }

    const TEXT: &str = r#"{"log":{"comment":"entries\":[{","pages":[{"id":"entries"}],"entries":[
        {"request":{"method":"GET","url":"http://a.example/1","headers":[]}},
        {"request":{"method":"POST","url":"http://a.example/2?x={\"]","headers":[{"name":"A","value":"}"}]}},
        {"request":7}, null
    ],"tail":[{"entries":[{"request":{}}]}]}}"#;

    #[test]
    fn entries_over_any_split() {
        let expect = (
            vec!["GET /1".to_owned(), "POST /2?x={\"]".to_owned()],
            1,
            vec!["not a HAR entry: no request".to_owned()],
        );
        assert_eq!(read(&[TEXT.as_bytes()]), expect);
        for cut in 0..TEXT.len() {
            assert_eq!(read(&[&TEXT.as_bytes()[..cut], &TEXT.as_bytes()[cut..]]), expect, "cut at {cut}");
        }
    }

    #[test]
    fn entries_without_a_document_around_them() {
        let bare = r#" [{"comment":"log","startedDateTime":"x","request":{"method":"GET","url":"http://a.example/1"}},
            {"request":{"method":"PUT","url":"http://a.example/[2]"},"log":{"entries":[{"request":{}}]}}, 7, {}]"#;
        let malformed = vec!["not a HAR entry: no request".to_owned()];
        let expect = (vec!["GET /1".to_owned(), "PUT /[2]".to_owned()], 1, malformed);
        for cut in 0..bare.len() {
            assert_eq!(read(&[&bare.as_bytes()[..cut], &bare.as_bytes()[cut..]]), expect, "cut at {cut}");
        }
        // Documents in an array are told by their first key that is none of an entry.
        let several = format!("[{TEXT},{{\"comment\":\"time\",{}]", &TEXT[1..]);
        for cut in 0..several.len() {
            let (seen, malformed, _) = read(&[&several.as_bytes()[..cut], &several.as_bytes()[cut..]]);
            assert_eq!((seen.len(), malformed), (4, 2), "cut at {cut}");
        }
    }

    #[test]
    fn a_cut_document_gives_what_came_before() {
        let cut = TEXT.find("POST").expect("in the text");
        let (seen, malformed, problems) = read(&[&TEXT.as_bytes()[..cut]]);
        // The entry that was cut is no malformed one: the problem tells of it.
        assert_eq!((seen, malformed), (vec!["GET /1".to_owned()], 0));
        assert_eq!(problems, ["the HAR document is cut after 1 entries"]);
        assert_eq!(read(&[b"{\"log\":{}}"]).2, ["the HAR document has no entries"]);
    }
}
