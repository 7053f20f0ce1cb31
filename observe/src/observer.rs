//! From call to observation: the one place where the parts of this crate meet. One observer owns its sites;
//! it takes no locks and reads no clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::limits::{JWT_TRIES_MAX, SITES_MAX};
use model::{
    Account, AccountEvidence, Call, Candidate, DataHit, Endpoint, EndpointId, Observation, Profile, World,
};
use rules::Ruleset;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::accounts::{Accounts, Use};
use crate::auth::{Credentials, credentials};
use crate::body::{self, Tape};
use crate::export;
use crate::jwt;
use crate::learn::{Lesson, client_of, learn, purpose_of};
use crate::login::{self, Login};
use crate::operation;
use crate::scan::{Redaction, Scanner};
use crate::site::{NodeId, Outcome, Site, Spot, class_of, names, segments};
use crate::sketch::hash_of;

/// Version of the snapshot; another one is refused.
const STATE_VERSION: u16 = 2;
/// Host under which calls are gathered once `SITES_MAX` is reached.
const OVERFLOW_HOST: &str = "(more sites)";

/// Host, node and term of every endpoint, for look-ups by id.
type Index = FxHashMap<u64, (Arc<str>, NodeId, Box<str>)>;

/// Learns from calls. See [`Observer::observe`].
pub struct Observer {
    rules: Arc<Ruleset>,
    scanner: Scanner,
    state: State,
    index: Index,
    /// Ids merged since they were last taken.
    merged: Vec<(EndpointId, EndpointId)>,
    request: Tape,
    response: Tape,
}

#[derive(Default, Serialize, Deserialize)]
struct State {
    sites: BTreeMap<Arc<str>, Site>,
    accounts: Accounts,
    aliases: FxHashMap<u64, u64>,
    weak_secrets: BTreeMap<Arc<str>, WeakSecret>,
    /// Sites dropped because of `SITES_MAX`.
    sites_evicted: u64,
}

/// What is known about the secret that signs the tokens of a site.
#[derive(Default, Serialize, Deserialize)]
struct WeakSecret {
    secret: Option<String>,
    tries: usize,
}

/// What one call yields.
pub struct Observed {
    /// What was learned.
    pub observation: Observation,
    /// What has to be masked before the call is kept; see [`crate::redact`].
    pub redactions: Vec<Redaction>,
}

/// What is known, for output and for the catalogue.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Endpoints by host, template and method.
    pub endpoints: Vec<Endpoint>,
    /// Ids merged since the last export, with what they mean now.
    pub merged: Vec<(EndpointId, EndpointId)>,
    /// Candidates by host, path and method.
    pub candidates: Vec<Candidate>,
    /// Accounts by id.
    pub accounts: Vec<Account>,
}

/// A snapshot that cannot be taken up again.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// It is of another version of the program.
    #[error("snapshot has version {0}, this program reads {STATE_VERSION}")]
    Version(u16),
    /// It is damaged.
    #[error("snapshot cannot be read")]
    Damaged(#[source] postcard::Error),
}

impl Observer {
    /// An observer that knows nothing yet. `value_key` is the installation's key for value hashes.
    #[must_use]
    pub fn new(rules: Arc<Ruleset>, value_key: [u8; 32]) -> Self {
        Self {
            scanner: Scanner::new(Arc::clone(&rules), value_key),
            rules,
            state: State::default(),
            index: FxHashMap::default(),
            merged: Vec::new(),
            request: Tape::default(),
            response: Tape::default(),
        }
    }

