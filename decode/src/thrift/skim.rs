//! Finds the end of a struct without keeping what is in it: how long a message without a frame is. Goes on
//! where it stopped when more bytes are there, so that a long message costs its length once.

use model::limits::BODY_DEPTH_MAX;

use super::wire::{Lack, Read, Type, Wire};

#[derive(Debug)]
enum Level {
    /// Fields until a stop, with the number of the last one.
    Struct(i16),
    /// Values of two types in turn (keys and values; twice the same in a list).
    Each { types: [Type; 2], left: u64 },
}

/// A struct of which the end is looked for.
#[derive(Debug)]
pub(super) struct Skim {
    wire: Wire,
    open: Vec<Level>,
    at: usize,
}

impl Skim {
    /// `at`: where the struct begins.
    pub(super) fn new(wire: Wire, at: usize) -> Self {
        Self { wire, open: vec![Level::Struct(0)], at }
    }

    /// The position after the struct. `bytes` are those of all calls before, and more.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Result<usize, Lack> {
        while let Some(level) = self.open.last_mut() {
            let rest = bytes.get(self.at..).filter(|rest| !rest.is_empty());
            let next = match level {
                Level::Each { left: 0, .. } => {
                    self.open.pop();
                    continue;
                }
                Level::Each { types, left } => types[(*left % 2) as usize],
                Level::Struct(last) => {
                    let rest = rest.ok_or(Lack::More)?;
                    let ((field, id), len) = self.wire.field(rest, *last)?;
                    if field == Type::Stop {
                        self.at += len;
                        self.open.pop();
                        continue;
                    }
                    // A field is passed with its value, or asked for again.
                    let (inner, taken) = self.value(field, &rest[len..])?;
                    if let Some(Level::Struct(last)) = self.open.last_mut() {
                        *last = id;
                    }
                    self.pass(len + taken, inner)?;
                    continue;
                }
            };
            let (inner, taken) = self.value(next, rest.ok_or(Lack::More)?)?;
            if let Some(Level::Each { left, .. }) = self.open.last_mut() {
                *left -= 1;
            }
            self.pass(taken, inner)?;
        }
        if self.at > bytes.len() { Err(Lack::More) } else { Ok(self.at) }
    }

    fn pass(&mut self, len: usize, inner: Option<Level>) -> Result<(), Lack> {
        self.at += len;
        self.open.extend(inner);
        if self.open.len() > BODY_DEPTH_MAX { Err(Lack::Bad) } else { Ok(()) }
    }

    /// Bytes of a value, which may be more than there are, or of the head of a container.
    fn value(&self, of: Type, bytes: &[u8]) -> Read<Option<Level>> {
        if let Some(len) = self.wire.fixed(of) {
            return Ok((None, len));
        }
        match of {
            Type::Binary => self.wire.length(bytes).map(|(len, taken)| (None, taken + len)),
            Type::Struct => Ok((Some(Level::Struct(0)), 0)),
            Type::List => self.wire.list(bytes).map(|((element, count), taken)| {
                (Some(Level::Each { types: [element; 2], left: count.into() }), taken)
            }),
            Type::Map => self.wire.map(bytes).map(|(([key, value], count), taken)| {
                // Counted down from an even number, keys come first.
                (Some(Level::Each { types: [key, value], left: u64::from(count) * 2 }), taken)
            }),
            _ => self.wire.whole(of, bytes).map(|(_, taken)| (None, taken)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wire: Wire, bytes: &[u8], expect: Result<usize, Lack>) {
        assert_eq!(Skim::new(wire, 0).end(bytes), expect);
        // In steps of a byte, with nothing after the end.
        let mut skim = Skim::new(wire, 0);
        let steps = (0..=bytes.len()).map(|end| skim.end(&bytes[..end]));
        let stepped = steps.into_iter().find(|step| *step != Err(Lack::More)).unwrap_or(Err(Lack::More));
        assert_eq!(stepped, expect);
    }

    #[test]
    fn ends_are_found() {
        let binary = b"\x0b\0\x01\0\0\0\x02hi\x0d\0\x02\x08\x0c\0\0\0\x01\0\0\0\x07\0\x0f\0\x03\x02\0\0\0\x02\x01\x00\0";
        check(Wire::Binary, &[binary.as_slice(), b"next"].concat(), Ok(binary.len()));
        check(Wire::Binary, &binary[..binary.len() - 1], Err(Lack::More));
        check(Wire::Binary, b"\x05\0\x01", Err(Lack::Bad));
        let compact = b"\x18\x02hi\x1b\x01\x5c\x0e\x00\x19\x22\x01\x02\x11\x12\0";
        check(Wire::Compact, compact, Ok(compact.len()));
        check(Wire::Compact, b"\x1f", Err(Lack::Bad));
        check(Wire::Binary, &b"\x0c\0\x01".repeat(80), Err(Lack::Bad));
        check(Wire::Binary, b"\x0b\0\x01\xff\xff\xff\xff", Err(Lack::Bad));
    }
}
