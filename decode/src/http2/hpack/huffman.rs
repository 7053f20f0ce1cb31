//! The Huffman code of header strings (RFC 7541 §5.2). The code is canonical: lengths alone give the codes,
//! and the tables are made from them at compile time. Ten bits at a time are looked up, longer codes are searched.

/// Code length by symbol (RFC 7541 appendix B); 256 is the end of string.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6,
    6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7,
    8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7,
    15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24,
    23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23,
    23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26,
    26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20,
    21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
    27, 27, 26, 30,
];
/// Bits looked up at once.
const FAST_BITS: u32 = 10;
const CODE_BITS_MAX: usize = 30;
const END_OF_STRING: u16 = 256;

struct Tables {
    /// Symbol and length by the next bits; a length of 0: the code is longer.
    fast: [(u8, u8); 1 << FAST_BITS],
    /// Symbols in order of their codes.
    symbols: [u16; 257],
    /// First code of each length, aligned to the left of 32 bits; and its place in `symbols`.
    first: [(u32, u16); CODE_BITS_MAX + 2],
}

static TABLES: Tables = tables();

const fn tables() -> Tables {
    let mut tables =
        Tables { fast: [(0, 0); 1 << FAST_BITS], symbols: [0; 257], first: [(0, 0); CODE_BITS_MAX + 2] };
    let (mut code, mut place, mut len) = (0_u64, 0, 1);
    while len <= CODE_BITS_MAX {
        tables.first[len] = ((code << (32 - len)) as u32, place as u16);
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == len {
                tables.symbols[place] = symbol as u16;
                place += 1;
                if len <= FAST_BITS as usize {
                    let spread = FAST_BITS as usize - len;
                    let mut at = (code as usize) << spread;
                    while at < (code as usize + 1) << spread {
                        tables.fast[at] = (symbol as u8, len as u8);
                        at += 1;
                    }
                }
                code += 1;
            }
            symbol += 1;
        }
        code <<= 1;
        len += 1;
    }
    tables.first[CODE_BITS_MAX + 1] = (u32::MAX, place as u16);
    tables
}

/// Symbol and length of the code that begins these bits.
fn long_code(bits: u32) -> (u16, u32) {
    let mut len = FAST_BITS as usize + 1;
    while len < CODE_BITS_MAX && bits >= TABLES.first[len + 1].0 {
        len += 1;
    }
    let (first, place) = TABLES.first[len];
    let offset = bits.wrapping_sub(first) >> (32 - len);
    let symbol = TABLES.symbols.get(usize::from(place) + offset as usize).copied();
    (symbol.unwrap_or(END_OF_STRING), len as u32)
}

/// Appends the decoded string; false when it is not valid: the end of string inside, or wrong padding.
pub(super) fn decode(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let (mut bits, mut count, mut rest) = (0_u64, 0_u32, bytes);
    loop {
        while count <= 56
            && let Some((byte, after)) = rest.split_first()
        {
            bits |= u64::from(*byte) << (56 - count);
            count += 8;
            rest = after;
        }
        // Ones after the end: they begin no code that is short enough to be taken for one.
        let ahead = if count >= 32 { bits } else { bits | (u64::MAX >> count) };
        let (symbol, len) = match TABLES.fast[(ahead >> (64 - FAST_BITS)) as usize] {
            (_, 0) => long_code((ahead >> 32) as u32),
            (symbol, len) => (u16::from(symbol), u32::from(len)),
        };
        if len > count {
            let padding = bits >> (64 - count.max(1));
            return count == 0 || (count < 8 && padding == (1 << count) - 1);
        }
        if symbol == END_OF_STRING {
            return false;
        }
        out.push(symbol as u8);
        bits <<= len;
        count -= len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: Option<&str>) {
        let mut out = Vec::new();
        let valid = decode(bytes, &mut out);
        assert_eq!(valid.then_some(out), expect.map(|text| text.as_bytes().to_vec()), "{bytes:x?}");
    }

    /// The code of each symbol, for the test of all of them.
    fn encode(text: &[u8]) -> Vec<u8> {
        let mut bits = String::new();
        for byte in text {
            let place =
                TABLES.symbols.iter().position(|symbol| *symbol == u16::from(*byte)).expect("a symbol");
            let len = usize::from(LENGTHS[usize::from(*byte)]);
            let (first, start) = TABLES.first[len];
            let code = (first >> (32 - len)) as usize + place - usize::from(start);
            bits.push_str(&format!("{code:0len$b}"));
        }
        while !bits.len().is_multiple_of(8) {
            bits.push('1');
        }
        bits.as_bytes()
            .chunks(8)
            .map(|byte| byte.iter().fold(0, |all, bit| all << 1 | (bit - b'0')))
            .collect()
    }

    #[test]
    fn examples_of_the_standard() {
        check(
            &[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff],
            Some("www.example.com"),
        );
        check(&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], Some("no-cache"));
        check(&[0x64, 0x02], Some("302"));
        check(&[], Some(""));
    }

    #[test]
    fn every_symbol_and_every_padding() {
        let all: Vec<u8> = (0..=255).collect();
        let mut out = Vec::new();
        assert!(decode(&encode(&all), &mut out));
        assert_eq!(out, all);
        for byte in 0..=255 {
            let mut out = Vec::new();
            assert!(decode(&encode(&[byte, b'a', byte]), &mut out));
            assert_eq!(out, [byte, b'a', byte]);
        }
    }

    #[test]
    fn what_is_not_valid() {
        check(&[0xff; 4], None);
        check(&[0b0001_1111, 0xff], None);
        check(&[0b0001_1000], None);
        check(&[0b0001_1111], Some("a"));
        check(&[0xff], None);
    }

    #[test]
    fn the_code_is_complete() {
        let used: u64 = LENGTHS.iter().map(|len| 1_u64 << (32 - len)).sum();
        assert_eq!(used, 1 << 32);
    }
}
