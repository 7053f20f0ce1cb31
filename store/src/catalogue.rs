//! The catalogue: what is known (sites, endpoints, candidates, accounts, findings), who may see it (users,
//! sessions, tokens), settings, and the snapshot of hot state from which a restart goes on.

use async_trait::async_trait;
use model::{
    Account, Candidate, CandidateReason, Endpoint, EndpointId, Finding, FindingState, Severity, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{Position, StoreError};

/// Everything learned, as one consistent picture. Saved in one transaction.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// Endpoints that are new or changed since the last save.
    pub endpoints: Vec<Endpoint>,
    /// Ids that are no endpoint any more (merged into another): removed, kept as aliases of the second.
    pub merged: Vec<(EndpointId, EndpointId)>,
    /// All candidates; replaces the former ones.
    pub candidates: Vec<Candidate>,
    /// Accounts that are new or changed since the last save.
    pub accounts: Vec<Account>,
    /// All findings of the detectors. A finding keeps the state that a person gave it; one that follows a merged
    /// endpoint takes over the state of its predecessor.
    pub findings: Vec<Finding>,
    /// Hot state with the position that it covers.
    pub hot_state: Option<HotState>,
}

/// The learned state of the analysis, opaque to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotState {
    /// Accepted calls up to here are contained.
    pub position: Position,
    /// The state.
    pub bytes: Vec<u8>,
}

/// Some rows and how many there are in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows asked for.
    pub rows: Vec<T>,
    /// Rows that match, regardless of offset and limit.
    pub total: u64,
}

/// What endpoints are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EndpointSort {
    /// Risk score.
    #[default]
    Risk,
    /// Calls.
    Calls,
    /// Share of calls answered with 4xx or 5xx.
    Errors,
    /// Highest sensitivity level.
    Level,
    /// Host, then template, then method.
    Template,
    /// First call.
    FirstSeen,
    /// Latest call.
    LastSeen,
}

/// Which endpoints to read. Every field narrows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EndpointQuery {
    /// Of this site.
    pub host: Option<String>,
    /// With this method.
    pub method: Option<String>,
    /// In this state (name as in records).
    pub state: Option<String>,
    /// With this exposure (name as in records).
    pub exposure: Option<String>,
    /// With this verdict on authentication (name as in records).
    pub auth: Option<String>,
    /// Of this purpose.
    pub purpose: Option<String>,
    /// Carrying this data type.
    pub data_type: Option<String>,
    /// With at least this sensitivity level.
    pub level_min: Option<u8>,
    /// Template, host or operation contains this text (ASCII case ignored).
    pub text: Option<String>,
    /// Order.
    pub sort: EndpointSort,
    /// Smallest first.
    pub ascending: bool,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return.
    pub limit: u64,
}

/// Which candidates to read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CandidateQuery {
    /// Of this site.
    pub host: Option<String>,
    /// Kept out for this reason.
    pub reason: Option<CandidateReason>,
    /// Template contains this text (ASCII case ignored).
    pub text: Option<String>,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return, most called first.
    pub limit: u64,
}

/// Which accounts to read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccountQuery {
    /// Of this site.
    pub host: Option<String>,
    /// Name contains this text (ASCII case ignored).
    pub text: Option<String>,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return, most calls first.
    pub limit: u64,
}

/// Which findings to read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FindingQuery {
    /// Of this site.
    pub host: Option<String>,
    /// On this endpoint.
    pub endpoint: Option<EndpointId>,
    /// By this rule.
    pub rule: Option<String>,
    /// At least this bad.
    pub severity_min: Option<Severity>,
    /// In this state.
    pub state: Option<FindingState>,
    /// Title or rule contains this text (ASCII case ignored).
    pub text: Option<String>,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return: worst first, then latest.
    pub limit: u64,
}

/// A site with its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteSummary {
    /// Host.
    pub host: String,
    /// Endpoints.
    pub endpoints: u64,
    /// Candidates.
    pub candidates: u64,
    /// Calls to endpoints.
    pub calls: u64,
    /// Open findings.
    pub findings: u64,
    /// Highest sensitivity level in clear.
    pub level: u8,
}

/// What a user of Apiarist may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read.
    Viewer,
    /// Read, decide about findings, push calls.
    Analyst,
    /// Everything, users included.
    Admin,
}

impl Role {
    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Analyst => "analyst",
            Self::Admin => "admin",
        }
    }
}

/// A user of Apiarist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Unique name.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// Argon2id hash in PHC string form.
    pub password_hash: String,
    /// The password was generated and has to be changed.
    pub must_change: bool,
    /// Logins are refused.
    pub disabled: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Latest login.
    pub last_login: Timestamp,
}

