//! Cuts a text into the JSON objects at its top level: one a line (JSON Lines), or one over many lines. One that is
//! cut or broken costs itself only: reading goes on at the next line that begins with an object.

use memchr::memchr3;
use model::limits;

/// What was cut out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// An object whose brackets are balanced.
    Object(&'a [u8]),
    /// Something that is no object, or one that was cut.
    Broken,
    /// An object longer than [`limits::LINE_BYTES_MAX`].
    TooLong,
}

/// Where reading stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Between objects.
    #[default]
    Between,
    /// Inside an object, outside its strings.
    Inside,
    /// Inside a string of an object.
    Text,
    /// Behind a backslash there.
    Escaped,
    /// Behind something broken: up to a line that begins with a brace.
    Lost,
}

/// Keys with which a request begins: one at the start of a line tells that the object before it was cut.
const FIRST_KEYS: [&[u8]; 3] = [b"{\"resourceLogs\"", b"{\"resourceSpans\"", b"{\"resourceMetrics\""];

/// A scanner over the text, fed with slices in any split.
#[derive(Debug, Default)]
pub(super) struct Objects {
    state: State,
    depth: usize,
    /// Bytes of the object so far.
    held: Vec<u8>,
    /// Where in it a line begins with a brace, until the first string after that shows what it is.
    suspect: Option<usize>,
    /// Something stands before the next byte in its line.
    inside_line: bool,
}

impl Objects {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, data: &[u8], take: &mut impl FnMut(Piece<'_>)) {
        let mut at = 0;
        while at < data.len() {
            at += match self.state {
                State::Between | State::Lost => self.outside(data[at], take),
                State::Inside => self.inside(&data[at..], take),
                State::Text => self.text(&data[at..], take),
                State::Escaped if data[at] == b'\n' => self.text(&data[at..], take),
                State::Escaped => {
                    self.state = State::Text;
                    self.keep(&data[at..=at], take);
                    1
                }
            };
        }
    }

    /// The text ended; an object that is still open was cut.
    pub(super) fn finish(&mut self, take: &mut impl FnMut(Piece<'_>)) {
        if !matches!(self.state, State::Between | State::Lost) {
            take(Piece::Broken);
        }
        *self = Self::default();
    }

    fn outside(&mut self, byte: u8, take: &mut impl FnMut(Piece<'_>)) -> usize {
        let is_at_start = !std::mem::replace(&mut self.inside_line, byte != b'\n');
        match (byte, self.state) {
            (b'{', State::Between) => self.begin(),
            (b'{', _) if is_at_start => self.begin(),
            (_, State::Lost) => {}
            // Lists of requests, and a byte order mark.
            (b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']' | 0xef | 0xbb | 0xbf, _) => {}
            _ => {
                self.state = State::Lost;
                take(Piece::Broken);
            }
        }
        1
    }

    fn begin(&mut self) {
        self.state = State::Inside;
        self.depth = 1;
        self.held.clear();
        self.held.push(b'{');
        self.suspect = None;
    }

    fn inside(&mut self, data: &[u8], take: &mut impl FnMut(Piece<'_>)) -> usize {
        let is_mark = |byte: &u8| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']' | b'\n');
        let Some(end) = data.iter().position(is_mark) else {
            self.inside_line = true;
            self.keep(data, take);
            return data.len();
        };
        let is_at_start = !self.inside_line && end == 0;
        self.inside_line = data[end] != b'\n';
        if !self.keep(&data[..=end], take) {
            return end + 1;
        }
        match data[end] {
            b'"' => self.state = State::Text,
            b'{' | b'[' => {
                self.depth += 1;
                if data[end] == b'{' && is_at_start {
                    self.suspect = Some(self.held.len() - 1);
                }
            }
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.state = State::Between;
                    take(Piece::Object(&self.held));
                    self.held.clear();
                }
            }
            _ => {}
        }
        end + 1
    }

