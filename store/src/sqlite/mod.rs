//! The embedded catalogue: SQLite in WAL mode through sqlx. All statements are in the dialect that PostgreSQL
//! shares; what is of SQLite alone stands in `open`.
//!
//! `synchronous=FULL`: with NORMAL a commit in WAL mode may be lost when the power goes, and a user who was
//! removed must stay removed. It costs one fsync per commit; commits are rare (a save every few seconds).

mod known;
mod save;
mod sql;
mod users;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{Account, Candidate, Endpoint, EndpointId, Finding, FindingState, Timestamp};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlSafeStr as _, SqlitePool};

use self::sql::{Bind, bind, engine, text};
use crate::files::{io_error, make_private, private_file};
use crate::open::DirLock;
use crate::{
    AccountQuery, ApiToken, AuditEntry, CandidateQuery, Catalogue, EndpointQuery, FindingQuery, HotState,
    Knowledge, Page, Session, SiteSummary, StoreError, User, UserChange,
};

/// Numbered files of `store/migrations`; only ever added to.
const MIGRATIONS: &[(i64, &str, &str)] =
    &[(1, "catalogue", include_str!("../../migrations/0001_catalogue.sql"))];

/// Connections; one writes at a time.
const CONNECTIONS: u32 = 4;

/// The catalogue in one SQLite file.
pub(crate) struct SqliteCatalogue {
    pool: SqlitePool,
    /// Held while writing, so that a transaction that reads first never finds its snapshot outdated.
    writer: tokio::sync::Mutex<()>,
    _lock: Arc<DirLock>,
}

impl SqliteCatalogue {
    /// Opens or creates the file and brings it to the current version.
    pub(crate) async fn open(path: &Path, lock: Arc<DirLock>) -> Result<Self, StoreError> {
        // SQLite gives the files beside it (-wal, -shm) the mode of this one.
        private_file().truncate(false).open(path).map_err(io_error("create", path))?;
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            make_private(Path::new(&name));
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let pool =
            SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await.map_err(
                |source| StoreError::Engine { what: "opening the catalogue", source: source.into() },
            )?;
        let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
            let sql = sql.into_sql_str();
            Migration::new(*version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
        });
        Migrator::with_migrations(migrations.collect()).run(&pool).await.map_err(|source| {
            StoreError::Engine { what: "migrating the catalogue", source: source.into() }
        })?;
        Ok(Self { pool, writer: tokio::sync::Mutex::new(()), _lock: lock })
    }

    /// Runs one statement as the only writer; returns the rows that it changed.
    async fn write(&self, sql: &'static str, binds: &[Bind]) -> Result<u64, StoreError> {
        let _one = self.writer.lock().await;
        bind(sql, binds).execute(&self.pool).await.map(|done| done.rows_affected()).map_err(engine)
    }
}

#[async_trait]
impl Catalogue for SqliteCatalogue {
    async fn save(&self, knowledge: &Knowledge) -> Result<(), StoreError> {
        let _one = self.writer.lock().await;
        let mut tx = self.pool.begin().await.map_err(engine)?;
        save::save(&mut tx, knowledge).await?;
        tx.commit().await.map_err(engine)
    }

    async fn hot_state(&self) -> Result<Option<HotState>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(engine)?;
        save::read_hot_state(&mut connection).await
    }

    async fn sites(&self) -> Result<Vec<SiteSummary>, StoreError> {
        self.read_sites().await
    }

    async fn endpoints(&self, query: &EndpointQuery) -> Result<Page<Endpoint>, StoreError> {
        self.read_endpoints(query).await
    }

    async fn endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        self.read_endpoint(id).await
    }

    async fn candidates(&self, query: &CandidateQuery) -> Result<Page<Candidate>, StoreError> {
        self.read_candidates(query).await
    }

    async fn accounts(&self, query: &AccountQuery) -> Result<Page<Account>, StoreError> {
        self.read_accounts(query).await
    }

    async fn account(&self, id: &str) -> Result<Option<Account>, StoreError> {
        self.read_account(id).await
    }

    async fn findings(&self, query: &FindingQuery) -> Result<Page<Finding>, StoreError> {
        self.read_findings(query).await
    }

    async fn finding(&self, id: &str) -> Result<Option<Finding>, StoreError> {
        self.read_finding(id).await
    }

    async fn set_finding_state(
        &self,
        id: &str,
        state: FindingState,
        by: &str,
        note: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.decide(id, state, known::decision(id, by, note, at)).await
    }

    async fn change_user(&self, change: UserChange<'_>, by: &str, at: Timestamp) -> Result<bool, StoreError> {
        self.apply(change, by, at).await
    }

    async fn user(&self, name: &str) -> Result<Option<User>, StoreError> {
        self.read_user(name).await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.read_users().await
    }

    async fn add_session(&self, session: &Session) -> Result<(), StoreError> {
        self.put_session(session).await
    }

    async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        self.read_session(token_hash, now).await
    }

    async fn end_session(&self, token_hash: &str) -> Result<(), StoreError> {
        self.write("DELETE FROM sessions WHERE token_hash = $1", &[text(token_hash)]).await.map(|_| ())
    }

    async fn end_sessions_of(&self, user: &str, except: Option<&str>) -> Result<(), StoreError> {
        let sql = "DELETE FROM sessions WHERE user_name = $1 AND token_hash <> $2";
        self.write(sql, &[text(user), text(except.unwrap_or_default())]).await.map(|_| ())
    }

    async fn add_token(&self, token: &ApiToken) -> Result<(), StoreError> {
        self.put_token(token).await
    }

    async fn use_token(&self, token_hash: &str, now: Timestamp) -> Result<Option<ApiToken>, StoreError> {
        self.note_use(token_hash, now).await
    }

    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.read_tokens().await
    }

    async fn remove_token(&self, name: &str) -> Result<bool, StoreError> {
        let gone = self.write("DELETE FROM api_tokens WHERE name = $1", &[text(name)]).await?;
        Ok(gone > 0)
    }

    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.put_audit(entry).await
    }

    async fn audit_entries(
        &self,
        subject: Option<&str>,
        offset: u64,
        limit: u64,
    ) -> Result<Page<AuditEntry>, StoreError> {
        self.read_audit(subject, offset, limit).await
    }

    async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.read_setting(key).await
    }

    async fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) \
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.write(sql, &[text(key), text(value)]).await.map(|_| ())
    }
}
