//! JSON-RPC 1.0 and 2.0, the Model Context Protocol included: the method, and for tools and prompts their name.

use model::Style;

use super::{Operation, member, text};
use crate::body::{Kind, Tape};

/// MCP methods whose `name` parameter says what is called.
const NAMED: [&str; 2] = ["tools/call", "prompts/get"];

/// The operation of one request object. Version 1.0 has no mark of its own: it is a method with an array of
/// parameters and an id.
pub(super) fn of_object(tape: &Tape, at: usize) -> Option<Operation> {
    let method = text(tape, at, "method")?;
    let params = member(tape, at, "params");
    let is_list = params.is_some_and(|params| tape.items[params].kind == Kind::Array);
    let is_v1 = is_list && member(tape, at, "id").is_some();
    if text(tape, at, "jsonrpc").is_none() && !is_v1 {
        return None;
    }
    let name = params.filter(|_| NAMED.contains(&method)).and_then(|params| text(tape, params, "name"));
    let operation = name.map_or_else(|| method.to_owned(), |name| format!("{method}:{name}"));
    Some(Operation::new(Style::JsonRpc, operation))
}

#[cfg(test)]
mod tests {
    use super::super::{joined, operations, tests::post};

    #[track_caller]
    fn check(body: &str, expect: Option<&str>) {
        assert_eq!(joined(&operations(&post("application/json", body))).as_deref(), expect, "{body}");
    }

    #[test]
    fn methods() {
        check(r#"{"jsonrpc":"2.0","method":"user.get","params":{"method":"x"},"id":1}"#, Some("user.get"));
        check(r#"{"method":"echo","params":["a"],"id":1}"#, Some("echo"));
        check(r#"{"method":"echo","params":["a"]}"#, None);
        check(r#"{"method":"echo","params":{"a":1},"id":1}"#, None);
        check(r#"{"jsonrpc":"2.0","result":1,"id":1}"#, None);
        check(r#"{"jsonrpc":"2.0","method":5,"id":1}"#, None);
    }

    #[test]
    fn tools_and_prompts() {
        let call = |method: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","id":2,"method":"{method}","params":{{"name":"search","arguments":{{"name":"x"}}}}}}"#
            )
        };
        check(&call("tools/call"), Some("tools/call:search"));
        check(&call("prompts/get"), Some("prompts/get:search"));
        check(&call("user/add"), Some("user/add"));
        check(r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{}}"#, Some("tools/call"));
    }
}
