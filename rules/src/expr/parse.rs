//! Tokens to a checked tree: precedence climbing (`||`, `&&`, comparison, `!`), names resolved to fields, kinds
//! compared. What compiles cannot fail later.

use super::lex::{Token, tokens};
use super::{Fields, Kind, Literal, Node, Order, Scope, TextTest};

/// Nesting of brackets and negations.
const DEPTH_MAX: usize = 32;

struct Parser<'a> {
    tokens: Vec<(usize, Token)>,
    at: usize,
    depth: usize,
    scope: Scope<'a>,
    /// Variable of the innermost `exists`, with its list.
    bound: Option<(String, String)>,
}

type Typed<F> = (Node<F>, Kind);

pub(super) fn compile<F: Fields>(source: &str, scope: Scope<'_>) -> Result<Node<F>, String> {
    let bound = scope.variable.map(|(name, list)| (name.to_owned(), list.to_owned()));
    let mut parser = Parser { tokens: tokens(source)?, at: 0, depth: 0, scope, bound };
    let (node, kind) = parser.or()?;
    if parser.at < parser.tokens.len() {
        return Err(parser.fail("the condition should end here"));
    }
    want(kind, Kind::Bool, "the condition")?;
    Ok(node)
}

fn want(kind: Kind, expect: Kind, what: &str) -> Result<(), String> {
    if kind == expect { Ok(()) } else { Err(format!("{what} is {kind:?}, {expect:?} is needed")) }
}

fn kind_of(literal: &Literal) -> Kind {
    match literal {
        Literal::Bool(_) => Kind::Bool,
        Literal::Number(_) => Kind::Number,
        Literal::Text(_) => Kind::Text,
    }
}

