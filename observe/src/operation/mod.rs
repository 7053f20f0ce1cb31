//! What selects one of several operations behind the same template: the GraphQL kind and root fields, the method
//! of JSON-RPC and XML-RPC, the element of SOAP, the procedure of gRPC, Dubbo and Thrift. A pure function over a
//! call; `observer.rs` makes an endpoint of each. What a parameter selects (`action=create`) is not decided here.

mod graphql;
mod json_rpc;
mod soap;
mod xml_rpc;

use std::borrow::Cow;

use model::limits::{OPERATION_BYTES_MAX, OPERATIONS_PER_CALL_MAX};
use model::{Call, Message, Style};

use crate::body::{self, Format, Kind, Tape};

/// One operation that a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The way it speaks.
    pub style: Style,
    /// Its name, as in the record formats: `query viewer`, `tools/call:search`, `{urn:x}Element`, `pkg.Service/Method`.
    pub name: String,
    /// Nesting of the fields that GraphQL asks for; 0 elsewhere.
    pub depth: u32,
    /// Fields that GraphQL asks for under another name.
    pub aliases: u32,
}

impl Operation {
    fn new(style: Style, mut name: String) -> Self {
        if name.len() > OPERATION_BYTES_MAX {
            let end = (0..=OPERATION_BYTES_MAX).rev().find(|end| name.is_char_boundary(*end));
            name.truncate(end.unwrap_or_default());
        }
        name.retain(|c| !c.is_control());
        Self { style, name, depth: 0, aliases: 0 }
    }
}

/// The operations that a call asks for, in its order: several in a batch, none for a plain request.
#[must_use]
pub fn operations(call: &Call) -> Vec<Operation> {
    let mut tape = Tape::default();
    if let Some(request) = &call.request {
        body::read(request, &mut tape);
    }
    of(call, &tape)
}

/// As [`operations`], with the request body read already.
pub(crate) fn of(call: &Call, request: &Tape) -> Vec<Operation> {
    if let Some(operation) = procedure(call) {
        return vec![operation];
    }
    let found = match request.format {
        Format::Json | Format::Form | Format::Multipart => of_values(call, request),
        Format::Xml | Format::Text => of_text(call, request),
        Format::Empty => Vec::new(),
    };
    if found.is_empty() { graphql::of_query(call).into_iter().collect() } else { found }
}

/// The operations of a call as one name: sorted, each once; `None` when there are none, or too many to be one thing.
pub(crate) fn joined(operations: &[Operation]) -> Option<Cow<'_, str>> {
    let mut names: Vec<&str> = operations.iter().map(|operation| operation.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => None,
        [name] => Some(Cow::Borrowed(name)),
        names => Some(names.join("&")).filter(|name| name.len() <= OPERATION_BYTES_MAX).map(Cow::Owned),
    }
}

/// True when an answer of 200 says that the operation was refused: it proves no endpoint.
pub(crate) fn is_refused(style: Style, response: &Tape) -> bool {
    if response.items.first().is_none_or(|item| item.kind != Kind::Object) {
        return false;
    }
    let is_set = |key| member(response, 0, key).is_some_and(|at| response.items[at].kind != Kind::Null);
    match style {
        Style::JsonRpc => is_set("error") && !is_set("result"),
        Style::Graphql => is_set("errors") && !is_set("data"),
        _ => false,
    }
}

/// gRPC, Dubbo, Thrift: named by the protocol.
fn procedure(call: &Call) -> Option<Operation> {
    let media_type = call.request.as_ref().map(Message::media_type).unwrap_or_default();
    let is_grpc = call.protocol.starts_with("grpc") || media_type.starts_with("application/grpc");
    let style = if is_grpc { Style::Grpc } else { Style::Rpc };
    if let Some(rpc) = &call.rpc {
        let name = if rpc.service.is_empty() {
            rpc.method.clone()
        } else {
            format!("{}/{}", rpc.service, rpc.method)
        };
        return Some(Operation::new(style, name)).filter(|operation| !operation.name.is_empty());
    }
    let name = call.path().trim_start_matches('/');
    (is_grpc && name.split('/').count() == 2).then(|| Operation::new(Style::Grpc, name.to_owned()))
}

/// Members of an object, or of the objects of a batch.
fn of_values(call: &Call, request: &Tape) -> Vec<Operation> {
    let Some(top) = request.items.first() else { return Vec::new() };
    let of_object =
        |at: usize| json_rpc::of_object(request, at).or_else(|| graphql::of_object(call, request, at));
    if top.kind == Kind::Object {
        return of_object(0).into_iter().collect();
    }
    children(request, 0)
        .take(OPERATIONS_PER_CALL_MAX)
        .filter(|at| request.items[*at].kind == Kind::Object)
        .filter_map(of_object)
        .collect()
}

