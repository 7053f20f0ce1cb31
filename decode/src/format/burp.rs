//! What Burp Suite saves with "Save items": XML with one `<item>` per request, messages plain or in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Anomaly, Call, Peer, Scheme, Timestamp};

use super::log::{host, time_of};
use super::xml::{Child, Elements, leaves};
use crate::http1::{Codings, read_recorded, split_target};
use crate::out::Out;

/// Reads the items of one file.
#[derive(Debug)]
pub(crate) struct Burp {
    items: Elements,
    last_ts: i64,
}

impl Burp {
    pub(crate) fn new() -> Self {
        Self { items: Elements::new("item"), last_ts: 0 }
    }

    /// Takes the next bytes of the document.
    pub(crate) fn feed(&mut self, data: &[u8], out: &mut Out, emit: &mut impl FnMut(Call)) {
        let last_ts = &mut self.last_ts;
        self.items.feed(data, |element| {
            let call = element.and_then(|element| read(element, &mut out.codings));
            super::entry(call, "not a Burp item with a request", last_ts, out);
            out.order.release(emit);
        });
    }

    /// The document ended.
    pub(crate) fn finish(&mut self, out: &mut Out) {
        if self.items.is_cut() {
            let entries = out.stats.entries;
            out.problems.report(format!("the Burp document is cut after {entries} items"), entries + 1);
        }
    }
}

fn read(element: &[u8], codings: &mut Codings) -> Option<Call> {
    let children = leaves(element);
    let child = |name: &str| children.iter().find(|child| child.name == name);
    let text =
        |name: &str| child(name).map(|child| String::from_utf8_lossy(child.text.trim_ascii()).into_owned());
    let request = read_recorded(&bytes(child("request")?)?, None, codings)?;
    let (method, target) = request.request?;
    let scheme = match text("protocol").unwrap_or_default().as_str() {
        "http" => Some(Scheme::Http),
        "https" => Some(Scheme::Https),
        _ => None,
    };
    let (authority, target) = split_target(&method, target);
    let named = authority.or_else(|| request.message.headers.get("host").map(str::to_owned));
    let mut call = Call {
        ts: text("time").and_then(|time| time_of(&time)).unwrap_or(Timestamp::UNKNOWN),
        server: server(child("host"), text("port").as_deref()),
        scheme,
        protocol: request.protocol.into(),
        host: host(&named.or_else(|| text("host")).unwrap_or_default()),
        method,
        target,
        request: Some(request.message),
        anomalies: request.anomalies,
        ..Call::default()
    };
    let response = child("response").and_then(bytes).filter(|bytes| !bytes.is_empty());
    if let Some(response) = response.and_then(|bytes| read_recorded(&bytes, Some(&call.method), codings)) {
        call.status = response.status;
        call.response = Some(response.message);
        for anomaly in response.anomalies {
            if !call.anomalies.contains(&anomaly) {
                call.anomalies.push(anomaly);
            }
        }
    } else if let Some(status) = text("status").and_then(|status| status.parse().ok()) {
        call.status = Some(status).filter(|status| (100..1_000).contains(status));
        call.response = call.status.map(|_| model::Message::default());
        call.anomalies.push(Anomaly::CUT_OFF);
    }
    Some(call)
}

fn bytes(child: &Child<'_>) -> Option<Vec<u8>> {
    if child.attribute("base64") != Some("true") {
        return Some(with_line_ends(&child.text));
    }
    let packed: Vec<u8> = child.text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).ok()
}

/// XML turns the line ends of a plain message into line feeds: the head gets its own back.
fn with_line_ends(text: &[u8]) -> Vec<u8> {
    let end = memchr::memmem::find(text, b"\n\n").map_or(text.len(), |at| at + 2);
    let (head, body) = text.split_at(end);
    if memchr::memchr(b'\r', head).is_some() {
        return text.to_vec();
    }
    let lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').collect();
    [&lines.join(&b"\r\n"[..]), body].concat()
}

fn server(host: Option<&Child<'_>>, port: Option<&str>) -> Option<Peer> {
    let ip = host?.attribute("ip")?.parse().ok()?;
    Some(Peer { ip, port: port.and_then(|port| port.parse().ok()) })
}