impl Parser<'_> {
    fn fail(&self, reason: &str) -> String {
        match self.tokens.get(self.at) {
            Some((at, token)) => format!("at {at}, {token:?}: {reason}"),
            None => format!("at the end: {reason}"),
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some((_, Token::Sign(s))) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, sign: &str) -> Result<(), String> {
        if self.take(sign) { Ok(()) } else { Err(self.fail(&format!("`{sign}` is expected"))) }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some((_, Token::Name(name))) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err(self.fail("a name is expected")),
        }
    }

    fn text(&mut self) -> Result<String, String> {
        match self.literal()? {
            Literal::Text(text) => Ok(text),
            _ => Err(self.fail("a text is expected")),
        }
    }

    fn or<F: Fields>(&mut self) -> Result<Typed<F>, String> {
        let (mut left, mut kind) = self.and()?;
        while self.take("||") {
            let (right, right_kind) = self.and()?;
            want(kind, Kind::Bool, "left of ||")?;
            want(right_kind, Kind::Bool, "right of ||")?;
            (left, kind) = (Node::Or(Box::new(left), Box::new(right)), Kind::Bool);
        }
        Ok((left, kind))
    }

    fn and<F: Fields>(&mut self) -> Result<Typed<F>, String> {
        let (mut left, mut kind) = self.compare()?;
        while self.take("&&") {
            let (right, right_kind) = self.compare()?;
            want(kind, Kind::Bool, "left of &&")?;
            want(right_kind, Kind::Bool, "right of &&")?;
            (left, kind) = (Node::And(Box::new(left), Box::new(right)), Kind::Bool);
        }
        Ok((left, kind))
    }

    fn compare<F: Fields>(&mut self) -> Result<Typed<F>, String> {
        let (left, kind) = self.unary()?;
        if matches!(self.tokens.get(self.at), Some((_, Token::Name(name))) if name == "in") {
            self.at += 1;
            return self.membership(left, kind);
        }
        let orders = [
            ("==", Order::Equal),
            ("!=", Order::NotEqual),
            ("<=", Order::LessEqual),
            (">=", Order::GreaterEqual),
            ("<", Order::Less),
            (">", Order::Greater),
        ];
        let Some((sign, order)) = orders.into_iter().find(|(sign, _)| self.take(sign)) else {
            return Ok((left, kind));
        };
        let (right, right_kind) = self.unary()?;
        if kind != right_kind || !matches!(kind, Kind::Bool | Kind::Number | Kind::Text) {
            return Err(self.fail(&format!("{kind:?} and {right_kind:?} cannot be compared")));
        }
        if kind != Kind::Number && !matches!(order, Order::Equal | Order::NotEqual) {
            return Err(self.fail(&format!("`{sign}` compares numbers")));
        }
        Ok((Node::Compare(order, Box::new(left), Box::new(right)), Kind::Bool))
    }

    fn membership<F: Fields>(&mut self, left: Node<F>, kind: Kind) -> Result<Typed<F>, String> {
        if !self.take("[") {
            let (right, right_kind) = self.unary::<F>()?;
            want(kind, Kind::Text, "left of in")?;
            want(right_kind, Kind::Set, "right of in")?;
            return match right {
                Node::Field(set) => Ok((Node::InSet(Box::new(left), set), Kind::Bool)),
                _ => Err(self.fail("a set or a list is expected")),
            };
        }
        let mut members = Vec::new();
        loop {
            let literal = self.literal()?;
            want(kind_of(&literal), kind, "a member of the list")?;
            members.push(literal);
            if !self.take(",") {
                break;
            }
        }
        self.need("]")?;
        Ok((Node::InList(Box::new(left), members), Kind::Bool))
    }

    fn unary<F: Fields>(&mut self) -> Result<Typed<F>, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.fail("nested too deep"));
        }
        let found = if self.take("!") {
            let (inner, kind) = self.unary()?;
            want(kind, Kind::Bool, "right of !")?;
            (Node::Not(Box::new(inner)), Kind::Bool)
        } else if self.take("(") {
            let inner = self.or()?;
            self.need(")")?;
            inner
        } else if matches!(self.tokens.get(self.at), Some((_, Token::Name(name))) if name != "true" && name != "false")
        {
            self.path()?
        } else {
            let literal = self.literal()?;
            let kind = kind_of(&literal);
            (Node::Literal(literal), kind)
        };
        self.depth -= 1;
        Ok(found)
    }

    fn literal(&mut self) -> Result<Literal, String> {
        let literal = match self.tokens.get(self.at) {
            Some((_, Token::Text(text))) => Literal::Text(text.clone()),
            Some((_, Token::Number(number))) => Literal::Number(*number),
            Some((_, Token::Name(name))) if name == "true" => Literal::Bool(true),
            Some((_, Token::Name(name))) if name == "false" => Literal::Bool(false),
            _ => return Err(self.fail("a value is expected")),
        };
        self.at += 1;
        Ok(literal)
    }

    /// A field path, `matches(…)`, or a call on a path.
    fn path<F: Fields>(&mut self) -> Result<Typed<F>, String> {
        let mut path = self.name()?;
        if path == "matches" && self.take("(") {
            return self.matches();
        }
        while self.take(".") {
            let name = self.name()?;
            if self.take("(") {
                return self.call(&path, &name);
            }
            path = format!("{path}.{name}");
        }
        self.field(&path).map(|(field, kind)| (Node::Field(field), kind))
    }

    fn field<F: Fields>(&self, path: &str) -> Result<(F, Kind), String> {
        let (head, rest) = path.split_once('.').unwrap_or((path, ""));
        let in_list =
            |list: &str| F::TABLE.iter().any(|(name, _, kind)| *name == list && *kind == Kind::List);
        let full = match &self.bound {
            Some((variable, list)) if variable == head => format!("{list}.{rest}"),
            _ if in_list(head) && !rest.is_empty() => {
                return Err(self.fail(&format!("`{path}` stands outside of `{head}.exists`")));
            }
            _ => path.to_owned(),
        };
        let found = F::TABLE.iter().find(|(name, ..)| *name == full);
        found
            .map(|(_, field, kind)| (*field, *kind))
            .ok_or_else(|| self.fail(&format!("there is no field `{full}`")))
    }

    fn matches<F: Fields>(&mut self) -> Result<Typed<F>, String> {
        let (node, kind) = self.unary::<F>()?;
        self.need(",")?;
        let set = self.text()?;
        self.need(")")?;
        if !matches!(kind, Kind::Bytes | Kind::Text) {
            return Err(self.fail("`matches` looks into text and bytes"));
        }
        if !self.scope.sets.contains(&set.as_str()) {
            return Err(self.fail(&format!("there is no pattern set `{set}`")));
        }
        match node {
            Node::Field(field) => Ok((Node::Matches(field, set), Kind::Bool)),
            _ => Err(self.fail("`matches` takes a field")),
        }
    }

    fn call<F: Fields>(&mut self, path: &str, name: &str) -> Result<Typed<F>, String> {
        let (field, kind) = self.field::<F>(path)?;
        let test = match name {
            "exists" => return self.exists(path, field, kind),
            "startsWith" => TextTest::Starts,
            "endsWith" => TextTest::Ends,
            "contains" => TextTest::Contains,
            _ => return Err(self.fail(&format!("there is no function `{name}`"))),
        };
        want(kind, Kind::Text, path)?;
        let text = self.text()?;
        self.need(")")?;
        Ok((Node::Test(test, Box::new(Node::Field(field)), text), Kind::Bool))
    }

    fn exists<F: Fields>(&mut self, path: &str, list: F, kind: Kind) -> Result<Typed<F>, String> {
        want(kind, Kind::List, path)?;
        if self.bound.is_some() {
            return Err(self.fail("one `exists` inside another is not supported"));
        }
        let variable = self.name()?;
        self.need(",")?;
        self.bound = Some((variable, path.to_owned()));
        let (body, body_kind) = self.or()?;
        self.bound = None;
        self.need(")")?;
        want(body_kind, Kind::Bool, "the body of exists")?;
        Ok((Node::Exists(list, Box::new(body)), Kind::Bool))
    }
}
