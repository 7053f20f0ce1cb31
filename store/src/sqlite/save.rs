//! Saving what was learned, in one transaction: endpoints, merges, candidates, accounts, findings, hot state.

use std::collections::BTreeMap;

use model::{Candidate, Endpoint, EndpointId, Finding};
use sqlx::{Row as _, SqliteConnection};

use super::sql::{Bind, Upsert, bind, doc, engine, int, run, search, text};
use crate::limits::HOT_STATE_PART_BYTES;
use crate::{HotState, Knowledge, Position, StoreError};

/// Saves everything; the caller commits.
pub(crate) async fn save(tx: &mut SqliteConnection, knowledge: &Knowledge) -> Result<(), StoreError> {
    endpoints(tx, &knowledge.endpoints).await?;
    for (gone, target) in &knowledge.merged {
        merge(tx, *gone, *target).await?;
    }
    candidates(tx, &knowledge.candidates).await?;
    accounts(tx, knowledge).await?;
    findings(tx, &knowledge.findings).await?;
    if let Some(state) = &knowledge.hot_state {
        hot_state(tx, state).await?;
    }
    Ok(())
}

/// The last noun under each key: a statement must not meet one key twice.
fn distinct<'a, T, K: Ord>(nouns: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<&'a T> {
    let last: BTreeMap<K, &T> = nouns.iter().map(|noun| (key(noun), noun)).collect();
    last.into_values().collect()
}

const ENDPOINT: Upsert<'_> = Upsert {
    table: "endpoints",
    key: "id",
    columns: &[
        "id",
        "host",
        "method",
        "template",
        "state",
        "exposure",
        "auth",
        "purpose",
        "level",
        "risk",
        "calls",
        "error_share",
        "first_seen",
        "last_seen",
        "search",
        "doc",
    ],
    overwrite: &[
        "host",
        "method",
        "template",
        "state",
        "exposure",
        "auth",
        "purpose",
        "level",
        "risk",
        "calls",
        "error_share",
        "first_seen",
        "last_seen",
        "search",
        "doc",
    ],
};

async fn endpoints(tx: &mut SqliteConnection, nouns: &[Endpoint]) -> Result<(), StoreError> {
    let nouns = distinct(nouns, |endpoint| endpoint.id);
    let rows: Vec<Vec<Bind>> =
        nouns.iter().map(|endpoint| endpoint_row(endpoint)).collect::<Result<_, _>>()?;
    ENDPOINT.run(tx, &rows).await?;
    let mut data = Vec::new();
    for endpoint in &nouns {
        let id = endpoint.id.to_string();
        // An id that is an endpoint again is no alias any more.
        run(tx, "DELETE FROM aliases WHERE id = $1", &[text(&id)]).await?;
        run(tx, "DELETE FROM endpoint_data WHERE endpoint = $1", &[text(&id)]).await?;
        let types: std::collections::BTreeSet<&str> =
            endpoint.data.iter().map(|used| used.data_type.as_str()).collect();
        data.extend(types.into_iter().map(|name| vec![text(&id), text(name)]));
    }
    let columns = ["endpoint", "data_type"];
    let upsert =
        Upsert { table: "endpoint_data", key: "endpoint, data_type", columns: &columns, overwrite: &[] };
    upsert.run(tx, &data).await?;
    for endpoint in nouns {
        for alias in &endpoint.aliases {
            point(tx, *alias, endpoint.id).await?;
        }
    }
    Ok(())
}

fn endpoint_row(endpoint: &Endpoint) -> Result<Vec<Bind>, StoreError> {
    let operation = endpoint.operation.as_deref().unwrap_or_default();
    let share = if endpoint.calls == 0 { 0.0 } else { endpoint.errors as f64 / endpoint.calls as f64 };
    Ok(vec![
        Bind::Text(endpoint.id.to_string()),
        text(&endpoint.host),
        text(&endpoint.method),
        text(&endpoint.template),
        text(&name(&endpoint.state)?),
        text(&name(&endpoint.exposure)?),
        text(endpoint.auth.verdict.as_str()),
        Bind::MaybeText(endpoint.purpose.as_ref().map(|purpose| purpose.replace('\0', "\u{FFFD}"))),
        Bind::Int(i64::from(endpoint.level)),
        Bind::Int(i64::from(endpoint.risk.score)),
        int(endpoint.calls),
        Bind::Real(share),
        Bind::Int(endpoint.first_seen.0),
        Bind::Int(endpoint.last_seen.0),
        search(&[&endpoint.host, &endpoint.template, operation]),
        doc(endpoint)?,
    ])
}

