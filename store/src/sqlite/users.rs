//! Who may see what is known: users, sessions, API tokens; the audit of what they did; settings.

use model::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::SqliteCatalogue;
use super::sql::{Bind, Filter, Window, bind, damaged, engine, page, run, text};
use crate::limits::TOKEN_USE_STEP_US;
use crate::{ApiToken, AuditEntry, Page, Role, Session, StoreError, User, UserChange};

fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, StoreError> {
    row.try_get(column).map(Timestamp).map_err(engine)
}

fn string(row: &SqliteRow, column: &str) -> Result<String, StoreError> {
    row.try_get(column).map_err(engine)
}

fn flag(row: &SqliteRow, column: &str) -> Result<bool, StoreError> {
    row.try_get(column).map_err(engine)
}

fn read_user(row: &SqliteRow) -> Result<User, StoreError> {
    let name = string(row, "role")?;
    let role = [Role::Viewer, Role::Analyst, Role::Admin].into_iter().find(|role| role.as_str() == name);
    Ok(User {
        name: string(row, "name")?,
        role: role.ok_or_else(|| damaged("a user", format!("role {name}")))?,
        password_hash: string(row, "password_hash")?,
        must_change: flag(row, "must_change")?,
        disabled: flag(row, "disabled")?,
        created: time(row, "created")?,
        last_login: time(row, "last_login")?,
    })
}

fn read_token(row: &SqliteRow) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        name: string(row, "name")?,
        token_hash: string(row, "token_hash")?,
        created_by: string(row, "created_by")?,
        created: time(row, "created")?,
        last_used: time(row, "last_used")?,
    })
}

fn read_audit(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        at: time(row, "at")?,
        who: string(row, "who")?,
        what: string(row, "what")?,
        subject: string(row, "subject")?,
        detail: string(row, "detail")?,
    })
}

/// Adds an entry behind the last one.
pub(super) async fn write_audit(tx: &mut SqliteConnection, entry: &AuditEntry) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit (number, at, who, what, subject, detail) \
        SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4, $5 FROM audit";
    let binds = [
        Bind::Int(entry.at.0),
        text(&entry.who),
        text(&entry.what),
        text(&entry.subject),
        text(&entry.detail),
    ];
    run(tx, sql, &binds).await.map(|_| ())
}

/// An error of an insert; a taken name is told from the rest.
fn insert_error(name: &str, error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(cause) if cause.is_unique_violation() => StoreError::Exists(name.to_owned()),
        _ => engine(error),
    }
}

async fn put_user(tx: &mut SqliteConnection, sql: &'static str, user: &User) -> Result<u64, StoreError> {
    let query = sqlx::query(sql)
        .bind(user.name.clone())
        .bind(user.role.as_str())
        .bind(user.password_hash.clone())
        .bind(user.must_change)
        .bind(user.disabled)
        .bind(user.created.0)
        .bind(user.last_login.0);
    let done = query.execute(&mut *tx).await.map_err(|error| insert_error(&user.name, error))?;
    Ok(done.rows_affected())
}

impl SqliteCatalogue {
    pub(super) async fn apply(
        &self,
        change: UserChange<'_>,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let _one = self.writer.lock().await;
        let mut tx = self.pool.begin().await.map_err(engine)?;
        let (changed, what, subject, detail) = match change {
            UserChange::Add(user) => {
                let sql = "INSERT INTO users \
                    (name, role, password_hash, must_change, disabled, created, last_login) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7)";
                (put_user(&mut tx, sql, user).await?, "user-added", &*user.name, user.role.as_str())
            }
            UserChange::Update(user) => {
                let sql = "UPDATE users SET role = $2, password_hash = $3, must_change = $4, disabled = $5, \
                    created = $6, last_login = $7 WHERE name = $1";
                let detail = if user.disabled { "disabled" } else { user.role.as_str() };
                (put_user(&mut tx, sql, user).await?, "user-updated", &*user.name, detail)
            }
            UserChange::Remove(name) => {
                run(&mut tx, "DELETE FROM sessions WHERE user_name = $1", &[text(name)]).await?;
                let gone = run(&mut tx, "DELETE FROM users WHERE name = $1", &[text(name)]).await?;
                (gone, "user-removed", name, "")
            }
        };
        if changed > 0 {
            let (who, what) = (by.to_owned(), what.to_owned());
            let entry = AuditEntry { at, who, what, subject: subject.to_owned(), detail: detail.to_owned() };
            write_audit(&mut tx, &entry).await?;
        }
        tx.commit().await.map_err(engine)?;
        Ok(changed > 0)
    }

