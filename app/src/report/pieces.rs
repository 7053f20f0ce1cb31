//! Pieces that several sections are made of: the name of an endpoint, marks of severity and level, times, tables.

use model::{Endpoint, Finding, Severity, Timestamp};

use super::facts::{Facts, Guard, seconds};
use super::html::{Fill, Html, anchor, clip};
use super::limits::{LIST_MAX, NAME_CHARS_MAX};
use super::text::{self, Words, t};

/// How a column is sorted when its head is pressed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    No,
    Text,
    Number,
}

/// One column of a table.
pub(crate) struct Column {
    pub words: Words<'static>,
    pub class: &'static str,
    pub sort: Sort,
}

/// A column of text.
pub(crate) const fn column(words: Words<'static>) -> Column {
    Column { words, class: "", sort: Sort::Text }
}

/// A column of figures.
pub(crate) const fn figure(words: Words<'static>) -> Column {
    Column { words, class: "num", sort: Sort::Number }
}

/// A column that has no order.
pub(crate) const fn unsorted(words: Words<'static>) -> Column {
    Column { words, class: "", sort: Sort::No }
}

/// A table; `class` names its widths in the style sheet, `id` makes it sortable and filterable.
pub(crate) fn table(
    h: &mut Html,
    (id, class): (&'static str, &'static str),
    columns: &[Column],
    body: impl FnOnce(&mut Html),
) {
    h.el("div", &[("class", "wide")], |h| {
        h.el("table", &[("id", id), ("class", class)], |h| {
            h.el("thead", &[], |h| {
                h.el("tr", &[], |h| {
                    for column in columns {
                        let sort = match column.sort {
                            Sort::No => "no",
                            Sort::Text => "text",
                            Sort::Number => "number",
                        };
                        let attrs = [("class", column.class), ("data-sort", sort), ("scope", "col")];
                        h.label("th", &attrs, column.words);
                    }
                });
            });
            h.el("tbody", &[], body);
        });
    });
}

/// A cell with a whole number.
pub(crate) fn number_cell(h: &mut Html, number: u64) {
    h.el("td", &[("class", "num"), ("data-v", &number.to_string())], |h| h.number(number));
}

/// A cell with a time, sorted by the time.
pub(crate) fn time_cell(h: &mut Html, time: Timestamp) {
    h.el("td", &[("class", "time"), ("data-v", &time.micros().to_string())], |h| when(h, time));
}

/// A field that narrows a table down, and selects beside it: key of the row's data, caption, values with words.
pub(crate) fn filter(h: &mut Html, table: &'static str, selects: &[Select<'_>]) {
    h.el("div", &[("class", "filter screen"), ("data-for", table)], |h| {
        h.void(
            "input",
            &[("type", "search"), ("data-en", "Filter"), ("data-zh", "筛选"), ("aria-label", "Filter 筛选")],
        );
        for select in selects {
            let attrs = [("data-key", select.key), ("aria-label", select.caption.en)];
            h.el("select", &attrs, |h| {
                let all = [("value", ""), ("data-en", select.caption.en), ("data-zh", select.caption.zh)];
                h.leaf("option", &all, select.caption.en);
                for (value, words) in &select.options {
                    let (en, zh) = (clip(words.en, NAME_CHARS_MAX), clip(words.zh, NAME_CHARS_MAX));
                    h.leaf("option", &[("value", value), ("data-en", &en), ("data-zh", &zh)], &en);
                }
            });
        }
        h.raw("<output></output>");
    });
}

/// A choice beside a filter field.
pub(crate) struct Select<'a> {
    /// `site` compares `data-site` of the rows.
    pub key: &'static str,
    /// What is chosen; shown while nothing is.
    pub caption: Words<'static>,
    /// Values with what they are called.
    pub options: Vec<(String, Words<'a>)>,
}

/// A heading of a section with the question or count below it.
pub(crate) fn section(h: &mut Html, id: &'static str, title: Words<'static>, body: impl FnOnce(&mut Html)) {
    h.el("section", &[("id", id)], |h| {
        h.label("h2", &[], title);
        body(h);
    });
}

/// What is said where there is nothing to show.
pub(crate) fn nothing(h: &mut Html, words: Words<'static>) {
    h.label("p", &[("class", "nothing")], words);
}

/// How many more there are, and the file that holds them.
pub(crate) fn more(h: &mut Html, left_out: usize, file: &'static str) {
    if left_out > 0 {
        h.el("p", &[("class", "more")], |h| {
            let words = t("and {0} more, see {1}", "另有 {0} 项，见 {1}");
            h.fill(words, &[Fill::Count(left_out as u64), Fill::With(&|h| h.leaf("code", &[], file))]);
        });
    }
}

