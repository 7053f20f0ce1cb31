//! The semantic conventions for remote procedures (`rpc.*`), and how such a call looks where it is read off the wire:
//! gRPC is a POST of `/service/method` with the status in a header field, the others have no method.

use model::{Call, Rpc};

use super::attributes::Lookup;
use crate::format::log::{Draft, Escape, Field};

/// Status codes of gRPC by number, as newer conventions name them.
const GRPC_CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The call of a draft, with what the attributes say about the procedure.
pub(super) fn complete(lookup: Lookup<'_>, mut draft: Draft) -> Call {
    let Some((system, rpc)) = procedure(lookup) else { return draft.finish().call };
    let has_path = !draft.call.target.is_empty() || lookup.bytes("url.path").is_some();
    let is_plain_http = has_path && !draft.call.method.is_empty() && !matches!(&*system, "grpc" | "connect");
    if !is_plain_http {
        draft.call.protocol = system.clone().into();
    }
    if !has_path && !rpc.service.is_empty() {
        draft.set(&Field::Path, format!("/{}/{}", rpc.service, rpc.method).as_bytes(), Escape::None);
    }
    if system == "grpc" {
        grpc(lookup, &mut draft);
    }
    // What is no HTTP has no method, and a request all the same.
    let bare = draft.call.method.is_empty().then(|| std::mem::take(&mut draft.request));
    let mut call = draft.finish().call;
    call.request = call.request.or(bare);
    call.rpc = Some(rpc);
    call
}

/// gRPC is always a POST, and answers with HTTP status 200 whenever it answers with one of its own (gRPC over HTTP/2,
/// "Responses").
fn grpc(lookup: Lookup<'_>, draft: &mut Draft) {
    if draft.call.method.is_empty() {
        "POST".clone_into(&mut draft.call.method);
    }
    let status = lookup.text(&["rpc.grpc.status_code", "rpc.response.status_code"]);
    let number = status.and_then(|status| {
        let named = GRPC_CODES.iter().position(|name| *name == status).map(|at| at.to_string());
        named.or_else(|| status.parse::<u8>().ok().map(|code| code.to_string()))
    });
    if let Some(number) = number {
        draft.set(&Field::Status(0), b"200", Escape::None);
        draft.set(&Field::ResponseHeader("grpc-status".into()), number.as_bytes(), Escape::None);
    }
}

/// The system and the procedure; the method may be named with its service.
fn procedure(lookup: Lookup<'_>) -> Option<(String, Rpc)> {
    let system = lookup.text(&["rpc.system.name", "rpc.system"])?.to_ascii_lowercase();
    let method = lookup.text(&["rpc.method_original", "rpc.method"]).filter(|method| method != "_OTHER")?;
    let method = method.trim_start_matches('/');
    let (service, method) = match (lookup.text(&["rpc.service"]), method.rsplit_once('/')) {
        (Some(service), Some((front, method))) if front == service => (service.into_owned(), method),
        (Some(service), _) => (service.into_owned(), method),
        (None, Some((service, method))) => (service.to_owned(), method),
        (None, None) => (String::new(), method),
    };
    // The name that the protocol has in call records.
    let system = match &*system {
        "apache_dubbo" => "dubbo",
        "apache_thrift" => "thrift",
        "connect_rpc" | "connectrpc" => "connect",
        other => other,
    };
    Some((system.to_owned(), Rpc { service, method: method.to_owned() }))
}
