//! Operations behind one template and procedures of RPC protocols through the observer.

use std::sync::Arc;

use model::limits::OPERATIONS_MAX;
use model::{Call, CallId, Endpoint, Message, Rpc, Style, Timestamp};
use observe::{Inventory, Observer, openapi};
use rules::Ruleset;

fn message(body: &str) -> Message {
    Message {
        headers: [("content-type", "application/json")].into_iter().collect(),
        body: Some(body.as_bytes().to_vec()),
        body_size: None,
    }
}

fn post(target: &str, request: &str, response: &str) -> Call {
    Call {
        method: "POST".into(),
        host: "api.example".into(),
        target: target.into(),
        protocol: "http/1.1".into(),
        request: Some(message(request)),
        status: Some(200),
        response: Some(message(response)),
        ..Call::default()
    }
}

fn procedure(protocol: &'static str, service: &str, method: &str, status: Option<u16>) -> Call {
    Call {
        host: "10.0.0.2:20880".into(),
        target: format!("/{service}/{method}"),
        protocol: protocol.into(),
        rpc: Some(Rpc { service: service.into(), method: method.into() }),
        request: Some(message(r#"{"arg0":1}"#)),
        status,
        response: Some(message(r#"{"name":"x"}"#)),
        ..Call::default()
    }
}

fn inventory(calls: impl IntoIterator<Item = Call>) -> (Inventory, Observer) {
    let mut observer = Observer::new(Arc::new(Ruleset::builtin().expect("the built-in rules load")), [7; 32]);
    for (index, call) in calls.into_iter().enumerate() {
        let ts = Timestamp(1_795_300_000_000_000 + index as i64 * 1_000_000);
        observer.observe(&Call { id: CallId::new(format!("c{index}")), ts, ..call });
    }
    observer.settle();
    (observer.export(false), observer)
}

fn line(endpoint: &Endpoint) -> String {
    let operation = endpoint.operation.as_deref().unwrap_or("-");
    format!("{} {} {operation} {:?} {}", endpoint.method, endpoint.template, endpoint.style, endpoint.calls)
}

#[track_caller]
fn check(calls: impl IntoIterator<Item = Call>, expect: &[&str]) {
    let lines: Vec<String> = inventory(calls).0.endpoints.iter().map(line).collect();
    assert_eq!(lines, expect);
}

#[test]
fn graphql_operations_are_endpoints() {
    let ask = |query: &str| post("/graphql", &format!(r#"{{"query":"{query}"}}"#), r#"{"data":{"a":1}}"#);
    let refused = post("/graphql", r#"{"query":"{nope}"}"#, r#"{"errors":[{"message":"no"}]}"#);
    check(
        [ask("{viewer {id}}"), ask("mutation {login}"), ask("query A {viewer}"), refused],
        &["POST /graphql mutation login Graphql 1", "POST /graphql query viewer Graphql 2"],
    );
}

#[test]
fn json_rpc_methods_are_endpoints() {
    let ask = |method: &str, answer: &str| {
        post("/rpc", &format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#), answer)
    };
    let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601}}"#;
    let fine = r#"{"jsonrpc":"2.0","id":1,"result":{"a":1}}"#;
    check([ask("a", fine), ask("b", error), ask("a", error)], &["POST /rpc a JsonRpc 2"]);
}

#[test]
fn further_operations_count_as_one_endpoint() {
    let many = (0..OPERATIONS_MAX + 20)
        .map(|n| post("/graphql", &format!(r#"{{"query":"{{f{n} {{id}}}}"}}"#), r#"{"data":{"a":1}}"#));
    let (inventory, observer) = inventory(many);
    let plain: Vec<&Endpoint> = inventory.endpoints.iter().filter(|it| it.operation.is_none()).collect();
    assert_eq!((inventory.endpoints.len(), plain[0].calls), (OPERATIONS_MAX + 1, 20));
    assert!(observer.limits_reached().contains(&("operations_max", 20)));
}

/// Methods look alike and have numbers in them; none is the value of a parameter.
#[test]
fn procedures_are_never_parameters() {
    let names: Vec<String> = (0..40).map(|n| format!("get{n}")).collect();
    let calls = (0..3).flat_map(|service| {
        let service = format!("com.example.Service{service}");
        names.iter().map(move |name| procedure("dubbo", &service, name, Some(20)))
    });
    let (inventory, _) = inventory(calls);
    assert_eq!(inventory.endpoints.len(), 120);
    for endpoint in &inventory.endpoints {
        assert_eq!(Some(&endpoint.template[1..]), endpoint.operation.as_deref());
        assert_eq!((endpoint.style, endpoint.method.as_str()), (Style::Rpc, ""));
    }
}

#[test]
fn success_is_what_the_protocol_says() {
    let failed = |method: &str, call: Call| Call {
        rpc: Some(Rpc { service: "a.S".into(), method: method.into() }),
        target: format!("/a.S/{method}"),
        ..call
    };
    let mut exception = procedure("thrift", "a.S", "x", None);
    exception.response.iter_mut().for_each(|it| it.headers.push("thrift-message-type", "exception"));
    check(
        [
            procedure("dubbo", "a.S", "ok", Some(20)),
            failed("no", procedure("dubbo", "a.S", "x", Some(40))),
            procedure("thrift", "a.S", "reply", None),
            failed("thrown", exception),
            procedure("sofarpc", "a.S", "sofa", Some(0)),
            procedure("brpc", "a.S", "brpc", Some(0)),
        ],
        &[
            " /a.S/brpc a.S/brpc Rpc 1",
            " /a.S/ok a.S/ok Rpc 1",
            " /a.S/reply a.S/reply Rpc 1",
            " /a.S/sofa a.S/sofa Rpc 1",
        ],
    );
}

#[test]
fn openapi_names_the_operations() {
    let ask = |query: &str| post("/graphql", &format!(r#"{{"query":"{query}"}}"#), r#"{"data":{"a":1}}"#);
    let (inventory, _) = inventory([ask("{a}"), ask("{b}")]);
    let document = openapi::document("api.example", &inventory.endpoints);
    let operation = &document["paths"]["/graphql"]["post"];
    assert_eq!(operation["x-operations"], serde_json::json!(["query a", "query b"]));
}
