//! The stage of the demonstration: the clock with its daily rhythm, visitors, and the calls they make.

use std::borrow::Cow;
use std::sync::Arc;

use model::{Call, Headers, Message, Peer, Scheme, Timestamp};

use super::ask::Ask;
use super::truth::Operation;
use super::{SOURCE, WINDOW_US};
use crate::{Language, Person, Rng};

/// Calls per hour of the local day (UTC+8) relative to each other: people sleep, work and shop.
const RHYTHM: [u64; 24] =
    [12, 7, 4, 3, 3, 5, 14, 34, 58, 82, 90, 86, 70, 72, 84, 88, 84, 76, 66, 70, 80, 78, 54, 28];
const HOUR_US: i64 = 3_600 * 1_000_000;

/// A site of the organisation.
pub(super) struct Site {
    pub(super) host: &'static str,
    pub(super) scheme: Scheme,
    pub(super) server: &'static str,
    pub(super) software: &'static str,
}

/// What the truth knows a call by. Ordered as the truth lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label {
    host: &'static str,
    template: &'static str,
    method: &'static str,
    operation: Option<&'static str>,
}

impl Label {
    pub(super) fn into_operation(self, calls: u64) -> Operation {
        let Self { host, template, method, operation } = self;
        Operation { host, template, method, operation, calls }
    }
}

/// Somebody at a site: address, program, credential, and the time of the next call.
pub(super) struct Visit {
    pub(super) site: &'static Site,
    pub(super) client: String,
    pub(super) agent: &'static str,
    /// Header that carries the credential.
    pub(super) credential: Option<(&'static str, String)>,
    /// Microseconds since the epoch.
    pub(super) now: i64,
}

impl Visit {
    /// Lets time pass.
    pub(super) fn wait_ms(&mut self, ms: i64) {
        self.now += ms * 1_000;
    }
}

/// Everything the acts share.
pub(super) struct Scene {
    pub(super) rng: Rng,
    pub(super) end: i64,
    people: Rng,
    takes: Vec<(Call, Option<Label>)>,
    source: Arc<str>,
}

impl Scene {
    pub(super) fn new(end: Timestamp, rng: Rng) -> Self {
        let (people, source) = (rng.fork("people"), Arc::from(SOURCE));
        Self { rng, end: end.micros(), people, takes: Vec::with_capacity(24_000), source }
    }

    /// The person at `index`; the same one at every call.
    pub(super) fn person(&self, index: usize) -> Person {
        Person::at(&self.people, index)
    }

    /// As [`Scene::person`], with a Chinese name.
    pub(super) fn citizen(&self, index: usize) -> Person {
        Person::speaking(Language::Zh, &self.people, index)
    }

    pub(super) fn into_takes(self) -> Vec<(Call, Option<Label>)> {
        self.takes
    }

    /// Start of the day that is shown.
    pub(super) fn start(&self) -> i64 {
        self.end - WINDOW_US
    }

    /// A moment of the day, drawn after the daily rhythm.
    pub(super) fn moment(&mut self) -> i64 {
        let top = RHYTHM.iter().copied().max().unwrap_or(1);
        loop {
            let at = self.start() + self.rng.below(WINDOW_US as u64) as i64;
            if self.rng.below(top) < RHYTHM[local_hour(at)] {
                return at;
            }
        }
    }

    /// The latest moment of the day at which the local clock shows `hour:minute`.
    pub(super) fn at_local(&self, hour: i64, minute: i64) -> i64 {
        let midnight = (self.end + 8 * HOUR_US).div_euclid(24 * HOUR_US) * 24 * HOUR_US - 8 * HOUR_US;
        let at = midnight + hour * HOUR_US + minute * HOUR_US / 60;
        if at > self.end { at - 24 * HOUR_US } else { at }
    }

    /// Somebody who arrives at `now`.
    pub(super) fn visit(
        &mut self,
        site: &'static Site,
        client: &str,
        agent: &'static str,
        now: i64,
    ) -> Visit {
        let client = if client.contains(':') && !client.starts_with('[') {
            format!("[{client}]:{}", self.rng.between(20_000, 60_999))
        } else {
            format!("{client}:{}", self.rng.between(20_000, 60_999))
        };
        Visit { site, client, agent, credential: None, now }
    }

