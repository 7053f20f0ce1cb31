//! Sensitive values of one call: every parameter, header, cookie and body value goes once through the rules.

use std::ops::Range;
use std::sync::Arc;

use model::limits::HITS_MAX;
use model::{Call, DataHit, DataType, Message, Place, Side, ValueHash};
use rules::{Match, Prior, Ruleset};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::auth::is_key_param;
use crate::body::{self, Format, Item, Tape};
use crate::schema::Types;
use crate::sketch::hash_of;

/// Priors kept per pair of names before the cache starts anew.
const PRIORS_MAX: usize = 100_000;
/// Bytes of a name that are looked at.
const NAME_BYTES_MAX: usize = 128;
/// Bytes of an unstructured text that are scanned.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Figures in a key from which it may be a value.
const KEY_DIGITS_MIN: usize = 7;
/// What stands in place of a credential.
const HIDDEN: &str = "******";
/// Header fields whose value is a URL.
const URL_HEADERS: [&str; 3] = ["referer", "location", "content-location"];

/// Header fields that say nothing about people or secrets, and those whose credential is told as such
/// (`Observation::auth`).
const DULL_HEADERS: [&str; 41] = [
    "authorization",
    "proxy-authorization",
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "accept-charset",
    "connection",
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "date",
    "server",
    "etag",
    "last-modified",
    "cache-control",
    "pragma",
    "expires",
    "vary",
    "if-none-match",
    "if-modified-since",
    "origin",
    "upgrade-insecure-requests",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "x-forwarded-for",
    "x-real-ip",
    "x-forwarded-proto",
    "x-forwarded-host",
    "forwarded",
    "via",
    "keep-alive",
    "strict-transport-security",
    "content-security-policy",
];

/// What was found in one call.
#[derive(Default)]
pub(crate) struct Found {
    /// Values with their path in general form (array positions as `*`), at most `HITS_MAX`.
    pub hits: Vec<(String, DataHit)>,
    /// Where values stand that have to be masked before the call is kept; complete.
    pub redactions: Vec<Redaction>,
    /// Data types by position on the request's and the response's tape.
    pub request_types: Types,
    pub response_types: Types,
    /// How sensitive values in path and query may be shown, by raw value.
    pub samples: FxHashMap<String, String>,
    /// Distinct people whose data the response carries: the most distinct values of one identifying type.
    pub people: u32,
}

/// Bytes to be replaced before a call is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// Request or response.
    pub side: Side,
    /// Target (path and query), header or body.
    pub place: Place,
    /// Name of the header field; empty elsewhere.
    pub name: String,
    /// Bytes in the target, the field value, or the body as text.
    pub span: Range<u32>,
    /// What stands there instead.
    pub mask: String,
}

/// Runs values through the rules. Keeps buffers and the priors of names over calls.
pub(crate) struct Scanner {
    rules: Arc<Ruleset>,
    key: [u8; 32],
    priors: FxHashMap<u64, Prior>,
    matches: Vec<Match>,
}

/// Where a value comes from.
struct Origin<'a> {
    side: Side,
    place: Place,
    /// Field name of a header or cookie, name of a query parameter.
    name: &'a str,
    /// Bytes of the value in the text it stands in.
    span: Range<u32>,
}

impl Scanner {
    /// `key` is the installation's key for value hashes.
    pub fn new(rules: Arc<Ruleset>, key: [u8; 32]) -> Self {
        Self { rules, key, priors: FxHashMap::default(), matches: Vec::new() }
    }

    /// Scans everything that was seen of a call.
    pub fn scan(&mut self, call: &Call, request: &Tape, response: &Tape) -> Found {
        let mut found = Found::default();
        self.scan_path(call, &mut found);
        self.scan_query(call, &mut found);
        for (side, message, tape) in
            [(Side::Request, &call.request, request), (Side::Response, &call.response, response)]
        {
            if let Some(message) = message {
                self.scan_headers(side, message, &mut found);
                self.scan_body(side, tape, &mut found);
            }
        }
        found.people = people(&found, &self.rules);
        found
    }

    fn prior(&mut self, name: &str, parent: &str) -> Prior {
        let (name, parent) = (head(name, NAME_BYTES_MAX), head(parent, NAME_BYTES_MAX));
        let key = hash_of(name) ^ hash_of(parent).rotate_left(1);
        if self.priors.len() >= PRIORS_MAX {
            self.priors.clear();
        }
        *self.priors.entry(key).or_insert_with(|| self.rules.prior(name, parent))
    }

