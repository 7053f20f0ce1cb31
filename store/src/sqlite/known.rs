//! Reading what was learned: sites, endpoints, candidates, accounts, findings; and decisions about findings.

use model::{Account, Candidate, Endpoint, EndpointId, Finding, FindingState, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::SqliteCatalogue;
use super::save::resolve;
use super::sql::{Bind, Filter, Window, bind, damaged, engine, page, read_doc, run, text};
use super::users::write_audit;
use crate::{
    AccountQuery, AuditEntry, CandidateQuery, EndpointQuery, EndpointSort, FindingQuery, Page, SiteSummary,
    StoreError,
};

const FINDING_COLUMNS: &str = "endpoint, state, doc";

/// A finding with the state and the endpoint of the row, which win over those of the document.
fn read_finding(row: &SqliteRow) -> Result<Finding, StoreError> {
    let mut finding: Finding = read_doc(row)?;
    let state: String = row.try_get("state").map_err(engine)?;
    finding.state = state_of(&state).ok_or_else(|| damaged("a finding", format!("state {state}")))?;
    let endpoint: Option<String> = row.try_get("endpoint").map_err(engine)?;
    finding.endpoint = endpoint.and_then(|id| id.parse().ok());
    Ok(finding)
}

fn state_of(name: &str) -> Option<FindingState> {
    let all = [FindingState::Open, FindingState::Confirmed, FindingState::Ignored, FindingState::Fixed];
    all.into_iter().find(|state| state.as_str() == name)
}

fn endpoint_order(query: &EndpointQuery) -> String {
    let way = if query.ascending { "ASC" } else { "DESC" };
    let column = match query.sort {
        EndpointSort::Risk => "risk",
        EndpointSort::Calls => "calls",
        EndpointSort::Errors => "error_share",
        EndpointSort::Level => "level",
        EndpointSort::Template => return format!("host {way}, template {way}, method {way}, id"),
        EndpointSort::FirstSeen => "first_seen",
        EndpointSort::LastSeen => "last_seen",
    };
    format!("{column} {way}, host, template, method, id")
}

impl SqliteCatalogue {
    pub(super) async fn read_sites(&self) -> Result<Vec<SiteSummary>, StoreError> {
        let sql = "SELECT host, CAST(SUM(endpoints) AS BIGINT) AS endpoints, \
            CAST(SUM(candidates) AS BIGINT) AS candidates, CAST(SUM(calls) AS BIGINT) AS calls, \
            CAST(SUM(findings) AS BIGINT) AS findings, CAST(MAX(level) AS BIGINT) AS level FROM ( \
            SELECT host, COUNT(*) AS endpoints, 0 AS candidates, SUM(calls) AS calls, 0 AS findings, \
            MAX(level) AS level FROM endpoints GROUP BY host UNION ALL \
            SELECT host, 0, COUNT(*), 0, 0, 0 FROM candidates GROUP BY host UNION ALL \
            SELECT host, 0, 0, 0, COUNT(*), 0 FROM findings WHERE state = 'open' GROUP BY host \
            ) AS parts GROUP BY host ORDER BY 4 DESC, host";
        let rows = bind(sql, &[]).fetch_all(&self.pool).await.map_err(engine)?;
        let number = |row: &SqliteRow, column: &str| {
            let value: i64 = row.try_get(column).map_err(engine)?;
            Ok::<u64, StoreError>(u64::try_from(value).unwrap_or_default())
        };
        let site = |row: &SqliteRow| {
            Ok(SiteSummary {
                host: row.try_get("host").map_err(engine)?,
                endpoints: number(row, "endpoints")?,
                candidates: number(row, "candidates")?,
                calls: number(row, "calls")?,
                findings: number(row, "findings")?,
                level: u8::try_from(number(row, "level")?).unwrap_or(u8::MAX),
            })
        };
        rows.iter().map(site).collect()
    }

    pub(super) async fn read_endpoints(&self, query: &EndpointQuery) -> Result<Page<Endpoint>, StoreError> {
        let mut filter = Filter::default();
        filter.same("host", query.host.as_deref());
        filter.same("method", query.method.as_deref());
        filter.same("state", query.state.as_deref());
        filter.same("exposure", query.exposure.as_deref());
        filter.same("auth", query.auth.as_deref());
        filter.same("purpose", query.purpose.as_deref());
        if let Some(name) = &query.data_type {
            filter.add("id IN (SELECT endpoint FROM endpoint_data WHERE data_type = ?)", text(name));
        }
        if let Some(level) = query.level_min {
            filter.add("level >= ?", Bind::Int(i64::from(level)));
        }
        filter.contains(query.text.as_deref());
        let order = endpoint_order(query);
        let window = Window { order: &order, offset: query.offset, limit: query.limit };
        page(&self.pool, ("endpoints", "doc"), filter, window, read_doc).await
    }

    pub(super) async fn read_endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        let mut tx = self.pool.begin().await.map_err(engine)?;
        let id = resolve(&mut tx, id).await?;
        let sql = "SELECT doc FROM endpoints WHERE id = $1";
        let row = bind(sql, &[Bind::Text(id.to_string())]).fetch_optional(&mut *tx).await.map_err(engine)?;
        row.as_ref().map(read_doc).transpose()
    }

    pub(super) async fn read_candidates(
        &self,
        query: &CandidateQuery,
    ) -> Result<Page<Candidate>, StoreError> {
        let mut filter = Filter::default();
        filter.same("host", query.host.as_deref());
        filter.same("reason", query.reason.map(|reason| reason.as_str()));
        filter.contains(query.text.as_deref());
        let window = Window { order: "calls DESC, id", offset: query.offset, limit: query.limit };
        page(&self.pool, ("candidates", "doc"), filter, window, read_doc).await
    }

    pub(super) async fn read_accounts(&self, query: &AccountQuery) -> Result<Page<Account>, StoreError> {
        let mut filter = Filter::default();
        filter.same("host", query.host.as_deref());
        filter.contains(query.text.as_deref());
        let window = Window { order: "calls DESC, id", offset: query.offset, limit: query.limit };
        page(&self.pool, ("accounts", "doc"), filter, window, read_doc).await
    }

    pub(super) async fn read_account(&self, id: &str) -> Result<Option<Account>, StoreError> {
        let sql = "SELECT doc FROM accounts WHERE id = $1";
        let row = bind(sql, &[text(id)]).fetch_optional(&self.pool).await.map_err(engine)?;
        row.as_ref().map(read_doc).transpose()
    }

    pub(super) async fn read_findings(&self, query: &FindingQuery) -> Result<Page<Finding>, StoreError> {
        let mut filter = Filter::default();
        filter.same("host", query.host.as_deref());
        if let Some(id) = query.endpoint {
            let mut tx = self.pool.acquire().await.map_err(engine)?;
            filter.same("endpoint", Some(&resolve(&mut tx, id).await?.to_string()));
        }
        filter.same("rule", query.rule.as_deref());
        if let Some(least) = query.severity_min {
            filter.add("severity >= ?", Bind::Int(least as i64));
        }
        filter.same("state", query.state.map(|state| state.as_str()));
        filter.contains(query.text.as_deref());
        let order = "severity DESC, last_seen DESC, id";
        let window = Window { order, offset: query.offset, limit: query.limit };
        page(&self.pool, ("findings", FINDING_COLUMNS), filter, window, read_finding).await
    }

    pub(super) async fn read_finding(&self, id: &str) -> Result<Option<Finding>, StoreError> {
        let sql = "SELECT endpoint, state, doc FROM findings WHERE id = $1";
        let row = bind(sql, &[text(id)]).fetch_optional(&self.pool).await.map_err(engine)?;
        row.as_ref().map(read_finding).transpose()
    }

    pub(super) async fn decide(
        &self,
        id: &str,
        state: FindingState,
        entry: AuditEntry,
    ) -> Result<bool, StoreError> {
        let _one = self.writer.lock().await;
        let mut tx = self.pool.begin().await.map_err(engine)?;
        let sql = "UPDATE findings SET state = $2, note = $3, decided_by = $4, decided_at = $5 WHERE id = $1";
        let (note, by, at) = (text(&entry.detail), text(&entry.who), Bind::Int(entry.at.0));
        let changed = run(&mut tx, sql, &[text(id), text(state.as_str()), note, by, at]).await?;
        if changed > 0 {
            let detail = match entry.detail.as_str() {
                "" => state.as_str().to_owned(),
                note => format!("{}: {note}", state.as_str()),
            };
            write_audit(&mut tx, &AuditEntry { detail, ..entry }).await?;
        }
        tx.commit().await.map_err(engine)?;
        Ok(changed > 0)
    }
}

/// The entry for a decision about a finding; its detail is the note.
pub(super) fn decision(id: &str, by: &str, note: &str, at: Timestamp) -> AuditEntry {
    AuditEntry {
        at,
        who: by.to_owned(),
        what: "finding-state".into(),
        subject: id.to_owned(),
        detail: note.to_owned(),
    }
}
