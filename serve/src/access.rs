//! Who may do what: one table over all routes, checked before any handler runs. A route that is missing here is
//! closed. Also the two checks that need no handler: requests from other sites, and unknown parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use store::Role;

use crate::auth::session::{Sender, cookie_value};
use crate::error::{ApiError, ErrorCode};
use crate::mirror;
use crate::state::ServeState;

/// What a route asks of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Nothing,
    /// A session, even one whose password has to be changed first.
    Session,
    /// A session with at least this role.
    AtLeast(Role),
    /// A machine token, or a session with the role analyst.
    Push,
    /// A machine token, or any session.
    Watch,
    /// A machine token in `X-Apiarist-Token`: every other field belongs to the application.
    Mirror,
}

use Need::{AtLeast, Mirror, Nothing, Push, Session, Watch};
use Role::{Admin, Analyst, Viewer};

/// Every route with what it asks for.
pub(crate) const ACCESS: &[(Method, &str, Need)] = &[
    (Method::POST, "/api/v1/session", Nothing),
    (Method::GET, "/api/v1/session", Session),
    (Method::DELETE, "/api/v1/session", Session),
    (Method::PUT, "/api/v1/session/password", Session),
    (Method::GET, "/api/v1/overview", AtLeast(Viewer)),
    (Method::GET, "/api/v1/sites", AtLeast(Viewer)),
    (Method::GET, "/api/v1/sites/{host}/openapi", AtLeast(Viewer)),
    (Method::GET, "/api/v1/endpoints", AtLeast(Viewer)),
    (Method::GET, "/api/v1/endpoints/{id}", AtLeast(Viewer)),
    (Method::GET, "/api/v1/candidates", AtLeast(Viewer)),
    (Method::GET, "/api/v1/calls", AtLeast(Viewer)),
    (Method::GET, "/api/v1/calls/histogram", AtLeast(Viewer)),
    (Method::GET, "/api/v1/calls/{id}", AtLeast(Viewer)),
    (Method::GET, "/api/v1/findings", AtLeast(Viewer)),
    (Method::GET, "/api/v1/findings/{id}", AtLeast(Viewer)),
    (Method::PATCH, "/api/v1/findings/{id}", AtLeast(Analyst)),
    (Method::GET, "/api/v1/accounts", AtLeast(Viewer)),
    (Method::GET, "/api/v1/accounts/{id}", AtLeast(Viewer)),
    (Method::GET, "/api/v1/data", AtLeast(Viewer)),
    (Method::GET, "/api/v1/rules", AtLeast(Viewer)),
    (Method::GET, "/api/v1/users", AtLeast(Admin)),
    (Method::POST, "/api/v1/users", AtLeast(Admin)),
    (Method::PATCH, "/api/v1/users/{name}", AtLeast(Admin)),
    (Method::DELETE, "/api/v1/users/{name}", AtLeast(Admin)),
    (Method::GET, "/api/v1/tokens", AtLeast(Admin)),
    (Method::POST, "/api/v1/tokens", AtLeast(Admin)),
    (Method::DELETE, "/api/v1/tokens/{name}", AtLeast(Admin)),
    (Method::POST, "/api/v1/ingest", Push),
    (Method::POST, "/api/v1/otlp/v1/logs", Push),
    (Method::POST, "/api/v1/otlp/v1/traces", Push),
    (Method::GET, "/api/v1/health", Nothing),
    (Method::GET, "/api/v1/status", AtLeast(Viewer)),
    (Method::GET, "/metrics", Watch),
];

/// What a route asks for; `None` for routes that are not in the table.
pub(crate) fn need(method: &Method, path: &str) -> Option<Need> {
    // Copies of any request come here, so any method does.
    if path.starts_with(mirror::PREFIX) {
        return Some(Mirror);
    }
    let method = if method == Method::HEAD { &Method::GET } else { method };
    ACCESS.iter().find(|(m, p, _)| m == method && *p == path).map(|&(_, _, need)| need)
}

/// Names of the query parameters of each route.
pub(crate) type Parameters = BTreeMap<(String, String), BTreeSet<String>>;

