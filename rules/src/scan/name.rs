//! Names of people. A key or a word in the text has to announce them; the value must then look like a name: a known
//! surname in Chinese, capitalised words in Latin letters. Vague keys (`name`) ask for more.

use crate::lists::Lists;

/// Characters that may follow a name in Chinese text.
const FOLLOWERS: &str = "电手身证您已于先女住将申的在是为来提请购下预联系邮小老同，。、；：（)）(的, ";
/// Given-name characters at most.
const GIVEN_MAX: usize = 2;

/// The whole value is a name. `vague`: the key may mean other things, so the value must be typical.
pub(super) fn is_name(lists: &Lists, value: &str, vague: bool) -> bool {
    if value.len() > 64 || lists.no_names.contains(value) {
        return false;
    }
    if value.chars().all(|c| is_han(c) || c == '·') {
        han_name(lists, value, vague)
    } else {
        latin(lists, value, vague)
    }
}

const fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}')
}

fn han_name(lists: &Lists, value: &str, vague: bool) -> bool {
    let chars: Vec<char> = value.chars().collect();
    // Names of other peoples, transcribed: 阿依古丽·买买提.
    if let Some((first, last)) = value.split_once('·') {
        return !vague && first.chars().count() >= 2 && last.chars().count() >= 2 && chars.len() <= 16;
    }
    let Some(surname) = surname_len(lists, &chars) else { return false };
    let given = &chars[surname..];
    if given.is_empty() || given.len() > GIVEN_MAX {
        return false;
    }
    !vague || given.iter().all(|c| is_given(lists, *c))
}

/// Characters of the surname at the front: compound ones first.
fn surname_len(lists: &Lists, chars: &[char]) -> Option<usize> {
    [2, 1].into_iter().find(|len| {
        chars.len() > *len && lists.surnames.contains(chars[..*len].iter().collect::<String>().as_str())
    })
}

fn is_given(lists: &Lists, c: char) -> bool {
    lists.given.contains(c.encode_utf8(&mut [0; 4]) as &str)
}

/// `Natalie Heath`, `J. R. Smith-Jones`, `Dr. Ada Byron`.
fn latin(lists: &Lists, value: &str, vague: bool) -> bool {
    let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
    let title = words.first().is_some_and(|word| {
        matches!(word.trim_end_matches('.'), "Mr" | "Mrs" | "Ms" | "Miss" | "Dr" | "Prof" | "Sir")
    });
    let words = if title { &words[1..] } else { &words[..] };
    let shaped = words.iter().all(|word| {
        word.chars().next().is_some_and(char::is_uppercase)
            && word.chars().all(|c| c.is_alphabetic() && !is_han(c) || "'’.-".contains(c))
            && (word.len() <= 3 || word.chars().any(char::is_lowercase))
    });
    let known = words.first().is_some_and(|word| lists.first_names.contains(word.to_lowercase().as_str()));
    match words.len() {
        1 => known && shaped && !vague,
        2..=4 => shaped && (known || title || !vague),
        _ => false,
    }
}

/// A name behind an announcing word: `联系人：张三丰电话…`, `Contact John Smith`.
pub(super) fn after(lists: &Lists, rest: &str) -> Option<(usize, usize)> {
    let text = rest.trim_start_matches([' ', ':', '：', '=', '"', '是', '为', '名']);
    // Markup between the word and the name: `收货人：<b>张伟</b>`.
    let text = match text.strip_prefix('<').and_then(|tag| tag.split_once('>')) {
        Some((tag, inner)) if tag.len() <= 8 => inner,
        _ => text,
    };
    let start = rest.len() - text.len();
    if start > 12 {
        return None;
    }
    let found = if is_han(text.chars().next()?) { han_after(lists, text) } else { latin_after(lists, text) };
    found.map(|len| (start, start + len))
}

/// Bytes of the Chinese name that `text` begins with.
fn han_after(lists: &Lists, text: &str) -> Option<usize> {
    let chars: Vec<char> = text.chars().take(6).collect();
    let surname = surname_len(lists, &chars)?;
    (1..=GIVEN_MAX).rev().find_map(|given| {
        let name = chars.get(..surname + given)?;
        let follows = chars.get(surname + given).is_none_or(|c| !is_han(*c) || FOLLOWERS.contains(*c));
        let text: String = name.iter().collect();
        let fair = follows
            && name[surname..].iter().all(|c| is_given(lists, *c))
            && !lists.no_names.contains(text.as_str());
        fair.then_some(text.len())
    })
}

/// Bytes of the name in Latin letters that `text` begins with: two or three capitalised words, the first a known
/// given name, or the whole set off by a bracket or comma.
fn latin_after(lists: &Lists, text: &str) -> Option<usize> {
    let (mut end, mut words, mut known) = (0, 0, false);
    for (count, word) in text.split(' ').enumerate().take(4) {
        let bare = word.trim_end_matches([',', '.', ';', ':', ')']);
        let lower = bare.to_lowercase();
        let shaped = bare.len() >= 2
            && bare.starts_with(|c: char| c.is_ascii_uppercase())
            && bare.bytes().all(|b| b.is_ascii_alphabetic() || b == b'\'' || b == b'-')
            && bare.bytes().any(|b| b.is_ascii_lowercase());
        if !shaped || lists.no_names.contains(lower.as_str()) {
            break;
        }
        let title = count == 0 && matches!(lower.as_str(), "mr" | "mrs" | "ms" | "miss" | "dr" | "prof");
        known |= title || lists.first_names.contains(lower.as_str());
        words += usize::from(!title);
        end = if count == 0 { bare.len() } else { end + 1 + bare.len() };
        if bare.len() != word.len() && !title {
            break;
        }
    }
    let set_off = text[end..].trim_start().starts_with(['<', '(', ',']);
    ((2..=3).contains(&words) && (known || set_off)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, keyed: bool, vague: bool) {
        let lists = Lists::load().expect("lists load");
        assert_eq!((is_name(&lists, value, false), is_name(&lists, value, true)), (keyed, vague), "{value}");
    }

    #[test]
    fn names_and_what_looks_like_them() {
        check("张伟", true, true);
        check("欧阳娜娜", true, true);
        check("王鑢鑢", true, false);
        check("马应龙痔疮膏", false, false);
        check("高压阀", true, false);
        check("Natalie Heath", true, true);
        check("Blue Shirt", true, false);
        check("admin", false, false);
        check("SUCCESS", false, false);
    }

    #[test]
    fn names_behind_words() {
        let lists = Lists::load().expect("lists load");
        let run = |rest: &'static str| after(&lists, rest).map(|(a, b)| &rest[a..b]);
        assert_eq!(run("：张伟电话138"), Some("张伟"));
        assert_eq!(run("马秀荣身份证"), Some("马秀荣"));
        assert_eq!(run(" Natalie Heath, born"), Some("Natalie Heath"));
        assert_eq!(run("：<b>张伟</b>"), Some("张伟"));
        assert_eq!(run(" Marilyn Woodward <a@example.com>"), Some("Marilyn Woodward"));
        assert_eq!(run(" Mrs Julie Roberts soon"), Some("Mrs Julie Roberts"));
        assert_eq!(run(" Customer Service, please"), None);
        assert_eq!(run("服务热线"), None);
        assert_eq!(run(" the office"), None);
    }
}