/// The name in records of an enumeration of the model that has no `as_str`.
fn name<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(StoreError::Refused("an enumeration without a name".into())),
    }
}

/// The endpoint that an id means now.
pub(crate) async fn resolve(tx: &mut SqliteConnection, id: EndpointId) -> Result<EndpointId, StoreError> {
    let sql = "SELECT target FROM aliases WHERE id = $1";
    let row = bind(sql, &[Bind::Text(id.to_string())]).fetch_optional(&mut *tx).await.map_err(engine)?;
    let target = row.map(|row| row.try_get::<String, _>(0)).transpose().map_err(engine)?;
    Ok(target.and_then(|target| target.parse().ok()).unwrap_or(id))
}

/// Makes `alias` mean what `target` means; aliases of `alias` follow, so that no chain is left.
async fn point(tx: &mut SqliteConnection, alias: EndpointId, target: EndpointId) -> Result<(), StoreError> {
    let target = resolve(tx, target).await?;
    if alias == target {
        return Ok(());
    }
    let binds = [Bind::Text(alias.to_string()), Bind::Text(target.to_string())];
    run(tx, "UPDATE aliases SET target = $2 WHERE target = $1", &binds).await?;
    let insert = "INSERT INTO aliases (id, target) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET target = excluded.target";
    run(tx, insert, &binds).await?;
    run(tx, "UPDATE findings SET endpoint = $2 WHERE endpoint = $1", &binds).await?;
    Ok(())
}

async fn merge(tx: &mut SqliteConnection, gone: EndpointId, target: EndpointId) -> Result<(), StoreError> {
    point(tx, gone, target).await?;
    if resolve(tx, gone).await? == gone {
        return Ok(());
    }
    let id = [Bind::Text(gone.to_string())];
    run(tx, "DELETE FROM endpoints WHERE id = $1", &id).await?;
    run(tx, "DELETE FROM endpoint_data WHERE endpoint = $1", &id).await?;
    Ok(())
}

async fn candidates(tx: &mut SqliteConnection, nouns: &[Candidate]) -> Result<(), StoreError> {
    run(tx, "DELETE FROM candidates", &[]).await?;
    let row = |candidate: &&Candidate| {
        Ok(vec![
            Bind::Text(candidate.id.to_string()),
            text(&candidate.host),
            text(candidate.reason.as_str()),
            int(candidate.calls),
            search(&[&candidate.template]),
            doc(*candidate)?,
        ])
    };
    let nouns = distinct(nouns, |candidate| candidate.id);
    let rows: Vec<Vec<Bind>> = nouns.iter().map(row).collect::<Result<_, StoreError>>()?;
    let columns = ["id", "host", "reason", "calls", "search", "doc"];
    Upsert { table: "candidates", key: "id", columns: &columns, overwrite: &columns[1..] }
        .run(tx, &rows)
        .await
}

async fn accounts(tx: &mut SqliteConnection, knowledge: &Knowledge) -> Result<(), StoreError> {
    let row = |account: &&model::Account| {
        Ok(vec![
            text(&account.id),
            text(&account.host),
            int(account.calls),
            search(&[&account.name]),
            doc(*account)?,
        ])
    };
    let nouns = distinct(&knowledge.accounts, |account| account.id.as_str());
    let rows: Vec<Vec<Bind>> = nouns.iter().map(row).collect::<Result<_, StoreError>>()?;
    let columns = ["id", "host", "calls", "search", "doc"];
    Upsert { table: "accounts", key: "id", columns: &columns, overwrite: &columns[1..] }.run(tx, &rows).await
}

const FINDING: Upsert<'_> = Upsert {
    table: "findings",
    key: "id",
    columns: &[
        "id",
        "rule",
        "host",
        "endpoint",
        "subject",
        "severity",
        "last_seen",
        "search",
        "doc",
        "saved",
        "state",
        "note",
        "decided_by",
    ],
    // What people decided stays.
    overwrite: &["rule", "host", "endpoint", "subject", "severity", "last_seen", "search", "doc", "saved"],
};

