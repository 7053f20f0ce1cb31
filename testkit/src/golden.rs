//! Golden tests: an input in, a text out, compared with a file that is read as code.
//! `UPDATE=1 cargo test` rewrites the expected files; the diff then belongs to the review.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of unchanged text shown around a difference.
const CONTEXT_LINES: usize = 2;
/// Differing lines shown before the rest is only counted.
const SHOWN_LINES_MAX: usize = 60;

/// Runs `produce` over each case folder below `dir` (`dir/<case>/input.*`) and compares its text with
/// `expected.txt` beside the input.
///
/// # Panics
/// When there is no case, a file cannot be read, or a text differs; the message holds all differences.
pub fn run(dir: impl AsRef<Path>, mut produce: impl FnMut(&Path) -> String) {
    let cases = cases(dir.as_ref());
    assert!(!cases.is_empty(), "no golden case below {}", dir.as_ref().display());
    let mut failed = String::new();
    for input in &cases {
        let expected = input.with_file_name("expected.txt");
        if let Err(difference) = compare(&produce(input), &expected) {
            failed.push_str(&difference);
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

/// Compares `actual` with the file `expected`; with `UPDATE` set in the environment it is rewritten instead.
///
/// # Panics
/// When the text differs or the file cannot be read.
#[track_caller]
pub fn check(actual: &str, expected: impl AsRef<Path>) {
    let outcome = compare(actual, expected.as_ref());
    assert!(outcome.is_ok(), "{}", outcome.err().unwrap_or_default());
}

/// The `input.*` files of the case folders below `dir`, sorted by folder name.
fn cases(dir: &Path) -> Vec<PathBuf> {
    let list = |dir: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let is_input = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("input."))
    };
    list(dir).iter().flat_map(|case| list(case).into_iter().filter(is_input)).collect()
}

fn compare(actual: &str, expected: &Path) -> Result<(), String> {
    let update = std::env::var_os("UPDATE").is_some_and(|value| !value.is_empty() && value != "0");
    let found = fs::read_to_string(expected).ok();
    if found.as_deref() == Some(actual) {
        return Ok(());
    }
    if update {
        return fs::write(expected, actual).map_err(|error| format!("{}: {error}", expected.display()));
    }
    let Some(found) = found else {
        return Err(format!("{} is missing; UPDATE=1 writes it\n", expected.display()));
    };
    Err(format!(
        "{} differs (- expected, + actual; UPDATE=1 rewrites)\n{}",
        expected.display(),
        diff(&found, actual)
    ))
}

/// A line diff: what both texts begin and end with is left out, except for a little context.
fn diff(expected: &str, actual: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let mut text = format!("@@ line {} @@\n", head + 1);
    let mut section = |mark: char, lines: &[&str]| {
        for line in lines.iter().take(SHOWN_LINES_MAX) {
            writeln!(text, "{mark} {line}").expect("writing to a string");
        }
        if lines.len() > SHOWN_LINES_MAX {
            writeln!(text, "{mark} … {} more lines", lines.len() - SHOWN_LINES_MAX)
                .expect("writing to a string");
        }
    };
    section(' ', &old[head.saturating_sub(CONTEXT_LINES)..head]);
    section('-', &old[head..old.len() - tail]);
    section('+', &new[head..new.len() - tail]);
    let after = old.len() - tail;
    section(' ', &old[after..(after + CONTEXT_LINES).min(old.len())]);
    if expected.lines().eq(actual.lines()) {
        text.push_str("(only the line ends differ)\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: &str, actual: &str, expect: &str) {
        assert_eq!(diff(expected, actual), expect);
    }

    #[test]
    fn only_the_changed_lines_are_shown() {
        check("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nX\ne\nf\n", "@@ line 4 @@\n  b\n  c\n- d\n+ X\n  e\n  f\n");
        check("a\n", "a\nb\n", "@@ line 2 @@\n  a\n+ b\n");
        check("a\n", "a", "@@ line 2 @@\n  a\n(only the line ends differ)\n");
    }

    #[test]
    fn a_missing_file_is_a_failure() {
        let nowhere = Path::new("no/such/expected.txt");
        assert!(std::env::var_os("UPDATE").is_some() || compare("x", nowhere).is_err());
    }
}
