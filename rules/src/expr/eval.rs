//! Evaluation: a walk over the tree against facts that borrow. Total: kinds were checked when it was compiled.

use std::collections::BTreeSet;

use super::{Expr, Fields, Literal, Node, Order, TextTest};

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// For [`Kind::Bool`](super::Kind::Bool).
    Bool(bool),
    /// For [`Kind::Number`](super::Kind::Number).
    Number(f64),
    /// For [`Kind::Text`](super::Kind::Text).
    Text(&'a str),
    /// For [`Kind::Bytes`](super::Kind::Bytes).
    Bytes(&'a [u8]),
    /// For [`Kind::Set`](super::Kind::Set).
    Set(&'a BTreeSet<String>),
}

/// What a condition is evaluated against.
pub trait Facts<F> {
    /// The value of a field; `item` is the record of a list that the field belongs to.
    fn get(&self, field: F, item: usize) -> Value<'_>;

    /// Records of a list.
    fn count(&self, list: F) -> usize;

    /// The text or bytes of a field hold a pattern of that set.
    fn matches(&self, field: F, set: &str) -> bool;
}

impl<F: Fields> Expr<F> {
    /// Evaluates the condition.
    pub fn test(&self, facts: &dyn Facts<F>) -> bool {
        test(&self.0, facts, 0)
    }

    /// Evaluates the condition for one record of the list that it was compiled for.
    pub fn test_item(&self, facts: &dyn Facts<F>, item: usize) -> bool {
        test(&self.0, facts, item)
    }
}

fn test<F: Fields>(node: &Node<F>, facts: &dyn Facts<F>, item: usize) -> bool {
    match node {
        Node::Not(inner) => !test(inner, facts, item),
        Node::And(left, right) => test(left, facts, item) && test(right, facts, item),
        Node::Or(left, right) => test(left, facts, item) || test(right, facts, item),
        Node::Compare(order, left, right) => {
            compare(*order, value(left, facts, item), value(right, facts, item))
        }
        Node::InList(left, members) => {
            let left = value(left, facts, item);
            members.iter().any(|member| left == literal(member))
        }
        Node::InSet(left, set) => match (value(left, facts, item), facts.get(*set, item)) {
            (Value::Text(text), Value::Set(set)) => set.contains(text),
            _ => false,
        },
        Node::Exists(list, body) => (0..facts.count(*list)).any(|item| test(body, facts, item)),
        Node::Matches(field, set) => facts.matches(*field, set),
        Node::Test(kind, left, expect) => match value(left, facts, item) {
            Value::Text(text) => match kind {
                TextTest::Starts => text.starts_with(expect.as_str()),
                TextTest::Ends => text.ends_with(expect.as_str()),
                TextTest::Contains => text.contains(expect.as_str()),
            },
            _ => false,
        },
        Node::Literal(_) | Node::Field(_) => value(node, facts, item) == Value::Bool(true),
    }
}

fn value<'a, F: Fields>(node: &'a Node<F>, facts: &'a dyn Facts<F>, item: usize) -> Value<'a> {
    match node {
        Node::Literal(known) => literal(known),
        Node::Field(field) => facts.get(*field, item),
        _ => Value::Bool(test(node, facts, item)),
    }
}

fn literal(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Number(value) => Value::Number(*value),
        Literal::Text(value) => Value::Text(value),
    }
}

fn compare(order: Order, left: Value<'_>, right: Value<'_>) -> bool {
    match (order, left, right) {
        (Order::Equal, left, right) => left == right,
        (Order::NotEqual, left, right) => left != right,
        (order, Value::Number(left), Value::Number(right)) => match order {
            Order::Less => left < right,
            Order::LessEqual => left <= right,
            Order::Greater => left > right,
            _ => left >= right,
        },
        _ => false,
    }
}
