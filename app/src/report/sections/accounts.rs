//! Who called: the accounts that touched the most sensitive data first.

use model::Account;

use crate::report::facts::{Facts, LEAK_LEVEL};
use crate::report::html::{Html, clip};
use crate::report::limits::{ACCOUNTS_MAX, LIST_MAX, NAME_CHARS_MAX};
use crate::report::pieces::{self, column, figure, section, table, unsorted};
use crate::report::text::{self, t};

pub(crate) fn write(h: &mut Html, facts: &Facts<'_>) {
    section(
        h,
        "accounts",
        t("Which accounts touched the most sensitive data?", "哪些账号接触的敏感数据最多？"),
        |h| {
            let all = &facts.outcome.picture.inventory.accounts;
            if all.is_empty() {
                return pieces::nothing(
                    h,
                    t(
                        "No account was recognised. Accounts show in logins, HTTP Basic, JSON Web Tokens and sessions.",
                        "未识别到账号。账号可从登录、HTTP Basic、JWT 与会话中识别。",
                    ),
                );
            }
            let mut ranked: Vec<(Vec<(u8, &str)>, &Account)> =
                all.iter().map(|account| (touched(facts, account), account)).collect();
            let rank = |(types, account): &(Vec<(u8, &str)>, &Account)| {
                let sensitive = types.iter().filter(|(level, _)| *level >= LEAK_LEVEL).count();
                let sum: usize = types.iter().map(|(level, _)| usize::from(*level)).sum();
                std::cmp::Reverse((sensitive, sum, account.calls))
            };
            ranked.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.1.id.cmp(&b.1.id)));
            pieces::filter(h, "t-accounts", &[]);
            let columns = [
                column(t("Account", "账号")),
                column(t("Known by", "依据")),
                figure(t("Calls", "调用")),
                figure(t("APIs", "接口")),
                figure(t("Failed logins", "登录失败")),
                figure(t("Clients", "客户端")),
                figure(t("Sensitive types", "敏感类型")),
                unsorted(t(
                    "Data read or sent in clear, credentials left out",
                    "读取或发送的明文数据（不含凭证）",
                )),
                column(t("Last seen (UTC)", "最近出现（UTC）")),
            ];
            table(h, ("t-accounts", "accounts"), &columns, |h| {
                for (types, account) in ranked.iter().take(ACCOUNTS_MAX) {
                    row(h, facts, (types, account));
                }
            });
            pieces::more(h, ranked.len().saturating_sub(ACCOUNTS_MAX), "accounts.jsonl");
        },
    );
}

/// Types of an account with their levels, most sensitive first; credentials left out: every login carries its own.
fn touched<'a>(facts: &Facts<'a>, account: &'a Account) -> Vec<(u8, &'a str)> {
    let of = |data_type: &'a model::DataType| {
        let rule = facts.rules.data_type(data_type.as_str());
        let level = rule.map_or(0, |rule| rule.level);
        (!rule.is_some_and(|rule| rule.secret)).then_some((level, data_type.as_str()))
    };
    let mut types: Vec<(u8, &str)> = account.data.iter().filter_map(of).collect();
    types.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    types
}

fn row(h: &mut Html, facts: &Facts<'_>, (types, account): (&[(u8, &str)], &Account)) {
    h.el("tr", &[], |h| {
        h.el("td", &[], |h| {
            h.leaf("bdi", &[], &clip(&facts.account(&account.name), NAME_CHARS_MAX));
            h.leaf("small", &[], &clip(&account.host, NAME_CHARS_MAX));
        });
        h.el("td", &[], |h| pieces::list(h, &account.how, |h, how| h.say(text::account_evidence(*how))));
        pieces::number_cell(h, account.calls);
        pieces::number_cell(h, account.endpoints.len() as u64);
        pieces::number_cell(h, account.failed_logins);
        pieces::number_cell(h, account.clients);
        pieces::number_cell(h, types.iter().filter(|(level, _)| *level >= LEAK_LEVEL).count() as u64);
        h.el("td", &[], |h| {
            for (index, (level, id)) in types.iter().take(LIST_MAX).enumerate() {
                h.raw(if index > 0 { " " } else { "" });
                h.el("span", &[("class", "tag")], |h| {
                    pieces::level(h, *level);
                    h.raw(" ");
                    h.say(facts.data_type(id));
                });
            }
            if types.len() > LIST_MAX {
                h.leaf("span", &[("class", "muted")], &format!(" +{}", types.len() - LIST_MAX));
            }
        });
        pieces::time_cell(h, account.last_seen);
    });
}
