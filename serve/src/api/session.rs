//! Logging in and out, and the own password.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::{ConnectInfo, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderName, StatusCode};
use axum::response::AppendHeaders;
use axum::{Extension, Json};
use store::{User, UserChange};

use crate::auth::password::check_fitness;
use crate::auth::session::CurrentUser;
use crate::error::{Answer, ApiError, ErrorCode};
use crate::limits::{FAILURE_DELAY_MS, NAME_CHARS_MAX, PASSWORD_CHARS_MAX};
use crate::query::Body;
use crate::state::{ServeState, now};
use crate::view::user::{Login, Me, PasswordChange};

type WithCookie<T> = Result<(AppendHeaders<[(HeaderName, String); 1]>, T), ApiError>;

fn login_failed() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, ErrorCode::LoginFailed, "name or password is wrong")
}

impl ServeState {
    /// The user behind name and password. Wrong passwords, unknown names and disabled users cannot be told
    /// apart, neither by the answer nor by its time.
    pub(crate) async fn check_login(
        &self,
        login: Login,
        address: Option<SocketAddr>,
    ) -> Result<User, ApiError> {
        let ip = address.map(|address| address.ip());
        let attempt = self.failures().attempt(&login.name, ip, now());
        if let Err(wait_s) = attempt {
            tracing::warn!(address = ?ip, "login refused: too many failures");
            let message = "too many failed logins";
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyAttempts, message)
                .retry_after(wait_s));
        }
        let user = self.catalogue.user(&login.name).await?.filter(|user| !user.disabled);
        let phc = user.as_ref().map(|user| user.password_hash.clone());
        let fits = self.gate.check_password(login.password, phc).await?;
        match user {
            Some(user) if fits => {
                self.failures().succeeded(&login.name, ip);
                Ok(user)
            }
            _ => {
                tracing::warn!(address = ?ip, "login failed");
                tokio::time::sleep(Duration::from_millis(FAILURE_DELAY_MS)).await;
                Err(login_failed())
            }
        }
    }

    /// The user as it is now, when the login that was verified still counts: checking takes its time, and an
    /// administrator may have disabled the user or given a new password meanwhile. Call with `gate.users` held.
    async fn still_valid(&self, verified: &User) -> Result<User, ApiError> {
        let current = self.catalogue.user(&verified.name).await?;
        current
            .filter(|user| !user.disabled && user.password_hash == verified.password_hash)
            .ok_or_else(login_failed)
    }

    /// Opens a session for a user whose password was verified; returns the user as it is now, and the token.
    pub(crate) async fn enter(&self, verified: &User) -> Result<(User, String), ApiError> {
        let _alone = self.gate.users.lock().await;
        let user = User { last_login: now(), ..self.still_valid(verified).await? };
        let token = self.open_session(&user.name).await?;
        self.catalogue.change_user(UserChange::Update(&user), &user.name, user.last_login).await?;
        Ok((user, token))
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, crate::auth::throttle::Failures> {
        // A count stays a count even if a thread died while it held the lock.
        self.gate.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Opens a session: the answer sets the cookie `apiarist_session`.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", operation_id = "login",
    request_body = Login,
    responses((status = 200, description = "Logged in.", body = Me)))]
pub(crate) async fn login(
    State(state): State<ServeState>,
    address: Option<Extension<ConnectInfo<SocketAddr>>>,
    Body(login): Body<Login>,
) -> WithCookie<Json<Me>> {
    let name_fits = login.name.chars().count() <= NAME_CHARS_MAX;
    if !name_fits || login.password.chars().count() > PASSWORD_CHARS_MAX {
        return Err(login_failed());
    }
    let address = address.map(|Extension(info)| info.0);
    let verified = state.check_login(login, address).await?;
    let (user, token) = state.enter(&verified).await?;
    let me = Me { name: user.name, role: user.role.into(), must_change: user.must_change };
    tracing::info!(user = me.name, "logged in");
    Ok((AppendHeaders([(SET_COOKIE, state.set_cookie(Some(&token)))]), Json(me)))
}

/// Ends the session.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", operation_id = "logout",
    responses((status = 204, description = "Logged out.")))]
pub(crate) async fn logout(
    State(state): State<ServeState>,
    Extension(user): Extension<CurrentUser>,
) -> WithCookie<StatusCode> {
    state.catalogue.end_session(&user.token_hash).await?;
    Ok((AppendHeaders([(SET_COOKIE, state.set_cookie(None))]), StatusCode::NO_CONTENT))
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", operation_id = "get_session",
    responses((status = 200, description = "The user.", body = Me)))]
pub(crate) async fn me(Extension(user): Extension<CurrentUser>) -> Json<Me> {
    Json(Me { name: user.name, role: user.role.into(), must_change: user.must_change })
}

/// Changes the own password and ends all other sessions of the user.
#[utoipa::path(put, path = "/api/v1/session/password", tag = "session", operation_id = "change_password",
    request_body = PasswordChange,
    responses((status = 200, description = "Changed.", body = Me)))]
pub(crate) async fn change_password(
    State(state): State<ServeState>,
    Extension(current): Extension<CurrentUser>,
    address: Option<Extension<ConnectInfo<SocketAddr>>>,
    Body(change): Body<PasswordChange>,
) -> Answer<Me> {
    check_fitness(&change.new, &current.name)?;
    let address = address.map(|Extension(info)| info.0);
    let login = Login { name: current.name.clone(), password: change.current.clone() };
    let verified = state.check_login(login, address).await?;
    if change.current == change.new {
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::UnfitPassword,
            "the new password is the old one",
        ));
    }
    let password_hash = state.gate.hash_password(change.new).await?;
    let _alone = state.gate.users.lock().await;
    let user = User { password_hash, must_change: false, ..state.still_valid(&verified).await? };
    state.catalogue.change_user(UserChange::Update(&user), &user.name, now()).await?;
    state.catalogue.end_sessions_of(&user.name, Some(&current.token_hash)).await?;
    Ok(Json(Me { name: user.name, role: user.role.into(), must_change: false }))
}
