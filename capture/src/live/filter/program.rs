//! Compiles a filter to instructions of the classic BPF machine. Every test becomes loads and one jump to the place
//! for yes and the place for no; places are filled in once they are known. Jumps only go forward.

use std::net::IpAddr;

use super::super::Instruction;
use super::{Expr, FilterError, Side, Test, Transport};
use crate::limits::FILTER_STEPS_MAX;

const LD_W: u16 = 0x20;
const LD_H: u16 = 0x28;
const LD_B: u16 = 0x30;
const LD_H_IND: u16 = 0x48;
const LD_LEN: u16 = 0x80;
const LDX_MSH: u16 = 0xb1;
const AND: u16 = 0x54;
const JA: u16 = 0x05;
const JEQ: u16 = 0x15;
const JGT: u16 = 0x25;
const JGE: u16 = 0x35;
const JSET: u16 = 0x45;
const RET: u16 = 0x06;

/// Offsets that ask the kernel about the packet (`linux/filter.h`, SKF_AD_*).
const ANCILLARY: u32 = -0x1000_i32 as u32;
const PROTOCOL: u32 = ANCILLARY;
const PKTTYPE: u32 = ANCILLARY + 4;
const VLAN_TAG: u32 = ANCILLARY + 44;
const VLAN_PRESENT: u32 = ANCILLARY + 48;
/// Offsets from here on count from the IP header, whatever stands before it (SKF_NET_OFF).
const NETWORK: u32 = -0x0010_0000_i32 as u32;
/// PACKET_OUTGOING.
const OUTGOING: u32 = 4;
/// Offset of the IP header behind an Ethernet header.
const BEHIND_ETHERNET: u32 = 14;

const fn step(code: u16, k: u32) -> Instruction {
    Instruction { code, jt: 0, jf: 0, k }
}

/// Takes no packet.
pub(crate) const NOTHING: [Instruction; 1] = [step(RET, 0)];

/// What the packets of a socket look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Ethernet,
    /// Ethernet, each packet shown twice: when it leaves, which is left out, and when it arrives.
    Loopback,
    /// Anything, several kinds mixed.
    Any,
}

/// A place that is jumped to before it is known.
#[derive(Debug, Clone, Copy)]
struct Place(usize);

struct Compiler {
    steps: Vec<Instruction>,
    places: Vec<Option<usize>>,
    /// Jumps whose target is the place of that number.
    jumps: Vec<(usize, Place)>,
    network: u32,
}

pub(super) fn compile(
    expr: Option<&Expr>,
    link: Link,
    snaplen: u32,
) -> Result<Vec<Instruction>, FilterError> {
    let network = if link == Link::Any { NETWORK } else { BEHIND_ETHERNET };
    let mut compiler = Compiler { steps: Vec::new(), places: Vec::new(), jumps: Vec::new(), network };
    let (yes, no) = (compiler.place(), compiler.place());
    if link == Link::Loopback {
        compiler.steps.push(step(LD_W, PKTTYPE));
        let rest = compiler.place();
        compiler.branch(JEQ, OUTGOING, no, rest);
        compiler.here(rest);
    }
    if let Some(expr) = expr {
        compiler.expr(expr, yes, no);
    } else {
        compiler.jump(yes);
    }
    compiler.here(yes);
    compiler.steps.push(step(RET, snaplen));
    compiler.here(no);
    compiler.steps.push(step(RET, 0));
    compiler.finish()
}

impl Compiler {
    fn place(&mut self) -> Place {
        self.places.push(None);
        Place(self.places.len() - 1)
    }

    fn here(&mut self, place: Place) {
        self.places[place.0] = Some(self.steps.len());
    }

    fn jump(&mut self, to: Place) {
        self.jumps.push((self.steps.len(), to));
        self.steps.push(step(JA, 0));
    }

