//! The embedded content files and the one error they can cause. Whoever compiles a kind of file asks for its
//! folder here; an error always names the file and, where there is one, the field.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Path below `content/` and text, sorted by path.
static EMBEDDED: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/content.rs"));

/// A content file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("content/{file}: {field}: {reason}")]
pub struct ContentError {
    /// Path below `content/`.
    pub file: String,
    /// The field, `keys.words`; `file` when the file as a whole is meant.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl ContentError {
    pub(crate) fn new(file: &str, field: &str, reason: impl Into<String>) -> Self {
        Self { file: file.into(), field: field.into(), reason: reason.into() }
    }
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Text {
    /// Both languages must be there.
    pub(crate) fn validate(&self, file: &str, field: &str) -> Result<(), ContentError> {
        if self.en.trim().is_empty() || self.zh.trim().is_empty() {
            return Err(ContentError::new(file, field, "a text is needed in zh and in en"));
        }
        Ok(())
    }
}

/// The files of one folder with the given ending, sorted by path.
pub(crate) fn folder(name: &str, ending: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let prefix = format!("{name}/");
    let ending = ending.to_owned();
    EMBEDDED.iter().copied().filter(move |(path, _)| path.starts_with(&prefix) && path.ends_with(&ending))
}

/// The text of one file.
pub(crate) fn file(path: &str) -> Result<&'static str, ContentError> {
    match EMBEDDED.iter().find(|(name, _)| *name == path) {
        Some((_, text)) => Ok(text),
        None => Err(ContentError::new(path, "file", "is missing")),
    }
}

/// Parses one TOML file; the parser's message names line and field.
pub(crate) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, ContentError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
        ContentError::new(file, &format!("line {line}"), error.message().trim())
    })
}

/// Rules are told apart by id, and the file carries the id as its name, so that `ls` finds it.
pub(crate) fn check_id(file: &str, id: &str) -> Result<(), ContentError> {
    let stem = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".toml");
    if stem != id {
        return Err(ContentError::new(file, "id", format!("is `{id}`, the file name says `{stem}`")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let error = parse::<Text>("x/y.toml", text).expect_err("does not parse");
        assert!(error.to_string().contains(expect), "{error}");
    }

    #[test]
    fn errors_name_file_and_field() {
        check("en = 1\nzh = \"a\"", "content/x/y.toml: line 1");
        check("en = \"a\"", "missing field `zh`");
        check("en = \"a\"\nzh = \"b\"\nfr = \"c\"", "unknown field `fr`");
        assert!(Text::default().validate("f", "text").is_err());
        assert!(check_id("data/A.toml", "B").is_err() && check_id("data/A.toml", "A").is_ok());
    }
}
