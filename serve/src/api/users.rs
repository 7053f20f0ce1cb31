//! Users of Apiarist, for administrators. Passwords are generated, shown once, and changed by their owner.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use model::Timestamp;
use store::{Role, User, UserChange as Change};

use crate::auth::secret;
use crate::auth::session::CurrentUser;
use crate::error::{Answer, ApiError, ErrorCode};
use crate::limits::NAME_CHARS_MAX;
use crate::query::Body;
use crate::state::{ServeState, now};
use crate::view::user::{NewUser, UserChange, UserList, UserView, UserWithPassword};

/// Refuses names that are empty, long, or would need care in URLs and logs.
pub(crate) fn check_name(name: &str) -> Result<(), ApiError> {
    let fits = |char: char| char.is_alphanumeric() || matches!(char, '.' | '_' | '-' | '@');
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !name.chars().all(fits) {
        return Err(ApiError::parameter("name", "1 to 64 letters, digits, '.', '_', '-' or '@'"));
    }
    Ok(())
}

impl ServeState {
    /// A generated password and its hash.
    async fn new_password(&self) -> Result<(String, String), ApiError> {
        let password = secret::password().map_err(|error| ApiError::internal("password", &error))?;
        let hash = self.gate.hash_password(password.clone()).await?;
        Ok((password, hash))
    }

    /// Refuses to go on when nobody but `name` is an administrator who can log in.
    async fn keep_an_admin(&self, name: &str) -> Result<(), ApiError> {
        let others = self.catalogue.users().await?;
        if others.iter().any(|user| user.name != name && user.role == Role::Admin && !user.disabled) {
            return Ok(());
        }
        Err(ApiError::new(StatusCode::CONFLICT, ErrorCode::LastAdmin, "somebody has to stay administrator"))
    }
}

/// All users.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", operation_id = "list_users",
    responses((status = 200, description = "All users.", body = UserList)))]
pub(crate) async fn list(State(state): State<ServeState>) -> Answer<UserList> {
    let users = state.catalogue.users().await?;
    Ok(Json(UserList { rows: users.iter().map(UserView::from).collect() }))
}

/// Adds a user with a generated password.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", operation_id = "add_user",
    request_body = NewUser,
    responses((status = 201, description = "Added; the password is shown this once.",
        body = UserWithPassword)))]
pub(crate) async fn add(
    State(state): State<ServeState>,
    Extension(by): Extension<CurrentUser>,
    Body(new): Body<NewUser>,
) -> Result<(StatusCode, Json<UserWithPassword>), ApiError> {
    check_name(&new.name)?;
    let (password, password_hash) = state.new_password().await?;
    let user = User {
        name: new.name,
        role: new.role.into(),
        password_hash,
        must_change: true,
        disabled: false,
        created: now(),
        last_login: Timestamp::UNKNOWN,
    };
    state.catalogue.change_user(Change::Add(&user), &by.name, now()).await?;
    Ok((
        StatusCode::CREATED,
        Json(UserWithPassword { user: UserView::from(&user), password: Some(password) }),
    ))
}

/// Changes role or access of a user, or gives a new password.
#[utoipa::path(patch, path = "/api/v1/users/{name}", tag = "users", operation_id = "change_user",
    params(("name" = String, Path, description = "User name.")),
    request_body = UserChange,
    responses((status = 200, description = "The user as it is now.", body = UserWithPassword)))]
pub(crate) async fn change(
    State(state): State<ServeState>,
    Extension(by): Extension<CurrentUser>,
    Path(name): Path<String>,
    Body(change): Body<UserChange>,
) -> Answer<UserWithPassword> {
    let generated = if change.reset_password { Some(state.new_password().await?) } else { None };
    let _alone = state.gate.users.lock().await;
    let mut user = state.catalogue.user(&name).await?.ok_or_else(ApiError::not_found)?;
    let was_admin = user.role == Role::Admin && !user.disabled;
    user.role = change.role.map_or(user.role, Role::from);
    user.disabled = change.disabled.unwrap_or(user.disabled);
    if was_admin && (user.role != Role::Admin || user.disabled) {
        state.keep_an_admin(&name).await?;
    }
    let mut password = None;
    if let Some((clear, hash)) = generated {
        user.password_hash = hash;
        user.must_change = true;
        password = Some(clear);
    }
    if !state.catalogue.change_user(Change::Update(&user), &by.name, now()).await? {
        return Err(ApiError::not_found());
    }
    if password.is_some() || user.disabled {
        state.catalogue.end_sessions_of(&name, None).await?;
    }
    Ok(Json(UserWithPassword { user: UserView::from(&user), password }))
}

/// Removes a user and ends all its sessions.
#[utoipa::path(delete, path = "/api/v1/users/{name}", tag = "users", operation_id = "remove_user",
    params(("name" = String, Path, description = "User name.")),
    responses((status = 204, description = "Removed.")))]
pub(crate) async fn remove(
    State(state): State<ServeState>,
    Extension(by): Extension<CurrentUser>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let _alone = state.gate.users.lock().await;
    let user = state.catalogue.user(&name).await?.ok_or_else(ApiError::not_found)?;
    if user.role == Role::Admin && !user.disabled {
        state.keep_an_admin(&name).await?;
    }
    state.catalogue.change_user(Change::Remove(&name), &by.name, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_are_plain() {
        #[track_caller]
        fn check(name: &str, expect: bool) {
            assert_eq!(check_name(name).is_ok(), expect, "{name}");
        }
        check("li.na@ops-2", true);
        check("李娜", true);
        for name in ["", "a b", "a/b", "a\n", "../x", &"x".repeat(65)] {
            check(name, false);
        }
    }
}
