//! Overlaps: the longest span wins, then the key's word, then the stronger proof, then the fixed rank of the type.
//! What remains becomes matches in order of position.

use std::cmp::Ordering;

use super::{Found, Scanner};
use crate::data_type::Finder;
use crate::{Match, mask};

/// Settles overlaps and appends the winners.
pub(super) fn resolve(scanner: Scanner<'_>, out: &mut Vec<Match>) {
    let Scanner { engine, text, mut found, .. } = scanner;
    if found.is_empty() {
        return;
    }
    let rank = |f: &Found| engine.rules[usize::from(f.rule)].rank;
    found.sort_by(|a, b| {
        (b.end - b.start)
            .cmp(&(a.end - a.start))
            .then(b.masked.cmp(&a.masked))
            .then(b.keyed.cmp(&a.keyed))
            .then(b.confidence.partial_cmp(&a.confidence).unwrap_or(Ordering::Equal))
            .then(rank(b).cmp(&rank(a)))
            .then(a.rule.cmp(&b.rule))
            .then(a.start.cmp(&b.start))
    });
    let mut kept: Vec<Found> = Vec::new();
    for candidate in found {
        if kept.len() >= model::limits::HITS_MAX {
            break;
        }
        if !kept.iter().any(|k| candidate.start < k.end && k.start < candidate.end) {
            kept.push(candidate);
        }
    }
    kept.sort_by_key(|found| found.start);
    for found in kept {
        let rule = &engine.rules[usize::from(found.rule)];
        let raw = &text[found.start..found.end];
        out.push(Match {
            data_type: rule.id.clone(),
            level: rule.level,
            confidence: found.confidence,
            masked: found.masked,
            person: rule.person,
            start: found.start,
            end: found.end,
            sample: if found.masked { raw.to_owned() } else { mask::mask(rule.mask, raw, &engine.lists) },
            canonical: if found.masked {
                String::new()
            } else {
                canonical(rule.finder, rule.id.as_str(), raw)
            },
        });
    }
}

/// The form in which equal values are equal: without separators and country code, one case.
fn canonical(finder: Option<Finder>, id: &str, raw: &str) -> String {
    match finder {
        Some(Finder::Email) => raw.to_lowercase(),
        Some(Finder::Ip) => raw.parse::<std::net::IpAddr>().map_or_else(|_| raw.into(), |ip| ip.to_string()),
        Some(Finder::Phone) => raw.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
        Some(Finder::Address) => raw.chars().filter(|c| !c.is_whitespace()).collect(),
        Some(_) => raw.trim().to_owned(),
        // Case and signs mean something in keys and addresses of wallets.
        None if id == "CN_MOBILE" => {
            let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
            digits[digits.len().saturating_sub(11)..].to_owned()
        }
        None if raw.bytes().any(|b| b.is_ascii_lowercase()) && raw.len() > 18 => raw.to_owned(),
        None if raw.is_ascii() => {
            raw.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
        }
        None => raw.to_owned(),
    }
}
