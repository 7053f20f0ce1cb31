//! One finding in full: what was seen, why it matters, what to do, and the calls that prove it.

use model::{CallId, Finding, LoggedCall};

use super::call;
use crate::report::facts::Facts;
use crate::report::html::{Fill, Html, clip};
use crate::report::limits::{LINE_CHARS_MAX, NAME_CHARS_MAX};
use crate::report::pieces::{self, figure, finding_anchor, finding_title, table, unsorted};
use crate::report::text::{self, Words, t};

pub(crate) fn write(h: &mut Html, facts: &Facts<'_>, finding: &Finding) {
    let class = format!("finding {}", finding.severity.as_str());
    h.el("article", &[("class", &class), ("id", &finding_anchor(finding))], |h| {
        h.el("header", &[], |h| {
            h.el("h3", &[], |h| {
                pieces::severity(h, finding.severity);
                h.say(finding_title(finding));
            });
            h.el("p", &[], |h| match finding.endpoint.and_then(|id| facts.endpoint(id)) {
                Some(endpoint) => pieces::endpoint(h, facts, endpoint, true),
                None => h.leaf("code", &[("class", "path")], &clip(&finding.host, NAME_CHARS_MAX)),
            });
        });
        h.el("div", &[("class", "about-finding")], |h| {
            h.el("div", &[("class", "prose")], |h| texts(h, facts, finding));
            h.el("dl", &[("class", "side")], |h| side(h, facts, finding));
        });
        evidence(h, facts, finding);
    });
}

fn texts(h: &mut Html, facts: &Facts<'_>, finding: &Finding) {
    let Some(rule) = facts.rules.weakness(&finding.rule) else {
        return h.label("p", &[("class", "muted")], t("The rule has no description.", "该规则没有说明。"));
    };
    for (heading, text) in [
        (t("What was seen", "发现了什么"), &rule.text.summary),
        (t("Why it matters", "为何重要"), &rule.text.why),
        (t("What to do", "如何处理"), &rule.text.advice),
    ] {
        h.label("h4", &[], heading);
        let (en, zh) = filled(facts, Words::from(text), finding);
        for (lang, text) in [("en", en), ("zh", zh)] {
            h.el("div", &[("lang", lang)], |h| {
                for paragraph in text.lines().filter(|line| !line.trim().is_empty()) {
                    h.leaf("p", &[], paragraph);
                }
            });
        }
    }
}

/// A text of a rule in both languages with the finding's parameters in place of `{name}`.
pub(crate) fn filled(facts: &Facts<'_>, words: Words<'_>, finding: &Finding) -> (String, String) {
    let fill = |text: &str, pick: fn(Words<'_>) -> &str, separator: &str| {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            out.push_str(before);
            let value = finding.params.get(name).map_or("–", String::as_str);
            let value = match name {
                "types" => names(value, separator, |id| pick(facts.data_type(id))),
                "details" => names(value, separator, |id| pick(facts.detail(&finding.rule, id))),
                _ => value.to_owned(),
            };
            out.push_str(&clip(&value, LINE_CHARS_MAX));
            rest = after;
        }
        out.push_str(rest);
        out
    };
    (fill(words.en, |words| words.en, ", "), fill(words.zh, |words| words.zh, "、"))
}

/// Ids separated by commas as names.
fn names<'a>(ids: &'a str, separator: &str, name: impl Fn(&'a str) -> &'a str) -> String {
    ids.split(',').map(name).collect::<Vec<_>>().join(separator)
}

