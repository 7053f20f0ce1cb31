//! The one file where the stages meet: call → observe → detect → what is kept. Single-threaded and pure;
//! whoever drives it (an analysis of files, the live server) owns time, queues and stores.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use detect::Detector;
use model::{Auth, Call, CandidateReason, EndpointId, Finding, LoggedCall, Observation, Risk, World};
use observe::{Inventory, Observer, redact};
use rules::Ruleset;
use store::Knowledge;
use tracing::error;

use crate::risk;

/// Observer and detectors with everything they have learned.
pub(crate) struct Pipeline {
    observer: Observer,
    detector: Detector,
    /// Risk of each endpoint as last exported.
    risks: BTreeMap<EndpointId, Risk>,
    /// Calls on which a stage panicked.
    panics: u64,
}

/// Everything known at one moment.
pub(crate) struct Picture {
    pub inventory: Inventory,
    pub findings: Vec<Finding>,
}

impl Pipeline {
    /// A pipeline that knows nothing yet.
    pub fn new(rules: &Arc<Ruleset>, value_key: [u8; 32]) -> Self {
        Self {
            observer: Observer::new(Arc::clone(rules), value_key),
            detector: Detector::new(Arc::clone(rules)),
            risks: BTreeMap::new(),
            panics: 0,
        }
    }

    /// Learns from a call, judges it, and returns it as it may be kept. A call on which a stage panics is counted,
    /// named in the log, and kept without what was learned from it: traffic never stops.
    pub fn process(&mut self, call: &Call) -> LoggedCall {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.process_unguarded(call)));
        outcome.unwrap_or_else(|_| {
            self.panics += 1;
            error!(call = %call.id, "a stage panicked on this call");
            unread(call)
        })
    }

    fn process_unguarded(&mut self, call: &Call) -> LoggedCall {
        let observed = self.observer.observe(call);
        let rules = self.detector.inspect(call, &observed.observation);
        LoggedCall { call: redact(call, &observed.redactions), observation: observed.observation, rules }
    }

    /// What is known now. With `changed_only`, endpoints and accounts that changed since the last picture.
    pub fn picture(&mut self, changed_only: bool) -> Picture {
        self.observer.settle();
        let findings = self.detector.findings(&self.observer);
        let mut inventory = self.observer.export(changed_only);
        let mut by_endpoint: BTreeMap<EndpointId, Vec<&Finding>> = BTreeMap::new();
        for finding in &findings {
            if let Some(endpoint) = finding.endpoint {
                by_endpoint.entry(endpoint).or_default().push(finding);
            }
        }
        for endpoint in &mut inventory.endpoints {
            let found = by_endpoint.get(&endpoint.id).map(Vec::as_slice).unwrap_or_default();
            endpoint.risk = risk::of(endpoint, found);
            self.risks.insert(endpoint.id, endpoint.risk.clone());
        }
        // A finding can change the risk of an endpoint that did not change itself.
        if changed_only {
            for (id, found) in &by_endpoint {
                if inventory.endpoints.iter().any(|endpoint| endpoint.id == *id) {
                    continue;
                }
                let Some(mut endpoint) = self.observer.endpoint(*id) else { continue };
                endpoint.risk = risk::of(&endpoint, found);
                if self.risks.get(id) != Some(&endpoint.risk) {
                    self.risks.insert(*id, endpoint.risk.clone());
                    inventory.endpoints.push(endpoint);
                }
            }
        }
        Picture { inventory, findings }
    }

    /// The endpoint that an id means now, if it is in the inventory.
    pub fn endpoint_of(&self, id: EndpointId) -> Option<EndpointId> {
        let id = self.observer.resolve(id);
        self.observer.is_endpoint(id).then_some(id)
    }

    /// The endpoint or candidate that an id means now.
    pub fn resolve(&self, id: EndpointId) -> EndpointId {
        self.observer.resolve(id)
    }

    /// How often limits were reached, by name.
    pub fn limits_reached(&self) -> BTreeMap<String, u64> {
        let mut limits = self.observer.limits_reached().to_vec();
        limits.push(("calls_not_analysed", self.panics));
        limits
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (name.to_owned(), count))
            .collect()
    }

    /// Everything learned, to go on from after a restart.
    pub fn snapshot(&self) -> Result<Vec<u8>> {
        let observer = self.observer.snapshot()?;
        let detector = self.detector.state();
        let mut bytes = Vec::with_capacity(observer.len() + detector.len() + 8);
        bytes.extend_from_slice(&(observer.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&observer);
        bytes.extend_from_slice(&detector);
        Ok(bytes)
    }

    /// Takes up a snapshot.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<()> {
        let Some((length, rest)) = snapshot.split_first_chunk::<8>() else {
            bail!("the snapshot is too short")
        };
        let length = usize::try_from(u64::from_le_bytes(*length)).context("the snapshot is too long")?;
        let Some((observer, detector)) = rest.split_at_checked(length) else {
            bail!("the snapshot is cut off")
        };
        self.observer.restore(observer).context("what was observed")?;
        self.detector.restore(detector).context("what was detected")?;
        Ok(())
    }
}

/// A call of which nothing but its outline may be kept, because nobody has looked for what is sensitive in it.
fn unread(call: &Call) -> LoggedCall {
    let outline = Call {
        id: call.id.clone(),
        ts: call.ts,
        duration_us: call.duration_us,
        source: Arc::clone(&call.source),
        client: call.client,
        server: call.server,
        host: call.host.clone(),
        method: call.method.clone(),
        status: call.status,
        ..Call::default()
    };
    let observation = Observation {
        endpoint: EndpointId(0),
        candidate: Some(CandidateReason::Unreadable),
        account: None,
        auth: Auth::default(),
        purpose: None,
        data: Vec::new(),
        people: 0,
    };
    LoggedCall { call: outline, observation, rules: Vec::new() }
}

impl From<Picture> for Knowledge {
    fn from(picture: Picture) -> Self {
        Self {
            endpoints: picture.inventory.endpoints,
            merged: picture.inventory.merged,
            candidates: picture.inventory.candidates,
            accounts: picture.inventory.accounts,
            findings: picture.findings,
            hot_state: None,
        }
    }
}