    fn scan_path(&mut self, call: &Call, found: &mut Found) {
        let mut start = 0;
        let mut above = String::new();
        for raw in call.path().split('/') {
            let value = body::decode_percent(raw);
            if !value.is_empty() {
                let prior = self.prior(&above, "");
                let span = start..start + raw.len() as u32;
                let origin = Origin { side: Side::Request, place: Place::Path, name: "", span };
                self.value(prior, &value, &origin, found, || (String::new(), String::new()));
                above = value.into_owned();
            }
            start += raw.len() as u32 + 1;
        }
    }

    fn scan_query(&mut self, call: &Call, found: &mut Found) {
        let Some(offset) = call.target.find('?') else { return };
        for (name, value, span) in body::pairs(call.query()) {
            let prior = self.prior(&name, "");
            let shift = |at: usize| (offset + 1 + at) as u32;
            let span = shift(span.start)..shift(span.end);
            let before = found.redactions.len();
            let origin = Origin { side: Side::Request, place: Place::Query, name: &name, span: span.clone() };
            self.value(prior, &value, &origin, found, || (name.to_string(), name.to_string()));
            // A credential is none of anybody's business, whatever it looks like.
            if found.redactions.len() == before && !value.is_empty() && is_key_param(&name) {
                found.samples.insert(value.into_owned(), HIDDEN.to_owned());
                let mask = HIDDEN.to_owned();
                found.redactions.push(Redaction {
                    side: Side::Request,
                    place: Place::Query,
                    name: String::new(),
                    span,
                    mask,
                });
            }
        }
    }

    fn scan_headers(&mut self, side: Side, message: &Message, found: &mut Found) {
        for (name, value) in message.headers.iter() {
            if name == "cookie" {
                for (cookie, value, span) in body::cookies(value) {
                    let prior = self.prior(cookie, "");
                    let span = span.start as u32..span.end as u32;
                    let origin = Origin { side, place: Place::Cookie, name, span };
                    self.value(prior, value, &origin, found, || (cookie.to_owned(), cookie.to_owned()));
                }
            } else if URL_HEADERS.contains(&name) {
                self.scan_url(side, name, value, found);
            } else if !DULL_HEADERS.contains(&name) {
                let prior = self.prior(name, "");
                let origin = Origin { side, place: Place::Header, name, span: 0..value.len() as u32 };
                self.value(prior, value, &origin, found, || (name.to_owned(), name.to_owned()));
            }
        }
    }

    /// A field whose value is a URL: its path as text, its query by name.
    fn scan_url(&mut self, side: Side, name: &str, value: &str, found: &mut Found) {
        let query = value.find('?').map_or(value.len(), |at| at + 1);
        let origin = Origin { side, place: Place::Header, name, span: 0..query as u32 };
        self.value(Prior::NONE, &value[..query], &origin, found, || (name.to_owned(), name.to_owned()));
        for (param, text, span) in body::pairs(&value[query..]) {
            let span = (query + span.start) as u32..(query + span.end) as u32;
            let before = found.redactions.len();
            let prior = self.prior(&param, "");
            let origin = Origin { side, place: Place::Header, name, span: span.clone() };
            self.value(prior, &text, &origin, found, || (name.to_owned(), name.to_owned()));
            if found.redactions.len() == before && !text.is_empty() && is_key_param(&param) {
                let mask = HIDDEN.to_owned();
                found.redactions.push(Redaction {
                    side,
                    place: Place::Header,
                    name: name.to_owned(),
                    span,
                    mask,
                });
            }
        }
    }

    fn scan_body(&mut self, side: Side, tape: &Tape, found: &mut Found) {
        for unread in &tape.unread {
            found.redactions.push(Redaction {
                side,
                place: Place::Body,
                name: String::new(),
                span: unread.clone(),
                mask: format!("[{} bytes not read]", unread.len()),
            });
        }
        self.scan_keys(side, tape, found);
        for (position, item) in tape.items.iter().enumerate() {
            let Some(value) = scannable(tape, item) else { continue };
            let prior = self.prior(tape.named_key(item), tape.parent_key(item));
            let origin = Origin { side, place: Place::Body, name: "", span: item.span.clone() };
            let before = found.redactions.len();
            let first = self.value(prior, value, &origin, found, || match tape.format {
                Format::Text => (String::new(), String::new()),
                Format::Form | Format::Multipart | Format::Json | Format::Xml | Format::Empty => {
                    (tape.pointer(item, false), tape.pointer(item, true))
                }
            });
            if found.redactions.len() > before && tape.format != Format::Text {
                let types =
                    if side == Side::Request { &mut found.request_types } else { &mut found.response_types };
                types.extend(first.map(|data_type| (position as u32, data_type)));
            }
        }
    }