    /// Makes the call and lets the visitor think for about `think_ms` afterwards.
    pub(super) fn send(&mut self, visit: &mut Visit, ask: Ask, think_ms: i64) {
        let took_us = self.latency_us(ask.typical_ms);
        let label = ask.counted.then_some(Label {
            host: visit.site.host,
            template: ask.template,
            method: ask.method,
            operation: ask.operation,
        });
        let call = self.record(visit, ask, took_us);
        self.takes.push((call, label));
        visit.now += took_us as i64 + self.rng.between(think_ms * 400, think_ms * 1_800);
    }

    /// Mostly near the typical time, one in twenty several times as long.
    fn latency_us(&mut self, typical_ms: u64) -> u64 {
        let base = typical_ms * 1_000;
        let near = base * 6 / 10 + self.rng.below(base / 2 + 1) + self.rng.below(base / 2 + 1);
        if self.rng.chance(5) { near * (2 + self.rng.below(6)) } else { near }
    }

    fn record(&mut self, visit: &Visit, ask: Ask, took_us: u64) -> Call {
        let mut asked = Headers::new();
        asked.push("host", visit.site.host);
        asked.push("user-agent", visit.agent);
        asked.push("accept", "*/*");
        for (name, value) in visit.credential.iter().chain(&ask.headers) {
            asked.push(name, value);
        }
        let mut answered = Headers::new();
        answered.push("server", visit.site.software);
        answered.push("x-request-id", &self.rng.hex(16));
        for (name, value) in &ask.answer_headers {
            answered.push(name, value);
        }
        Call {
            ts: Timestamp(visit.now),
            duration_us: Some(took_us),
            source: Arc::clone(&self.source),
            client: visit.client.parse::<Peer>().ok(),
            server: visit.site.server.parse::<Peer>().ok(),
            scheme: Some(visit.site.scheme),
            protocol: Cow::Borrowed("http/1.1"),
            method: ask.method.to_owned(),
            host: visit.site.host.to_owned(),
            target: ask.target,
            request: Some(message(asked, ask.sent)),
            status: Some(ask.status),
            response: Some(message(answered, ask.answer)),
            ..Call::default()
        }
    }
}

/// Hour of the local day (UTC+8).
fn local_hour(at: i64) -> usize {
    (at + 8 * HOUR_US).rem_euclid(24 * HOUR_US).div_euclid(HOUR_US) as usize
}

fn message(mut headers: Headers, body: Option<(&'static str, String)>) -> Message {
    let (content_type, body) = body.unwrap_or_default();
    if !content_type.is_empty() {
        headers.push("content-type", content_type);
        headers.push("content-length", &body.len().to_string());
    }
    Message { headers, body_size: Some(body.len() as u64), body: Some(body.into_bytes()) }
}

/// The address a person comes from: documentation ranges (RFC 5737, RFC 3849), so nobody is named.
pub(super) fn address_of(person: &Person) -> String {
    let i = person.index;
    match i % 8 {
        7 => format!("2001:db8:{:x}::{:x}", i % 89 + 1, i + 16),
        0..=2 => format!("203.0.113.{}", i * 7 % 240 + 10),
        3..=4 => format!("198.51.100.{}", i * 11 % 240 + 10),
        _ => format!("192.0.2.{}", i * 13 % 240 + 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_lie_within_the_day_before_the_end() {
        let end = Timestamp::from_parts(1_795_600_800, 0);
        let scene = Scene::new(end, Rng::new(1));
        for hour in 0..24 {
            let at = scene.at_local(hour, 30);
            assert!(at <= scene.end && at > scene.start());
            assert_eq!(local_hour(at), hour as usize);
        }
    }

    #[test]
    fn the_night_is_quieter_than_the_morning() {
        let mut scene = Scene::new(Timestamp::from_parts(1_795_600_800, 0), Rng::new(1));
        let mut hours = [0_u32; 24];
        for _ in 0..5_000 {
            hours[local_hour(scene.moment())] += 1;
        }
        assert!(hours[10] > 10 * hours[3]);
    }
}
