//! The first administrator, and users put in place from the command line. Called by the binary, not by requests.

use model::Timestamp;
use store::{Catalogue, Role, StoreError, User};

use super::{password, secret};
use crate::state::now;

/// Name of the administrator that the first run makes.
pub const FIRST_ADMIN: &str = "admin";

/// A user could not be put in place.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The catalogue failed.
    #[error("the user cannot be kept")]
    Store(#[from] StoreError),
    /// The password could not be hashed.
    #[error("the password cannot be hashed")]
    Hash(#[from] password::HashError),
    /// No password could be made.
    #[error("no password could be made")]
    Random(#[from] secret::NoRandomness),
    /// Hashing broke off.
    #[error("hashing broke off")]
    Task(#[from] tokio::task::JoinError),
}

/// Makes the administrator `admin` when there is no user yet. Returns the generated password, to be printed
/// once; it has to be changed at the first login. `None` when there are users already.
pub async fn first_run(catalogue: &dyn Catalogue) -> Result<Option<String>, UserError> {
    if !catalogue.users().await?.is_empty() {
        return Ok(None);
    }
    put_user(catalogue, FIRST_ADMIN, Role::Admin, None).await.map(Some)
}

/// Makes a user or resets one: role, password, enabled, all sessions ended. Without a password one is generated
/// that has to be changed. Returns the password. For the command line: demos, and administrators locked out.
pub async fn put_user(
    catalogue: &dyn Catalogue,
    name: &str,
    role: Role,
    password: Option<&str>,
) -> Result<String, UserError> {
    let must_change = password.is_none();
    let clear = match password {
        Some(password) => password.to_owned(),
        None => secret::password()?,
    };
    let hashing = clear.clone();
    let password_hash = tokio::task::spawn_blocking(move || password::hash(&hashing)).await??;
    let known = catalogue.user(name).await?;
    let user = User {
        name: name.to_owned(),
        role,
        password_hash,
        must_change,
        disabled: false,
        created: known.as_ref().map_or_else(now, |user| user.created),
        last_login: known.as_ref().map_or(Timestamp::UNKNOWN, |user| user.last_login),
    };
    if known.is_some() {
        catalogue.update_user(&user).await?;
        catalogue.end_sessions_of(name, None).await?;
    } else {
        catalogue.add_user(&user).await?;
    }
    Ok(clear)
}
