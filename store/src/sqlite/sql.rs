//! Building statements that SQLite and PostgreSQL both take: numbered placeholders, conditions, multi-row
//! upserts. Values are always bound; only names known at compile time become text.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, Sqlite, SqliteConnection, SqlitePool};

use crate::limits::{SEARCH_CHARS_MAX, STATEMENT_ROWS};
use crate::{Page, StoreError};

/// A bound value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Bind {
    Text(String),
    MaybeText(Option<String>),
    Int(i64),
    Real(f64),
}

/// Wraps an error of the engine.
pub(crate) fn engine(source: sqlx::Error) -> StoreError {
    StoreError::Engine { what: "a statement of the catalogue", source: source.into() }
}

/// A column or document that cannot be read.
pub(crate) fn damaged(what: &str, detail: impl ToString) -> StoreError {
    StoreError::Damaged { what: format!("{what} in the catalogue"), detail: detail.to_string() }
}

/// Counters beyond what a column holds saturate.
pub(crate) fn int(value: u64) -> Bind {
    Bind::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Text for a key or search column. PostgreSQL takes no NUL in text; the document keeps it escaped.
pub(crate) fn text(value: &str) -> Bind {
    Bind::Text(value.replace('\0', "\u{FFFD}"))
}

/// What `LIKE` is matched against: parts in lower case (ASCII), so that no collation of a database decides.
pub(crate) fn search(parts: &[&str]) -> Bind {
    text(&parts.join(" ").to_ascii_lowercase())
}

/// A noun of the model as JSON.
pub(crate) fn doc<T: Serialize>(noun: &T) -> Result<Bind, StoreError> {
    let json = serde_json::to_string(noun);
    json.map(Bind::Text)
        .map_err(|source| StoreError::Engine { what: "writing a document", source: source.into() })
}

/// The noun in column `doc`.
pub(crate) fn read_doc<T: DeserializeOwned>(row: &SqliteRow) -> Result<T, StoreError> {
    let json: &str = row.try_get("doc").map_err(engine)?;
    serde_json::from_str(json).map_err(|error| damaged("a document", error))
}

pub(crate) type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// A statement with bound values.
pub(crate) fn bind<'q>(sql: impl sqlx::SqlSafeStr, binds: &[Bind]) -> Query<'q> {
    let mut query = sqlx::query(sql);
    for bind in binds {
        query = match bind.clone() {
            Bind::Text(text) => query.bind(text),
            Bind::MaybeText(text) => query.bind(text),
            Bind::Int(int) => query.bind(int),
            Bind::Real(real) => query.bind(real),
        };
    }
    query
}

/// Conditions joined by `AND`, with their values.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    conditions: Vec<String>,
    binds: Vec<Bind>,
}

impl Filter {
    /// Adds a condition; `?` in it stands for the value.
    pub(crate) fn add(&mut self, condition: &str, value: Bind) {
        self.binds.push(value);
        self.conditions.push(condition.replace('?', &format!("${}", self.binds.len())));
    }

    /// Adds `column = value` when there is one.
    pub(crate) fn same(&mut self, column: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(&format!("{column} = ?"), text(value));
        }
    }

    /// Adds "the search column contains this text", ASCII case ignored, when there is one.
    pub(crate) fn contains(&mut self, value: Option<&str>) {
        if let Some(value) = value {
            let mut pattern = String::from("%");
            for c in value.to_ascii_lowercase().replace('\0', "\u{FFFD}").chars().take(SEARCH_CHARS_MAX) {
                if matches!(c, '%' | '_' | '\\') {
                    pattern.push('\\');
                }
                pattern.push(c);
            }
            pattern.push('%');
            self.add(r"search LIKE ? ESCAPE '\'", Bind::Text(pattern));
        }
    }

    fn clause(&self) -> String {
        match self.conditions.as_slice() {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        }
    }
}

