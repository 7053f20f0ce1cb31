//! An executable GraphQL document (October 2021, §2), read as far as its operations and their root fields:
//! values, types and what is below the root are passed over. Text that is no such document gives nothing.

use std::collections::BTreeMap;

use model::limits::GRAPHQL_TOKENS_MAX;

/// Nesting that is followed; what is deeper is passed over, and counted.
const FOLLOWED_MAX: u32 = 64;
/// Fragments resolved for one operation.
const SPREADS_MAX: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Name(&'t str),
    /// A number or a string.
    Value,
    /// One character of punctuation; `.` stands for `...`.
    Mark(u8),
}

#[derive(Debug, Clone, Copy)]
enum Selection<'t> {
    Field(&'t str),
    Spread(&'t str),
}

#[derive(Debug)]
struct Definition<'t> {
    kind: &'t str,
    name: Option<&'t str>,
    selections: Vec<Selection<'t>>,
}

/// What was read of a document.
#[derive(Debug, Default)]
pub(super) struct Document<'t> {
    operations: Vec<Definition<'t>>,
    fragments: BTreeMap<&'t str, Vec<Selection<'t>>>,
    /// Deepest nesting of fields.
    pub depth: u32,
    /// Fields with another name.
    pub aliases: u32,
}

impl<'t> Document<'t> {
    /// Reads a document; `None` when it is none, or has no operation.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let mut parser = Parser { rest: text, tokens: 0, document: Self::default() };
        while let Some(token) = parser.next()? {
            parser.definition(token)?;
        }
        (!parser.document.operations.is_empty()).then_some(parser.document)
    }

    /// Kind and sorted root fields of the operation of that name, or of the first one.
    pub(super) fn executed(&self, name: Option<&str>) -> Option<(&'t str, Vec<&'t str>)> {
        let named =
            self.operations.iter().find(|definition| definition.name.is_some() && definition.name == name);
        let definition = named.or(self.operations.first())?;
        let (mut fields, mut seen) = (Vec::new(), Vec::new());
        let mut open: Vec<Selection<'t>> = definition.selections.clone();
        while let Some(selection) = open.pop() {
            match selection {
                Selection::Field(field) => fields.push(field),
                Selection::Spread(name) if seen.contains(&name) || seen.len() >= SPREADS_MAX => {}
                Selection::Spread(name) => {
                    seen.push(name);
                    open.extend(self.fragments.get(name).into_iter().flatten());
                }
            }
        }
        fields.sort_unstable();
        fields.dedup();
        Some((definition.kind, fields))
    }
}

struct Parser<'t> {
    rest: &'t str,
    tokens: usize,
    document: Document<'t>,
}

/// `None`: this is no document.
type Step<T> = Option<T>;

