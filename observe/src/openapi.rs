//! The inventory of one site as an OpenAPI 3.1 document. What was learned beyond the standard's words stands
//! in `x-` members. Examples are masked.

use std::collections::BTreeMap;

use model::{AuthKind, AuthVerdict, Endpoint, Param, Place};
use serde_json::{Map, Value, json};

/// Methods that a path item can hold (OpenAPI 3.1 §4.8.9).
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The document for `host`. Endpoints of other hosts are left out; methods that OpenAPI cannot hold go to
/// `x-other-methods`.
#[must_use]
pub fn document(host: &str, endpoints: &[Endpoint]) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut other = Vec::new();
    let mut schemes = Map::new();
    let mut names = BTreeMap::new();
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.host == host) {
        let method = endpoint.method.to_ascii_lowercase();
        if METHODS.contains(&method.as_str()) {
            let item = paths.entry(&endpoint.template).or_default();
            match item.get_mut(&method) {
                // One path and method holds one operation; the others behind it are named.
                Some(first) => list_operation(first, endpoint),
                None => {
                    let mut first = operation(endpoint, &mut schemes, &mut names);
                    list_operation(&mut first, endpoint);
                    item.insert(method, first);
                }
            }
        } else {
            let mut entry = json!({"method": endpoint.method, "path": endpoint.template});
            list_operation(&mut entry, endpoint);
            other.push(entry);
        }
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": host,
            "version": "learned",
            "description": "Learned from traffic.",
        },
        "servers": [{"url": format!("//{host}")}],
        "paths": paths,
    });
    if !schemes.is_empty() {
        document["components"] = json!({"securitySchemes": schemes});
    }
    if !other.is_empty() {
        document["x-other-methods"] = json!(other);
    }
    document
}

/// Adds what selects the endpoint behind its template to `x-operations`.
fn list_operation(entry: &mut Value, endpoint: &Endpoint) {
    let (Some(name), Some(entry)) = (&endpoint.operation, entry.as_object_mut()) else { return };
    let names = entry.entry("x-operations").or_insert_with(|| json!([]));
    if let Some(names) = names.as_array_mut() {
        names.push(json!(name));
    }
}

fn operation(
    endpoint: &Endpoint,
    schemes: &mut Map<String, Value>,
    names: &mut BTreeMap<String, u32>,
) -> Value {
    let mut operation = json!({
        "operationId": operation_id(endpoint, names),
        "responses": responses(endpoint),
        "x-calls": endpoint.calls,
        "x-first-seen": endpoint.first_seen,
        "x-last-seen": endpoint.last_seen,
        "x-confidence": endpoint.confidence,
    });
    let parameters: Vec<Value> = endpoint.params.iter().map(parameter).collect();
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if !endpoint.request_schema.is_empty() {
        operation["requestBody"] = json!({"content": content(&endpoint.request_schema)});
    }
    let mut security: Vec<Value> = endpoint
        .auth
        .kinds
        .iter()
        .filter_map(|kind| {
            let (name, scheme) = scheme(*kind)?;
            schemes.insert(name.to_owned(), scheme);
            Some(json!({name: []}))
        })
        .collect();
    if endpoint.auth.verdict == AuthVerdict::Mixed {
        security.insert(0, json!({}));
    }
    if endpoint.auth.verdict != AuthVerdict::None && !security.is_empty() {
        operation["security"] = json!(security);
    }
    operation
}

/// `getUsersByUserId`: unique within the document.
fn operation_id(endpoint: &Endpoint, names: &mut BTreeMap<String, u32>) -> String {
    let mut id = endpoint.method.to_ascii_lowercase();
    for word in endpoint.template.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut chars = word.chars();
        id.extend(
            chars
                .next()
                .map(|first| first.to_uppercase().to_string())
                .unwrap_or_default()
                .chars()
                .chain(chars),
        );
    }
    let count = names.entry(id.clone()).or_default();
    *count += 1;
    if *count > 1 { format!("{id}{count}") } else { id }
}

fn parameter(param: &Param) -> Value {
    let place = match param.place {
        Place::Path => "path",
        Place::Cookie => "cookie",
        Place::Header => "header",
        Place::Query | Place::Body => "query",
    };
    let schema = match param.kind.as_str() {
        "integer" => json!({"type": "integer"}),
        "decimal" => json!({"type": "number"}),
        "uuid" => json!({"type": "string", "format": "uuid"}),
        "date" => json!({"type": "string", "format": "date"}),
        "email" => json!({"type": "string", "format": "email"}),
        _ => json!({"type": "string"}),
    };
    json!({
        "name": param.name,
        "in": place,
        "required": param.required || param.place == Place::Path,
        "schema": schema,
        "x-distinct": param.distinct,
    })
}

fn responses(endpoint: &Endpoint) -> Value {
    let mut responses = Map::new();
    for status in endpoint.statuses.keys() {
        let mut response = json!({"description": reason(*status)});
        if let Some(by_type) = endpoint.response_schema.get(status) {
            response["content"] = content(by_type);
        }
        responses.insert(status.to_string(), response);
    }
    if responses.is_empty() {
        responses.insert("default".into(), json!({"description": "No response was seen"}));
    }
    Value::Object(responses)
}

fn content(by_type: &BTreeMap<String, Value>) -> Value {
    by_type
        .iter()
        .map(|(media_type, schema)| (media_type.clone(), json!({"schema": schema})))
        .collect::<Map<_, _>>()
        .into()
}

/// RFC 9110 §15.
const fn reason(status: u16) -> &'static str {
    match status {
        100..200 => "Informational",
        200..300 => "Success",
        300..400 => "Redirection",
        401 => "Not authenticated",
        403 => "Not permitted",
        404 => "Not found",
        400..500 => "Client error",
        _ => "Server error",
    }
}

fn scheme(kind: AuthKind) -> Option<(&'static str, Value)> {
    Some(match kind {
        AuthKind::Basic => ("basic", json!({"type": "http", "scheme": "basic"})),
        AuthKind::Bearer => ("bearer", json!({"type": "http", "scheme": "bearer"})),
        AuthKind::Jwt => ("jwt", json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})),
        AuthKind::Digest => ("digest", json!({"type": "http", "scheme": "digest"})),
        AuthKind::Cookie => ("cookie", json!({"type": "apiKey", "in": "cookie", "name": "session"})),
        AuthKind::ApiKey => ("apiKey", json!({"type": "apiKey", "in": "header", "name": "x-api-key"})),
        AuthKind::None | AuthKind::Signature | AuthKind::Other => return None,
    })
}
