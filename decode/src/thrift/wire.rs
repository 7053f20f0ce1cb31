//! The two encodings of Thrift, value by value (thrift-binary-protocol.md, thrift-compact-protocol.md of Apache
//! Thrift). Everything is read from a slice at its first byte and says how many bytes it took.

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// The bytes end too early.
    More,
    /// They cannot be this.
    Bad,
}

/// What was read, and the bytes that it took.
pub(super) type Read<T> = Result<(T, usize), Lack>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Binary,
    Compact,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Stop,
    /// A truth value that a compact field header holds.
    True,
    False,
    Bool,
    Byte,
    I16,
    I32,
    I64,
    Double,
    Binary,
    List,
    Map,
    Struct,
    Uuid,
}

pub(super) fn byte(bytes: &[u8], at: usize) -> Result<u8, Lack> {
    bytes.get(at).copied().ok_or(Lack::More)
}

pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Lack> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(Lack::More)
}

/// An unsigned LEB128 number of at most 64 bits.
pub(super) fn varint(bytes: &[u8], at: usize) -> Read<u64> {
    let mut value = 0;
    for index in 0..10 {
        let byte = byte(bytes, at + index)?;
        value |= u64::from(byte & 0x7f) << (7 * index).min(63);
        if byte & 0x80 == 0 {
            return Ok((value, index + 1));
        }
    }
    Err(Lack::Bad)
}

fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

impl Wire {
    fn type_of(self, code: u8) -> Result<Type, Lack> {
        Ok(match (self, code) {
            (_, 0) => Type::Stop,
            (Self::Binary, 2) => Type::Bool,
            (Self::Binary, 3) | (Self::Compact, 3) => Type::Byte,
            (Self::Binary, 4) | (Self::Compact, 7) => Type::Double,
            (Self::Binary, 6) | (Self::Compact, 4) => Type::I16,
            (Self::Binary, 8) | (Self::Compact, 5) => Type::I32,
            (Self::Binary, 10) | (Self::Compact, 6) => Type::I64,
            (Self::Binary, 11) | (Self::Compact, 8) => Type::Binary,
            (Self::Binary | Self::Compact, 12) => Type::Struct,
            (Self::Binary, 13) | (Self::Compact, 11) => Type::Map,
            (Self::Binary, 14 | 15) | (Self::Compact, 9 | 10) => Type::List,
            (Self::Binary, 16) | (Self::Compact, 13) => Type::Uuid,
            (Self::Compact, 1) => Type::True,
            (Self::Compact, 2) => Type::False,
            _ => return Err(Lack::Bad),
        })
    }

    /// The type of elements, which hold their truth values themselves.
    fn element(self, code: u8) -> Result<Type, Lack> {
        match self.type_of(code)? {
            Type::True | Type::False => Ok(Type::Bool),
            Type::Stop => Err(Lack::Bad),
            element => Ok(element),
        }
    }

    /// A field's type and number; `last` is the number of the field before it.
    pub(super) fn field(self, bytes: &[u8], last: i16) -> Read<(Type, i16)> {
        let code = byte(bytes, 0)?;
        match self {
            _ if code == 0 => Ok(((Type::Stop, 0), 1)),
            Self::Binary => Ok(((self.type_of(code)?, i16::from_be_bytes(array(bytes, 1)?)), 3)),
            Self::Compact => {
                let field = self.type_of(code & 15)?;
                if field == Type::Stop {
                    return Err(Lack::Bad);
                }
                if code >> 4 != 0 {
                    return Ok(((field, last.wrapping_add(i16::from(code >> 4))), 1));
                }
                let (id, len) = varint(bytes, 1)?;
                Ok(((field, zigzag(id) as i16), 1 + len))
            }
        }
    }

    /// The head of a list or set.
    pub(super) fn list(self, bytes: &[u8]) -> Read<(Type, u32)> {
        let code = byte(bytes, 0)?;
        let (element, count, len) = match self {
            Self::Binary => (code, u64::from(u32::from_be_bytes(array(bytes, 1)?)), 5),
            Self::Compact if code >> 4 == 15 => {
                let (count, len) = varint(bytes, 1)?;
                (code & 15, count, 1 + len)
            }
            Self::Compact => (code & 15, u64::from(code >> 4), 1),
        };
        let count = u32::try_from(count).ok().filter(|count| *count <= i32::MAX as u32).ok_or(Lack::Bad)?;
        let element = if count == 0 { Type::Byte } else { self.element(element)? };
        Ok(((element, count), len))
    }

    /// The head of a map: the types of keys and values, and how many pairs there are.
    pub(super) fn map(self, bytes: &[u8]) -> Read<([Type; 2], u32)> {
        let (codes, count, len) = match self {
            Self::Binary => {
                let [key, value, count @ ..] = array::<6>(bytes, 0)?;
                ([key, value], u64::from(u32::from_be_bytes(count)), 6)
            }
            Self::Compact => match varint(bytes, 0)? {
                (0, len) => ([0; 2], 0, len),
                (count, len) => {
                    let codes = byte(bytes, len)?;
                    ([codes >> 4, codes & 15], count, len + 1)
                }
            },
        };
        let count = u32::try_from(count).ok().filter(|count| *count <= i32::MAX as u32).ok_or(Lack::Bad)?;
        if count == 0 {
            return Ok((([Type::Byte; 2], 0), len));
        }
        Ok((([self.element(codes[0])?, self.element(codes[1])?], count), len))
    }

    /// The length of a string.
    pub(super) fn length(self, bytes: &[u8]) -> Read<usize> {
        let (len, taken) = match self {
            Self::Binary => (u64::from(u32::from_be_bytes(array(bytes, 0)?)), 4),
            Self::Compact => varint(bytes, 0)?,
        };
        match i32::try_from(len) {
            Ok(len) => Ok((len as usize, taken)),
            Err(_) => Err(Lack::Bad),
        }
    }

    /// Bytes of a value of a type that has always as many.
    pub(super) fn fixed(self, of: Type) -> Option<usize> {
        match of {
            Type::True | Type::False => Some(0),
            Type::Bool | Type::Byte => Some(1),
            Type::Double => Some(8),
            Type::Uuid => Some(16),
            Type::I16 if self == Self::Binary => Some(2),
            Type::I32 if self == Self::Binary => Some(4),
            Type::I64 if self == Self::Binary => Some(8),
            _ => None,
        }
    }

    /// A whole number.
    pub(super) fn whole(self, of: Type, bytes: &[u8]) -> Read<i64> {
        Ok(match (self, of) {
            (_, Type::Byte) => (i64::from(byte(bytes, 0)? as i8), 1),
            (Self::Compact, _) => {
                let (value, len) = varint(bytes, 0)?;
                (zigzag(value), len)
            }
            (Self::Binary, Type::I16) => (i64::from(i16::from_be_bytes(array(bytes, 0)?)), 2),
            (Self::Binary, Type::I32) => (i64::from(i32::from_be_bytes(array(bytes, 0)?)), 4),
            (Self::Binary, _) => (i64::from_be_bytes(array(bytes, 0)?), 8),
        })
    }

    /// A floating-point number: big-endian, little-endian in the compact encoding.
    pub(super) fn double(self, bytes: &[u8]) -> Read<f64> {
        let value = array(bytes, 0)?;
        Ok((if self == Self::Binary { f64::from_be_bytes(value) } else { f64::from_le_bytes(value) }, 8))
    }
}