impl<'t> Parser<'t> {
    /// The next token; `Some(None)` at the end.
    fn next(&mut self) -> Step<Option<Token<'t>>> {
        self.skip_ignored();
        let Some(first) = self.rest.bytes().next() else { return Some(None) };
        self.tokens += 1;
        if self.tokens > GRAPHQL_TOKENS_MAX {
            return None;
        }
        let (token, len) = match first {
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
                let len = self.rest.find(|c: char| !is_name(c)).unwrap_or(self.rest.len());
                (Token::Name(&self.rest[..len]), len)
            }
            b'-' | b'0'..=b'9' => {
                let is_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
                let len = self.rest.find(|c: char| !is_number(c)).unwrap_or(self.rest.len());
                (Token::Value, len)
            }
            b'"' => (Token::Value, string_end(self.rest)?),
            b'.' => (Token::Mark(b'.'), self.rest.starts_with("...").then_some(3)?),
            b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|' | b'}' => {
                (Token::Mark(first), 1)
            }
            _ => return None,
        };
        self.rest = &self.rest[len..];
        Some(Some(token))
    }

    /// White space, commas and comments (§2.1).
    fn skip_ignored(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n', ',', '\u{feff}']);
            if !self.rest.starts_with('#') {
                return;
            }
            self.rest = self.rest.find(['\n', '\r']).map_or("", |end| &self.rest[end..]);
        }
    }

    fn peek(&mut self) -> Step<Option<Token<'t>>> {
        let (rest, tokens) = (self.rest, self.tokens);
        let token = self.next();
        (self.rest, self.tokens) = (rest, tokens);
        token
    }

    /// Takes a mark when it is the next token.
    fn takes(&mut self, mark: u8) -> Step<bool> {
        let is_next = self.peek()? == Some(Token::Mark(mark));
        if is_next {
            self.next()?;
        }
        Some(is_next)
    }

    fn name(&mut self) -> Step<&'t str> {
        match self.next()?? {
            Token::Name(name) => Some(name),
            _ => None,
        }
    }

    fn definition(&mut self, first: Token<'t>) -> Step<()> {
        let mut selections = Vec::new();
        match first {
            Token::Mark(b'{') => {
                self.selections(1, Some(&mut selections))?;
                self.document.operations.push(Definition { kind: "query", name: None, selections });
            }
            Token::Name(kind @ ("query" | "mutation" | "subscription")) => {
                let name = match self.peek()?? {
                    Token::Name(_) => Some(self.name()?),
                    _ => None,
                };
                self.arguments()?;
                self.set(1, Some(&mut selections))?;
                self.document.operations.push(Definition { kind, name, selections });
            }
            Token::Name("fragment") => {
                let name = self.name()?;
                (self.name()? == "on").then_some(())?;
                self.name()?;
                self.set(1, Some(&mut selections))?;
                self.document.fragments.insert(name, selections);
            }
            _ => return None,
        }
        Some(())
    }

    /// Directives and a selection set, which has to follow.
    fn set(&mut self, depth: u32, kept: Option<&mut Vec<Selection<'t>>>) -> Step<()> {
        self.directives()?;
        if self.takes(b'{')? { self.selections(depth, kept) } else { None }
    }

    /// The inside of a selection set, its closing brace included.
    fn selections(&mut self, depth: u32, mut kept: Option<&mut Vec<Selection<'t>>>) -> Step<()> {
        self.document.depth = self.document.depth.max(depth);
        if depth > FOLLOWED_MAX {
            return self.pass(b'{', b'}', depth);
        }
        let mut is_empty = true;
        loop {
            let selection = match self.next()?? {
                Token::Mark(b'}') => return (!is_empty).then_some(()),
                Token::Mark(b'.') => match self.peek()?? {
                    Token::Name(name) if name != "on" => {
                        self.next()?;
                        self.directives()?;
                        Some(Selection::Spread(name))
                    }
                    token => {
                        if matches!(token, Token::Name(_)) {
                            self.next()?;
                            self.name()?;
                        }
                        // A fragment without a name adds its fields to this level.
                        self.directives()?;
                        self.takes(b'{')?.then_some(())?;
                        self.inline(depth, kept.as_deref_mut())?;
                        None
                    }
                },
                Token::Name(name) => Some(Selection::Field(self.field(name, depth)?)),
                _ => return None,
            };
            is_empty = false;
            if let (Some(kept), Some(selection)) = (kept.as_deref_mut(), selection) {
                kept.push(selection);
            }
        }
    }

    /// Fragments inside fragments nest without adding a level; the stack they use is bounded all the same.
    fn inline(&mut self, depth: u32, kept: Option<&mut Vec<Selection<'t>>>) -> Step<()> {
        let before = self.document.depth;
        self.selections(depth + 1, kept)?;
        self.document.depth = before.max(self.document.depth.saturating_sub(1));
        Some(())
    }

    /// What follows the first name of a field; its own name without the alias.
    fn field(&mut self, first: &'t str, depth: u32) -> Step<&'t str> {
        let mut name = first;
        if self.takes(b':')? {
            self.document.aliases += 1;
            name = self.name()?;
        }
        self.arguments()?;
        self.directives()?;
        if self.takes(b'{')? {
            self.selections(depth + 1, None)?;
        }
        Some(name)
    }

    fn arguments(&mut self) -> Step<()> {
        if self.takes(b'(')? { self.pass(b'(', b')', 0) } else { Some(()) }
    }

    fn directives(&mut self) -> Step<()> {
        while self.takes(b'@')? {
            self.name()?;
            self.arguments()?;
        }
        Some(())
    }

    /// Passes over everything up to the mark that closes; `depth` is noted where nesting counts.
    fn pass(&mut self, opens: u8, closes: u8, depth: u32) -> Step<()> {
        let mut open = 1_u32;
        while open > 0 {
            match self.next()?? {
                Token::Mark(mark) if mark == opens => open += 1,
                Token::Mark(mark) if mark == closes => open -= 1,
                _ => {}
            }
            if depth > 0 {
                self.document.depth = self.document.depth.max(depth + open.saturating_sub(1));
            }
        }
        Some(())
    }
}

