//! The examples of the data type files, and properties of the scan as a whole.

use proptest::prelude::*;

use crate::data_type::DataExample;
use crate::{Prior, Ruleset};

fn rules() -> &'static Ruleset {
    static RULES: std::sync::OnceLock<Ruleset> = std::sync::OnceLock::new();
    RULES.get_or_init(|| Ruleset::builtin().expect("the built-in content is valid"))
}

/// Whether the example's type is found, and with the expected part.
fn finds(id: &str, example: &DataExample) -> bool {
    let rules = rules();
    let mut out = Vec::new();
    rules.scan(rules.prior(&example.key, &example.parent), &example.value, &mut out);
    let part = example.find.as_deref().unwrap_or(&example.value);
    out.iter().any(|found| {
        found.data_type.as_str() == id
            && found.masked == example.masked
            && &example.value[found.start..found.end] == part
            && (found.masked || found.sample != part || part.len() < 2)
    })
}

#[test]
fn every_positive_example_is_found_and_no_near_miss() {
    let mut wrong = Vec::new();
    for rule in rules().data_types() {
        let id = rule.id.as_str();
        for example in &rule.positive {
            if !finds(id, example) {
                wrong.push(format!("{id}: missed {}={}", example.key, example.value));
            }
        }
        for example in &rule.negative {
            let mut out = Vec::new();
            rules().scan(rules().prior(&example.key, &example.parent), &example.value, &mut out);
            if out.iter().any(|found| found.data_type.as_str() == id && !found.masked) {
                wrong.push(format!("{id}: false alarm {}={}", example.key, example.value));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn documents_inside_values_are_read() {
    #[track_caller]
    fn check(value: &str, expect: &[(&str, &str)]) {
        let mut out = Vec::new();
        rules().scan(Prior::NONE, value, &mut out);
        let found: Vec<(&str, &str)> =
            out.iter().map(|m| (m.data_type.as_str(), &value[m.start..m.end])).collect();
        assert_eq!(found, expect);
    }
    check(r#"{"a":{"mobile":"13812345678"}}"#, &[("CN_MOBILE", "13812345678")]);
    check(r#"{"email":"a\u0062@example.com"}"#, &[("EMAIL", r"a\u0062@example.com")]);
    check("mobile=13812345678&x=1", &[("CN_MOBILE", "13812345678")]);
    check("eyJtb2JpbGUiOiIxMzgxMjM0NTY3OCJ9", &[("CN_MOBILE", "eyJtb2JpbGUiOiIxMzgxMjM0NTY3OCJ9")]);
    check("号码１３８１２３４５６７８。", &[("CN_MOBILE", "１３８１２３４５６７８")]);
}

/// Text made to send every look-ahead to its end. Quadratic behaviour would take minutes here.
#[test]
fn hostile_text_is_scanned_in_linear_time() {
    for unit in [
        "eyJ",
        "eyJ.",
        "mysql://",
        "mysql://u:p@",
        "-----BEGIN PRIVATE KEY-----",
        "1.",
        "a**",
        "1xxx",
        "password=",
        "contact:A",
        "联系人",
        "+1",
        "a@",
        "a@b.cc ",
        "省市路1",
        "，省",
        "京A",
        "(0",
        "1:",
        "::",
        "%41&",
        "a=b&",
        "{\"a\":",
        "\\u0041",
        "1 ",
        "兵字第",
        "$2a$",
        "AKIA",
        "x",
    ] {
        let text = unit.repeat((128 << 10) / unit.len());
        for key in ["", "name", "password"] {
            let mut out = Vec::new();
            rules().scan(rules().prior(key, ""), &text, &mut out);
            assert!(out.len() <= model::limits::HITS_MAX * 2);
        }
    }
}

proptest! {
    #[test]
    fn spans_are_in_order_inside_the_value_and_on_borders(value in "\\PC{0,200}", key in "[a-zA-Z手机姓名_]{0,12}") {
        let mut out = Vec::new();
        rules().scan(rules().prior(&key, ""), &value, &mut out);
        let mut end = 0;
        for found in &out {
            prop_assert!(found.start >= end && found.end > found.start);
            prop_assert!(value.get(found.start..found.end).is_some());
            end = found.end;
        }
    }

    #[test]
    fn dense_text_does_not_panic(value in "[0-9a-z@:.+*张省市路 {}\"=&%eyJ-]{0,120}") {
        let mut out = Vec::new();
        for key in ["", "name", "phone", "password", "address", "token"] {
            rules().scan(rules().prior(key, ""), &value, &mut out);
        }
    }
}