    pub(super) async fn read_user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let sql = "SELECT * FROM users WHERE name = $1";
        let row = bind(sql, &[text(name)]).fetch_optional(&self.pool).await.map_err(engine)?;
        row.as_ref().map(read_user).transpose()
    }

    pub(super) async fn read_users(&self) -> Result<Vec<User>, StoreError> {
        let rows =
            bind("SELECT * FROM users ORDER BY name", &[]).fetch_all(&self.pool).await.map_err(engine)?;
        rows.iter().map(read_user).collect()
    }

    pub(super) async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        let sql = "INSERT INTO sessions (token_hash, user_name, expires) VALUES ($1, $2, $3)";
        let binds = [text(&session.token_hash), text(&session.user), Bind::Int(session.expires.0)];
        self.write(sql, &binds).await.map(|_| ())
    }

    pub(super) async fn read_session(
        &self,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let sql = "SELECT * FROM sessions WHERE token_hash = $1";
        let row = bind(sql, &[text(hash)]).fetch_optional(&self.pool).await.map_err(engine)?;
        let Some(row) = row else { return Ok(None) };
        let expires = time(&row, "expires")?;
        if expires <= now {
            // Met seldom enough to clean up on the way.
            self.write("DELETE FROM sessions WHERE expires <= $1", &[Bind::Int(now.0)]).await?;
            return Ok(None);
        }
        Ok(Some(Session { token_hash: hash.to_owned(), user: string(&row, "user_name")?, expires }))
    }

    pub(super) async fn put_token(&self, token: &ApiToken) -> Result<(), StoreError> {
        let _one = self.writer.lock().await;
        let sql = "INSERT INTO api_tokens (name, token_hash, created_by, created, last_used) \
            VALUES ($1, $2, $3, $4, $5)";
        let times = [Bind::Int(token.created.0), Bind::Int(token.last_used.0)];
        let mut binds = vec![text(&token.name), text(&token.token_hash), text(&token.created_by)];
        binds.extend(times);
        let done = bind(sql, &binds).execute(&self.pool).await;
        done.map(|_| ()).map_err(|error| insert_error(&token.name, error))
    }

    pub(super) async fn note_use(&self, hash: &str, now: Timestamp) -> Result<Option<ApiToken>, StoreError> {
        let sql = "SELECT * FROM api_tokens WHERE token_hash = $1";
        let row = bind(sql, &[text(hash)]).fetch_optional(&self.pool).await.map_err(engine)?;
        let Some(mut token) = row.as_ref().map(read_token).transpose()? else { return Ok(None) };
        if now.0.saturating_sub(token.last_used.0) >= TOKEN_USE_STEP_US {
            let note = "UPDATE api_tokens SET last_used = $2 WHERE token_hash = $1";
            // Who pushes must hear what became of the push: a disk that is full is told of there.
            match self.write(note, &[text(hash), Bind::Int(now.0)]).await {
                Ok(_) => token.last_used = now,
                Err(error) => tracing::warn!(token = token.name, %error, "the use of a token is not noted"),
            }
        }
        Ok(Some(token))
    }

    pub(super) async fn read_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        let rows = bind("SELECT * FROM api_tokens ORDER BY name", &[])
            .fetch_all(&self.pool)
            .await
            .map_err(engine)?;
        rows.iter().map(read_token).collect()
    }

    pub(super) async fn put_audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let _one = self.writer.lock().await;
        let mut tx = self.pool.begin().await.map_err(engine)?;
        write_audit(&mut tx, entry).await?;
        tx.commit().await.map_err(engine)
    }

    pub(super) async fn read_audit(
        &self,
        subject: Option<&str>,
        offset: u64,
        limit: u64,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let mut filter = Filter::default();
        filter.same("subject", subject);
        let window = Window { order: "number DESC", offset, limit };
        page(&self.pool, ("audit", "*"), filter, window, read_audit).await
    }

    pub(super) async fn read_setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM settings WHERE name = $1";
        let row = bind(sql, &[text(key)]).fetch_optional(&self.pool).await.map_err(engine)?;
        row.map(|row| string(&row, "value")).transpose()
    }
}
