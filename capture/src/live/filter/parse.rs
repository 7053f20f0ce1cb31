//! Reads the text of a filter.

use std::net::IpAddr;

use super::{Expr, FilterError, Side, Test, Transport};
use crate::limits::{FILTER_BYTES_MAX, FILTER_DEPTH_MAX};

/// Ports that may be written as names.
const PORTS: [(&str, u16); 7] = [
    ("http", 80),
    ("https", 443),
    ("http-alt", 8080),
    ("domain", 53),
    ("ssh", 22),
    ("mysql", 3306),
    ("postgresql", 5432),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word<'a> {
    text: &'a str,
    /// Character, from 1.
    at: usize,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Host,
    Net,
    Port,
    PortRange,
}

/// The words before a value.
#[derive(Debug, Clone, Copy)]
struct Qualifiers {
    proto: Option<Proto>,
    side: Side,
    value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proto {
    Ip,
    Ip6,
    Transport(u8),
}

struct Parser<'a> {
    words: Vec<Word<'a>>,
    at: usize,
    end: usize,
    depth: usize,
    last: Option<Qualifiers>,
}

pub(super) fn parse(text: &str) -> Result<Option<Expr>, FilterError> {
    if text.len() > FILTER_BYTES_MAX {
        return Err(FilterError { what: format!("longer than {FILTER_BYTES_MAX} bytes"), at: 1 });
    }
    let end = text.chars().count() + 1;
    let mut parser = Parser { words: words(text), at: 0, end, depth: 0, last: None };
    if parser.words.is_empty() {
        return Ok(None);
    }
    let expr = parser.expression()?;
    match parser.words.get(parser.at) {
        None => Ok(Some(expr)),
        Some(word) => Err(parser.error(format!("\"{}\" is not expected here", word.text), word.at)),
    }
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = text.char_indices().enumerate().peekable();
    while let Some((number, (from, c))) = rest.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut to = from + c.len_utf8();
        let pair = matches!(c, '&' | '|');
        if !matches!(c, '(' | ')' | '!') {
            while let Some((_, (at, next))) = rest.peek().copied() {
                let ends = next.is_whitespace() || "()!&|".contains(next);
                if if pair { next != c || to > from + 1 } else { ends } {
                    break;
                }
                to = at + next.len_utf8();
                rest.next();
            }
        }
        words.push(Word { text: &text[from..to], at: number + 1 });
    }
    words
}

