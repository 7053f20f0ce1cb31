//! The wire format of protobuf: fields by number. Groups, which have no length, are not read. Used for gRPC and for
//! what is pushed in protobuf (OTLP).

/// A value as the wire tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// Reads a varint; the value and what follows.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(7 * at as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

/// Reads a field: its number, its value and what follows.
pub(crate) fn field(bytes: &[u8]) -> Option<(u32, Value<'_>, &[u8])> {
    let (tag, rest) = varint(bytes)?;
    let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number))?;
    let (value, rest) = match tag & 7 {
        0 => varint(rest).map(|(value, rest)| (Value::Varint(value), rest))?,
        1 => rest
            .split_first_chunk()
            .map(|(value, rest)| (Value::Fixed64(u64::from_le_bytes(*value)), rest))?,
        2 => {
            let (len, rest) = varint(rest)?;
            let (bytes, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
            (Value::Bytes(bytes), rest)
        }
        5 => rest
            .split_first_chunk()
            .map(|(value, rest)| (Value::Fixed32(u32::from_le_bytes(*value)), rest))?,
        _ => return None,
    };
    Some((number, value, rest))
}

/// The fields of a message as far as they can be read.
pub(crate) fn fields(mut bytes: &[u8]) -> impl Iterator<Item = (u32, Value<'_>)> {
    std::iter::from_fn(move || {
        let (number, value, rest) = field(bytes)?;
        bytes = rest;
        Some((number, value))
    })
}

/// True when all bytes are fields.
pub(crate) fn is_message(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let Some((_, _, rest)) = field(bytes) else { return false };
        bytes = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: Option<(u32, Value<'_>)>) {
        assert_eq!(field(bytes).map(|(number, value, _)| (number, value)), expect, "{bytes:x?}");
    }

    #[test]
    fn fields_of_each_type() {
        check(&[0x08, 0x96, 0x01], Some((1, Value::Varint(150))));
        check(b"\x12\x07testing", Some((2, Value::Bytes(b"testing"))));
        check(&[0x0d, 1, 0, 0, 0], Some((1, Value::Fixed32(1))));
        check(&[0x09, 1, 0, 0, 0, 0, 0, 0, 0], Some((1, Value::Fixed64(1))));
        check(
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            Some((1, Value::Varint(u64::MAX))),
        );
    }

    #[test]
    fn what_is_no_field() {
        check(&[], None);
        check(&[0x08], None);
        check(&[0x00, 1], None);
        check(&[0x0b, 1], None);
        check(&[0x12, 5, 1], None);
        check(&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], None);
        check(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], None);
    }
}
