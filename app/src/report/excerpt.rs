//! A body as lines that a person can read, with the sensitive places marked. JSON is set one value a line and its
//! values are found by their pointer; any other text is searched for the masked values. Bodies may be cut anywhere
//! and need not be what they claim: whatever cannot be read as JSON is shown as it stands.

use std::collections::BTreeMap;

use model::DataHit;

use super::limits::{AROUND_LINES, BODY_LINES_MAX, DEPTH_MAX, HEAD_LINES};

/// A piece of a line; with the value that it is when it is sensitive.
pub(crate) type Piece<'a> = (String, Option<&'a DataHit>);

/// One line of an excerpt.
#[derive(Debug, Default)]
pub(crate) struct Line<'a> {
    pub indent: usize,
    pub pieces: Vec<Piece<'a>>,
}

impl Line<'_> {
    fn is_marked(&self) -> bool {
        self.pieces.iter().any(|(_, hit)| hit.is_some())
    }
}

/// A line that is shown, or how many are not.
pub(crate) enum Shown<'a> {
    Line(Line<'a>),
    LeftOut(usize),
}

/// The lines of a body with its sensitive values marked.
pub(crate) fn lines<'a>(body: &str, hits: &[&'a DataHit]) -> Vec<Line<'a>> {
    let body = body.trim();
    if body.starts_with(['{', '['])
        && let Some(lines) = Json::new(hits).read(body)
    {
        return lines;
    }
    body.lines().map(|line| Line { indent: 0, pieces: mark(line, hits) }).collect()
}

/// The first lines and those around marked ones, at most `BODY_LINES_MAX`; the rest is counted.
pub(crate) fn window(lines: Vec<Line<'_>>) -> Vec<Shown<'_>> {
    let mut keep = vec![lines.len() <= BODY_LINES_MAX; lines.len()];
    keep.iter_mut().take(HEAD_LINES).for_each(|keep| *keep = true);
    let marked: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| line.is_marked()).map(|(at, _)| at).collect();
    let mut kept = keep.iter().filter(|keep| **keep).count();
    for at in &marked {
        for keep in &mut keep[at.saturating_sub(AROUND_LINES)..(at + AROUND_LINES + 1).min(lines.len())] {
            if !*keep && kept < BODY_LINES_MAX {
                *keep = true;
                kept += 1;
            }
        }
    }
    if marked.is_empty() {
        keep.iter_mut().take(BODY_LINES_MAX).for_each(|keep| *keep = true);
    }
    let mut shown = Vec::new();
    for (line, keep) in lines.into_iter().zip(keep) {
        match (keep, shown.last_mut()) {
            (true, _) => shown.push(Shown::Line(line)),
            (false, Some(Shown::LeftOut(count))) => *count += 1,
            (false, _) => shown.push(Shown::LeftOut(1)),
        }
    }
    shown
}

/// Text cut at the masked values of `hits`, in the order in which they stand.
pub(crate) fn mark<'a>(text: &str, hits: &[&'a DataHit]) -> Vec<Piece<'a>> {
    let mut spans: Vec<(usize, usize, &DataHit)> = Vec::new();
    for hit in hits.iter().filter(|hit| !hit.sample.is_empty()) {
        let is_free =
            |at: &usize| spans.iter().all(|(from, to, _)| at + hit.sample.len() <= *from || at >= to);
        if let Some(at) = text.match_indices(hit.sample.as_str()).map(|(at, _)| at).find(is_free) {
            spans.push((at, at + hit.sample.len(), hit));
        }
    }
    spans.sort_by_key(|(from, ..)| *from);
    let mut pieces = Vec::new();
    let mut at = 0;
    for (from, to, hit) in spans {
        if from > at {
            pieces.push((text[at..from].to_owned(), None));
        }
        pieces.push((text[from..to].to_owned(), Some(hit)));
        at = to;
    }
    if at < text.len() || pieces.is_empty() {
        pieces.push((text[at..].to_owned(), None));
    }
    pieces
}

