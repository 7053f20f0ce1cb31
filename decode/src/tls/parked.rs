//! TLS connections that ended before their keys came: a key log may be written, or stand in the capture, after the
//! packets. They wait here within limits, the oldest go first.

use std::collections::VecDeque;

use model::limits;

use super::connection::Tls;
use crate::out::Out;

/// Ended connections that wait.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    list: VecDeque<Tls>,
    /// The state of the keys that was last looked at.
    generation: u64,
}

/// Lets an ended connection wait for its keys.
pub(super) fn park(tls: Tls, out: &mut Out) {
    out.parked.list.push_back(tls);
    if out.parked.list.len() > limits::TLS_PARKED_MAX {
        drop_oldest(out);
    }
}

/// Gives the connection up that has waited longest; false when there is none.
pub(super) fn drop_oldest(out: &mut Out) -> bool {
    let oldest = out.parked.list.pop_front();
    oldest.map(|mut tls| tls.finish(out)).is_some()
}

/// Keys came: reads what waited for them.
pub(crate) fn retry_parked(out: &mut Out) {
    if out.parked.generation == out.keys.generation() {
        return;
    }
    out.parked.generation = out.keys.generation();
    for mut tls in std::mem::take(&mut out.parked.list) {
        tls.retry(out);
        if tls.is_waiting() {
            out.parked.list.push_back(tls);
        } else {
            tls.finish(out);
        }
    }
}

/// The input ended: no more keys will come.
pub(crate) fn finish_parked(out: &mut Out) {
    retry_parked(out);
    while drop_oldest(out) {}
}
