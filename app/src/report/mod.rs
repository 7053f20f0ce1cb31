//! `report.html`: one self-contained page that a security engineer can hand on, in Chinese and English, on screen and
//! on paper. It asks for nothing from anywhere: style, script and charts are inside, and a content security policy
//! forbids the rest. What stems from traffic is escaped in one place (`html.rs`).
//!
//! `facts.rs` puts the outcome in order, each file of `sections/` writes one part, `limits.rs` bounds them.

mod charts;
mod excerpt;
mod facts;
mod html;
mod limits;
mod pieces;
mod sections;
#[cfg(test)]
mod tests;
mod text;

use std::path::Path;

use anyhow::{Context, Result};
use rules::Ruleset;

use crate::analyze::{Counts, Outcome};
use facts::Facts;
use html::Html;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// Nothing may be fetched, sent or framed, whatever a traffic text might achieve.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'";
/// The mark as an icon of the page.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath \
                    d='M16 1.6 28.5 8.8v14.4L16 30.4 3.5 23.2V8.8Z' fill='%23E8A317'/%3E%3C/svg%3E";

/// Writes the report on an analysis of `inputs` to `path`.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(
    path: &Path,
    inputs: &[String],
    outcome: &Outcome,
    counts: &Counts,
    rules: &Ruleset,
) -> Result<()> {
    let page = page(&Facts::new(inputs, outcome, counts, rules));
    std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))
}

/// The whole page.
fn page(facts: &Facts<'_>) -> String {
    let mut h = Html::default();
    h.raw("<!DOCTYPE html>\n");
    h.el("html", &[("lang", "en")], |h| {
        h.el("head", &[], |h| {
            h.raw("<meta charset=\"utf-8\">");
            h.void("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
            h.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
            h.raw("<meta name=\"referrer\" content=\"no-referrer\"><meta name=\"color-scheme\" content=\"light dark\">");
            h.void("link", &[("rel", "icon"), ("href", ICON)]);
            sections::head::document_title(h, facts);
            h.el("style", &[], |h| h.raw(STYLE));
        });
        h.el("body", &[], |h| {
            sections::write(h, facts);
            h.el("script", &[], |h| h.raw(SCRIPT));
        });
    });
    h.finish()
}