/// What part of the matching rows to read.
pub(crate) struct Window<'a> {
    /// Columns to sort by, with directions.
    pub order: &'a str,
    pub offset: u64,
    pub limit: u64,
}

/// Counts the rows of `table` that pass the filter and reads the columns of a window of them.
pub(crate) async fn page<T>(
    pool: &SqlitePool,
    (table, columns): (&str, &str),
    mut filter: Filter,
    window: Window<'_>,
    read: impl Fn(&SqliteRow) -> Result<T, StoreError>,
) -> Result<Page<T>, StoreError> {
    let clause = filter.clause();
    // Both statements see one state of the database.
    let mut tx = pool.begin().await.map_err(engine)?;
    let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}{clause}"));
    let total: i64 = bind(count, &filter.binds)
        .fetch_one(&mut *tx)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(engine)?;
    filter.binds.extend([int(window.limit), int(window.offset)]);
    let (limit, offset) = (filter.binds.len() - 1, filter.binds.len());
    let order = window.order;
    let select =
        format!("SELECT {columns} FROM {table}{clause} ORDER BY {order} LIMIT ${limit} OFFSET ${offset}");
    let rows = bind(AssertSqlSafe(select), &filter.binds).fetch_all(&mut *tx).await.map_err(engine)?;
    tx.commit().await.map_err(engine)?;
    let rows = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page { rows, total: u64::try_from(total).unwrap_or_default() })
}

/// The table, its columns (the key first) and those that an upsert overwrites.
pub(crate) struct Upsert<'a> {
    pub table: &'a str,
    pub key: &'a str,
    pub columns: &'a [&'a str],
    pub overwrite: &'a [&'a str],
}

impl Upsert<'_> {
    fn sql(&self, rows: usize) -> String {
        let width = self.columns.len();
        let row = |row: usize| {
            let marks: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
            format!("({})", marks.join(", "))
        };
        let values: Vec<String> = (0..rows).map(row).collect();
        let set: Vec<String> =
            self.overwrite.iter().map(|name| format!("{name} = excluded.{name}")).collect();
        let conflict =
            if set.is_empty() { "NOTHING".into() } else { format!("UPDATE SET {}", set.join(", ")) };
        format!(
            "INSERT INTO {} ({}) VALUES {} ON CONFLICT ({}) DO {conflict}",
            self.table,
            self.columns.join(", "),
            values.join(", "),
            self.key,
        )
    }

    /// Writes rows, many per statement. No key may come twice: PostgreSQL refuses that within one statement.
    pub(crate) async fn run(&self, tx: &mut SqliteConnection, rows: &[Vec<Bind>]) -> Result<(), StoreError> {
        for chunk in rows.chunks(STATEMENT_ROWS) {
            let binds: Vec<Bind> = chunk.iter().flatten().cloned().collect();
            bind(AssertSqlSafe(self.sql(chunk.len())), &binds).execute(&mut *tx).await.map_err(engine)?;
        }
        Ok(())
    }
}

/// Runs a statement within a transaction; returns the rows that it changed.
pub(crate) async fn run(
    tx: &mut SqliteConnection,
    sql: &'static str,
    binds: &[Bind],
) -> Result<u64, StoreError> {
    bind(sql, binds).execute(&mut *tx).await.map(|done| done.rows_affected()).map_err(engine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_for_both_databases() {
        let upsert = Upsert { table: "t", key: "a", columns: &["a", "b"], overwrite: &["b"] };
        assert_eq!(
            upsert.sql(2),
            "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT (a) DO UPDATE SET b = excluded.b"
        );
        let mut filter = Filter::default();
        filter.same("host", Some("h"));
        filter.same("method", None);
        filter.contains(Some("50%_A\\"));
        assert_eq!(filter.clause(), r" WHERE host = $1 AND search LIKE $2 ESCAPE '\'");
        assert_eq!(filter.binds[1], Bind::Text(r"%50\%\_a\\%".into()));
    }
}
