//! IIS access log lines as Windows events (`Microsoft-Windows-IIS-Logging`), exported or forwarded as XML.

use model::Call;

use super::log::{Draft, Escape, w3c_column};
use super::xml::{Elements, leaves};
use crate::out::Out;

/// Reads the events of one file.
#[derive(Debug)]
pub(crate) struct IisEvents {
    events: Elements,
    last_ts: i64,
}

impl IisEvents {
    pub(crate) fn new() -> Self {
        Self { events: Elements::new("Event"), last_ts: 0 }
    }

    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, data: &[u8], out: &mut Out, emit: &mut impl FnMut(Call)) {
        let last_ts = &mut self.last_ts;
        self.events.feed(data, |element| {
            super::entry(element.and_then(read), "not an event of an IIS access log", last_ts, out);
            out.order.release(emit);
        });
    }

    /// The input ended.
    pub(crate) fn finish(&mut self, out: &mut Out) {
        if self.events.is_cut() {
            out.problems.report("the input ends inside an event", out.stats.entries + 1);
        }
    }
}

fn read(element: &[u8]) -> Option<Call> {
    let mut draft = Draft::default();
    for child in leaves(element).iter().filter(|child| child.name == "Data") {
        let Some(name) = child.attribute("Name") else { continue };
        draft.set(&w3c_column(name, false), child.text.trim_ascii(), Escape::None);
    }
    let call = draft.finish().call;
    (!call.method.is_empty() && !call.target.is_empty()).then_some(call)
}
