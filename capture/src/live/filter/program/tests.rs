//! Runs programs on packets, as the kernel does.

use super::*;
use crate::live::Filter;

/// Runs a program as the kernel does; `None` where it would refuse or leave the packet.
fn run(program: &[Instruction], frame: &[u8]) -> u32 {
    let (mut a, mut x, mut at) = (0_u32, 0_u32, 0_usize);
    let bytes = |from: u32, len: usize| -> Option<u32> {
        let bytes = frame.get(from as usize..from as usize + len)?;
        Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
    };
    loop {
        let step = program[at];
        at += 1;
        let loaded = match (step.code, step.k) {
            (LD_W, PROTOCOL) => bytes(12, 2),
            (LD_W, PKTTYPE) => Some(0),
            (LD_B, VLAN_PRESENT) => Some(0),
            (LD_W, k) => bytes(k, 4),
            (LD_H, k) => bytes(k, 2),
            (LD_B, k) => bytes(k, 1),
            (LD_H_IND, k) => bytes(k + x, 2),
            (LD_LEN, _) => Some(frame.len() as u32),
            (LDX_MSH, k) => {
                x = 4 * (bytes(k, 1).unwrap_or(0) & 15);
                Some(a)
            }
            _ => Some(a),
        };
        let Some(loaded) = loaded else { return 0 };
        a = loaded;
        let holds = match step.code {
            AND => {
                a &= step.k;
                continue;
            }
            JA => {
                at += step.k as usize;
                continue;
            }
            RET => return step.k,
            JEQ => a == step.k,
            JGT => a > step.k,
            JGE => a >= step.k,
            JSET => a & step.k != 0,
            _ => continue,
        };
        at += usize::from(if holds { step.jt } else { step.jf });
    }
}

fn v4(protocol: u8, src: [u8; 4], dst: [u8; 4], ports: (u16, u16)) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([8, 0, 0x46, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0]);
    frame.extend(src.into_iter().chain(dst).chain([1, 1, 1, 1]));
    frame.extend(ports.0.to_be_bytes().into_iter().chain(ports.1.to_be_bytes()));
    frame
}

fn v6(dst: u8, ports: (u16, u16)) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 6, 64]);
    frame.extend([0xfd, 0].into_iter().chain([0; 13]).chain([1]));
    frame.extend([0xfd, 0].into_iter().chain([0; 13]).chain([dst]));
    frame.extend(ports.0.to_be_bytes().into_iter().chain(ports.1.to_be_bytes()));
    frame
}

#[track_caller]
fn check(text: &str, expect: &str) {
    let frames = [
        v4(6, [10, 0, 0, 1], [10, 2, 0, 9], (40_000, 80)),
        v4(17, [10, 2, 0, 9], [10, 0, 0, 1], (53, 50_000)),
        v6(7, (443, 40_001)),
        [vec![0; 12], vec![0x81, 0, 0, 5, 8, 6]].concat(),
        [vec![0; 12], vec![8, 6, 1]].concat(),
    ];
    let filter = Filter::parse(text).expect("a filter");
    let program = Filter::program(filter.as_ref(), Link::Ethernet, 9).expect("short");
    let found: String =
        frames.iter().map(|frame| if run(&program, frame) == 9 { 'y' } else { '-' }).collect();
    assert_eq!(found, expect, "{text}");
}

#[test]
fn packets_are_told_apart() {
    check("", "yyyyy");
    check("tcp", "y-y--");
    check("ip", "yy---");
    check("ip6", "--y--");
    check("udp port 53", "-y---");
    check("tcp port 53", "-----");
    check("port 80 or 443", "y-y--");
    check("src port 443", "--y--");
    check("dst port 443", "-----");
    check("portrange 40000-40001", "y-y--");
    check("host 10.0.0.1", "yy---");
    check("src host 10.0.0.1", "y----");
    check("src or dst net 10.2.0.0/16", "yy---");
    check("src and dst net 10", "yy---");
    check("src and dst host 10.0.0.1", "-----");
    check("ip6 net fd00::/16 and dst fd00::7", "--y--");
    check("not tcp", "-y-yy");
    check("not (tcp or udp)", "---yy");
    check("vlan", "---y-");
    check("vlan 5", "---y-");
    check("vlan 6", "-----");
    check("arp", "----y");
    check("tcp and not host 10.0.0.1 or port 53", "-yy--");
    check("greater 40", "yyy--");
    check("less 20", "---yy");
    check("net 0.0.0.0/0", "yy---");
}

#[test]
fn long_filters_work_and_too_long_ones_are_refused() {
    let hosts: Vec<String> = (1..60).map(|n| format!("host 10.9.9.{n}")).collect();
    check(&format!("{} or tcp", hosts.join(" or ")), "y-y--");
    let many: Vec<String> = (0..2_000).map(|n| format!("host {n}.1.1.1", n = n % 200)).collect();
    assert!(Filter::parse(&many.join(" or ")).is_err());
}

#[test]
fn what_leaves_through_loopback_is_left_out() {
    let program = Filter::program(None, Link::Loopback, 9).expect("short");
    assert_eq!(program[0], step(LD_W, PKTTYPE));
    assert_eq!(run(&program, &v4(6, [10, 0, 0, 1], [10, 0, 0, 2], (1, 2))), 9);
}
