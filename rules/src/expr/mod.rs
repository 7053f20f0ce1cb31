//! Conditions in content files: a subset of the Common Expression Language (CEL). Field paths, literals, comparison,
//! `in`, `&&`, `||`, `!`, `list.exists(x, …)`, `matches(field, "set")`, `startsWith`, `endsWith`, `contains`.
//!
//! Parsed once; names become field ids and kinds are checked then. Evaluation allocates nothing and cannot fail.

mod eval;
mod lex;
mod parse;

pub use eval::{Facts, Value};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A number, whole or not.
    Number,
    /// Text.
    Text,
    /// Bytes, for `matches` only.
    Bytes,
    /// A set of texts, for `in` only.
    Set,
    /// A list of records, for `exists` only; the fields of its records are named `list.field`.
    List,
}

/// The fields that one sort of expression may name.
pub trait Fields: Copy + PartialEq + std::fmt::Debug + 'static {
    /// Path, field and kind of everything that can be named.
    const TABLE: &'static [(&'static str, Self, Kind)];
}

/// A compiled condition over the fields `F`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr<F>(pub(crate) Node<F>);

/// Names that the compiler checks beside fields.
#[derive(Clone, Copy, Default)]
pub(crate) struct Scope<'a> {
    /// A variable that is bound from outside, with the list it runs over.
    pub(crate) variable: Option<(&'a str, &'a str)>,
    /// Pattern sets that exist.
    pub(crate) sets: &'a [&'a str],
}

impl<F: Fields> Expr<F> {
    /// Compiles a condition; the error says what is wrong and where.
    pub(crate) fn compile(source: &str, scope: Scope<'_>) -> Result<Self, String> {
        parse::compile(source, scope).map(Self)
    }

    /// The condition names a field whose path begins so.
    #[must_use]
    pub fn names(&self, prefix: &str) -> bool {
        self.0
            .fields()
            .iter()
            .any(|field| F::TABLE.iter().any(|(name, known, _)| known == field && name.starts_with(prefix)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextTest {
    Starts,
    Ends,
    Contains,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Number(f64),
    Text(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<F> {
    Literal(Literal),
    Field(F),
    Not(Box<Node<F>>),
    And(Box<Node<F>>, Box<Node<F>>),
    Or(Box<Node<F>>, Box<Node<F>>),
    Compare(Order, Box<Node<F>>, Box<Node<F>>),
    InList(Box<Node<F>>, Vec<Literal>),
    InSet(Box<Node<F>>, F),
    Exists(F, Box<Node<F>>),
    Matches(F, String),
    Test(TextTest, Box<Node<F>>, String),
}

impl<F: Copy> Node<F> {
    /// Every field that is named, in order.
    fn fields(&self) -> Vec<F> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Field(field) | Self::Matches(field, _) => vec![*field],
            Self::Not(inner) | Self::InList(inner, _) | Self::Test(_, inner, _) => inner.fields(),
            Self::InSet(inner, field) | Self::Exists(field, inner) => {
                let mut fields = inner.fields();
                fields.push(*field);
                fields
            }
            Self::And(left, right) | Self::Or(left, right) | Self::Compare(_, left, right) => {
                let mut fields = left.fields();
                fields.extend(right.fields());
                fields
            }
        }
    }
}

#[cfg(test)]
mod tests;
