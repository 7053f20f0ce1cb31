//! What a stage of one input writes to: counters, problems, and calls on their way out, in order.

use std::sync::Arc;

use model::{Anomaly, Call};

use crate::grpc::Descriptors;
use crate::http1::Codings;
use crate::order::{Order, Ticket};
use crate::stats::{Problems, Stats};
use crate::tls::{Keys, Parked};

#[derive(Debug)]
pub(crate) struct Out {
    pub source: Arc<str>,
    pub stats: Stats,
    pub problems: Problems,
    pub order: Order,
    pub codings: Codings,
    /// Names for the fields of protobuf messages, when they were given.
    pub descriptors: Option<Arc<Descriptors>>,
    /// Secrets that TLS connections are decrypted with.
    pub keys: Keys,
    /// TLS connections that ended before their secrets came.
    pub parked: Parked,
    /// TLS sessions that stay closed are handed out as calls without content.
    pub closed_tls: bool,
}

impl Out {
    /// `slack_us`: see [`Order::new`].
    pub(crate) fn new(source: &str, slack_us: i64) -> Self {
        Self {
            source: source.into(),
            stats: Stats::default(),
            problems: Problems::default(),
            order: Order::new(slack_us),
            codings: Codings::new(),
            descriptors: None,
            keys: Keys::default(),
            parked: Parked::default(),
            closed_tls: false,
        }
    }

    /// A call is complete.
    pub(crate) fn close(&mut self, ticket: Ticket, call: Call) {
        self.stats.calls += 1;
        self.stats.unmatched += u64::from(call.anomalies.contains(&Anomaly::UNMATCHED));
        self.order.close(ticket, call);
    }
}
