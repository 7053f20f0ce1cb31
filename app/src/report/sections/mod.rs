//! The sections of the report, in their order.

mod accounts;
mod call;
mod candidates;
mod data;
mod finding;
mod findings;
pub(crate) mod head;
mod inventory;
mod method;
mod risks;
mod summary;

use super::facts::Facts;
use super::html::Html;
use super::text::{Words, t};

/// Anchors and titles of the sections.
const SECTIONS: [(&str, Words<'static>); 8] = [
    ("summary", t("Summary", "摘要")),
    ("risks", t("First to act on", "优先处理")),
    ("findings", t("Findings", "发现")),
    ("data", t("Data map", "数据地图")),
    ("apis", t("API inventory", "接口清单")),
    ("candidates", t("Candidates", "候选接口")),
    ("accounts", t("Accounts", "账号")),
    ("method", t("Method and terms", "方法与术语")),
];

/// The body of the page.
pub(crate) fn write(h: &mut Html, facts: &Facts<'_>) {
    head::bar(h);
    h.el("div", &[("class", "page")], |h| {
        head::contents(h, facts);
        h.el("main", &[], |h| {
            head::title(h, facts);
            summary::write(h, facts);
            risks::write(h, facts);
            findings::write(h, facts);
            data::write(h, facts);
            inventory::write(h, facts);
            candidates::write(h, facts);
            accounts::write(h, facts);
            method::write(h, facts);
        });
    });
}
