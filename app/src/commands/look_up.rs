//! `apiarist openapi` and `apiarist search`: what a data folder holds, from the shell.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use store::{AccountQuery, Catalogue, EndpointQuery, FindingQuery};

use super::serve::{open_store, runtime};
use crate::NothingUsable;
use crate::cli::{OpenapiArgs, SearchArgs};
use crate::live::site_document;

/// Rows of each kind that a search prints.
const ROWS_MAX: u64 = 1_000;

pub(crate) fn openapi(args: &OpenapiArgs) -> Result<()> {
    runtime()?.block_on(async {
        let store = existing(&args.data).await?;
        let document = site_document(store.catalogue.as_ref(), &args.host.to_ascii_lowercase()).await?;
        let Some(document) = document else {
            return Err(NothingUsable(format!("no endpoint of {} is known", args.host)).into());
        };
        let mut out = std::io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &document)?;
        Ok(writeln!(out)?)
    })
}

pub(crate) fn search(args: &SearchArgs) -> Result<()> {
    runtime()?.block_on(async {
        let store = existing(&args.data).await?;
        let lines = matches(store.catalogue.as_ref(), args).await?;
        if lines.is_empty() {
            return Err(NothingUsable(format!("nothing matches {:?}", args.query)).into());
        }
        let mut out = std::io::stdout().lock();
        for line in lines {
            writeln!(out, "{line}")?;
        }
        Ok(())
    })
}

async fn existing(data: &Path) -> Result<store::Store> {
    if !data.is_dir() {
        bail!("there is no data folder {}", data.display());
    }
    open_store(data).await
}

async fn matches(catalogue: &dyn Catalogue, args: &SearchArgs) -> Result<Vec<String>> {
    let text = Some(args.query.clone());
    let endpoints = EndpointQuery { text: text.clone(), limit: ROWS_MAX, ..EndpointQuery::default() };
    let findings = FindingQuery { text: text.clone(), limit: ROWS_MAX, ..FindingQuery::default() };
    let accounts = AccountQuery { text, limit: ROWS_MAX, ..AccountQuery::default() };
    let mut lines = Vec::new();
    let json =
        |kind: &str, value: serde_json::Value| serde_json::json!({"kind": kind, kind: value}).to_string();
    for endpoint in catalogue.endpoints(&endpoints).await.context("cannot read endpoints")?.rows {
        lines.push(if args.json {
            json("endpoint", serde_json::to_value(&endpoint)?)
        } else {
            format!(
                "endpoint  {:>3}  {} {}{}",
                endpoint.risk.score, endpoint.method, endpoint.host, endpoint.template
            )
        });
    }
    for finding in catalogue.findings(&findings).await.context("cannot read findings")?.rows {
        lines.push(if args.json {
            json("finding", serde_json::to_value(&finding)?)
        } else {
            format!("finding   {}  {}  {}", finding.severity.as_str(), finding.host, finding.title)
        });
    }
    for account in catalogue.accounts(&accounts).await.context("cannot read accounts")?.rows {
        lines.push(if args.json {
            json("account", serde_json::to_value(&account)?)
        } else {
            format!("account   {}  {} calls  {}", account.id, account.calls, account.host)
        });
    }
    Ok(lines)
}
