//! Measures discovery on labelled traffic: reads `{host, method, path_with_query, status}` lines from the first
//! file and `{content_type, resp_keys, req_keys}` lines from the second, writes one prediction per line
//! (`{host, method, path_with_query, template}`) to standard output. The score is taken by a separate tool.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;

use model::{Call, CallId, Headers, Message, Timestamp};
use observe::Observer;
use rules::Ruleset;
use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(calls), Some(shapes)) = (args.next(), args.next()) else {
        return Err("usage: discovery CALLS.jsonl SHAPES.jsonl".into());
    };
    let mut observer = Observer::new(Arc::new(Ruleset::builtin()?), [0; 32]);
    let mut seen = Vec::new();
    let lines = BufReader::new(File::open(calls)?).lines().zip(BufReader::new(File::open(shapes)?).lines());
    for (number, (line, shape)) in lines.enumerate() {
        let (line, shape): (Value, Value) = (serde_json::from_str(&line?)?, serde_json::from_str(&shape?)?);
        let call = call_of(number, &line, &shape);
        let observed = observer.observe(&call);
        seen.push((line, observed.observation.endpoint));
    }
    observer.settle();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (line, id) in seen {
        let template = observer.template_of(id);
        let prediction = json!({
            "host": line["host"], "method": line["method"], "path_with_query": line["path_with_query"], "template": template,
        });
        writeln!(out, "{prediction}")?;
    }
    Ok(())
}

fn call_of(number: usize, line: &Value, shape: &Value) -> Call {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let media_type = text(&shape["content_type"]).replace("*/*", "application/json");
    let message = |keys: &Value, media_type: &str| Message {
        headers: [("content-type", media_type)].into_iter().collect::<Headers>(),
        body: Some(body_of(keys).into_bytes()),
        body_size: None,
    };
    Call {
        id: CallId::new(format!("c{number}")),
        ts: Timestamp(number as i64 * 1_000),
        method: text(&line["method"]),
        host: text(&line["host"]),
        target: text(&line["path_with_query"]),
        status: line["status"].as_u64().map(|status| status as u16),
        request: Some(message(&shape["req_keys"], "application/json")),
        response: Some(message(&shape["resp_keys"], &media_type)),
        ..Call::default()
    }
}

/// A JSON object that has the dotted keys; empty without any.
fn body_of(keys: &Value) -> String {
    let keys: Vec<&str> = keys.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if keys.is_empty() {
        return String::new();
    }
    let mut top = Map::new();
    for key in keys {
        insert(&mut top, key);
    }
    Value::Object(top).to_string()
}

fn insert(object: &mut Map<String, Value>, key: &str) {
    let (first, rest) = key.split_once('.').unwrap_or((key, ""));
    let entry = object.entry(first).or_insert(json!("x"));
    if rest.is_empty() {
        return;
    }
    if !entry.is_object() {
        *entry = json!({});
    }
    if let Some(inner) = entry.as_object_mut() {
        insert(inner, rest);
    }
}
