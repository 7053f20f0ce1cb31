//! Lines of a text input, without their line ends, numbered from 1. A line longer than
//! [`limits::LINE_BYTES_MAX`] is dropped and reported as `None`.

use memchr::memchr;
use model::limits;

#[derive(Debug, Default)]
pub(crate) struct Lines {
    partial: Vec<u8>,
    dropping: bool,
    number: u64,
}

impl Lines {
    /// Hands every complete line of `data` to `line`.
    pub(crate) fn feed(&mut self, mut data: &[u8], mut line: impl FnMut(u64, Option<&[u8]>)) {
        while let Some(end) = memchr(b'\n', data) {
            let (head, rest) = (&data[..end], &data[end + 1..]);
            data = rest;
            if self.partial.is_empty() && !self.dropping {
                self.number += 1;
                line(self.number, Some(trim(head)));
            } else {
                self.keep(head);
                self.finish(&mut line);
            }
        }
        self.keep(data);
    }

    /// The last line, when the input does not end with a line end.
    pub(crate) fn finish(&mut self, mut line: impl FnMut(u64, Option<&[u8]>)) {
        if self.partial.is_empty() && !self.dropping {
            return;
        }
        self.number += 1;
        let partial = std::mem::take(&mut self.partial);
        line(self.number, (!self.dropping).then(|| trim(&partial)));
        self.dropping = false;
    }

    fn keep(&mut self, data: &[u8]) {
        if self.dropping {
            return;
        }
        if self.partial.len() + data.len() > limits::LINE_BYTES_MAX {
            self.partial = Vec::new();
            self.dropping = true;
            return;
        }
        self.partial.extend_from_slice(data);
    }
}

fn trim(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pushes: &[&str], expect: &[&str]) {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        for push in pushes {
            lines.feed(push.as_bytes(), |_, line| seen.push(line.expect("short").to_vec()));
        }
        lines.finish(|_, line| seen.push(line.expect("short").to_vec()));
        assert_eq!(seen, expect.iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>());
    }

    #[test]
    fn lines_over_any_split() {
        check(&["a\r\nb", "c\n", "\nd"], &["a", "bc", "", "d"]);
        check(&["a", "\n", "b\n"], &["a", "b"]);
        check(&[""], &[]);
    }

    #[test]
    fn an_endless_line_is_dropped_and_the_next_one_read() {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        let block = vec![0_u8; 1 << 20];
        for _ in 0..=limits::LINE_BYTES_MAX >> 20 {
            lines.feed(&block, |number, line| seen.push((number, line.map(<[u8]>::to_vec))));
        }
        lines.feed(b"\nok\n", |number, line| seen.push((number, line.map(<[u8]>::to_vec))));
        assert_eq!(seen, [(1, None), (2, Some(b"ok".to_vec()))]);
    }
}
