//! Reads the packets in a block of the ring (`linux/if_packet.h`, TPACKET_V3), and puts the VLAN tag back that the
//! kernel took out of the frame.

use super::Frame;

/// Link type of Ethernet frames, as registered for pcap.
const LINK_ETHERNET: u16 = 1;
/// Link type of bare IP packets.
const LINK_RAW: u16 = 101;
/// Hardware types (ARPHRD_*) whose frames have an Ethernet header.
const ETHER: u16 = 1;
const LOOPBACK: u16 = 772;
/// Bytes of `tpacket3_hdr`; the address of the sender's side follows.
const HEADER: usize = 48;
/// Bits of `tp_status`.
const VLAN_VALID: u32 = 1 << 4;
const VLAN_TPID_VALID: u32 = 1 << 6;
/// Where the destination and source address of an Ethernet frame end.
const ADDRESSES: usize = 12;

/// True when frames of this hardware type start with an Ethernet header.
pub(super) fn is_ethernet(hardware: u16) -> bool {
    matches!(hardware, ETHER | LOOPBACK)
}

/// True for the loopback interface, which shows every packet when it leaves and again when it arrives.
pub(super) fn is_loopback(hardware: u16) -> bool {
    hardware == LOOPBACK
}

/// Hands out the packets of a block; returns their number.
pub(super) fn read(block: &mut [u8], take: &mut impl FnMut(Frame<'_>)) -> u64 {
    let count = u32_at(block, 12).unwrap_or(0);
    let mut at = u32_at(block, 16).unwrap_or(0) as usize;
    let mut taken = 0;
    for _ in 0..count {
        let Some(header) = block.get_mut(at..) else { break };
        let next = u32_at(header, 0).unwrap_or(0) as usize;
        if let Some(frame) = frame(header) {
            take(frame);
            taken += 1;
        }
        if next == 0 {
            break;
        }
        at += next;
    }
    taken
}

fn frame(header: &mut [u8]) -> Option<Frame<'_>> {
    let (seconds, nanos) = (u32_at(header, 4)?, u32_at(header, 8)?);
    let (kept, original, status) = (u32_at(header, 12)? as usize, u32_at(header, 16)?, u32_at(header, 20)?);
    let (mac, net) = (usize::from(u16_at(header, 24)?), usize::from(u16_at(header, 26)?));
    let (tag, kind) = (u32_at(header, 32)? as u16, u16_at(header, 36)?);
    let hardware = u16_at(header, HEADER + 8)?;
    let ts_us = i64::from(seconds) * 1_000_000 + i64::from(nanos / 1_000);
    if !is_ethernet(hardware) {
        // Tunnels and the like: what stands before the IP packet differs, and nothing needs it.
        let data = header.get(net.max(mac)..mac + kept)?;
        return Some(Frame { ts_us, link: LINK_RAW, data, original });
    }
    if status & VLAN_VALID == 0 || kept < ADDRESSES {
        return Some(Frame { ts_us, link: LINK_ETHERNET, data: header.get(mac..mac + kept)?, original });
    }
    let kind = if status & VLAN_TPID_VALID != 0 && kind != 0 { kind } else { 0x8100 };
    // Four bytes before the frame are reserved: the addresses move there, the tag takes their last four.
    let from = mac.checked_sub(4).filter(|from| *from >= HEADER)?;
    let data = header.get_mut(from..mac + kept)?;
    data.copy_within(4..4 + ADDRESSES, 0);
    data[ADDRESSES..ADDRESSES + 2].copy_from_slice(&kind.to_be_bytes());
    data[ADDRESSES + 2..ADDRESSES + 4].copy_from_slice(&tag.to_be_bytes());
    Some(Frame { ts_us, link: LINK_ETHERNET, data, original: original + 4 })
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block with one packet.
    fn block(hardware: u16, status: u32, frame: &[u8]) -> Vec<u8> {
        let mac = 48 + 20 + 14_u16;
        let mut block = vec![0; 48];
        block[12..16].copy_from_slice(&1_u32.to_ne_bytes());
        block[16..20].copy_from_slice(&48_u32.to_ne_bytes());
        let mut header = vec![0; usize::from(mac)];
        let words = [0, 7, 8_999, frame.len() as u32, frame.len() as u32, status];
        for (word, at) in words.into_iter().zip((0..).step_by(4)) {
            header[at..at + 4].copy_from_slice(&word.to_ne_bytes());
        }
        header[24..26].copy_from_slice(&mac.to_ne_bytes());
        header[26..28].copy_from_slice(&(mac + if is_ethernet(hardware) { 14 } else { 4 }).to_ne_bytes());
        header[32..36].copy_from_slice(&42_u32.to_ne_bytes());
        header[36..38].copy_from_slice(&0x88a8_u16.to_ne_bytes());
        header[56..58].copy_from_slice(&hardware.to_ne_bytes());
        [block, header, frame.to_vec()].concat()
    }

    #[track_caller]
    fn check(hardware: u16, status: u32, frame: &[u8], expect: (u16, &[u8])) {
        let mut block = block(hardware, status, frame);
        let mut seen = Vec::new();
        read(&mut block, &mut |frame| seen.push((frame.ts_us, frame.link, frame.data.to_vec())));
        assert_eq!(seen, [(7_000_008, expect.0, expect.1.to_vec())]);
    }

    #[test]
    fn tags_come_back_and_other_links_are_raw() {
        let plain = b"ddddddssssss\x08\x00E...";
        check(ETHER, 1, plain, (1, plain));
        check(LOOPBACK, 1, plain, (1, plain));
        check(ETHER, 1 | VLAN_VALID, plain, (1, b"ddddddssssss\x81\x00\x00\x2a\x08\x00E..."));
        check(
            ETHER,
            1 | VLAN_VALID | VLAN_TPID_VALID,
            plain,
            (1, b"ddddddssssss\x88\xa8\x00\x2a\x08\x00E..."),
        );
        check(0xfffe, 1, b"1234E...", (101, b"E..."));
    }

    #[test]
    fn a_block_that_lies_about_itself_is_left() {
        let whole = block(ETHER, 1 | VLAN_VALID, b"ddddddssssss\x08\x00E...");
        for cut in 0..whole.len() {
            read(&mut whole[..cut].to_vec(), &mut |_| {});
        }
        let mut wild = whole.clone();
        wild[48 + 24..48 + 28].fill(0xff);
        assert_eq!(read(&mut wild, &mut |_| {}), 0);
    }
}
