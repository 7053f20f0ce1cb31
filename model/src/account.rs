//! Who makes the calls: credentials on a call, accounts over many calls.

use serde::{Deserialize, Serialize};

use crate::{CallId, DataType, EndpointId, Timestamp};

/// How a call authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthKind {
    /// No credential was seen.
    #[default]
    None,
    /// RFC 7617.
    Basic,
    /// RFC 6750 with an opaque token.
    Bearer,
    /// A JSON Web Token (RFC 7519), wherever it was carried.
    Jwt,
    /// RFC 7616.
    Digest,
    /// A session cookie.
    Cookie,
    /// A key in a header or parameter.
    ApiKey,
    /// A signed request (AWS, HMAC).
    Signature,
    /// Any other `Authorization` scheme.
    Other,
}

impl AuthKind {
    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "basic",
            Self::Bearer => "bearer",
            Self::Jwt => "jwt",
            Self::Digest => "digest",
            Self::Cookie => "cookie",
            Self::ApiKey => "api-key",
            Self::Signature => "signature",
            Self::Other => "other",
        }
    }
}

/// The credential of one call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Auth {
    /// Which kind.
    pub kind: AuthKind,
    /// Facts about the token when it is a JWT.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub jwt: Option<JwtFacts>,
}

/// What can be told about a JSON Web Token (RFC 7519) without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JwtFacts {
    /// `alg` of the header as sent.
    pub algorithm: String,
    /// Registered claim `exp`.
    pub expires: Option<Timestamp>,
    /// Registered claim `iat`.
    pub issued: Option<Timestamp>,
    /// Registered claim `sub`, or the claim that serves as account.
    pub subject: Option<String>,
    /// The signature verifies with a secret from the list of known weak ones.
    pub weak_secret: bool,
}

/// Where an account was learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountEvidence {
    /// The user name of a login request.
    Login,
    /// The user name of HTTP Basic.
    Basic,
    /// A claim of a JWT.
    Jwt,
    /// A token or cookie that a login of this account had been given.
    Session,
}

impl AccountEvidence {
    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Basic => "basic",
            Self::Jwt => "jwt",
            Self::Session => "session",
        }
    }
}

/// One account over all its calls: a line of `accounts.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Site and name, `shop.example.com/wanfang78`; unique.
    pub id: String,
    /// The site it belongs to.
    pub host: String,
    /// The account name as the application uses it.
    pub name: String,
    /// How it was recognised.
    pub how: Vec<AccountEvidence>,
    /// Calls made.
    pub calls: u64,
    /// Logins that failed.
    pub failed_logins: u64,
    /// Endpoints called, at most `limits::ACCOUNT_ENDPOINTS_MAX`.
    pub endpoints: Vec<EndpointId>,
    /// Data types read or sent.
    pub data: Vec<DataType>,
    /// Distinct client addresses (estimate).
    pub clients: u64,
    /// First call.
    pub first_seen: Timestamp,
    /// Latest call.
    pub last_seen: Timestamp,
    /// Calls that prove it.
    pub evidence: Vec<CallId>,
}

/// Whether an endpoint wants a credential, judged from its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthVerdict {
    /// Too few calls to tell.
    #[default]
    Unknown,
    /// Calls succeed only with a credential.
    Required,
    /// Calls succeed with and without.
    Mixed,
    /// No successful call carried a credential.
    None,
}

impl AuthVerdict {
    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Required => "required",
            Self::Mixed => "mixed",
            Self::None => "none",
        }
    }
}

/// Credentials over all calls of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuthUse {
    /// The verdict.
    pub verdict: AuthVerdict,
    /// Kinds seen, most frequent first.
    pub kinds: Vec<AuthKind>,
    /// Successful calls with a credential.
    pub succeeded_with: u64,
    /// Successful calls without.
    pub succeeded_without: u64,
    /// Calls answered 401 or 403.
    pub denied: u64,
}
