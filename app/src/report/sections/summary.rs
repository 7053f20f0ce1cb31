//! The page a manager reads: what was looked at, what leaks, what to act on first, and the key figures.
//! Each figure leads to the section that proves it.

use model::{Finding, Severity};

use super::finding::filled;
use crate::report::facts::{Facts, LEAK_LEVEL};
use crate::report::html::{Fill, Html};
use crate::report::pieces::{self, section};
use crate::report::text::{self, Words, t};

/// Findings that the summary names.
const FIRST_MAX: usize = 5;
/// APIs that a sentence names.
const NAMED_MAX: usize = 3;

pub(crate) fn write(h: &mut Html, facts: &Facts<'_>) {
    section(h, "summary", t("Summary", "摘要"), |h| {
        h.el("div", &[("class", "prose lead")], |h| {
            scope(h, facts);
            found(h, facts);
            leaks(h, facts);
            most_sensitive(h, facts);
        });
        figures(h, facts);
        first(h, facts);
    });
}

fn scope(h: &mut Html, facts: &Facts<'_>) {
    let counts = facts.counts;
    let values = [
        Fill::Count(counts.calls),
        Fill::CountAt(counts.endpoints as u64, "#apis"),
        Fill::Count(counts.sites as u64),
        Fill::CountAt(counts.candidates as u64, "#candidates"),
    ];
    h.el("p", &[], |h| {
        h.fill(
            t(
                "{0} {0|call was|calls were} analysed. They confirm {1} {1|API|APIs} on {2} {2|site|sites}. ",
                "共分析 {0} 次调用，确认 {2} 个站点上的 {1} 个接口。",
            ),
            &values,
        );
        if counts.candidates > 0 {
            h.fill(
                t(
                    "{3} further {3|path was|paths were} called but {3|is|are} kept out of the inventory, each with a reason.",
                    "另有 {3} 个被调用的路径未进入清单，均附有原因。",
                ),
                &values,
            );
        }
    });
}

fn found(h: &mut Html, facts: &Facts<'_>) {
    h.el("p", &[], |h| {
        if facts.findings.is_empty() {
            return h.say(t(
                "The rules found no weakness in this traffic. That is no proof that there is none: only what was called can be judged.",
                "规则未在这些流量中发现弱点。这并不证明不存在弱点：只有被调用过的内容才能判断。",
            ));
        }
        let mut on: Vec<_> = facts.findings.iter().filter_map(|finding| finding.endpoint).collect();
        on.sort_unstable();
        on.dedup();
        let severities = |h: &mut Html| {
            let mut first = true;
            for severity in Severity::ALL.into_iter().rev() {
                let count = facts.count_of(severity);
                if count > 0 {
                    if !std::mem::take(&mut first) {
                        h.say(t(", ", "、"));
                    }
                    h.number(count);
                    h.raw(" ");
                    pieces::severity(h, severity);
                }
            }
        };
        h.fill(
            t(
                "The traffic proves {0} {0|finding|findings} on {1} {1|API|APIs}: {2}.",
                "流量证实了 {1} 个接口上的 {0} 项发现：{2}。",
            ),
            &[
                Fill::CountAt(facts.findings.len() as u64, "#findings"),
                Fill::CountAt(on.len() as u64, "#findings"),
                Fill::With(&severities),
            ],
        );
    });
}

fn leaks(h: &mut Html, facts: &Facts<'_>) {
    let leaks = facts.leaks();
    h.el("p", &[], |h| {
        if leaks.is_empty() {
            return h.fill(
                t(
                    "No API was seen to answer data of level {0} or above in clear without a credential.",
                    "未发现接口在无凭证的情况下以明文返回 {0} 级及以上的数据。",
                ),
                &[Fill::Count(u64::from(LEAK_LEVEL))],
            );
        }
        let named = |h: &mut Html| {
            for (index, endpoint) in leaks.iter().take(NAMED_MAX).enumerate() {
                if index > 0 {
                    h.say(t(", ", "、"));
                }
                pieces::endpoint(h, facts, endpoint, true);
                if let Some(usage) = facts.answered(endpoint).first() {
                    h.say(t(" (", "（"));
                    h.say(facts.data_type(usage.data_type.as_str()));
                    h.say(t(")", "）"));
                }
            }
        };
        let more = leaks.len().saturating_sub(NAMED_MAX) as u64;
        h.fill(
            t(
                "{0} {0|API answers|APIs answer} sensitive data in clear to callers without a credential: {1}",
                "{0} 个接口向无凭证的调用方以明文返回敏感数据：{1}",
            ),
            &[Fill::CountAt(leaks.len() as u64, "#open-data"), Fill::With(&named)],
        );
        if more > 0 {
            h.fill(t(" and {0} more", " 等另外 {0} 个"), &[Fill::Count(more)]);
        }
        h.say(t(".", "。"));
    });
}