    /// Learns from one call.
    pub fn observe(&mut self, call: &Call) -> Observed {
        let host = self.host_with_room(call);
        self.read_bodies(call);
        let found = self.scanner.scan(call, &self.request, &self.response);
        let mut credentials = credentials(call);
        try_secrets(
            self.state.weak_secrets.entry(Arc::clone(&host)).or_default(),
            &self.rules,
            &mut credentials,
        );
        let operations = operation::of(call, &self.request);
        let style = operations.first().map(|operation| operation.style);
        let path = if call.rpc.is_some() { names(call.path()) } else { segments(call.path()) };
        let client = client_of(call).map(|address| (hash_of(&address.to_string()), address));

        let site = self.state.sites.entry(Arc::clone(&host)).or_default();
        let judged = (class_of(call, &self.response, style), client.map(|(hash, _)| hash));
        let operation = operation::joined(&operations);
        let key = site.key_of(&call.method, operation.as_deref(), &path);
        let spot = site.locate(&host, (call, &key), &path, judged, self.rules.vocabulary());
        let bodies = (&self.request, &self.response);
        let asked = (call, operation.as_deref());
        let purpose = purpose_of(site.term_mut(&spot, &key), &self.rules, asked, &path, bodies);
        let login = login::read(call, purpose.as_deref(), &self.request, &self.response);
        let endpoint = EndpointId(site.term_mut(&spot, &key).id);
        let data: Vec<DataHit> = found.hits.iter().map(|(_, hit)| hit.clone()).collect();
        let seen = Use {
            how: AccountEvidence::Session,
            endpoint,
            hits: &data,
            client: client.map(|(hash, _)| hash),
        };
        let account = account_of(&mut self.state.accounts, &host, call, (&credentials, login.as_ref()), seen);
        let lesson = Lesson {
            found: &found,
            auth: credentials.auth.kind,
            login: login.as_ref(),
            account: account.as_ref().map(|(id, _)| hash_of(id)),
            client,
            path: &path,
            key: &key,
            style,
        };
        learn(site, call, &spot, &lesson, bodies);
        let candidate = match &spot {
            Spot::Endpoint(node) => {
                self.index.insert(endpoint.0, (Arc::clone(&host), *node, key.clone()));
                None
            }
            Spot::Candidate(key) => site.candidates.get(key).map(|kept| site.reason(kept)),
        };
        let restructured = site.settle(&host, self.rules.vocabulary(), false);
        self.follow_moves(&host, restructured);
        let people = found.people;
        let observation =
            Observation { endpoint, candidate, account, auth: credentials.auth, purpose, data, people };
        Observed { observation, redactions: found.redactions }
    }

    /// Judges everything that is waiting to be judged. Call it before output and now and then on live traffic.
    pub fn settle(&mut self) {
        let hosts: Vec<Arc<str>> = self.state.sites.keys().cloned().collect();
        for host in hosts {
            let site = self.state.sites.entry(Arc::clone(&host)).or_default();
            let restructured = site.settle(&host, self.rules.vocabulary(), true);
            self.follow_moves(&host, restructured);
        }
    }

    fn host_of(&self, call: &Call) -> Arc<str> {
        let bare =
            call.host.strip_suffix(":80").or_else(|| call.host.strip_suffix(":443")).unwrap_or(&call.host);
        let host: Arc<str> = match (bare, call.server) {
            ("", Some(server)) => server.to_string().into(),
            ("", None) => "(unknown)".into(),
            (host, _) => host.trim_end_matches('.').to_ascii_lowercase().into(),
        };
        let is_full = self.state.sites.len() >= SITES_MAX && !self.state.sites.contains_key(&host);
        if is_full { OVERFLOW_HOST.into() } else { host }
    }

    /// Makes room for a new site: those on which nothing was ever answered go first.
    fn host_with_room(&mut self, call: &Call) -> Arc<str> {
        let host = self.host_of(call);
        if host.as_ref() != OVERFLOW_HOST {
            return host;
        }
        let before = self.state.sites.len();
        self.state.sites.retain(|_, site| site.has_endpoints());
        self.state.sites_evicted += (before - self.state.sites.len()) as u64;
        self.host_of(call)
    }

    fn read_bodies(&mut self, call: &Call) {
        for (message, tape) in [(&call.request, &mut self.request), (&call.response, &mut self.response)] {
            match message {
                Some(message) => body::read(message, tape),
                None => tape.clear(),
            }
        }
    }

