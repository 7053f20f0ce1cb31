//! Stands in for `pcap` in a build without that feature: says so.

use std::io;
use std::time::Duration;

use super::{Attached, Counters, Frame, LiveError, Options};

/// Never made.
#[derive(Debug)]
pub(super) enum Handle {}

impl Handle {
    pub(super) fn open(options: &Options) -> Result<Self, LiveError> {
        Err(LiveError::NoLibrary { interface: options.interface.clone() })
    }

    pub(super) fn read(&mut self, _timeout: Duration, _take: &mut impl FnMut(Frame<'_>)) -> io::Result<u64> {
        match *self {}
    }

    pub(super) fn attach(&self) -> io::Result<Attached> {
        match *self {}
    }

    pub(super) fn counters(&mut self) -> Counters {
        match *self {}
    }
}
