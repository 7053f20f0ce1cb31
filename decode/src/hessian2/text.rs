//! Strings and bytes of Hessian 2.0, which come in chunks. The length of a string counts UTF-16 code units, its
//! bytes are UTF-8 with each half of a surrogate pair on its own (§4.12).

use super::Reader;

impl Reader<'_> {
    /// A string, chunked or not; `None` when the next value is none.
    pub(crate) fn text(&mut self) -> Option<String> {
        let mut units: Vec<u16> = Vec::new();
        loop {
            let (len, is_last) = match self.peek()? {
                code @ 0x00..=0x1f => {
                    self.skip(1);
                    (usize::from(code), true)
                }
                code @ 0x30..=0x33 => {
                    self.skip(1);
                    (usize::from(code - 0x30) << 8 | usize::from(self.byte()?), true)
                }
                code @ (b'R' | b'S') => {
                    self.skip(1);
                    (usize::from(u16::from_be_bytes(self.array()?)), code == b'S')
                }
                _ => return None,
            };
            let whole = self.units(len, &mut units);
            if is_last || !whole {
                return Some(String::from_utf16_lossy(&units));
            }
        }
    }

    /// Code units of one chunk; false when it breaks off.
    fn units(&mut self, len: usize, units: &mut Vec<u16>) -> bool {
        let end = units.len() + len;
        while units.len() < end {
            let Some(lead) = self.byte() else { return self.broken() };
            let follow = match lead {
                0x00..=0x7f => 0,
                0xc0..=0xdf => 1,
                0xe0..=0xef => 2,
                0xf0..=0xf7 => 3,
                _ => return self.broken(),
            };
            let mut code = u32::from(lead) & [0x7f, 0x1f, 0x0f, 0x07][follow];
            for _ in 0..follow {
                match self.byte() {
                    Some(byte) if byte & 0xc0 == 0x80 => code = code << 6 | u32::from(byte & 0x3f),
                    _ => return self.broken(),
                }
            }
            match char::from_u32(code) {
                Some(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
                // One half of a pair.
                None => units.push(code as u16),
            }
        }
        true
    }

    /// Bytes, chunked or not; `None` when the next value is none.
    pub(super) fn binary(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let (len, is_last) = match self.peek()? {
                code @ 0x20..=0x2f => {
                    self.skip(1);
                    (usize::from(code - 0x20), true)
                }
                code @ 0x34..=0x37 => {
                    self.skip(1);
                    (usize::from(code - 0x34) << 8 | usize::from(self.byte()?), true)
                }
                code @ (b'A' | b'B') => {
                    self.skip(1);
                    (usize::from(u16::from_be_bytes(self.array()?)), code == b'B')
                }
                _ => return None,
            };
            let part = self.slice(len);
            bytes.extend_from_slice(part);
            if part.len() < len {
                self.broken();
                return Some(bytes);
            }
            if is_last {
                return Some(bytes);
            }
        }
    }
}
