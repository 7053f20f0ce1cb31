//! A call as an exhibit: who, when, and request and response side by side, as kept (masked), with the places marked
//! where sensitive values stand.

use std::collections::BTreeMap;

use model::{DataHit, LoggedCall, Message, Place, Side};

use crate::analyze::EXHIBIT_BYTES;
use crate::report::excerpt::{self, Piece, Shown};
use crate::report::facts::{Facts, latency};
use crate::report::html::{Fill, Html, clip, grouped};
use crate::report::limits::{HEADERS_MAX, LINE_CHARS_MAX, NAME_CHARS_MAX, TARGET_CHARS_MAX};
use crate::report::pieces;
use crate::report::text::{self, Words, t};

/// Fields that say something about a call even when nothing sensitive stands in them.
const TELLING: [&str; 11] = [
    "content-type",
    "authorization",
    "cookie",
    "set-cookie",
    "user-agent",
    "location",
    "server",
    "x-powered-by",
    "www-authenticate",
    "referer",
    "retry-after",
];
/// Share of unreadable characters from which a body is called binary, in percent.
const BINARY_PERCENT: usize = 10;

pub(crate) fn write(h: &mut Html, facts: &Facts<'_>, logged: &LoggedCall) {
    h.el("div", &[("class", "call")], |h| {
        h.el("dl", &[("class", "meta")], |h| meta(h, facts, logged));
        h.el("div", &[("class", "two")], |h| {
            h.el("div", &[], |h| {
                h.label("h5", &[], t("Request", "请求"));
                h.el("pre", &[], |h| request(h, logged));
            });
            h.el("div", &[], |h| {
                h.el("h5", &[], |h| {
                    h.say(t("Response", "响应"));
                    if logged.call.status.is_some() {
                        h.raw(" ");
                        h.text(&status(logged));
                    }
                });
                match &logged.call.response {
                    Some(message) => h.el("pre", &[], |h| {
                        headers(h, message, &hits_on(logged, Side::Response));
                        body(h, message, &hits_on(logged, Side::Response));
                    }),
                    None => pieces::nothing(h, t("No response was seen.", "未采集到响应。")),
                }
            });
        });
        marks(h, facts, logged);
    });
}

fn meta(h: &mut Html, facts: &Facts<'_>, logged: &LoggedCall) {
    let call = &logged.call;
    let mut item = |name: Words<'static>, value: &dyn Fn(&mut Html)| {
        h.el("div", &[], |h| {
            h.label("dt", &[], name);
            h.el("dd", &[], value);
        });
    };
    item(t("Time (UTC)", "时间（UTC）"), &|h| pieces::when(h, call.ts));
    item(t("Client", "客户端"), &|h| h.leaf("code", &[], &client(logged)));
    if let Some(server) = call.server {
        item(t("Server", "服务端"), &|h| h.leaf("code", &[], &server.to_string()));
    }
    item(t("Account", "账号"), &|h| h.text(&account(facts, logged)));
    item(t("Credential", "凭证"), &|h| h.say(text::auth_kind(logged.observation.auth.kind)));
    if let Some(scheme) = call.scheme {
        item(t("Scheme", "协议"), &|h| h.text(scheme.as_str()));
    }
    if let Some(duration) = call.duration_us {
        item(t("Duration", "耗时"), &|h| h.text(&latency(duration)));
    }
    if logged.observation.people > 0 {
        item(t("People in the answer", "响应涉及人数"), &|h| {
            h.number(logged.observation.people.into())
        });
    }
    item(t("Call", "调用编号"), &|h| h.leaf("code", &[], &clip(call.id.as_str(), NAME_CHARS_MAX)));
}

/// Status code, or a dash when no response was seen.
pub(crate) fn status(logged: &LoggedCall) -> String {
    logged.call.status.map_or_else(|| "–".to_owned(), |status| status.to_string())
}

/// Address that asked.
pub(crate) fn client(logged: &LoggedCall) -> String {
    logged.call.client.map_or_else(|| "–".to_owned(), |peer| peer.ip.to_string())
}

/// Account that asked, as it may be shown.
pub(crate) fn account(facts: &Facts<'_>, logged: &LoggedCall) -> String {
    let Some((id, _)) = &logged.observation.account else { return "–".to_owned() };
    let name = id.split_once('/').map_or(id.as_str(), |(_, name)| name);
    clip(&facts.account(name), NAME_CHARS_MAX).into_owned()
}

/// Method and target on one line.
pub(crate) fn line(h: &mut Html, logged: &LoggedCall) {
    h.leaf("span", &[("class", "method")], &clip(&logged.call.method, 12));
    h.raw(" ");
    h.el("code", &[("class", "path")], |h| target(h, logged));
}

fn hits_on(logged: &LoggedCall, side: Side) -> Vec<&DataHit> {
    logged.observation.data.iter().filter(|hit| hit.side == side).collect()
}

fn target(h: &mut Html, logged: &LoggedCall) {
    let hits: Vec<&DataHit> = hits_on(logged, Side::Request)
        .into_iter()
        .filter(|hit| matches!(hit.place, Place::Path | Place::Query))
        .collect();
    let target = clip(&logged.call.target, TARGET_CHARS_MAX);
    for piece in excerpt::mark(&target, &hits) {
        write_piece(h, &piece, TARGET_CHARS_MAX);
    }
}

