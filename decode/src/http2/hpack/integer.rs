//! Integers with a prefix (RFC 7541 §5.1).

/// Largest integer taken: no length or index of a block that is kept comes near.
const INTEGER_MAX: u64 = 1 << 30;

/// Reads an integer whose first byte shares `prefix` bits with something else; the value and what follows.
/// `None`: the block ends inside it, or it is larger than anything sensible.
pub(super) fn read(bytes: &[u8], prefix: u8) -> Option<(usize, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let mask = 0xff_u8 >> (8 - prefix);
    let mut value = u64::from(first & mask);
    if value < u64::from(mask) {
        return Some((value as usize, rest));
    }
    for shift in (0..35).step_by(7) {
        let (byte, after) = rest.split_first()?;
        rest = after;
        value += u64::from(byte & 0x7f) << shift;
        if value > INTEGER_MAX {
            return None;
        }
        if byte & 0x80 == 0 {
            return Some((value as usize, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], prefix: u8, expect: Option<usize>) {
        assert_eq!(read(bytes, prefix).map(|(value, _)| value), expect, "{bytes:?}");
    }

    #[test]
    fn examples_of_the_standard_and_hostile_ones() {
        check(&[0b1010], 5, Some(10));
        check(&[0b1_1111, 0b1001_1010, 0b0000_1010], 5, Some(1337));
        check(&[42], 8, Some(42));
        check(&[0x7f, 0], 7, Some(127));
        check(&[0x7f], 7, None);
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 7, None);
        check(&[0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0], 7, None);
        check(&[], 7, None);
    }
}
