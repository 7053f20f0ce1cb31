//! Scans labelled JSON bodies and prints findings for a scorer, one line each:
//! `cargo run -p rules --example score_pii < bodies.jsonl > findings.jsonl`.
//! A line of input is `{id, body}`, a line of output `{id, path, type, value}` with an RFC 6901 pointer.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use rules::{Match, Prior, Ruleset};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = Ruleset::builtin()?;
    let mut priors = HashMap::new();
    let (mut bytes, mut spent) = (0, Duration::ZERO);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let document: Value = serde_json::from_str(&line?)?;
        let body = document["body"].as_str().unwrap_or_default();
        let Ok(body_json) = serde_json::from_str::<Value>(body) else { continue };
        bytes += body.len();
        let start = Instant::now();
        let mut walk = Walk { rules: &rules, priors: &mut priors, pointer: String::new(), found: Vec::new() };
        walk.visit(&body_json, "", "");
        spent += start.elapsed();
        for (path, data_type, value) in walk.found {
            let record = json!({"id": document["id"], "path": path, "type": data_type, "value": value});
            writeln!(out, "{record}")?;
        }
    }
    writeln!(std::io::stderr(), "{bytes} bytes in {spent:?}")?;
    Ok(())
}

/// Walks a body; findings are (pointer, type, value).
struct Walk<'r> {
    rules: &'r Ruleset,
    /// A key is judged once, as in real use.
    priors: &'r mut HashMap<(String, String), Prior>,
    pointer: String,
    found: Vec<(String, String, String)>,
}

impl Walk<'_> {
    fn visit(&mut self, value: &Value, key: &str, parent: &str) {
        let here = self.pointer.len();
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    self.pointer.push('/');
                    self.pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    self.visit(member, name, key);
                    self.pointer.truncate(here);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.pointer.push_str(&format!("/{at}"));
                    self.visit(item, key, parent);
                    self.pointer.truncate(here);
                }
            }
            Value::String(text) => self.scalar(text, key, parent),
            Value::Number(number) => self.scalar(&number.to_string(), key, parent),
            Value::Bool(_) | Value::Null => {}
        }
    }

    fn scalar(&mut self, text: &str, key: &str, parent: &str) {
        let mut matches: Vec<Match> = Vec::new();
        let names = (key.to_owned(), parent.to_owned());
        let prior = *self.priors.entry(names).or_insert_with(|| self.rules.prior(key, parent));
        self.rules.scan(prior, text, &mut matches);
        for found in matches.iter().filter(|found| !found.masked) {
            let value = text[found.start..found.end].to_owned();
            self.found.push((self.pointer.clone(), found.data_type.to_string(), value));
        }
    }
}
