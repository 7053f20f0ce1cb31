//! Accounts over all their calls, and the sessions (tokens, cookies) that tie later calls to a login.

use std::collections::{BTreeMap, BTreeSet};

use model::limits::{ACCOUNT_ENDPOINTS_MAX, ACCOUNTS_MAX, EVIDENCE_MAX, SESSIONS_MAX};
use model::{Account, AccountEvidence, Call, DataHit, DataType, EndpointId, Timestamp};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::sketch::Distinct;

/// Share of entries dropped at once when a limit is reached, so that the search for old ones is rare.
const EVICTION_SHARE: usize = 64;

/// All accounts and sessions.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Accounts {
    accounts: BTreeMap<String, State>,
    sessions: FxHashMap<u64, Session>,
    /// Accounts dropped because of `ACCOUNTS_MAX`.
    pub evicted: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    host: String,
    name: String,
    how: BTreeSet<AccountEvidence>,
    calls: u64,
    failed_logins: u64,
    endpoints: BTreeSet<EndpointId>,
    data: BTreeSet<DataType>,
    clients: Distinct,
    first_seen: Timestamp,
    last_seen: Timestamp,
    evidence: Vec<model::CallId>,
    #[serde(skip)]
    dirty: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Session {
    account: String,
    used: Timestamp,
}

/// E-mail addresses and mobile numbers mean the same person on every site; other names only on their own.
fn is_global(name: &str) -> bool {
    name.contains('@') || (name.len() >= 11 && name.bytes().all(|b| b.is_ascii_digit() || b == b'+'))
}

/// What one call says about an account.
pub(crate) struct Use<'a> {
    pub how: AccountEvidence,
    pub endpoint: EndpointId,
    pub hits: &'a [DataHit],
    pub client: Option<u64>,
}

impl Accounts {
    /// The id of an account: its name; where another site has taken that first, the name with the site.
    fn id_of(&self, host: &str, name: &str) -> String {
        match self.accounts.get(name) {
            Some(state) if state.host != host && !is_global(name) => format!("{name}@{host}"),
            _ => name.to_owned(),
        }
    }

    /// Adds one call by the account `name` and returns the account's id.
    pub fn learn(&mut self, call: &Call, host: &str, name: &str, seen: &Use<'_>) -> String {
        let id = self.id_of(host, name);
        if self.accounts.len() >= ACCOUNTS_MAX && !self.accounts.contains_key(&id) {
            self.evict_accounts();
        }
        let state = self.accounts.entry(id.clone()).or_insert_with(|| State {
            host: host.to_owned(),
            name: name.to_owned(),
            ..State::default()
        });
        state.dirty = true;
        state.how.insert(seen.how);
        state.calls += 1;
        if state.endpoints.len() < ACCOUNT_ENDPOINTS_MAX {
            state.endpoints.insert(seen.endpoint);
        }
        state.data.extend(seen.hits.iter().filter(|hit| !hit.masked).map(|hit| hit.data_type.clone()));
        if let Some(client) = seen.client {
            state.clients.add(client);
        }
        state.first_seen = state.first_seen.earlier(call.ts);
        state.last_seen = state.last_seen.later(call.ts);
        if state.evidence.len() < EVIDENCE_MAX {
            state.evidence.push(call.id.clone());
        }
        id
    }

    /// Counts a failed login against an account that is known.
    pub fn note_failed_login(&mut self, host: &str, name: &str) {
        if let Some(state) = self.accounts.get_mut(&self.id_of(host, name)) {
            state.failed_logins += 1;
            state.dirty = true;
        }
    }

    /// The account name that a token was given to, and notes the use.
    pub fn by_session(&mut self, host: &str, tokens: &[u64], now: Timestamp) -> Option<String> {
        tokens.iter().find_map(|token| {
            let session = self.sessions.get_mut(&session_key(host, *token))?;
            session.used = session.used.later(now);
            Some(session.account.clone())
        })
    }

    /// Ties tokens handed out by a login to its account name.
    pub fn open_sessions(&mut self, host: &str, name: &str, tokens: &[u64], now: Timestamp) {
        for token in tokens {
            if self.sessions.len() >= SESSIONS_MAX {
                self.evict_sessions();
            }
            self.sessions.insert(session_key(host, *token), Session { account: name.to_owned(), used: now });
        }
    }

    /// The longest unseen go; of equal ones those whose name sorts first.
    fn evict_accounts(&mut self) {
        let mut ages: Vec<(Timestamp, String)> =
            self.accounts.iter().map(|(id, state)| (state.last_seen, id.clone())).collect();
        let drop = ages.len() / EVICTION_SHARE + 1;
        ages.sort_unstable();
        for (_, id) in ages.into_iter().take(drop) {
            self.accounts.remove(&id);
            self.evicted += 1;
        }
    }

    fn evict_sessions(&mut self) {
        let mut ages: Vec<(Timestamp, u64)> =
            self.sessions.iter().map(|(key, session)| (session.used, *key)).collect();
        let drop = ages.len() / EVICTION_SHARE + 1;
        ages.sort_unstable();
        for (_, key) in ages.into_iter().take(drop) {
            self.sessions.remove(&key);
        }
    }

    /// Accounts for output, in the order of their ids. `resolve` follows merged endpoints.
    /// With `changed_only`, those that changed since the last such call.
    pub fn export(
        &mut self,
        changed_only: bool,
        resolve: impl Fn(EndpointId) -> Option<EndpointId>,
    ) -> Vec<Account> {
        let mut accounts = Vec::new();
        for (id, state) in &mut self.accounts {
            if changed_only && !std::mem::take(&mut state.dirty) {
                continue;
            }
            let endpoints: BTreeSet<EndpointId> =
                state.endpoints.iter().filter_map(|id| resolve(*id)).collect();
            accounts.push(Account {
                id: id.clone(),
                host: state.host.clone(),
                name: state.name.clone(),
                how: state.how.iter().copied().collect(),
                calls: state.calls,
                failed_logins: state.failed_logins,
                endpoints: endpoints.into_iter().collect(),
                data: state.data.iter().cloned().collect(),
                clients: state.clients.count(),
                first_seen: state.first_seen,
                last_seen: state.last_seen,
                evidence: state.evidence.clone(),
            });
        }
        accounts
    }
}

fn session_key(host: &str, token: u64) -> u64 {
    token ^ crate::sketch::hash_of(host)
}
