//! GraphQL over HTTP: kind and root fields of the operation that is executed, from a body, a form or the query. A
//! persisted query that comes without its text is named by its operation name or its identity.

mod document;

use model::{Call, Style};

use self::document::Document;
use super::{Operation, member, text};
use crate::body::{self, Tape};

/// Members that name a persisted query without its text, in the ways of several clients.
const IDENTITIES: [&str; 6] = ["id", "queryId", "query_id", "documentId", "doc_id", "hash"];
/// Characters of such an identity that are kept.
const IDENTITY_CHARS_MAX: usize = 16;

/// The operation of one request object. `query` alone proves nothing: only text that is a document counts.
pub(super) fn of_object(call: &Call, tape: &Tape, at: usize) -> Option<Operation> {
    let name = text(tape, at, "operationName");
    if let Some(query) = text(tape, at, "query") {
        return operation(query, name);
    }
    let hash = member(tape, at, "extensions")
        .and_then(|extensions| member(tape, extensions, "persistedQuery"))
        .and_then(|persisted| text(tape, persisted, "sha256Hash"));
    let identity = || IDENTITIES.iter().find_map(|key| text(tape, at, key));
    let identity = hash.or_else(|| identity().filter(|_| is_graphql_path(call)))?;
    Some(persisted(name, identity))
}

/// The operation that the query of the target asks for (GraphQL over HTTP, §6.2).
pub(super) fn of_query(call: &Call) -> Option<Operation> {
    let query = call.query();
    if query.is_empty() {
        return None;
    }
    let value =
        |wanted: &str| body::pairs(query).find(|(name, ..)| name == wanted).map(|(_, value, _)| value);
    let name = value("operationName").filter(|name| !name.is_empty());
    if let Some(text) = value("query") {
        return operation(&text, name.as_deref());
    }
    let extensions: Option<serde_json::Value> =
        value("extensions").and_then(|text| serde_json::from_str(&text).ok());
    let hash = extensions.as_ref().and_then(|value| value["persistedQuery"]["sha256Hash"].as_str());
    let identity = || IDENTITIES.iter().find_map(|key| value(key)).filter(|_| is_graphql_path(call));
    let identity = hash.map(Into::into).or_else(identity)?;
    Some(persisted(name.as_deref(), &identity))
}

/// Kind and sorted root fields of the operation that a document executes.
pub(super) fn operation(text: &str, name: Option<&str>) -> Option<Operation> {
    let document = Document::parse(text)?;
    let (kind, fields) = document.executed(name)?;
    let mut operation =
        Operation::new(Style::Graphql, format!("{kind} {}", fields.join(",")).trim_end().to_owned());
    (operation.depth, operation.aliases) = (document.depth, document.aliases);
    Some(operation)
}

fn persisted(name: Option<&str>, identity: &str) -> Operation {
    let name = name.map_or_else(|| identity.chars().take(IDENTITY_CHARS_MAX).collect(), str::to_owned);
    Operation::new(Style::Graphql, format!("persisted {name}"))
}

fn is_graphql_path(call: &Call) -> bool {
    let path = call.path().to_ascii_lowercase();
    path.contains("graphql") || path.ends_with("/gql")
}

#[cfg(test)]
mod tests {
    use super::super::{joined, operations, tests::post};
    use super::*;

    #[track_caller]
    fn check(call: &Call, expect: Option<&str>) {
        assert_eq!(joined(&operations(call)).as_deref(), expect);
    }

    fn json(body: &str) -> Call {
        post("application/json", body)
    }

    fn get(target: &str) -> Call {
        Call { method: "GET".into(), target: target.into(), ..Call::default() }
    }

    #[test]
    fn bodies() {
        check(
            &json(r#"{"query":"query V { viewer { id } posts: allPosts(first: 1) { id } }"}"#),
            Some("query allPosts,viewer"),
        );
        check(
            &json(r#"{"query":"mutation { login(p: \"x\") { token } }","variables":{}}"#),
            Some("mutation login"),
        );
        check(&json(r#"{"operationName":"B","query":"query A {a} query B {b}"}"#), Some("query b"));
        check(&post("application/graphql", "{ me { id } }"), Some("query me"));
        check(&post("application/x-www-form-urlencoded", "query=%7Bme%7D&variables="), Some("query me"));
        check(&json(r#"{"query":"shoes, size 42"}"#), None);
        check(&json(r#"{"query":{"match":1}}"#), None);
        check(&json(r#"{"query":""}"#), None);
    }

    #[test]
    fn targets() {
        check(&get("/graphql?query=%7B+me+%7B+id+%7D+%7D"), Some("query me"));
        check(&get("/search?query=shoes"), None);
        check(&get("/graphql"), None);
    }

    #[test]
    fn persisted_queries() {
        let hash = r#"{"operationName":"Viewer","extensions":{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb6"}}}"#;
        check(&json(hash), Some("persisted Viewer"));
        check(&json(&hash.replace("\"operationName\":\"Viewer\",", "")), Some("persisted ecf4edb46db40b51"));
        check(&json(r#"{"id":"42","variables":{}}"#), None);
        let at_graphql = Call { target: "/graphql".into(), ..json(r#"{"id":"42","variables":{}}"#) };
        check(&at_graphql, Some("persisted 42"));
        check(
            &get(
                "/graphql?operationName=V&extensions=%7B%22persistedQuery%22%3A%7B%22sha256Hash%22%3A%22ab%22%7D%7D",
            ),
            Some("persisted V"),
        );
    }

    #[test]
    fn weight() {
        let call = json(r#"{"query":"{ a: user(id: 1) { f { g } } b: user(id: 2) { id } }"}"#);
        let operation = &operations(&call)[0];
        assert_eq!((operation.depth, operation.aliases), (3, 2));
    }
}