    /// Keys that are values: maps by phone number or address.
    fn scan_keys(&mut self, side: Side, tape: &Tape, found: &mut Found) {
        for item in tape.items.iter().filter(|item| !item.key_span.is_empty()) {
            let key = tape.key(item);
            if key.contains('@') || key.bytes().filter(u8::is_ascii_digit).count() >= KEY_DIGITS_MIN {
                let origin = Origin { side, place: Place::Body, name: "", span: item.key_span.clone() };
                self.value(Prior::NONE, key, &origin, found, || {
                    (tape.pointer(item, false), tape.pointer(item, true))
                });
            }
        }
    }

    /// One value; returns the type of its first match. `path` gives the exact and the general path.
    fn value(
        &mut self,
        prior: Prior,
        value: &str,
        origin: &Origin<'_>,
        found: &mut Found,
        path: impl Fn() -> (String, String),
    ) -> Option<DataType> {
        self.matches.clear();
        self.rules.scan(prior, value, &mut self.matches);
        let is_verbatim = origin.span.len() == value.len();
        for matched in &self.matches {
            // Where escapes shift positions, the whole value is covered.
            let span = if is_verbatim {
                origin.span.start + matched.start as u32..origin.span.start + matched.end as u32
            } else {
                origin.span.clone()
            };
            let place = if origin.place == Place::Cookie { Place::Header } else { origin.place };
            if !matched.masked {
                found.redactions.push(Redaction {
                    side: origin.side,
                    place,
                    name: if place == Place::Header { origin.name.to_owned() } else { String::new() },
                    span: span.clone(),
                    mask: matched.sample.clone(),
                });
            }
            if matches!(origin.place, Place::Path | Place::Query) && !matched.masked {
                let shown = matched.sample.clone();
                found.samples.entry(value.to_owned()).or_insert(shown);
            }
            if found.hits.len() < HITS_MAX {
                let (exact, general) = path();
                let hash = (!matched.masked).then(|| value_hash(&self.key, matched));
                let hit = DataHit {
                    side: origin.side,
                    place: origin.place,
                    path: exact,
                    data_type: matched.data_type.clone(),
                    level: matched.level,
                    masked: matched.masked,
                    confidence: matched.confidence,
                    sample: matched.sample.clone(),
                    hash,
                    span,
                };
                found.hits.push((general, hit));
            }
        }
        self.matches.first().map(|matched| matched.data_type.clone())
    }
}

/// The text of an item if it can hold anything sensitive.
fn scannable<'t>(tape: &'t Tape, item: &Item) -> Option<&'t str> {
    let value = match item.kind {
        body::Kind::String | body::Kind::Integer | body::Kind::Number => tape.value(item),
        _ => return None,
    };
    if value.len() < 2 {
        return None;
    }
    Some(head(value, TEXT_BYTES_MAX))
}

/// At most `bytes_max` bytes from the beginning of a text.
fn head(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Keyed hash over type and normalised value: the same person's number meets itself everywhere.
fn value_hash(key: &[u8; 32], matched: &Match) -> ValueHash {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(matched.data_type.as_str().as_bytes()).update(&[0]).update(matched.canonical.as_bytes());
    let bytes = hasher.finalize();
    ValueHash(u64::from_le_bytes(bytes.as_bytes()[..8].try_into().expect("a hash has 32 bytes")))
}

fn people(found: &Found, rules: &Ruleset) -> u32 {
    let mut values: FxHashMap<&DataType, FxHashSet<ValueHash>> = FxHashMap::default();
    for (_, hit) in &found.hits {
        if hit.side == Side::Response
            && hit.place == Place::Body
            && rules.data_type(hit.data_type.as_str()).is_some_and(|rule| rule.person)
        {
            values.entry(&hit.data_type).or_default().extend(hit.hash);
        }
    }
    values.values().map(FxHashSet::len).max().unwrap_or_default() as u32
}