impl<'a> Parser<'a> {
    fn error(&self, what: impl Into<String>, at: usize) -> FilterError {
        FilterError { what: what.into(), at }
    }

    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).map(|word| word.text)
    }

    fn here(&self) -> usize {
        self.words.get(self.at).map_or(self.end, |word| word.at)
    }

    fn accept(&mut self, texts: &[&str]) -> bool {
        let found = self.peek().is_some_and(|word| texts.contains(&word));
        self.at += usize::from(found);
        found
    }

    fn expression(&mut self) -> Result<Expr, FilterError> {
        let mut left = self.term()?;
        loop {
            if self.accept(&["and", "&&"]) {
                left = Expr::And(Box::new(left), Box::new(self.term()?));
            } else if self.accept(&["or", "||"]) {
                left = Expr::Or(Box::new(left), Box::new(self.term()?));
            } else {
                return Ok(left);
            }
        }
    }

    fn term(&mut self) -> Result<Expr, FilterError> {
        self.depth += 1;
        if self.depth > FILTER_DEPTH_MAX {
            return Err(self.error("nested too deeply", self.here()));
        }
        let expr = if self.accept(&["not", "!"]) {
            Expr::Not(Box::new(self.term()?))
        } else if self.accept(&["("]) {
            let inner = self.expression()?;
            if !self.accept(&[")"]) {
                return Err(self.error("a closing parenthesis is missing", self.here()));
            }
            inner
        } else {
            self.primitive()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn primitive(&mut self) -> Result<Expr, FilterError> {
        let start = self.here();
        let Some(first) = self.peek() else {
            return Err(self.error("something is missing at the end", start));
        };
        match first {
            "vlan" => {
                self.at += 1;
                let id = self.peek().and_then(|word| word.parse::<u16>().ok());
                self.at += usize::from(id.is_some());
                return match id {
                    Some(4096..) => Err(self.error("a VLAN has a number up to 4095", start)),
                    id => Ok(Expr::Test(Test::Vlan(id))),
                };
            }
            "greater" | "less" => {
                self.at += 1;
                let len = self.number::<u32>("a length")?;
                return Ok(Expr::Test(if first == "greater" {
                    Test::AtLeast(len)
                } else {
                    Test::AtMost(len)
                }));
            }
            _ => {}
        }
        let proto = self.protocol()?;
        let side = self.side()?;
        let value = self.kind_of_value();
        if let (Some((_, test)), None, None) = (proto, side, value) {
            self.last = None;
            return Ok(Expr::Test(test));
        }
        let is_address = first.split('/').next().is_some_and(|text| text.parse::<IpAddr>().is_ok());
        let host = Qualifiers { proto: None, side: Side::Either, value: Value::Host };
        let qualifiers = match (self.last, side, value) {
            (Some(last), None, None) => last,
            (None, None, None) if is_address => host,
            (None, None, None) => {
                return Err(self.error(format!("\"{first}\" is not known in filters"), start));
            }
            // `src 10.0.0.1` means a host.
            _ => Qualifiers {
                proto: proto.and_then(|(proto, _)| proto),
                side: side.unwrap_or_default(),
                value: value.unwrap_or(Value::Host),
            },
        };
        self.last = Some(qualifiers);
        self.value(qualifiers)
    }

    fn kind_of_value(&mut self) -> Option<Value> {
        let value = match self.peek()? {
            "host" => Value::Host,
            "net" => Value::Net,
            "port" => Value::Port,
            "portrange" => Value::PortRange,
            _ => return None,
        };
        self.at += 1;
        Some(value)
    }

    /// A protocol in front, with its meaning when it stands alone.
    fn protocol(&mut self) -> Result<Option<(Option<Proto>, Test)>, FilterError> {
        let transport =
            |number: u8| (Some(Proto::Transport(number)), Test::Ip { v4: Some(number), v6: Some(number) });
        let found = match self.peek() {
            Some("tcp") => transport(6),
            Some("udp") => transport(17),
            Some("sctp") => transport(132),
            Some("ip") => (Some(Proto::Ip), Test::Ether(0x0800)),
            Some("ip6") => (Some(Proto::Ip6), Test::Ether(0x86dd)),
            Some("arp") => (None, Test::Ether(0x0806)),
            Some("icmp") => (None, Test::Ip { v4: Some(1), v6: None }),
            Some("icmp6") => (None, Test::Ip { v4: None, v6: Some(58) }),
            Some("gre") => (None, Test::Ip { v4: Some(47), v6: Some(47) }),
            Some(word) if word.contains('[') => {
                return Err(self.error("bytes of packets (\"tcp[13]\") are not supported", self.here()));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        if let Some(word) = self.peek().filter(|word| word.starts_with('[')) {
            return Err(self.error(format!("bytes of packets (\"{word}\") are not supported"), self.here()));
        }
        Ok(Some(found))
    }

    fn side(&mut self) -> Result<Option<Side>, FilterError> {
        let one = match self.peek() {
            Some("src") => Side::Src,
            Some("dst") => Side::Dst,
            _ => return Ok(None),
        };
        self.at += 1;
        let joined = self.words.get(self.at + 1).map(|word| word.text);
        let other = if one == Side::Src { "dst" } else { "src" };
        if joined == Some(other) {
            let side = match self.peek() {
                Some("or" | "||") => Side::Either,
                Some("and" | "&&") => Side::Both,
                _ => return Ok(Some(one)),
            };
            self.at += 2;
            return Ok(Some(side));
        }
        Ok(Some(one))
    }

    fn word(&mut self, what: &str) -> Result<Word<'a>, FilterError> {
        let word = self.words.get(self.at).copied();
        self.at += 1;
        word.ok_or_else(|| self.error(format!("{what} is missing"), self.end))
    }

    fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, FilterError> {
        let word = self.word(what)?;
        word.text.parse().map_err(|_| self.error(format!("\"{}\" is not {what}", word.text), word.at))
    }

    fn value(&mut self, qualifiers: Qualifiers) -> Result<Expr, FilterError> {
        let test = match qualifiers.value {
            Value::Host | Value::Net => self.address(qualifiers)?,
            Value::Port | Value::PortRange => self.ports(qualifiers)?,
        };
        let guard = match qualifiers.proto {
            Some(Proto::Ip) => Test::Ether(0x0800),
            Some(Proto::Ip6) => Test::Ether(0x86dd),
            // Ports name their transport themselves.
            Some(Proto::Transport(number)) if matches!(test, Test::Net(..)) => {
                Test::Ip { v4: Some(number), v6: Some(number) }
            }
            _ => return Ok(Expr::Test(test)),
        };
        Ok(Expr::And(Box::new(Expr::Test(guard)), Box::new(Expr::Test(test))))
    }

    fn address(&mut self, qualifiers: Qualifiers) -> Result<Test, FilterError> {
        let word = self.word("an address")?;
        let bad = |what: &str| FilterError { what: format!("\"{}\" {what}", word.text), at: word.at };
        let (text, bits) = match word.text.split_once('/') {
            Some((text, bits)) => (text, Some(bits.parse::<u8>().map_err(|_| bad("is no network"))?)),
            None => (word.text, None),
        };
        let (address, implied) = read_address(text, qualifiers.value == Value::Net)
            .ok_or_else(|| bad("is no IP address (names are not looked up)"))?;
        let max = if address.is_ipv4() { 32 } else { 128 };
        let mut bits = bits.unwrap_or(implied);
        if qualifiers.value == Value::Net && self.accept(&["mask"]) {
            let mask = self.word("a mask")?;
            bits = mask
                .text
                .parse::<std::net::Ipv4Addr>()
                .ok()
                .map(std::net::Ipv4Addr::to_bits)
                .filter(|mask| mask.leading_ones() + mask.trailing_zeros() == 32)
                .map(|mask| mask.leading_ones() as u8)
                .ok_or_else(|| bad("has no mask of leading ones"))?;
        }
        if bits > max {
            return Err(bad("has more bits than an address"));
        }
        Ok(Test::Net(qualifiers.side, address, bits))
    }

    fn ports(&mut self, qualifiers: Qualifiers) -> Result<Test, FilterError> {
        let word = self.word("a port")?;
        let bad = || FilterError { what: format!("\"{}\" is no port", word.text), at: word.at };
        let (low, high) = match word.text.split_once('-') {
            Some((low, high)) if qualifiers.value == Value::PortRange => {
                (port(low).ok_or_else(bad)?, port(high).ok_or_else(bad)?)
            }
            _ => (port(word.text).ok_or_else(bad)?, port(word.text).ok_or_else(bad)?),
        };
        let transport = match qualifiers.proto {
            Some(Proto::Transport(number)) => Transport::One(number),
            _ => Transport::Any,
        };
        Ok(Test::Port(qualifiers.side, transport, low.min(high), low.max(high)))
    }
}

/// An address and how many of its bits count; a network may leave trailing parts out (`10.1` is 10.1.0.0/16).
fn read_address(text: &str, is_net: bool) -> Option<(IpAddr, u8)> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some((address, if address.is_ipv4() { 32 } else { 128 }));
    }
    if !is_net || text.is_empty() {
        return None;
    }
    let parts: Vec<u8> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let mut bytes = [0; 4];
    bytes.get_mut(..parts.len())?.copy_from_slice(&parts);
    Some((IpAddr::from(bytes), 8 * parts.len() as u8))
}

