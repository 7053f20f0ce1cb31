//! Every API that was confirmed, one row each.

use std::collections::BTreeSet;

use model::Endpoint;

use crate::report::facts::{Facts, latency, percent};
use crate::report::html::{Fill, Html, clip};
use crate::report::limits::{LIST_MAX, NAME_CHARS_MAX};
use crate::report::pieces::{self, Select, column, endpoint_anchor, figure, section, table};
use crate::report::text::{self, t};

pub(crate) fn write(h: &mut Html, facts: &Facts<'_>) {
    section(h, "apis", t("API inventory", "接口清单"), |h| {
        if facts.inventory.is_empty() {
            return pieces::nothing(
                h,
                t(
                    "No API was confirmed: no call was answered with success, or none was a call of an API.",
                    "未确认任何接口：没有成功响应的调用，或调用均非接口。",
                ),
            );
        }
        let sites: BTreeSet<&str> = facts.inventory.iter().map(|endpoint| endpoint.host.as_str()).collect();
        let sites = sites.into_iter().map(|site| (site.to_owned(), t(site, site))).collect();
        let levels = (0..=5_u8).rev().map(|level| (level.to_string(), text::level(level))).collect();
        pieces::filter(
            h,
            "t-apis",
            &[
                Select { key: "site", caption: t("All sites", "全部站点"), options: sites },
                Select { key: "level", caption: t("All levels", "全部级别"), options: levels },
            ],
        );
        let columns = [
            column(t("API", "接口")),
            column(t("Purpose", "业务用途")),
            column(t("Authentication", "认证")),
            column(t("Exposure", "暴露面")),
            column(t("State", "生命周期")),
            figure(t("Calls", "调用")),
            figure(t("Errors", "失败率")),
            figure(t("P95", "P95 耗时")),
            figure(t("Level", "级别")),
            figure(t("Findings", "发现")),
            figure(t("Risk", "风险")),
        ];
        table(h, ("t-apis", "apis"), &columns, |h| {
            let mut site = "";
            for endpoint in &facts.inventory {
                if endpoint.host != site {
                    site = &endpoint.host;
                    site_row(h, facts, site);
                }
                row(h, facts, endpoint);
            }
        });
        pieces::more(h, facts.endpoints().len() - facts.inventory.len(), "endpoints.jsonl");
    });
}

/// The site above its endpoints; the script hides it while the table is sorted otherwise.
fn site_row(h: &mut Html, facts: &Facts<'_>, site: &str) {
    let here = || facts.inventory.iter().filter(|endpoint| endpoint.host == site);
    h.el("tr", &[("class", "head"), ("data-site", site)], |h| {
        h.el("th", &[("colspan", "11"), ("scope", "rowgroup")], |h| {
            h.leaf("bdi", &[], &clip(site, NAME_CHARS_MAX));
            h.el("span", &[("class", "muted")], |h| {
                h.raw(" ");
                let values = [
                    Fill::Count(here().count() as u64),
                    Fill::Count(here().map(|endpoint| endpoint.calls).sum()),
                ];
                h.fill(t("{0} {0|API|APIs}, {1} {1|call|calls}", "{0} 个接口，{1} 次调用"), &values);
            });
        });
    });
}

fn row(h: &mut Html, facts: &Facts<'_>, endpoint: &Endpoint) {
    let level = endpoint.level.to_string();
    let attrs = [
        ("id", endpoint_anchor(endpoint)),
        ("data-site", endpoint.host.clone()),
        ("data-level", level.clone()),
    ];
    let attrs = attrs.each_ref().map(|(name, value)| (*name, value.as_str()));
    h.el("tr", &attrs, |h| {
        h.el("td", &[("title", &clip(&endpoint.host, NAME_CHARS_MAX))], |h| {
            pieces::endpoint_name(h, endpoint, false)
        });
        h.el("td", &[], |h| match &endpoint.purpose {
            Some(purpose) => h.say(facts.purpose(purpose)),
            None => h.raw("–"),
        });
        h.el("td", &[], |h| {
            pieces::auth(h, facts, endpoint);
            let kinds: Vec<_> =
                endpoint.auth.kinds.iter().filter(|kind| **kind != model::AuthKind::None).collect();
            if !kinds.is_empty() {
                h.el("small", &[], |h| {
                    for (index, kind) in kinds.iter().take(LIST_MAX).enumerate() {
                        h.say(if index > 0 { t(", ", "、") } else { t(" ", " ") });
                        h.say(text::auth_kind(**kind));
                    }
                });
            }
        });
        h.label("td", &[], text::exposure(endpoint.exposure));
        h.label("td", &[], text::life(endpoint.state));
        pieces::number_cell(h, endpoint.calls);
        let share = endpoint.errors.saturating_mul(1_000_000) / endpoint.calls.max(1);
        let errors = percent(endpoint.errors, endpoint.calls);
        h.leaf("td", &[("class", "num"), ("data-v", &share.to_string())], &errors);
        let p95 = endpoint.latency.map(|latency| latency.p95_us);
        let sorted = p95.unwrap_or_default().to_string();
        h.leaf("td", &[("class", "num"), ("data-v", &sorted)], &p95.map_or_else(|| "–".to_owned(), latency));
        h.el("td", &[("class", "num"), ("data-v", &level)], |h| pieces::level(h, endpoint.level));
        findings(h, facts, endpoint);
        pieces::number_cell(h, u64::from(endpoint.risk.score));
    });
}

/// How many findings are on it; leads to the worst.
fn findings(h: &mut Html, facts: &Facts<'_>, endpoint: &Endpoint) {
    let findings = facts.findings_on(endpoint.id);
    h.el("td", &[("class", "num"), ("data-v", &findings.len().to_string())], |h| match findings.first() {
        None => h.raw("–"),
        Some(worst) => {
            let to = format!("#{}", pieces::finding_anchor(worst));
            let class = format!("n {}", worst.severity.as_str());
            let attrs = [("class", class.as_str()), ("href", to.as_str())];
            let attrs = if facts.is_described(worst) { &attrs[..] } else { &attrs[..1] };
            h.el("a", attrs, |h| h.number(findings.len() as u64));
        }
    });
}