enum Frame {
    /// Key that the next value stands under; `None` while a key is awaited.
    Object(Option<String>),
    Array(usize),
}

/// A reader of JSON that may be cut off.
struct Json<'h, 'a> {
    hits: &'h [&'a DataHit],
    by_path: BTreeMap<&'h str, Vec<&'a DataHit>>,
    stack: Vec<Frame>,
    lines: Vec<Line<'a>>,
}

impl<'h, 'a> Json<'h, 'a> {
    fn new(hits: &'h [&'a DataHit]) -> Self {
        let mut by_path: BTreeMap<&str, Vec<&DataHit>> = BTreeMap::new();
        for hit in hits {
            by_path.entry(hit.path.as_str()).or_default().push(hit);
        }
        Self { hits, by_path, stack: Vec::new(), lines: vec![Line::default()] }
    }

    /// `None` when it is no JSON after all.
    fn read(mut self, text: &str) -> Option<Vec<Line<'a>>> {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let length = match c {
                '{' | '[' => self.enter(c)?,
                '}' | ']' => self.leave(c)?,
                ',' => self.next()?,
                ':' => 1,
                '"' => self.string(rest)?,
                c if c.is_ascii_whitespace() => 1,
                _ => {
                    let end = rest.find([',', ']', '}', '"', ':']).unwrap_or(rest.len());
                    if end == 0 {
                        return None;
                    }
                    self.value(rest[..end].trim_end());
                    end
                }
            };
            rest = &rest[length..];
        }
        Some(self.lines)
    }

    fn push(&mut self, text: &str) {
        if let Some(line) = self.lines.last_mut() {
            line.pieces.push((text.to_owned(), None));
        }
    }

    fn line(&mut self) {
        self.lines.push(Line { indent: self.stack.len(), pieces: Vec::new() });
    }

    fn enter(&mut self, c: char) -> Option<usize> {
        if self.stack.len() >= DEPTH_MAX {
            return None;
        }
        self.push(if c == '{' { "{" } else { "[" });
        self.stack.push(if c == '{' { Frame::Object(None) } else { Frame::Array(0) });
        self.line();
        Some(1)
    }

    fn leave(&mut self, c: char) -> Option<usize> {
        match (self.stack.pop()?, c) {
            (Frame::Object(_), '}') | (Frame::Array(_), ']') => {}
            _ => return None,
        }
        // An empty container closes on the line that opened it.
        if self.lines.len() > 1 && self.lines.last().is_some_and(|line| line.pieces.is_empty()) {
            self.lines.pop();
        } else {
            self.line();
        }
        self.push(if c == '}' { "}" } else { "]" });
        Some(1)
    }

    fn next(&mut self) -> Option<usize> {
        match self.stack.last_mut()? {
            Frame::Object(key) => *key = None,
            Frame::Array(index) => *index += 1,
        }
        self.push(",");
        self.line();
        Some(1)
    }

    /// A key or a value in quotes; the text may end inside it.
    fn string(&mut self, rest: &str) -> Option<usize> {
        let mut escaped = false;
        let close = rest.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        let end = close.map_or(rest.len(), |(at, _)| at + 1);
        let inner = &rest[1..close.map_or(end, |(at, _)| at)];
        if let Some(Frame::Object(key @ None)) = self.stack.last_mut() {
            *key = Some(inner.to_owned());
            self.push(&rest[..end]);
            self.push(": ");
        } else {
            self.push("\"");
            self.value(inner);
            if close.is_some() {
                self.push("\"");
            }
        }
        Some(end)
    }

    /// A scalar: marked as a whole when a value was found at its pointer but its mask cannot be seen in it.
    fn value(&mut self, text: &str) {
        let pointer = self.pointer();
        let here = self.by_path.get(pointer.as_str()).map(Vec::as_slice).unwrap_or_default();
        let inside: Vec<&DataHit> = match here.is_empty() {
            false => here.to_vec(),
            // A document inside this value has longer pointers.
            true => self.hits.iter().copied().filter(|hit| is_below(&hit.path, &pointer)).collect(),
        };
        let mut pieces = mark(text, &inside);
        if let (Some(hit), false) = (here.first(), pieces.iter().any(|(_, hit)| hit.is_some())) {
            pieces = vec![(text.to_owned(), Some(*hit))];
        }
        if let Some(line) = self.lines.last_mut() {
            line.pieces.extend(pieces);
        }
    }

    /// RFC 6901.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for frame in &self.stack {
            pointer.push('/');
            match frame {
                Frame::Object(Some(key)) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Frame::Object(None) => {}
                Frame::Array(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }
}