fn port(text: &str) -> Option<u16> {
    let named = PORTS.iter().find(|(name, _)| *name == text).map(|(_, port)| *port);
    named.or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let found = match parse(text) {
            Ok(_) => "fine".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn what_is_understood_and_what_is_said_otherwise() {
        for text in [
            "",
            "tcp",
            "tcp port 80 or 443",
            "not (host 10.0.0.1 or net 10.2.0.0/16)",
            "src or dst port http",
            "tcp src portrange 8000-8080 and dst net 10.1",
            "vlan 5 and ip6 host fd00::1",
            "vlan && !arp",
            "src 10.0.0.1||dst 10.0.0.2",
            "10.0.0.1",
            "fd00::1",
            "greater 100 and less 1500",
            "net 10.0.0.0 mask 255.255.0.0",
            "udp and port 53",
        ] {
            check(text, "fine");
        }
        check("tcp port", "a port is missing (at character 9)");
        check("tcp port eighty", "\"eighty\" is no port (at character 10)");
        check("port 80 port 81", "\"port\" is not expected here (at character 9)");
        check("(tcp", "a closing parenthesis is missing (at character 5)");
        check(
            "host shop.example.com",
            "\"shop.example.com\" is no IP address (names are not looked up) (at character 6)",
        );
        check("tcp[13] & 2 != 0", "bytes of packets (\"tcp[13]\") are not supported (at character 1)");
        check("pigeon", "\"pigeon\" is not known in filters (at character 1)");
        check("tcp and", "something is missing at the end (at character 8)");
        check("net 10.0.0.0/40", "\"10.0.0.0/40\" has more bits than an address (at character 5)");
        check("vlan 5000", "a VLAN has a number up to 4095 (at character 1)");
        check(&"not ".repeat(100), "nested too deeply (at character 257)");
    }
}