    /// Takes over ids that changed in a site, and finds its endpoints again when its tree changed.
    fn follow_moves(&mut self, host: &Arc<str>, restructured: bool) {
        let Some(site) = self.state.sites.get_mut(host) else { return };
        for (old, new) in std::mem::take(&mut site.moved) {
            // An id that is in use again is no alias any more.
            self.state.aliases.remove(&new);
            self.state.aliases.insert(old, new);
            self.index.remove(&old);
            self.merged.push((EndpointId(old), EndpointId(new)));
        }
        if restructured {
            index_site(&mut self.index, host, site);
        }
    }

    /// Everything that is known. With `changed_only`, endpoints and accounts that changed since the last export.
    pub fn export(&mut self, changed_only: bool) -> Inventory {
        let mut inventory = Inventory { merged: std::mem::take(&mut self.merged), ..Inventory::default() };
        for (host, site) in &mut self.state.sites {
            for node in site.tree.walk() {
                let methods: Vec<Box<str>> = site.tree.node(node).terms.keys().cloned().collect();
                for method in methods {
                    let dirty = site
                        .tree
                        .node_mut(node)
                        .terms
                        .get_mut(&method)
                        .is_some_and(|term| std::mem::take(&mut term.dirty));
                    if dirty || !changed_only {
                        inventory.endpoints.extend(export::endpoint(host, site, node, &method, true));
                    }
                }
            }
            let candidates = site
                .candidates
                .iter()
                .map(|((method, path), kept)| export::candidate(host, site, method, path, kept));
            inventory.candidates.extend(candidates);
        }
        inventory.endpoints.sort_by(|a, b| place_of(a).cmp(&place_of(b)));
        let (aliases, index) = (&self.state.aliases, &self.index);
        inventory.accounts = self.state.accounts.export(changed_only, |id| {
            let id = resolve(aliases, id);
            index.contains_key(&id.0).then_some(id)
        });
        self.add_aliases(&mut inventory.endpoints);
        inventory
    }

    fn add_aliases(&self, endpoints: &mut [Endpoint]) {
        let mut of: FxHashMap<EndpointId, Vec<EndpointId>> = FxHashMap::default();
        for old in self.state.aliases.keys() {
            of.entry(resolve(&self.state.aliases, EndpointId(*old))).or_default().push(EndpointId(*old));
        }
        for endpoint in endpoints {
            endpoint.aliases = of.remove(&endpoint.id).unwrap_or_default();
            endpoint.aliases.sort_unstable();
        }
    }

    /// One endpoint in full.
    #[must_use]
    pub fn endpoint(&self, id: EndpointId) -> Option<Endpoint> {
        let (host, node, method) = self.index.get(&self.resolve(id).0)?;
        export::endpoint(host, self.state.sites.get(host)?, *node, method, true)
    }

    /// Whether an id means an endpoint of the inventory now.
    #[must_use]
    pub fn is_endpoint(&self, id: EndpointId) -> bool {
        self.index.contains_key(&self.resolve(id).0)
    }

    /// How often each limit was reached, by the limit's name.
    #[must_use]
    pub fn limits_reached(&self) -> [(&'static str, u64); 4] {
        let sites = || self.state.sites.values();
        let candidates = sites().map(|site| site.candidates_evicted).sum();
        let operations = sites().map(|site| site.operations_dropped).sum();
        [
            ("accounts_max", self.state.accounts.evicted),
            ("candidates_max", candidates),
            ("operations_max", operations),
            ("sites_max", self.state.sites_evicted),
        ]
    }

    /// Everything learned, to go on from after a restart.
    ///
    /// # Errors
    /// When the state cannot be encoded; this does not depend on traffic.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        postcard::to_allocvec(&(STATE_VERSION, &self.state)).map_err(SnapshotError::Damaged)
    }

    /// Takes up a snapshot in place of everything learned so far.
    ///
    /// # Errors
    /// When it is damaged or of another version; nothing has changed then.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<(), SnapshotError> {
        let (version, rest) = postcard::take_from_bytes::<u16>(snapshot).map_err(SnapshotError::Damaged)?;
        if version != STATE_VERSION {
            return Err(SnapshotError::Version(version));
        }
        self.state = postcard::from_bytes(rest).map_err(SnapshotError::Damaged)?;
        self.index.clear();
        self.merged.clear();
        for (host, site) in &self.state.sites {
            index_site(&mut self.index, host, site);
        }
        Ok(())
    }

    /// Terms of the whole tree of a host, for measuring discovery.
    #[must_use]
    pub fn template_of(&self, id: EndpointId) -> Option<String> {
        let (host, node, _) = self.index.get(&self.resolve(id).0)?;
        Some(export::template(&self.state.sites.get(host)?.tree, *node))
    }
}

