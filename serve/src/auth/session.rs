//! Who a request comes from: the session cookie of a person or the bearer token of a machine. Sessions end
//! when they were idle; only hashes of their tokens are kept.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use model::Timestamp;
use store::{Role, Session};

use super::secret;
use crate::error::ApiError;
use crate::limits::{SESSION_IDLE_S, SESSION_RENEW_S};
use crate::state::{ServeState, now};

/// Name of the session cookie.
pub(crate) const COOKIE_NAME: &str = "apiarist_session";

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A person with a session.
    User(CurrentUser),
    /// A machine with a token.
    Machine {
        /// Name of the token.
        token: String,
    },
}

impl Sender {
    /// Name of the user or the token.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::User(user) => &user.name,
            Self::Machine { token } => token,
        }
    }
}

/// The person behind a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CurrentUser {
    /// User name.
    pub(crate) name: String,
    /// What the user may do.
    pub(crate) role: Role,
    /// Nothing else is allowed before the password is changed.
    pub(crate) must_change: bool,
    /// Hash of the session's token.
    pub(crate) token_hash: String,
}

/// When a session that is used now ends.
fn end_of_session(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_add(SESSION_IDLE_S * 1_000_000))
}

/// The value of the session cookie (RFC 6265 §4.2.1); empty after logging out.
pub(crate) fn cookie_value(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|&(name, value)| name == COOKIE_NAME && !value.is_empty())
        .map(|(_, value)| value)
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

impl ServeState {
    /// The `Set-Cookie` value that hands out a token, or takes it back.
    pub(crate) fn set_cookie(&self, token: Option<&str>) -> String {
        let age = if token.is_some() { SESSION_IDLE_S } else { 0 };
        let secure = if self.secure_cookies { "; Secure" } else { "" };
        let token = token.unwrap_or_default();
        format!("{COOKIE_NAME}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
    }

    /// Opens a session and returns its token.
    pub(crate) async fn open_session(&self, user: &str) -> Result<String, ApiError> {
        let token = secret::session_token().map_err(|error| ApiError::internal("session", &error))?;
        let expires = end_of_session(now());
        let session = Session { token_hash: secret::token_hash(&token), user: user.to_owned(), expires };
        self.catalogue.add_session(&session).await?;
        Ok(token)
    }

    /// Who sent a request with these headers, and the cookie to renew if the session's end was moved on.
    /// A bearer token counts before a cookie: whoever sends one means it.
    pub(crate) async fn sender(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<(Sender, Option<String>)>, ApiError> {
        if let Some(token) = bearer(headers) {
            return Ok(self.machine(Some(token)).await?.map(|sender| (sender, None)));
        }
        let Some(token) = cookie_value(headers) else { return Ok(None) };
        let token_hash = secret::token_hash(token);
        let now = now();
        let session = {
            let _shared = self.gate.renewal.read().await;
            self.catalogue.session(&token_hash, now).await?
        };
        let Some(session) = session else { return Ok(None) };
        let Some(user) = self.catalogue.user(&session.user).await?.filter(|user| !user.disabled) else {
            return Ok(None);
        };
        let renewed = self.renew(session, now).await?.then(|| self.set_cookie(Some(token)));
        let user =
            CurrentUser { name: user.name, role: user.role, must_change: user.must_change, token_hash };
        Ok(Some((Sender::User(user), renewed)))
    }

    /// The machine that a token belongs to.
    pub(crate) async fn machine(&self, token: Option<&str>) -> Result<Option<Sender>, ApiError> {
        let Some(token) = token else { return Ok(None) };
        let known = self.catalogue.use_token(&secret::token_hash(token), now()).await?;
        Ok(known.map(|token| Sender::Machine { token: token.name }))
    }

    /// Moves the end of a session on when enough of it is used up; true when it did.
    async fn renew(&self, session: Session, now: Timestamp) -> Result<bool, ApiError> {
        let fresh = end_of_session(now);
        if fresh.0.saturating_sub(session.expires.0) < SESSION_RENEW_S * 1_000_000 {
            return Ok(false);
        }
        // A task of its own: a client that hangs up between the two steps must not lose its session.
        let state = self.clone();
        let task = tokio::spawn(async move {
            let _alone = state.gate.renewal.write().await;
            // It may have been ended or renewed while this request waited.
            match state.catalogue.session(&session.token_hash, now).await? {
                Some(current) if current.expires == session.expires => {
                    state.catalogue.end_session(&session.token_hash).await?;
                    state.catalogue.add_session(&Session { expires: fresh, ..session }).await?;
                    Ok(true)
                }
                _ => Ok(false),
            }
        });
        task.await.map_err(|error| ApiError::internal("session", &error))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&'static str], expect: Option<&str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, line.parse().expect("a header value"));
        }
        assert_eq!(cookie_value(&headers), expect);
    }

    #[test]
    fn the_session_cookie_is_found_among_others() {
        check(&["apiarist_session=abc"], Some("abc"));
        check(&["a=1; apiarist_session=abc;b=2"], Some("abc"));
        check(&["a=1", "apiarist_session=abc"], Some("abc"));
        check(&["xapiarist_session=abc; apiarist_session="], None);
        check(&[], None);
    }

    #[test]
    fn bearer_tokens_are_found_in_any_case() {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, "bearer  apt_x".parse().expect("a value"))]);
        assert_eq!(bearer(&headers), Some("apt_x"));
        let basic = HeaderMap::from_iter([(AUTHORIZATION, "Basic eDp5".parse().expect("a value"))]);
        assert_eq!(bearer(&basic), None);
    }
}
