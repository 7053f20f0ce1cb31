//! Top of the report: the bar with the language switch, the table of contents, what the report is about.

use std::path::Path;

use super::SECTIONS;
use crate::report::facts::{Facts, duration, seconds};
use crate::report::html::{Fill, Html, clip};
use crate::report::limits::{INPUTS_MAX, NAME_CHARS_MAX, TITLE_SITES_MAX};
use crate::report::text::{Words, t};

const TITLE: Words<'static> = t("API security report", "接口安全报告");

/// Title of the document; the script words it in the chosen language.
pub(crate) fn document_title(h: &mut Html, facts: &Facts<'_>) {
    let sites: Vec<String> = sites(facts)
        .iter()
        .take(TITLE_SITES_MAX)
        .map(|site| clip(site, NAME_CHARS_MAX).into_owned())
        .collect();
    let sites = sites.join(", ");
    let titles = [TITLE.en, TITLE.zh]
        .map(|title| if sites.is_empty() { title.to_owned() } else { format!("{title}: {sites}") });
    h.leaf("title", &[("data-en", &titles[0]), ("data-zh", &titles[1])], &titles[0]);
}

/// The bar on the screen: mark, language, print.
pub(crate) fn bar(h: &mut Html) {
    h.el("header", &[("class", "bar screen")], |h| {
        mark(h);
        h.raw("<b>Apiarist</b><span class=\"spring\"></span>");
        h.el("div", &[("class", "switch"), ("role", "group"), ("aria-label", "Language 语言")], |h| {
            h.leaf("button", &[("type", "button"), ("data-lang", "zh")], "中文");
            h.leaf("button", &[("type", "button"), ("data-lang", "en")], "English");
        });
        h.label(
            "button",
            &[("type", "button"), ("class", "print")],
            t("Print or save as PDF", "打印或另存为 PDF"),
        );
    });
}

fn mark(h: &mut Html) {
    h.raw(
        "<svg class=\"logo\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">\
         <path d=\"M16 1.6 28.5 8.8v14.4L16 30.4 3.5 23.2V8.8Z\" fill=\"#E8A317\"/>\
         <g fill=\"#fff\" fill-opacity=\".92\"><path d=\"M14.9 12.3C12.4 8.6 9.2 7.9 8 9.6c-1.2 1.8.9 5 5.4 5.3Z\"/>\
         <path d=\"M17.1 12.3c2.500-3.700 5.700-4.400 6.900-2.700 1.200 1.800-.9 5-5.400 5.300Z\"/></g>\
         <path d=\"M16 12.200c2.700 0 4.200 2 4.200 4.800 0 3.600-2.200 7.300-4.200 8.900-2-1.600-4.200-5.300-4.200-8.900 \
         0-2.800 1.500-4.800 4.200-4.800Z\" fill=\"#2B2109\"/>\
         <path d=\"M12 18.300h8m-7.400 3.200h6.800\" stroke=\"#E8A317\" stroke-width=\"1.500\"/>\
         <circle cx=\"16\" cy=\"10.300\" r=\"2.100\" fill=\"#2B2109\"/></svg>",
    );
}

/// Links to the sections with what each holds.
pub(crate) fn contents(h: &mut Html, facts: &Facts<'_>) {
    let inventory = &facts.outcome.picture.inventory;
    let count = |id: &str| match id {
        "findings" => Some(facts.findings.len()),
        "data" => Some(facts.counts.data_types.len()),
        "apis" => Some(inventory.endpoints.len()),
        "candidates" => Some(inventory.candidates.len()),
        "accounts" => Some(inventory.accounts.len()),
        _ => None,
    };
    h.el("nav", &[("class", "contents screen"), ("aria-label", "Contents 目录")], |h| {
        for (id, words) in SECTIONS {
            h.el("a", &[("href", &format!("#{id}"))], |h| {
                h.say(words);
                if let Some(count) = count(id) {
                    h.el("i", &[], |h| h.number(count as u64));
                }
            });
        }
    });
}

