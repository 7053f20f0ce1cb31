//! The allocator of the binary, and how long it keeps what was given back to it.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

// From `mimalloc.h`; the crate does not offer them.
unsafe extern "C" {
    fn mi_option_set_default(option: c_int, value: c_long);
    #[cfg(test)]
    fn mi_option_get(option: c_int) -> c_long;
}

/// `mi_option_purge_delay` of mimalloc 3.
const PURGE_DELAY: c_int = 15;
/// After this time memory that is free goes back to the system, milliseconds. The second that mimalloc 3 waits leaves
/// decoding resident with a third more, and saves 2 % of the time.
const PURGE_MS: c_long = 25;

/// Has free memory given back soon; to be called once, at the start. `MIMALLOC_PURGE_DELAY` goes first.
pub(crate) fn keep_little() {
    // SAFETY: the option is a number below the count of them, and nothing is handed over.
    unsafe { mi_option_set_default(PURGE_DELAY, PURGE_MS) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_the_one_that_is_meant() {
        // SAFETY: as above.
        let value = || unsafe { mi_option_get(PURGE_DELAY) };
        // What mimalloc 3 waits by itself: another version numbers its options in another way.
        assert!(std::env::var_os("MIMALLOC_PURGE_DELAY").is_some() || value() == 1_000, "{}", value());
        keep_little();
        assert!(std::env::var_os("MIMALLOC_PURGE_DELAY").is_some() || value() == PURGE_MS, "{}", value());
    }
}
