//! Writes HTTP/2: frames and header blocks with a table of their own, so that tests can tell what a reader that
//! lost some of them may still know.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::VecDeque;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const CONTINUATION: u8 = 9;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;
pub const PADDED: u8 = 8;

/// A frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Fields of the static table.
const STATIC: [(&str, &str, u8); 4] = [
    (":method", "GET", 0x82),
    (":method", "POST", 0x83),
    (":scheme", "http", 0x86),
    (":status", "200", 0x88),
];

/// An encoder of header blocks with the dynamic table of its direction.
#[derive(Debug, Default)]
pub struct Encoder {
    table: VecDeque<(String, String)>,
}

fn integer(first: u8, prefix: u8, value: usize, out: &mut Vec<u8>) {
    let mask = (1 << prefix) - 1;
    if value < mask {
        out.push(first | value as u8);
        return;
    }
    out.push(first | mask as u8);
    let mut rest = value - mask;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn string(text: &str, out: &mut Vec<u8>) {
    integer(0, 7, text.len(), out);
    out.extend(text.as_bytes());
}

impl Encoder {
    /// A block; fields enter the table, fields that are in it are one index.
    pub fn block(&mut self, fields: &[(&str, &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, value) in fields {
            let fixed = STATIC.iter().find(|entry| (entry.0, entry.1) == (*name, *value));
            if let Some((_, _, index)) = fixed {
                out.push(*index);
                continue;
            }
            let place = self.table.iter().position(|(n, v)| n == name && v == value);
            if let Some(place) = place {
                integer(0x80, 7, 62 + place, &mut out);
                continue;
            }
            match self.table.iter().position(|(n, _)| n == name) {
                Some(place) => integer(0x40, 6, 62 + place, &mut out),
                None => match *name {
                    ":authority" => out.push(0x41),
                    ":path" => out.push(0x44),
                    ":status" => out.push(0x48),
                    _ => {
                        out.push(0x40);
                        string(name, &mut out);
                    }
                },
            }
            string(value, &mut out);
            self.table.push_front(((*name).to_owned(), (*value).to_owned()));
            let size = |entry: &(String, String)| entry.0.len() + entry.1.len() + 32;
            while self.table.iter().map(size).sum::<usize>() > 4_096 {
                self.table.pop_back();
            }
        }
        out
    }
}