fn most_sensitive(h: &mut Html, facts: &Facts<'_>) {
    let mut apis = std::collections::BTreeMap::<(u8, &str), u64>::new();
    for endpoint in facts.endpoints() {
        let mut types: Vec<(u8, &str)> =
            facts.answered(endpoint).iter().map(|usage| (usage.level, usage.data_type.as_str())).collect();
        types.sort_unstable();
        types.dedup();
        for key in types {
            *apis.entry(key).or_default() += 1;
        }
    }
    let top = apis.iter().max_by_key(|((level, _), count)| (*level, **count));
    let Some(((level, id), count)) = top else { return };
    h.el("p", &[], |h| {
        let name = |h: &mut Html| h.label("b", &[], facts.data_type(id));
        let badge = |h: &mut Html| pieces::level(h, *level);
        h.fill(
            t(
                "The most sensitive data answered in clear is {0} {1}, by {2} {2|API|APIs} of this traffic.",
                "以明文返回的最敏感数据是{0} {1}，涉及 {2} 个接口。",
            ),
            &[Fill::With(&name), Fill::With(&badge), Fill::CountAt(*count, "#data")],
        );
    });
}

struct Figure {
    count: u64,
    to: &'static str,
    name: Words<'static>,
    is_bad: bool,
}

fn figures(h: &mut Html, facts: &Facts<'_>) {
    let of = |count: usize, to, name, is_bad| Figure {
        count: count as u64,
        to,
        name,
        is_bad: is_bad && count > 0,
    };
    let urgent = facts.count_of(Severity::Critical) + facts.count_of(Severity::High);
    let in_clear = facts.endpoints().iter().filter(|endpoint| endpoint.level >= LEAK_LEVEL).count();
    let counts = facts.counts;
    let tiles = [
        of(urgent as usize, "#findings", t("Critical and high findings", "严重与高危发现"), true),
        of(
            facts.leaks().len(),
            "#open-data",
            t("APIs open with sensitive data", "无凭证返回敏感数据的接口"),
            true,
        ),
        of(counts.findings, "#findings", t("Findings in all", "发现总数"), false),
        of(in_clear, "#data", t("APIs with sensitive data in clear", "含明文敏感数据的接口"), false),
        of(counts.endpoints, "#apis", t("APIs", "接口"), false),
        of(counts.sites, "#apis", t("Sites", "站点"), false),
        of(counts.accounts, "#accounts", t("Accounts", "账号"), false),
        of(counts.candidates, "#candidates", t("Candidates kept out", "未入清单的候选"), false),
    ];
    h.el("div", &[("class", "tiles")], |h| {
        for tile in tiles {
            let class = if tile.is_bad { "tile bad" } else { "tile" };
            h.el("a", &[("class", class), ("href", tile.to)], |h| {
                h.el("b", &[], |h| h.number(tile.count));
                h.say(tile.name);
            });
        }
    });
    h.el("div", &[("class", "severities")], |h| {
        for severity in Severity::ALL.into_iter().rev() {
            let attrs = [("href", "#findings"), ("class", severity.as_str())];
            h.el("a", &attrs, |h| {
                h.el("b", &[], |h| h.number(facts.count_of(severity)));
                pieces::severity(h, severity);
                h.label("small", &[], text::severity_meaning(severity));
            });
        }
    });
}

/// The worst findings, with the first sentence of the advice.
fn first(h: &mut Html, facts: &Facts<'_>) {
    let urgent: Vec<&Finding> = facts
        .findings
        .iter()
        .copied()
        .filter(|finding| finding.severity >= Severity::Medium)
        .take(FIRST_MAX)
        .collect();
    if urgent.is_empty() {
        return;
    }
    h.label("h3", &[], t("What to do first", "首先处理什么"));
    h.el("ol", &[("class", "first")], |h| {
        for finding in urgent {
            h.el("li", &[], |h| {
                h.el("div", &[], |h| {
                    pieces::severity(h, finding.severity);
                    h.raw(" ");
                    pieces::finding_link(h, facts, finding);
                });
                h.el("div", &[("class", "muted")], |h| {
                    if let Some(endpoint) = finding.endpoint.and_then(|id| facts.endpoint(id)) {
                        pieces::endpoint(h, facts, endpoint, true);
                    }
                });
                if let Some(rule) = facts.rules.weakness(&finding.rule) {
                    let (en, zh) = filled(facts, Words::from(&rule.text.advice), finding);
                    h.label("div", &[], t(sentence(&en), sentence(&zh)));
                }
            });
        }
    });
}

/// The first sentence of a text.
fn sentence(text: &str) -> &str {
    let end = text.char_indices().find(|(at, c)| match c {
        '。' | '；' | '\n' => true,
        '.' | ';' => text[at + 1..].starts_with(char::is_whitespace),
        _ => false,
    });
    end.map_or(text, |(at, c)| {
        text[..at + if c == '\n' { 0 } else { c.len_utf8() }].trim_end_matches([';', '；'])
    })
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(sentence(text), expect);
    }

    #[test]
    fn the_first_sentence_is_cut_at_its_end() {
        check("Use TLS 1.3. Then rotate.", "Use TLS 1.3.");
        check("要求凭证。随后轮换。", "要求凭证。");
        check("One line\nanother", "One line");
        check("first; second", "first");
        check("", "");
    }
}