    fn text(&mut self, data: &[u8], take: &mut impl FnMut(Piece<'_>)) -> usize {
        let Some(end) = memchr3(b'"', b'\\', b'\n', data) else {
            self.keep(data, take);
            return data.len();
        };
        if data[end] == b'\n' {
            // A string does not go over the end of a line: the line was cut.
            self.lose(Piece::Broken, take);
            self.inside_line = false;
        } else if self.keep(&data[..=end], take) {
            if data[end] == b'\\' {
                self.state = State::Escaped;
            } else {
                self.state = State::Inside;
                self.judge(take);
            }
        }
        end + 1
    }

    /// An object at the start of a line that begins like a request is one: what came before it was cut.
    fn judge(&mut self, take: &mut impl FnMut(Piece<'_>)) {
        if let Some(at) = self.suspect.take()
            && FIRST_KEYS.contains(&&self.held[at..])
        {
            take(Piece::Broken);
            self.held.drain(..at);
            self.depth = 1;
        }
    }

    /// Keeps bytes of the object, unless it becomes too long.
    fn keep(&mut self, part: &[u8], take: &mut impl FnMut(Piece<'_>)) -> bool {
        if self.held.len() + part.len() > limits::LINE_BYTES_MAX {
            self.lose(Piece::TooLong, take);
            self.inside_line = part.last() != Some(&b'\n');
            return false;
        }
        self.held.extend_from_slice(part);
        true
    }

    fn lose(&mut self, piece: Piece<'_>, take: &mut impl FnMut(Piece<'_>)) {
        self.state = State::Lost;
        self.held = Vec::new();
        take(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each object as text, `?` for what is broken.
    fn read(pushes: &[&[u8]]) -> Vec<String> {
        let (mut objects, mut found) = (Objects::default(), Vec::new());
        let mut take = |piece: Piece<'_>| {
            found.push(match piece {
                Piece::Object(text) => String::from_utf8_lossy(text).into_owned(),
                Piece::Broken => "?".to_owned(),
                Piece::TooLong => "long".to_owned(),
            });
        };
        pushes.iter().for_each(|push| objects.feed(push, &mut take));
        objects.finish(&mut take);
        found
    }

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        assert_eq!(read(&[text.as_bytes()]), expect);
        for cut in 0..text.len() {
            assert_eq!(read(&[&text.as_bytes()[..cut], &text.as_bytes()[cut..]]), expect, "cut at {cut}");
        }
    }

    #[test]
    fn lines_and_documents() {
        check("{\"a\":1}\n{\"b\":{}}\r\n\n{}", &["{\"a\":1}", "{\"b\":{}}", "{}"]);
        check("\u{feff}[{\"a\":\"}\\\"\\\\\"},\n {\"b\":[{}]}]", &["{\"a\":\"}\\\"\\\\\"}", "{\"b\":[{}]}"]);
        check("{\n  \"a\": [\n    {\n    }\n  ]\n}\n", &["{\n  \"a\": [\n    {\n    }\n  ]\n}"]);
        check("{\n\"a\":\n{\n\"b\": 1\n}\n}\n{}", &["{\n\"a\":\n{\n\"b\": 1\n}\n}", "{}"]);
    }

    #[test]
    fn what_is_cut_costs_itself() {
        check("{\"a\":\"x\n{\"b\":1}\n", &["?", "{\"b\":1}"]);
        check("{\"a\":\"x\\\n{\"b\":1}\n", &["?", "{\"b\":1}"]);
        check("{\"a\":[1,\n{\"resourceLogs\":[]}\n", &["?", "{\"resourceLogs\":[]}"]);
        check("some text {\"a\":1}\nmore\n{\"b\":1}\n", &["?", "{\"b\":1}"]);
        check("{\"a\":[{\"b\":", &["?"]);
        check("{\"a\":1}}\n{}", &["{\"a\":1}", "?", "{}"]);
        check("", &[]);
    }

    #[test]
    fn an_endless_object_is_left_out() {
        let (mut objects, mut found) = (Objects::default(), Vec::new());
        let mut take = |piece: Piece<'_>| found.push(piece == Piece::TooLong);
        objects.feed(b"{\"a\":\"", &mut take);
        let block = vec![b'x'; 1 << 20];
        (0..=limits::LINE_BYTES_MAX >> 20).for_each(|_| objects.feed(&block, &mut take));
        objects.feed(b"\"}\n{}\n", &mut take);
        assert_eq!(found, [true, false]);
    }
}
