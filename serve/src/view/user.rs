//! Users of Apiarist, their sessions, and tokens of machines. Hashes never leave the store.

use serde::{Deserialize, Serialize};
use store::{ApiToken, User};
use utoipa::ToSchema;

use super::Time;
use super::names::Role;

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// User name.
    pub(crate) name: String,
    /// Password.
    #[schema(format = Password)]
    pub(crate) password: String,
}

/// Who is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// User name.
    pub(crate) name: String,
    /// What the user may do.
    pub(crate) role: Role,
    /// The password has to be changed before anything else is allowed.
    pub(crate) must_change: bool,
}

/// A change of the own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The password in use.
    #[schema(format = Password)]
    pub(crate) current: String,
    /// The one to use from now on: 10 to 256 characters, not the user name.
    #[schema(format = Password, min_length = 10, max_length = 256)]
    pub(crate) new: String,
}

/// A user of Apiarist.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// Unique name.
    pub(crate) name: String,
    /// What the user may do.
    pub(crate) role: Role,
    /// The password was generated and has to be changed.
    pub(crate) must_change: bool,
    /// Logins are refused.
    pub(crate) disabled: bool,
    /// When it was made.
    pub(crate) created: Time,
    /// Latest login.
    pub(crate) last_login: Time,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            name: user.name.clone(),
            role: user.role.into(),
            must_change: user.must_change,
            disabled: user.disabled,
            created: user.created.into(),
            last_login: user.last_login.into(),
        }
    }
}

/// A user to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// Unique name: 1 to 64 letters, digits, `.`, `_`, `-` or `@`.
    #[schema(min_length = 1, max_length = 64)]
    pub(crate) name: String,
    /// What the user may do.
    pub(crate) role: Role,
}

/// What to change about a user; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChange {
    /// What the user may do.
    #[serde(default)]
    #[schema(nullable = false, required = false)]
    pub(crate) role: Option<Role>,
    /// Refuse logins and end all sessions.
    #[serde(default)]
    #[schema(nullable = false, required = false)]
    pub(crate) disabled: Option<bool>,
    /// Generate a new password and end all sessions.
    #[serde(default)]
    pub(crate) reset_password: bool,
}

/// A user, and the password where one was generated.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserWithPassword {
    /// The user.
    pub(crate) user: UserView,
    /// The generated password. It is shown this once.
    #[schema(required)]
    pub(crate) password: Option<String>,
}

/// All users.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserList {
    /// By name.
    pub(crate) rows: Vec<UserView>,
}

/// A token with which machines push calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Unique name.
    pub(crate) name: String,
    /// Who made it.
    pub(crate) created_by: String,
    /// When it was made.
    pub(crate) created: Time,
    /// Latest use.
    pub(crate) last_used: Time,
}

impl From<&ApiToken> for TokenView {
    fn from(token: &ApiToken) -> Self {
        Self {
            name: token.name.clone(),
            created_by: token.created_by.clone(),
            created: token.created.into(),
            last_used: token.last_used.into(),
        }
    }
}

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenList {
    /// By name.
    pub(crate) rows: Vec<TokenView>,
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// Unique name: 1 to 64 letters, digits, `.`, `_`, `-` or `@`.
    #[schema(min_length = 1, max_length = 64)]
    pub(crate) name: String,
}

/// A token just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenWithSecret {
    /// The token.
    pub(crate) token: TokenView,
    /// What to send as `Authorization: Bearer …`. It is shown this once.
    pub(crate) secret: String,
}