    /// Conditional jumps reach 255 steps, unconditional ones everywhere: so both ways go over one of those.
    fn branch(&mut self, code: u16, k: u32, yes: Place, no: Place) {
        self.steps.push(Instruction { code, jt: 0, jf: 1, k });
        self.jump(yes);
        self.jump(no);
    }

    fn finish(mut self) -> Result<Vec<Instruction>, FilterError> {
        if self.steps.len() > FILTER_STEPS_MAX {
            return Err(FilterError { what: "too long for the kernel".to_owned(), at: 1 });
        }
        for (at, place) in self.jumps {
            let target = self.places[place.0].unwrap_or(self.steps.len() - 1);
            self.steps[at].k = (target - at - 1) as u32;
        }
        Ok(self.steps)
    }

    fn expr(&mut self, expr: &Expr, yes: Place, no: Place) {
        match expr {
            Expr::Not(inner) => self.expr(inner, no, yes),
            Expr::And(left, right) => {
                let more = self.place();
                self.expr(left, more, no);
                self.here(more);
                self.expr(right, yes, no);
            }
            Expr::Or(left, right) => {
                let more = self.place();
                self.expr(left, yes, more);
                self.here(more);
                self.expr(right, yes, no);
            }
            Expr::Test(test) => self.test(*test, yes, no),
        }
    }

    fn test(&mut self, test: Test, yes: Place, no: Place) {
        match test {
            Test::Ether(kind) => self.ethertype(kind, yes, no),
            Test::Ip { v4, v6 } => self.transport(v4, v6, yes, no),
            Test::Net(side, IpAddr::V4(address), bits) => {
                let words = [address.to_bits()];
                self.ether_then(0x0800, no);
                self.addresses(side, (12, 16), (&words, bits), (yes, no));
            }
            Test::Net(side, IpAddr::V6(address), bits) => {
                let all = address.to_bits();
                let words = [(all >> 96) as u32, (all >> 64) as u32, (all >> 32) as u32, all as u32];
                self.ether_then(0x86dd, no);
                self.addresses(side, (8, 24), (&words, bits), (yes, no));
            }
            Test::Port(side, transport, low, high) => self.port(side, transport, (low, high), (yes, no)),
            Test::Vlan(id) => self.vlan(id, yes, no),
            Test::AtLeast(len) => {
                self.steps.push(step(LD_LEN, 0));
                self.branch(JGE, len, yes, no);
            }
            Test::AtMost(len) => {
                self.steps.push(step(LD_LEN, 0));
                self.branch(JGT, len, no, yes);
            }
        }
    }

    fn ethertype(&mut self, kind: u16, yes: Place, no: Place) {
        self.steps.push(step(LD_W, PROTOCOL));
        self.branch(JEQ, u32::from(kind), yes, no);
    }

    fn ether_then(&mut self, kind: u16, no: Place) {
        let more = self.place();
        self.ethertype(kind, more, no);
        self.here(more);
    }

    fn load(&mut self, code: u16, at: u32) {
        self.steps.push(step(code, self.network.wrapping_add(at)));
    }

    fn transport(&mut self, v4: Option<u8>, v6: Option<u8>, yes: Place, no: Place) {
        for (kind, at, number) in [(0x0800, 9, v4), (0x86dd, 6, v6)] {
            let Some(number) = number else { continue };
            let other = self.place();
            self.ether_then(kind, other);
            self.load(LD_B, at);
            self.branch(JEQ, u32::from(number), yes, no);
            self.here(other);
        }
        self.jump(no);
    }

    /// `at`: offsets of source and destination. `net`: the words of the address and how many bits count.
    fn addresses(&mut self, side: Side, at: (u32, u32), net: (&[u32], u8), (yes, no): (Place, Place)) {
        match side {
            Side::Src => self.address(at.0, net, yes, no),
            Side::Dst => self.address(at.1, net, yes, no),
            Side::Either => {
                let more = self.place();
                self.address(at.0, net, yes, more);
                self.here(more);
                self.address(at.1, net, yes, no);
            }
            Side::Both => {
                let more = self.place();
                self.address(at.0, net, more, no);
                self.here(more);
                self.address(at.1, net, yes, no);
            }
        }
    }