/// What was analysed: sites, sources, when the traffic was seen.
pub(crate) fn title(h: &mut Html, facts: &Facts<'_>) {
    h.el("div", &[("class", "title")], |h| {
        h.el("p", &[("class", "kicker")], |h| {
            mark(h);
            h.say(TITLE);
        });
        h.el("h1", &[], |h| site_names(h, facts));
        h.el("dl", &[("class", "about")], |h| {
            fact(h, t("Sources", "来源"), |h| inputs(h, facts));
            fact(h, t("Traffic seen", "流量时间"), |h| period(h, facts));
            fact(h, t("Calls", "调用"), |h| h.number(facts.counts.calls));
            fact(h, t("Made by", "生成工具"), |h| {
                h.text(concat!("Apiarist ", env!("CARGO_PKG_VERSION")))
            });
        });
    });
}

fn fact(h: &mut Html, name: Words<'static>, value: impl FnOnce(&mut Html)) {
    h.el("div", &[], |h| {
        h.label("dt", &[], name);
        h.el("dd", &[], value);
    });
}

/// Sites with the most calls first.
fn sites<'a>(facts: &Facts<'a>) -> Vec<&'a str> {
    let mut calls = std::collections::BTreeMap::<&str, u64>::new();
    for endpoint in facts.endpoints() {
        *calls.entry(&endpoint.host).or_default() += endpoint.calls;
    }
    let mut sites: Vec<&str> = calls.keys().copied().collect();
    sites.sort_by_key(|site| std::cmp::Reverse(calls.get(site).copied()));
    sites
}

fn site_names(h: &mut Html, facts: &Facts<'_>) {
    let sites = sites(facts);
    if sites.is_empty() {
        return h.say(t("No API was confirmed", "未确认任何接口"));
    }
    for (index, site) in sites.iter().take(TITLE_SITES_MAX).enumerate() {
        if index > 0 {
            h.raw("<span class=\"dot\"> · </span>");
        }
        h.leaf("bdi", &[], &clip(site, NAME_CHARS_MAX));
    }
    if sites.len() > TITLE_SITES_MAX {
        let more = (sites.len() - TITLE_SITES_MAX) as u64;
        h.el("span", &[("class", "dot")], |h| {
            h.fill(t(" and {0} more {0|site|sites}", " 等另外 {0} 个站点"), &[Fill::Count(more)]);
        });
    }
}

fn inputs(h: &mut Html, facts: &Facts<'_>) {
    for (index, input) in facts.inputs.iter().take(INPUTS_MAX).enumerate() {
        if index > 0 {
            h.raw(", ");
        }
        // Folders of the machine that made the report are nobody's business.
        let name = Path::new(input).file_name().map_or(input.as_str().into(), |name| name.to_string_lossy());
        h.leaf("code", &[], &clip(&name, NAME_CHARS_MAX));
    }
    if facts.inputs.len() > INPUTS_MAX {
        let more = (facts.inputs.len() - INPUTS_MAX) as u64;
        h.fill(t(" and {0} more", " 等另外 {0} 个"), &[Fill::Count(more)]);
    }
}

fn period(h: &mut Html, facts: &Facts<'_>) {
    let (first, last) = (facts.outcome.first, facts.outcome.last);
    match (seconds(first), seconds(last)) {
        (Some(from), Some(to)) => {
            let (en, zh) = duration(last.micros() - first.micros());
            h.leaf("span", &[("class", "when")], &from);
            h.say(t(" to ", " 至 "));
            h.leaf("span", &[("class", "when")], &to);
            h.raw(" UTC");
            h.label(
                "span",
                &[("class", "muted")],
                Words { en: &format!(" ({en})"), zh: &format!("（{zh}）") },
            );
        }
        _ => h.say(t("not stated by the input", "输入中未注明")),
    }
}
