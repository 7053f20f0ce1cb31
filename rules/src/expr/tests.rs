//! The language as a whole: what it accepts, what it refuses, what it answers.

use std::collections::BTreeSet;

use super::{Expr, Facts, Fields, Kind, Scope, Value};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Field {
    Method,
    Status,
    Open,
    Body,
    Tags,
    Data,
    DataType,
}

impl Fields for Field {
    const TABLE: &'static [(&'static str, Self, Kind)] = &[
        ("method", Self::Method, Kind::Text),
        ("response.status", Self::Status, Kind::Number),
        ("open", Self::Open, Kind::Bool),
        ("body", Self::Body, Kind::Bytes),
        ("tags", Self::Tags, Kind::Set),
        ("data", Self::Data, Kind::List),
        ("data.type", Self::DataType, Kind::Text),
    ];
}

struct Sample(BTreeSet<String>);

impl Facts<Field> for Sample {
    fn get(&self, field: Field, item: usize) -> Value<'_> {
        match field {
            Field::Method => Value::Text("GET"),
            Field::Status => Value::Number(200.0),
            Field::Open => Value::Bool(true),
            Field::Body => Value::Bytes(b"boom"),
            Field::Tags => Value::Set(&self.0),
            Field::Data | Field::DataType => Value::Text(["EMAIL", "JWT"][item]),
        }
    }

    fn count(&self, _: Field) -> usize {
        2
    }

    fn matches(&self, _: Field, set: &str) -> bool {
        set == "errors"
    }
}

const SCOPE: Scope<'_> = Scope { variable: None, sets: &["errors"] };

#[track_caller]
fn check(source: &str, expect: bool) {
    let expr = Expr::<Field>::compile(source, SCOPE).unwrap_or_else(|error| panic!("{source}: {error}"));
    assert_eq!(expr.test(&Sample(BTreeSet::from(["a".to_owned()]))), expect, "{source}");
}

#[test]
fn conditions_answer() {
    check("open", true);
    check("!open || method == 'GET'", true);
    check("response.status >= 200 && response.status < 300", true);
    check("method in ['POST', 'PUT']", false);
    check("!(method in ['POST', 'PUT']) && true", true);
    check("data.exists(d, d.type == 'JWT')", true);
    check("data.exists(d, d.type == 'EMAIL' && open) && !data.exists(d, d.type == 'X')", true);
    check("'a' in tags && !('b' in tags)", true);
    check("matches(body, 'errors')", true);
    check("method.startsWith('G') && method.endsWith('T') && !method.contains('P')", true);
    check("open == false", false);
    check("response.status != 200.0", false);
    // `&&` binds tighter than `||`.
    check("true || false && false", true);
}

#[track_caller]
fn check_error(source: &str, expect: &str) {
    let error = Expr::<Field>::compile(source, SCOPE).expect_err(source);
    assert!(error.contains(expect), "{source}: {error}");
}

#[test]
fn mistakes_are_load_errors() {
    check_error("metod == 'GET'", "no field `metod`");
    check_error("method == 1", "cannot be compared");
    check_error("method < 'a'", "compares numbers");
    check_error("response.status", "the condition is Number");
    check_error("data.type == 'JWT'", "outside of `data.exists`");
    check_error("data.exists(d, d.kind == 'JWT')", "no field `data.kind`");
    check_error("method in ['GET', 1]", "a member of the list");
    check_error("matches(body, 'nothing')", "no pattern set `nothing`");
    check_error("matches(response.status, 'errors')", "looks into text");
    check_error("open && ", "a value is expected");
    check_error("open open", "should end here");
    check_error("method == 'GET", "does not end");
    check_error("open & open", "means nothing");
    check_error(&format!("{}open", "!".repeat(99)), "nested too deep");
}

#[test]
fn a_variable_can_be_bound_from_outside() {
    let scope = Scope { variable: Some(("d", "data")), sets: &[] };
    let expr = Expr::<Field>::compile("d.type == 'JWT'", scope).expect("compiles");
    let facts = Sample(BTreeSet::new());
    assert!(!expr.test_item(&facts, 0) && expr.test_item(&facts, 1));
}
