//! Numbers, dates, truth values and null of Hessian 2.0: the small ones have their value in their code (§4.2-4.6).

use super::Reader;

impl Reader<'_> {
    /// What is no string, no bytes and no container; `None` when it cannot be read.
    pub(super) fn scalar(&mut self, code: u8) -> Option<()> {
        let json = match code {
            b'N' => "null",
            b'T' => "true",
            b'F' => "false",
            _ => {
                if let Some(whole) = self.whole_of(code) {
                    self.json.show(whole);
                    return Some(());
                }
                return self.number(code);
            }
        };
        self.json.raw(json);
        Some(())
    }

    /// The next value, which has to be a whole number.
    pub(super) fn whole(&mut self) -> Option<i64> {
        let code = self.byte()?;
        self.whole_of(code)
    }

    /// An int (§4.5) or a long (§4.6).
    fn whole_of(&mut self, code: u8) -> Option<i64> {
        let code_from = |base: u8| i64::from(code) - i64::from(base);
        Some(match code {
            0x80..=0xbf => code_from(0x90),
            0xc0..=0xcf => code_from(0xc8) << 8 | i64::from(self.byte()?),
            0xd0..=0xd7 => code_from(0xd4) << 16 | i64::from(u16::from_be_bytes(self.array()?)),
            b'I' | 0x59 => i64::from(i32::from_be_bytes(self.array()?)),
            0xd8..=0xef => code_from(0xe0),
            0xf0..=0xff => code_from(0xf8) << 8 | i64::from(self.byte()?),
            0x38..=0x3f => code_from(0x3c) << 16 | i64::from(u16::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return None,
        })
    }

    /// A double (§4.4) or a date (§4.3).
    fn number(&mut self, code: u8) -> Option<()> {
        let float = match code {
            0x5b => 0.0,
            0x5c => 1.0,
            0x5d => f64::from(i8::from_be_bytes(self.array()?)),
            0x5e => f64::from(i16::from_be_bytes(self.array()?)),
            0x5f => f64::from(i32::from_be_bytes(self.array()?)) / 1_000.0,
            b'D' => f64::from_be_bytes(self.array()?),
            0x4a => {
                let millis = i64::from_be_bytes(self.array()?);
                self.json.date(millis);
                return Some(());
            }
            0x4b => {
                let minutes = i32::from_be_bytes(self.array()?);
                self.json.date(i64::from(minutes) * 60_000);
                return Some(());
            }
            _ => return None,
        };
        self.json.float(float);
        Some(())
    }
}
