//! The description of the API (`openapi/console.json`): made from the handlers, completed with what all routes
//! have in common. The console's types are generated from it, and a test fails when the committed file is stale.

use std::collections::BTreeSet;

use axum::http::Method;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Ref,
    RefOr, ResponseBuilder, SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};

use crate::access::{Need, Parameters, need};
use crate::auth::session::COOKIE_NAME;
use crate::error::{ErrorBody, ErrorCode};
use crate::otlp;

const SESSION: &str = "session";
const TOKEN: &str = "token";

/// The document before any route is in it.
pub(crate) fn frame() -> OpenApi {
    let session = ApiKey::Cookie(ApiKeyValue::with_description(
        COOKIE_NAME,
        "Set by logging in. Requests that change something also need `X-Requested-With: apiarist` unless a \
         browser sends them from the console itself.",
    ));
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let components = ComponentsBuilder::new()
        .schema(ErrorBody::name(), ErrorBody::schema())
        .schema(ErrorCode::name(), ErrorCode::schema())
        .security_scheme(SESSION, SecurityScheme::ApiKey(session))
        .security_scheme(TOKEN, SecurityScheme::Http(token))
        .build();
    let licence = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Apiarist")
        .description(Some("What the console reads and writes. Every field is always there: unknown is null."))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(licence))
        .build();
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// All operations of a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::PATCH, patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Adds what all routes have in common: who may call them, and the shape of errors.
pub(crate) fn complete(mut document: OpenApi) -> OpenApi {
    name_rows(&mut document);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let content =
                ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
            let error = if path.starts_with(otlp::PREFIX) {
                let described = "Refused or failed: `google.rpc.Status` in the encoding of the request.";
                ResponseBuilder::new().description(described).build()
            } else {
                ResponseBuilder::new()
                    .description("Refused or failed; the code says why.")
                    .content("application/json", content)
                    .build()
            };
            operation.responses.responses.insert("default".to_owned(), error.into());
            let nobody: [&str; 0] = [];
            let session = || SecurityRequirement::new(SESSION, nobody);
            let (security, role) = match need(&method, path) {
                Some(Need::Nothing) => (vec![], "anyone"),
                Some(Need::Session) => (vec![session()], "viewer"),
                Some(Need::AtLeast(role)) => (vec![session()], role.as_str()),
                Some(Need::Push) => (vec![SecurityRequirement::new(TOKEN, nobody), session()], "analyst"),
                Some(Need::Watch) => (vec![SecurityRequirement::new(TOKEN, nobody), session()], "viewer"),
                // The mirror is not in the document: it takes any method. Anything else is closed; the test of the table fails.
                Some(Need::Mirror) | None => (vec![session()], "nobody"),
            };
            operation.security = Some(security);
            operation.extensions = Some(ExtensionsBuilder::new().add("x-role", role).build());
        }
    }
    document
}

/// utoipa writes the rows of a generic page out in full; a reference to their schema is what is meant.
fn name_rows(document: &mut OpenApi) {
    let Some(components) = document.components.as_mut() else { return };
    for (name, schema) in &mut components.schemas {
        let (Some(rows), RefOr::T(Schema::Object(page))) = (name.strip_prefix("Page_"), schema) else {
            continue;
        };
        if let Some(RefOr::T(Schema::Array(array))) = page.properties.get_mut("rows") {
            array.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(rows).into()));
        }
    }
}

/// Names of the query parameters of each route.
pub(crate) fn parameters(document: &OpenApi) -> Parameters {
    let mut known = Parameters::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in operations(&mut item.clone()) {
            let names: BTreeSet<String> = operation
                .parameters
                .iter()
                .flatten()
                .filter_map(|parameter| match parameter {
                    RefOr::T(parameter) => Some(parameter),
                    RefOr::Ref(_) => None,
                })
                .filter(|parameter| matches!(parameter.parameter_in, ParameterIn::Query))
                .map(|parameter| parameter.name.clone())
                .collect();
            known.insert((method.to_string(), path.clone()), names);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::access::ACCESS;

    #[test]
    fn the_committed_openapi_document_is_fresh() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/console.json");
        let mut fresh = crate::openapi().to_pretty_json().expect("a document");
        fresh.push('\n');
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &fresh).expect("a writable checkout");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == fresh, "openapi/console.json is stale: UPDATE=1 cargo test -p serve openapi");
    }

    #[test]
    fn every_route_is_in_the_table_and_every_line_of_the_table_is_a_route() {
        let mut document = crate::openapi();
        let mut routes = BTreeSet::new();
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                assert!(operation.operation_id.is_some(), "{method} {path}");
                routes.insert((method.to_string(), path.clone()));
            }
        }
        let table: BTreeSet<_> =
            ACCESS.iter().map(|(method, path, _)| (method.to_string(), (*path).to_owned())).collect();
        assert_eq!(routes, table);
    }

    #[test]
    fn references_lead_somewhere() {
        let document = serde_json::to_value(crate::openapi()).expect("a document");
        fn references<'a>(value: &'a serde_json::Value, found: &mut BTreeSet<&'a str>) {
            match value {
                serde_json::Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(serde_json::Value::as_str));
                    fields.values().for_each(|value| references(value, found));
                }
                serde_json::Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 40, "{}", found.len());
        for reference in found {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
        }
    }
}
