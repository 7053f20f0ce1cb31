//! What was called and is no API, or not yet one: by reason, with the paths called most.

use model::Candidate;

use crate::report::facts::Facts;
use crate::report::html::{Fill, Html, clip};
use crate::report::limits::{CANDIDATES_MAX, LIST_MAX, NAME_CHARS_MAX};
use crate::report::pieces::{self, figure, section, table, unsorted};
use crate::report::text::{self, t};

pub(crate) fn write(h: &mut Html, facts: &Facts<'_>) {
    section(
        h,
        "candidates",
        t("Candidates kept out of the inventory", "未进入清单的候选接口"),
        |h| {
            let all = &facts.outcome.picture.inventory.candidates;
            if all.is_empty() {
                return pieces::nothing(
                    h,
                    t("Every path that was called is an API.", "所有被调用的路径均为接口。"),
                );
            }
            h.label(
            "p",
            &[("class", "intro")],
            t(
                "These paths were called but are no APIs, or were never answered with success. Scans and probes end here, so that they do not blur the inventory.",
                "这些路径被调用过，但不是接口，或从未得到成功响应。扫描与探测归入此处，以免混入清单。",
            ),
        );
            let columns = [
                unsorted(t("Path", "路径")),
                unsorted(t("Site", "站点")),
                unsorted(t("Answers", "响应状态")),
                figure(t("Calls", "调用")),
                figure(t("Clients", "客户端")),
            ];
            table(h, ("", "candidates grouped"), &columns, |h| {
                for reason in text::REASONS {
                    let mut of: Vec<&Candidate> =
                        all.iter().filter(|candidate| candidate.reason == reason).collect();
                    of.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.id.cmp(&b.id)));
                    if !of.is_empty() {
                        group(h, reason, &of);
                    }
                }
            });
        },
    );
}

fn group(h: &mut Html, reason: model::CandidateReason, candidates: &[&Candidate]) {
    h.el("tr", &[("class", "head")], |h| {
        h.el("th", &[("colspan", "5"), ("scope", "rowgroup")], |h| {
            h.say(text::reason(reason));
            h.el("span", &[("class", "muted")], |h| {
                h.raw(" ");
                let calls = candidates.iter().map(|candidate| candidate.calls).sum();
                h.fill(
                    t("{0} {0|path|paths}, {1} {1|call|calls}: ", "{0} 个路径，{1} 次调用："),
                    &[Fill::Count(candidates.len() as u64), Fill::Count(calls)],
                );
                h.say(text::reason_why(reason));
            });
        });
    });
    for candidate in candidates.iter().take(CANDIDATES_MAX) {
        h.el("tr", &[], |h| {
            h.el("td", &[], |h| {
                h.leaf("span", &[("class", "method")], &clip(&candidate.method, 12));
                h.raw(" ");
                h.el("code", &[("class", "path")], |h| {
                    pieces::path(h, &clip(&candidate.template, NAME_CHARS_MAX))
                });
            });
            h.leaf("td", &[("class", "mono")], &clip(&candidate.host, NAME_CHARS_MAX));
            let statuses: Vec<String> = candidate
                .statuses
                .iter()
                .take(LIST_MAX)
                .map(|(status, calls)| format!("{status} ×{calls}"))
                .collect();
            let statuses = if statuses.is_empty() { "–".to_owned() } else { statuses.join("  ") };
            h.leaf("td", &[("class", "mono")], &statuses);
            pieces::number_cell(h, candidate.calls);
            pieces::number_cell(h, candidate.clients);
        });
    }
    if candidates.len() > CANDIDATES_MAX {
        h.el("tr", &[], |h| {
            let left = candidates.len() - CANDIDATES_MAX;
            h.el("td", &[("colspan", "5")], |h| pieces::more(h, left, "candidates.jsonl"));
        });
    }
}
