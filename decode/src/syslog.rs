//! Messages of syslog to calls: the header is taken off (RFC 5424, RFC 3164), what remains is read as a line of a log.
//! The network around it, and when a message came in, is the business of whoever calls this.

use std::net::IpAddr;
use std::sync::Arc;

use model::{Call, Timestamp, limits};
use rustc_hash::FxHashSet;

use crate::format::{Dated, Log, Moment, Options, near, syslog_header};
use crate::id::{call_id, source_name};

/// What a message turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum SyslogMessage {
    /// A line of an access log.
    Call(Box<Call>),
    /// Anything else that programs write.
    NotACall,
    /// Neither a call nor a message with a header that can be read.
    Malformed,
}

/// Reads the messages that one listener takes.
///
/// ```
/// let mut syslog = decode::Syslog::new(decode::Options::default());
/// let arrived = "2026-11-21T10:00:01Z".parse().expect("a time");
/// let message = br#"<190>Nov 21 10:00:00 web1 nginx: 10.0.0.7 - - [21/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5"#;
/// let decode::SyslogMessage::Call(call) = syslog.message(message, arrived, [10, 0, 0, 2].into()) else {
///     panic!("a call")
/// };
/// assert_eq!((&*call.source, &*call.target), ("syslog:web1/nginx", "/a"));
/// ```
#[derive(Debug, Default)]
pub struct Syslog {
    log: Log,
    number: u64,
    sources: FxHashSet<Arc<str>>,
}

impl Syslog {
    /// `options`: what is known about the logs that are sent.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { log: Log::new(options), ..Self::default() }
    }

    /// Takes one message without its framing. Its call has the time that the line states, else that of the header,
    /// else `arrived`; the source names host and program of the header, or `sender` where it names no host.
    pub fn message(&mut self, message: &[u8], arrived: Timestamp, sender: IpAddr) -> SyslogMessage {
        self.number += 1;
        let header = syslog_header(message);
        // Comments of one sender say nothing about the lines of another.
        let line = Some(header.content).filter(|line| !line.starts_with(b"#"));
        let Some((Dated { mut call, is_local }, _)) = line.and_then(|line| self.log.read(line)) else {
            return if header.is_sound { SyslogMessage::NotACall } else { SyslogMessage::Malformed };
        };
        let written = header.stamp.map(|stamp| stamp.near(arrived));
        if !call.ts.is_known() {
            call.ts = written.map_or(arrived, Moment::time);
        } else if is_local {
            call.ts = in_zone(call.ts, written, arrived);
        }
        call.source = self.source(header.host, header.app, sender);
        let mut origin = arrived.0.to_le_bytes().to_vec();
        origin.extend_from_slice(message);
        call.id = call_id(&call.source, call.ts, &origin, self.number);
        SyslogMessage::Call(Box::new(call))
    }

    /// `syslog:HOST/PROGRAM`, what is missing left out.
    fn source(&mut self, host: &str, app: &str, sender: IpAddr) -> Arc<str> {
        let sender = if host.is_empty() { sender.to_canonical().to_string() } else { String::new() };
        let name = source_name("syslog", [if host.is_empty() { &sender } else { host }, app]);
        if let Some(known) = self.sources.get(name.as_str()) {
            return Arc::clone(known);
        }
        // They are only here to share memory, so that forgetting them is harmless.
        if self.sources.len() >= limits::SYSLOG_NAMES_MAX {
            self.sources.clear();
        }
        let name: Arc<str> = name.into();
        self.sources.insert(Arc::clone(&name));
        name
    }
}