/// A login session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Hash of the cookie value.
    pub token_hash: String,
    /// Name of the user.
    pub user: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// A token with which machines push calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Unique name.
    pub name: String,
    /// Hash of the token.
    pub token_hash: String,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created: Timestamp,
    /// Latest use.
    pub last_used: Timestamp,
}

/// What an operator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Name of the user; empty when the product did it itself.
    pub who: String,
    /// What was done: `finding-state`, `user-added`, `user-updated`, `user-removed`, or a name of the caller's.
    pub what: String,
    /// To what: id of the finding, name of the user.
    pub subject: String,
    /// More about it: the state and the note, the role.
    pub detail: String,
}

/// A change to the users of Apiarist.
#[derive(Debug, Clone, Copy)]
pub enum UserChange<'a> {
    /// Adds a user; [`StoreError::Exists`] when the name is taken.
    Add(&'a User),
    /// Replaces a user of the same name.
    Update(&'a User),
    /// Removes a user with all sessions.
    Remove(&'a str),
}

/// What is known and who may see it.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// Saves a picture of what is known, in one transaction.
    async fn save(&self, knowledge: &Knowledge) -> Result<(), StoreError>;
    /// The latest hot state.
    async fn hot_state(&self) -> Result<Option<HotState>, StoreError>;

    /// All sites, most called first.
    async fn sites(&self) -> Result<Vec<SiteSummary>, StoreError>;
    /// Endpoints that match.
    async fn endpoints(&self, query: &EndpointQuery) -> Result<Page<Endpoint>, StoreError>;
    /// One endpoint; aliases are followed.
    async fn endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, StoreError>;
    /// Candidates that match.
    async fn candidates(&self, query: &CandidateQuery) -> Result<Page<Candidate>, StoreError>;
    /// Accounts that match.
    async fn accounts(&self, query: &AccountQuery) -> Result<Page<Account>, StoreError>;
    /// One account.
    async fn account(&self, id: &str) -> Result<Option<Account>, StoreError>;
    /// Findings that match.
    async fn findings(&self, query: &FindingQuery) -> Result<Page<Finding>, StoreError>;
    /// One finding.
    async fn finding(&self, id: &str) -> Result<Option<Finding>, StoreError>;
    /// Records what a person decided about a finding; false when there is no such finding.
    async fn set_finding_state(
        &self,
        id: &str,
        state: FindingState,
        by: &str,
        note: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Changes users and writes the audit entry in one transaction; false when there is no such user.
    async fn change_user(&self, change: UserChange<'_>, by: &str, at: Timestamp) -> Result<bool, StoreError>;
    /// Adds a user on behalf of the product itself.
    async fn add_user(&self, user: &User) -> Result<(), StoreError> {
        self.change_user(UserChange::Add(user), "", user.created).await.map(|_| ())
    }
    /// Replaces a user of the same name on behalf of the product itself; false when there is none.
    async fn update_user(&self, user: &User) -> Result<bool, StoreError> {
        self.change_user(UserChange::Update(user), "", user.last_login).await
    }
    /// Removes a user with all sessions on behalf of the product itself; false when there is none.
    async fn remove_user(&self, name: &str) -> Result<bool, StoreError> {
        self.change_user(UserChange::Remove(name), "", Timestamp::UNKNOWN).await
    }
    /// One user.
    async fn user(&self, name: &str) -> Result<Option<User>, StoreError>;
    /// All users by name.
    async fn users(&self) -> Result<Vec<User>, StoreError>;

    /// Adds a session.
    async fn add_session(&self, session: &Session) -> Result<(), StoreError>;
    /// A session that has not ended at `now`.
    async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError>;
    /// Ends one session.
    async fn end_session(&self, token_hash: &str) -> Result<(), StoreError>;
    /// Ends all sessions of a user but the one given.
    async fn end_sessions_of(&self, user: &str, except: Option<&str>) -> Result<(), StoreError>;

    /// Adds an API token.
    async fn add_token(&self, token: &ApiToken) -> Result<(), StoreError>;
    /// The API token with this hash; notes the use.
    async fn use_token(&self, token_hash: &str, now: Timestamp) -> Result<Option<ApiToken>, StoreError>;
    /// All API tokens by name.
    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError>;
    /// Removes an API token; false when there is none.
    async fn remove_token(&self, name: &str) -> Result<bool, StoreError>;

    /// Writes an audit entry.
    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError>;
    /// Audit entries, latest first; those about `subject` when given.
    async fn audit_entries(
        &self,
        subject: Option<&str>,
        offset: u64,
        limit: u64,
    ) -> Result<Page<AuditEntry>, StoreError>;

    /// A setting's value.
    async fn setting(&self, key: &str) -> Result<Option<String>, StoreError>;
    /// Sets a setting.
    async fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError>;
}