fn is_below(path: &str, pointer: &str) -> bool {
    path.strip_prefix(pointer).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use model::{DataType, Place, Side};

    use super::*;

    fn hit(path: &str, sample: &str) -> DataHit {
        DataHit {
            side: Side::Response,
            place: Place::Body,
            path: path.into(),
            data_type: DataType::new("EMAIL"),
            level: 3,
            masked: false,
            confidence: 1.0,
            sample: sample.into(),
            hash: None,
            span: 0..0,
        }
    }

    /// Lines joined by `|`, indents as `.`, marked pieces in «».
    #[track_caller]
    fn check(body: &str, hits: &[(&str, &str)], expect: &str) {
        let hits: Vec<DataHit> = hits.iter().map(|(path, sample)| hit(path, sample)).collect();
        let hits: Vec<&DataHit> = hits.iter().collect();
        let mut out = Vec::new();
        for line in lines(body, &hits) {
            let mut text = ".".repeat(line.indent);
            for (piece, hit) in line.pieces {
                text.push_str(&if hit.is_some() { format!("«{piece}»") } else { piece });
            }
            out.push(text);
        }
        assert_eq!(out.join("|"), expect);
    }

    #[test]
    fn json_values_are_marked_by_their_pointer() {
        check(
            r#"{"a":[{"m":"z***@x.cn","n":1},{"m":"z***@x.cn"}],"e":{}}"#,
            &[("/a/1/m", "z***@x.cn")],
            r#"{|."a": [|..{|..."m": "z***@x.cn",|..."n": 1|..},|..{|..."m": "«z***@x.cn»"|..}|.],|."e": {}|}"#,
        );
        check(r#"{"a/b":12}"#, &[("/a~1b", "*")], r#"{|."a/b": «12»|}"#);
        check(r#"{"d":"<m>z***</m>"}"#, &[("/d/m", "z***")], r#"{|."d": "<m>«z***»</m>"|}"#);
    }

    #[test]
    fn what_is_cut_or_no_json_is_still_shown() {
        check(r#"{"a":"z**"#, &[("/a", "z**")], r#"{|."a": "«z**»"#);
        check("{\"a\"", &[], "{|.\"a\": ");
        check("[1}", &[], "[1}");
        check("{not json}", &[], "{|.not json|}");
        check("u=1&p=***\nx", &[("", "***")], "u=1&p=«***»|x");
        check("", &[], "");
        let deep = "[".repeat(DEPTH_MAX + 1);
        check(&deep, &[], &deep);
    }

    #[test]
    fn a_long_body_shows_its_start_and_its_marks() {
        let body: Vec<String> =
            (0..200).map(|n| if n == 150 { "z***".into() } else { n.to_string() }).collect();
        let found = hit("", "z***");
        let shown = window(lines(&body.join("\n"), &[&found]));
        let left: Vec<usize> = shown
            .iter()
            .filter_map(|shown| if let Shown::LeftOut(count) = shown { Some(*count) } else { None })
            .collect();
        assert_eq!(left, [140, 47]);
    }
}