/// What a time without a zone means: the clock of the sender, which is that of the header, or UTC. A call can be much
/// older than its message (a long session), so that of other zones none is believed.
fn in_zone(local: Timestamp, written: Option<Moment>, arrived: Timestamp) -> Timestamp {
    let moment = Moment { clock_us: local.0, east_s: None };
    let own = near(moment, written.map_or(arrived, Moment::time));
    match written.and_then(|written| written.east_s) {
        east if own.east_s == Some(0) || own.east_s == east || east.is_none() => own.time(),
        east_s => Moment { east_s, ..moment }.time(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time, source and target of the call, or why there is none.
    #[track_caller]
    fn check(message: &str, arrived: &str, expect: &str) {
        let arrived = arrived.parse().expect("a time");
        let found = match Syslog::default().message(message.as_bytes(), arrived, [10, 0, 0, 9].into()) {
            SyslogMessage::Call(call) => format!("{} {} {}", call.ts, call.source, call.target),
            other => format!("{other:?}"),
        };
        assert_eq!(found, expect, "{message}");
    }

    const NGINX: &str = r#"10.0.0.7 - - [21/Nov/2026:10:00:00 +0000] "GET /n HTTP/1.1" 200 5 "-" "curl""#;
    const UVICORN: &str = r#"10.0.0.7:5123 - "GET /u HTTP/1.1" 200 OK"#;
    const SOON: &str = "2026-11-21T10:00:02Z";

    #[test]
    fn senders() {
        check(
            &format!("<190>Nov 21 18:00:00 web1 nginx: {NGINX}"),
            SOON,
            "2026-11-21T10:00:00.000000Z syslog:web1/nginx /n",
        );
        check(
            &format!("<13>1 2026-11-21T10:00:00Z web1 logger - - [timeQuality tzKnown=\"1\"] {NGINX}\n"),
            SOON,
            "2026-11-21T10:00:00.000000Z syslog:web1/logger /n",
        );
        check(
            r#"<134>Nov 21 18:00:01 haproxy[77]: 10.0.0.7:3331 [21/Nov/2026:18:00:00.655] fe be/s1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET /h HTTP/1.1""#,
            SOON,
            "2026-11-21T10:00:00.655000Z syslog:10.0.0.9/haproxy /h",
        );
        check(
            r#"<13>1 - web1 app - - - @cee: {"method":"GET","path":"/j","status":200}"#,
            SOON,
            "2026-11-21T10:00:02.000000Z syslog:web1/app /j",
        );
        check(NGINX, SOON, "2026-11-21T10:00:00.000000Z syslog:10.0.0.9 /n");
    }

    #[test]
    fn the_time_of_the_header_stands_in() {
        let at = |header: &str, expect: &str| {
            check(&format!("{header} uvicorn[1]: INFO:     {UVICORN}"), SOON, expect);
        };
        at("<13>Nov 21 18:00:01 h", "2026-11-21T10:00:01.000000Z syslog:h/uvicorn /u");
        at("<13>2026-11-21T04:00:00.5-06:00 h", "2026-11-21T10:00:00.500000Z syslog:h/uvicorn /u");
        at("<13>h", "2026-11-21T10:00:02.000000Z syslog:h/uvicorn /u");
    }

    #[test]
    fn a_local_clock_is_that_of_the_header() {
        let gin = |header: &str, clock: &str, expect: &str| {
            let line = format!("[GIN] 2026/11/21 - {clock} | 200 | 1.2ms | 10.0.0.7 | GET \"/g\"");
            check(&format!("<13>{header}h gin: {line}"), SOON, &format!("{expect} syslog:h/gin /g"));
        };
        // Three hours of one session.
        gin("2026-11-21T18:00:00+08:00 ", "15:00:00", "2026-11-21T07:00:00.000000Z");
        gin("Nov 21 18:00:00 ", "18:00:00", "2026-11-21T10:00:00.000000Z");
        gin("Nov 21 18:00:00 ", "10:00:00", "2026-11-21T10:00:00.000000Z");
        // Sent late: the header knows when it was written.
        gin("2026-11-21T08:00:00Z ", "16:00:00", "2026-11-21T16:00:00.000000Z");
        gin("", "18:00:00", "2026-11-21T10:00:00.000000Z");
    }

    #[test]
    fn what_is_no_call() {
        check("<38>Nov 21 10:00:00 h sshd[7]: Accepted publickey for root", SOON, "NotACall");
        check("<38>#Fields: date time cs-method cs-uri", SOON, "NotACall");
        check("<38>1 2026-11-21T10:00:00Z h a - - - ", SOON, "NotACall");
        check("<38>1 2026-11-21T10:00:00Z h a - - [x", SOON, "Malformed");
        check("hello", SOON, "Malformed");
        check("", SOON, "Malformed");
    }

    #[test]
    fn names_are_bounded_and_ids_differ() {
        let mut syslog = Syslog::default();
        let mut ids = FxHashSet::default();
        for number in 0..limits::SYSLOG_NAMES_MAX + 10 {
            let message = format!("<13>{}{number} nginx: {NGINX}", "h".repeat(400 - 400 * (number % 2)));
            for _ in 0..2 {
                let message = syslog.message(message.as_bytes(), Timestamp(5), [10, 0, 0, 9].into());
                let SyslogMessage::Call(call) = message else { panic!("a call") };
                assert!(call.source.len() <= 2 * limits::SOURCE_NAME_CHARS_MAX + 8);
                assert!(ids.insert(call.id));
            }
        }
        assert!(syslog.sources.len() <= limits::SYSLOG_NAMES_MAX);
    }
}
