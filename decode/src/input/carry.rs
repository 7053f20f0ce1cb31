//! Hands whole records to a reader, out of the pushed slice when they lie in it, else out of a small buffer.
//! The reader says how many bytes it used or needs; nothing is scanned twice.

/// What a reader did with the bytes it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A record of this many bytes was read; at least 1.
    Used(usize),
    /// Show at least this many bytes (more than were shown).
    Need(usize),
    /// Leave out this many bytes, whether they are here yet or not.
    Skip(u64),
    /// Nothing more can be read from this input.
    Stop,
}

/// Bytes of an unfinished record, and the position in the input.
#[derive(Debug, Default)]
pub(crate) struct Carry {
    partial: Vec<u8>,
    need: usize,
    skip: u64,
    stopped: bool,
    /// Offset of the next record in the input.
    pub(crate) at: u64,
}

impl Carry {
    /// Feeds `data` to `step` record by record.
    pub(crate) fn feed(&mut self, mut data: &[u8], mut step: impl FnMut(&[u8], u64) -> Step) {
        while !data.is_empty() && !self.stopped {
            if self.skip > 0 {
                let skipped = self.skip.min(data.len() as u64);
                data = &data[skipped as usize..];
                self.skip -= skipped;
                self.at += skipped;
            } else if self.partial.is_empty() {
                match step(data, self.at) {
                    Step::Need(need) => {
                        self.need = need.max(data.len() + 1);
                        self.partial.extend_from_slice(data);
                        return;
                    }
                    other => data = &data[self.apply(other, data.len())..],
                }
            } else {
                let missing = self.need.saturating_sub(self.partial.len()).min(data.len());
                self.partial.extend_from_slice(&data[..missing]);
                data = &data[missing..];
                if self.partial.len() >= self.need {
                    self.step_partial(&mut step);
                }
            }
        }
    }

    /// The input ended: shows `step`, which knows it, what is left.
    pub(crate) fn finish(&mut self, mut step: impl FnMut(&[u8], u64) -> Step) {
        if !self.stopped {
            self.step_partial(&mut step);
        }
    }

    /// Bytes of a record that never became whole.
    pub(crate) fn rest(&self) -> usize {
        if self.stopped { 0 } else { self.partial.len() }
    }

    /// True when the input ends inside something that was to be skipped.
    pub(crate) fn is_skipping(&self) -> bool {
        self.skip > 0 && !self.stopped
    }

    fn step_partial(&mut self, step: &mut impl FnMut(&[u8], u64) -> Step) {
        let mut partial = std::mem::take(&mut self.partial);
        let mut used = 0;
        while used < partial.len() && !self.stopped {
            match step(&partial[used..], self.at) {
                Step::Need(need) => {
                    self.need = need.max(partial.len() - used + 1);
                    break;
                }
                other => used += self.apply(other, partial.len() - used),
            }
        }
        partial.drain(..used);
        self.partial = partial;
    }

    /// Bytes of the shown slice that are done with.
    fn apply(&mut self, step: Step, shown: usize) -> usize {
        let used = match step {
            Step::Used(used) => used.clamp(1, shown),
            Step::Skip(skip) => {
                let here = skip.min(shown as u64);
                self.skip = skip - here;
                here as usize
            }
            Step::Stop => {
                self.stopped = true;
                shown
            }
            Step::Need(_) => 0,
        };
        self.at += used as u64;
        used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records are one length byte and as many bytes; 0xff skips the next 3 bytes.
    fn read(pushes: &[&[u8]]) -> (Vec<Vec<u8>>, usize) {
        let (mut carry, mut records) = (Carry::default(), Vec::new());
        for push in pushes {
            carry.feed(push, |data, _| match data[0] {
                0xff => Step::Skip(4),
                len if data.len() > len as usize => {
                    records.push(data[1..=len as usize].to_vec());
                    Step::Used(len as usize + 1)
                }
                len => Step::Need(len as usize + 1),
            });
        }
        (records, carry.rest())
    }

    #[test]
    fn any_split_gives_the_same_records() {
        let input = [2, b'a', b'b', 0xff, 9, 9, 9, 1, b'c', 3, b'd'];
        let whole = read(&[&input]);
        assert_eq!(whole, (vec![b"ab".to_vec(), b"c".to_vec()], 2));
        for cut in 0..input.len() {
            assert_eq!(read(&[&input[..cut], &input[cut..]]), whole, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(read(&bytes), whole);
    }
}
