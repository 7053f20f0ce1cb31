//! The data map: which types travel through which APIs, in clear or masked, with or without a credential.

use std::collections::BTreeMap;

use model::{DataType, DataUse, Endpoint};

use crate::report::charts;
use crate::report::facts::{Facts, Guard, LEAK_LEVEL};
use crate::report::html::{Html, anchor, clip};
use crate::report::limits::{CHART_ROWS_MAX, DATA_ROWS_MAX, NAME_CHARS_MAX};
use crate::report::pieces::{self, Select, column, figure, section, table, unsorted};
use crate::report::text::{self, Words, t};

/// One data type with everywhere it was seen.
struct Kind<'a> {
    id: &'a DataType,
    level: u8,
    /// Uses with their endpoints, those in clear and with many values first.
    uses: Vec<(&'a Endpoint, &'a DataUse)>,
    /// Distinct endpoints with a clear value, and with masked ones alone.
    clear: u64,
    masked: u64,
}

pub(crate) fn write(h: &mut Html, facts: &Facts<'_>) {
    section(h, "data", t("Data map", "数据地图"), |h| {
        let kinds = kinds(facts);
        if kinds.is_empty() {
            let words =
                t("No sensitive data was recognised in this traffic.", "未在这些流量中识别到敏感数据。");
            return h.el("div", &[("id", "open-data")], |h| pieces::nothing(h, words));
        }
        h.el("div", &[("class", "charts")], |h| {
            h.el("div", &[("id", "open-data")], |h| guards(h, facts));
            in_clear(h, facts, &kinds);
        });
        open_table(h, facts);
        let options: Vec<(String, Words<'_>)> =
            (1..=5_u8).rev().map(|level| (level.to_string(), text::level(level))).collect();
        h.label("h3", &[], t("Every data type and where it stands", "各类数据及其所在位置"));
        pieces::filter(
            h,
            "t-data",
            &[Select { key: "level", caption: t("All levels", "全部级别"), options }],
        );
        let columns = [
            unsorted(t("API", "接口")),
            unsorted(t("Place", "位置")),
            unsorted(t("Shown", "呈现")),
            unsorted(t("Credential", "凭证")),
            unsorted(t("Sample (masked)", "样例（已脱敏）")),
            figure(t("Values", "值数量")),
            figure(t("Distinct", "不同值")),
            figure(t("Calls", "调用")),
        ];
        // Rows are grouped by type, so only the filter moves them.
        table(h, ("t-data", "data grouped"), &columns, |h| {
            kinds.iter().for_each(|kind| group(h, facts, kind))
        });
    });
}

fn kinds<'a>(facts: &Facts<'a>) -> Vec<Kind<'a>> {
    let mut kinds: BTreeMap<&DataType, Kind<'a>> = BTreeMap::new();
    for endpoint in facts.endpoints() {
        let mut seen: BTreeMap<&DataType, bool> = BTreeMap::new();
        for usage in &endpoint.data {
            let kind = kinds.entry(&usage.data_type).or_insert_with(|| Kind {
                id: &usage.data_type,
                level: usage.level,
                uses: Vec::new(),
                clear: 0,
                masked: 0,
            });
            kind.level = kind.level.max(usage.level);
            kind.uses.push((endpoint, usage));
            *seen.entry(&usage.data_type).or_default() |= !usage.masked;
        }
        for (id, in_clear) in seen {
            if let Some(kind) = kinds.get_mut(id) {
                kind.clear += u64::from(in_clear);
                kind.masked += u64::from(!in_clear);
            }
        }
    }
    let mut kinds: Vec<Kind<'_>> = kinds.into_values().collect();
    for kind in &mut kinds {
        kind.uses.sort_by(|(_, a), (_, b)| {
            (a.masked, std::cmp::Reverse(a.count), a.endpoint, &a.path).cmp(&(
                b.masked,
                std::cmp::Reverse(b.count),
                b.endpoint,
                &b.path,
            ))
        });
    }
    kinds.sort_by(|a, b| (b.level, b.clear, a.id).cmp(&(a.level, a.clear, b.id)));
    kinds
}

/// Where sensitive data is answered, by site and by what is asked from the caller.
fn guards(h: &mut Html, facts: &Facts<'_>) {
    const CLASSES: [&str; 4] = ["a-none", "a-mixed", "a-unknown", "a-required"];
    let place = |guard: Guard| match guard {
        Guard::None => 0,
        Guard::Mixed => 1,
        Guard::Unknown => 2,
        Guard::InBody | Guard::Required => 3,
    };
    let mut sites: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    for endpoint in facts.endpoints().iter().filter(|endpoint| !facts.answered(endpoint).is_empty()) {
        sites.entry(&endpoint.host).or_default()[place(facts.guard(endpoint))] += 1;
    }
    let mut sites: Vec<(&str, [u64; 4])> = sites.into_iter().collect();
    sites.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let longest = sites.iter().map(|(_, counts)| counts.iter().sum()).max().unwrap_or(1);
    let legend = [
        (CLASSES[0], t("no credential", "无凭证")),
        (CLASSES[1], t("with and without", "有无凭证均可")),
        (CLASSES[2], t("unknown", "未知")),
        (CLASSES[3], t("credential required", "需要凭证")),
    ];
    let question =
        t("Where is sensitive data answered without a credential?", "敏感数据在哪里无需凭证即可获得？");
    charts::chart(h, question, &legend, |h| {
        if sites.is_empty() {
            let words = t(
                "No API answers data of level 3 or above in clear.",
                "没有接口以明文返回 3 级及以上的数据。",
            );
            return pieces::nothing(h, words);
        }
        for (site, counts) in sites.iter().take(CHART_ROWS_MAX) {
            let counts: Vec<(&str, u64)> = CLASSES.into_iter().zip(*counts).collect();
            charts::site(h, site, &counts, longest);
        }
        charts::unit(h, t("APIs", "接口"));
        pieces::more_below(h, sites.len().saturating_sub(CHART_ROWS_MAX));
    });
}

