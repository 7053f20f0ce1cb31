//! A protocol that is not read: its bytes pass by.

use super::{Mark, Protocol, Switch, Talk};
use crate::out::Out;

#[derive(Debug)]
pub(crate) struct Opaque {
    talk: Talk,
}

impl Opaque {
    pub(crate) fn new(talk: Talk) -> Self {
        Self { talk }
    }
}

impl Protocol for Opaque {
    fn data(&mut self, _dir: usize, _mark: Mark, bytes: &[u8], out: &mut Out) -> Option<Switch> {
        out.stats.opaque_bytes += bytes.len() as u64;
        None
    }

    fn gap(&mut self, _dir: usize, _at: u64, _len: u64, _out: &mut Out) {}

    fn end(&mut self, _dir: usize, _at: u64, _reset: bool, _out: &mut Out) {}

    fn close(&mut self, _out: &mut Out) {}

    fn bytes(&self) -> usize {
        0
    }

    fn is_known(&self) -> bool {
        false
    }

    fn is_opaque(&self) -> bool {
        true
    }

    fn talk(&mut self) -> Talk {
        std::mem::take(&mut self.talk)
    }
}
