//! Reads header blocks against a table (RFC 7541 §6). A block is read to its end even when fields are unknown,
//! because every insertion moves the indices of what follows.

use super::huffman;
use super::integer;
use super::names::STATIC;
use super::table::{Entry, Table};

/// One field of a block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    Known(&'a [u8], &'a [u8]),
    /// Its name is in a part of the table that was not seen.
    Unknown,
}

/// The block cannot be read on: the table of the direction is not known any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

#[derive(Debug)]
pub(crate) struct Decoder {
    table: Table,
    /// Decoded strings of the field being read.
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self { table: Table::new(), name: Vec::new(), value: Vec::new() }
    }

    /// Header blocks were missed, or parts of them.
    pub(crate) fn forget(&mut self) {
        self.table.forget();
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.table.bytes()
    }

    /// Reads a whole block; `each` is given the fields in order. `Err`: the rest of the block cannot be read.
    pub(crate) fn read(&mut self, mut block: &[u8], mut each: impl FnMut(Field<'_>)) -> Result<(), Broken> {
        while let [first, ..] = block {
            let rest = match first {
                0x80.. => self.indexed(block, &mut each),
                0x40.. => self.literal(block, 6, &mut each),
                0x20.. => integer::read(block, 5).map(|(max, rest)| {
                    self.table.resize(max);
                    rest
                }),
                _ => self.literal(block, 4, &mut each),
            };
            let Some(rest) = rest else {
                self.table.forget();
                return Err(Broken);
            };
            block = rest;
        }
        Ok(())
    }

    /// An indexed field (RFC 7541 §6.1).
    fn indexed<'a>(&self, block: &'a [u8], each: &mut impl FnMut(Field<'_>)) -> Option<&'a [u8]> {
        let (index, rest) = integer::read(block, 7)?;
        match STATIC.get(index.checked_sub(1)?) {
            Some((name, value)) => each(Field::Known(name.as_bytes(), value.as_bytes())),
            None => match self.table.get(index - 1 - STATIC.len()) {
                Some(entry) => {
                    each(entry.field().map_or(Field::Unknown, |(name, value)| Field::Known(name, value)));
                }
                None if self.table.is_whole() => return None,
                None => each(Field::Unknown),
            },
        }
        Some(rest)
    }

    /// A literal field (RFC 7541 §6.2); with a prefix of 6 bits it enters the table.
    fn literal<'a>(
        &mut self,
        block: &'a [u8],
        prefix: u8,
        each: &mut impl FnMut(Field<'_>),
    ) -> Option<&'a [u8]> {
        let (index, rest) = integer::read(block, prefix)?;
        let (is_known, rest) = self.name(index, rest)?;
        let rest = string(rest, &mut self.value)?;
        let name = is_known.then_some(&self.name[..]);
        each(name.map_or(Field::Unknown, |name| Field::Known(name, &self.value)));
        if prefix == 6 {
            self.table.insert(Entry::new(name, &self.value));
        }
        Some(rest)
    }

    /// Puts the name of a literal into `self.name`; false when it is not known.
    fn name<'a>(&mut self, index: usize, rest: &'a [u8]) -> Option<(bool, &'a [u8])> {
        let Some(index) = index.checked_sub(1) else {
            return string(rest, &mut self.name).map(|rest| (true, rest));
        };
        let known = match STATIC.get(index) {
            Some((name, _)) => Some(name.as_bytes()),
            None => match self.table.get(index - STATIC.len()) {
                Some(entry) => entry.field().map(|(name, _)| name),
                None if self.table.is_whole() => return None,
                None => None,
            },
        };
        self.name.clear();
        self.name.extend_from_slice(known.unwrap_or_default());
        Some((known.is_some(), rest))
    }
}

/// Reads a string literal (RFC 7541 §5.2) into `text`; what follows it.
fn string<'a>(bytes: &'a [u8], text: &mut Vec<u8>) -> Option<&'a [u8]> {
    let is_coded = bytes.first()? & 0x80 != 0;
    let (len, rest) = integer::read(bytes, 7)?;
    let (coded, rest) = rest.split_at_checked(len)?;
    text.clear();
    if !is_coded {
        text.extend_from_slice(coded);
        return Some(rest);
    }
    huffman::decode(coded, text).then_some(rest)
}

