//! One file at a time: length, header, words that must not leave this machine, module names that say nothing,
//! and no clock or chance inside the stages.

use crate::Report;
use crate::tree::Tree;

/// Lines of a source file above which it should be split.
const LINES_WARN: usize = 400;
/// Lines of a source file above which it must be split.
const LINES_MAX: usize = 500;
/// Lines of the comment that opens a file.
const HEADER_LINES_MAX: usize = 8;
/// Lines of `model` as a whole.
const MODEL_LINES_MAX: usize = 3_000;
/// Pages with a limit of their own: path or folder, lines.
const PAGES: &[(&str, usize)] = &[("ARCHITECTURE.md", 150), ("docs/decisions/", 60)];

/// Files that a program wrote.
const GENERATED: &[&str] = &["console/src/api/schema.d.ts"];
const VAGUE_NAMES: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "manager", "misc", "base", "stuff", "lib2"];
/// Written in two parts, so that this file does not find itself.
const FORBIDDEN: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("regis", "try.npmjs.org"),
    concat!("regis", "try.npmmirror.com"),
    concat!("npmmir", "ror.com"),
    concat!("static.cra", "tes.io"),
    concat!("index.cra", "tes.io"),
    concat!("files.python", "hosted.org"),
    concat!("py", "pi.org/simple"),
    concat!("deb.deb", "ian.org"),
];
/// Crates whose output may depend on their input alone.
const PURE: &[&str] = &["model/src/", "rules/src/", "decode/src/", "observe/src/", "detect/src/"];
const IMPURE_WORDS: &[&str] = &[
    concat!("SystemTime::", "now"),
    concat!("Instant::", "now"),
    concat!("Utc::", "now"),
    concat!("thread_", "rng"),
];

pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for (path, text) in tree.iter() {
        forbidden(path, text, report);
        if is_source(path) && !GENERATED.contains(&path) {
            length(path, text, report);
            header(path, text, report);
            name(path, report);
        }
        if PURE.iter().any(|folder| path.starts_with(folder)) {
            for word in IMPURE_WORDS.iter().filter(|word| text.contains(**word)) {
                report.problem(path, format_args!("`{word}` in a stage; time and chance come with the call"));
            }
        }
        for (page, max) in PAGES {
            let lines = text.lines().count();
            if path.starts_with(page) && lines > *max {
                report.problem(path, format_args!("{lines} lines, at most {max}"));
            }
        }
    }
    let model: usize = tree.below("model/src/", ".rs").map(|(_, text)| text.lines().count()).sum();
    if model > MODEL_LINES_MAX {
        report.problem("model", format_args!("{model} lines, at most {MODEL_LINES_MAX}"));
    }
}

fn is_source(path: &str) -> bool {
    path.ends_with(".rs") || path.ends_with(".ts") || path.ends_with(".tsx") || path.ends_with(".mjs")
}

fn length(path: &str, text: &str, report: &mut Report) {
    let lines = text.lines().count();
    if lines > LINES_MAX {
        report.problem(path, format_args!("{lines} lines, at most {LINES_MAX}: split it"));
    } else if lines > LINES_WARN {
        report.warning(path, format_args!("{lines} lines, better below {LINES_WARN}"));
    }
}

/// Rust files open with `//!`, scripts and TypeScript with any comment.
fn header(path: &str, text: &str, report: &mut Report) {
    let mark = if path.ends_with(".rs") { "//!" } else { "//" };
    let text =
        text.strip_prefix("#!").map_or(text, |rest| rest.split_once('\n').map_or("", |(_, rest)| rest));
    if text.starts_with("/*") {
        return;
    }
    let lines = text.lines().take_while(|line| line.starts_with(mark)).count();
    // A crate root also carries the page that describes the crate.
    let crate_root = path.ends_with("/lib.rs") || path.ends_with("/main.rs") || path.ends_with("/mod.rs");
    if lines == 0 {
        report.problem(path, format_args!("opens without a `{mark}` comment that says what it is for"));
    } else if lines > HEADER_LINES_MAX && !crate_root {
        report.warning(path, format_args!("its header has {lines} lines, at most {HEADER_LINES_MAX}"));
    }
}

fn name(path: &str, report: &mut Report) {
    for part in path.split('/') {
        let stem = part.split('.').next().unwrap_or(part);
        if VAGUE_NAMES.contains(&stem) {
            report.problem(path, format_args!("`{stem}` does not say what is inside"));
        }
    }
}

fn forbidden(path: &str, text: &str, report: &mut Report) {
    for word in FORBIDDEN {
        for (index, line) in text.lines().enumerate() {
            if line.match_indices(word).any(|(at, _)| stands_alone(line, at)) {
                report.problem(
                    format_args!("{path}:{}", index + 1),
                    format_args!("`{word}` must not be in a file"),
                );
            }
        }
    }
}

/// `/home/x` is a path of a machine, `../home/x`, `a/home/x` and `{…}/home/x` are not.
fn stands_alone(line: &str, at: usize) -> bool {
    let before = line[..at].chars().next_back();
    !before.is_some_and(|c| c.is_alphanumeric() || "._-}~*".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(path: &str, text: &str, expect: &str) {
        let mut report = Report::default();
        check(&Tree::of(&[(path, text)]), &mut report);
        let all: Vec<String> = report.problems.into_iter().chain(report.warnings).collect();
        match expect {
            "" => assert!(all.is_empty(), "{all:?}"),
            _ => assert!(all.len() == 1 && all[0].contains(expect), "{all:?}"),
        }
    }

    #[test]
    fn each_rule_has_a_break_and_a_near_miss() {
        found("a/src/x.rs", "//! Says it.\n", "");
        found("a/src/x.rs", "fn x() {}\n", "opens without");
        found("a/src/x.tsx", "// Says it.\n", "");
        found("a/e2e/x.mjs", "#!/usr/bin/env node\n// Says it.\n", "");
        found("a/src/utils.rs", "//! X.\n", "does not say");
        found("a/src/utilisation.rs", "//! X.\n", "");
        found("a/src/x.rs", &"//! X.\n\n".repeat(251), "502 lines");
        found("a/src/x.rs", &format!("//! X.\n{}", "\n".repeat(420)), "421 lines");
        found("decode/src/x.rs", &format!("//! X.\nlet t = Instant::{}();\n", "now"), "in a stage");
        found("serve/src/x.rs", &format!("//! X.\nlet t = Instant::{}();\n", "now"), "");
        found("notes.md", &format!("see {}ork/main\n", "/w"), "must not be");
        found("notes.md", &format!("see net{}ork/main\n", "/w"), "");
        found("docs/decisions/0009-x.md", &"line\n".repeat(61), "at most 60");
    }
}
