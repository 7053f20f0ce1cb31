//! Accounts of the observed applications, as the console reads them.

use model::Account;
use serde::Serialize;
use utoipa::ToSchema;

use super::Time;
use super::call::CallRow;
use super::endpoint::EndpointRef;
use super::names::AccountEvidence;

/// An account as a row of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountRow {
    /// Site and name, `shop.example.com/wanfang78`.
    pub(crate) id: String,
    /// Site.
    pub(crate) host: String,
    /// The name as the application uses it.
    pub(crate) name: String,
    /// How it was recognised.
    pub(crate) how: Vec<AccountEvidence>,
    /// Calls made.
    pub(crate) calls: u64,
    /// Logins that failed.
    pub(crate) failed_logins: u64,
    /// Endpoints called.
    pub(crate) endpoints: u64,
    /// Names of the data types read or sent.
    pub(crate) data: Vec<String>,
    /// Distinct client addresses (estimate).
    pub(crate) clients: u64,
    /// First call.
    pub(crate) first_seen: Time,
    /// Latest call.
    pub(crate) last_seen: Time,
}

impl From<&Account> for AccountRow {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.clone(),
            host: account.host.clone(),
            name: account.name.clone(),
            how: account.how.iter().map(|&how| how.into()).collect(),
            calls: account.calls,
            failed_logins: account.failed_logins,
            endpoints: account.endpoints.len() as u64,
            data: account.data.iter().map(ToString::to_string).collect(),
            clients: account.clients,
            first_seen: account.first_seen.into(),
            last_seen: account.last_seen.into(),
        }
    }
}

/// An account with the endpoints it called and the calls that prove it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountDetail {
    /// As in the list.
    pub(crate) summary: AccountRow,
    /// Endpoints called that are in the inventory, at most 200.
    pub(crate) endpoints: Vec<EndpointRef>,
    /// Calls that prove the account.
    pub(crate) evidence: Vec<CallRow>,
    /// Ids of evidence calls that the log does not hold any more.
    pub(crate) evidence_gone: Vec<String>,
}
