//! One file per command of the command line.

pub(crate) mod analyze;
pub(crate) mod decode;
pub(crate) mod demo;
pub(crate) mod look_up;
pub(crate) mod serve;
