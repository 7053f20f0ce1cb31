//! All findings: on which sites, since when, as a table, and each in full.

use std::collections::BTreeMap;

use model::Severity;

use super::finding;
use crate::report::charts::{self, Scale};
use crate::report::facts::Facts;
use crate::report::html::{Html, clip};
use crate::report::limits::{CHART_ROWS_MAX, FINDINGS_MAX, LINE_CHARS_MAX, LIST_MAX, NAME_CHARS_MAX};
use crate::report::pieces::{self, Select, column, figure, section, table};
use crate::report::text::{self, t};

pub(crate) fn write(h: &mut Html, facts: &Facts<'_>) {
    section(h, "findings", t("Findings", "发现"), |h| {
        if facts.findings.is_empty() {
            return pieces::nothing(
                h,
                t(
                    "No finding. Weaknesses that the traffic proves would be listed here, worst first, each with the calls that prove it.",
                    "没有发现。流量所证实的弱点会按严重程度列在这里，并附作为证据的调用。",
                ),
            );
        }
        h.el("div", &[("class", "charts")], |h| {
            by_site(h, facts);
            over_time(h, facts);
        });
        overview(h, facts);
        pieces::more(h, facts.findings.len().saturating_sub(FINDINGS_MAX), "findings.jsonl");
        for finding in facts.findings.iter().take(FINDINGS_MAX) {
            finding::write(h, facts, finding);
        }
    });
}

/// Class that colours a severity.
const fn class_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "c-critical",
        Severity::High => "c-high",
        Severity::Medium => "c-medium",
        Severity::Low => "c-low",
        Severity::Info => "c-info",
    }
}

fn by_site(h: &mut Html, facts: &Facts<'_>) {
    let mut sites: BTreeMap<&str, [u64; 5]> = BTreeMap::new();
    for finding in &facts.findings {
        sites.entry(&finding.host).or_default()[finding.severity as usize] += 1;
    }
    // The worst site first: by its counts from critical down.
    let mut sites: Vec<(&str, [u64; 5])> = sites.into_iter().collect();
    sites.sort_by(|a, b| b.1.iter().rev().cmp(a.1.iter().rev()));
    let longest = sites.iter().map(|(_, counts)| counts.iter().sum::<u64>()).max().unwrap_or(1).max(1);
    let shown = Severity::ALL.into_iter().rev().filter(|severity| facts.count_of(*severity) > 0);
    let legend: Vec<_> = shown.map(|severity| (class_of(severity), text::severity(severity))).collect();
    let question =
        t("Which sites have the findings, and how severe are they?", "哪些站点有发现，严重程度如何？");
    charts::chart(h, question, &legend, |h| {
        for (site, counts) in sites.iter().take(CHART_ROWS_MAX) {
            let counts: Vec<(&str, u64)> = Severity::ALL
                .into_iter()
                .rev()
                .map(|severity| (class_of(severity), counts[severity as usize]))
                .collect();
            charts::site(h, site, &counts, longest);
        }
        pieces::more_below(h, sites.len().saturating_sub(CHART_ROWS_MAX));
    });
}

fn over_time(h: &mut Html, facts: &Facts<'_>) {
    let Some(scale) = Scale::new(facts.outcome.first, facts.outcome.last) else { return };
    charts::chart(
        h,
        t("Since when and until when was each visible? (UTC)", "各项发现从何时到何时可见？（UTC）"),
        &[],
        |h| {
            let known = facts.findings.iter().filter(|finding| finding.first_seen.is_known());
            for finding in known.clone().take(CHART_ROWS_MAX) {
                charts::row(
                    h,
                    |h| {
                        let tip = format!(
                            "{} · {}",
                            clip(&finding.title, LINE_CHARS_MAX),
                            clip(&finding.title_zh, LINE_CHARS_MAX)
                        );
                        h.el("span", &[("title", &tip)], |h| pieces::finding_link(h, facts, finding));
                    },
                    |h| {
                        charts::stretch(
                            h,
                            &scale,
                            (finding.first_seen, finding.last_seen),
                            class_of(finding.severity),
                        )
                    },
                    |h| h.number(finding.calls),
                );
            }
            charts::row(h, |_| {}, |h| scale.axis(h), |h| h.label("small", &[], t("calls", "调用")));
            pieces::more_below(h, known.count().saturating_sub(CHART_ROWS_MAX));
        },
    );
}

fn overview(h: &mut Html, facts: &Facts<'_>) {
    let shown = || facts.findings.iter().take(FINDINGS_MAX);
    let options = Severity::ALL
        .into_iter()
        .rev()
        .filter(|severity| facts.count_of(*severity) > 0)
        .map(|severity| (severity.as_str().to_owned(), text::severity(severity)))
        .collect();
    let select = Select { key: "severity", caption: t("All severities", "全部严重程度"), options };
    pieces::filter(h, "t-findings", &[select]);
    let columns = [
        column(t("Severity", "严重程度")),
        column(t("Finding", "发现")),
        column(t("API", "接口")),
        column(t("OWASP API", "OWASP API")),
        figure(t("Calls", "调用")),
        column(t("Last seen (UTC)", "最近出现（UTC）")),
    ];
    table(h, ("t-findings", "findings"), &columns, |h| {
        for finding in shown() {
            h.el("tr", &[("data-severity", finding.severity.as_str())], |h| {
                let order = (finding.severity as u8).to_string();
                h.el("td", &[("data-v", &order)], |h| pieces::severity(h, finding.severity));
                h.el("td", &[], |h| pieces::finding_link(h, facts, finding));
                h.el("td", &[], |h| match finding.endpoint.and_then(|id| facts.endpoint(id)) {
                    Some(endpoint) => pieces::endpoint(h, facts, endpoint, true),
                    None => h.leaf("code", &[], &clip(&finding.host, NAME_CHARS_MAX)),
                });
                h.el("td", &[("class", "mono")], |h| newest(h, &finding.owasp));
                pieces::number_cell(h, finding.calls);
                pieces::time_cell(h, finding.last_seen);
            });
        }
    });
}

/// Entries of the newest edition that is named; all of them stand with the finding.
fn newest(h: &mut Html, owasp: &[String]) {
    let edition = |entry: &str| entry.rsplit(':').next().map(str::to_owned);
    let newest = owasp.iter().filter_map(|entry| edition(entry)).max();
    for entry in owasp.iter().filter(|entry| edition(entry) == newest).take(LIST_MAX) {
        h.leaf("span", &[], entry);
    }
}
