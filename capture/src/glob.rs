//! Patterns of file names: `*`, `?`, `[a-z]`, `[!a-z]` within one path component, `**` over several.

/// True when the text contains pattern characters.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// True when a name fits a pattern of one path component.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    // A leading dot must be asked for.
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on when the rest does not fit: the last star, and the name after what it took.
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match one(&pattern[p..], name[n]) {
            Some(0) => {
                retry = Some((p, n));
                p += 1;
            }
            Some(used) => {
                p += used;
                n += 1;
            }
            None => {
                let Some((star, taken)) = retry else { return false };
                (p, n) = (star + 1, taken + 1);
                retry = Some((star, n));
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Pattern characters used to match one character: 0 for a star, which may take none.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '*' => Some(0),
        '?' => Some(1),
        '[' => match class(pattern) {
            Some((len, negated, members)) => (contains(members, c) != negated).then_some(len),
            None => (c == '[').then_some(1),
        },
        other => (*other == c).then_some(1),
    }
}

/// Length, negation and members of a bracket expression; `None` when it is not closed.
fn class(pattern: &[char]) -> Option<(usize, bool, &[char])> {
    let negated = matches!(pattern.get(1), Some('!' | '^'));
    let from = 1 + usize::from(negated);
    // A closing bracket in first place stands for itself.
    let end = pattern.iter().skip(from + 1).position(|c| *c == ']')? + from + 1;
    Some((end + 1, negated, &pattern[from..end]))
}

fn contains(members: &[char], c: char) -> bool {
    let mut at = 0;
    while at < members.len() {
        if let [first, '-', last, ..] = members[at..] {
            if (first..=last).contains(&c) {
                return true;
            }
            at += 3;
        } else {
            if members[at] == c {
                return true;
            }
            at += 1;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        yes.iter().for_each(|name| assert!(fits(pattern, name), "{pattern} should fit {name}"));
        no.iter().for_each(|name| assert!(!fits(pattern, name), "{pattern} should not fit {name}"));
    }

    #[test]
    fn patterns() {
        check("*.pcap", &["a.pcap"], &["a.pcapng", ".a.pcap"]);
        check("*.pcap*", &["a.pcap", "a.pcap.gz"], &["a.har"]);
        check("a?c", &["abc", "a\u{4e2d}c"], &["ac", "abbc"]);
        check("log.[0-9]", &["log.3"], &["log.x", "log.10"]);
        check("log.[!0-9]", &["log.x"], &["log.3"]);
        check("[]x]y", &["]y", "xy"], &["y"]);
        check("a*b*c", &["abc", "axxbyybzc"], &["ab", "acb"]);
        check("[open", &["[open"], &["open"]);
    }
}
