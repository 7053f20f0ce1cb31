//! Links between pages lead somewhere. Addresses on the web are not asked.

use crate::Report;
use crate::tree::Tree;

/// Pictures are binary and made late; a missing one is a warning.
const PICTURES: &str = "docs/images/";

pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for (path, text) in tree.iter().filter(|(path, _)| path.ends_with(".md")) {
        for target in targets(text) {
            let full = resolve(path, target);
            let folder = format!("{}/", full.trim_end_matches('/'));
            let known = tree.get(&full).is_some() || tree.iter().any(|(file, _)| file.starts_with(&folder));
            if known || crate::root().join(&full).exists() {
                continue;
            }
            if full.starts_with(PICTURES) {
                report.warning(path, format_args!("{full} is not there yet"));
            } else {
                report.problem(path, format_args!("the link to {target} leads nowhere"));
            }
        }
    }
}

/// Targets of `[text](target)` that are paths, without fragments; code blocks left out.
fn targets(text: &str) -> Vec<&str> {
    let mut code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code {
            continue;
        }
        for part in line.split("](").skip(1) {
            let target = part.split([')', '#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains(':') && !target.contains('<') {
                found.push(target);
            }
        }
    }
    found
}

fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(page: &str, target: &str, expect: &str) {
        assert_eq!(resolve(page, target), expect);
    }

    #[test]
    fn paths_are_relative_to_the_page() {
        check("docs/a.md", "../README.md", "README.md");
        check("docs/a.md", "images/x.png", "docs/images/x.png");
        check("README.md", "docs/", "docs");
    }

    #[test]
    fn a_broken_link_is_found_and_code_is_not_read() {
        let page = "[a](no-such-page.md) [b](https://example.com/x) [c](#here)\n```\n[d](gone.md)\n```\n";
        let mut report = Report::default();
        super::check(&Tree::of(&[("x.md", page)]), &mut report);
        assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    }
}