fn of_text(call: &Call, request: &Tape) -> Vec<Operation> {
    let Some(message) = &call.request else { return Vec::new() };
    let media_type = message.media_type();
    if media_type == "application/graphql" {
        let Some(item) = request.items.first() else { return Vec::new() };
        return graphql::operation(request.value(item), None).into_iter().collect();
    }
    let root = request.items.first().map(|item| request.key(item)).unwrap_or_default();
    let found = match root {
        "methodCall" => xml_rpc::operation(request),
        "Envelope" => soap::operation(message),
        // SOAP with attachments (MTOM).
        _ if media_type == "multipart/related" => soap::operation(message),
        _ => None,
    };
    found.into_iter().collect()
}

/// Positions of what is directly inside a container.
fn children(tape: &Tape, container: usize) -> impl Iterator<Item = usize> {
    let end = tape.items.get(container).map_or(0, |item| item.end as usize);
    let next = move |at: &usize| tape.items.get(*at).map(|item| (item.end as usize).max(at + 1));
    std::iter::successors(Some(container + 1), next).take_while(move |at| *at < end)
}

/// Position of a member of an object.
fn member(tape: &Tape, object: usize, key: &str) -> Option<usize> {
    children(tape, object).find(|at| tape.key(&tape.items[*at]) == key)
}

/// A text member of an object; `None` when it is absent, empty or no text.
fn text<'t>(tape: &'t Tape, object: usize, key: &str) -> Option<&'t str> {
    let item = &tape.items[member(tape, object, key)?];
    (item.kind == Kind::String).then(|| tape.value(item)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Headers, Rpc};

    pub(super) fn post(media_type: &str, body: &str) -> Call {
        let headers: Headers = [("content-type", media_type)].into_iter().collect();
        let request = Message { headers, body: Some(body.as_bytes().to_vec()), body_size: None };
        Call { method: "POST".into(), target: "/x".into(), request: Some(request), ..Call::default() }
    }

    #[track_caller]
    fn check(call: &Call, expect: Option<&str>) {
        assert_eq!(joined(&operations(call)).as_deref(), expect);
    }

    #[test]
    fn procedures() {
        let rpc = |service: &str| Some(Rpc { service: service.into(), method: "Add".into() });
        check(
            &Call { rpc: rpc("shop.Cart"), protocol: "dubbo".into(), ..Call::default() },
            Some("shop.Cart/Add"),
        );
        check(&Call { rpc: rpc(""), protocol: "thrift".into(), ..Call::default() }, Some("Add"));
        check(&Call { target: "/a.B/C".into(), ..post("application/grpc-web+proto", "") }, Some("a.B/C"));
        check(&Call { target: "/a.B/C".into(), ..post("application/json", "{}") }, None);
    }

    #[test]
    fn batches() {
        check(
            &post("application/json", r#"[{"query":"{b}"},{"query":"{a}"},{"query":"{b}"}]"#),
            Some("query a&query b"),
        );
        let rpc = r#"[{"jsonrpc":"2.0","method":"b","id":1},{"jsonrpc":"2.0","method":"a"}]"#;
        check(&post("application/json", rpc), Some("a&b"));
        let many: Vec<String> =
            (0..90).map(|n| format!(r#"{{"jsonrpc":"2.0","method":"method{n}","id":1}}"#)).collect();
        check(&post("application/json", &format!("[{}]", many.join(","))), None);
        check(&post("application/json", r#"[1,"a",{}]"#), None);
    }

    #[test]
    fn refusals() {
        let refused = |style, body: &str| {
            let mut tape = Tape::default();
            body::read(&Message { body: Some(body.as_bytes().to_vec()), ..Message::default() }, &mut tape);
            is_refused(style, &tape)
        };
        assert!(refused(Style::JsonRpc, r#"{"jsonrpc":"2.0","error":{"code":-32601},"id":1}"#));
        assert!(!refused(Style::JsonRpc, r#"{"result":1,"error":null,"id":1}"#));
        assert!(refused(Style::Graphql, r#"{"errors":[{}],"data":null}"#));
        assert!(!refused(Style::Graphql, r#"{"errors":[{}],"data":{"a":1}}"#));
        assert!(!refused(Style::Rest, r#"{"error":"x"}"#) && !refused(Style::JsonRpc, "[]"));
    }
}
