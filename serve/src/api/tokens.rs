//! Tokens with which machines push calls, for administrators.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use model::Timestamp;
use store::{ApiToken, AuditEntry};

use super::users::check_name;
use crate::auth::secret;
use crate::auth::session::CurrentUser;
use crate::error::{Answer, ApiError};
use crate::query::Body;
use crate::state::{ServeState, now};
use crate::view::user::{NewToken, TokenList, TokenView, TokenWithSecret};

fn entry(who: &str, what: &str, token: &str) -> AuditEntry {
    let (who, what, subject) = (who.to_owned(), what.to_owned(), token.to_owned());
    AuditEntry { at: now(), who, what, subject, detail: String::new() }
}

/// All tokens.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", operation_id = "list_tokens",
    responses((status = 200, description = "All tokens.", body = TokenList)))]
pub(crate) async fn list(State(state): State<ServeState>) -> Answer<TokenList> {
    let tokens = state.catalogue.tokens().await?;
    Ok(Json(TokenList { rows: tokens.iter().map(TokenView::from).collect() }))
}

/// Makes a token.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", operation_id = "add_token",
    request_body = NewToken,
    responses((status = 201, description = "Made; the secret is shown this once.", body = TokenWithSecret)))]
pub(crate) async fn add(
    State(state): State<ServeState>,
    Extension(user): Extension<CurrentUser>,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<TokenWithSecret>), ApiError> {
    check_name(&new.name)?;
    let secret = secret::api_token().map_err(|error| ApiError::internal("token", &error))?;
    let token = ApiToken {
        name: new.name,
        token_hash: secret::token_hash(&secret),
        created_by: user.name,
        created: now(),
        last_used: Timestamp::UNKNOWN,
    };
    state.catalogue.add_token(&token).await?;
    state.catalogue.audit(&entry(&token.created_by, "token-added", &token.name)).await?;
    Ok((StatusCode::CREATED, Json(TokenWithSecret { token: TokenView::from(&token), secret })))
}

/// Revokes a token.
#[utoipa::path(delete, path = "/api/v1/tokens/{name}", tag = "tokens", operation_id = "remove_token",
    params(("name" = String, Path, description = "Name of the token.")),
    responses((status = 204, description = "Revoked.")))]
pub(crate) async fn remove(
    State(state): State<ServeState>,
    Extension(user): Extension<CurrentUser>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    if !state.catalogue.remove_token(&name).await? {
        return Err(ApiError::not_found());
    }
    state.catalogue.audit(&entry(&user.name, "token-removed", &name)).await?;
    Ok(StatusCode::NO_CONTENT)
}