/// How many more there are, and that they stand further down.
pub(crate) fn more_below(h: &mut Html, left_out: usize) {
    if left_out > 0 {
        let words = t("and {0} more in the table below", "另有 {0} 项，见下表");
        h.el("p", &[("class", "more")], |h| h.fill(words, &[Fill::Count(left_out as u64)]));
    }
}

/// Method and path of an endpoint, with its site on demand; leads to its row in the inventory.
pub(crate) fn endpoint(h: &mut Html, facts: &Facts<'_>, endpoint: &Endpoint, with_site: bool) {
    let to = format!("#{}", endpoint_anchor(endpoint));
    let attrs = [("class", "ep"), ("href", to.as_str())];
    let attrs = if facts.is_listed(endpoint.id) { &attrs[..] } else { &attrs[..1] };
    h.el("a", attrs, |h| endpoint_name(h, endpoint, with_site));
}

/// Method and path of an endpoint without a link.
pub(crate) fn endpoint_name(h: &mut Html, endpoint: &Endpoint, with_site: bool) {
    h.leaf("span", &[("class", "method")], &clip(&endpoint.method, 12));
    h.raw(" ");
    h.el("code", &[("class", "path")], |h| {
        if with_site {
            h.leaf("span", &[("class", "host")], &clip(&endpoint.host, NAME_CHARS_MAX));
        }
        path(h, &clip(&endpoint.template, NAME_CHARS_MAX));
        if let Some(operation) = &endpoint.operation {
            h.raw(" ");
            h.leaf("span", &[("class", "op")], &clip(operation, NAME_CHARS_MAX));
        }
    });
}

/// A path that breaks before its segments.
pub(crate) fn path(h: &mut Html, path: &str) {
    for (index, part) in path.split('/').enumerate() {
        if index > 0 {
            h.raw("<wbr>/");
        }
        h.text(part);
    }
}

/// Anchor of an endpoint's row.
pub(crate) fn endpoint_anchor(endpoint: &Endpoint) -> String {
    format!("e-{}", endpoint.id)
}

/// Anchor of a finding.
pub(crate) fn finding_anchor(finding: &Finding) -> String {
    anchor("f-", &finding.id)
}

/// Title of a finding that leads to its description.
pub(crate) fn finding_link(h: &mut Html, facts: &Facts<'_>, finding: &Finding) {
    let to = format!("#{}", finding_anchor(finding));
    let attrs = [("href", to.as_str())];
    let attrs = if facts.is_described(finding) { &attrs[..] } else { &[] };
    h.el("a", attrs, |h| h.say(finding_title(finding)));
}

/// Title of a finding; a missing translation falls back to English.
pub(crate) fn finding_title(finding: &Finding) -> Words<'_> {
    let zh = if finding.title_zh.is_empty() { &finding.title } else { &finding.title_zh };
    t(&finding.title, zh)
}

/// Colour and word of a severity.
pub(crate) fn severity(h: &mut Html, severity: Severity) {
    let class = format!("sev {}", severity.as_str());
    h.el("span", &[("class", &class)], |h| h.say(text::severity(severity)));
}

/// Sensitivity level as a figure on its colour.
pub(crate) fn level(h: &mut Html, level: u8) {
    let class = format!("level l{}", level.min(5));
    let attrs = [("class", class.as_str()), ("title", text::level(level).en)];
    h.leaf("span", &attrs, &if level == 0 { "–".to_owned() } else { format!("L{level}") });
}

/// What is asked from the callers of an endpoint.
pub(crate) fn auth(h: &mut Html, facts: &Facts<'_>, endpoint: &Endpoint) {
    let verdict = endpoint.auth.verdict;
    if facts.guard(endpoint) == Guard::InBody {
        return h.label("span", &[("class", "auth")], t("In the body", "在正文中"));
    }
    let class = format!("auth {}", verdict.as_str());
    h.el("span", &[("class", &class)], |h| h.say(text::auth(verdict)));
}

/// A time to the second, or a dash.
pub(crate) fn when(h: &mut Html, time: Timestamp) {
    match seconds(time) {
        Some(text) => h.leaf("span", &[("class", "when")], &text),
        None => h.raw("–"),
    }
}

/// The first few of a list, the rest counted.
pub(crate) fn list<T>(h: &mut Html, items: &[T], write: impl Fn(&mut Html, &T)) {
    for (index, item) in items.iter().take(LIST_MAX).enumerate() {
        if index > 0 {
            h.say(t(", ", "、"));
        }
        write(h, item);
    }
    if items.len() > LIST_MAX {
        h.fill(t(" and {0} more", " 等另外 {0} 项"), &[Fill::Count((items.len() - LIST_MAX) as u64)]);
    }
}
