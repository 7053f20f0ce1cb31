//! What an endpoint is for, judged from its words: fixed path segments, operation, keys of its bodies. Each purpose is
//! a content file with weighted words; the best one above its threshold wins.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::content::{self, ContentError, Text};
use crate::key;

/// Points at which a purpose is believed.
const SCORE_MIN: f32 = 3.0;
/// The last fixed segment says more than those before it.
const LAST_FACTOR: f32 = 1.5;
/// A method that the purpose does not use takes these points away.
const METHOD_PENALTY: f32 = 2.5;

/// What is known about an endpoint when its purpose is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct PurposeInput<'a> {
    /// Request method, upper case.
    pub method: &'a str,
    /// Fixed segments of the template, in order.
    pub segments: &'a [&'a str],
    /// The operation behind the template, when there are several.
    pub operation: Option<&'a str>,
    /// Names of query parameters and keys of the request body.
    pub request_keys: &'a [&'a str],
    /// Keys of the response body.
    pub response_keys: &'a [&'a str],
}

/// A business purpose.
#[derive(Debug, Clone)]
pub struct PurposeRule {
    /// Stable kebab-case name.
    pub id: String,
    /// Name for people.
    pub text: Text,
    methods: Vec<String>,
    words: FxHashMap<String, f32>,
    request_keys: FxHashMap<String, f32>,
    response_keys: FxHashMap<String, f32>,
    /// Endpoints of this purpose.
    pub positive: Vec<PurposeExample>,
    /// Endpoints that look like it.
    pub negative: Vec<PurposeExample>,
}

/// An example in a content file: it is one test.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposeExample {
    /// Request method.
    pub method: String,
    /// Template.
    pub path: String,
    /// Operation behind it.
    #[serde(default)]
    pub operation: Option<String>,
    /// Keys of the request.
    #[serde(default)]
    pub request: Vec<String>,
    /// Keys of the response.
    #[serde(default)]
    pub response: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    text: Text,
    /// Methods it may have; all when empty.
    #[serde(default)]
    methods: Vec<String>,
    words: Weights,
    #[serde(default)]
    request_keys: Weights,
    #[serde(default)]
    response_keys: Weights,
    positive: Vec<PurposeExample>,
    negative: Vec<PurposeExample>,
}

/// Words by how much they say.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Weights {
    strong: Vec<String>,
    medium: Vec<String>,
    weak: Vec<String>,
}

impl Weights {
    fn table(self) -> FxHashMap<String, f32> {
        let mut table = FxHashMap::default();
        for (words, weight) in [(self.weak, 1.0), (self.medium, 2.0), (self.strong, 3.0)] {
            table.extend(words.into_iter().map(|word| (word, weight)));
        }
        table
    }
}

/// Reads all purposes, sorted by id.
pub(crate) fn load() -> Result<Vec<PurposeRule>, ContentError> {
    content::folder("purpose", ".toml")
        .map(|(path, text)| {
            let file: File = content::parse(path, text)?;
            content::check_id(path, &file.id)?;
            file.text.validate(path, "text")?;
            if file.positive.len() < 3 || file.negative.len() < 3 {
                return Err(ContentError::new(
                    path,
                    "positive",
                    "at least 3 positives and 3 near misses are needed",
                ));
            }
            Ok(PurposeRule {
                id: file.id,
                text: file.text,
                methods: file.methods,
                words: file.words.table(),
                request_keys: file.request_keys.table(),
                response_keys: file.response_keys.table(),
                positive: file.positive,
                negative: file.negative,
            })
        })
        .collect()
}

/// The best purpose and how sure it is, 0 to 1.
pub(crate) fn classify<'r>(rules: &'r [PurposeRule], input: &PurposeInput<'_>) -> Option<(&'r str, f32)> {
    let segments: Vec<Vec<String>> = input.segments.iter().map(|segment| key::split(segment)).collect();
    let operation = input.operation.map(key::split).unwrap_or_default();
    let keys = |names: &[&str]| names.iter().map(|name| key::split(name).concat()).collect::<Vec<_>>();
    let (request, response) = (keys(input.request_keys), keys(input.response_keys));
    let mut best: Option<(&PurposeRule, f32)> = None;
    for rule in rules {
        let mut score: f32 = segments
            .iter()
            .enumerate()
            .map(|(at, words)| {
                rule.word_score(words) * if at + 1 == segments.len() { LAST_FACTOR } else { 1.0 }
            })
            .sum();
        score += rule.word_score(&operation) * LAST_FACTOR;
        let sum = |table: &FxHashMap<String, f32>, names: &[String]| -> f32 {
            names.iter().filter_map(|name| table.get(name)).sum::<f32>().min(4.0)
        };
        score += sum(&rule.request_keys, &request) + sum(&rule.response_keys, &response);
        if !rule.methods.is_empty() && !rule.methods.iter().any(|method| method == input.method) {
            score -= METHOD_PENALTY;
        }
        if score >= SCORE_MIN && best.is_none_or(|(_, known)| score > known) {
            best = Some((rule, score));
        }
    }
    best.map(|(rule, score)| (rule.id.as_str(), score / (score + 1.5)))
}

impl PurposeRule {
    /// The most telling phrase of one segment: whole, or one of its words.
    fn word_score(&self, words: &[String]) -> f32 {
        let whole = self.words.get(&words.concat()).copied().unwrap_or(0.0);
        let pairs = words.windows(2).filter_map(|pair| self.words.get(&pair.concat())).copied();
        let single = words.iter().filter_map(|word| self.words.get(word)).copied();
        // A word inside a longer segment says less than the segment as a whole.
        pairs
            .chain(single.map(|weight| if words.len() > 1 { weight * 0.7 } else { weight }))
            .fold(whole, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_of_every_purpose() {
        let rules = load().expect("the purposes load");
        let mut wrong = Vec::new();
        for rule in &rules {
            for (examples, expect) in [(&rule.positive, true), (&rule.negative, false)] {
                for example in examples {
                    let found = run(&rules, example);
                    if (found == Some(rule.id.as_str())) != expect {
                        wrong.push(format!("{}: {} {} is {found:?}", rule.id, example.method, example.path));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    fn run<'r>(rules: &'r [PurposeRule], example: &PurposeExample) -> Option<&'r str> {
        let segments: Vec<&str> =
            example.path.split('/').filter(|s| !s.is_empty() && !s.starts_with('{')).collect();
        let request: Vec<&str> = example.request.iter().map(String::as_str).collect();
        let response: Vec<&str> = example.response.iter().map(String::as_str).collect();
        let input = PurposeInput {
            method: &example.method,
            segments: &segments,
            operation: example.operation.as_deref(),
            request_keys: &request,
            response_keys: &response,
        };
        classify(rules, &input).map(|(id, _)| id)
    }
}