fn index_site(index: &mut Index, host: &Arc<str>, site: &Site) {
    for node in site.tree.walk() {
        for (method, term) in &site.tree.node(node).terms {
            index.insert(term.id, (Arc::clone(host), node, method.clone()));
        }
    }
}

/// What endpoints are sorted by.
fn place_of(endpoint: &Endpoint) -> (&str, &str, &str, Option<&str>) {
    (&endpoint.host, &endpoint.template, &endpoint.method, endpoint.operation.as_deref())
}

fn resolve(aliases: &FxHashMap<u64, u64>, id: EndpointId) -> EndpointId {
    let mut id = id.0;
    // Chains are short; the bound only guards against a cycle.
    for _ in 0..64 {
        match aliases.get(&id) {
            Some(next) if *next != id => id = *next,
            _ => break,
        }
    }
    EndpointId(id)
}

impl World for Observer {
    fn resolve(&self, id: EndpointId) -> EndpointId {
        resolve(&self.state.aliases, id)
    }

    fn profile(&self, id: EndpointId) -> Option<Profile> {
        let (host, node, method) = self.index.get(&self.resolve(id).0)?;
        export::profile(host, self.state.sites.get(host)?, *node, method)
    }

    fn endpoints(&self) -> Vec<EndpointId> {
        let mut ids: Vec<EndpointId> = self.index.keys().map(|id| EndpointId(*id)).collect();
        ids.sort_unstable();
        ids
    }
}

/// Tries the list of weak secrets on the first tokens of a site; a secret that was found is tried first.
fn try_secrets(known: &mut WeakSecret, rules: &Ruleset, credentials: &mut Credentials) {
    let Some((token, facts)) = credentials.jwt.as_deref().zip(credentials.auth.jwt.as_mut()) else { return };
    let Some(jwt) = jwt::parse(token) else { return };
    facts.weak_secret = known.secret.as_deref().is_some_and(|secret| jwt.is_signed_with(secret));
    if !facts.weak_secret && known.tries < JWT_TRIES_MAX {
        known.tries += 1;
        let secret = rules.weak_jwt_secrets().iter().find(|secret| jwt.is_signed_with(secret));
        facts.weak_secret = secret.is_some();
        known.secret = secret.cloned().or_else(|| known.secret.take());
    }
}

/// Answered, and not with a failure.
fn is_answered(call: &Call) -> bool {
    if call.is_bare_rpc() { call.succeeded() } else { call.status.is_some_and(|status| status < 400) }
}

/// The account behind a call: named by the login, by the credential, or by an earlier login. A login that failed,
/// or a credential that was refused, proves nobody; it is only counted where the account is known.
fn account_of(
    accounts: &mut Accounts,
    host: &str,
    call: &Call,
    (credentials, login): (&Credentials, Option<&Login>),
    seen: Use<'_>,
) -> Option<(String, AccountEvidence)> {
    let (name, how) = match (login, &credentials.account) {
        (Some(login), _) if login.outcome == Some(Outcome::Succeeded) => {
            (login.name.clone(), AccountEvidence::Login)
        }
        (Some(login), _) => {
            accounts.note_failed_login(host, &login.name);
            return None;
        }
        (None, _) if !is_answered(call) => return None,
        (None, Some((name, how))) => (name.clone(), *how),
        (None, None) => (accounts.by_session(host, &credentials.tokens, call.ts)?, AccountEvidence::Session),
    };
    let id = accounts.learn(call, host, &name, &Use { how, ..seen });
    if let Some(login) = login {
        accounts.open_sessions(host, &name, &login.tokens, call.ts);
    }
    Some((id, how))
}
