//! Capture filters in the language of tcpdump (pcap-filter(7)), the part that is in common use: hosts, networks,
//! ports, protocols, VLAN tags, lengths, joined with `and`, `or`, `not` and parentheses. The kernel runs them.
//!
//! As there, `and` and `or` bind alike, from the left, and a bare value takes the words of the one before it
//! (`port 80 or 443`). Addresses are numbers; nothing is looked up. A filter sees the outer packet of a tunnel.

mod parse;
mod program;

pub(crate) use program::{Link, NOTHING};

use std::net::IpAddr;

use super::Instruction;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Expr);

/// Where and why a filter was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} (at character {at})")]
pub struct FilterError {
    /// What is wrong, in words.
    pub what: String,
    /// Character, counted from 1.
    pub at: usize,
}

impl Filter {
    /// Reads a filter; nothing but blanks is no filter.
    ///
    /// # Errors
    /// The text is not of the language, or uses a part of it that is not supported.
    pub fn parse(text: &str) -> Result<Option<Self>, FilterError> {
        let expr = parse::parse(text)?;
        if let Some(expr) = &expr {
            // Too long for the kernel is best said now.
            program::compile(Some(expr), Link::Ethernet, u32::MAX)?;
        }
        Ok(expr.map(Self))
    }

    /// The program for a link; without a filter it takes everything.
    pub(crate) fn program(
        filter: Option<&Self>,
        link: Link,
        snaplen: u32,
    ) -> Result<Vec<Instruction>, FilterError> {
        program::compile(filter.map(|filter| &filter.0), link, snaplen)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expr {
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Test(Test),
}

/// Which side an address or port is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Side {
    Src,
    Dst,
    #[default]
    Either,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    /// An EtherType.
    Ether(u16),
    /// A transport protocol over IPv4 (first) or IPv6 (second).
    Ip { v4: Option<u8>, v6: Option<u8> },
    /// An address within a network of so many bits.
    Net(Side, IpAddr, u8),
    /// A port in a range, of these transports.
    Port(Side, Transport, u16, u16),
    /// An 802.1Q or 802.1ad tag, the outermost.
    Vlan(Option<u16>),
    /// At least so many bytes.
    AtLeast(u32),
    /// At most so many bytes.
    AtMost(u32),
}

/// Transports that have ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Any,
    One(u8),
}

impl Transport {
    fn numbers(self) -> &'static [u8] {
        match self {
            // SCTP, TCP, UDP.
            Self::Any => &[132, 6, 17],
            Self::One(132) => &[132],
            Self::One(17) => &[17],
            Self::One(_) => &[6],
        }
    }
}