fn request(h: &mut Html, logged: &LoggedCall) {
    h.leaf("b", &[], &clip(&logged.call.method, 12));
    h.raw(" ");
    target(h, logged);
    h.raw("\n");
    h.leaf("i", &[], "host");
    h.raw(": ");
    h.text(&clip(&logged.call.host, NAME_CHARS_MAX));
    h.raw("\n");
    if let Some(message) = &logged.call.request {
        let hits = hits_on(logged, Side::Request);
        headers(h, message, &hits);
        body(h, message, &hits);
    }
}

/// Fields that hold something sensitive or tell about the call.
fn headers(h: &mut Html, message: &Message, hits: &[&DataHit]) {
    let mut shown = 0;
    for (name, value) in message.headers.iter() {
        let here: Vec<&DataHit> = hits.iter().copied().filter(|hit| is_in_field(hit, name)).collect();
        if (here.is_empty() && !TELLING.contains(&name)) || shown >= HEADERS_MAX {
            continue;
        }
        shown += 1;
        h.leaf("i", &[], &clip(name, NAME_CHARS_MAX));
        h.raw(": ");
        for piece in excerpt::mark(&clip(value, LINE_CHARS_MAX), &here) {
            write_piece(h, &piece, LINE_CHARS_MAX);
        }
        h.raw("\n");
    }
    let rest = message.headers.len() - shown;
    if rest > 0 {
        gap(h, t("{0} more header {0|field|fields}", "另有 {0} 个头部字段"), rest as u64);
    }
}

fn is_in_field(hit: &DataHit, name: &str) -> bool {
    match hit.place {
        Place::Header => hit.path.eq_ignore_ascii_case(name),
        Place::Cookie => name == "cookie" || name == "set-cookie",
        _ => false,
    }
}

fn body(h: &mut Html, message: &Message, hits: &[&DataHit]) {
    let Some(bytes) = message.body.as_deref().filter(|bytes| !bytes.is_empty()) else {
        if let Some(size) = message.body_size.filter(|size| *size > 0) {
            gap(h, t("body of {0} {0|byte|bytes}, not recorded", "正文 {0} 字节，未记录"), size);
        }
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    // The cut may have gone through a character.
    let text = text.trim_end_matches('\u{fffd}');
    if is_binary(text) {
        return gap(h, t("{0} {0|byte|bytes} that are no text", "{0} 字节的非文本内容"), bytes.len() as u64);
    }
    let here: Vec<&DataHit> = hits.iter().copied().filter(|hit| hit.place == Place::Body).collect();
    h.raw("\n");
    for shown in excerpt::window(excerpt::lines(text, &here)) {
        match shown {
            Shown::LeftOut(count) => gap(h, t("{0} {0|line|lines} left out", "略去 {0} 行"), count as u64),
            Shown::Line(line) => {
                for _ in 0..line.indent {
                    h.raw("  ");
                }
                for piece in &line.pieces {
                    write_piece(h, piece, LINE_CHARS_MAX);
                }
                h.raw("\n");
            }
        }
    }
    // Masks change the length, so that only a body of that size is known to be cut.
    if bytes.len() >= EXHIBIT_BYTES {
        let size = message.body_size.unwrap_or_default().max(bytes.len() as u64);
        gap(h, t("excerpt of a body of {0} bytes", "节选，正文共 {0} 字节"), size);
    }
}

fn is_binary(text: &str) -> bool {
    let odd = |c: &char| *c == '\u{fffd}' || (c.is_control() && !c.is_whitespace());
    text.chars().filter(odd).count() * 100 > text.chars().count() * BINARY_PERCENT
}

fn gap(h: &mut Html, words: Words<'static>, count: u64) {
    h.el("span", &[("class", "gap")], |h| {
        h.raw("⋯ ");
        h.fill(words, &[Fill::Count(count)]);
    });
    h.raw("\n");
}

fn write_piece(h: &mut Html, (text, hit): &Piece<'_>, chars_max: usize) {
    let text = clip(text, chars_max);
    match hit {
        None => h.text(&text),
        Some(hit) => {
            let class = format!("l{}", hit.level.min(5));
            let tip = format!("{} · L{}", hit.data_type, hit.level);
            h.leaf("mark", &[("class", &class), ("title", &tip)], &text);
        }
    }
}

/// What the marks are, for paper and for eyes that cannot hover.
fn marks(h: &mut Html, facts: &Facts<'_>, logged: &LoggedCall) {
    let mut types: BTreeMap<(std::cmp::Reverse<u8>, &str, Side), u64> = BTreeMap::new();
    for hit in &logged.observation.data {
        *types.entry((std::cmp::Reverse(hit.level), hit.data_type.as_str(), hit.side)).or_default() += 1;
    }
    if types.is_empty() {
        return;
    }
    let types: Vec<_> = types.into_iter().collect();
    h.el("p", &[("class", "marks")], |h| {
        h.say(t("Found in this call: ", "此调用中发现："));
        pieces::list(h, &types, |h, ((std::cmp::Reverse(level), id, side), count)| {
            pieces::level(h, *level);
            h.raw(" ");
            h.say(facts.data_type(id));
            h.leaf("span", &[("class", "muted")], &format!(" ×{} ", grouped(*count)));
            h.el("span", &[("class", "muted")], |h| h.say(text::side(*side)));
        });
        h.say(t(". Values are masked.", "。原值均已脱敏。"));
    });
}
