//! How the report came about, what it cannot tell, and what its words mean.

use crate::report::facts::Facts;
use crate::report::html::{Fill, Html};
use crate::report::pieces::{level, section, severity};
use crate::report::text::{self, Words, t};

/// How it was done and where its limits are.
const NOTES: [Words<'static>; 7] = [
    t(
        "Everything here is derived from the calls in the sources named at the top, by observation alone. Nothing was sent to the applications.",
        "本报告的全部内容均由开头所列来源中的调用推导而来，仅凭观察，未向应用发送任何请求。",
    ),
    t(
        "An API is a method, a site and a path template. It enters the inventory once a call was answered with success; everything else is a candidate with a reason.",
        "接口由方法、站点与路径模板构成；出现成功响应后进入清单，其余为附有原因的候选。",
    ),
    t(
        "A finding needs calls that show it. Each one names them; the first is printed with the places that matter marked.",
        "每项发现都必须有能够证明它的调用。发现中列出这些调用，首个调用完整展示，并标出关键位置。",
    ),
    t(
        "What was not called cannot be judged: the absence of a finding is no proof of safety. Short or partial traffic makes verdicts on authentication and exposure less certain.",
        "未被调用的内容无法判断：没有发现并不证明安全。流量时间短或不完整时，对认证与暴露面的判断确定性较低。",
    ),
    t(
        "Sensitive values are recognised by key names, shapes and check digits, and masked before they are kept. A value that is not recognised is not masked: treat the report as confidential.",
        "敏感数据依据字段名、形态与校验位识别，在留存之前脱敏；未能识别的值不会脱敏，请将本报告按机密材料管理。",
    ),
    t(
        "Numbers of distinct values, clients and accounts are estimates. Latencies are as seen at the point of capture. All times are in UTC.",
        "不同值、客户端与账号的数量为估计值；耗时以采集点所见为准；时间均为 UTC。",
    ),
    t(
        "The risk score adds points for the worst finding, further findings, the most sensitive data in clear, reachability from public addresses, and missing authentication; it ends at 100.",
        "风险评分由最严重的发现、其他发现、最敏感的明文数据、公网可达、缺少认证各项相加，上限为 100。",
    ),
];

/// Terms of the report.
const TERMS: [(Words<'static>, Words<'static>); 9] = [
    (
        t("API", "接口"),
        t("site, method, path template and, where needed, operation", "站点、方法、路径模板，必要时加操作"),
    ),
    (
        t("Candidate", "候选接口"),
        t("something called that is not, or not yet, an API", "被调用但不是（或尚不是）接口的对象"),
    ),
    (t("Finding", "发现"), t("a weakness, attack or behaviour, with evidence", "弱点、攻击或行为，附证据")),
    (t("Evidence", "证据"), t("the calls that prove a derived fact", "证明结论的调用")),
    (
        t("Authentication: mixed", "认证：不一致"),
        t("calls succeed with and without a credential", "带凭证与不带凭证的调用均成功"),
    ),
    (t("Exposure: open", "暴露面：公开"), t("called from public addresses", "曾被公网地址调用")),
    (
        t("Masked", "已脱敏"),
        t("the value was hidden in the traffic itself (138****1234)", "流量中的值本身已脱敏（138****1234）"),
    ),
    (t("P95", "P95"), t("95 of 100 calls were answered within this time", "95% 的调用在此时间内得到响应")),
    (t("Confidence", "置信度"), t("how sure a finding is, up to 100 %", "发现的可信程度，最高 100 %")),
];

pub(crate) fn write(h: &mut Html, facts: &Facts<'_>) {
    section(h, "method", t("Method, limits and terms", "方法、局限与术语"), |h| {
        h.el("ul", &[("class", "prose notes")], |h| {
            for note in NOTES {
                h.label("li", &[], note);
            }
            h.el("li", &[], |h| {
                let rules = [
                    Fill::Count(facts.rules.weaknesses().len() as u64),
                    Fill::Count(facts.rules.data_types().len() as u64),
                ];
                h.fill(
                    t(
                        "{0} {0|weakness rule|weakness rules} and {1} data types were applied. The complete results are in the JSON files beside this report.",
                        "本次应用 {0} 条弱点规则与 {1} 种数据类型。完整结果见本报告同目录下的 JSON 文件。",
                    ),
                    &rules,
                );
            });
        });
        h.el("dl", &[("class", "terms")], |h| {
            for (term, meaning) in TERMS {
                h.el("div", &[], |h| {
                    h.label("dt", &[], term);
                    h.label("dd", &[], meaning);
                });
            }
        });
        h.el("div", &[("class", "scales")], |h| {
            for value in model::Severity::ALL.into_iter().rev() {
                h.el("span", &[], |h| {
                    severity(h, value);
                    h.raw(" ");
                    h.say(text::severity_meaning(value));
                });
            }
        });
        h.el("div", &[("class", "scales")], |h| {
            for value in 1..=5_u8 {
                h.el("span", &[], |h| {
                    level(h, value);
                    h.raw(" ");
                    h.say(text::level(value));
                });
            }
        });
    });
}