/// The middleware: lets a request through to its handler or answers for it.
pub(crate) async fn check(
    State((state, parameters)): State<(ServeState, Arc<Parameters>)>,
    mut request: Request,
    next: Next,
) -> Response {
    // No matched path: not an API route, but the console or nothing.
    let path = request.extensions().get::<MatchedPath>().cloned();
    let Some(path) = path else { return next.run(request).await };
    let Some(need) = need(request.method(), path.as_str()) else {
        return ApiError::of_status(StatusCode::METHOD_NOT_ALLOWED, String::new()).into_response();
    };
    let admitted = match admit(&state, need, request.method(), request.headers()).await {
        Ok(admitted) => admitted,
        Err(error) => return error.into_response(),
    };
    if need != Mirror
        && let Err(error) = known_parameters(&parameters, path.as_str(), &request)
    {
        return error.into_response();
    }
    let mut renewed = None;
    if let Some((sender, cookie)) = admitted {
        if let Sender::User(user) = &sender {
            request.extensions_mut().insert(user.clone());
        }
        request.extensions_mut().insert(sender);
        renewed = cookie;
    }
    let mut response = next.run(request).await;
    // A handler that sets the cookie itself (login, logout) has the last word.
    if let Some(cookie) = renewed.and_then(|cookie| HeaderValue::try_from(cookie).ok())
        && !response.headers().contains_key(SET_COOKIE)
    {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

type Admitted = Option<(Sender, Option<String>)>;

async fn admit(
    state: &ServeState,
    need: Need,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Admitted, ApiError> {
    let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if need == Nothing {
        // Logging in carries no cookie yet: enough that no browser says that it comes from elsewhere.
        return if changes && origin(headers) == Origin::Foreign { Err(cross_site()) } else { Ok(None) };
    }
    if need == Mirror {
        let sender = state.machine(mirror::token(headers)).await?.ok_or_else(ApiError::not_logged_in)?;
        return Ok(Some((sender, None)));
    }
    let Some((sender, cookie)) = state.sender(headers).await? else {
        return Err(ApiError::not_logged_in());
    };
    let by_cookie = matches!(sender, Sender::User(_)) && cookie_value(headers).is_some();
    if by_cookie && changes && origin(headers) != Origin::Own {
        return Err(cross_site());
    }
    match &sender {
        Sender::Machine { .. } if matches!(need, Push | Watch) => {}
        Sender::Machine { .. } => return Err(forbidden("session")),
        Sender::User(user) => {
            if user.must_change && need != Session {
                return Err(ApiError::new(
                    StatusCode::FORBIDDEN,
                    ErrorCode::PasswordChangeRequired,
                    "change the generated password first",
                ));
            }
            let least = match need {
                AtLeast(role) => role,
                Push => Analyst,
                Session | Nothing | Watch | Mirror => Viewer,
            };
            if user.role < least {
                return Err(forbidden(least.as_str()));
            }
        }
    }
    Ok(Some((sender, cookie)))
}

fn forbidden(role: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, format!("this needs: {role}"))
        .with("role", role)
}

fn cross_site() -> ApiError {
    let message = "send X-Requested-With: apiarist, or come from the console itself";
    ApiError::new(StatusCode::FORBIDDEN, ErrorCode::CrossSite, message)
}

/// Where a request was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// By a page of ours, or by a client that says so in a header that other sites cannot set.
    Own,
    /// By a page of another site.
    Foreign,
    /// Nothing was said.
    Unknown,
}

/// Other sites cannot set `X-Requested-With` without a preflight that is never granted; browsers set
/// `Sec-Fetch-Site` and `Origin` (RFC 6454 §7) themselves.
fn origin(headers: &HeaderMap) -> Origin {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("x-requested-with").is_some_and(|value| value.eq_ignore_ascii_case("apiarist")) {
        return Origin::Own;
    }
    match text("sec-fetch-site") {
        Some("same-origin") => return Origin::Own,
        Some("cross-site" | "same-site") => return Origin::Foreign,
        _ => {}
    }
    match (text(ORIGIN.as_str()), text(HOST.as_str())) {
        (None, _) => Origin::Unknown,
        (Some(origin), Some(host)) => match origin.split_once("://") {
            Some((_, authority)) if authority.eq_ignore_ascii_case(host) => Origin::Own,
            _ => Origin::Foreign,
        },
        (Some(_), None) => Origin::Foreign,
    }
}

/// A filter that is misspelt must not silently widen an answer.
fn known_parameters(parameters: &Parameters, path: &str, request: &Request) -> Result<(), ApiError> {
    let Some(query) = request.uri().query() else { return Ok(()) };
    let method = if request.method() == Method::HEAD { "GET" } else { request.method().as_str() };
    let known = parameters.get(&(method.to_owned(), path.to_owned()));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if !known.is_some_and(|known| known.contains(name)) {
            let shown: String = name.chars().take(64).collect();
            return Err(ApiError::parameter(&shown, "there is no such parameter here"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fields: &[(&'static str, &'static str)], expect: Origin) {
        let headers = fields
            .iter()
            .map(|&(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
        assert_eq!(origin(&headers.collect::<HeaderMap>()), expect);
    }

    #[test]
    fn requests_of_other_sites_are_told_apart() {
        check(&[], Origin::Unknown);
        check(&[("x-requested-with", "apiarist")], Origin::Own);
        check(&[("x-requested-with", "XMLHttpRequest")], Origin::Unknown);
        check(&[("sec-fetch-site", "same-origin")], Origin::Own);
        check(&[("sec-fetch-site", "same-site"), ("origin", "http://a"), ("host", "a")], Origin::Foreign);
        check(&[("origin", "http://127.0.0.1:7480"), ("host", "127.0.0.1:7480")], Origin::Own);
        check(&[("origin", "http://127.0.0.1:7481"), ("host", "127.0.0.1:7480")], Origin::Foreign);
        check(&[("origin", "null"), ("host", "127.0.0.1:7480")], Origin::Foreign);
    }
}
