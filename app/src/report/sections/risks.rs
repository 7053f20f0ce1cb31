//! Which APIs need action first: the highest risk scores as bars of their parts, and what each part stands on.

use model::{Endpoint, RiskPart};

use crate::report::charts::{self, Piece};
use crate::report::facts::Facts;
use crate::report::html::{Fill, Html};
use crate::report::limits::RISKS_MAX;
use crate::report::pieces::{self, figure, section, table, unsorted};
use crate::report::text::{risk_part, t};

/// Colour and name of each part, in the order of the legend.
const PARTS: [(&str, &str); 5] = [
    ("finding", "r-finding"),
    ("further-findings", "r-further"),
    ("data", "r-data"),
    ("exposure", "r-exposure"),
    ("auth", "r-auth"),
];

pub(crate) fn write(h: &mut Html, facts: &Facts<'_>) {
    section(h, "risks", t("Which APIs need action first?", "哪些接口需要优先处理？"), |h| {
        let endpoints = facts.by_risk();
        if endpoints.is_empty() {
            return pieces::nothing(
                h,
                t("No API carries a risk that these rules know.", "没有接口存在规则所知的风险。"),
            );
        }
        h.el("div", &[("class", "intro")], |h| {
            h.label(
                "p",
                &[],
                t(
                    "The risk score, 0 to 100, is the sum of the parts shown. It orders work; it is no probability.",
                    "风险评分为 0 到 100，是所示各部分之和，用于安排先后，并非概率。",
                ),
            );
            let legend = PARTS.map(|(id, class)| (class, risk_part(id)));
            charts::key(h, &legend);
        });
        let columns = [
            unsorted(t("API", "接口")),
            figure(t("Risk", "风险")),
            unsorted(t("Parts of the score", "评分组成")),
            unsorted(t("Findings", "发现")),
        ];
        table(h, ("t-risks", "risks"), &columns, |h| {
            for endpoint in endpoints.iter().take(RISKS_MAX) {
                row(h, facts, endpoint);
            }
        });
        pieces::more(h, endpoints.len().saturating_sub(RISKS_MAX), "endpoints.jsonl");
    });
}

fn row(h: &mut Html, facts: &Facts<'_>, endpoint: &Endpoint) {
    h.el("tr", &[], |h| {
        h.el("td", &[], |h| pieces::endpoint(h, facts, endpoint, true));
        pieces::number_cell(h, u64::from(endpoint.risk.score));
        h.el("td", &[], |h| {
            // Parts stand in the order of the legend, so that bars can be compared.
            let mut drawn: Vec<(f64, &'static str, String)> = endpoint
                .risk
                .parts
                .iter()
                .map(|part| (f64::from(part.points) / 100.0, class_of(part), tip(part)))
                .collect();
            drawn.sort_by_key(|(_, class, _)| PARTS.iter().position(|(_, known)| known == class));
            let bar: Vec<Piece<'_>> =
                drawn.iter().map(|(share, class, tip)| Piece { share: *share, class, tip }).collect();
            h.el("div", &[("class", "plot thin")], |h| charts::bar(h, &bar));
            h.el("ul", &[("class", "parts")], |h| {
                for part in &endpoint.risk.parts {
                    h.el("li", &[], |h| part_words(h, facts, part));
                }
            });
        });
        h.el("td", &[], |h| {
            let findings = facts.findings_on(endpoint.id);
            h.el("ul", &[("class", "plain")], |h| {
                for finding in findings.iter().take(5) {
                    h.el("li", &[], |h| {
                        pieces::severity(h, finding.severity);
                        h.raw(" ");
                        pieces::finding_link(h, facts, finding);
                    });
                }
            });
            if findings.len() > 5 {
                h.fill(t("and {0} more", "另有 {0} 项"), &[Fill::Count((findings.len() - 5) as u64)]);
            }
        });
    });
}

fn class_of(part: &RiskPart) -> &'static str {
    PARTS.iter().find(|(id, _)| *id == part.id).map_or("r-exposure", |(_, class)| class)
}

fn tip(part: &RiskPart) -> String {
    format!("{} +{} {}", part.id, part.points, part.detail)
}

/// `+38 Worst finding` with what it stands on.
fn part_words(h: &mut Html, facts: &Facts<'_>, part: &RiskPart) {
    h.leaf("b", &[], &format!("+{}", part.points));
    h.raw(" ");
    h.say(risk_part(&part.id));
    h.raw(" ");
    h.el("span", &[("class", "muted")], |h| match (part.id.as_str(), part.detail.as_str()) {
        ("data", id) if !id.is_empty() => h.say(facts.data_type(id)),
        ("exposure", "open") => h.say(t("public addresses", "公网地址")),
        ("auth", "none") => h.say(t("no credential asked", "无需凭证")),
        ("auth", "mixed") => h.say(t("works without a credential too", "无凭证也可成功")),
        (_, detail) => h.text(detail),
    });
}