async fn findings(tx: &mut SqliteConnection, nouns: &[Finding]) -> Result<(), StoreError> {
    let latest = bind("SELECT COALESCE(MAX(saved), 0) FROM findings", &[]).fetch_one(&mut *tx).await;
    let saved = latest.and_then(|row| row.try_get::<i64, _>(0)).map_err(engine)?.saturating_add(1);
    let nouns = distinct(nouns, |finding| finding.id.as_str());
    let mut rows = Vec::with_capacity(nouns.len());
    for finding in nouns {
        rows.push(finding_row(finding, saved)?);
    }
    FINDING.run(tx, &rows).await?;
    succeed(tx, saved).await?;
    // What is no longer found goes, unless a person has said something about it.
    let stale = "DELETE FROM findings WHERE state = 'open' AND saved < $1";
    run(tx, stale, &[Bind::Int(saved)]).await?;
    Ok(())
}

fn finding_row(finding: &Finding, saved: i64) -> Result<Vec<Bind>, StoreError> {
    Ok(vec![
        text(&finding.id),
        text(&finding.rule),
        text(&finding.host),
        Bind::MaybeText(finding.endpoint.map(|id| id.to_string())),
        Bind::MaybeText(finding.subject.as_ref().map(|subject| subject.replace('\0', "\u{FFFD}"))),
        Bind::Int(finding.severity as i64),
        Bind::Int(finding.last_seen.0),
        search(&[&finding.title, &finding.title_zh, &finding.rule]),
        doc(finding)?,
        Bind::Int(saved),
        text(finding.state.as_str()),
        text(""),
        text(""),
    ])
}

/// A finding that was decided about, is no longer reported, and has a reported one of the same rule and subject on
/// the endpoint that its own was merged into: the new one takes over the decision and the old one goes.
async fn succeed(tx: &mut SqliteConnection, saved: i64) -> Result<(), StoreError> {
    let sql = "SELECT old.id AS old_id, new.id AS new_id FROM findings old JOIN findings new \
        ON new.rule = old.rule AND new.endpoint = old.endpoint \
        AND COALESCE(new.subject, '') = COALESCE(old.subject, '') \
        WHERE old.saved < $1 AND new.saved = $1 AND old.decided_at IS NOT NULL AND new.decided_at IS NULL \
        ORDER BY old.decided_at DESC, old.id";
    let pairs = bind(sql, &[Bind::Int(saved)]).fetch_all(&mut *tx).await.map_err(engine)?;
    for pair in pairs {
        let ids = ["old_id", "new_id"].map(|column| pair.try_get::<String, _>(column).map(Bind::Text));
        let [Ok(old), Ok(new)] = ids else { continue };
        let take = "UPDATE findings SET \
            state = (SELECT state FROM findings WHERE id = $1), note = (SELECT note FROM findings WHERE id = $1), \
            decided_by = (SELECT decided_by FROM findings WHERE id = $1), \
            decided_at = (SELECT decided_at FROM findings WHERE id = $1) \
            WHERE id = $2 AND decided_at IS NULL";
        run(tx, take, &[old.clone(), new]).await?;
        run(tx, "DELETE FROM findings WHERE id = $1", &[old]).await?;
    }
    Ok(())
}

async fn hot_state(tx: &mut SqliteConnection, state: &HotState) -> Result<(), StoreError> {
    let packed = zstd::bulk::compress(&state.bytes, 1)
        .map_err(|source| StoreError::Engine { what: "compressing the hot state", source: source.into() })?;
    run(tx, "DELETE FROM hot_state", &[]).await?;
    let position = i64::try_from(state.position.0).unwrap_or(i64::MAX);
    for (part, bytes) in packed.chunks(HOT_STATE_PART_BYTES).enumerate() {
        sqlx::query("INSERT INTO hot_state (part, position, bytes) VALUES ($1, $2, $3)")
            .bind(part as i64)
            .bind(position)
            .bind(bytes.to_vec())
            .execute(&mut *tx)
            .await
            .map_err(engine)?;
    }
    Ok(())
}

/// Reads what [`hot_state`] wrote.
pub(crate) async fn read_hot_state(tx: &mut SqliteConnection) -> Result<Option<HotState>, StoreError> {
    let sql = "SELECT position, bytes FROM hot_state ORDER BY part";
    let rows = bind(sql, &[]).fetch_all(&mut *tx).await.map_err(engine)?;
    let (mut packed, mut position) = (Vec::new(), None);
    for row in rows {
        position = Some(row.try_get::<i64, _>("position").map_err(engine)?);
        packed.extend_from_slice(row.try_get::<&[u8], _>("bytes").map_err(engine)?);
    }
    let Some(position) = position else { return Ok(None) };
    let bytes = zstd::stream::decode_all(packed.as_slice())
        .map_err(|error| super::sql::damaged("the hot state", error))?;
    Ok(Some(HotState { position: Position(u64::try_from(position).unwrap_or_default()), bytes }))
}
