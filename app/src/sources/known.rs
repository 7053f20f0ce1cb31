//! What is known of the traffic of an interface before it is read: key logs, RSA keys of servers, descriptors of
//! protobuf messages. Read while the process may still read every file.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use decode::{Descriptors, Keys};

use crate::descriptors::descriptors;
use crate::tls::add_rsa_keys;

/// What is known of the traffic of an interface beforehand.
pub(crate) struct Known {
    /// Followed while they grow; they need not exist yet.
    pub key_logs: Vec<PathBuf>,
    keys: Keys,
    descriptors: Option<Arc<Descriptors>>,
}

impl Known {
    /// Reads RSA keys and descriptors; to be called while that is allowed.
    ///
    /// # Errors
    /// A file that cannot be read or is none, by name.
    pub fn read(key_logs: &[PathBuf], rsa_keys: &[PathBuf], descriptor_sets: &[PathBuf]) -> Result<Self> {
        let mut keys = Keys::default();
        add_rsa_keys(&mut keys, rsa_keys)?;
        Ok(Self { key_logs: key_logs.to_vec(), keys, descriptors: descriptors(descriptor_sets)? })
    }

    /// A decoder that knows it, for one of so many threads.
    pub fn decoder(&self, source: &str, threads: u32) -> decode::Live {
        let decoder = decode::Live::new(source).one_of(threads).with_keys(self.keys.clone());
        match &self.descriptors {
            Some(descriptors) => decoder.with_descriptors(Arc::clone(descriptors)),
            None => decoder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Calls of a golden capture of TLS, read as an interface would with what is known.
    #[track_caller]
    fn check(rsa_keys: &[&str], expect: Option<usize>) {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../decode/tests/golden/tls-rsa");
        let rsa_keys: Vec<PathBuf> = rsa_keys.iter().map(|name| golden.join(name)).collect();
        let known = Known::read(&[], &rsa_keys, &[]);
        let found = known.ok().map(|known| {
            let file = std::fs::read(golden.join("input.pcap")).expect("a golden case");
            let (mut decoder, mut calls, mut rest) = (known.decoder("lo", 1), 0, &file[24..]);
            while let Some((head, packets)) = rest.split_first_chunk::<16>() {
                let number = |at: usize| {
                    head[at..at + 4].iter().rev().fold(0, |sum, byte| sum << 8 | i64::from(*byte))
                };
                let (packet, next) = packets.split_at(number(8) as usize);
                decoder.packet(number(0) * 1_000_000 + number(4), u16::from(file[20]), packet, &mut |_| {
                    calls += 1
                });
                rest = next;
            }
            decoder.finish(&mut |_| calls += 1);
            calls
        });
        assert_eq!(found, expect, "{rsa_keys:?}");
    }

    #[test]
    fn keys_of_servers_open_tls_of_an_interface() {
        check(&[], Some(0));
        check(&["input.pem"], Some(12));
        check(&["input.pem", "input.pcap"], None);
        check(&["no such file"], None);
    }
}
