//! A share of the connections of a capture: several decoders read the same packets, each follows its own share.
//! Both directions of a connection fall into the same one. Threads are the caller's business.

use std::net::IpAddr;

/// Which connections a decoder follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// All connections.
    pub const ALL: Self = Self { index: 0, count: 1 };

    /// Share number `index` of `count`, from 0; `None` when there is no such share.
    #[must_use]
    pub const fn new(index: u32, count: u32) -> Option<Self> {
        if index < count { Some(Self { index, count }) } else { None }
    }

    /// How many shares there are.
    pub(crate) const fn count(self) -> u32 {
        self.count
    }

    /// True for the share that also counts what belongs to no connection.
    pub(crate) const fn is_first(self) -> bool {
        self.index == 0
    }

    /// True when the connection between these ends is in this share, whichever of them sends.
    pub(crate) fn owns(self, a: (IpAddr, u16), b: (IpAddr, u16)) -> bool {
        if self.count == 1 {
            return true;
        }
        // A sum is the same for both directions; the multiplication (Fibonacci hashing) spreads neighbours.
        let hash = word(a).wrapping_add(word(b)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (hash >> 32) % u64::from(self.count) == u64::from(self.index)
    }
}

fn word((ip, port): (IpAddr, u16)) -> u64 {
    let ip = match ip {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64 ^ ip.to_bits() as u64,
    };
    (ip << 16 ^ u64::from(port)).wrapping_mul(0xff51_afd7_ed55_8ccd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_fall_into_one_share_and_shares_are_even() {
        let mut sizes = [0_u32; 3];
        for port in 1..3_000 {
            let ends = ((IpAddr::from([10, 0, 0, 1]), port), (IpAddr::from([10, 0, 0, 2]), 80));
            let owners: Vec<u32> = (0..3)
                .filter(|index| Shard::new(*index, 3).is_some_and(|shard| shard.owns(ends.0, ends.1)))
                .collect();
            let back: Vec<u32> = (0..3)
                .filter(|index| Shard::new(*index, 3).is_some_and(|shard| shard.owns(ends.1, ends.0)))
                .collect();
            assert_eq!((owners.len(), &owners), (1, &back));
            sizes[owners[0] as usize] += 1;
        }
        assert!(sizes.iter().all(|size| *size > 900), "{sizes:?}");
        assert_eq!(Shard::new(3, 3), None);
    }
}