/// Length of a string or block string with its quotes (§2.9.4).
fn string_end(text: &str) -> Option<usize> {
    let (quote, body) = if text.starts_with("\"\"\"") { ("\"\"\"", 3) } else { ("\"", 1) };
    let mut at = body;
    loop {
        let next = at + text[at..].find(['"', '\\', '\n'])?;
        at = match text.as_bytes()[next] {
            b'\\' => {
                let skip = text[next + 1..].chars().next()?.len_utf8();
                next + 1 + skip
            }
            b'\n' if body == 1 => return None,
            b'\n' => next + 1,
            _ if text[next..].starts_with(quote) => return Some(next + quote.len()),
            _ => next + 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: Option<&str>, expect: Option<&str>) {
        let document = Document::parse(text);
        let found = document.as_ref().and_then(|document| document.executed(name));
        let line = found.map(|(kind, fields)| format!("{kind} {}", fields.join(",")));
        assert_eq!(line.as_deref(), expect, "{text}");
    }

    #[test]
    fn root_fields() {
        check("{b a c: d(x: {y: [1 \"}\"]}) @include(if: $f) {e}}", None, Some("query a,b,d"));
        check("query Q($a: [Int!]! = [1], $b: In = {c: 1}) @live {x}", None, Some("query x"));
        check("subscription{s}# {", None, Some("subscription s"));
        check("\u{feff}{ a(s: \"\"\"x \" \\\"\"\" }\n\"\"\") }", None, Some("query a"));
        check("{query mutation on fragment}", None, Some("query fragment,mutation,on,query"));
    }

    #[test]
    fn fragments() {
        check("{...F x} fragment F on Q {a ...G} fragment G on Q {b ...F}", None, Some("query a,b,x"));
        check("{... on Q {a {z}} ... @skip(if: true) {b} ...{c}}", None, Some("query a,b,c"));
        check("{...Unknown}", None, Some("query "));
    }

    #[test]
    fn the_named_operation_is_executed() {
        check("query A {a} mutation B {b}", Some("B"), Some("mutation b"));
        check("query A {a} mutation B {b}", Some("C"), Some("query a"));
        check("query A {a} mutation B {b}", None, Some("query a"));
    }

    #[test]
    fn no_documents() {
        for text in [
            "",
            "shoes",
            "{",
            "{}",
            "{a",
            "query",
            "query A",
            "{a}}",
            "{1}",
            "type A {b: C}",
            "fragment F on A {b}",
            "{a(}",
            "{\"a\":1}",
            "{..}",
        ] {
            check(text, None, None);
        }
    }

    #[test]
    fn hostile_nesting_is_counted() {
        let deep = format!("{}x{}", "{a".repeat(5_000), "}".repeat(5_000));
        let document = Document::parse(&deep).expect("a document");
        assert_eq!(document.depth, 5_000);
        assert!(Document::parse(&"{a".repeat(50_000)).is_none());
        assert!(Document::parse(&format!("{{{}}}", "a ".repeat(GRAPHQL_TOKENS_MAX))).is_none());
    }
}
