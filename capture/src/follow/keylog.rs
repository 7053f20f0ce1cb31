//! A TLS key log (SSLKEYLOGFILE) that grows while connections are made: hands out new complete lines.

use std::path::Path;

use super::{Event, Follower};
use crate::limits::KEY_LINE_BYTES_MAX;

/// Follows a key log. It need not exist yet, and may be rotated.
#[derive(Debug)]
pub struct KeyLog {
    follower: Follower,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
    /// The line is longer than any key: its rest is left out.
    is_skipping: bool,
    /// Lines left out because they were too long.
    pub skipped: u64,
}

impl KeyLog {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        let follower = Follower::new(&[path.display().to_string()], Vec::new());
        Self { follower, rest: Vec::new(), is_skipping: false, skipped: 0 }
    }

    /// Looks once: hands out every line that became complete, without its end. Returns their number.
    pub fn look(&mut self, take: &mut impl FnMut(&[u8])) -> u64 {
        let Self { follower, rest, is_skipping, skipped } = self;
        let mut lines = 0;
        let mut on_event = |event: Event<'_>| match event {
            Event::Bytes { mut data, .. } => {
                while let Some(end) = data.iter().position(|byte| *byte == b'\n') {
                    rest.extend_from_slice(&data[..end.min(KEY_LINE_BYTES_MAX)]);
                    data = &data[end + 1..];
                    if *is_skipping || rest.len() > KEY_LINE_BYTES_MAX || end > KEY_LINE_BYTES_MAX {
                        *skipped += 1;
                    } else {
                        take(rest.strip_suffix(b"\r").unwrap_or(rest));
                        lines += 1;
                    }
                    rest.clear();
                    *is_skipping = false;
                }
                if rest.len() + data.len() > KEY_LINE_BYTES_MAX {
                    *is_skipping = true;
                } else if !*is_skipping {
                    rest.extend_from_slice(data);
                }
            }
            Event::Opened { .. } | Event::Ended { .. } => {
                rest.clear();
                *is_skipping = false;
            }
        };
        while follower.look(&mut on_event) > 0 {}
        lines
    }
}