fn side(h: &mut Html, facts: &Facts<'_>, finding: &Finding) {
    let mut row = |name: Words<'static>, value: &dyn Fn(&mut Html)| {
        h.label("dt", &[], name);
        h.el("dd", &[], value);
    };
    row(t("Calls", "调用"), &|h| h.number(finding.calls));
    row(t("First seen", "首次出现"), &|h| pieces::when(h, finding.first_seen));
    row(t("Last seen", "最近出现"), &|h| pieces::when(h, finding.last_seen));
    if let Some(subject) = &finding.subject {
        row(t("Subject", "主体"), &|h| h.text(&clip(&facts.account(subject), NAME_CHARS_MAX)));
    }
    row(t("Confidence", "置信度"), &|h| h.text(&format!("{:.0} %", finding.confidence * 100.0)));
    for (name, entries) in [(t("OWASP API", "OWASP API"), &finding.owasp), (t("CWE", "CWE"), &finding.cwe)] {
        if !entries.is_empty() {
            row(name, &|h| h.text(&entries.join(", ")));
        }
    }
    if let Some(rule) = facts.rules.weakness(&finding.rule).filter(|rule| !rule.standards.is_empty()) {
        row(t("Standards", "标准"), &|h| h.text(&rule.standards.join("; ")));
    }
    row(t("Rule", "规则"), &|h| h.leaf("code", &[], &finding.rule));
    row(t("Finding", "编号"), &|h| h.leaf("code", &[], &finding.id));
}

/// The first kept call in full, the others as rows.
fn evidence(h: &mut Html, facts: &Facts<'_>, finding: &Finding) {
    let kept = |id: &CallId| facts.outcome.exhibits.get(id);
    let mut calls: Vec<&LoggedCall> = finding.evidence.iter().filter_map(kept).collect();
    let gone = finding.evidence.len() - calls.len();
    // The call that shows the most is the one to show: marked for the rule, with a response.
    let shows = |call: &LoggedCall| (call.rules.contains(&finding.rule), call.call.response.is_some());
    calls.sort_by_key(|call| std::cmp::Reverse(shows(call)));
    if let Some((proof, others)) = calls.split_first() {
        h.label("h4", &[], t("The call that proves it", "作为证据的调用"));
        call::write(h, facts, proof);
        if !others.is_empty() {
            h.label("h4", &[], t("Further calls that prove it", "其他作为证据的调用"));
            rows(h, facts, others);
        }
    }
    if gone > 0 {
        let words = t(
            "{0} further {0|call is|calls are} named in findings.jsonl; {0|it was|they were} not kept for this report.",
            "另有 {0} 次调用列于 findings.jsonl，未随本报告保留。",
        );
        h.el("p", &[("class", "more")], |h| h.fill(words, &[Fill::Count(gone as u64)]));
    }
}

fn rows(h: &mut Html, facts: &Facts<'_>, calls: &[&LoggedCall]) {
    let columns = [
        unsorted(t("Time (UTC)", "时间（UTC）")),
        unsorted(t("Call", "调用")),
        figure(t("Status", "状态码")),
        unsorted(t("Client", "客户端")),
        unsorted(t("Account", "账号")),
        unsorted(t("Credential", "凭证")),
    ];
    table(h, ("", "calls"), &columns, |h| {
        for logged in calls {
            h.el("tr", &[], |h| {
                h.el("td", &[("class", "time")], |h| pieces::when(h, logged.call.ts));
                h.el("td", &[], |h| call::line(h, logged));
                h.leaf("td", &[("class", "num")], &call::status(logged));
                h.leaf("td", &[("class", "mono")], &call::client(logged));
                h.leaf("td", &[], &call::account(facts, logged));
                h.label("td", &[], text::auth_kind(logged.observation.auth.kind));
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::Counts;
    use crate::report::tests::{finding, outcome, rules};

    #[track_caller]
    fn check(text: &str, expect: (&str, &str)) {
        let mut finding = finding("weak-jwt", None);
        for (name, value) in
            [("people", "37"), ("types", "EMAIL,CN_MOBILE"), ("details", "weak-secret,other")]
        {
            finding.params.insert(name.into(), value.into());
        }
        let rules = rules();
        let outcome = outcome(&rules, &[]);
        let counts = Counts::of(&outcome);
        let (en, zh) = filled(&Facts::new(&[], &outcome, &counts, &rules), t(text, text), &finding);
        assert_eq!((en.as_str(), zh.as_str()), expect);
    }

    #[test]
    fn parameters_take_their_places() {
        check("{people} x", ("37 x", "37 x"));
        check("of {other}", ("of –", "of –"));
        check("open { brace", ("open { brace", "open { brace"));
        check("{types}", ("E-mail address, Mobile number (China)", "电子邮箱、手机号码"));
        check("{details}", ("signed with a weak secret, other", "使用弱密钥签名、other"));
    }
}
