//! A call query as a DataFusion expression.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::prelude::{col, lit};
use model::Timestamp;

use super::contains::contains;
use super::schema::{
    ACCOUNT, CANDIDATE, CLIENT, DATA_TYPES, ENDPOINT, HOST, METHOD, RULES, STATUS, TARGET, TS, VALUES,
};
use crate::CallQuery;
use crate::limits::SEARCH_CHARS_MAX;

/// The known bounds of the range of time: from, and before.
pub(crate) fn range(query: &CallQuery) -> (Option<i64>, Option<i64>) {
    let known = |ts: Option<Timestamp>| ts.filter(|ts| ts.is_known()).map(|ts| ts.0);
    (known(query.from), known(query.until))
}

/// A point in time as a literal.
pub(crate) fn time(micros: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())))
}

/// The rows within the range of time; calls without a time are in no range.
pub(crate) fn time_filter(query: &CallQuery) -> Option<Expr> {
    let (from, until) = range(query);
    let from = from.map(|from| col(TS).gt_eq(time(from)));
    conjunction(from.into_iter().chain(until.map(|until| col(TS).lt(time(until)))))
}

/// What is asked for besides time.
pub(crate) fn row_filter(query: &CallQuery) -> Option<Expr> {
    let mut all = Vec::new();
    let same = |column: &str, value: &String| col(column).eq(lit(value.as_str()));
    match query.endpoints.as_slice() {
        [] => {}
        [one] => all.push(col(ENDPOINT).eq(lit(one.to_string()))),
        many => {
            let ids = many.iter().map(|id| lit(id.to_string())).collect();
            all.push(col(ENDPOINT).in_list(ids, false));
        }
    }
    all.extend(query.host.as_ref().map(|host| same(HOST, host)));
    all.extend(query.method.as_ref().map(|method| same(METHOD, method)));
    all.extend(query.client.as_ref().map(|client| same(CLIENT, client)));
    all.extend(query.account.as_ref().map(|account| same(ACCOUNT, account)));
    if let Some((low, high)) = query.status {
        all.push(col(STATUS).gt_eq(lit(low)).and(col(STATUS).lt_eq(lit(high))));
    }
    all.extend(query.data_type.as_ref().map(|name| contains(DATA_TYPES, name.as_str())));
    all.extend(query.value.map(|value| contains(VALUES, value.0)));
    all.extend(query.rule.as_ref().map(|rule| contains(RULES, rule.as_str())));
    all.extend(query.candidate.map(|out| match out {
        true => col(CANDIDATE).is_not_null(),
        false => col(CANDIDATE).is_null(),
    }));
    all.extend(query.reason.map(|reason| col(CANDIDATE).eq(lit(reason.as_str()))));
    let text = query.text.as_ref().filter(|text| !text.is_empty());
    all.extend(text.map(|text| col(TARGET).ilike(lit(format!("%{}%", escape(text))))));
    conjunction(all)
}

/// Takes the meaning from the wildcards of LIKE. What is beyond `SEARCH_CHARS_MAX` is not compared: the engine
/// makes an automaton of the pattern, and compiling a very long one takes seconds.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars().take(SEARCH_CHARS_MAX) {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: CallQuery, expect: &str) {
        let text = row_filter(&query).map(|expr| expr.to_string()).unwrap_or_default();
        assert_eq!(text, expect);
    }

    #[test]
    fn wildcards_are_text() {
        check(
            CallQuery { text: Some("50%_\\".into()), ..CallQuery::default() },
            r#"target ILIKE Utf8("%50\%\_\\%")"#,
        );
        check(CallQuery { text: Some(String::new()), ..CallQuery::default() }, "");
    }

    #[test]
    fn unknown_bounds_are_none() {
        let query = CallQuery { from: Some(Timestamp::UNKNOWN), ..CallQuery::default() };
        assert_eq!((range(&query), time_filter(&query)), ((None, None), None));
    }
}