    fn address(&mut self, at: u32, (words, bits): (&[u32], u8), yes: Place, no: Place) {
        let mut left = u32::from(bits);
        for (word, at) in words.iter().zip((at..).step_by(4)) {
            if left == 0 {
                break;
            }
            let mask = u32::MAX << (32 - left.min(32));
            self.load(LD_W, at);
            if mask != u32::MAX {
                self.steps.push(step(AND, mask));
            }
            let more = self.place();
            self.branch(JEQ, word & mask, more, no);
            self.here(more);
            left -= left.min(32);
        }
        self.jump(yes);
    }

    fn port(&mut self, side: Side, transport: Transport, range: (u16, u16), (yes, no): (Place, Place)) {
        let v6 = self.place();
        self.ether_then(0x0800, v6);
        self.load(LD_B, 9);
        self.one_of(transport, no);
        // Only the first fragment has ports.
        self.load(LD_H, 6);
        let first = self.place();
        self.branch(JSET, 0x1fff, no, first);
        self.here(first);
        self.steps.push(step(LDX_MSH, self.network));
        self.both_ports(side, (LD_H_IND, 0), range, (yes, no));
        self.here(v6);
        self.ether_then(0x86dd, no);
        self.load(LD_B, 6);
        self.one_of(transport, no);
        self.both_ports(side, (LD_H, 40), range, (yes, no));
    }

    /// Goes on when the number loaded is one of the transports.
    fn one_of(&mut self, transport: Transport, no: Place) {
        let found = self.place();
        for number in transport.numbers() {
            let other = self.place();
            self.branch(JEQ, u32::from(*number), found, other);
            self.here(other);
        }
        self.jump(no);
        self.here(found);
    }

    fn both_ports(
        &mut self,
        side: Side,
        (code, at): (u16, u32),
        range: (u16, u16),
        (yes, no): (Place, Place),
    ) {
        let more = self.place();
        match side {
            Side::Src => return self.one_port((code, at), range, yes, no),
            Side::Dst => return self.one_port((code, at + 2), range, yes, no),
            Side::Either => self.one_port((code, at), range, yes, more),
            Side::Both => self.one_port((code, at), range, more, no),
        }
        self.here(more);
        self.one_port((code, at + 2), range, yes, no);
    }

    fn one_port(&mut self, (code, at): (u16, u32), (low, high): (u16, u16), yes: Place, no: Place) {
        self.load(code, at);
        let more = self.place();
        self.branch(JGE, u32::from(low), more, no);
        self.here(more);
        self.branch(JGT, u32::from(high), no, yes);
    }

    /// The tag is beside the packet when the kernel took it out, in front of the rest otherwise.
    fn vlan(&mut self, id: Option<u16>, yes: Place, no: Place) {
        let (inside, found) = (self.place(), self.place());
        self.steps.push(step(LD_B, VLAN_PRESENT));
        self.branch(JEQ, 0, inside, found);
        self.here(found);
        match id {
            None => self.jump(yes),
            Some(id) => {
                self.steps.push(step(LD_H, VLAN_TAG));
                self.steps.push(step(AND, 0x0fff));
                self.branch(JEQ, u32::from(id), yes, no);
            }
        }
        self.here(inside);
        let tagged = self.place();
        for kind in [0x8100, 0x88a8] {
            let other = self.place();
            self.ethertype(kind, tagged, other);
            self.here(other);
        }
        self.jump(no);
        self.here(tagged);
        match id {
            None => self.jump(yes),
            Some(id) => {
                self.load(LD_H, 0);
                self.steps.push(step(AND, 0x0fff));
                self.branch(JEQ, u32::from(id), yes, no);
            }
        }
    }
}

#[cfg(test)]
mod tests;