fn in_clear(h: &mut Html, facts: &Facts<'_>, kinds: &[Kind<'_>]) {
    const CLEAR: [&str; 6] = ["l0", "l1", "l2", "l3", "l4", "l5"];
    let longest =
        kinds.iter().take(CHART_ROWS_MAX).map(|kind| kind.clear + kind.masked).max().unwrap_or(1).max(1);
    let legend =
        [("l5", t("in clear, by level", "明文，按级别着色")), ("masked", t("masked only", "仅脱敏"))];
    charts::chart(
        h,
        t("Which data types pass in clear, and through how many APIs?", "哪些数据以明文传输，涉及多少接口？"),
        &legend,
        |h| {
            for kind in kinds.iter().take(CHART_ROWS_MAX) {
                let counts = [(CLEAR[usize::from(kind.level.min(5))], kind.clear), ("masked", kind.masked)];
                let label = |h: &mut Html| {
                    pieces::level(h, kind.level);
                    h.raw(" ");
                    let to = format!("#{}", kind_anchor(kind));
                    h.el("a", &[("href", &to)], |h| h.say(facts.data_type(kind.id.as_str())));
                };
                charts::counted(h, label, &counts, longest);
            }
            charts::unit(h, t("APIs", "接口"));
            pieces::more_below(h, kinds.len().saturating_sub(CHART_ROWS_MAX));
        },
    );
}

/// The APIs that answer sensitive data to whoever asks.
fn open_table(h: &mut Html, facts: &Facts<'_>) {
    let leaks = facts.leaks();
    if leaks.is_empty() {
        return;
    }
    h.label(
        "h3",
        &[],
        t("APIs that answer sensitive data without a credential", "无需凭证即返回敏感数据的接口"),
    );
    let columns = [
        column(t("API", "接口")),
        column(t("Credential", "凭证")),
        figure(t("Answered without", "无凭证成功")),
        figure(t("Level", "级别")),
        unsorted(t("Data in clear", "明文数据")),
    ];
    table(h, ("t-open", "open"), &columns, |h| {
        for endpoint in leaks.iter().take(DATA_ROWS_MAX) {
            let answered = facts.answered(endpoint);
            let mut types: Vec<(u8, &str)> =
                answered.iter().map(|usage| (usage.level, usage.data_type.as_str())).collect();
            types.dedup();
            h.el("tr", &[], |h| {
                h.el("td", &[], |h| pieces::endpoint(h, facts, endpoint, true));
                h.el("td", &[], |h| pieces::auth(h, facts, endpoint));
                pieces::number_cell(h, endpoint.auth.succeeded_without);
                let level = types.iter().map(|(level, _)| *level).max().unwrap_or(LEAK_LEVEL);
                h.el("td", &[("class", "num"), ("data-v", &level.to_string())], |h| pieces::level(h, level));
                h.el("td", &[], |h| pieces::list(h, &types, |h, (_, id)| h.say(facts.data_type(id))));
            });
        }
    });
    pieces::more(h, leaks.len().saturating_sub(DATA_ROWS_MAX), "endpoints.jsonl");
}

fn kind_anchor(kind: &Kind<'_>) -> String {
    anchor("d-", kind.id.as_str())
}

/// A data type as a head row, its places below it.
fn group(h: &mut Html, facts: &Facts<'_>, kind: &Kind<'_>) {
    let level = kind.level.to_string();
    h.el("tr", &[("class", "head"), ("id", &kind_anchor(kind)), ("data-level", &level)], |h| {
        h.el("th", &[("colspan", "8"), ("scope", "rowgroup")], |h| {
            pieces::level(h, kind.level);
            h.raw(" ");
            h.say(facts.data_type(kind.id.as_str()));
            h.raw(" ");
            h.leaf("code", &[("class", "muted")], kind.id.as_str());
        });
    });
    for (endpoint, usage) in kind.uses.iter().take(DATA_ROWS_MAX) {
        h.el("tr", &[("data-level", &level)], |h| {
            h.el("td", &[], |h| pieces::endpoint(h, facts, endpoint, true));
            h.el("td", &[], |h| {
                h.say(text::side(usage.side));
                h.raw(" ");
                h.say(text::place(usage.place));
                h.raw(" ");
                h.leaf("code", &[("class", "muted")], &clip(&usage.path, NAME_CHARS_MAX));
            });
            let (class, words) = match usage.masked {
                true => ("muted", t("masked", "已脱敏")),
                false => ("clear", t("in clear", "明文")),
            };
            h.label("td", &[("class", class)], words);
            h.el("td", &[], |h| pieces::auth(h, facts, endpoint));
            h.leaf("td", &[("class", "mono")], &clip(&usage.sample, NAME_CHARS_MAX));
            pieces::number_cell(h, usage.count);
            pieces::number_cell(h, usage.distinct);
            pieces::number_cell(h, usage.calls);
        });
    }
    if kind.uses.len() > DATA_ROWS_MAX {
        h.el("tr", &[("data-level", &level)], |h| {
            h.el("td", &[("colspan", "8")], |h| {
                pieces::more(h, kind.uses.len() - DATA_ROWS_MAX, "data.jsonl")
            });
        });
    }
}