/// True when a block that may be the first one seen, and of which this may be only the beginning, reads like
/// one: a pseudo-header field, and nothing that no field can hold.
pub(crate) fn is_plausible(block: &[u8]) -> bool {
    let mut decoder = Decoder::new();
    decoder.forget();
    let (mut pseudo, mut odd) = (false, false);
    let _ = decoder.read(block, |field| {
        let Field::Known(name, value) = field else { return };
        pseudo |= STATIC[..14].iter().any(|(known, _)| known.as_bytes() == name);
        let is_name = |byte: &u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
        odd |= name.is_empty() || !name.iter().all(is_name);
        odd |= value.iter().any(|byte| *byte < b' ' && *byte != b'\t');
    });
    pseudo && !odd
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.chars().filter_map(|digit| Some(digit.to_digit(16)? as u8)).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    #[track_caller]
    fn check(decoder: &mut Decoder, hex: &str, expect: &str) {
        let mut found = String::new();
        let done = decoder.read(&bytes(hex), |field| match field {
            Field::Known(name, value) => {
                found += &format!("{}={};", String::from_utf8_lossy(name), String::from_utf8_lossy(value));
            }
            Field::Unknown => found += "?;",
        });
        if done.is_err() {
            found += "broken";
        }
        assert_eq!(found, expect);
    }

    const FIRST: &str = ":method=GET;:scheme=http;:path=/;:authority=www.example.com;";
    const SECOND: &str =
        ":method=GET;:scheme=http;:path=/;:authority=www.example.com;cache-control=no-cache;";
    const THIRD: &str =
        ":method=GET;:scheme=https;:path=/index.html;:authority=www.example.com;custom-key=custom-value;";

    #[test]
    fn single_fields_of_the_standard() {
        let mut decoder = Decoder::new();
        check(
            &mut decoder,
            "400a637573746f6d2d6b65790d637573746f6d2d686561646572",
            "custom-key=custom-header;",
        );
        check(&mut decoder, "040c2f73616d706c652f70617468", ":path=/sample/path;");
        check(&mut decoder, "100870617373776f726406736563726574", "password=secret;");
        check(&mut decoder, "82", ":method=GET;");
    }

    #[test]
    fn requests_of_the_standard() {
        let mut plain = Decoder::new();
        check(&mut plain, "828684410f7777772e6578616d706c652e636f6d", FIRST);
        check(&mut plain, "828684be58086e6f2d6361636865", SECOND);
        check(&mut plain, "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", THIRD);
        assert_eq!(plain.bytes(), 164);
        let mut coded = Decoder::new();
        check(&mut coded, "828684418cf1e3c2e5f23a6ba0ab90f4ff", FIRST);
        check(&mut coded, "828684be5886a8eb10649cbf", SECOND);
        check(&mut coded, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", THIRD);
        assert_eq!(coded.bytes(), 164);
    }

    #[test]
    fn responses_of_the_standard_with_eviction() {
        let mut decoder = Decoder::new();
        decoder.table.resize(256);
        check(
            &mut decoder,
            "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
            ":status=302;cache-control=private;date=Mon, 21 Oct 2013 20:13:21 GMT;location=https://www.example.com;",
        );
        check(
            &mut decoder,
            "4883640effc1c0bf",
            ":status=307;cache-control=private;date=Mon, 21 Oct 2013 20:13:21 GMT;location=https://www.example.com;",
        );
        check(
            &mut decoder,
            "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
            ":status=200;cache-control=private;date=Mon, 21 Oct 2013 20:13:22 GMT;location=https://www.example.com;\
             content-encoding=gzip;set-cookie=foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1;",
        );
        assert_eq!(decoder.bytes(), 215);
    }

    #[test]
    fn joined_in_the_middle() {
        let mut decoder = Decoder::new();
        decoder.forget();
        check(&mut decoder, "82be", ":method=GET;?;");
        // A literal under an unknown name enters the table without it; the newest entries stay right.
        check(&mut decoder, "7f00013140016101628286be", "?;a=b;:method=GET;:scheme=http;a=b;");
        check(&mut decoder, "bebfc0", "a=b;?;?;");
        // Emptied, it is known again.
        check(&mut decoder, "20be", "broken");
    }

    #[test]
    fn hostile_blocks() {
        check(&mut Decoder::new(), "be", "broken");
        check(&mut Decoder::new(), "80", "broken");
        check(&mut Decoder::new(), "8200", ":method=GET;broken");
        check(&mut Decoder::new(), "ffffffffffffffff7f", "broken");
        check(&mut Decoder::new(), "410f777777", "broken");
        check(&mut Decoder::new(), "4184ffffffff", "broken");
    }

    #[test]
    fn what_reads_like_a_block() {
        assert!(is_plausible(&bytes("828684be58086e6f2d6361636865")));
        assert!(is_plausible(&bytes("8286844188")));
        assert!(!is_plausible(&bytes("bebfc0")));
        assert!(!is_plausible(b"GET / HTTP/1.1"));
        assert!(!is_plausible(&[0; 40]));
    }
}
