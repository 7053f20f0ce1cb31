//! Calls kept in memory so that the report can show what proves a finding. Masked, bodies cut short; up to a
//! budget every call, beyond it only those that a rule has marked.

use std::collections::BTreeMap;

use model::{CallId, LoggedCall};

/// Bytes kept for unmarked calls, and for all.
const UNMARKED_BYTES_MAX: usize = 256 << 20;
const BYTES_MAX: usize = 512 << 20;
/// Bytes of body kept per message.
pub(crate) const BODY_BYTES_MAX: usize = 2 << 10;

/// Calls by id.
#[derive(Default)]
pub(crate) struct Exhibits {
    calls: BTreeMap<CallId, LoggedCall>,
    bytes: usize,
}

impl Exhibits {
    pub fn add(&mut self, mut logged: LoggedCall) {
        let limit = if logged.rules.is_empty() { UNMARKED_BYTES_MAX } else { BYTES_MAX };
        if self.bytes >= limit {
            return;
        }
        let mut size = 512 + logged.call.target.len() + logged.observation.data.len() * 160;
        for message in [&mut logged.call.request, &mut logged.call.response].into_iter().flatten() {
            if let Some(body) = &mut message.body {
                body.truncate(BODY_BYTES_MAX);
                body.shrink_to_fit();
                size += body.len();
            }
            size += message.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        }
        self.bytes += size;
        self.calls.insert(logged.call.id.clone(), logged);
    }

    /// The call with this id, when it was kept.
    pub fn get(&self, id: &CallId) -> Option<&LoggedCall> {
        self.calls.get(id)
    }
}
